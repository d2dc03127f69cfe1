//! What a program says about itself.
use crate::msg;
use platform::{Args, Fd, Files};

/// The version of the whole suite.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Answers `--version` and `--help` as first argument on descriptor 1; `true` if it did.
pub fn answered(p: &mut impl Files, args: Args, name: &str, usage: &str) -> bool {
    let parts = match args.get(1).map(core::ffi::CStr::to_bytes) {
        Some(b"--version") => [name, " ", VERSION],
        Some(b"--help") => ["usage: ", name, usage],
        _ => return false,
    };
    let line = msg::line(&parts.map(str::as_bytes));
    let _ = p.write(Fd::STDOUT, line.bytes());
    true
}
