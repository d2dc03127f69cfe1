//! inotify(7): names are told, so that `sv` looks only when there is something to see.
use super::Notice;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use std::ffi::CStr;
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
        let events = AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_CLOSE_NOWRITE | AddWatchFlags::IN_ONLYDIR;
        self.0.add_watch(path, events).ok()
    }

    /// What becomes readable.
    #[must_use]
    pub fn fds(&self) -> Vec<BorrowedFd<'_>> {
        vec![self.0.as_fd()]
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
}
