//! Clock, open and fork as POSIX has them, where there is no reason to go round the C library.
use crate::unix::{Os, close, files};
use crate::{Fd, Files, Result};
use core::ffi::CStr;
use core::mem::MaybeUninit;

/// clock_gettime(2).
pub(crate) fn clock(which: libc::clockid_t) -> libc::timespec {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the record is a local one.
    unsafe { libc::clock_gettime(which, time.as_mut_ptr()) };
    // SAFETY: all zero, or filled by the kernel.
    unsafe { time.assume_init() }
}

/// openat(2).
pub(crate) fn open(from: libc::c_int, path: &CStr, flags: libc::c_int, mode: libc::c_uint) -> libc::c_int {
    // SAFETY: `path` is a string; the mode is there whether the flags need it or not.
    unsafe { libc::openat(from, path.as_ptr(), flags, mode) }
}

/// openat(2), once for reading and once for writing: what a FIFO opened for both does POSIX does not say.
pub(crate) fn open_fifo(dir: Fd, path: &CStr) -> Result<(Fd, Fd)> {
    let reader = files::openat(dir, path, libc::O_RDONLY | libc::O_NONBLOCK, 0)?;
    match files::openat(dir, path, libc::O_WRONLY | libc::O_NONBLOCK, 0) {
        Ok(writer) => Ok((reader, writer)),
        Err(errno) => {
            close(reader);
            Err(errno)
        }
    }
}

/// mkfifoat(3), but for macOS, which has its own.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn mkfifoat(dir: Fd, path: &CStr, mode: libc::mode_t) -> libc::c_int {
    // SAFETY: `path` is a string.
    unsafe { libc::mkfifoat(dir.0, path.as_ptr(), mode) }
}

/// read(2).
pub(crate) fn read_shared(os: &mut Os, fd: Fd, into: &mut [u8]) -> Result<usize> {
    os.read(fd, into)
}

/// fork(2).
pub(crate) fn fork() -> libc::c_int {
    // SAFETY: a process with one thread forks.
    unsafe { libc::fork() }
}
