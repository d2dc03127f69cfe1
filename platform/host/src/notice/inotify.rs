//! inotify(7): names are told, so that `sv` looks only when there is something to see.
use super::Notice;
use super::dnotify::Directories;
use crate::READS;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};

/// A directory that is watched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// By inotify.
    Named(WatchDescriptor),
    /// By a signal.
    Signalled(usize),
}

/// Watches directories.
#[derive(Debug)]
pub enum Watch {
    /// Many of them: it says in which of them what happened.
    Named(Inotify),
    /// A few: that something happened is enough.
    Signalled(Directories),
}

impl Watch {
    /// `None` if the system cannot (any more).
    #[must_use]
    pub fn new() -> Option<Watch> {
        Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok().map(Watch::Named)
    }

    /// One for a few directories that costs nothing to end; of readers it tells nothing.
    #[must_use]
    pub fn for_few() -> Option<Watch> {
        Directories::new().map(Watch::Signalled)
    }

    /// Watches a directory too; the same one twice may be the same [`Place`].
    #[must_use]
    pub fn add(&self, path: &CStr) -> Option<Place> {
        let events = AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_CLOSE_NOWRITE | AddWatchFlags::IN_ONLYDIR;
        match self {
            Watch::Named(inotify) => inotify.add_watch(path, events).ok().map(Place::Named),
            Watch::Signalled(directories) => directories.add(path).map(Place::Signalled),
        }
    }

    /// What becomes readable.
    #[must_use]
    pub fn fds(&self) -> Vec<BorrowedFd<'_>> {
        match self {
            Watch::Named(inotify) => vec![inotify.as_fd()],
            Watch::Signalled(directories) => vec![directories.fd()],
        }
    }

    /// Reports what happened since the last call.
    pub fn notices(&self, renamed: &str, read: &str, mut tell: impl FnMut(Notice)) {
        let inotify = match self {
            Watch::Named(inotify) => inotify,
            Watch::Signalled(directories) => {
                if directories.changed() {
                    tell(Notice::SomeRenamed);
                }
                return;
            }
        };
        for _ in 0..READS {
            let Ok(events) = inotify.read_events() else { break };
            for event in events {
                let (name, place) = (event.name.as_deref(), Place::Named(event.wd));
                if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
                    tell(Notice::Lost);
                } else if event.mask.contains(AddWatchFlags::IN_MOVED_TO) {
                    if name.is_some_and(|name| name == renamed) {
                        tell(Notice::Renamed(place));
                    }
                } else if name.is_some_and(|name| name == read) {
                    tell(Notice::ReaderGone(place));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wait;
    use super::*;
    use std::ffi::CString;
    use std::time::{Duration, Instant};

    fn seen(watch: &Watch, wanted: Notice) -> bool {
        let (start, mut found) = (Instant::now(), false);
        while !found && start.elapsed() < Duration::from_secs(60) {
            let _ = wait(&watch.fds(), Duration::from_secs(1));
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

    #[test]
    fn renames_are_told_by_a_signal() {
        let _alone = crate::alone();
        let place = std::env::temp_dir().join(format!("runit-dnotify-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        let path = CString::new(place.clone().into_os_string().into_encoded_bytes()).unwrap();
        let Some(watch) = Watch::for_few() else { return };
        watch.add(&path).unwrap();
        watch.notices("status", "ok", |notice| panic!("{notice:?}"));
        std::fs::write(place.join("new"), "x").unwrap();
        watch.notices("status", "ok", |notice| panic!("{notice:?}"));
        std::fs::rename(place.join("new"), place.join("status")).unwrap();
        assert!(seen(&watch, Notice::SomeRenamed));
        assert!(watch.add(c"/nonexistent").is_none());
        std::fs::remove_dir_all(place).unwrap();
    }
}
