//! macOS: supervision without process 1, which is launchd's; kqueue(2) and the constants that differ.
#[path = "macos/birth.rs"]
mod birth;
#[path = "unix/group.rs"]
mod contain;
#[path = "unix/dir.rs"]
mod dir;
#[path = "unix/flock.rs"]
mod flock;
#[path = "unix/kqueue.rs"]
mod kqueue;
#[path = "unix/none.rs"]
mod none;
#[path = "unix/poll.rs"]
mod poll;
#[path = "unix/posix.rs"]
mod posix;
#[path = "unix/selfpipe.rs"]
mod selfpipe;
#[path = "unix/statfs.rs"]
mod statfs;
#[path = "unix/terminal.rs"]
mod terminal;

use crate::back_end::System;
use crate::unix::{Os, check, close, files};
use crate::{Errno, Fd, How, Pid, Request, Result, Signal};
use core::ffi::CStr;
use libc::c_int;

pub(crate) use birth::birth;
pub use contain::Ward;
pub(crate) use contain::{adopt, spawn_contained, sweep};
pub use dir::Dir;
pub(crate) use flock::lock;
pub use kqueue::Native;
pub(crate) use none::{pr_set_name, revoke, setproctitle};
pub(crate) use poll::poll;
pub(crate) use posix::{clock, fork, open, open_fifo, read_shared};
pub(crate) use selfpipe::{fork_own_signals, handler, hear, heard, signal};
pub(crate) use statfs::is_local;
pub(crate) use terminal::reopen_stderr;

/// <sys/ttycom.h>: `_IO('t', 113)`; not in the libc crate.
pub(crate) const TIOCNOTTY: libc::c_ulong = 0x2000_0000 | (b't' as libc::c_ulong) << 8 | 113;

// <sys/stat.h> with 64-bit inodes, <sys/_types/_timespec.h>, <sys/poll.h>, <sys/event.h>, <sys/signal.h>,
// <sys/dirent.h>, <sys/mount.h>, <netinet/in.h>.
layout!(libc::stat: 144 align 8, st_dev 0, st_mode 4, st_nlink 6, st_ino 8, st_mtime 48, st_mtime_nsec 56, st_ctime 64);
layout!(libc::timespec: 16 align 8, tv_sec 0, tv_nsec 8);
layout!(libc::pollfd: 8 align 4, fd 0, events 4, revents 6);
layout!(libc::kevent: 32 align 4, ident 0, filter 8, flags 10, fflags 12, data 16, udata 24);
layout!(libc::sigaction: 16 align 8, sa_sigaction 0, sa_mask 8, sa_flags 12);
layout!(libc::dirent: 1048 align 8, d_ino 0, d_reclen 16, d_namlen 18, d_type 20, d_name 21);
layout!(libc::statfs: 2168 align 8, f_flags 64);
layout!(libc::sockaddr_in: 16 align 4, sin_family 1, sin_port 2, sin_addr 4);

/// mkfifoat(3), which came with macOS 13 and without which no program that names it starts: mkfifo(2), of the path
/// that fcntl(2), F_GETPATH, has for the directory.
pub(crate) fn mkfifoat(dir: Fd, path: &CStr, mode: libc::mode_t) -> c_int {
    const ROOM: usize = libc::PATH_MAX as usize;
    let mut whole = [0_u8; 2 * ROOM];
    if dir != Fd::CWD {
        // SAFETY: the kernel writes at most PATH_MAX bytes, of which the last is NUL.
        if unsafe { libc::fcntl(dir.0, libc::F_GETPATH, whole.as_mut_ptr()) } == -1 {
            return -1;
        }
        let len = whole.iter().position(|byte| *byte == 0).unwrap_or(0);
        let rest = whole.get_mut(len..).unwrap_or_default();
        let name = [b"/".as_slice(), path.to_bytes_with_nul()].into_iter().flatten();
        rest.iter_mut().zip(name).for_each(|(slot, byte)| *slot = *byte);
    } else {
        whole.iter_mut().zip(path.to_bytes_with_nul()).for_each(|(slot, byte)| *slot = *byte);
    }
    let whole = crate::c_str(&whole).unwrap_or_default();
    // SAFETY: it is a string.
    unsafe { libc::mkfifo(whole.as_ptr(), mode) }
}

/// pipe(2), close-on-exec; `flags` is 0 or O_NONBLOCK. There is no pipe2(2), but neither a second thread
/// that could fork in between.
pub(crate) fn pipe(flags: c_int) -> Result<(Fd, Fd)> {
    let mut ends = [-1; 2];
    // SAFETY: two integers are passed.
    check(unsafe { libc::pipe(ends.as_mut_ptr()) })?;
    for end in ends {
        // SAFETY: numbers are passed.
        unsafe { libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC) };
        // SAFETY: numbers are passed; a new pipe has no other flag.
        unsafe { libc::fcntl(end, libc::F_SETFL, flags) };
    }
    let [read, write] = ends;
    Ok((Fd(read), Fd(write)))
}

/// Closes every descriptor but these: one by one up to the limit (getdtablesize(2)), or as far as the
/// programs here could have got.
pub(crate) fn close_all_but(keep: &[Fd]) {
    // SAFETY: no arguments.
    let limit = unsafe { libc::getdtablesize() }.clamp(0, 10_240);
    for fd in 0..limit {
        if !keep.contains(&Fd(fd)) {
            close(Fd(fd));
        }
    }
}

impl System for Os {
    /// There is no such key.
    const REQUESTS: &'static [(Signal, Request)] =
        &[(Signal::Interrupt, Request::CtrlAltDel), (Signal::Continue, Request::Control)];

    const SIGEMT: c_int = libc::SIGEMT;

    /// The kernel starts launchd(8) and nothing else as process 1; a program that comes here was started
    /// by a kernel that nobody knows.
    fn early() {
        let _ = files::write(Fd::STDERR, b"- runit: fatal: on macOS process no 1 is launchd.\n");
        // SAFETY: ends the process.
        unsafe { libc::_exit(111) };
    }

    /// shutdown(8) is launchd's.
    fn power(_how: How, _sync: bool) -> Result<Option<Pid>> {
        Err(Errno::NOSYS)
    }
}
