# bash completion of sv(8): `make install` fills in the directories, and installs it as bash-completion/completions/sv.
# shellcheck shell=bash disable=SC1003

# Takes the line up to the cursor apart as the shell does, into `words` without their quotes; the last one is to be
# completed. `quote` is the one that is open in it. `kept` letters of it stand before what readline replaces, for which
# a word also begins behind `=`, `:` and their like, and with `@`.
_sv_words() {
    local line=${COMP_LINE:0:COMP_POINT} char i n=0
    words=('') quote='' kept=0
    for ((i = 0; i < ${#line}; i++)); do
        char=${line:i:1}
        case $quote:$char in
            "':'" | '":"') quote='' ;;
            \':*) words[n]+=$char ;;
            '":\')
                [[ ${line:i+1:1} != [\"\\\$\`] ]] || char=${line:((++i)):1}
                words[n]+=$char
                ;;
            '":'*) words[n]+=$char ;;
            :[\'\"]) quote=$char kept=${#words[n]} ;;
            ':\') words[n]+=${line:((++i)):1} ;;
            :[[:space:]])
                [[ -z ${words[n]} ]] || words[++n]=''
                kept=0
                ;;
            *)
                words[n]+=$char
                if [[ $COMP_WORDBREAKS == *"$char"* ]]; then
                    kept=${#words[n]}
                    [[ $char != @ ]] || ((--kept))
                fi
                ;;
        esac
    done
}

# Offers those of these words that begin as what is typed, with such quotes.
_sv_offer() {
    local word char rest i
    for word; do
        [[ $word == "$cur"* ]] || continue
        rest=''
        for ((i = kept; i < ${#word}; i++)); do
            char=${word:i:1}
            case $quote:$char in
                "':'") rest+="'\\''" ;;
                '":'[\"\\\$\`]) rest+=\\$char ;;
                *) rest+=$char ;;
            esac
        done
        [[ -n $quote || -z $rest ]] || printf -v rest %q "$rest"
        COMPREPLY+=("$rest")
    done
}

# Offers the services of a directory.
_sv_services() {
    local entry names=()
    for entry in "$1"/*/; do
        entry=${entry%/}
        [[ ! -d $entry || ${entry##*/} == .* ]] || names+=("${entry##*/}")
    done
    _sv_offer "${names[@]}"
}

_sv() {
    local IFS=$' \t\n' dir=${SVDIR:-@SVDIR@} available=${RUNIT_SERVICES:-@SERVICES@}
    local i n words quote kept cur word='' command='' errand='' state='' ended=''
    # <choices>
    local states=' up down ready done failed '
    local colours=' auto always never '
    # </choices>
    COMPREPLY=()
    _sv_words
    n=$((${#words[@]} - 1))
    cur=${words[n]}
    for ((i = 1; i < n; i++)); do
        word=${words[i]}
        case $ended$word in
            -w) ((++i)) ;;
            --) ended=1 ;;
            # A new service is also enabled.
            --enable) [[ $errand == --new ]] || errand=$word ;;
            --disable | --watch | --wait | --new | --list-available | --log | --explain) errand=$word ;;
            --user) dir=${XDG_CONFIG_HOME:-$HOME/.config}/service ;;
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
    ((i > n)) && return
    if [[ -z $ended && $cur == --color=* ]]; then
        # shellcheck disable=SC2046,SC2086  # words
        _sv_offer $(printf -- '--color=%s ' $colours)
        return
    fi
    if [[ -z $command$ended && $errand != --log && $cur == -* ]] || [[ -z $command$errand ]]; then
        # <words>
        local known=' up down once exit term kill pause cont alarm hup interrupt quit 1 2
            status start stop reload restart try-restart shutdown force-stop
            force-reload force-restart force-shutdown check -v -w -V --help
            --version --platform --json --color --all --user --watch --wait
            --list-available --enable --disable --new --now --log --explain '
        # </words>
        # shellcheck disable=SC2086  # words
        _sv_offer $known
        return
    fi
    if [[ $errand == --log && -z $ended && $cur == -* ]]; then
        # <log>
        local known=' -f -n --raw --local '
        # </log>
        # shellcheck disable=SC2086  # words
        _sv_offer $known
        return
    fi
    case $errand in
        --wait)
            if [[ -z $state ]]; then
                # shellcheck disable=SC2086  # words
                _sv_offer $states
                return
            fi
            ;;
        --enable) dir=$available ;;
        --list-available | --new) return ;;
    esac
    if [[ $cur == [./]* ]]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
        for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]:kept}; done
        return
    fi
    _sv_services "$dir"
    # What stands behind the name of a template makes an instance.
    [[ $errand != --enable || ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *@ ]] || compopt -o nospace
}
complete -F _sv sv
