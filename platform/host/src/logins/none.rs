//! Systems whose logins are in files that [`platform::LOGINS`] knows.
use crate::Result;

pub(super) fn end(_line: &[u8], _now: u64, _history: bool) -> Option<Result<bool>> {
    None
}

pub(super) fn note(_boot: bool, _now: u64) -> Result<()> {
    Ok(())
}
