//! OpenBSD: reboot(2), kqueue(2), sysctl(2) and the constants that differ.
#[path = "unix/bare.rs"]
mod bare;
#[path = "openbsd/birth.rs"]
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
#[path = "unix/statfs.rs"]
mod statfs;
#[path = "unix/terminal.rs"]
mod terminal;

use crate::back_end::System;
use crate::unix::{Os, check};
use crate::{How, Pid, Request, Result, Signal};
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
pub(crate) use statfs::is_local;
pub(crate) use terminal::reopen_stderr;

// <sys/stat.h>, <sys/_time.h>, <sys/poll.h>, <sys/event.h>, <sys/signal.h>, <sys/dirent.h>,
// <sys/mount.h>, <netinet/in.h>.
layout!(libc::stat: 128 align 8, st_mode 0, st_dev 4, st_ino 8, st_nlink 16, st_mtime 48, st_mtime_nsec 56, st_ctime 64);
layout!(libc::timespec: 16 align 8, tv_sec 0, tv_nsec 8);
layout!(libc::pollfd: 8 align 4, fd 0, events 4, revents 6);
layout!(libc::kevent: 32 align 8, ident 0, filter 8, flags 10, fflags 12, data 16, udata 24);
layout!(libc::sigaction: 16 align 8, sa_sigaction 0, sa_mask 8, sa_flags 12);
layout!(libc::dirent: 280 align 8, d_fileno 0, d_off 8, d_reclen 16, d_type 18, d_name 24);
layout!(libc::statfs: 568 align 8, f_flags 0);
layout!(libc::kinfo_proc: 648 align 8, p_ustart_sec 408, p_ustart_usec 416);
layout!(libc::sockaddr_in: 16 align 4, sin_family 1, sin_port 2, sin_addr 4);

impl System for Os {
    /// init(8). USR1 is what the kernel makes of ctrl-alt-del, so `ctrlaltdel` decides.
    const REQUESTS: &'static [(Signal, Request)] = &[
        (Signal::Interrupt, Request::CtrlAltDel),
        (Signal::Continue, Request::Control),
        (Signal::User1, Request::CtrlAltDel),
        (Signal::User2, Request::PowerOff),
        // reboot(8) and halt(8) send TSTP before all else, and HUP when they have failed.
        (Signal::HangUp, Request::Resume),
        (Signal::TerminalStop, Request::Catatonia),
        // Single user is not runit's.
        (Signal::Terminate, Request::Nothing),
    ];

    const SIGEMT: c_int = libc::SIGEMT;

    /// init(8). The kernel opens no descriptor and passes no variable; /dev is a directory.
    fn early() {
        bsd::early(c"TERM=vt220");
    }

    /// sysctl(2), machdep.kbdreset and hw.allowpowerdown: each key press sets them back to 0.
    /// Above securelevel 0 the kernel refuses, and the last setting stands.
    fn arm_ctrl_alt_del() {
        #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
        bsd::set(&[libc::CTL_MACHDEP, CPU_KBDRESET], 1);
        bsd::set(&[libc::CTL_HW, HW_ALLOWPOWERDOWN], 1);
    }

    fn enter_multiuser() {
        bsd::raise_securelevel();
    }

    /// reboot(2): the kernel writes what is in memory and unmounts. POWERDOWN counts only together
    /// with HALT.
    fn power(how: How, _sync: bool) -> Result<Option<Pid>> {
        let howto = match how {
            How::Restart | How::PowerCycle => libc::RB_AUTOBOOT,
            How::Halt => libc::RB_HALT,
            How::PowerOff => libc::RB_HALT | libc::RB_POWERDOWN,
        };
        // SAFETY: a number is passed.
        check(unsafe { libc::reboot(howto) }).map(|_| None)
    }
}

/// <machine/cpu.h> of amd64 and i386; not in the libc crate.
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
const CPU_KBDRESET: libc::c_int = 10;
/// <sys/sysctl.h>; not in the libc crate.
const HW_ALLOWPOWERDOWN: libc::c_int = 22;
const _: () = assert!(libc::CTL_MACHDEP == 7 && libc::CTL_HW == 6);
