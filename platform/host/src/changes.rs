//! Being told of every change in directories and of the readers of FIFOs, for a program that stays to see them all.
//! [`crate::notice`] is for a program that waits for one.
use std::ffi::CStr;
use std::os::fd::BorrowedFd;

cfg_if::cfg_if! {
    if #[cfg(all(target_os = "linux", not(runit_force_poll), not(runit_portable_watch)))] {
        #[path = "changes/inotify.rs"]
        mod system;
    } else {
        #[path = "changes/none.rs"]
        mod system;
    }
}
pub use system::Place;
use system::System;

/// What is to be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// Names in a directory that come and go.
    Names,
    /// The same, and what is written to the files in it.
    Contents,
    /// Readers of a file that go away. It is told a moment before the fact.
    Readers,
    /// A symbolic link, which is not followed, that is given another name or loses its own, to another one as well.
    Link,
}

/// Tells of changes.
#[derive(Debug)]
pub struct Changes(System);

impl Changes {
    /// `None` if the system does not tell, or cannot any more: a program that wants to know has to look every so often.
    #[must_use]
    pub fn new() -> Option<Changes> {
        System::new().map(Changes)
    }

    /// Watches this too. Several paths of one file are one place.
    #[must_use]
    pub fn add(&self, path: &CStr, of: Of) -> Option<Place> {
        self.0.add(path, of)
    }

    /// What becomes readable.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.fd()
    }

    /// Reports where something happened since the last call; `None`: anywhere.
    pub fn take(&self, tell: impl FnMut(Option<Place>)) {
        self.0.take(tell);
    }
}
