//! Reading a directory with the C library, where the kernel's own call is not for everybody.
use crate::unix::{close, files};
use crate::{Errno, Fd, Result};
use core::ffi::CStr;

/// A directory being read.
pub struct Dir(*mut libc::DIR);

impl Dir {
    /// openat(2), fdopendir(3).
    pub(crate) fn open(dir: Fd, path: &CStr) -> Result<Dir> {
        let fd = files::openat(dir, path, libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NONBLOCK, 0)?;
        // SAFETY: a number is passed; the stream owns the descriptor from now on.
        let stream = unsafe { libc::fdopendir(fd.0) };
        if stream.is_null() {
            let errno = Errno::last();
            close(fd);
            return Err(errno);
        }
        Ok(Dir(stream))
    }

    /// readdir(3).
    pub(crate) fn next(&mut self) -> Result<Option<&CStr>> {
        // The end is told from an error by errno alone.
        errno::set_errno(errno::Errno(0));
        // SAFETY: the stream is open.
        let entry = unsafe { libc::readdir(self.0) };
        if entry.is_null() {
            return match Errno::last() {
                Errno::NONE => Ok(None),
                errno => Err(errno),
            };
        }
        // SAFETY: the name ends with NUL and lives until the next call, which needs `self` too.
        Ok(Some(unsafe { CStr::from_ptr((&raw const (*entry).d_name).cast()) }))
    }

    /// closedir(3).
    pub(crate) fn close(self) {
        // SAFETY: the stream is open, and its owner is gone with this call.
        unsafe { libc::closedir(self.0) };
    }
}
