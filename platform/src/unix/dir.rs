//! Reading a directory with the C library, where the kernel's own call is not for everybody.
use crate::{Errno, Result};
use core::ffi::CStr;

/// A directory being read.
pub struct Dir(*mut libc::DIR);

impl Dir {
    /// opendir(3), which opens close-on-exec.
    pub(crate) fn open(path: &CStr) -> Result<Dir> {
        // SAFETY: `path` is a string.
        let dir = unsafe { libc::opendir(path.as_ptr()) };
        if dir.is_null() { Err(Errno::last()) } else { Ok(Dir(dir)) }
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
