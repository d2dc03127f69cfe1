//! Being told that something changed in a directory that a supervisor writes to.
use nix::poll::{PollFd, PollFlags};
use std::os::fd::BorrowedFd;
use std::time::Duration;

cfg_if::cfg_if! {
    if #[cfg(all(target_os = "linux", not(runit_force_poll), not(runit_portable_watch)))] {
        mod dnotify;
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
    /// A file was put in its place by rename(2), somewhere.
    SomeRenamed,
    /// Too much happened: anything may have changed.
    Lost,
}

/// Whether [`wait_for_ends`] is told of an end. poll(2) of some systems says nothing of a descriptor of which
/// nothing is asked; a caller that waits there has to look more often.
pub const TELLS_ENDS: bool = !cfg!(any(
    target_os = "netbsd",
    target_os = "macos",
    target_os = "illumos",
    target_os = "solaris",
    runit_force_poll,
    runit_portable_watch
));

/// Sleeps until a descriptor can be read (or has ended) or the time is over; which of them can.
#[must_use]
pub fn wait(fds: &[BorrowedFd<'_>], time: Duration) -> Vec<bool> {
    wait_for_ends(fds, &[], time).0
}

/// The same, and until the last reader of a FIFO that is open for writing went away; which of these
/// have none.
#[must_use]
pub fn wait_for_ends(
    fds: &[BorrowedFd<'_>],
    writers: &[BorrowedFd<'_>],
    time: Duration,
) -> (Vec<bool>, Vec<bool>) {
    let read = fds.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN));
    let ended = writers.iter().map(|fd| PollFd::new(*fd, PollFlags::empty()));
    let mut list: Vec<PollFd<'_>> = read.chain(ended).collect();
    let woken = sleep(&mut list, time);
    let mut ready: Vec<bool> = list.iter().map(|fd| woken && fd.any().unwrap_or(false)).collect();
    let ended = ready.split_off(fds.len());
    (ready, ended)
}

/// How often is looked where nobody is told that a reader went away.
const LOOK: Duration = Duration::from_secs(1);

/// Sleeps as [`wait`] does, in a program whose `output` is read by another one; `None`: nobody reads it any more.
#[must_use]
pub fn wait_while_read(fds: &[BorrowedFd<'_>], output: BorrowedFd<'_>, time: Duration) -> Option<Vec<bool>> {
    let time = if TELLS_ENDS { time } else { time.min(LOOK) };
    let (ready, ended) = wait_for_ends(fds, &[output], time);
    let gone = ended.contains(&true) || !TELLS_ENDS && is_unread(output);
    (!gone).then_some(ready)
}

/// Whether the last reader went away, for systems that answer only where something is asked.
fn is_unread(output: BorrowedFd<'_>) -> bool {
    let mut list = [PollFd::new(output, PollFlags::POLLOUT)];
    let bad = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
    sleep(&mut list, Duration::ZERO)
        && list.iter().any(|fd| fd.revents().is_some_and(|told| told.intersects(bad)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files;
    use std::ffi::CString;
    use std::os::fd::AsFd;

    #[test]
    fn the_reader_of_a_pipe() {
        let _alone = crate::alone();
        let (read, write) = nix::unistd::pipe().unwrap();
        let (other, _other) = nix::unistd::pipe().unwrap();
        let waits = |time| wait_while_read(&[other.as_fd()], write.as_fd(), time);
        assert_eq!(waits(Duration::ZERO), Some(vec![false]));
        assert!(!is_unread(write.as_fd()), "that it can be written to is nothing");
        drop(read);
        assert!(is_unread(write.as_fd()));
        assert_eq!(waits(Duration::from_secs(60)), None);
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(!is_unread(file.as_fd()), "it has no readers");
    }

    #[test]
    fn the_last_reader_of_a_fifo() {
        let _alone = crate::alone();
        let place = std::env::temp_dir().join(format!("runit-reader-{}", std::process::id()));
        let path = CString::new(place.clone().into_os_string().into_encoded_bytes()).unwrap();
        nix::unistd::mkfifo(path.as_c_str(), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let reader = files::open_read(&path).unwrap();
        let writer = files::open_write(&path).unwrap();
        let ended = |time| wait_for_ends(&[], &[writer.as_fd()], time).1;
        assert_eq!(ended(Duration::ZERO), [false], "that it can be written to is nothing");
        drop(reader);
        if TELLS_ENDS {
            assert_eq!(ended(Duration::from_secs(60)), [true]);
        }
        std::fs::remove_file(&place).unwrap();
        std::fs::write(&place, "").unwrap();
        let file = files::open_write(&path).unwrap();
        assert_eq!(wait_for_ends(&[], &[file.as_fd()], Duration::ZERO).1, [false], "a file has no readers");
        std::fs::remove_file(place).unwrap();
    }
}
