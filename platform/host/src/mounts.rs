//! How file systems are mounted.
use nix::sys::statvfs::{FsFlags, statvfs};
use std::path::Path;

/// What a file system does not do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mounted {
    /// Nothing can be written.
    pub read_only: bool,
    /// Nothing can be executed; only Linux is asked.
    pub no_exec: bool,
}

/// That of the file system of a path (statvfs(3)); nothing remarkable if it cannot be asked.
#[must_use]
pub fn of(path: &Path) -> Mounted {
    let Ok(found) = statvfs(path) else { return Mounted::default() };
    let flags = found.flags();
    #[cfg(target_os = "linux")]
    let no_exec = flags.contains(FsFlags::ST_NOEXEC);
    #[cfg(not(target_os = "linux"))]
    let no_exec = false;
    Mounted { read_only: flags.contains(FsFlags::ST_RDONLY), no_exec }
}
