//! A directory, and what is in it. One that is open stays the same whatever becomes of the names that led to
//! it and wherever the caller stands. Nothing here waits for a FIFO, and no descriptor survives an exec.
use crate::files::{WRITERS_KNOW, waiting};
use crate::{Result, wrong};
use core::ffi::CStr;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use platform::Errno;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, SystemTime};

/// To go through a directory takes less than to read it.
const SEARCH: OFlag = {
    cfg_if::cfg_if! {
        if #[cfg(target_os = "linux")] {
            OFlag::O_PATH
        } else if #[cfg(any(
            target_os = "freebsd",
            target_os = "netbsd",
            target_os = "macos",
            target_os = "illumos",
            target_os = "solaris"
        ))] {
            OFlag::from_bits_retain(libc::O_SEARCH)
        } else {
            OFlag::O_RDONLY
        }
    }
};

/// A directory.
#[derive(Debug)]
pub struct Directory<'a>(At<'a>);

#[derive(Debug)]
enum At<'a> {
    Open(OwnedFd),
    /// It cannot be opened, or shall not be: its name, from another one.
    Named(BorrowedFd<'a>, CString),
}

impl<'a> Directory<'a> {
    /// The directory that a path leads to from another one. It is held open if `hold`, and if the system
    /// lets those open it who may go through it but not read it.
    ///
    /// # Errors
    /// Those of stat(2) for the directory's `.`, which are those of chdir(2).
    pub fn at(from: BorrowedFd<'a>, path: &CStr, hold: bool) -> Result<Directory<'a>> {
        if path.is_empty() {
            return Err(Errno::NOENT);
        }
        let inside = joined(path, c".");
        let how = SEARCH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        if let Some(fd) = hold.then(|| openat(from, inside.as_c_str(), how, Mode::empty()).ok()).flatten() {
            return Ok(Directory(At::Open(fd)));
        }
        let found = fstatat(from, inside.as_c_str(), AtFlags::empty()).map_err(wrong)?;
        // FreeBSD takes the `.` of a file for the file.
        if SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT != SFlag::S_IFDIR {
            return Err(Errno::NOTDIR);
        }
        Ok(Directory(At::Named(from, path.to_owned())))
    }

    /// A directory in this one.
    ///
    /// # Errors
    /// As for [`Directory::at`].
    pub fn below(&self, name: &CStr) -> Result<Directory<'_>> {
        self.with(name, |from, path| Directory::at(from, path, true))
    }

    /// Calls with a descriptor and the path that leads from there to what is meant.
    fn with<'s, T>(&'s self, name: &CStr, call: impl FnOnce(BorrowedFd<'s>, &CStr) -> T) -> T {
        match &self.0 {
            At::Open(fd) => call(fd.as_fd(), name),
            At::Named(from, path) => call(*from, &joined(path, name)),
        }
    }

    fn open(&self, name: &CStr, how: OFlag) -> Result<OwnedFd> {
        let how = how | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        self.with(name, |from, path| openat(from, path, how, Mode::empty())).map_err(wrong)
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// Those of open(2).
    pub fn open_read(&self, name: &CStr) -> Result<OwnedFd> {
        self.open(name, OFlag::O_RDONLY)
    }

    /// Opens a file for writing; a FIFO that nobody reads is [`Errno::NXIO`].
    ///
    /// # Errors
    /// Those of open(2).
    pub fn open_write(&self, name: &CStr) -> Result<OwnedFd> {
        self.open(name, OFlag::O_WRONLY)
    }

    /// The same of a FIFO and nothing else: what is not one has no reader.
    ///
    /// # Errors
    /// Those of open(2) and fstat(2), and [`Errno::NXIO`].
    pub fn open_fifo(&self, name: &CStr) -> Result<OwnedFd> {
        let fd = self.open_write(name)?;
        let kind = SFlag::from_bits_truncate(fstat(fd.as_fd()).map_err(wrong)?.st_mode) & SFlag::S_IFMT;
        if kind == SFlag::S_IFIFO { Ok(fd) } else { Err(Errno::NXIO) }
    }

    /// How many bytes of a FIFO its reader has not read yet (ioctl(2), FIONREAD); 0 if it has no reader, and
    /// where the system tells only a descriptor that may read.
    #[must_use]
    pub fn unread(&self, name: &CStr) -> usize {
        // One that has no reader would get one for a moment.
        let Ok(writer) = self.open_fifo(name) else { return 0 };
        if WRITERS_KNOW { waiting(writer) } else { waiting(self.open_read(name).unwrap_or(writer)) }
    }

    /// Whether stat(2) finds something, links followed.
    ///
    /// # Errors
    /// Those of stat(2) but ENOENT.
    pub fn has(&self, name: &CStr) -> Result<bool> {
        match self.stat(name) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(errno),
        }
    }

    /// Whether there is such a name, whatever it leads to (fstatat(2), AT_SYMLINK_NOFOLLOW).
    #[must_use]
    pub fn has_name(&self, name: &CStr) -> bool {
        self.with(name, |from, path| fstatat(from, path, AtFlags::AT_SYMLINK_NOFOLLOW)).is_ok()
    }

    /// Device and inode.
    ///
    /// # Errors
    /// Those of stat(2).
    pub fn identity(&self) -> Result<(u64, u64)> {
        #[allow(clippy::unnecessary_cast)] // The widths differ between systems.
        self.stat(c".").map(|found| (found.st_dev as u64, found.st_ino as u64))
    }

