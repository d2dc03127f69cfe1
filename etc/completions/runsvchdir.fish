# fish completion of runsvchdir(8): `make install` fills in the directory, and installs it as completions/runsvchdir.fish.

function __runsvchdir_names
    set -l dir @ETC@/runsvdir
    set -q RUNSVDIR; and set dir $RUNSVDIR
    for name in $dir/*/
        set -l name (basename -- $name)
        string match -q 'current*' -- $name; or echo $name
    end
end

complete -c runsvchdir -f -n 'test (count (commandline -opc)) -eq 1' -a '(__runsvchdir_names)'
