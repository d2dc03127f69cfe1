# fish completion of sv(8): `make install` fills in the directory, and installs it as completions/sv.fish.

set -l commands status up down once pause cont hup alarm interrupt quit 1 2 term kill exit \
    start stop reload restart try-restart shutdown \
    force-stop force-reload force-restart force-shutdown check

function __sv_services
    set -l dir @SVDIR@
    set -q SVDIR; and test -n "$SVDIR"; and set dir $SVDIR
    for service in $dir/*/
        basename -- $service
    end
end

complete -c sv -f
complete -c sv -s v -d 'wait and report'
complete -c sv -s w -x -d 'wait so many seconds'
complete -c sv -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c sv -n "__fish_seen_subcommand_from $commands" -a '(__sv_services)'
