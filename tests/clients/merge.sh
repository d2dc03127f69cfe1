# Puts clients where they expect to be. /usr is the machine's and read-only: it becomes a tree of
# links to it, and a directory that a client shares with it becomes a real one with links in it.
# For a new root in which /clients has a directory for each client.
mkdir /machine /usr.new
mount --rbind /usr /machine
mount -t tmpfs -o mode=755 usr /usr.new
ln -s /machine/* /usr.new/
rm /usr.new/local
mkdir -p /usr.new/local/bin /usr.new/local/sbin

# merge FROM TO
merge() {
	[ -d "$2" ] || mkdir "$2"
	for from in "$1"/* "$1"/.[!.]*; do
		to=$2/${from##*/}
		if [ -L "$from" ] || [ -f "$from" ]; then
			cp -P --remove-destination "$from" "$to"
		elif [ -d "$from" ]; then
			there=$(readlink "$to" || :)
			case $there in
			/machine/*)
				rm "$to"
				mkdir "$to"
				ln -s "$there"/* "$to/" 2>/dev/null || :
				;;
			esac
			(merge "$from" "$to")
		fi
	done
}
mkdir -p /clients/programs/usr/bin
for name in runsvdir runsvchdir runsv sv svlogd chpst utmpset; do
	ln -s "/opt/programs/$name" /clients/programs/usr/bin/
done
# What is in /bin and /lib goes to /usr, where these are links to.
for dir in /clients/*/bin /clients/*/lib; do
	if [ -d "$dir" ]; then
		mkdir -p "${dir%/*}/usr"
		merge "$dir" "${dir%/*}/usr/${dir##*/}"
		rm -r "$dir"
	fi
done
for client in /clients/*; do
	for dir in "$client"/*/; do
		dir=${dir%/}
		name=${dir##*/}
		case $name in
		usr) (merge "$dir" /usr.new) ;;
		*) (merge "$dir" "/$name") ;;
		esac
	done
done
# A machine without services of its own says that none may be started.
rm -f /usr.new/sbin/policy-rc.d
mount --move /usr.new /usr
rmdir /usr.new
# Each was built for its own directory of services.
rmdir /service
ln -s /etc/service /service
mkdir -p /var/log /home /me
sed -i 's,^root:.*,root:x:0:0::/me:/bin/sh,' /etc/passwd
# As the package does when it is installed.
mkdir -p /etc/runit/runsvdir/default /usr/share/runit/sv /usr/share/runit/sv.now
ln -s sv /usr/share/runit/sv.src
ln -s sv.now /usr/share/runit/sv.current
cpsv i
# async-timeout sleeps for ever if its child ends before it waits: it is for a case of its own.
: >/etc/runit/no.emulate.sysv
