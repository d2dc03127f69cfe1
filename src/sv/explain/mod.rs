//! `sv --explain` without the system: which sentences follow from what was found, and what to do.
mod advice;
pub mod script;
mod sentences;
#[cfg(test)]
mod tests;
pub mod wrap;

pub use sentences::explain;

use crate::args::{Opt, Options};
use crate::status::Record;
use platform::{Errno, Stamp};

/// The services behind `--explain`; `--user` may stand among them. `false`: there is an option that is none.
pub fn operands<'a>(
    word: impl Fn(usize) -> Option<&'a [u8]>,
    first: usize,
    user: &mut bool,
    mut name: impl FnMut(&'a [u8]),
) -> bool {
    // The parser begins behind a program's name.
    let mut options = Options::new(|at| word(at.saturating_add(first).saturating_sub(1)), b"");
    let mut ended = false;
    loop {
        let found = if ended { None } else { options.next() };
        match found {
            Some(Opt::Long(b"")) => ended = true,
            Some(Opt::Long(b"user")) => *user = true,
            Some(_) => return false,
            None => match options.argument() {
                Some(word) => name(word),
                None => return true,
            },
        }
        options.resume();
    }
}

/// Why a program cannot be started, as far as a look at it tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault<'a> {
    /// It is not there.
    Missing,
    /// It is a directory, or something else that is no file.
    NoFile,
    /// Its mode lets nobody execute it.
    Mode,
    /// Its file system is mounted so that nothing on it is executed.
    NoExec,
    /// It has no `#!` line.
    NoInterpreter,
    /// There is a byte order mark before the `#!`.
    Mark,
    /// This interpreter is not there.
    Interpreter(&'a [u8]),
    /// The first line ends with a carriage return, behind the path of this interpreter.
    Carriage(&'a [u8]),
}

/// What leads to a service directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry<'a> {
    /// It is there.
    Directory,
    /// There is no such name; the path of a service directory of that name that could be linked.
    Missing(Option<&'a [u8]>),
    /// A link that leads nowhere, and its text.
    Dangling(&'a [u8]),
    /// It is no directory.
    NoDirectory,
    /// It may not be looked into, or another trouble.
    Trouble(Errno),
}

/// The supervisor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Supervisor {
    /// It is there.
    Alive,
    /// It is gone, or never was.
    Gone,
    /// Whether it is there may not be seen.
    Denied,
}

/// What is known of a service or of its log service.
#[derive(Clone, Copy, Debug)]
pub struct Half<'a> {
    /// Its supervisor.
    pub supervisor: Supervisor,
    /// What that says.
    pub record: Option<Record>,
    /// There is a file `down`.
    pub down: bool,
    /// What is wrong with `run`.
    pub run: Option<Fault<'a>>,
    /// What is wrong with `finish`, if there is one.
    pub finish: Option<Fault<'a>>,
}

/// All that was found.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// As it was typed.
    pub name: &'a [u8],
    /// The path of its directory.
    pub path: &'a [u8],
    /// The directory of services.
    pub svdir: &'a [u8],
    /// What leads there.
    pub entry: Entry<'a>,
    /// The service.
    pub service: Half<'a>,
    /// Its log service.
    pub log: Option<Half<'a>>,
    /// Another service of the directory has a supervisor.
    pub others: bool,
    /// Its directory is on a file system that is read-only.
    pub read_only: bool,
    /// It may be down after an exit with 0.
    pub oneshot: bool,
    /// Commands wait to be read.
    pub unread: bool,
    /// It has a `check`.
    pub check: bool,
    /// Its `run` sets limits.
    pub limits: bool,
    /// Another instance of its template, with which it shares a supervise directory.
    pub shares: Option<&'a [u8]>,
    /// Its process is the shell of `run`, which waits for another one.
    pub shell: bool,
    /// The last lines of its log, and whether an address is in use by their words.
    pub lines: &'a [&'a [u8]],
    /// The time of day.
    pub now: Stamp,
}

impl Facts<'_> {
    /// Whether it is what its supervisor, and whoever arranged it, want it to be.
    #[must_use]
    pub fn is_as_wanted(&self) -> bool {
        let half = |half: &Half<'_>| {
            let Some(record) = half.record.filter(|_| half.supervisor != Supervisor::Gone) else {
                return false;
            };
            let up = record.pid != 0 && record.state == Some(crate::status::State::Run);
            let good = record.paused == 0 && !record.has_failed() && !record.is_asked_to_end();
            match record.want {
                b'u' => good && (up || record.is_done()) && record.is_ready() != Some(false),
                _ => good && record.pid == 0,
            }
        };
        self.entry == Entry::Directory
            && half(&self.service)
            && self.log.as_ref().is_none_or(half)
            && !self.unread
            && self.shares.is_none()
    }
}
