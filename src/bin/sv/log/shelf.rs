//! A log directory: its files by name.
use super::file::{self, Id};
use platform::Errno;
use runit::sv::logs::Label;
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;

/// The directory.
#[derive(Debug)]
pub struct Shelf {
    /// Where it is read.
    pub path: CString,
    /// Where it was found.
    place: CString,
    /// The directory itself, which may be renamed while its logger goes on with it.
    itself: Option<File>,
}

impl Shelf {
    pub fn new(place: CString) -> Shelf {
        let itself = file::directory(&place);
        Shelf { path: place.clone(), place, itself }
    }

    /// Whether it is read where it is, and not where it was found.
    pub fn strays(&self) -> bool {
        self.path != self.place
    }

    /// Looks where it is now; `found`: where a search finds it. Whether it is elsewhere.
    pub fn seek(&mut self, found: Option<CString>) -> bool {
        for place in [Some(self.place.clone()), found].into_iter().flatten() {
            if let Some(itself) = file::directory(&place) {
                let moves = place != self.path;
                *self = Shelf { path: place.clone(), place, itself: Some(itself) };
                return moves;
            }
        }
        // Where the system has a path for what is open. Of a directory that was removed nothing more comes.
        let Some(itself) = self.itself.as_ref().filter(|_| !self.strays()) else { return false };
        let path = CString::new(format!("/proc/self/fd/{}", itself.as_raw_fd())).unwrap_or_default();
        let is_there =
            itself.metadata().is_ok_and(|found| found.nlink() > 0) && file::directory(&path).is_some();
        if is_there {
            self.path = path;
        }
        is_there
    }

    pub fn named(&self, name: &[u8]) -> CString {
        CString::new([self.path.to_bytes(), b"/", name].concat()).unwrap_or_default()
    }

    /// Opens an old log by its label: a processor may replace it at any moment.
    pub fn find(&self, label: Label) -> platform_host::Result<File> {
        // What is not yet processed is what was written; it is gone once the other is there.
        match file::open(&self.named(&label.name(b'u'))) {
            Err(Errno::NOENT) => file::open(&self.named(&label.name(b's'))),
            done => done,
        }
    }

    pub fn id_of(&self, name: &[u8]) -> Option<Id> {
        let path = self.named(name);
        let found = std::fs::metadata(OsStr::from_bytes(path.to_bytes())).ok()?;
        Some((found.dev(), found.ino()))
    }

    pub fn label_of(&self, labels: &[Label], id: Option<Id>) -> Option<Label> {
        let id = id?;
        let is_it =
            |label: &&Label| [b'u', b's'].iter().any(|letter| self.id_of(&label.name(*letter)) == Some(id));
        labels.iter().rev().find(is_it).copied()
    }

    /// The labels of all old logs, sorted. A walk along a directory can miss a file that a processor replaces meanwhile;
    /// two walks do not.
    pub fn list(&self, walks: usize) -> platform_host::Result<Vec<Label>> {
        let mut labels = Vec::new();
        for _ in 0..walks {
            let entries = std::fs::read_dir(OsStr::from_bytes(self.path.to_bytes())).map_err(file::number)?;
            labels.extend(
                entries.flatten().filter_map(|entry| Some(Label::of(entry.file_name().as_bytes())?.0)),
            );
        }
        labels.sort_unstable();
        labels.dedup();
        Ok(labels)
    }

    /// `current`, opened, and the old logs that are older. Both are of one moment, whatever is renamed meanwhile.
    pub fn survey(&self, walks: usize) -> platform_host::Result<(Option<File>, Vec<Label>)> {
        const TRIES: usize = 100;
        for _ in 0..TRIES {
            let current = match file::open(&self.named(b"current")) {
                Ok(file) => Some(file),
                Err(Errno::NOENT) => None,
                Err(errno) => return Err(errno),
            };
            let mut labels = self.list(walks)?;
            let id = current.as_ref().and_then(file::id);
            if current.is_none() || self.id_of(b"current") == id {
                return Ok((current, labels));
            }
            // It was rotated after it was opened: its name says what is older.
            labels = self.list(walks)?;
            if let Some(own) = self.label_of(&labels, id) {
                labels.retain(|label| *label < own);
                return Ok((current, labels));
            }
        }
        Ok((None, self.list(walks)?))
    }
}
