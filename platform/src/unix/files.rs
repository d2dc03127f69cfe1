//! Files, FIFOs, directories, clocks.
#![allow(clippy::unnecessary_cast)] // The widths of these types differ between systems.
use super::{Os, check, check_size, close};
use crate::{Clock, Errno, Fd, Files, Instant, Kind, Meta, Open, Result, Stamp, system};
use core::ffi::CStr;
use core::mem::MaybeUninit;

impl Clock for Os {
    fn now(&mut self) -> Instant {
        let time = system::clock(libc::CLOCK_MONOTONIC);
        Instant((time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64))
    }

    fn wall(&mut self) -> Stamp {
        let time = system::clock(libc::CLOCK_REALTIME);
        Stamp { secs: time.tv_sec as u64, nanos: time.tv_nsec as u32 }
    }
}

impl Files for Os {
    type Dir = system::Dir;

    fn chdir(&mut self, path: &CStr) -> Result<()> {
        // SAFETY: `path` is a string.
        check(unsafe { libc::chdir(path.as_ptr()) }).map(drop)
    }

    fn openat(&mut self, dir: Fd, path: &CStr, how: Open) -> Result<Fd> {
        const CREATE: libc::c_int = libc::O_WRONLY | libc::O_CREAT;
        let (flags, mode) = match how {
            Open::Read => (libc::O_RDONLY, 0),
            Open::Write => (libc::O_WRONLY | libc::O_NOFOLLOW, 0),
            Open::Update => (libc::O_RDWR | libc::O_NOFOLLOW, 0),
            Open::Append => (CREATE | libc::O_APPEND | libc::O_NOFOLLOW, 0o600),
            Open::Lock => (CREATE | libc::O_APPEND, 0o600),
            Open::New => (CREATE | libc::O_EXCL, 0o644),
            Open::Truncate => (CREATE | libc::O_TRUNC, 0o644),
        };
        openat(dir, path, flags | libc::O_NONBLOCK, mode)
    }

    fn open_fifo(&mut self, dir: Fd, path: &CStr) -> Result<(Fd, Fd)> {
        system::open_fifo(dir, path)
    }

