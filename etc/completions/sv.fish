# fish completion of sv(8): `make install` fills in the directory, and installs it as completions/sv.fish.

# <commands>
set -l commands up down once exit term kill pause cont alarm hup interrupt quit 1 2 \
    status start stop reload restart try-restart shutdown force-stop \
    force-reload force-restart force-shutdown check
# </commands>

function __sv_services
    set -l dir @SVDIR@
    set -q SVDIR; and test -n "$SVDIR"; and set dir $SVDIR
    for service in $dir/*/
        basename -- $service
    end
end

complete -c sv -f
# <flags>
complete -c sv -s v -d 'wait and report'
complete -c sv -s w -x -d 'wait so long'
complete -c sv -s V -d 'show the version and the usage'
complete -c sv -l help -d 'show the options'
complete -c sv -l version -d 'show the version'
complete -c sv -l platform -d 'show what this system offers'
# </flags>
complete -c sv -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c sv -n "__fish_seen_subcommand_from $commands" -a '(__sv_services)'
