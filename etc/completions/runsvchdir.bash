# bash completion of runsvchdir(8): source it, or install it as bash-completion/completions/runsvchdir.
# shellcheck shell=bash

_runsvchdir() {
    local cur=${COMP_WORDS[COMP_CWORD]} dir=${RUNSVDIR:-/etc/runit/runsvdir}
    COMPREPLY=()
    ((COMP_CWORD == 1)) || return
    compopt -o filenames
    mapfile -t COMPREPLY < <(cd -- "$dir" 2>/dev/null && compgen -d -X 'current*' -- "$cur")
}
complete -F _runsvchdir runsvchdir
