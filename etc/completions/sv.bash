# bash completion of sv(8): `make install` fills in the directories, and installs it as bash-completion/completions/sv.
# shellcheck shell=bash

# The names of the services in a directory.
_sv_names() {
    cd -- "$1" 2>/dev/null && compgen -d -- "$2"
}

_sv() {
    local cur=${COMP_WORDS[COMP_CWORD]} dir=${SVDIR:-@SVDIR@} available=${RUNIT_SERVICES:-@SERVICES@}
    local i word='' command='' errand='' state=''
    # <choices>
    local states=' up down ready done failed '
    local colours=' auto always never '
    # </choices>
    COMPREPLY=()
    # `=` is a word of its own.
    if [[ $cur == = && ${COMP_WORDS[COMP_CWORD - 1]} == --color ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$colours")
        return
    elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == = && ${COMP_WORDS[COMP_CWORD - 2]} == --color ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$colours" -- "$cur")
        return
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            -w) ((++i)) ;;
            --) break ;;
            # A new service is also enabled.
            --enable) [[ $errand == --new ]] || errand=$word ;;
            --disable | --watch | --wait | --new | --list-available | --log | --explain) errand=$word ;;
            --color) [[ ${COMP_WORDS[i + 1]} != = ]] || ((i += 2)) ;;
            -*) ;;
            *)
                if [[ $errand == --wait && -z $state ]]; then
                    state=$word
                elif [[ -z $errand$command ]]; then
                    command=$word
                fi
                ;;
        esac
    done
    # The argument of -w is a number.
    ((i > COMP_CWORD)) && return
    if [[ -z $command && $errand != --log && $cur == -* && $word != -- ]] || [[ -z $command$errand ]]; then
        # <words>
        local words=' up down once exit term kill pause cont alarm hup interrupt quit 1 2
            status start stop reload restart try-restart shutdown force-stop
            force-reload force-restart force-shutdown check -v -w -V --help
            --version --platform --json --color --all --user --watch --wait
            --list-available --enable --disable --new --now --log --explain '
        # </words>
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        return
    fi
    if [[ $errand == --log && $cur == -* ]]; then
        # <log>
        local words=' -f -n --raw --local '
        # </log>
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        return
    fi
    case $errand in
        --wait)
            if [[ -z $state ]]; then
                mapfile -t COMPREPLY < <(compgen -W "$states" -- "$cur")
                return
            fi
            ;;
        --enable) dir=$available ;;
        --list-available | --new) return ;;
    esac
    compopt -o filenames
    if [[ $cur == [./]* ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    else
        mapfile -t COMPREPLY < <(_sv_names "$dir" "$cur")
    fi
}
complete -F _sv sv
