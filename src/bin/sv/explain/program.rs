//! A program of a service directory.
use super::beginning;
use platform_host::mounts;
use runit::sv::explain::Fault;
use runit::sv::explain::script::Head;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// It, and what was found of it.
pub struct Program {
    path: PathBuf,
    found: std::io::Result<Metadata>,
    beginning: Vec<u8>,
}

impl Program {
    pub fn at(path: PathBuf) -> Program {
        let found = std::fs::metadata(&path);
        let is_file = found.as_ref().is_ok_and(Metadata::is_file);
        let beginning = if is_file { beginning(&path) } else { Vec::new() };
        Program { path, found, beginning }
    }

    /// Whether there is such a name.
    pub fn is_there(&self) -> bool {
        !matches!(&self.found, Err(why) if why.kind() == ErrorKind::NotFound)
    }

    /// Why it cannot be started; `None` if nothing is seen that keeps it.
    pub fn fault(&self) -> Option<Fault<'_>> {
        let found = match &self.found {
            Ok(found) if !found.is_file() => return Some(Fault::NoFile),
            Ok(found) => found,
            Err(_) => return Some(Fault::Missing).filter(|_| !self.is_there()),
        };
        if found.permissions().mode() & 0o111 == 0 {
            return Some(Fault::Mode);
        }
        if mounts::of(&self.path).no_exec {
            return Some(Fault::NoExec);
        }
        match Head::of(&self.beginning) {
            Head::Interpreter(path) if Path::new(OsStr::from_bytes(path)).exists() => None,
            Head::Interpreter(path) => Some(Fault::Interpreter(path)),
            Head::Carriage(path) => Some(Fault::Carriage(path)),
            Head::Mark => Some(Fault::Mark),
            // A user who may execute it need not be allowed to read it.
            Head::Nothing if self.beginning.is_empty() && found.len() > 0 => None,
            Head::Nothing => Some(Fault::NoInterpreter),
            Head::Binary => None,
        }
    }
}