    fn close(&mut self, fd: Fd) {
        close(fd);
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize> {
        read(fd, into)
    }

    fn read_shared(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize> {
        system::read_shared(self, fd, into)
    }

    fn write(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize> {
        write(fd, bytes)
    }

    fn mkdirat(&mut self, dir: Fd, path: &CStr, mode: u32) -> Result<()> {
        // SAFETY: `path` is a string.
        check(unsafe { libc::mkdirat(dir.0, path.as_ptr(), mode as libc::mode_t) }).map(drop)
    }

    fn mkfifoat(&mut self, dir: Fd, path: &CStr, mode: u32) -> Result<()> {
        check(system::mkfifoat(dir, path, mode as libc::mode_t)).map(drop)
    }

    fn fstatat(&mut self, dir: Fd, path: &CStr) -> Result<Meta> {
        // SAFETY: `path` is a string; `look` passes room for the answer.
        look(|found| unsafe { libc::fstatat(dir.0, path.as_ptr(), found, 0) })
    }

    fn fstat(&mut self, fd: Fd) -> Result<Meta> {
        fstat(fd)
    }

    fn readlinkat(&mut self, dir: Fd, path: &CStr, into: &mut [u8]) -> Result<usize> {
        readlinkat(dir, path, into)
    }

    fn renameat(&mut self, dir: Fd, from: &CStr, to: &CStr) -> Result<()> {
        // SAFETY: both are strings.
        check(unsafe { libc::renameat(dir.0, from.as_ptr(), dir.0, to.as_ptr()) }).map(drop)
    }

    fn chmod(&mut self, path: &CStr, mode: u32) -> Result<()> {
        // SAFETY: `path` is a string.
        check(unsafe { libc::chmod(path.as_ptr(), mode as libc::mode_t) }).map(drop)
    }

    fn fchmod(&mut self, fd: Fd, mode: u32) -> Result<()> {
        // SAFETY: numbers are passed.
        check(unsafe { libc::fchmod(fd.0, mode as libc::mode_t) }).map(drop)
    }

    fn pread(&mut self, fd: Fd, offset: u64, into: &mut [u8]) -> Result<usize> {
        let offset = libc::off_t::try_from(offset).map_err(|_| Errno::INVAL)?;
        // SAFETY: pointer and length are those of the slice.
        check_size(unsafe { libc::pread(fd.0, into.as_mut_ptr().cast(), into.len(), offset) })
    }

    fn ftruncate(&mut self, fd: Fd, size: u64) -> Result<()> {
        let size = libc::off_t::try_from(size).map_err(|_| Errno::INVAL)?;
        // SAFETY: numbers are passed.
        check(unsafe { libc::ftruncate(fd.0, size) }).map(drop)
    }

    fn unlinkat(&mut self, dir: Fd, path: &CStr) -> Result<()> {
        // SAFETY: `path` is a string.
        check(unsafe { libc::unlinkat(dir.0, path.as_ptr(), 0) }).map(drop)
    }

    fn fsync(&mut self, fd: Fd) -> Result<()> {
        // SAFETY: a number is passed.
        check(unsafe { libc::fsync(fd.0) }).map(drop)
    }

    fn pipe(&mut self) -> Result<(Fd, Fd)> {
        system::pipe(0)
    }

    fn unread(&mut self, fd: Fd) -> Result<usize> {
        let mut count: libc::c_int = 0;
        // SAFETY: FIONREAD writes one int.
        check(unsafe { libc::ioctl(fd.0, libc::FIONREAD as _, &raw mut count) })?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    fn dup2(&mut self, from: Fd, to: Fd) -> Result<()> {
        super::spawn::onto(from, to)
    }

    fn set_nonblocking(&mut self, fd: Fd) -> Result<()> {
        // SAFETY: numbers are passed.
        let flags = check(unsafe { libc::fcntl(fd.0, libc::F_GETFL) })?;
        // SAFETY: as above.
        check(unsafe { libc::fcntl(fd.0, libc::F_SETFL, flags | libc::O_NONBLOCK) }).map(drop)
    }

    fn lock(&mut self, fd: Fd) -> Result<()> {
        system::lock(fd)
    }

    fn open_dir(&mut self, dir: Fd, path: &CStr) -> Result<Self::Dir> {
        system::Dir::open(dir, path)
    }

    fn next_name<'d>(&mut self, dir: &'d mut Self::Dir) -> Result<Option<&'d CStr>> {
        dir.next()
    }

    fn close_dir(&mut self, dir: Self::Dir) {
        dir.close();
    }

    fn tell(&mut self, text: &[u8]) {
        super::tell::tell(text);
    }
}

/// fstat(2).
pub(crate) fn fstat(fd: Fd) -> Result<Meta> {
    // SAFETY: a number is passed; `look` passes room for the answer.
    look(|found| unsafe { libc::fstat(fd.0, found) })
}

/// readlinkat(2).
pub(crate) fn readlinkat(dir: Fd, path: &CStr, into: &mut [u8]) -> Result<usize> {
    let (room, size) = (into.as_mut_ptr().cast(), into.len());
    // SAFETY: `path` is a string, the kernel writes within the slice.
    check_size(unsafe { libc::readlinkat(dir.0, path.as_ptr(), room, size) })
}

/// stat(2) and its kin.
pub(crate) fn look(ask: impl FnOnce(*mut libc::stat) -> libc::c_int) -> Result<Meta> {
    let mut found = MaybeUninit::<libc::stat>::uninit();
    check(ask(found.as_mut_ptr()))?;
    // SAFETY: the call succeeded, so the kernel filled it.
    let found = unsafe { found.assume_init() };
    let (contents, inode) = nanos(&found);
    Ok(Meta {
        kind: match found.st_mode & libc::S_IFMT {
            libc::S_IFDIR => Kind::Directory,
            libc::S_IFIFO => Kind::Fifo,
            libc::S_IFREG => Kind::File,
            _ => Kind::Other,
        },
        mode: (found.st_mode & 0o7777) as u32,
        device: found.st_dev as u64,
        inode: found.st_ino as u64,
        changed: Stamp { secs: found.st_mtime as u64, nanos: contents },
        altered: Stamp { secs: found.st_ctime as u64, nanos: inode },
        size: found.st_size as u64,
        links: found.st_nlink as u64,
    })
}

/// open(2), close-on-exec.
pub(crate) fn open(path: &CStr, flags: libc::c_int, mode: libc::c_uint) -> Result<Fd> {
    openat(Fd::CWD, path, flags, mode)
}

/// openat(2), close-on-exec.
pub(crate) fn openat(dir: Fd, path: &CStr, flags: libc::c_int, mode: libc::c_uint) -> Result<Fd> {
    check(system::open(dir.0, path, flags | libc::O_CLOEXEC, mode)).map(Fd)
}

/// read(2).
pub(crate) fn read(fd: Fd, into: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes within the slice.
    check_size(unsafe { libc::read(fd.0, into.as_mut_ptr().cast(), into.len()) })
}

/// write(2).
pub(crate) fn write(fd: Fd, bytes: &[u8]) -> Result<usize> {
    // SAFETY: the kernel reads within the slice.
    check_size(unsafe { libc::write(fd.0, bytes.as_ptr().cast(), bytes.len()) })
}

/// The parts of a second in the times of contents and inode, which have other names on one system.
fn nanos(found: &libc::stat) -> (u32, u32) {
    #[cfg(target_os = "netbsd")]
    let (contents, inode) = (found.st_mtimensec, found.st_ctimensec);
    #[cfg(not(target_os = "netbsd"))]
    let (contents, inode) = (found.st_mtime_nsec, found.st_ctime_nsec);
    (contents as u32, inode as u32)
}
