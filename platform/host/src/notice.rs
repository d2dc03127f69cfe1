//! Being told that something changed in a directory that a supervisor writes to.
use nix::poll::{PollFd, PollFlags};
use std::os::fd::BorrowedFd;
use std::time::Duration;

cfg_if::cfg_if! {
    if #[cfg(all(target_os = "linux", not(runit_force_poll), not(runit_portable_watch)))] {
        #[path = "notice/inotify.rs"]
        mod system;
        #[cfg(test)]
        #[path = "notice/portable.rs"]
        mod portable;
    } else {
        #[path = "notice/portable.rs"]
        mod system;
    }
}
pub use system::{Place, Watch};

/// What a [`Watch`] reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice<P = Place> {
    /// A file of the name asked for was put in its place by rename(2).
    Renamed(P),
    /// A reader of the file asked for went away. The event comes a moment before the fact.
    ReaderGone(P),
    /// Something changed, or is about to.
    Changed(P),
    /// Too much happened: anything may have changed.
    Lost,
}

/// Sleeps until a descriptor can be read (or has ended) or the time is over; which of them can.
#[must_use]
pub fn wait(fds: &[BorrowedFd<'_>], time: Duration) -> Vec<bool> {
    let mut list: Vec<PollFd<'_>> = fds.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
    let woken = sleep(&mut list, time);
    list.iter().map(|fd| woken && fd.any().unwrap_or(false)).collect()
}

#[cfg(target_os = "linux")]
fn sleep(list: &mut [PollFd<'_>], time: Duration) -> bool {
    nix::poll::ppoll(list, Some(nix::sys::time::TimeSpec::from_duration(time)), None).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn sleep(list: &mut [PollFd<'_>], time: Duration) -> bool {
    // Rounded up, so that who waits for a deadline finds it reached.
    let ms = time.as_nanos().div_ceil(1_000_000);
    nix::poll::poll(list, nix::poll::PollTimeout::try_from(ms).unwrap_or(nix::poll::PollTimeout::MAX)).is_ok()
}