    /// Whether it has no name any more: nothing will ever be found in it.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        match &self.0 {
            At::Open(fd) => fstat(fd).is_ok_and(|found| found.st_nlink == 0),
            At::Named(..) => self.stat(c".") == Err(Errno::NOENT),
        }
    }

    fn stat(&self, name: &CStr) -> Result<FileStat> {
        self.with(name, |from, path| fstatat(from, path, AtFlags::empty())).map_err(wrong)
    }

    /// Makes it the current one (fchdir(2), chdir(2)), also between fork(2) and execve(2).
    ///
    /// # Errors
    /// Those of fchdir(2) and chdir(2).
    pub fn enter(&self) -> Result<()> {
        match &self.0 {
            At::Open(fd) => nix::unistd::fchdir(fd),
            At::Named(from, path) => {
                nix::unistd::fchdir(from).and_then(|()| nix::unistd::chdir(path.as_c_str()))
            }
        }
        .map_err(wrong)
    }
}

/// How long ago a name was made or changed (fstatat(2) without following a link, `st_ctime`); a time to
/// come counts as just now. A relative path begins at `from`.
#[must_use]
pub fn age_of_name(from: impl AsFd, path: &CStr) -> Option<Duration> {
    let found = fstatat(from, path, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
    let changed = Duration::from_secs(u64::try_from(found.st_ctime).ok()?);
    Some(SystemTime::UNIX_EPOCH.elapsed().ok()?.saturating_sub(changed))
}

/// A path and a name behind it.
#[must_use]
pub fn joined(path: &CStr, name: &CStr) -> CString {
    let bytes = [path.to_bytes(), b"/", name.to_bytes()].concat();
    // Neither of them holds a NUL.
    CString::new(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{open_read, read, write};
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};

    /// A directory of its own, which is gone with the value.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str) -> Tree {
            let place = std::env::temp_dir().join(format!("runit-{name}-{}", std::process::id()));
            std::fs::create_dir_all(place.join("it")).unwrap();
            Tree(place)
        }
        fn root(&self) -> OwnedFd {
            open_read(&c(&self.0)).unwrap()
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn c(path: &Path) -> CString {
        CString::new(path.as_os_str().as_bytes()).unwrap()
    }

    #[test]
    fn a_fifo_tells_whether_it_was_read() {
        let _alone = crate::alone();
        let tree = Tree::new("fifo");
        let root = tree.root();
        let path = tree.0.join("it/fifo");
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
        for hold in [true, false] {
            let dir = Directory::at(root.as_fd(), c"it", hold).unwrap();
            assert_eq!(dir.open_write(c"fifo").unwrap_err(), Errno::NXIO, "nobody reads");
            let reader = dir.open_read(c"fifo").unwrap();
            let writer = dir.open_fifo(c"fifo").unwrap();
            assert_eq!(write(&writer, b"tcu"), Ok(3));
            assert_eq!(dir.unread(c"fifo"), 3);
            assert_eq!(waiting(dir.open_read(c"fifo").unwrap()), 3, "as the BSDs tell it");
            let mut into = [0; 2];
            assert_eq!(read(&reader, &mut into), Ok(2));
            assert_eq!(dir.unread(c"fifo"), 1);
            assert_eq!(read(&reader, &mut into), Ok(1));
            assert_eq!(dir.unread(c"fifo"), 0);
            drop(reader);
            assert_eq!(dir.unread(c"fifo"), 0, "nobody reads");
            assert_eq!(write(&writer, b"x"), Err(Errno::PIPE), "an error, not the end");
        }
        let dir = Directory::at(root.as_fd(), c"it", true).unwrap();
        assert_eq!(dir.has(c"fifo"), Ok(true));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(dir.has(c"fifo"), Ok(false));
        std::fs::write(&path, "").unwrap();
        assert_eq!(dir.open_fifo(c"fifo").unwrap_err(), Errno::NXIO);
    }

    #[test]
    fn one_that_is_open_outlives_its_names() {
        let _alone = crate::alone();
        let tree = Tree::new("outlives");
        let root = tree.root();
        std::fs::write(tree.0.join("it/file"), "x").unwrap();
        let (held, named) =
            (Directory::at(root.as_fd(), c"it", true), Directory::at(root.as_fd(), c"it", false));
        let (held, named) = (held.unwrap(), named.unwrap());
        assert_eq!(held.identity(), named.identity());
        std::fs::rename(tree.0.join("it"), tree.0.join("that")).unwrap();
        assert_eq!((held.has(c"file"), named.has(c"file")), (Ok(true), Ok(false)));
        assert_eq!((held.is_removed(), named.is_removed()), (false, true));
        std::fs::remove_dir_all(tree.0.join("that")).unwrap();
        assert_eq!((held.has(c"file"), held.is_removed()), (Ok(false), true));
    }

    #[test]
    fn what_is_no_directory_is_not_opened() {
        let _alone = crate::alone();
        let tree = Tree::new("no-directory");
        let root = tree.root();
        std::fs::write(tree.0.join("file"), "").unwrap();
        for hold in [true, false] {
            let why = |path| Directory::at(root.as_fd(), path, hold).unwrap_err();
            assert_eq!(
                (why(c"file"), why(c"nothing"), why(c"")),
                (Errno::NOTDIR, Errno::NOENT, Errno::NOENT)
            );
        }
        let it = Directory::at(root.as_fd(), c"it", true).unwrap();
        assert_eq!(it.below(c"log").unwrap_err(), Errno::NOENT);
    }
}
