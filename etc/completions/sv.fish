# fish completion of sv(8): `make install` fills in the directories, and installs it as completions/sv.fish.

# <commands>
set -l commands up down once exit term kill pause cont alarm hup interrupt quit 1 2 \
    status start stop reload restart try-restart shutdown force-stop \
    force-reload force-restart force-shutdown check
# </commands>

# The services of a directory.
function __sv_names
    for service in $argv[1]/*/
        string replace -r '.*/' '' -- (string trim -r -c / -- $service)
    end
end

function __sv_services
    set -l dir @SVDIR@
    set -q SVDIR; and test -n "$SVDIR"; and set dir $SVDIR
    if __sv_has --user
        set dir ~/.config/service
        set -q XDG_CONFIG_HOME; and test -n "$XDG_CONFIG_HOME"; and set dir $XDG_CONFIG_HOME/service
    end
    __sv_names $dir
end

function __sv_available
    set -l dir @SERVICES@
    set -q RUNIT_SERVICES; and test -n "$RUNIT_SERVICES"; and set dir $RUNIT_SERVICES
    __sv_names $dir
end

# Whether one of these options was typed already.
function __sv_has
    for word in (commandline -opc)
        contains -- $word $argv; and return 0
    end
    return 1
end

complete -c sv -f
# <flags>
complete -c sv -s v -d 'wait and report for commands that do not wait by themselves'
complete -c sv -s w -x -d 'wait so long instead of 7 (or $SVWAIT), and report'
complete -c sv -s V -d 'show the version and the usage, and fail'
complete -c sv -l help -d 'show this'
complete -c sv -l version -d 'show the version'
complete -c sv -l platform -d 'show what this system offers to process 1 and to supervisors'
complete -c sv -l json -d 'show JSON; with commands that wait, what came of it too'
complete -c sv -l color -a 'auto always never' -d 'colours, and status as a table, on terminals, always (a pipe too), or never'
complete -c sv -l all -d 'every service of the directory; what status shows without a service'
complete -c sv -l user -d 'services of $XDG_CONFIG_HOME/service (~/.config/service) instead'
complete -c sv -l watch -d 'tell of every change until ended'
complete -c sv -l wait -x -a 'up down ready done failed' -d 'wait for this state; send nothing'
complete -c sv -l list-available -d 'name the services that can be enabled'
complete -c sv -l enable -d 'link services into the directory of services'
complete -c sv -l disable -d 'take such links out again'
complete -c sv -l new -d 'make a service, with a log, of a name and a command line'
complete -c sv -l now -d 'with these three, start or stop them too'
complete -c sv -l log -d 'show the last lines of logs'
complete -c sv -l explain -d 'say why services are as they are, and what to do'
# </flags>
# <log>
complete -c sv -n '__sv_has --log' -s f -d 'go on with lines to come'
complete -c sv -n '__sv_has --log' -s n -x -d 'so many of each log, or all, instead of 10'
complete -c sv -n '__sv_has --log' -l raw -d 'lines as they are, on a terminal too'
complete -c sv -n '__sv_has --log' -l local -d 'stamps in local time, elsewhere too'
# </log>
set -l errands --log --explain --watch --wait --enable --disable --new --list-available
complete -c sv -n "not __sv_has $errands; and not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c sv -n "not __sv_has $errands; and __fish_seen_subcommand_from $commands" -a '(__sv_services)'
complete -c sv -n '__sv_has --watch --wait --disable --log --explain' -a '(__sv_services)'
complete -c sv -n '__sv_has --enable; and not __sv_has --new' -a '(__sv_available)'
