# fish completion of svlogd(8): install it as completions/svlogd.fish.

complete -c svlogd -f -a '(__fish_complete_directories)'
# <flags>
complete -c svlogd -s t -d 'stamp lines'
complete -c svlogd -s v -d 'say what is done'
complete -c svlogd -s r -x -d 'replace what is not printable'
complete -c svlogd -s R -x -d 'replace these as well'
complete -c svlogd -s l -x -d 'so much of a line counts'
complete -c svlogd -s b -x -d 'size of the buffers'
complete -c svlogd -s V -d 'show the version and the usage, and fail'
complete -c svlogd -l lossy -d 'lose lines rather than wait for a disk'
complete -c svlogd -l help -d 'show this'
complete -c svlogd -l version -d 'show the version'
# </flags>
