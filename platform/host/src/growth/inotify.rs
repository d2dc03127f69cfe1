//! inotify(7): one watch for each directory, which tells of its files as well.
use super::Grown;
use crate::READS;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;

/// Watches directories.
#[derive(Debug)]
pub struct Growth {
    inotify: Option<Inotify>,
    watches: Vec<(WatchDescriptor, usize)>,
}

impl Growth {
    /// One that watches nothing yet.
    #[must_use]
    #[allow(clippy::new_without_default)] // It opens something.
    pub fn new() -> Growth {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok();
        Growth { inotify, watches: Vec::new() }
    }

    /// Watches a directory, of which this number is told. `false`: that cannot be done.
    pub fn add(&mut self, number: usize, path: &CStr) -> bool {
        let events = AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_ONLYDIR;
        let Some(Ok(watch)) = self.inotify.as_ref().map(|inotify| inotify.add_watch(path, events)) else {
            return false;
        };
        if !self.watches.contains(&(watch, number)) {
            self.watches.push((watch, number));
        }
        true
    }

    /// Names the file that grows in a directory, where the system wants to know.
    pub fn hold(&mut self, _number: usize, _file: BorrowedFd<'_>) {}

    pub(super) fn tells(&self) -> bool {
        self.inotify.is_some()
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(AsFd::as_fd)
    }

    /// Reports what happened since the last call.
    pub fn notices(&mut self, mut tell: impl FnMut(Grown<'_>)) {
        let Some(inotify) = &self.inotify else { return };
        for _ in 0..READS {
            let Ok(events) = inotify.read_events() else { break };
            for event in events {
                if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
                    tell(Grown::Lost);
                }
                for (_, number) in self.watches.iter().filter(|known| known.0 == event.wd) {
                    if event.mask.intersects(AddWatchFlags::IN_MOVE_SELF | AddWatchFlags::IN_DELETE_SELF) {
                        tell(Grown::Gone(*number));
                    } else if let Some(name) =
                        event.name.as_ref().filter(|_| event.mask.contains(AddWatchFlags::IN_MOVED_TO))
                    {
                        tell(Grown::Renamed(*number, name.as_bytes()));
                    }
                }
            }
        }
    }
}
