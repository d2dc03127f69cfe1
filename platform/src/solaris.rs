//! illumos and Oracle Solaris: uadmin(2), event ports and the constants that differ.
#[path = "unix/bare.rs"]
mod bare;
#[path = "unix/closefrom.rs"]
mod closefrom;
#[path = "unix/group.rs"]
mod contain;
#[path = "unix/dir.rs"]
mod dir;
#[cfg(target_os = "illumos")]
#[path = "unix/flock.rs"]
mod flock;
#[path = "unix/none.rs"]
mod none;
#[path = "unix/poll.rs"]
mod poll;
#[path = "unix/posix.rs"]
mod posix;
#[path = "unix/selfpipe.rs"]
mod selfpipe;
#[path = "unix/terminal.rs"]
mod terminal;
#[path = "unix/unnoticed.rs"]
mod unnoticed;
#[path = "solaris/watch.rs"]
mod watch;

#[cfg(not(target_os = "illumos"))]
use crate::Errno;
use crate::back_end::System;
use crate::unix::{Os, check, close, console, files, setsid};
use crate::{Fd, How, Pid, Request, Result, Signal};
use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, Ordering};
use libc::{c_int, uintptr_t};

pub(crate) use closefrom::close_all_but;
pub use contain::Ward;
pub(crate) use contain::{adopt, spawn_contained, sweep};
pub use dir::Dir;
#[cfg(target_os = "illumos")]
pub(crate) use flock::lock;
pub(crate) use libc::TIOCNOTTY;
pub(crate) use none::{birth, pr_set_name, revoke, setproctitle};
pub(crate) use poll::poll;
pub(crate) use posix::{clock, fork, mkfifoat, open, open_fifo, read_shared};
pub(crate) use selfpipe::{fork_own_signals, handler, hear, heard, signal};
pub(crate) use terminal::reopen_stderr;
pub use watch::Native;

// <sys/stat.h>, <sys/time_impl.h>, <sys/poll.h>, <sys/signal.h>, <sys/dirent.h>, <sys/fcntl.h>,
// <sys/statvfs.h>, <netinet/in.h>.
layout!(libc::stat: 128 align 8, st_dev 0, st_ino 8, st_mode 16, st_nlink 20, st_mtime 64, st_mtime_nsec 72, st_ctime 80);
layout!(libc::timespec: 16 align 8, tv_sec 0, tv_nsec 8);
layout!(libc::pollfd: 8 align 4, fd 0, events 4, revents 6);
layout!(libc::sigaction: 32 align 8, sa_flags 0, sa_sigaction 8, sa_mask 16);
layout!(libc::dirent: 24 align 8, d_ino 0, d_off 8, d_reclen 16, d_name 18);
layout!(libc::flock: 64 align 8, l_type 0, l_whence 2, l_start 8, l_len 16);
layout!(libc::statvfs: 136 align 8, f_basetype 72);
layout!(libc::sockaddr_in: 16 align 4, sin_family 0, sin_port 2, sin_addr 4);

// Where sockets live; see the block in lib.rs that names the C library.
// SAFETY: the block declares nothing.
#[link(name = "socket")]
unsafe extern "C" {}

/// pipe(2), close-on-exec; `flags` is 0 or O_NONBLOCK. (Oracle Solaris has pipe2(2) since 11.4 alone.)
pub(crate) fn pipe(flags: c_int) -> Result<(Fd, Fd)> {
    let mut ends = [-1; 2];
    // SAFETY: two integers are passed.
    check(unsafe { libc::pipe(ends.as_mut_ptr()) })?;
    for end in ends {
        // SAFETY: numbers are passed. One thread runs, so nobody forks in between.
        unsafe { libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC) };
        // SAFETY: numbers are passed; F_SETFL keeps the access mode.
        unsafe { libc::fcntl(end, libc::F_SETFL, flags) };
    }
    let [read, write] = ends;
    Ok((Fd(read), Fd(write)))
}

/// fcntl(2), F_SETLK, as C runit does where there is no flock(3C): the lock is the process's own.
#[cfg(not(target_os = "illumos"))]
pub(crate) fn lock(fd: Fd) -> Result<()> {
    let mut whole = core::mem::MaybeUninit::<libc::flock>::zeroed();
    // SAFETY: all zero is a valid record: from the start, without end.
    unsafe { whole.assume_init_mut() }.l_type = libc::F_WRLCK;
    // SAFETY: the record is a local one.
    match check(unsafe { libc::fcntl(fd.0, libc::F_SETLK, whole.as_ptr()) }) {
        Ok(_) => Ok(()),
        Err(Errno::ACCES) => Err(Errno::AGAIN),
        Err(errno) => Err(errno),
    }
}

