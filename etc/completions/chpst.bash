# bash completion of chpst(8) and its other names: source it, or install it as
# bash-completion/completions/chpst.
# shellcheck shell=bash

# What follows from the word at index $1 on is a command line of its own.
_chpst_program() {
    if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$1"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    elif ((COMP_CWORD == $1)); then
        mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
    fi
}

_chpst() {
    local cur=${COMP_WORDS[COMP_CWORD]} i
    # <words>
    local words=' --notify-fd -P -e -/ -C -n -U -u --groups --notify-socket -l -L -0 -1 -2
        -m -d -o -p -f -c -r -t --umask --no-new-privs -b -v -V --help --version '
    local arguments=' --notify-fd -e -/ -C -n -U -u --notify-socket -l -L -m -d -o -p -f -c -r
        -t --umask -b '
    local users=' -U -u '
    local directories=' -e -/ -C '
    local files=' -l -L '
    # </words>
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --) ((++i)); break ;;
            -*) [[ $arguments == *" ${COMP_WORDS[i]} "* ]] && ((++i)) ;;
            *) break ;;
        esac
    done
    if ((i > COMP_CWORD)); then
        local before=" ${COMP_WORDS[COMP_CWORD - 1]} "
        if [[ $users == *"$before"* ]]; then
            mapfile -t COMPREPLY < <(compgen -u -- "$cur")
        elif [[ $directories == *"$before"* ]]; then
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -d -- "$cur")
        elif [[ $files == *"$before"* ]]; then
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi
    elif ((i == COMP_CWORD)) && [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    else
        _chpst_program "$i"
    fi
}

# One operand, then the program.
_chpst_operand() {
    local cur=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    if ((COMP_CWORD > 1)); then
        _chpst_program 2
    elif [[ $1 == *envdir ]]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -u -- "$cur")
    fi
}

complete -F _chpst chpst
complete -F _chpst_operand envdir envuidgid setuidgid
