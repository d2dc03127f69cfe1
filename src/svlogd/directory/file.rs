//! The file `current` of a log directory.
use super::place::{NONE, shut};
use platform::{Errno, Fd, FileId, Meta, Open, Platform, Result};

/// After so many writes the file is looked at: somebody may have deleted it.
const LOOK: u8 = 64;

/// `current`, open or not.
pub(super) struct Current {
    fd: Fd,
    size: u64,
    writes: u8,
    /// The file that was left in the midst of trouble, perhaps within a line.
    left: Option<FileId>,
}

impl Current {
    pub(super) const fn new() -> Current {
        Current { fd: NONE, size: 0, writes: 0, left: None }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Looks at times whether it was deleted.
    pub(super) fn is_deleted<P: Platform>(&mut self, p: &mut P) -> bool {
        self.writes = self.writes.wrapping_add(1);
        self.writes % LOOK == 0 && p.fstat(self.fd).is_ok_and(|found| found.links == 0)
    }

    /// Writes some of it.
    pub(super) fn write<P: Platform>(&mut self, p: &mut P, bytes: &[u8]) -> Result<usize> {
        match p.write(self.fd, bytes) {
            Ok(0) => Err(Errno::NOSPC),
            Ok(count) => {
                self.size = self.size.saturating_add(count as u64);
                Ok(count)
            }
            Err(Errno::INTR) => Ok(0),
            Err(errno) => Err(errno),
        }
    }

    pub(super) fn sync<P: Platform>(&self, p: &mut P) -> Result<()> {
        match p.fsync(self.fd) {
            // What it is on cannot be flushed, and need not.
            Err(Errno::INVAL) => Ok(()),
            done => done,
        }
    }

    /// Gives it the mode of a finished one.
    pub(super) fn mark<P: Platform>(&self, p: &mut P) -> Result<()> {
        p.fchmod(self.fd, 0o744)
    }

    /// Opens the one of a directory in place of the one before, new or old.
    pub(super) fn open<P: Platform>(&mut self, p: &mut P, dir: Fd) -> Result<()> {
        let mut fd = p.openat(dir, c"current", Open::Append)?;
        let found = p.fchmod(fd, 0o644).and_then(|()| p.fstat(fd));
        if let Ok(found) = found {
            (self.size, self.left) = (found.size, None);
            core::mem::swap(&mut self.fd, &mut fd);
        }
        shut(p, &mut fd);
        found.map(drop)
    }

    pub(super) fn close<P: Platform>(&mut self, p: &mut P) {
        shut(p, &mut self.fd);
    }

    /// In the midst of trouble it counts as finished only if it is on disk, and does not end within a line of
    /// which the rest may be lost.
    pub(super) fn leave<P: Platform>(&mut self, p: &mut P, torn: bool) {
        if self.fd != NONE {
            self.left = p.fstat(self.fd).ok().map(|found| found.id());
            if p.fsync(self.fd).is_ok() && !torn {
                let _ = self.mark(p);
            }
        }
    }

    /// Whether this is the file that was left.
    pub(super) fn was_left(&self, found: &Meta) -> bool {
        self.left == Some(found.id())
    }
}

/// A line without end is looked for in this much of a file, which is more than is written at once.
const TAIL: u64 = 65_536;

/// What is left of the line in which svlogd was killed goes: the rest of it was not written, and what
/// comes next is no part of it. The size of `current` after that.
pub(super) fn cut_line<P: Platform>(p: &mut P, fd: Fd, size: u64) -> Result<u64> {
    match last_end(p, fd, size)? {
        end if end < size => p.ftruncate(fd, end).map(|()| end),
        _ => Ok(size),
    }
}

/// Where the last line ends; a file that is one line has its end at the beginning, and one whose last line
/// is longer than what is written at once has it at its end.
fn last_end<P: Platform>(p: &mut P, fd: Fd, size: u64) -> Result<u64> {
    let mut part = [0; 512];
    let mut to = size;
    while to > 0 {
        let from = to.saturating_sub(part.len() as u64);
        let count = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
        let part = part.get_mut(..count).unwrap_or_default();
        let got = p.pread(fd, from, part)?;
        let newline = part.get(..got).unwrap_or_default().iter().rposition(|byte| *byte == b'\n');
        if let Some(at) = newline {
            return Ok(from.saturating_add(at as u64).saturating_add(1));
        }
        if size.saturating_sub(from) > TAIL {
            return Ok(size);
        }
        to = from;
    }
    Ok(0)
}
