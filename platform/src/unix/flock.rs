//! Locks where C runit uses flock(2), so that the two exclude each other.
use crate::unix::check;
use crate::{Fd, Result};

/// flock(2), exclusive, at once or not at all.
pub(crate) fn lock(fd: Fd) -> Result<()> {
    // SAFETY: numbers are passed.
    check(unsafe { libc::flock(fd.0, libc::LOCK_EX | libc::LOCK_NB) }).map(drop)
}
