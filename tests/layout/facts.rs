//! What the programs take from the C library's headers: the resident ones, then the commands, and the standard library
//! for them.
use std::io::{self, Write};
use std::mem::{offset_of, size_of};
use std::process::{Command, Stdio};

/// A C expression and its value.
pub(crate) type Fact = (String, i64);

const HEADERS: [&str; 29] = [
    "dirent.h",
    "errno.h",
    "fcntl.h",
    "grp.h",
    "limits.h",
    "poll.h",
    "pwd.h",
    "signal.h",
    "stddef.h",
    "sys/file.h",
    "sys/inotify.h",
    "sys/ioctl.h",
    "sys/mman.h",
    "sys/prctl.h",
    "sys/reboot.h",
    "sys/resource.h",
    "sys/signalfd.h",
    "sys/socket.h",
    "sys/stat.h",
    "sys/statfs.h",
    "sys/statvfs.h",
    "sys/syscall.h",
    "sys/types.h",
    "sys/uio.h",
    "sys/un.h",
    "sys/utsname.h",
    "sys/wait.h",
    "time.h",
    "unistd.h",
];

macro_rules! numbers {
    ($($name:ident)*) => { [$((stringify!($name).to_owned(), libc::$name as i64)),*] };
}

macro_rules! structs {
    ($($name:ident $(as $tag:literal)? { $($field:ident $(as $c:literal)?),* })*) => { [$({
        let tag = [$($tag,)? stringify!($name)][0];
        vec![
            (format!("sizeof(struct {tag})"), size_of::<libc::$name>() as i64),
            $((
                format!("offsetof(struct {tag}, {})", [$($c,)? stringify!($field)][0]),
                offset_of!(libc::$name, $field) as i64,
            )),*
        ]
    }),*].into_iter().flatten() };
}

macro_rules! sizes {
    ($($name:ident)*) => {
        [$((concat!("sizeof(", stringify!($name), ")").to_owned(), size_of::<libc::$name>() as i64)),*]
    };
}

/// All of them.
#[allow(clippy::unnecessary_cast)]
pub(crate) fn all() -> Vec<Fact> {
    let structs = structs! {
        stat { st_dev, st_ino, st_mode, st_mtime as "st_mtim.tv_sec", st_mtime_nsec as "st_mtim.tv_nsec" }
        statfs { f_type }
        timespec { tv_sec, tv_nsec }
        pollfd { fd, events, revents }
        sigaction { sa_sigaction as "sa_handler", sa_mask, sa_flags }
        inotify_event { wd, mask, cookie, len }
    };
    let sizes = sizes! { sigset_t nfds_t mode_t time_t clockid_t };
    let numbers = numbers! {
        AT_FDCWD CLOCK_MONOTONIC CLOCK_REALTIME F_GETFD F_GETFL F_SETFD F_SETFL FD_CLOEXEC
        IN_ATTRIB IN_CLOEXEC IN_CREATE IN_DELETE IN_DELETE_SELF IN_IGNORED IN_MASK_ADD IN_MOVED_FROM IN_MOVED_TO
        IN_MOVE_SELF IN_NONBLOCK IN_ONLYDIR IN_Q_OVERFLOW
        LOCK_EX LOCK_NB MAP_ANON MAP_PRIVATE PROT_READ PROT_WRITE
        O_APPEND O_CLOEXEC O_CREAT O_DIRECTORY O_NOCTTY O_NONBLOCK O_RDONLY O_RDWR O_TRUNC O_WRONLY
        POLLERR POLLHUP POLLIN POLLOUT
        RB_AUTOBOOT RB_DISABLE_CAD RB_HALT_SYSTEM RB_POWER_OFF
        SIG_BLOCK SIG_SETMASK SIG_UNBLOCK SIGALRM SIGCHLD SIGCONT SIGFPE SIGHUP SIGINT SIGKILL SIGPIPE
        SIGPWR SIGQUIT SIGSTOP SIGTERM SIGTSTP SIGTTOU SIGUSR1 SIGUSR2 SIGWINCH
        S_IFDIR S_IFIFO S_IFMT S_IFREG
        SYS_clock_gettime SYS_clone SYS_close_range SYS_getdents64 SYS_openat
        TIOCNOTTY TIOCSCTTY WNOHANG
        EACCES EAGAIN EBADF EEXIST EINTR EINVAL EIO EISDIR EMFILE ENAMETOOLONG ENOENT ENOMEM ENOSPC ENOSYS
        ENOTDIR ENXIO EPERM EPIPE EROFS ESRCH
    };
    structs.chain(sizes).chain(numbers).chain(of_commands()).collect()
}

