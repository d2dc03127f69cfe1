//! How a supervisor looks at a service that is another supervisor's: through its supervise directory, as sv does.
use crate::protocol::Letter;
use crate::service_directory::{CONTROL, OK};
use core::ffi::CStr;
use platform::{Fd, Files, Kind, Meta, Open, Result};

/// Whether a supervisor is there.
pub(crate) fn is_supervised<P: Files>(p: &mut P, place: Fd) -> bool {
    p.openat(place, OK, Open::Write).map(|ok| p.close(ok)).is_ok()
}

/// What is in a small file: how many bytes were read.
pub(crate) fn read<P: Files>(p: &mut P, place: Fd, name: &CStr, into: &mut [u8]) -> usize {
    let Ok(file) = p.openat(place, name, Open::Read) else { return 0 };
    let read = p.read(file, into);
    p.close(file);
    read.unwrap_or(0)
}

/// Tells its supervisor something. `false`: it was not told.
pub(crate) fn tell<P: Files>(p: &mut P, place: Fd, letter: Letter) -> bool {
    let Ok(control) = p.openat(place, CONTROL, Open::Write) else { return false };
    let told = p.write(control, &[letter.byte()]) == Ok(1);
    p.close(control);
    told
}

/// Where an entry of `needs/` leads, if it is a link to a service's directory, or to nowhere. All else is a name
/// in the scan directory.
pub(crate) fn led<P: Files>(p: &mut P, dir: Fd, entry: &CStr) -> Option<Result<Meta>> {
    p.readlinkat(dir, entry, &mut [0]).ok()?;
    Some(p.fstatat(dir, entry)).filter(|led| led.map_or(true, |found| found.kind == Kind::Directory))
}
