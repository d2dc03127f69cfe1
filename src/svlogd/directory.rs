//! A log directory: its file, and how lines get there.
use super::config::{Config, Udp};
use super::context::Context;
use super::life::{Action, Event, Life};
use super::lines::{Job, Lines, Need};
use super::name::{Label, Name};
use super::processor::Processor;
use core::ffi::CStr;
use platform::{Errno, Fd, Instant, Platform, Table};

/// After so many writes the file is looked at: somebody may have deleted it.
const LOOK: u8 = 64;

/// A descriptor that is not open.
pub(super) const NONE: Fd = Fd(-1);

/// A log directory.
pub(super) struct Directory {
    /// As it was given.
    pub(super) path: &'static CStr,
    pub(super) fd: Fd,
    pub(super) lock: Fd,
    pub(super) current: Fd,
    pub(super) config: Config,
    /// What the config needs of its text, and room for that of the next one.
    pub(super) text: Table<u8>,
    pub(super) spare: Table<u8>,
    /// The config is one that was read in this directory.
    pub(super) configured: bool,
    pub(super) life: Life,
    pub(super) lines: Lines,
    /// The size of the file.
    pub(super) size: u64,
    /// The next rotation by time.
    pub(super) due: Option<Instant>,
    /// ALRM came and was not yet obeyed.
    pub(super) alarm: bool,
    /// The greatest label that was seen or given.
    pub(super) newest: Label,
    /// How many logs wait for the processor.
    pub(super) waiting: u64,
    /// The log made by the last rotation.
    pub(super) made: Option<Name>,
    /// It is being opened, and `current` not yet.
    pub(super) opening: bool,
    /// Device and inode of the file that was left in the midst of trouble, perhaps within a line.
    pub(super) left: Option<(u64, u64)>,
    /// It is looked for since it vanished.
    pub(super) lost: bool,
    /// It was said that the file or the directory is gone.
    pub(super) warned: bool,
    writes: u8,
    pub(super) processor: Processor,
    /// The directory in which the processor works: `path` may lead elsewhere meanwhile.
    pub(super) workplace: Fd,
}

impl Directory {
    pub(super) fn new(path: &'static CStr) -> Directory {
        Directory {
            path,
            fd: NONE,
            lock: NONE,
            current: NONE,
            config: Config::default(),
            text: Table::new(),
            spare: Table::new(),
            configured: false,
            life: Life::new(),
            lines: Lines::default(),
            size: 0,
            due: None,
            alarm: false,
            newest: Label::default(),
            waiting: 0,
            made: None,
            opening: false,
            left: None,
            lost: false,
            warned: false,
            writes: 0,
            processor: Processor::new(),
            workplace: NONE,
        }
    }

    /// Whether all that is ready is in the file, and as long as there may be more, that can be taken.
    pub(super) fn is_done(&self, cx: &Context) -> bool {
        let takes = self.life.is_ready() || cx.ending;
        !self.life.is_used() || (takes && self.lines.is_done(cx.input.count()))
    }

