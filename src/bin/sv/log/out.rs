//! Descriptor 1, of which the end matters: without a reader there is nothing to be done.
use crate::console::Gathered;
use platform::{Errno, Stamp};
use platform_host::{files, timezone};
use runit::sv::logs::Stamped;
use runit::sv::logs::line::{Style, show};
use runit::sv::logs::stamp::Fields;

/// As much as is collected before it is written.
const ENOUGH: usize = 1 << 16;

/// Where lines go.
#[derive(Debug)]
pub struct Out {
    style: Style,
    text: Vec<u8>,
    closed: bool,
    /// The last line has no newline yet.
    open: bool,
    /// The last second, and what it is in local time.
    second: Option<(u64, Fields)>,
}

impl Out {
    pub const fn new(style: Style) -> Out {
        Out { style, text: Vec::new(), closed: false, open: false, second: None }
    }

    /// Adds a line of a service.
    pub fn line(&mut self, name: &[u8], line: &[u8]) {
        self.end();
        let second = &mut self.second;
        let local = |moment: Stamp| {
            let known = second.filter(|known| known.0 == moment.secs);
            let known = known.or_else(|| Some((moment.secs, timezone::local(moment.secs)?)));
            *second = known;
            known.map(|known| known.1)
        };
        show(&mut Gathered(&mut self.text), self.style, name, line, Stamped::of(line), local);
        self.open = !line.ends_with(b"\n");
        if self.text.len() >= ENOUGH {
            self.flush();
        }
    }

    /// Ends a line that has no newline.
    pub fn end(&mut self) {
        if std::mem::take(&mut self.open) {
            self.text.push(b'\n');
        }
    }

    /// Writes what was collected.
    pub fn flush(&mut self) {
        let mut rest = self.text.as_slice();
        let output = std::io::stdout();
        while !rest.is_empty() && !self.closed {
            match files::write(&output, rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::AGAIN) => files::wait_writable(&output),
                Err(_) => self.closed = true,
            }
        }
        self.text.clear();
    }

    /// Whether nobody reads any more.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        self.flush();
    }
}
