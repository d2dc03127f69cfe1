//! Being told that something changed in a directory that a supervisor writes to.
use nix::poll::{PollFd, PollFlags};
use std::ffi::CStr;
use std::os::fd::BorrowedFd;
use std::time::Duration;

pub use system::{Place, Watch};

/// What a [`Watch`] reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice {
    /// A file of the name asked for was put in its place by rename(2).
    Renamed(Place),
    /// A reader of the file asked for went away. The event comes a moment before the fact.
    ReaderGone(Place),
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

#[cfg(all(target_os = "linux", not(runit_force_poll)))]
mod system {
    use super::{CStr, Notice};
    use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
    use std::os::fd::{AsFd, BorrowedFd};

    /// A directory that is watched.
    pub type Place = WatchDescriptor;

    /// Watches directories.
    #[derive(Debug)]
    pub struct Watch(Inotify);

    impl Watch {
        /// `None` if the system cannot (any more).
        #[must_use]
        pub fn new() -> Option<Watch> {
            Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok().map(Watch)
        }

        /// Watches a directory too; the same one twice is the same [`Place`].
        #[must_use]
        pub fn add(&self, path: &CStr) -> Option<Place> {
            let events =
                AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_CLOSE_NOWRITE | AddWatchFlags::IN_ONLYDIR;
            self.0.add_watch(path, events).ok()
        }

        /// What became readable.
        #[must_use]
        pub fn fd(&self) -> Option<BorrowedFd<'_>> {
            Some(self.0.as_fd())
        }

        /// Reports what happened since the last call.
        pub fn notices(&self, renamed: &str, read: &str, mut tell: impl FnMut(Notice)) {
            while let Ok(events) = self.0.read_events() {
                for event in events {
                    let name = event.name.as_deref();
                    if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
                        tell(Notice::Lost);
                    } else if event.mask.contains(AddWatchFlags::IN_MOVED_TO) {
                        if name.is_some_and(|name| name == renamed) {
                            tell(Notice::Renamed(event.wd));
                        }
                    } else if name.is_some_and(|name| name == read) {
                        tell(Notice::ReaderGone(event.wd));
                    }
                }
            }
        }
    }
}

#[cfg(any(not(target_os = "linux"), runit_force_poll))]
mod system {
    use super::{CStr, Notice};
    use std::os::fd::BorrowedFd;

    /// A directory that is watched: there is none.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum Place {}

    /// This system has no watch yet; who wants one polls.
    #[derive(Debug)]
    pub enum Watch {}

    impl Watch {
        /// `None`.
        #[must_use]
        pub fn new() -> Option<Watch> {
            None
        }

        /// Never called.
        #[must_use]
        pub fn add(&self, _: &CStr) -> Option<Place> {
            match *self {}
        }

        /// Never called.
        #[must_use]
        pub fn fd(&self) -> Option<BorrowedFd<'_>> {
            match *self {}
        }

        /// Never called.
        pub fn notices(&self, _: &str, _: &str, _: impl FnMut(Notice)) {
            match *self {}
        }
    }
}

#[cfg(all(test, target_os = "linux", not(runit_force_poll)))]
mod tests {
    use super::*;
    use std::ffi::CString;
    use std::time::Instant;

    fn seen(watch: &Watch, wanted: Notice) -> bool {
        let (start, mut found) = (Instant::now(), false);
        while !found && start.elapsed() < Duration::from_secs(60) {
            let _ = wait(&[watch.fd().unwrap()], Duration::from_secs(1));
            watch.notices("status", "ok", |notice| found |= notice == wanted);
        }
        found
    }

    #[test]
    fn renames_and_readers_are_noticed_and_nothing_else() {
        let _alone = crate::alone();
        let place = std::env::temp_dir().join(format!("runit-notice-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        let path = CString::new(place.clone().into_os_string().into_encoded_bytes()).unwrap();
        let watch = Watch::new().unwrap();
        let it = watch.add(&path).unwrap();
        assert_eq!(watch.add(&path), Some(it), "the same directory");
        for name in ["stat", "pid"] {
            std::fs::write(place.join("new"), "x").unwrap();
            std::fs::rename(place.join("new"), place.join(name)).unwrap();
        }
        watch.notices("status", "ok", |notice| panic!("{notice:?}"));
        std::fs::write(place.join("status.new"), "x").unwrap();
        std::fs::rename(place.join("status.new"), place.join("status")).unwrap();
        assert!(seen(&watch, Notice::Renamed(it)));
        std::fs::write(place.join("ok"), "").unwrap();
        watch.notices("status", "ok", |notice| panic!("a writer is nobody: {notice:?}"));
        drop(std::fs::File::open(place.join("ok")).unwrap());
        assert!(seen(&watch, Notice::ReaderGone(it)));
        std::fs::remove_dir_all(place).unwrap();
    }
}
