# bash completion of svlogd(8): source it, or install it as bash-completion/completions/svlogd.
# shellcheck shell=bash

_svlogd() {
    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $before in
        -*[rRlb]) return ;;
    esac
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '-t -tt -ttt -v -r -R -l -b' -- "$cur")
        return
    fi
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
}
complete -F _svlogd svlogd
