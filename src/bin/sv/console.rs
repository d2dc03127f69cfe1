//! Descriptors 1 and 2. What is written to 1 is collected, and leaves in whole lines.
use platform_host::files;
use runit::sv::text::Sink;

/// As much as is collected before it is written.
const ENOUGH: usize = 8192;

/// The two outputs.
#[derive(Debug, Default)]
pub struct Console {
    lines: Vec<u8>,
    broken: bool,
}

/// Descriptor 1.
impl Sink for Console {
    fn put(&mut self, bytes: &[u8]) {
        self.lines.extend_from_slice(bytes);
        if bytes.ends_with(b"\n") && self.lines.len() >= ENOUGH {
            self.flush();
        }
    }
}

impl Console {
    /// Writes the lines that were collected. sv goes on when nobody reads them: the services count.
    pub fn flush(&mut self) {
        let whole = self.lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
        let (lines, rest) = self.lines.split_at(whole);
        self.broken |= !write_all(std::io::stdout(), lines);
        self.lines = rest.to_vec();
    }

    /// Whether nobody reads descriptor 1 any more.
    pub const fn is_broken(&self) -> bool {
        self.broken
    }

    /// Writes the parts to descriptor 2, after what was said before.
    pub fn complain(&mut self, parts: &[&[u8]]) {
        self.flush();
        write_all(std::io::stderr(), &parts.concat());
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Whether all was written.
fn write_all(fd: impl std::os::fd::AsFd, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match files::write(&fd, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(platform::Errno::AGAIN) => files::wait_writable(&fd),
            Err(_) => return false,
        }
    }
    true
}

/// Text in memory.
#[derive(Debug)]
pub struct Gathered<'a>(pub &'a mut Vec<u8>);

impl Sink for Gathered<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}
