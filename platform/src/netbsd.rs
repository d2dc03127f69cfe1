//! NetBSD: reboot(2), kqueue(2), /dev that may have to be made, and the constants that differ.
#[path = "unix/bare.rs"]
mod bare;
#[path = "netbsd/birth.rs"]
mod birth;
#[path = "unix/bsd.rs"]
mod bsd;
#[path = "unix/closefrom.rs"]
mod closefrom;
#[path = "unix/group.rs"]
mod contain;
#[path = "unix/dir.rs"]
mod dir;
#[path = "unix/flock.rs"]
mod flock;
#[path = "unix/kqueue.rs"]
mod kqueue;
#[path = "unix/pipe2.rs"]
mod pipe2;
#[path = "unix/posix.rs"]
mod posix;
#[path = "unix/ppoll.rs"]
mod ppoll;
#[path = "unix/selfpipe.rs"]
mod selfpipe;
#[path = "unix/terminal.rs"]
mod terminal;

use crate::back_end::System;
use crate::unix::{Os, check, console, spawn};
use crate::{Errno, How, Pid, Request, Result, Signal};
use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::ptr;
use libc::c_int;

pub(crate) use birth::birth;
pub(crate) use bsd::{TIOCNOTTY, pr_set_name, revoke, setproctitle};
pub(crate) use closefrom::close_all_but;
pub use contain::Ward;
pub(crate) use contain::{adopt, spawn_contained, sweep};
pub use dir::Dir;
pub(crate) use flock::lock;
pub use kqueue::Native;
pub(crate) use pipe2::pipe;
pub(crate) use posix::{clock, fork, mkfifoat, open, open_fifo, read_shared};
pub(crate) use ppoll::poll;
pub(crate) use selfpipe::{fork_own_signals, handler, hear, heard, signal};
pub(crate) use terminal::reopen_stderr;

// <sys/stat.h>, <sys/timespec.h>, <poll.h>, <sys/event.h> and <sys/statvfs.h> up to NetBSD 9 (the C
// library renames what changed later), <sys/sigaction.h>, <sys/dirent.h>, <netinet/in.h>.
layout!(libc::stat: 152 align 8, st_dev 0, st_mode 8, st_ino 16, st_nlink 24, st_mtime 64, st_mtimensec 72, st_ctime 80);
layout!(libc::timespec: 16 align 8, tv_sec 0, tv_nsec 8);
layout!(libc::pollfd: 8 align 4, fd 0, events 4, revents 6);
layout!(libc::kevent: 40 align 8, ident 0, filter 8, flags 12, fflags 16, data 24, udata 32);
layout!(libc::sigaction: 32 align 8, sa_sigaction 0, sa_mask 8, sa_flags 24);
layout!(libc::dirent: 528 align 8, d_fileno 0, d_reclen 8, d_namlen 10, d_type 12, d_name 13);
layout!(libc::statvfs: 2256 align 8, f_flag 0);
layout!(libc::sockaddr_in: 16 align 4, sin_family 1, sin_port 2, sin_addr 4);

/// Whether changes to a file system all go through this kernel (statvfs(2)).
pub(crate) fn is_local(path: &CStr) -> bool {
    let mut found = MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: `path` is a string and the record has the kernel's size.
    let got = check(unsafe { libc::statvfs(path.as_ptr(), found.as_mut_ptr()) });
    // SAFETY: all zero, or filled by the kernel.
    got.is_err() || unsafe { found.assume_init() }.f_flag & libc::MNT_LOCAL as libc::c_ulong != 0
}

/// init(8): where the root has no /dev/console, MAKEDEV mounts a file system in memory on the directory
/// it is run in (MAKEDEV(8), `-M`), which has to be /dev, and makes there what init needs.
fn make_devices() {
    // SAFETY: a string is passed.
    let there = |path: &CStr| unsafe { libc::access(path.as_ptr(), libc::F_OK) } == 0;
    if there(c"/dev/console") {
        return;
    }
    let made = spawn::fork(|| {
        // SAFETY: a string is passed.
        if check(unsafe { libc::chdir(c"/dev".as_ptr()) }).is_err() {
            return 111; // Never on the root itself.
        }
        let script = if there(c"./MAKEDEV") { c"./MAKEDEV" } else { c"/etc/MAKEDEV" };
        spawn::exec(c"/bin/sh", &[c"sh", script, c"-MM", c"init"]);
        111
    });
    if let Ok(pid) = made {
        let mut status = 0;
        // SAFETY: the status is a local integer.
        while check(unsafe { libc::waitpid(pid.0, &raw mut status, 0) }) == Err(Errno::INTR) {}
    }
}

impl System for Os {
    /// init(8): here shutdown(8), reboot(8) and powerd(8) do the work themselves.
    /// wscons(4) has no such key.
    const REQUESTS: &'static [(Signal, Request)] = &[
        (Signal::Interrupt, Request::CtrlAltDel),
        (Signal::Continue, Request::Control),
        // reboot(8) and halt(8) send TSTP before all else, and HUP when they have failed.
        (Signal::HangUp, Request::Resume),
        (Signal::TerminalStop, Request::Catatonia),
        // Single user is not runit's.
        (Signal::Terminate, Request::Nothing),
    ];

    /// <sys/signal.h>; not in the libc crate.
    const SIGPWR: c_int = 32;
    const SIGEMT: c_int = libc::SIGEMT;

    /// init(8). The kernel opens no descriptor, passes no variable, and leaves /dev as it is.
    fn early() {
        // MAKEDEV has the descriptors closed, as from init(8): one that cannot be written to makes it fail,
        // and there is no other without /dev/null.
        make_devices();
        console::fill_standard();
        bsd::early(c"TERM=vt220");
    }

    fn enter_multiuser() {
        bsd::raise_securelevel();
    }

    /// reboot(2), with a second argument that only RB_STRING uses: the kernel writes what is in
    /// memory and unmounts. POWERDOWN contains HALT.
    fn power(how: How, _sync: bool) -> Result<Option<Pid>> {
        const _: () = assert!(libc::RB_POWERDOWN == 0x808);
        let howto = match how {
            How::Restart | How::PowerCycle => libc::RB_AUTOBOOT,
            How::Halt => libc::RB_HALT,
            How::PowerOff => libc::RB_POWERDOWN,
        };
        // SAFETY: a number and no string are passed.
        check(unsafe { libc::reboot(howto, ptr::null_mut()) }).map(|_| None)
    }
}
