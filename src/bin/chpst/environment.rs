//! The environment of the program: the one that was inherited, and edits.
use crate::fatal::{Fatal, warn};
use platform::Errno;
use platform_host::files;
use runit::chpst::envdir;
use std::borrow::Cow;
use std::ffi::{CStr, CString};

/// Edits in the order in which they are made: `NAME=VALUE` sets, `NAME` removes.
#[derive(Debug, Default)]
pub struct Environment(Vec<CString>);

impl Environment {
    /// Sets a variable.
    pub fn set(&mut self, name: &[u8], value: &[u8]) {
        self.edit([name, b"=", value].concat());
    }

    /// Removes a variable.
    pub fn remove(&mut self, name: &[u8]) {
        self.edit(name.to_vec());
    }

    fn edit(&mut self, text: Vec<u8>) {
        // There is no NUL in it: names are names of files, values had theirs replaced.
        self.0.extend(CString::new(text));
    }

    /// The environment after the edits. The order of the entries is part of the interface: what an
    /// edit takes away leaves its place to the last entry.
    pub fn changed<'a>(self, inherited: &[&'a CStr]) -> Vec<Cow<'a, CStr>> {
        let mut entries: Vec<Cow<'a, CStr>> = inherited.iter().map(|entry| Cow::Borrowed(*entry)).collect();
        for edit in self.0 {
            let (name, sets) = envdir::name(edit.to_bytes());
            if let Some(at) = entries.iter().position(|entry| envdir::sets(entry.to_bytes(), name)) {
                entries.swap_remove(at);
            }
            if sets {
                entries.push(Cow::Owned(edit));
            }
        }
        entries
    }

    /// Makes the edits that the files of a directory ask for. A directory among them is a failure
    /// if `strict`, otherwise at most worth a warning.
    pub fn read(&mut self, dir: &[u8], strict: bool, verbose: bool) -> Result<(), Fatal> {
        let start = files::open_read(c".")
            .map_err(|why| Fatal::new(&[b"unable to open current working directory"], why))?;
        let path = CString::new(dir).unwrap_or_default();
        files::chdir(&path).map_err(|why| Fatal::new(&[b"unable to switch to directory: ", dir], why))?;
        let names =
            files::names_here().map_err(|why| Fatal::new(&[b"unable to open directory: ", dir], why))?;
        for name in names {
            let name = name.map_err(|why| Fatal::new(&[b"unable to read directory: ", dir], why))?;
            if !envdir::is_variable(&name) {
                continue;
            }
            let parts: [&[u8]; 4] = [b"unable to read ", dir, b"/", &name];
            match content(&name) {
                Ok(Some(content)) => self.edit_from(name, &content),
                Ok(None) => {}
                Err(Errno::ISDIR) if !strict => {
                    if verbose {
                        warn(&[&parts.concat(), b": ", Errno::ISDIR.text().bytes()]);
                    }
                }
                Err(why) => return Err(Fatal::new(&parts, why)),
            }
        }
        files::fchdir(&start).map_err(|why| Fatal::new(&[b"unable to switch to starting directory"], why))
    }

    fn edit_from(&mut self, name: Vec<u8>, content: &[u8]) {
        match envdir::value(content) {
            None => self.edit(name),
            Some(value) => {
                let value: Vec<u8> = value.iter().map(|byte| envdir::byte(*byte)).collect();
                self.set(&name, &value);
            }
        }
    }
}

/// The content of a file, `None` if it went away after its name was read. DEV-82: a link that leads
/// nowhere is a file that cannot be read.
fn content(name: &[u8]) -> Result<Option<Vec<u8>>, Errno> {
    let path = CString::new(name).map_err(|_| Errno::INVAL)?;
    match files::open_read(&path).and_then(files::read_all) {
        Ok(content) => Ok(Some(content)),
        Err(Errno::NOENT) if !files::is_named(&path) => Ok(None),
        Err(why) => Err(why),
    }
}
