//! Who is logged in, where the C library alone knows the files (pututxline(3)).
use crate::Result;

cfg_if::cfg_if! {
    if #[cfg(any(target_os = "linux", target_os = "openbsd"))] {
        #[path = "logins/none.rs"]
        mod system;
    } else {
        #[path = "logins/utmpx.rs"]
        mod system;
    }
}

/// Ends the login on a line, in the history too if `history` (some systems always do that). `None`:
/// this system has no such functions. `Ok(false)`: nobody is logged in there.
///
/// # Errors
/// Those of pututxline(3), and ENAMETOOLONG.
#[must_use]
pub fn end(line: &[u8], now: u64, history: bool) -> Option<Result<bool>> {
    system::end(line, now, history)
}

/// Notes that the system came up, or goes down, where that is not a record of a file that
/// [`platform::LOGINS`] knows.
///
/// # Errors
/// Those of pututxline(3).
pub fn note(boot: bool, now: u64) -> Result<()> {
    system::note(boot, now)
}

/// The kernel's release (uname(3)).
#[must_use]
pub fn release() -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    nix::sys::utsname::uname().map_or(Vec::new(), |name| name.release().as_bytes().to_vec())
}
