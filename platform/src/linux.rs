//! Linux: reboot(2), inotify(7), getdents64(2) and the constants that differ.
//!
//! With `--cfg runit_force_poll` it uses what POSIX has instead, as most other systems do, and watches
//! nothing: so that is tested here too.
#[cfg(all(runit_no_libc, target_arch = "x86_64"))]
mod alone;
mod birth;
#[cfg(not(runit_force_poll))]
mod cgroup;
#[cfg_attr(runit_force_poll, path = "unix/group.rs")]
mod contain;
#[cfg(not(runit_force_poll))]
mod descendants;
#[cfg_attr(runit_force_poll, path = "unix/dir.rs")]
mod dir;
#[cfg(not(runit_force_poll))]
mod entries;
#[path = "unix/flock.rs"]
mod flock;
#[path = "unix/none.rs"]
mod none;
mod notice;
#[path = "unix/pipe2.rs"]
mod pipe2;
#[cfg_attr(runit_force_poll, path = "unix/poll.rs")]
#[cfg_attr(not(runit_force_poll), path = "unix/ppoll.rs")]
mod poll;
#[cfg_attr(runit_force_poll, path = "unix/posix.rs")]
#[cfg_attr(not(runit_force_poll), path = "linux/calls.rs")]
mod posix;
#[cfg_attr(runit_force_poll, path = "unix/selfpipe.rs")]
mod signalfd;
#[cfg(runit_force_poll)]
#[path = "unix/terminal.rs"]
mod terminal;
mod watch;

use crate::back_end::System;
use crate::unix::{Os, check, close, console, setsid, spawn};
use crate::{Errno, Fd, How, Pid, Request, Result, Signal};
use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::ptr;
use libc::c_int;

pub(crate) use birth::birth;
pub use contain::Ward;
pub(crate) use contain::{adopt, spawn_contained, sweep};
pub use dir::Dir;
pub(crate) use flock::lock;
pub(crate) use libc::TIOCNOTTY;
pub(crate) use none::{revoke, setproctitle};
pub(crate) use pipe2::pipe;
pub(crate) use poll::poll;
#[cfg(not(runit_force_poll))]
pub(crate) use posix::reopen_stderr;
pub(crate) use posix::{clock, fork, mkfifoat, open, open_fifo, read_shared};
pub(crate) use signalfd::{fork_own_signals, handler, hear, heard, signal};
#[cfg(runit_force_poll)]
pub(crate) use terminal::reopen_stderr;
pub use watch::Native;

// <bits/struct_stat.h>, <bits/types/struct_timespec.h>, <sys/poll.h>, <netinet/in.h>, <bits/statfs.h>.
layout!(libc::timespec: 16 align 8, tv_sec 0, tv_nsec 8);
layout!(libc::pollfd: 8 align 4, fd 0, events 4, revents 6);
layout!(libc::sockaddr_in: 16 align 4, sin_family 0, sin_port 2, sin_addr 4);
layout!(libc::statfs: 120 align 8, f_type 0);
#[cfg(target_arch = "x86_64")]
layout!(libc::stat: 144 align 8, st_dev 0, st_ino 8, st_nlink 16, st_mode 24, st_mtime 88, st_mtime_nsec 96, st_ctime 104, st_ctime_nsec 112);
#[cfg(target_arch = "aarch64")]
layout!(libc::stat: 128 align 8, st_dev 0, st_ino 8, st_mode 16, st_nlink 20, st_mtime 88, st_mtime_nsec 96, st_ctime 104, st_ctime_nsec 112);

/// The name that the kernel has for the process (prctl(2), PR_SET_NAME).
pub(crate) fn pr_set_name(name: &CStr) {
    // SAFETY: the kernel copies 16 bytes at most, up to the end of the string.
    unsafe { libc::syscall(libc::SYS_prctl, libc::c_long::from(libc::PR_SET_NAME), name.as_ptr(), 0, 0, 0) };
}

/// Closes every descriptor but these (close_range(2), Linux 5.9; before that the first thousand).
pub(crate) fn close_all_but(keep: &[Fd]) {
    let highest = keep.iter().map(|fd| fd.0).max().unwrap_or(-1);
    let above = libc::c_long::from(highest) + 1;
    // SAFETY: numbers are passed.
    let done = unsafe { libc::syscall(libc::SYS_close_range, above, libc::c_long::from(u32::MAX), 0) } == 0;
    for fd in 0..if done { highest } else { 1024 } {
        if !keep.contains(&Fd(fd)) {
            close(Fd(fd));
        }
    }
}

impl System for Os {
    const REQUESTS: &'static [(Signal, Request)] =
        &[(Signal::Interrupt, Request::CtrlAltDel), (Signal::Continue, Request::Control)];

    const SIGPWR: c_int = libc::SIGPWR;

    const SIGIO: c_int = libc::SIGIO;

    fn early() {
        console::fill_standard();
        // The kernel blocks nothing, but a container's manager may have.
        unblock_all();
        setsid();
        console::reopen();
    }

    fn arm_ctrl_alt_del() {
        // Fails with EINVAL in a pid namespace, EPERM in a container: then nobody presses it here.
        // SAFETY: a number is passed; this command changes one setting.
        unsafe { libc::reboot(libc::RB_DISABLE_CAD) };
    }

    fn power(how: How, sync: bool) -> Result<Option<Pid>> {
        // The caller of halt and power off exits inside the kernel, which process 1 must not.
        match spawn::fork(|| end_system(how, sync).0.try_into().unwrap_or(u8::MAX)) {
            Ok(pid) => Ok(Some(pid)),
            Err(_) => Err(end_system(how, sync)),
        }
    }
}

/// Lets every signal through, whatever mask was inherited.
fn unblock_all() {
    let mut none = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: empties a local set.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: emptied above; no old set is asked for.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut()) };
}

/// reboot(2); the result says why it came back.
fn end_system(how: How, sync: bool) -> Errno {
    if sync {
        // SAFETY: no arguments.
        unsafe { libc::sync() };
    }
    let command = match how {
        How::Restart | How::PowerCycle => libc::RB_AUTOBOOT,
        How::Halt => libc::RB_HALT_SYSTEM,
        How::PowerOff => libc::RB_POWER_OFF,
    };
    // SAFETY: a number is passed.
    match check(unsafe { libc::reboot(command) }) {
        Ok(_) => Errno::NONE,
        Err(errno) => errno,
    }
}
