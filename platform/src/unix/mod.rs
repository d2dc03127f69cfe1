//! What POSIX systems really share. The rest is in one file per system, which takes what it needs
//! of the files here that not every system can use (`kqueue.rs`, `pipe2.rs`, …) by their path.
mod boot;
pub(crate) mod console;
pub(crate) mod contain;
mod datagrams;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod links;
mod procs;
#[cfg(any(test, not(any(target_os = "linux", target_os = "illumos", target_os = "solaris"))))]
pub(crate) mod seen;
pub(crate) mod signals;
pub(crate) mod spawn;
mod tell;

pub use boot::REQUESTS;

use crate::{Errno, Fd, Result, system};

/// The operating system below.
pub struct Os {
    /// What tells of signals, once [`crate::Events::catch`] was called.
    pub(crate) waker: Option<Fd>,
    /// What only this system has.
    pub(crate) native: system::Native,
}

impl Os {
    /// Nothing is asked of the kernel yet.
    #[must_use]
    pub const fn new() -> Os {
        Os { waker: None, native: system::Native::new() }
    }
}

impl Default for Os {
    fn default() -> Self {
        Os::new()
    }
}

impl crate::Memory for Os {}

/// A result of the C library: negative is an error.
pub(crate) fn check(result: libc::c_int) -> Result<libc::c_int> {
    if result < 0 { Err(Errno::last()) } else { Ok(result) }
}

/// The same for calls that count bytes.
pub(crate) fn check_size(result: libc::ssize_t) -> Result<usize> {
    usize::try_from(result).map_err(|_| Errno::last())
}

/// close(2).
pub(crate) fn close(fd: Fd) {
    // SAFETY: a number is passed; descriptors own no memory.
    unsafe { libc::close(fd.0) };
}

/// getpid(2).
pub(crate) fn own_pid() -> libc::pid_t {
    // SAFETY: asks for a number.
    unsafe { libc::getpid() }
}

/// setsid(2): leads a session of its own, and with it a process group, if it can.
pub(crate) fn setsid() {
    // SAFETY: no arguments.
    unsafe { libc::setsid() };
}

/// Ends the process where it is.
#[cfg_attr(runit_prove_no_panic, allow(dead_code))]
pub(crate) fn abort() -> ! {
    // SAFETY: does not return, needs nothing.
    unsafe { libc::abort() }
}
