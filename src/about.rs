//! What a program says about itself.
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
    let mut line = crate::fixed::Text::<256>::new();
    parts.iter().for_each(|part| line.add(part.as_bytes()));
    line.add(b"\n");
    let _ = p.write(Fd::STDOUT, line.bytes());
    true
}
