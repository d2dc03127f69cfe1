//! All that can be seen of a service.
use crate::home::Home;
use crate::places::Places;
use crate::supervise;
use platform::{Errno, Stamp};
use runit::service_directory::DOWN;
use runit::sv::found::{Found, Look};
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Looks at a service and its log service.
pub fn see<'a>(places: &Places, name: &'a [u8], now: Stamp) -> Found<'a> {
    match places.find(name, true) {
        Err(errno) => Found { name, own: Err(errno), log: None, now },
        Ok(home) => {
            let own = Ok(look(&home));
            let log = match home.log() {
                Ok(home) => Some(Ok(look(&home))),
                Err(Errno::NOENT) => None,
                Err(errno) => Some(Err(errno)),
            };
            Found { name, own, log, now }
        }
    }
}

fn look(home: &Home<'_>) -> Look {
    Look { sight: supervise::look(home), normally_down: home.directory.has(DOWN).ok() }
}

/// The names of what a service needs, sorted; those of links without a place that says what they mean.
pub fn needs(places: &Places, name: &[u8]) -> Vec<Vec<u8>> {
    let path = places.path_in(name, c"needs");
    let entries = path.and_then(|path| std::fs::read_dir(OsStr::from_bytes(path.to_bytes())).ok());
    let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name().into_vec());
    let mut names: Vec<Vec<u8>> = names.filter(|name| name.first() != Some(&b'.')).collect();
    names.sort_unstable();
    names
}
