//! Opening a log directory.
use super::config::{Config, Wrong, compact};
use super::context::Context;
use super::directory::{Directory, NONE};
use super::life::Event;
use super::processor::Event as WorkEvent;
use super::rotate::c_name;
use platform::{Errno, Fd, Meta, Open, Platform, Result};

impl Directory {
    fn refused<P: Platform>(&mut self, p: &mut P, cx: &mut Context, text: &[u8], errno: Errno) -> Event {
        // A name that leads nowhere is said once, if lines wait for it.
        let holds = !self.lines.is_done(cx.input.count()) || (self.lost && !cx.ending);
        if !(holds && errno == Errno::NOENT && core::mem::replace(&mut self.warned, true)) {
            Context::trouble(p, b"warning", text, self.path, errno);
        }
        self.give_up(p);
        let _ = cx.go_home(p);
        Event::Refused(holds)
    }

    /// Finds the directory, locks it, reads its config, and puts aside what a crash left.
    pub(super) fn open<P: Platform>(&mut self, p: &mut P, cx: &mut Context) -> Event {
        (self.opening, self.made) = (true, None);
        if cx.go_home(p).is_err() {
            return Event::Failed;
        }
        match p.open(self.path, Open::Read) {
            Ok(fd) => self.arrive(p, fd),
            Err(errno) => return self.refused(p, cx, b"unable to open log directory", errno),
        }
        if let Err(errno) = cx.enter(p, self.fd) {
            cx.info(p, &[b"close: ", self.path.to_bytes()]);
            return self.refused(p, cx, b"unable to change directory", errno);
        }
        if let Err(errno) = self.take_lock(p) {
            cx.info(p, &[b"close: ", self.path.to_bytes()]);
            return self.refused(p, cx, b"unable to lock directory", errno);
        }
        self.read_config(p, cx);
        self.due = match self.config.every {
            0 => None,
            every => Some(p.now().plus_ms(u64::from(every).saturating_mul(1000))),
        };
        // For the labels that are there already.
        if let Err(errno) = self.survey(p, false) {
            Context::trouble(p, b"warning", b"unable to read directory", self.path, errno);
        }
        if let Err(event) = self.recover(p, cx) {
            return event;
        }
        self.work(p, cx, WorkEvent::HangUp);
        Event::Done
    }

    /// Another descriptor of the directory. If it is the same directory, its lock is kept: a child
    /// that was forked and is not yet another program holds it too, and would keep it.
    fn arrive<P: Platform>(&mut self, p: &mut P, fd: Fd) {
        let place = |found: Meta| (found.device, found.inode);
        let known = self.fd != NONE;
        let same = known && p.fstat(fd).map(place) == p.fstat(self.fd).map(place);
        if known && !same {
            // It has a config of its own, or none.
            (self.config, self.configured) = (Config::default(), false);
        }
        if same && p.fstat(self.lock).is_ok_and(|found| found.links > 0) {
            p.close(core::mem::replace(&mut self.fd, fd));
        } else {
            self.give_up(p);
            self.fd = fd;
        }
    }

    fn take_lock<P: Platform>(&mut self, p: &mut P) -> Result<()> {
        if self.lock != NONE {
            return Ok(());
        }
        self.lock = p.open(c"lock", Open::Lock)?;
        p.lock(self.lock)
    }

    /// A `current` that was not closed properly gets a name of its own. So does a link, to which nothing
    /// else is done: what it leads to may be anybody's.
    fn recover<P: Platform>(&mut self, p: &mut P, cx: &mut Context) -> core::result::Result<(), Event> {
        let opened = p.open(c"current", Open::Update);
        if opened.is_ok() || p.readlinkat(Fd::CWD, c"current", &mut [0]).is_err() {
            let found = match opened {
                Ok(fd) => p.fstat(fd),
                Err(_) => p.stat(c"current"),
            };
            let ended = match found {
                // No crash but this very process left it, and goes on where it stopped.
                Ok(found) if self.left == Some((found.device, found.inode)) => Ok(0),
                Ok(found) if found.owner_executes() => Ok(0),
                Ok(found) => opened.and_then(|fd| cut_line(p, fd, found.size)),
                Err(_) => Ok(0),
            };
            if let Ok(fd) = opened {
                p.close(fd);
            }
            match (found, ended) {
                (Err(Errno::NOENT), _) | (Ok(_), Ok(0)) => return Ok(()),
                (Err(errno), _) => return Err(self.refused(p, cx, b"unable to stat current", errno)),
                (Ok(_), Ok(_)) => {}
                (Ok(_), Err(errno)) => {
                    Context::trouble(p, b"warning", b"unable to end current", self.path, errno);
                }
            }
        }
        let renamed = self.free_name(p, b'u').and_then(|name| {
            p.rename(c"current", c_name(&name).as_c())?;
            Ok(name)
        });
        match renamed {
            Ok(name) => {
                self.made = Some(name);
                self.prune(p, cx);
                self.made = None;
                Ok(())
            }
            Err(errno) => {
                Context::trouble(p, b"pausing", b"unable to rename current", self.path, errno);
                Err(Event::Failed)
            }
        }
    }

