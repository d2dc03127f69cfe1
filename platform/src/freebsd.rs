//! FreeBSD and DragonFly BSD: reboot(2), kqueue(2) and the constants that differ.
#[path = "unix/bare.rs"]
mod bare;
#[cfg_attr(target_os = "freebsd", path = "freebsd/birth.rs")]
#[cfg_attr(not(target_os = "freebsd"), path = "unix/none.rs")]
mod birth;
#[path = "unix/bsd.rs"]
mod bsd;
#[path = "unix/closefrom.rs"]
mod closefrom;
#[cfg_attr(target_os = "freebsd", path = "freebsd/reaper.rs")]
#[cfg_attr(not(target_os = "freebsd"), path = "unix/group.rs")]
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

// <sys/stat.h>, <sys/_timespec.h>, <sys/poll.h>, <sys/event.h>, <sys/signal.h>, <sys/dirent.h>,
// <sys/mount.h> of FreeBSD 12 and later; <netinet/in.h>.
#[cfg(target_os = "freebsd")]
layout!(libc::stat: 224 align 8, st_dev 0, st_ino 8, st_nlink 16, st_mode 24, st_mtime 64, st_mtime_nsec 72, st_ctime 80);
layout!(libc::timespec: 16 align 8, tv_sec 0, tv_nsec 8);
layout!(libc::pollfd: 8 align 4, fd 0, events 4, revents 6);
#[cfg(target_os = "freebsd")]
layout!(libc::kevent: 64 align 8, ident 0, filter 8, flags 10, fflags 12, data 16, udata 24);
#[cfg(target_os = "freebsd")]
layout!(libc::sigaction: 32 align 8, sa_sigaction 0, sa_flags 8, sa_mask 12);
#[cfg(target_os = "freebsd")]
layout!(libc::dirent: 280 align 8, d_fileno 0, d_reclen 16, d_type 18, d_name 24);
#[cfg(target_os = "freebsd")]
layout!(libc::statfs: 2344 align 8, f_flags 8);
layout!(libc::sockaddr_in: 16 align 4, sin_family 1, sin_port 2, sin_addr 4);

impl System for Os {
    /// init(8), SIGNALS. INT is also what the kernel makes of ctrl-alt-del, so `ctrlaltdel` decides.
    /// Armed from the start, the sysctls kern.vt.kbd_reboot and hw.syscons.kbd_reboot switch it off
    /// (vt(4), syscons(4)): the administrator's, not ours.
    const REQUESTS: &'static [(Signal, Request)] = &[
        (Signal::Interrupt, Request::CtrlAltDel),
        (Signal::Continue, Request::Control),
        (Signal::User1, Request::Halt),
        (Signal::User2, Request::PowerOff),
        (Signal::WindowChange, Request::PowerCycle),
        // reboot(8) and halt(8) send TSTP before all else, and HUP when they have failed.
        (Signal::HangUp, Request::Resume),
        (Signal::TerminalStop, Request::Catatonia),
        // Single user and another root (reboot -r) are not runit's.
        (Signal::Terminate, Request::Nothing),
        (Signal::Emulator, Request::Nothing),
    ];

    const SIGEMT: c_int = libc::SIGEMT;

    /// init(8). The kernel opens no descriptor, passes no variable, and mounts /dev itself.
    fn early() {
        bsd::early(c"TERM=xterm");
    }

    fn enter_multiuser() {
        bsd::raise_securelevel();
    }

    /// reboot(2): the kernel writes what is in memory and unmounts. Where the power cannot be
    /// switched the machine is halted. In a jail the answer is EPERM.
    fn power(how: How, _sync: bool) -> Result<Option<Pid>> {
        /// <sys/reboot.h>; not in the libc crate.
        const RB_AUTOBOOT: libc::c_int = 0;
        #[cfg(target_os = "freebsd")]
        const POWER_CYCLE: libc::c_int = libc::RB_HALT | libc::RB_POWERCYCLE;
        #[cfg(not(target_os = "freebsd"))]
        const POWER_CYCLE: libc::c_int = RB_AUTOBOOT;
        let howto = match how {
            How::Restart => RB_AUTOBOOT,
            How::Halt => libc::RB_HALT,
            How::PowerOff => libc::RB_HALT | libc::RB_POWEROFF,
            How::PowerCycle => POWER_CYCLE,
        };
        // SAFETY: a number is passed.
        check(unsafe { libc::reboot(howto) }).map(|_| None)
    }
}
