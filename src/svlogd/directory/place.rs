//! Where a log directory is: found by its path, then held by a descriptor, whatever its name is by then.
use core::ffi::CStr;
use platform::{Errno, Fd, Open, Platform, Result};

/// A descriptor that is not open.
pub const NONE: Fd = Fd(-1);

/// A failure and what it was about.
pub type Failed = (&'static [u8], Errno);

/// Closes what is open.
pub fn shut<P: Platform>(p: &mut P, fd: &mut Fd) {
    if *fd != NONE {
        p.close(core::mem::replace(fd, NONE));
    }
}

/// A directory and its lock.
pub struct Place {
    path: &'static CStr,
    dir: Fd,
    lock: Fd,
}

impl Place {
    pub(super) const fn new(path: &'static CStr) -> Place {
        Place { path, dir: NONE, lock: NONE }
    }

    /// As it was given.
    pub fn path(&self) -> &'static CStr {
        self.path
    }

    /// Where everything in it begins.
    pub fn dir(&self) -> Fd {
        self.dir
    }

    pub fn is_open(&self) -> bool {
        self.dir != NONE
    }

    /// Looks for it from `home`. `true`: it is another directory than the one before.
    ///
    /// If it is the same, its lock is kept: a child that was forked and is not yet another program holds it
    /// too, and would keep it.
    pub(super) fn find<P: Platform>(&mut self, p: &mut P, home: Fd) -> core::result::Result<bool, Failed> {
        let fd = p
            .openat(home, self.path, Open::Read)
            .map_err(|errno| (b"unable to open log directory".as_slice(), errno))?;
        let known = self.is_open();
        let same = known && p.fstat(fd).map(|found| found.id()) == p.fstat(self.dir).map(|found| found.id());
        if same && p.fstat(self.lock).is_ok_and(|found| found.links > 0) {
            shut(p, &mut self.dir);
        } else {
            self.give_up(p);
        }
        self.dir = fd;
        Ok(known && !same)
    }

    /// Locks it.
    pub(super) fn secure<P: Platform>(&mut self, p: &mut P) -> core::result::Result<(), Failed> {
        // Not every file is a directory, and not every directory may be searched.
        p.fstatat(self.dir, c".").map_err(|errno| (b"unable to change directory".as_slice(), errno))?;
        self.take_lock(p).map_err(|errno| (b"unable to lock directory".as_slice(), errno))
    }

    fn take_lock<P: Platform>(&mut self, p: &mut P) -> Result<()> {
        if self.lock != NONE {
            return Ok(());
        }
        self.lock = p.openat(self.dir, c"lock", Open::Lock)?;
        p.lock(self.lock)
    }

    /// Closes what was opened.
    pub(super) fn give_up<P: Platform>(&mut self, p: &mut P) {
        shut(p, &mut self.dir);
        shut(p, &mut self.lock);
    }
}