    /// One that cannot be read, or is not there any more, leaves the one in force that was read before: at
    /// its defaults a directory loses all logs but ten (DEV-74).
    fn read_config<P: Platform>(&mut self, p: &mut P, cx: &Context) {
        let complain = |p: &mut P, wrong: Wrong<'_>| match wrong {
            Wrong::Address(rest) => {
                Context::say(p, b"warning", &[b"unable to scan ip address: ", rest]);
            }
            Wrong::Port(rest) => {
                Context::say(p, b"warning", &[b"unable to scan port number: ", rest]);
            }
        };
        let mut small = [0; SMALL];
        self.spare.clear();
        let found = read(p, &mut small, &mut self.spare).and_then(|size| {
            let Some(count) = size else {
                return Ok(compact(self.spare.rows(), |wrong| complain(p, wrong)));
            };
            let text = small.get_mut(..count).unwrap_or_default();
            let config = compact(text, |wrong| complain(p, wrong));
            // Of one with numbers alone nothing is to be kept.
            let mut kept = config.kept(text).iter();
            kept.try_for_each(|byte| self.spare.push(*byte)).map(|()| config)
        });
        let missing = found.map(drop) == Err(Errno::NOENT);
        match found {
            Ok(config) => {
                (self.config, self.configured) = (config, true);
                core::mem::swap(&mut self.text, &mut self.spare);
            }
            Err(_) if missing && !self.configured => {}
            // DEV-67: not another directory's.
            Err(errno) => Context::trouble(p, b"warning", b"unable to read config", self.path, errno),
        }
        if !missing {
            cx.info(p, &[b"read: ", self.path.to_bytes(), b"/config"]);
        }
    }
}

/// A line without end is looked for in this much of a file, which is more than is written at once.
const TAIL: u64 = 65_536;

/// What is left of the line in which svlogd was killed goes: the rest of it was not written, and what
/// comes next is no part of it. The size of `current` after that.
fn cut_line<P: Platform>(p: &mut P, fd: Fd, size: u64) -> Result<u64> {
    match last_end(p, fd, size)? {
        end if end < size => p.ftruncate(fd, end).map(|()| end),
        _ => Ok(size),
    }
}

/// Where the last line ends; a file that is one line has its end at the beginning, and one whose last line
/// is longer than what is written at once has it at its end.
fn last_end<P: Platform>(p: &mut P, fd: Fd, size: u64) -> Result<u64> {
    let mut part = [0; 512];
    let mut to = size;
    while to > 0 {
        let from = to.saturating_sub(part.len() as u64);
        let count = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
        let part = part.get_mut(..count).unwrap_or_default();
        let got = p.pread(fd, from, part)?;
        let newline = part.get(..got).unwrap_or_default().iter().rposition(|byte| *byte == b'\n');
        if let Some(at) = newline {
            return Ok(from.saturating_add(at as u64).saturating_add(1));
        }
        if size.saturating_sub(from) > TAIL {
            return Ok(size);
        }
        to = from;
    }
    Ok(0)
}

/// A config of fewer bytes is read without asking for memory; most are.
const SMALL: usize = 256;

/// Reads `config`, with one byte more behind it, and says how long it is with that; `None`: it is too long for
/// `small`, and in the table.
fn read<P: Platform>(
    p: &mut P,
    small: &mut [u8; SMALL],
    into: &mut platform::Table<u8>,
) -> Result<Option<usize>> {
    let fd = p.open(c"config", Open::Read)?;
    let mut at = 0;
    let mut large = false;
    let done = loop {
        match p.read(fd, small.get_mut(at..).unwrap_or_default()) {
            Ok(0) if large => {
                let rest = small.get(..at).unwrap_or_default().iter().chain(&[0]);
                break { rest }.try_for_each(|byte| into.push(*byte)).map(|()| None);
            }
            Ok(0) => break Ok(Some(at.saturating_add(1))),
            Ok(count) => at = at.saturating_add(count),
            Err(Errno::INTR) => {}
            Err(errno) => break Err(errno),
        }
        if at >= SMALL {
            large = true;
            if let Err(errno) = small.iter().try_for_each(|byte| into.push(*byte)) {
                break Err(errno);
            }
            at = 0;
        }
    };
    p.close(fd);
    done
}
