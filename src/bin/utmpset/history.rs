//! The file of all that ever were logged in.
use crate::{PATIENCE, text};
use platform::{Errno, Logins};
use platform_host::{files, locks};
use runit::utmpset::record;

/// Notes a logout.
pub fn note(logins: &Logins, line: &[u8], now: u64) -> Result<(), Vec<u8>> {
    let mut bytes = vec![0; logins.layout.size];
    record(&logins.layout, &mut bytes, line, now);
    append(logins, &bytes, &[b"warning: unable to logout line ", line, b" in wtmp"])
}

/// Appends a record, if history is kept at all: that is so if the file is there. (C runit makes one
/// that only root can read.)
pub fn append(logins: &Logins, bytes: &[u8], unable: &[&[u8]]) -> Result<(), Vec<u8>> {
    let wtmp = logins.wtmp;
    let path = wtmp.to_bytes();
    let fd = match files::open_append(wtmp) {
        Err(Errno::NOENT) => return Ok(()),
        opened => opened.map_err(|why| text(&[b"fatal: unable to open ", path], why))?,
    };
    locks::lock_both(&fd, PATIENCE).map_err(|why| text(&[b"fatal: unable to lock ", path], why))?;
    files::append_whole(&fd, bytes).map_err(|why| text(unable, why))
}
