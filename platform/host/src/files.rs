//! Files and directories. Nothing here waits for a FIFO, and no descriptor survives an exec.
use crate::{Result, wrong};
use core::ffi::{CStr, c_int};
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{Mode, stat};
use platform::Errno;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// open(2) for reading.
///
/// # Errors
/// Those of open(2).
pub fn open_read(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty()).map_err(wrong)
}

/// open(2) for writing; a FIFO that nobody reads is [`Errno::NXIO`].
///
/// # Errors
/// Those of open(2).
pub fn open_write(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty()).map_err(wrong)
}

/// read(2): as much as is there and fits.
///
/// # Errors
/// Those of read(2) but EINTR.
pub fn read(fd: impl AsFd, into: &mut [u8]) -> Result<usize> {
    retry(|| nix::unistd::read(fd.as_fd(), into))
}

/// write(2): how much was taken.
///
/// # Errors
/// Those of write(2) but EINTR.
pub fn write(fd: impl AsFd, bytes: &[u8]) -> Result<usize> {
    retry(|| nix::unistd::write(fd.as_fd(), bytes))
}

/// chdir(2).
///
/// # Errors
/// Those of chdir(2).
pub fn chdir(path: &CStr) -> Result<()> {
    nix::unistd::chdir(path).map_err(wrong)
}

/// fchdir(2).
///
/// # Errors
/// Those of fchdir(2).
pub fn fchdir(fd: impl AsFd) -> Result<()> {
    nix::unistd::fchdir(fd.as_fd()).map_err(wrong)
}

/// Whether stat(2) finds something, links followed.
///
/// # Errors
/// Those of stat(2) but ENOENT.
pub fn exists(path: &CStr) -> Result<bool> {
    match stat(path).map_err(wrong) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// How many bytes wait in a pipe for its reader (ioctl(2), FIONREAD); 0 where the system does not
/// tell.
#[must_use]
pub fn unread(fd: impl AsFd) -> usize {
    let mut count: c_int = 0;
    // SAFETY: FIONREAD stores one int through the pointer.
    let done = unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::FIONREAD, &raw mut count) };
    if done == 0 { usize::try_from(count).unwrap_or(0) } else { 0 }
}

fn retry<T>(mut call: impl FnMut() -> nix::Result<T>) -> Result<T> {
    loop {
        match call() {
            Err(nix::errno::Errno::EINTR) => {}
            done => return done.map_err(wrong),
        }
    }
}

/// Sleeps until a descriptor takes more.
pub fn wait_writable(fd: impl AsFd) {
    let mut list = [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)];
    let _ = poll(&mut list, PollTimeout::NONE);
}
