//! The two files whose owner-execute bit asks process 1 for something: `stopit` and `reboot`.
use crate::paths::{REBOOT, STOPIT};
use core::ffi::CStr;
use platform::{Errno, Files, Open};

/// The bit, and nothing else.
const SET: u32 = 0o100;

/// What could not be done to which file.
pub struct Failed {
    /// `unable to create ` or `unable to chmod `.
    pub what: &'static [u8],
    /// The file.
    pub path: &'static CStr,
    /// The reason.
    pub errno: Errno,
}

/// Whether the owner-execute bit is set. It is read from the file's mode: `noexec` mounts and root
/// make access(2) useless.
pub fn is_set(p: &mut impl Files, path: &CStr) -> bool {
    p.stat(path).is_ok_and(|meta| meta.owner_executes())
}

/// Asks for a stop, or for a restart.
///
/// # Errors
/// The first file that could not be created or changed.
pub fn request(p: &mut impl Files, reboot: bool) -> Result<(), Failed> {
    set(p, STOPIT)?;
    if reboot { set(p, REBOOT) } else { clear(p, REBOOT) }
}

/// Creates the file, through a link if it is one, and sets the bit.
///
/// # Errors
/// The file could not be created or changed.
pub fn set(p: &mut impl Files, path: &'static CStr) -> Result<(), Failed> {
    match p.open(path, Open::Truncate) {
        Ok(fd) => p.close(fd),
        Err(errno) => return Err(Failed { what: b"unable to create ", path, errno }),
    }
    chmod(p, path, SET)
}

/// Clears the bit; a file that is not there has none.
///
/// # Errors
/// The file could not be changed.
pub fn clear(p: &mut impl Files, path: &'static CStr) -> Result<(), Failed> {
    chmod(p, path, 0).or_else(|failed| if failed.errno == Errno::NOENT { Ok(()) } else { Err(failed) })
}

fn chmod(p: &mut impl Files, path: &'static CStr, mode: u32) -> Result<(), Failed> {
    p.chmod(path, mode).map_err(|errno| Failed { what: b"unable to chmod ", path, errno })
}
