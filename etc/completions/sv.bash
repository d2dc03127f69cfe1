# bash completion of sv(8): `make install` fills in the directory, and installs it as bash-completion/completions/sv.
# shellcheck shell=bash

_sv() {
    local cur=${COMP_WORDS[COMP_CWORD]} dir=${SVDIR:-@SVDIR@} i command=''
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            -w) ((++i)) ;;
            -*) ;;
            *) command=${COMP_WORDS[i]}; break ;;
        esac
    done
    # The argument of -w is a number.
    ((i > COMP_CWORD)) && return
    if [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'status up down once pause cont hup alarm interrupt
            quit 1 2 term kill exit start stop reload restart try-restart shutdown force-stop
            force-reload force-restart force-shutdown check -v -w' -- "$cur")
        return
    fi
    compopt -o filenames
    if [[ $cur == [./]* ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    else
        mapfile -t COMPREPLY < <(cd -- "$dir" 2>/dev/null && compgen -d -- "$cur")
    fi
}
complete -F _sv sv
