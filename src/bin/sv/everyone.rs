//! All services of the directory of services.
use crate::{Fatal, fatal};
use platform::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// Their names, sorted by bytes. As for runsvdir, a name that begins with a dot is none, and nor is what is no
/// directory; a link that leads nowhere is one for which something is wrong.
pub fn names(svdir: &[u8]) -> Result<Vec<Vec<u8>>, Fatal> {
    let mut names = list(svdir).map_err(|errno| fatal(&[b"unable to open directory: ", svdir], errno))?;
    names.sort_unstable();
    Ok(names)
}

/// The same as the system has them.
pub fn list(svdir: &[u8]) -> Result<Vec<Vec<u8>>, Errno> {
    let number = |error: std::io::Error| Errno(error.raw_os_error().unwrap_or(0));
    let dir = Path::new(OsStr::from_bytes(svdir));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(number)? {
        let entry = entry.map_err(number)?;
        let name = entry.file_name().into_vec();
        if name.first() == Some(&b'.') {
            continue;
        }
        let is_other = match entry.file_type() {
            Ok(kind) if kind.is_dir() => false,
            Ok(kind) if kind.is_symlink() => {
                std::fs::metadata(entry.path()).is_ok_and(|found| !found.is_dir())
            }
            Ok(_) => true,
            Err(_) => false,
        };
        if !is_other {
            names.push(name);
        }
    }
    Ok(names)
}
