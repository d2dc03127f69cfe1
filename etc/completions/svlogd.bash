# bash completion of svlogd(8): source it, or install it as bash-completion/completions/svlogd.
# shellcheck shell=bash

_svlogd() {
    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    # <words>
    local words=' -t -v -r -R -l -b -V --lossy --help --version -tt -ttt '
    local arguments=' -r -R -l -b '
    # </words>
    COMPREPLY=()
    [[ $arguments == *" $before "* ]] && return
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        return
    fi
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
}
complete -F _svlogd svlogd
