//! From a name on the command line to the directory it means.
use crate::Fatal;
use crate::home::Home;
use platform::Errno;
use platform_host::directory::{age_of_name, joined};
use platform_host::{files, links};
use runit::sv::script::is_path;
use std::ffi::{CStr, CString, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

/// A name that is younger may be that of a service in the making, which is quiet for a second before it
/// gets its supervisor.
const NEW: Duration = Duration::from_secs(3);

/// Where sv stands, and where the services are.
#[derive(Debug)]
pub struct Places {
    start: OwnedFd,
    svdir: Vec<u8>,
}

impl Places {
    /// Opens the current directory.
    pub fn new(svdir: Vec<u8>) -> Result<Places, Fatal> {
        let start = files::open_read(c".")
            .map_err(|errno| Fatal { what: b"unable to open current directory".to_vec(), errno })?;
        Ok(Places { start, svdir })
    }

    /// A service; the errors are those of chdir(2). `hold`: its directory may be held open.
    pub fn find(&self, name: &[u8], hold: bool) -> Result<Home<'_>, Errno> {
        Home::at(self.start.as_fd(), &self.path(name)?, hold)
    }

    /// The path of what is in a service's directory, from where sv stands.
    pub fn path_in(&self, name: &[u8], file: &CStr) -> Option<CString> {
        Some(joined(&self.path(name).ok()?, file))
    }

    /// Whether the name was made, or given another meaning, a moment ago (lstat(2)): a supervisor
    /// of the directory may not have seen it yet.
    pub fn is_new(&self, name: &[u8]) -> bool {
        let age = self.path(name).ok().and_then(|path| age_of_name(&self.start, &path));
        age.is_some_and(|age| age < NEW)
    }

    /// The path of a service's directory, from where sv stands.
    pub fn path_of(&self, name: &[u8]) -> Option<PathBuf> {
        let path = self.path(name).ok()?;
        Some(PathBuf::from(OsString::from_vec(path.into_bytes())))
    }

    /// The links on the way to a service, but for those that are watched anyhow: those that lead to the directory of
    /// services, and the service's entry in it.
    pub fn links_to(&self, name: &[u8]) -> Vec<CString> {
        let mut links = self.path(name).map(|path| links::followed(&path)).unwrap_or_default();
        if !is_path(name) {
            let before = CString::new(self.svdir.clone()).map(|svdir| links::followed(&svdir).len());
            // And the one that is an entry there.
            links.drain(..before.unwrap_or_default().saturating_add(1).min(links.len()));
        }
        links
    }

    /// Names that begin with a slash or a dot or end in a slash are paths, all others are in the
    /// directory of services.
    pub fn path(&self, name: &[u8]) -> Result<CString, Errno> {
        let path = match name {
            [] | [b'/' | b'.', ..] | [.., b'/'] => name.to_vec(),
            _ if self.svdir.is_empty() => return Err(Errno::NOENT),
            _ => [&self.svdir, b"/".as_slice(), name].concat(),
        };
        CString::new(path).map_err(|_| Errno::INVAL)
    }
}
