//! What ends chpst instead of a program.
use platform::Errno;
use platform_host::console;

/// The message.
#[derive(Debug)]
pub struct Fatal(Vec<u8>);

impl Fatal {
    /// The parts, and the reason.
    pub fn new(parts: &[&[u8]], why: Errno) -> Fatal {
        Fatal([&parts.concat(), b": ".as_slice(), why.text().bytes()].concat())
    }

    /// The parts alone.
    pub fn plain(parts: &[&[u8]]) -> Fatal {
        Fatal(parts.concat())
    }

    /// Says it. The prefix does not depend on the name that was used.
    pub fn tell(&self) {
        console::complain(&[b"chpst: fatal: ", &self.0, b"\n"]);
    }
}

/// Says something else.
pub fn warn(parts: &[&[u8]]) {
    console::complain(&[b"chpst: warning: ", &parts.concat(), b"\n"]);
}
