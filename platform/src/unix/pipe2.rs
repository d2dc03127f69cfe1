//! Pipes where they can be made close-on-exec in one call.
use crate::unix::check;
use crate::{Fd, Result};

/// pipe2(2), close-on-exec; `flags` is 0 or O_NONBLOCK.
pub(crate) fn pipe(flags: libc::c_int) -> Result<(Fd, Fd)> {
    let mut ends = [-1; 2];
    // SAFETY: two integers are passed.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | flags) })?;
    let [read, write] = ends;
    Ok((Fd(read), Fd(write)))
}
