//! What ends chpst instead of a program.
use platform::Errno;
use platform_host::console;

/// The message: a whole line.
#[derive(Debug)]
pub struct Fatal(Vec<u8>);

/// The longest reason, and a bit.
const REASON: usize = 64;

impl Fatal {
    /// The parts, and the reason.
    pub fn new(parts: &[&[u8]], why: Errno) -> Fatal {
        Fatal::before(parts).since(why)
    }

    /// The parts alone.
    pub fn plain(parts: &[&[u8]]) -> Fatal {
        let mut fatal = Fatal::before(parts);
        fatal.0.push(b'\n');
        fatal
    }

    /// The parts, with room for a reason that is not known yet.
    pub fn before(parts: &[&[u8]]) -> Fatal {
        // The prefix does not depend on the name that was used.
        let mut text = [b"chpst: fatal: ".as_slice(), &parts.concat()].concat();
        text.reserve(REASON);
        Fatal(text)
    }

    /// The same with the reason. This and saying it need no more memory.
    pub fn since(mut self, why: Errno) -> Fatal {
        for part in [b": ".as_slice(), why.text().bytes(), b"\n"] {
            self.0.extend_from_slice(part);
        }
        self
    }

    /// Says it.
    pub fn tell(&self) {
        console::complain(&[&self.0]);
    }
}

/// Says something else.
pub fn warn(parts: &[&[u8]]) {
    console::complain(&[b"chpst: warning: ", &parts.concat(), b"\n"]);
}
