//! The config that is in force in a directory.
use super::config::{Config, WrongLine, compact};
use crate::svlogd::context::Context;
use core::ffi::CStr;
use platform::{Errno, Fd, Open, Platform, Result, Table};

/// A config and what it needs of its text.
pub struct Settings {
    config: Config,
    text: Table<u8>,
    /// Room for the text of the next one.
    spare: Table<u8>,
    /// It was read in this directory.
    read: bool,
}

impl Settings {
    /// The default.
    pub fn new() -> Settings {
        Settings { config: Config::default(), text: Table::new(), spare: Table::new(), read: false }
    }

    /// The directory is another one: it has a config of its own, or none.
    pub fn forget(&mut self) {
        (self.config, self.read) = (Config::default(), false);
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The config and its text.
    pub fn parts(&mut self) -> (&Config, &[u8]) {
        (&self.config, self.text.rows())
    }

    /// The command of the processor.
    pub fn processor(&mut self) -> Option<&CStr> {
        self.config.processor(self.text.rows())
    }

    /// Reads the config of a directory. One that cannot be read, or is not there any more, leaves the one in
    /// force that was read before: at its defaults a directory loses all logs but ten (DEV-74).
    pub fn load<P: Platform>(&mut self, p: &mut P, cx: &Context, dir: Fd, path: &CStr) {
        let complain = |p: &mut P, wrong: WrongLine<'_>| match wrong {
            WrongLine::Address(rest) => {
                Context::say(p, b"warning", &[b"unable to scan ip address: ", rest]);
            }
            WrongLine::Port(rest) => {
                Context::say(p, b"warning", &[b"unable to scan port number: ", rest]);
            }
        };
        let mut small = [0; SMALL];
        self.spare.clear();
        let found = read(p, dir, &mut small, &mut self.spare).and_then(|size| {
            let text = match size {
                Some(count) => small.get_mut(..count).unwrap_or_default(),
                None => self.spare.rows(),
            };
            let config = compact(text, |wrong| complain(p, wrong));
            if size.is_some() {
                // Of one with numbers alone nothing is to be kept.
                config.kept(&small).iter().try_for_each(|byte| add(p, &mut self.spare, *byte))?;
            }
            Ok(config)
        });
        let missing = found.map(drop) == Err(Errno::NOENT);
        match found {
            Ok(config) => {
                (self.config, self.read) = (config, true);
                core::mem::swap(&mut self.text, &mut self.spare);
            }
            Err(_) if missing && !self.read => {}
            // DEV-67: not another directory's.
            Err(errno) => Context::trouble(p, b"warning", b"unable to read config", path, errno),
        }
        if !missing {
            cx.info(p, &[b"read: ", path.to_bytes(), b"/config"]);
        }
    }
}

/// A config of fewer bytes is read without asking for memory; most are.
const SMALL: usize = 256;

/// Reads `config`, with one byte more behind it, and says how long it is with that; `None`: it is too long for
/// `small`, and in the table.
fn read<P: Platform>(
    p: &mut P,
    dir: Fd,
    small: &mut [u8; SMALL],
    into: &mut Table<u8>,
) -> Result<Option<usize>> {
    let fd = p.openat(dir, c"config", Open::Read)?;
    let mut at = 0;
    let mut large = false;
    let done = loop {
        match p.read(fd, small.get_mut(at..).unwrap_or_default()) {
            Ok(0) if large => {
                let rest = small.get(..at).unwrap_or_default().iter().chain(&[0]);
                break { rest }.try_for_each(|byte| add(p, into, *byte)).map(|()| None);
            }
            Ok(0) => break Ok(Some(at.saturating_add(1))),
            Ok(count) => at = at.saturating_add(count),
            Err(Errno::INTR) => {}
            Err(errno) => break Err(errno),
        }
        if at >= SMALL {
            large = true;
            if let Err(errno) = small.iter().try_for_each(|byte| add(p, into, *byte)) {
                break Err(errno);
            }
            at = 0;
        }
    };
    p.close(fd);
    done
}

fn add<P: Platform>(p: &mut P, into: &mut Table<u8>, byte: u8) -> Result<()> {
    into.make_room(p)?;
    into.push(byte)
}
