//! Files and directories. Nothing here waits for a FIFO, and no descriptor survives an exec.
use crate::{Result, wrong};
use core::ffi::{CStr, c_int};
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{Mode, fstat, stat};
use platform::Errno;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// open(2) for reading.
///
/// # Errors
/// Those of open(2).
pub fn open_read(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty()).map_err(wrong)
}

/// open(2) for writing; a FIFO that nobody reads is [`Errno::NXIO`].
///
/// # Errors
/// Those of open(2).
pub fn open_write(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty()).map_err(wrong)
}

/// open(2) for reading and writing a file that is there.
///
/// # Errors
/// Those of open(2).
pub fn open_update(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_RDWR | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty()).map_err(wrong)
}

/// open(2) for writing at the end of a file that is there.
///
/// # Errors
/// Those of open(2).
pub fn open_append(path: &CStr) -> Result<OwnedFd> {
    let how = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_APPEND | OFlag::O_CLOEXEC;
    open(path, how, Mode::empty()).map_err(wrong)
}

/// read(2): as much as is there and fits.
///
/// # Errors
/// Those of read(2) but EINTR.
pub fn read(fd: impl AsFd, into: &mut [u8]) -> Result<usize> {
    retry(|| nix::unistd::read(fd.as_fd(), into))
}

/// write(2): how much was taken.
///
/// # Errors
/// Those of write(2) but EINTR.
pub fn write(fd: impl AsFd, bytes: &[u8]) -> Result<usize> {
    retry(|| nix::unistd::write(fd.as_fd(), bytes))
}

/// Writes all bytes to an offset of a file.
///
/// # Errors
/// Those of pwrite(2) but EINTR.
pub fn write_at(fd: impl AsFd, mut bytes: &[u8], mut at: u64) -> Result<()> {
    while !bytes.is_empty() {
        let offset = libc::off_t::try_from(at).map_err(|_| Errno::INVAL)?;
        let count = retry(|| nix::sys::uio::pwrite(fd.as_fd(), bytes, offset))?;
        bytes = bytes.get(count..).unwrap_or_default();
        at += count as u64;
    }
    Ok(())
}

/// Appends all bytes to a file, or none: what was written of them is taken back.
///
/// # Errors
/// Those of write(2) but EINTR, and of fstat(2).
pub fn append_whole(fd: impl AsFd, bytes: &[u8]) -> Result<()> {
    let size = fstat(fd.as_fd()).map_err(wrong)?.st_size;
    let mut rest = bytes;
    while !rest.is_empty() {
        match write(fd.as_fd(), rest) {
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(why) => {
                let _ = nix::unistd::ftruncate(fd.as_fd(), size);
                return Err(why);
            }
        }
    }
    Ok(())
}

/// chdir(2).
///
/// # Errors
/// Those of chdir(2).
pub fn chdir(path: &CStr) -> Result<()> {
    nix::unistd::chdir(path).map_err(wrong)
}

/// fchdir(2).
///
/// # Errors
/// Those of fchdir(2).
pub fn fchdir(fd: impl AsFd) -> Result<()> {
    nix::unistd::fchdir(fd.as_fd()).map_err(wrong)
}

/// Whether stat(2) finds something, links followed.
///
/// # Errors
/// Those of stat(2) but ENOENT.
pub fn exists(path: &CStr) -> Result<bool> {
    match stat(path).map_err(wrong) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Whether the writing end of a FIFO tells how much waits in it. On the BSDs and macOS it says 0.
pub(crate) const WRITERS_KNOW: bool = crate::AS_LINUX;

/// How many bytes wait to be read (ioctl(2), FIONREAD).
pub(crate) fn waiting(fd: impl AsFd) -> usize {
    let mut count: c_int = 0;
    // SAFETY: FIONREAD stores one int through the pointer.
    let done = unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::FIONREAD, &raw mut count) };
    if done == 0 { usize::try_from(count).unwrap_or(0) } else { 0 }
}

/// All that can be read.
///
/// # Errors
/// Those of read(2) but EINTR.
pub fn read_all(fd: impl AsFd) -> Result<Vec<u8>> {
    let mut bytes = vec![0; 4096];
    let mut len = 0;
    loop {
        match read(fd.as_fd(), bytes.get_mut(len..).unwrap_or_default())? {
            0 => {
                bytes.truncate(len);
                return Ok(bytes);
            }
            count => len += count,
        }
        if len == bytes.len() {
            bytes.resize(len * 2, 0);
        }
    }
}

/// The names in the current directory in the order in which the system tells them. The outer error
/// is that of opendir(3), the inner one that of readdir(3).
///
/// # Errors
/// See above.
pub fn names_here() -> Result<impl Iterator<Item = Result<Vec<u8>>>> {
    let number = |error: std::io::Error| Errno(error.raw_os_error().unwrap_or(0));
    let dir = std::fs::read_dir(".").map_err(number)?;
    Ok(dir.map(move |entry| entry.map(|entry| entry.file_name().into_encoded_bytes()).map_err(number)))
}

/// Whether a name is there at all; a link need not lead anywhere (lstat(2)).
#[must_use]
pub fn is_named(path: &CStr) -> bool {
    nix::sys::stat::lstat(path).is_ok()
}

fn retry<T>(mut call: impl FnMut() -> nix::Result<T>) -> Result<T> {
    loop {
        match call() {
            Err(nix::errno::Errno::EINTR) => {}
            done => return done.map_err(wrong),
        }
    }
}

/// Whether a descriptor is open for writing (fcntl(2), F_GETFL).
///
/// # Errors
/// Those of fcntl(2).
pub fn is_for_writing(fd: impl AsFd) -> Result<bool> {
    let flags = nix::fcntl::fcntl(fd.as_fd(), nix::fcntl::FcntlArg::F_GETFL).map_err(wrong)?;
    Ok(OFlag::from_bits_truncate(flags) & OFlag::O_ACCMODE != OFlag::O_RDONLY)
}

/// Whether a descriptor takes something now, or an error.
#[must_use]
pub fn is_writable(fd: impl AsFd) -> bool {
    let mut list = [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)];
    poll(&mut list, PollTimeout::ZERO).is_ok_and(|count| count > 0)
}

/// Sleeps until a descriptor takes more.
pub fn wait_writable(fd: impl AsFd) {
    let mut list = [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)];
    let _ = poll(&mut list, PollTimeout::NONE);
}
