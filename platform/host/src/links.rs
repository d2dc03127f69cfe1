//! Names in directories, and what they lead to.
use crate::{Result, wrong};
use nix::sys::stat::{FileStat, SFlag, lstat, stat};
use platform::{Errno, FileId};
use std::ffi::CStr;
use std::os::fd::AsFd;

/// What a name leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Which file it is.
    pub id: FileId,
    /// Whether it is a directory.
    pub is_dir: bool,
}

#[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, reason = "other systems have other types")]
fn look(found: &FileStat) -> Look {
    let kind = SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT;
    let id = FileId { device: found.st_dev as u64, inode: found.st_ino as u64 };
    Look { id, is_dir: kind == SFlag::S_IFDIR }
}

/// stat(2): links are followed.
///
/// # Errors
/// Those of stat(2).
pub fn follow(path: &CStr) -> Result<Look> {
    stat(path).map(|found| look(&found)).map_err(wrong)
}

/// lstat(2): a link is what it is.
///
/// # Errors
/// Those of lstat(2).
pub fn itself(path: &CStr) -> Result<Look> {
    lstat(path).map(|found| look(&found)).map_err(wrong)
}

/// The text of a symbolic link; [`Errno::INVAL`]: it is none.
///
/// # Errors
/// Those of readlink(2).
pub fn text(path: &CStr) -> Result<Vec<u8>> {
    nix::fcntl::readlink(path).map(std::ffi::OsString::into_encoded_bytes).map_err(wrong)
}

/// The same, of a path that begins at an open directory.
///
/// # Errors
/// Those of readlinkat(2).
pub fn text_at(from: impl AsFd, path: &CStr) -> Result<Vec<u8>> {
    nix::fcntl::readlinkat(from, path).map(std::ffi::OsString::into_encoded_bytes).map_err(wrong)
}

/// Makes a symbolic link, in the place of one that has this name.
///
/// # Errors
/// Those of symlink(2) and unlink(2).
pub fn make(text: &CStr, path: &CStr) -> Result<()> {
    let make = || nix::unistd::symlinkat(text, nix::fcntl::AT_FDCWD, path).map_err(wrong);
    match make() {
        Err(Errno::EXIST) => {
            remove(path)?;
            make()
        }
        done => done,
    }
}

/// rename(2).
///
/// # Errors
/// Those of rename(2).
pub fn rename(from: &CStr, to: &CStr) -> Result<()> {
    nix::fcntl::renameat(nix::fcntl::AT_FDCWD, from, nix::fcntl::AT_FDCWD, to).map_err(wrong)
}

/// unlink(2); it is no failure if there is nothing.
///
/// # Errors
/// Those of unlink(2) but ENOENT.
pub fn remove(path: &CStr) -> Result<()> {
    match nix::unistd::unlink(path).map_err(wrong) {
        Err(Errno::NOENT) => Ok(()),
        done => done,
    }
}

/// Has what changed in an open directory written to the disk, where the system does that.
pub fn settle(dir: impl AsFd) {
    let _ = nix::unistd::fsync(dir.as_fd());
}
