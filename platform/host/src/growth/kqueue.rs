//! kqueue(2), EVFILT_VNODE: the directory tells of names, the file of what is written to it.
use super::Grown;
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// Watches directories.
#[derive(Debug)]
pub struct Growth {
    queue: Option<Kqueue>,
    /// The directories are kept open as long as they are watched, and so are copies of the files.
    directories: Vec<(OwnedFd, usize)>,
    files: Vec<(OwnedFd, usize)>,
}

impl Growth {
    /// One that watches nothing yet.
    #[must_use]
    #[allow(clippy::new_without_default)] // It opens something.
    pub fn new() -> Growth {
        Growth { queue: Kqueue::new().ok(), directories: Vec::new(), files: Vec::new() }
    }

    fn watch(&self, fd: &OwnedFd) -> bool {
        let what = FilterFlag::NOTE_WRITE
            | FilterFlag::NOTE_EXTEND
            | FilterFlag::NOTE_RENAME
            | FilterFlag::NOTE_DELETE;
        let ident = usize::try_from(fd.as_raw_fd()).unwrap_or_default();
        let change =
            KEvent::new(ident, EventFilter::EVFILT_VNODE, EvFlags::EV_ADD | EvFlags::EV_CLEAR, what, 0, 0);
        self.queue.as_ref().is_some_and(|queue| queue.kevent(&[change], &mut [], None).is_ok())
    }

    /// Watches a directory, of which this number is told. `false`: that cannot be done.
    pub fn add(&mut self, number: usize, path: &CStr) -> bool {
        let Ok(directory) = crate::files::open_read(path) else { return false };
        self.directories.retain(|known| known.1 != number);
        let told = self.watch(&directory);
        self.directories.push((directory, number));
        told
    }

    /// Names the file that grows in a directory, where the system wants to know.
    pub fn hold(&mut self, number: usize, file: BorrowedFd<'_>) {
        self.files.retain(|known| known.1 != number);
        if let Ok(copy) = file.try_clone_to_owned() {
            self.watch(&copy);
            self.files.push((copy, number));
        }
    }

    pub(super) fn tells(&self) -> bool {
        self.queue.is_some()
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.queue.as_ref().map(AsFd::as_fd)
    }

    /// Reports what happened since the last call.
    pub fn notices(&mut self, mut tell: impl FnMut(Grown<'_>)) {
        let Some(queue) = &self.queue else { return };
        let none = KEvent::new(0, EventFilter::EVFILT_VNODE, EvFlags::empty(), FilterFlag::empty(), 0, 0);
        let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let mut events = [none; 16];
        // Once: what has no room is told in the next turn.
        let count = queue.kevent(&[], &mut events, Some(now)).unwrap_or(0);
        for event in events.iter().take(count) {
            let gone = event.fflags().intersects(FilterFlag::NOTE_RENAME | FilterFlag::NOTE_DELETE);
            let is_it =
                |known: &&(OwnedFd, usize)| usize::try_from(known.0.as_raw_fd()).ok() == Some(event.ident());
            if let Some((_, number)) = self.directories.iter().find(is_it) {
                // Which names came and went is not told.
                tell(if gone { Grown::Gone(*number) } else { Grown::Lost });
            }
        }
    }
}
