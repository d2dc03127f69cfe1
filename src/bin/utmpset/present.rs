//! The file of those who are logged in.
use crate::{PATIENCE, text};
use platform::Logins;
use platform_host::{files, locks};
use runit::utmpset::{Moment, find};

/// Takes the user of a line out.
pub fn end(logins: &Logins, line: &[u8], now: u64) -> Result<(), Vec<u8>> {
    let Logins { layout, utmp, .. } = logins;
    let path = utmp.to_bytes();
    let fd = files::open_update(utmp).map_err(|why| text(&[b"fatal: unable to open ", path], why))?;
    locks::lock_both(&fd, PATIENCE).map_err(|why| text(&[b"fatal: unable to lock: ", path], why))?;
    let parts: [&[u8]; 3] = [b"warning: unable to logout line ", line, b" in utmp"];
    let failed = |why| text(&parts, why);
    let mut file = files::read_all(&fd).map_err(failed)?;
    let Some(entry) = find(layout, &file, line) else {
        return Err([&parts.concat(), b": no such entry".as_slice()].concat());
    };
    entry.end(layout, &mut file, now);
    let record = file.get(entry.at..).and_then(|rest| rest.get(..layout.size)).unwrap_or_default();
    files::write_at(&fd, record, entry.at as u64).map_err(failed)
}

/// Puts the record of a moment in the place of the last one, where it has a place.
pub fn note(logins: &Logins, moment: Moment, record: &[u8]) -> Result<(), Vec<u8>> {
    let Logins { layout, utmp, .. } = logins;
    if layout.kind.is_none() {
        return Ok(());
    }
    let path = utmp.to_bytes();
    let fd = files::open_update(utmp).map_err(|why| text(&[b"fatal: unable to open ", path], why))?;
    locks::lock_both(&fd, PATIENCE).map_err(|why| text(&[b"fatal: unable to lock: ", path], why))?;
    let failed = |why| text(&[b"warning: unable to write ", path], why);
    let file = files::read_all(&fd).map_err(failed)?;
    match moment.place(layout, &file) {
        Some(at) => files::write_at(&fd, record, at as u64).map_err(failed),
        None => Ok(()),
    }
}
