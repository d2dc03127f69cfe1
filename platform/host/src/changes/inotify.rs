//! inotify(7).
use super::Of;
use crate::READS;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};

/// What is watched.
pub type Place = WatchDescriptor;

#[derive(Debug)]
pub(super) struct System(Inotify);

impl System {
    pub(super) fn new() -> Option<System> {
        Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok().map(System)
    }

    pub(super) fn add(&self, path: &CStr, of: Of) -> Option<Place> {
        let names = AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVE
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_ATTRIB;
        let events = match of {
            Of::Names => names | AddWatchFlags::IN_ONLYDIR,
            Of::Contents => names | AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_ONLYDIR,
            Of::Readers => AddWatchFlags::IN_CLOSE_NOWRITE | AddWatchFlags::IN_DELETE_SELF,
            // rename(2) of another one to its name takes its last name away, which is a change of an attribute.
            Of::Link => {
                AddWatchFlags::IN_ATTRIB
                    | AddWatchFlags::IN_DELETE_SELF
                    | AddWatchFlags::IN_MOVE_SELF
                    | AddWatchFlags::IN_DONT_FOLLOW
            }
        };
        self.0.add_watch(path, events).ok()
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    pub(super) fn take(&self, mut tell: impl FnMut(Option<Place>)) {
        for _ in 0..READS {
            let Ok(events) = self.0.read_events() else { break };
            for event in events {
                let lost = event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW);
                tell(Some(event.wd).filter(|_| !lost));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Changes, Of};
    use crate::{files, notice};
    use std::ffi::CString;
    use std::path::Path;
    use std::time::{Duration, Instant};

    fn c(path: &Path) -> CString {
        CString::new(path.as_os_str().as_encoded_bytes()).unwrap()
    }

    #[test]
    fn names_contents_and_readers() {
        let _alone = crate::alone();
        let place = std::env::temp_dir().join(format!("runit-changes-{}", std::process::id()));
        std::fs::create_dir_all(place.join("in")).unwrap();
        nix::unistd::mkfifo(&place.join("in/ok"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let changes = Changes::new().unwrap();
        let outer = changes.add(&c(&place), Of::Names).unwrap();
        let inner = changes.add(&c(&place.join("in")), Of::Contents).unwrap();
        let ok = changes.add(&c(&place.join("in/ok")), Of::Readers).unwrap();
        assert_eq!(changes.add(&c(&place.join("in/../in")), Of::Contents), Some(inner));
        assert_eq!(changes.add(&c(&place.join("in/ok")), Of::Names), None, "no directory");
        let told = |wanted| {
            let (start, mut found) = (Instant::now(), false);
            while !found && start.elapsed() < Duration::from_secs(60) {
                let _ = notice::wait(&[changes.fd()], Duration::from_secs(1));
                changes.take(|place| found |= place == Some(wanted));
            }
            found
        };
        let quiet = || changes.take(|place| panic!("{place:?}"));
        quiet();
        std::fs::write(place.join("a"), "").unwrap();
        assert!(told(outer));
        quiet();
        std::fs::write(place.join("in/state"), "x").unwrap();
        assert!(told(inner));
        changes.take(|_| {});
        let reader = files::open_read(&c(&place.join("in/ok"))).unwrap();
        drop(files::open_write(&c(&place.join("in/ok"))).unwrap());
        drop(std::fs::read(place.join("in/state")).unwrap());
        quiet();
        drop(reader);
        assert!(told(ok));
        std::os::unix::fs::symlink("in", place.join("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", place.join("other")).unwrap();
        let link = changes.add(&c(&place.join("link")), Of::Link).unwrap();
        changes.take(|_| {});
        assert_eq!(std::fs::read_dir(place.join("link")).unwrap().count(), 2);
        quiet();
        std::fs::rename(place.join("other"), place.join("link")).unwrap();
        assert!(told(link));
        std::fs::remove_dir_all(place).unwrap();
    }
}