    /// When something is to happen without being asked for.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = self.due.filter(|_| self.life.is_ready());
        [self.life.deadline(), self.processor.deadline(), due].into_iter().flatten().min()
    }

    /// Hands in an event and does what follows from it until there is nothing left but to wait.
    pub(super) fn drive<P: Platform>(
        &mut self,
        p: &mut P,
        cx: &mut Context,
        buffer: &mut [u8],
        event: Event,
    ) {
        let mut event = event;
        loop {
            // The hot path does not ask for the time: only pauses need it.
            let now = match event {
                Event::Failed | Event::Gone | Event::Refused(_) | Event::Time => p.now(),
                Event::Owes | Event::Due | Event::HangUp | Event::Terminate | Event::Ends | Event::Done => {
                    Instant(0)
                }
            };
            event = match self.life.step(event, now) {
                Action::Wait => break,
                Action::Write => self.write(p, cx, buffer),
                Action::Sync => self.sync(p),
                Action::Mark => self.mark(p),
                Action::Rename => self.rename(p, cx),
                Action::Create => self.create(p, cx),
                Action::Prune => self.prune_after_rotation(p, cx),
                Action::Shut => self.shut(p, cx),
                Action::Leave => self.leave(p, cx),
                Action::Open => self.open(p, cx),
            };
        }
    }

    /// Brings everything that is ready where it belongs, or as much as goes.
    pub(super) fn pump<P: Platform>(&mut self, p: &mut P, cx: &mut Context, input: &[u8], buffer: &mut [u8]) {
        if core::mem::take(&mut self.alarm) {
            self.lines.rotate(self.size);
        }
        while self.life.is_ready() {
            if !cx.leaving && self.processor.holds_up(self.waiting, self.config.keep) {
                return;
            }
            let job = job(cx, input, &self.config, self.text.rows(), self.size);
            let need = self.lines.take(&job, buffer);
            let event = match need {
                Need::Write => Event::Owes,
                Need::Rotate if self.lines.filled() > 0 => Event::Owes,
                Need::Rotate => Event::Due,
                Need::Nothing => return,
                Need::Copy { stderr, udp } => {
                    self.copy(p, cx, input, buffer, stderr, udp);
                    continue;
                }
            };
            self.drive(p, cx, buffer, event);
        }
    }

    fn copy<P: Platform>(
        &mut self,
        p: &mut P,
        cx: &mut Context,
        input: &[u8],
        buffer: &mut [u8],
        stderr: bool,
        udp: bool,
    ) {
        let socket = if udp { cx.socket(p) } else { None };
        let job = job(cx, input, &self.config, self.text.rows(), self.size);
        let copy = self.lines.compose(&job, b"", buffer);
        if stderr {
            forward(p, copy);
        }
        let Some(Udp { ip, port }) = self.config.udp.filter(|_| udp) else { return };
        let note: &[u8] = match socket {
            None => b"warning: no udp socket available: ",
            Some(fd) if p.send(fd, ip, port, copy) == Ok(copy.len()) => return,
            Some(_) => b"warning: failure sending through udp: ",
        };
        let count = self.lines.compose(&job, note, buffer).len();
        self.lines.keep(&job, count);
    }

    fn write<P: Platform>(&mut self, p: &mut P, cx: &mut Context, buffer: &mut [u8]) -> Event {
        self.writes = self.writes.wrapping_add(1);
        if self.writes % LOOK == 0 && p.fstat(self.current).is_ok_and(|found| found.links == 0) {
            self.say_gone(p, b"current was deleted");
            return Event::Gone;
        }
        while self.lines.filled() > 0 {
            let owed = buffer.get(..self.lines.filled()).unwrap_or_default();
            let errno = match p.write(self.current, owed) {
                Ok(0) => Errno::NOSPC,
                Ok(count) => {
                    self.size = self.size.saturating_add(count as u64);
                    self.lines.written(buffer, count);
                    continue;
                }
                Err(Errno::INTR) => continue,
                Err(errno) => errno,
            };
            if errno == Errno::NOSPC && self.make_room(p, cx) {
                continue;
            }
            Context::trouble(p, b"pausing", b"unable to write to current", self.path, errno);
            return Event::Failed;
        }
        Event::Done
    }

    /// Says once what is gone, until there is a file again.
    pub(super) fn say_gone<P: Platform>(&mut self, p: &mut P, text: &[u8]) {
        if !core::mem::replace(&mut self.warned, true) {
            Context::trouble(p, b"warning", text, self.path, Errno::NOENT);
        }
    }
}

fn job<'a>(cx: &'a Context, input: &'a [u8], config: &'a Config, rules: &'a [u8], size: u64) -> Job<'a> {
    let (text, stamps) = (cx.input.ready(input), cx.stamps());
    let mut job = Job { text, stamps, length: cx.options.length, config, rules, size, plain: false };
    job.plain = job.is_plain();
    job
}

/// A line for descriptor 2. Unlike a message it is not dropped when that takes nothing for now.
fn forward<P: Platform>(p: &mut P, line: &[u8]) {
    let mut rest = line;
    while !rest.is_empty() {
        match p.write(Fd::STDERR, rest) {
            Ok(count) => rest = rest.get(count.max(1)..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
