//! Waiting to the millisecond, where the system has poll(2) alone.
use crate::unix::{Os, check};
use crate::{Instant, Result};

/// poll(2) up to a point in time. Rounded up, so that a program that waits for a deadline finds it reached; a
/// deadline too far away for the kernel's number is waited for in parts.
pub(crate) fn poll(os: &mut Os, fds: &mut [libc::pollfd], until: Option<Instant>) -> Result<libc::c_int> {
    let timeout = until.map_or(-1, |until| {
        let nanos = until.0.saturating_sub(crate::Clock::now(os).0);
        libc::c_int::try_from(nanos.div_ceil(1_000_000)).unwrap_or(libc::c_int::MAX)
    });
    // SAFETY: slice and count agree.
    check(unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout) })
}