#[allow(clippy::unnecessary_cast)]
fn of_commands() -> impl Iterator<Item = Fact> {
    let structs = structs! {
        stat64 as "stat" {
            st_dev, st_ino, st_nlink, st_mode, st_uid, st_gid, st_rdev, st_size, st_atime as "st_atim.tv_sec",
            st_mtime as "st_mtim.tv_sec", st_mtime_nsec as "st_mtim.tv_nsec", st_ctime as "st_ctim.tv_sec",
            st_ctime_nsec as "st_ctim.tv_nsec"
        }
        dirent64 as "dirent" { d_ino, d_type, d_name }
        flock { l_type, l_whence, l_start, l_len, l_pid }
        group { gr_gid }
        iovec { iov_base, iov_len }
        msghdr { msg_name, msg_namelen, msg_iov, msg_iovlen, msg_control, msg_controllen, msg_flags }
        passwd { pw_uid, pw_gid }
        rlimit { rlim_cur, rlim_max }
        signalfd_siginfo { ssi_signo, ssi_pid }
        sockaddr_un { sun_family, sun_path }
        statvfs { f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_flag }
        tm { tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_gmtoff }
        ucred { pid, uid, gid }
        utsname { sysname, nodename, release, version, machine }
        winsize { ws_row, ws_col }
    };
    let sizes = sizes! { off_t pid_t uid_t gid_t socklen_t rlim_t dev_t ino_t };
    let numbers = numbers! {
        AF_UNIX AT_SYMLINK_NOFOLLOW EFBIG ELOOP EMLINK ENOTEMPTY EXDEV ECHILD EDQUOT EBUSY ENOEXEC ETXTBSY E2BIG
        F_DUPFD F_DUPFD_CLOEXEC F_SETLK F_SETLKW F_UNLCK F_WRLCK F_RDLCK FIONREAD LOCK_SH LOCK_UN MSG_CMSG_CLOEXEC
        MSG_DONTWAIT MSG_NOSIGNAL MSG_TRUNC O_EXCL O_NOFOLLOW O_SYNC O_PATH PATH_MAX PR_SET_NO_NEW_PRIVS
        RLIMIT_AS RLIMIT_CORE RLIMIT_CPU RLIMIT_DATA RLIMIT_FSIZE RLIMIT_MEMLOCK RLIMIT_NOFILE RLIMIT_NPROC
        RLIMIT_RSS RLIMIT_STACK SCM_RIGHTS SCM_CREDENTIALS SFD_CLOEXEC SFD_NONBLOCK SOCK_CLOEXEC
        SOCK_DGRAM SOL_SOCKET SO_PASSCRED SO_RCVTIMEO ST_NOEXEC ST_RDONLY S_IFBLK S_IFCHR S_IFLNK S_IFSOCK
        SIGABRT SIGBUS SIGILL SIGSEGV SIGTRAP  SA_RESTART SA_SIGINFO TIOCGWINSZ WUNTRACED W_OK X_OK R_OK
    };
    structs.chain(sizes).chain(numbers)
}

/// How many of the facts the compiler refuses.
pub(crate) fn refused(compiler: &str, facts: &[Fact]) -> io::Result<usize> {
    let mut text = String::from("#define _GNU_SOURCE\n");
    HEADERS.iter().for_each(|header| text.push_str(&format!("#include <{header}>\n")));
    for (expression, value) in facts {
        // 32 bits, as some numbers of reboot(2) are negative in one and not in the other.
        let value = *value as u32;
        text.push_str(&format!("_Static_assert((unsigned)({expression}) == {value}U, \"{expression}\");\n"));
    }
    let mut child = Command::new(compiler)
        .args(["-fsyntax-only", "-fmax-errors=0", "-x", "c", "-"])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut source = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    source.write_all(text.as_bytes())?;
    drop(source);
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let refused = said.lines().filter(|line| line.contains("error:")).count();
    // All of them is the trial with wrong values.
    if refused < facts.len() {
        print!("{said}");
    }
    Ok(if refused == 0 && !output.status.success() { usize::MAX } else { refused })
}