/// Whether process 1 ignores what it does not catch.
static IGNORES: AtomicBool = AtomicBool::new(false);

/// Every signal but SIGCHLD: to ignore that means to have no dead children.
fn signal_all(handler: libc::sighandler_t) {
    for number in (1..=libc::SIGRTMAX()).filter(|number| *number != libc::SIGCHLD) {
        signal(number, handler);
    }
}

/// A file system in memory that the kernel mounts before it starts init(8): what is here was put
/// here since the machine came up.
const BOOTED: &CStr = c"/etc/svc/volatile/runit.booted";

/// ps(1) shows the 80 bytes that the kernel kept at exec(2); `ps axww` and pargs(1) of illumos read the arguments
/// where they lie, so a title needs nothing more. There is no revoke(2): TIOCSCTTY is refused while another session
/// has the console, and stage 1 then has no controlling terminal. At boot nobody has it.
impl System for Os {
    /// init(8), where a signal is a run level: EMT is 5, FPE is 6, PWR means that the power fails or
    /// that its button was pressed. INT, 0, is left to `ctrlaltdel`, as everywhere.
    /// There is no such key.
    const REQUESTS: &'static [(Signal, Request)] = &[
        (Signal::Interrupt, Request::CtrlAltDel),
        (Signal::Continue, Request::Control),
        (Signal::Emulator, Request::PowerOff),
        (Signal::Arithmetic, Request::Reboot),
        (Signal::PowerFail, Request::PowerOff),
        // Read inittab(5) again. The other run levels are ignored from the start: one that is caught, as
        // BUS for single user, would make an endless loop of a real fault.
        (Signal::HangUp, Request::Nothing),
    ];

    const SIGPWR: c_int = libc::SIGPWR;
    const SIGEMT: c_int = libc::SIGEMT;

    /// What is ignored stays ignored by exec(2), so a child of process 1 gets everything back.
    fn reset_signals() {
        if IGNORES.load(Ordering::Relaxed) {
            signal_all(libc::SIG_DFL);
        }
    }

    /// init(8). Nothing protects process 1 from a signal here: one that it neither catches nor ignores
    /// ends it. (A fault of its own still does: then the kernel starts it again.)
    fn early() {
        signal_all(libc::SIG_IGN);
        IGNORES.store(true, Ordering::Relaxed);
        console::fill_standard();
        setsid();
        bare::environment(c"TERM=sun-color");
        console::reopen();
    }

    /// The kernel runs a process 1 that ended again: stage 1 is done if an earlier one said so.
    fn boot_already_done() -> bool {
        // SAFETY: a string is passed.
        unsafe { libc::access(BOOTED.as_ptr(), libc::F_OK) == 0 }
    }

    /// Stage 1 is done, and is not to be done again while this system is up.
    fn enter_multiuser() {
        if let Ok(fd) = files::open(BOOTED, libc::O_WRONLY | libc::O_CREAT, 0o600) {
            close(fd);
        }
    }

    /// uadmin(2), A_SHUTDOWN: the kernel ends all processes, writes what is in memory and unmounts.
    /// reboot(3C) could not power off.
    fn power(how: How, _sync: bool) -> Result<Option<Pid>> {
        /// <sys/uadmin.h>; not in the libc crate.
        const A_SHUTDOWN: c_int = 2;
        const AD_HALT: c_int = 0;
        const AD_BOOT: c_int = 1;
        const AD_POWEROFF: c_int = 6;
        unsafe extern "C" {
            // <sys/uadmin.h>; not in the libc crate.
            fn uadmin(command: c_int, function: c_int, mdep: uintptr_t) -> c_int;
        }
        let function = match how {
            How::Restart | How::PowerCycle => AD_BOOT,
            How::Halt => AD_HALT,
            How::PowerOff => AD_POWEROFF,
        };
        // SAFETY: numbers are passed.
        check(unsafe { uadmin(A_SHUTDOWN, function, 0) }).map(|_| None)
    }
}
