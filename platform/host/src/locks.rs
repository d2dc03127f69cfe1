//! Locks on files.
use crate::{Result, notice, wrong};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use platform::Errno;
use std::ffi::CStr;
#[cfg(not(target_os = "solaris"))]
use std::os::fd::AsRawFd;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// Opens a lock's file for appending, making it with mode 0600 if it is not there. Programs that
/// are executed inherit the descriptor.
///
/// # Errors
/// Those of open(2).
pub fn open_lock(path: &CStr) -> Result<OwnedFd> {
    let how = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_APPEND | OFlag::O_CREAT;
    open(path, how, Mode::S_IRUSR | Mode::S_IWUSR).map_err(wrong)
}

/// Takes the exclusive lock that C runit takes on this system, after waiting for it if asked to.
///
/// # Errors
/// Those of flock(2); EAGAIN: somebody else has it.
#[cfg(not(target_os = "solaris"))]
pub fn lock(fd: impl AsFd, wait: bool) -> Result<()> {
    let how = if wait { libc::LOCK_EX } else { libc::LOCK_EX | libc::LOCK_NB };
    // SAFETY: no memory is involved.
    done(unsafe { libc::flock(fd.as_fd().as_raw_fd(), how) })
}

/// Takes the exclusive lock that C runit takes on this system, after waiting for it if asked to.
///
/// # Errors
/// Those of fcntl(2); EAGAIN: somebody else has it.
#[cfg(target_os = "solaris")]
pub fn lock(fd: impl AsFd, wait: bool) -> Result<()> {
    lock_records(fd, wait)
}

/// Takes the exclusive lock of the other family on the whole file (fcntl(2)): this process loses it
/// when it closes any descriptor of the file.
///
/// # Errors
/// Those of fcntl(2).
pub fn lock_records(fd: impl AsFd, wait: bool) -> Result<()> {
    use nix::fcntl::{FcntlArg, fcntl};
    // Not all systems have the same fields. All zeros: from the start to the end, whatever it is.
    // SAFETY: the structure holds numbers only.
    let mut whole: libc::flock = unsafe { core::mem::zeroed() };
    whole.l_type = libc::F_WRLCK as _;
    whole.l_whence = libc::SEEK_SET as _;
    let command = if wait { FcntlArg::F_SETLKW(&whole) } else { FcntlArg::F_SETLK(&whole) };
    match fcntl(fd.as_fd(), command).map_err(wrong) {
        Ok(_) => Ok(()),
        Err(Errno::ACCES) => Err(Errno::AGAIN),
        Err(errno) => Err(errno),
    }
}

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Takes the lock of [`lock()`] once it is free, but not later than this.
///
/// # Errors
/// As there; EAGAIN: somebody else still has it.
pub fn lock_within(fd: impl AsFd, patience: Duration) -> Result<()> {
    patiently(patience, || lock(fd.as_fd(), false))
}

/// Takes both kinds of locks once they are free, each not later than this: C runit knows one of them, C
/// libraries the other. Where the two exclude each other, within one process too, one is both (the
/// BSDs; seen on OpenBSD).
///
/// # Errors
/// Those of flock(2) and fcntl(2); EAGAIN: somebody else still has one.
pub fn lock_both(fd: impl AsFd, patience: Duration) -> Result<()> {
    lock_within(fd.as_fd(), patience)?;
    if APART { patiently(patience, || lock_records(fd.as_fd(), false)) } else { Ok(()) }
}

/// Whether the two kinds do not know of each other.
const APART: bool = crate::AS_LINUX;

/// The kernel would wait without an end, or with a signal for one.
fn patiently(patience: Duration, mut take: impl FnMut() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    loop {
        match take() {
            Err(Errno::AGAIN) if start.elapsed() < patience => {
                let _ = notice::wait(&[], PAUSE);
            }
            done => return done,
        }
    }
}

#[cfg(not(target_os = "solaris"))]
fn done(result: core::ffi::c_int) -> Result<()> {
    if result == 0 { Ok(()) } else { Err(wrong(nix::errno::Errno::last())) }
}
