# bash completion of runsvchdir(8): `make install` fills in the directory, and installs it as bash-completion/completions/runsvchdir.
# shellcheck shell=bash

_runsvchdir() {
    local cur=${COMP_WORDS[COMP_CWORD]} dir=${RUNSVDIR:-@ETC@/runsvdir}
    COMPREPLY=()
    ((COMP_CWORD == 1)) || return
    compopt -o filenames
    mapfile -t COMPREPLY < <(cd -- "$dir" 2>/dev/null && compgen -d -X 'current*' -- "$cur")
}
complete -F _runsvchdir runsvchdir
