//! Descriptor 2 opened anew, where only a terminal has a name to open it by.
use crate::unix::files;
use crate::{Errno, Fd, Result};

/// The terminal by its name (ttyname_r(3)), without waiting for a carrier or, later, for room.
pub(crate) fn reopen_stderr() -> Result<Fd> {
    // illumos refuses less, however short the name (TTYNAME_MAX).
    let mut name = [0u8; 128];
    // SAFETY: the room is a local array, whose length is passed.
    let failed = unsafe { libc::ttyname_r(Fd::STDERR.0, name.as_mut_ptr().cast(), name.len() as _) };
    let name = crate::c_str(&name).ok_or(Errno::NOENT)?;
    if failed != 0 {
        return Err(Errno(failed));
    }
    files::open(name, libc::O_WRONLY | libc::O_NONBLOCK | libc::O_NOCTTY, 0)
}
