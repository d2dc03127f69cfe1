//! From a name on the command line to the directory it means.
use crate::Fatal;
use platform::Errno;
use platform_host::files;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// A name that is younger may be that of a service in the making, which is quiet for a second before it
/// gets its supervisor.
const NEW: Duration = Duration::from_secs(3);

/// Where sv started, where the services are, and whether it has to go back to the one before it
/// follows a relative path.
#[derive(Debug)]
pub struct Places {
    start: OwnedFd,
    svdir: Vec<u8>,
    strayed: bool,
}

impl Places {
    /// Remembers the current directory.
    pub fn new(svdir: Vec<u8>) -> Result<Places, Fatal> {
        let start = files::open_read(c".")
            .map_err(|errno| Fatal { what: b"unable to open current directory", errno })?;
        Ok(Places { start, svdir, strayed: false })
    }

    /// Makes a service's directory the current one; the inner error is that of chdir(2).
    pub fn enter(&mut self, name: &[u8]) -> Result<Result<(), Errno>, Fatal> {
        let path = match self.path(name) {
            Ok(path) => path,
            Err(errno) => return Ok(Err(errno)),
        };
        if self.strayed && !path.as_bytes().starts_with(b"/") {
            files::fchdir(&self.start)
                .map_err(|errno| Fatal { what: b"unable to change to original directory", errno })?;
        }
        self.strayed = true;
        Ok(files::chdir(&path))
    }

    /// Whether the name was made, or given another meaning, a moment ago (lstat(2)): a supervisor
    /// of the directory may not have seen it yet.
    pub fn is_new(&self, name: &[u8]) -> bool {
        let Ok(path) = self.path(name) else { return false };
        let Some(age) = files::age_of_name(&self.start, &path) else { return false };
        age < NEW
    }

    /// Names that begin with a slash or a dot or end in a slash are paths, all others are in the
    /// directory of services.
    fn path(&self, name: &[u8]) -> Result<CString, Errno> {
        let path = match name {
            [] | [b'/' | b'.', ..] | [.., b'/'] => name.to_vec(),
            _ if self.svdir.is_empty() => return Err(Errno::NOENT),
            _ => [&self.svdir, b"/".as_slice(), name].concat(),
        };
        CString::new(path).map_err(|_| Errno::INVAL)
    }
}
