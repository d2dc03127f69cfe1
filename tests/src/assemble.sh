#!/bin/sh
# Makes a root out of this system's programs, or those below another directory (read-only), a directory of programs
# under test and a tree of files, and becomes a program in it, as the kernel would start process 1: console, fresh
# environment, no signal blocked. Runs as process 1 of new user, pid, mount, ipc, uts and network
# namespaces; everything here is mounts in memory and ends with them.
#
# assemble.sh PLACE PROGRAMS CONSOLE PREPARE BASE COMMAND...
#   PLACE     has tree/, the files, and root/, empty; gets pid, the number that others know us by
#   CONSOLE   the terminal to be /dev/console, or empty: there is none
#   PREPARE   shell commands to be run in the new root
#   BASE      the directory below which the programs are, or empty: this system's root
set -eu
place=$1 programs=$2 console=$3 prepare=$4 base=$5
shift 5

# /proc is still the one outside.
read -r pid _ </proc/self/stat

cd "$place/root"
mount -t tmpfs -o mode=755 root .
# Mounting turned away from the directory we are in.
cd "$place/root"
mkdir dev etc host opt opt/programs proc root run sbin service sys tmp var
for dir in bin lib lib32 lib64 usr nix gnu; do
    if [ -L "$base/$dir" ]; then
        cp -P "$base/$dir" "$dir"
    elif [ -d "$base/$dir" ]; then
        mkdir "$dir"
        mount --rbind "$base/$dir" "$dir"
        # Restrictions of the original have to be repeated.
        mount -o remount,bind,ro "$dir" 2>/dev/null || mount -o remount,bind,ro,nodev "$dir" 2>/dev/null ||
            mount -o remount,bind,ro,nodev,nosuid "$dir"
    fi
done
if [ -z "$base" ]; then
    cp /etc/passwd /etc/group etc/
else
    cp -RP "$base/etc/." etc/
    # The programs under test were linked with this system's C library. Where that is the newer one, the others can
    # do with it, and not the other way round.
    for library in "$base"/usr/lib/*-linux-gnu*/ld-linux*.so.* "$base"/usr/lib/*-linux-gnu*/lib[cm].so.6; do
        library=${library#"$base"}
        [ ! -f "$library" ] || mount --bind "$library" ".$library"
    done
fi
mount --bind "$programs" opt/programs
for name in runit runit-init runsvdir runsv svlogd sv; do
    ln -s "../opt/programs/$name" "sbin/$name"
    # This system may have another one installed.
    for dir in usr/local/sbin usr/local/bin usr/sbin usr/bin; do
        [ ! -f "$dir/$name" ] || mount --bind "$programs/$name" "$dir/$name"
    done
done
ln -s runit-init sbin/init
cp -RP "$place/tree/." .

mount -t tmpfs -o mode=755 dev dev
for node in null zero full random urandom tty; do
    : >"dev/$node"
    mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/pts
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
if [ -n "$console" ]; then
    : >dev/console
    mount --bind "$console" dev/console
fi
mount -t proc proc proc
mount -t sysfs sysfs sys 2>/dev/null || :

pivot_root . host
cd /
# Who knows us enters: not before this is the root.
echo "$pid" >"host$place/pid.new"
mv "host$place/pid.new" "host$place/pid"
umount -l host
rmdir host
eval "$prepare"
[ -z "$console" ] || exec 0<>/dev/console 1>&0 2>&0
exec env -i HOME=/ TERM=linux "$@"
