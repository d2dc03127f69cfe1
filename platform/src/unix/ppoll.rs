//! Waiting to the nanosecond, where the system has ppoll(2).
use crate::unix::{Os, check};
use crate::{Instant, Result};
use core::ptr;
/// The same by the name that all versions of NetBSD know; ppoll is in the newest alone.
#[cfg(target_os = "netbsd")]
use libc::pollts as ppoll;
#[cfg(not(target_os = "netbsd"))]
use libc::ppoll;

/// ppoll(2) up to a point in time.
pub(crate) fn poll(os: &mut Os, fds: &mut [libc::pollfd], until: Option<Instant>) -> Result<libc::c_int> {
    let left = until.map(|until| {
        let nanos = until.0.saturating_sub(crate::Clock::now(os).0);
        libc::timespec { tv_sec: (nanos / 1_000_000_000) as _, tv_nsec: (nanos % 1_000_000_000) as _ }
    });
    let timeout = left.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: slice and count agree, the time-out is null or a local record.
    check(unsafe { ppoll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout, ptr::null()) })
}
