//! A service's directory and its supervise directory, which is in there or in the scan directory's `.supervise`: the
//! one place that knows which.
use platform::Errno;
use platform_host::directory::{Directory, joined};
use platform_host::links;
use runit::scan_directory::{self, LOG_SUFFIX, instance, may_be_instance, split};
use runit::service_directory::{self as names, LOG, LOG_SUPERVISE, SUPERVISE};
use std::ffi::{CStr, CString};
use std::os::fd::{BorrowedFd, OwnedFd};

/// A file of a supervise directory: its path from the service's directory, and its name.
pub type Part = (&'static CStr, &'static CStr);

/// The FIFO whose reader is the living supervisor.
pub const OK: Part = (SUPERVISE.ok, names::OK);
/// The FIFO that takes the commands.
pub const CONTROL: Part = (SUPERVISE.control, names::CONTROL);
/// The record.
pub const STATUS: Part = (names::SUPERVISE_STATUS, names::STATUS);
/// The line.
pub const STATE: Part = (names::SUPERVISE_STATE, names::STATE);

/// A service.
#[derive(Debug)]
pub struct Home<'a> {
    /// Its directory.
    pub directory: Directory<'a>,
    /// Where relative paths begin.
    from: BorrowedFd<'a>,
    /// The path to its entry in the scan directory, as it was written.
    path: Vec<u8>,
    /// It is that service's log service.
    log: bool,
}

impl<'a> Home<'a> {
    /// The service that a path leads to; the errors are those of chdir(2).
    pub fn at(from: BorrowedFd<'a>, path: &CStr, hold: bool) -> Result<Home<'a>, Errno> {
        let directory = Directory::at(from, path, hold)?;
        Ok(Home { directory, from, path: path.to_bytes().to_vec(), log: false })
    }

    /// Its log service.
    pub fn log(&self) -> Result<Home<'_>, Errno> {
        let directory = self.directory.below(LOG)?;
        Ok(Home { directory, from: self.from, path: self.path.clone(), log: true })
    }

    /// Opens a file of the supervise directory for reading.
    pub fn open_read(&self, part: Part) -> Result<OwnedFd, Errno> {
        self.open(part, |at, name| at.open_read(name))
    }

    /// The same for writing; a FIFO that nobody reads is [`Errno::NXIO`].
    pub fn open_write(&self, part: Part) -> Result<OwnedFd, Errno> {
        self.open(part, |at, name| at.open_write(name))
    }

    /// The same of a FIFO and nothing else.
    pub fn open_fifo(&self, part: Part) -> Result<OwnedFd, Errno> {
        self.open(part, |at, name| at.open_fifo(name))
    }

    /// How many commands its supervisor has not read yet.
    pub fn unread(&self) -> usize {
        match self.beside() {
            Ok(Some(beside)) => beside.unread(CONTROL.1),
            Ok(None) => self.directory.unread(CONTROL.0),
            Err(_) => 0,
        }
    }

    /// Device and inode of what its supervisor calls its own.
    pub fn identity(&self) -> Result<(u64, u64), Errno> {
        match self.beside()? {
            Some(beside) => beside.identity(),
            None => self.directory.identity(),
        }
    }

    /// The path of the supervise directory, from where sv stands.
    pub fn supervise(&self) -> Option<CString> {
        let name = if self.log { LOG_SUPERVISE.directory } else { SUPERVISE.directory };
        let inside = || Some(joined(&CString::new(self.path.clone()).ok()?, name));
        if self.directory.has_name(SUPERVISE.directory) {
            return inside();
        }
        let beside = self.places().into_iter().find(|path| Directory::at(self.from, path, false).is_ok());
        beside.or_else(inside)
    }

    /// Where its supervise directory may come to be, beside those of other services.
    pub fn scan_supervise(&self) -> Option<CString> {
        let (parent, _) = split(&self.path);
        CString::new([parent, scan_directory::SUPERVISE_PREFIX].concat()).ok()
    }

    /// Which instance of a template it is.
    pub fn instance(&self) -> Option<CString> {
        let instance_of = |parent: &[u8], name: &[u8]| {
            let path = CString::new([parent, name].concat()).ok().filter(|_| may_be_instance(name))?;
            let link = links::text_at(self.from, &path).ok()?;
            CString::new(instance(name, &link).filter(|_| link.len() < scan_directory::LINK)?).ok()
        };
        let (parent, name) = split(&self.path);
        let above = || {
            let (parent, name) = split(parent);
            instance_of(parent, name)
        };
        instance_of(parent, name).or_else(|| if name == LOG.to_bytes() { above() } else { None })
    }

    /// In the service's directory, as ever, or beside it if there is no such directory in there.
    fn open(
        &self,
        part: Part,
        how: fn(&Directory<'_>, &CStr) -> Result<OwnedFd, Errno>,
    ) -> Result<OwnedFd, Errno> {
        match how(&self.directory, part.0) {
            Err(Errno::NOENT) => self.beside()?.map_or(Err(Errno::NOENT), |beside| how(&beside, part.1)),
            done => done,
        }
    }

    /// The supervise directory, if it is not in the service's directory.
    fn beside(&self) -> Result<Option<Directory<'_>>, Errno> {
        if self.directory.has_name(SUPERVISE.directory) {
            return Ok(None);
        }
        for path in self.places() {
            match Directory::at(self.from, &path, false) {
                Ok(beside) => return Ok(Some(beside)),
                Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(None)
    }

    /// Where it may be beside the service's directory. Whoever writes `web/log` means the log service of `web`, or,
    /// where `web` is a scan directory, its service `log`.
    fn places(&self) -> Vec<CString> {
        let place = |parent: &[u8], name: &[u8], suffix: &[u8]| {
            let prefix = scan_directory::SUPERVISE_PREFIX;
            let path = CString::new([parent, prefix, name, suffix].concat()).ok();
            path.filter(|_| !name.is_empty())
        };
        let (parent, name) = split(&self.path);
        if self.log {
            return place(parent, name, LOG_SUFFIX).into_iter().collect();
        }
        let (above, service) = split(parent);
        let log = if name == LOG.to_bytes() { place(above, service, LOG_SUFFIX) } else { None };
        place(parent, name, b"").into_iter().chain(log).collect()
    }
}
