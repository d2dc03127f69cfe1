//! svlogd: writes its input to log directories, which it keeps in order.
//!
//! Decided without a clock or a descriptor: [`Options`], [`Config`] and [`matches()`] (which lines),
//! [`Input`] and [`Lines`] (what is written), [`Life`] (what is done to a directory, and what when that
//! fails) and [`Processor`]. The other files perform it.
//!
//! The input is read only while every directory has taken what was read before, and only when
//! poll(2) says that there is something: descriptor 0 is shared with others and stays as it was.
mod config;
mod context;
mod directory;
mod input;
mod life;
mod lines;
mod name;
mod open;
mod options;
mod pattern;
mod processor;
mod rotate;
mod stamp;
mod work;

pub use config::{Config, Udp, Wrong as WrongLine, compact};
pub use input::Input;
pub use life::{Action, Event, Goal, Life};
pub use lines::{Job, Lines, Need};
pub use name::{Kind, Label, Name, Survey};
pub use options::{Options, Replace, Wrong};
pub use pattern::matches;
pub use processor::{Action as WorkAction, Event as WorkEvent, Processor, Settle};
pub use stamp::{Stamper, Style};

use crate::{VERSION, args, cli, msg};
use context::Context;
use core::ffi::CStr;
use directory::Directory;
use platform::{Args, Block, CROWD, Ended, Errno, Fd, Instant, Open, Platform, Result, Signal, SignalSet};

const USAGE: &str = " [-ttv] [-r c] [-R abc] [-l len] [-b buflen] dir ...";

/// The least that is read at once, if there is so much: what a pipe holds. Memory is taken as it is
/// filled.
const INPUT: usize = 65_536;
/// The least that is written at once, if there is so much.
const OUTPUT: usize = 32_768;
/// After TERM the rest of a line is waited for so long since its last byte, in milliseconds; then it
/// ends where it is.
const REST: u64 = 2000;

/// The program. Its exit code is 0 at the end of the input and after TERM, 111 for a wrong call and
/// when no directory can be used.
pub fn main<P: Platform>(p: &mut P, args: Args) -> u8 {
    if cli::answered(p, args, "svlogd", USAGE) {
        return 0;
    }
    let options = match Options::read(|at| args.get(at).map(CStr::to_bytes)) {
        Ok(options) => options,
        Err(wrong) => {
            let name = args::basename(args.get(0).unwrap_or(c"").to_bytes());
            match wrong {
                Wrong::Illegal(letter) => msg::say(p, &[name, b": illegal option -- ", &[letter]]),
                Wrong::Missing(letter) => {
                    msg::say(p, &[name, b": option requires an argument -- ", &[letter]]);
                }
                Wrong::Version => msg::say(p, &[b"svlogd ", VERSION.as_bytes()]),
                Wrong::Usage => {}
            }
            cli::usage(p, args, USAGE);
            return 111;
        }
    };
    match Svlogd::start(p, args, options) {
        Ok(mut svlogd) => svlogd.run(p),
        Err(()) => 111,
    }
}

/// What the program has left to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Everything.
    Reads,
    /// The rest of the line that TERM came in, up to a moment.
    Finishes(Instant),
    /// What was read.
    Ends,
}

struct Svlogd {
    cx: Context,
    /// The directories; the input buffer; one output buffer for each directory.
    memory: Block<Directory>,
    input: usize,
    share: usize,
    /// Everything that was ready is in the files.
    done: bool,
    /// More processors may have ended than one turn takes.
    deaths: bool,
    phase: Phase,
}

impl Svlogd {
    fn start<P: Platform>(p: &mut P, args: Args, options: Options) -> core::result::Result<Svlogd, ()> {
        let home = match p.open(c".", Open::Read) {
            Ok(home) => home,
            Err(errno) => {
                msg::say_why(p, &[b"svlogd: fatal: unable to open current working directory"], errno);
                return Err(());
            }
        };
        let caught = [Signal::Terminate, Signal::Child, Signal::Alarm, Signal::HangUp];
        if let Err(errno) = p.catch(&caught) {
            msg::say_why(p, &[b"svlogd: fatal: unable to create selfpipe"], errno);
            return Err(());
        }
        let Ok(mut svlogd) = Svlogd::new(args, options, home) else {
            Context::say(p, b"fatal", &[b"out of memory."]);
            return Err(());
        };
        svlogd.all(p, Event::HangUp);
        if svlogd.is_useless(p) { Err(()) } else { Ok(svlogd) }
    }

    fn new(args: Args, options: Options, home: Fd) -> Result<Svlogd> {
        let mut count: usize = 0;
        while args.get(options.first.saturating_add(count)).is_some() {
            count = count.saturating_add(1);
        }
        let share = options.buffer.max(OUTPUT);
        // A byte more than counts of a line, and one for a newline.
        let input = options.buffer.max(INPUT).checked_add(2).ok_or(Errno::NOMEM)?;
        let bytes = share.checked_mul(count).and_then(|outputs| outputs.checked_add(input));
        let mut memory = Block::new(count, bytes.ok_or(Errno::NOMEM)?)?;
        for index in 0..count {
            if let Some(path) = args.get(options.first.saturating_add(index)) {
                memory.push(Directory::new(path))?;
            }
        }
        Ok(Svlogd {
            cx: Context::new(options, home),
            memory,
            input,
            share,
            done: true,
            deaths: false,
            phase: Phase::Reads,
        })
    }

    /// The input buffer.
    fn buffer(&mut self) -> (&mut Context, &mut [u8]) {
        let (_, bytes) = self.memory.parts();
        (&mut self.cx, bytes.get_mut(..self.input).unwrap_or_default())
    }

    fn is_useless<P: Platform>(&mut self, p: &mut P) -> bool {
        let useless = !self.memory.rows().iter().any(|dir| dir.life.is_used());
        if useless {
            Context::say(p, b"fatal", &[b"no functional log directories."]);
        }
        useless
    }

    /// Each directory with its part of the output buffer.
    fn each(&mut self, mut act: impl FnMut(&mut Directory, &mut Context, &mut [u8], &mut [u8])) {
        let (dirs, bytes) = self.memory.parts();
        let (input, mut outputs) = bytes.split_at_mut_checked(self.input).unwrap_or_default();
        for dir in dirs {
            let (output, rest) = outputs.split_at_mut_checked(self.share).unwrap_or_default();
            act(dir, &mut self.cx, input, output);
            outputs = rest;
        }
    }

    /// Hands an event to all directories.
    fn all<P: Platform>(&mut self, p: &mut P, event: Event) {
        let ends = self.phase == Phase::Ends;
        self.each(|dir, cx, input, output| {
            if event == Event::HangUp && !dir.life.is_used() {
                if ends {
                    return;
                }
                dir.lines = Lines::new(cx.input.count(), cx.input.ends_within(input));
            }
            dir.drive(p, cx, output, event);
        });
        let _ = self.cx.go_home(p);
    }

    fn run<P: Platform>(&mut self, p: &mut P) -> u8 {
        loop {
            let done = self.pump(p);
            if self.phase == Phase::Ends && done && self.end(p) {
                return 0;
            }
            let until = self.deadline();
            let reads = done && self.phase != Phase::Ends;
            let soon = if self.deaths { Some(p.now()) } else { until };
            let mut wake = p.wait(&[if reads { Fd::STDIN } else { Fd(-1) }], soon);
            if self.deaths {
                wake.signals.add(Signal::Child);
            }
            if reads && !wake.is_ready(0) && wake.signals != SignalSet::default() {
                // What was written before the signal comes first.
                let more = p.wait(&[Fd::STDIN], Some(Instant(0)));
                wake.ready = more.ready;
                wake.signals.0 |= more.signals.0;
            }
            if reads && wake.is_ready(0) {
                self.read(p);
            } else if !reads && self.phase == Phase::Reads && wake.signals == SignalSet::default() {
                // Time has passed. Who cannot write leaves what there is where it is; but whether
                // there ever will be more can be told.
                let more = p.wait(&[Fd::STDIN], Some(Instant(0)));
                wake.signals = more.signals;
                if more.is_ready(0) && p.unread(Fd::STDIN) == Ok(0) {
                    self.finish();
                }
            }
            if wake.signals != SignalSet::default() && self.signals(p, wake.signals) {
                return 111;
            }
            if until.is_some() {
                self.time(p, reads);
            }
        }
    }

    /// Brings what was read to the directories. `true`: all of it is there.
    fn pump<P: Platform>(&mut self, p: &mut P) -> bool {
        // Byte by byte up to the end of a line: that is one write, and not thousands.
        let finishes = matches!(self.phase, Phase::Finishes(_));
        if finishes && self.done && self.cx.input.open() && self.has_room() {
            return true;
        }
        let mut done = true;
        self.each(|dir, cx, input, output| {
            dir.pump(p, cx, input, output);
            done &= dir.is_done(cx);
        });
        if done {
            let (cx, buffer) = self.buffer();
            if cx.input.taken(buffer) {
                cx.earlier = cx.stamp;
            }
            self.memory.rows().iter_mut().for_each(|dir| dir.lines.restart());
        }
        self.done = done;
        done
    }

    fn has_room(&mut self) -> bool {
        let (cx, buffer) = self.buffer();
        !cx.input.room(buffer).is_empty()
    }

    fn read<P: Platform>(&mut self, p: &mut P) {
        let phase = self.phase;
        let (cx, buffer) = self.buffer();
        let room = cx.input.room(buffer);
        // What follows the line is for whoever reads the descriptor next.
        let most = if phase == Phase::Reads { room.len() } else { room.len().min(1) };
        let count = match p.read_shared(Fd::STDIN, room.get_mut(..most).unwrap_or_default()) {
            Ok(count) => count,
            Err(Errno::AGAIN | Errno::INTR) => return,
            Err(errno) => {
                msg::say_why(p, &[b"svlogd: warning: unable to read standard input"], errno);
                0
            }
        };
        if count == 0 {
            return self.finish();
        }
        if !cx.stamper.is_off() {
            let stamp = cx.stamper.stamp(p.wall());
            platform::copy(stamp, &mut cx.stamp);
        }
        cx.input.fed(buffer, count, cx.options.replace.as_ref());
        if let Phase::Finishes(_) = self.phase {
            self.phase = Phase::Finishes(p.now().plus_ms(REST));
            if !self.cx.input.open() {
                self.finish();
            }
        }
    }

    /// Nothing more is read.
    fn finish(&mut self) {
        let (cx, buffer) = self.buffer();
        cx.input.finish(buffer, cx.options.replace.as_ref());
        self.phase = Phase::Ends;
        (self.cx.leaving, self.cx.ending) = (true, true);
    }

    /// Acts on signals. `true`: there is nothing left to act on.
    fn signals<P: Platform>(&mut self, p: &mut P, signals: SignalSet) -> bool {
        if signals.has(Signal::Child) {
            self.cx.info(p, &[b"sigchild received."]);
            self.deaths = true;
            for _ in 0..CROWD {
                let Some((pid, ended)) = p.reap() else {
                    self.deaths = false;
                    break;
                };
                self.each(|dir, cx, _, _| {
                    if dir.processor.pid() == Some(pid) {
                        dir.work(p, cx, WorkEvent::Died(ended == Ended::Exit(0)));
                    }
                });
            }
        }
        if signals.has(Signal::Alarm) || signals.has(Signal::Terminate) || signals.has(Signal::HangUp) {
            // What was read just now comes before.
            self.pump(p);
        }
        if signals.has(Signal::Alarm) {
            self.cx.info(p, &[b"sigalarm received."]);
            self.memory.rows().iter_mut().for_each(|dir| dir.alarm = true);
        }
        if signals.has(Signal::Terminate) {
            self.cx.info(p, &[b"sigterm received."]);
            self.terminate(p);
        }
        if signals.has(Signal::HangUp) {
            self.cx.info(p, &[b"sighangup received."]);
            self.all(p, Event::HangUp);
            self.each(|dir, cx, _, _| dir.work(p, cx, WorkEvent::HangUp));
            return self.phase != Phase::Ends && self.is_useless(p);
        }
        false
    }

    /// TERM: reads up to the end of the line, at most. Once more TERM: does not wait for processors
    /// nor for a disk to flush files. What was read is never given up.
    fn terminate<P: Platform>(&mut self, p: &mut P) {
        self.cx.leaving = true;
        match self.phase {
            Phase::Reads if self.cx.input.open() => {
                self.phase = Phase::Finishes(p.now().plus_ms(REST));
            }
            Phase::Reads => self.finish(),
            Phase::Finishes(_) | Phase::Ends => {
                self.each(|dir, cx, _, _| dir.work(p, cx, WorkEvent::Abandon))
            }
        }
        self.each(|dir, cx, _, output| {
            if dir.life.is_paused() {
                dir.drive(p, cx, output, Event::Terminate);
            }
        });
    }

    /// Closes what is open. `true`: all is closed, and nothing runs.
    fn end<P: Platform>(&mut self, p: &mut P) -> bool {
        let mut over = true;
        self.each(|dir, cx, _, output| {
            dir.drive(p, cx, output, Event::Ends);
            if !dir.life.is_used() {
                dir.work(p, cx, WorkEvent::Terminate);
            }
            over &= !dir.life.is_used() && dir.processor.is_over();
        });
        over
    }

    fn deadline(&mut self) -> Option<Instant> {
        let line = match self.phase {
            Phase::Finishes(until) => Some(until),
            Phase::Reads | Phase::Ends => None,
        };
        self.memory.rows().iter().filter_map(Directory::deadline).chain(line).min()
    }

    fn time<P: Platform>(&mut self, p: &mut P, reads: bool) {
        let now = p.now();
        match self.phase {
            // Who could not read has not waited.
            Phase::Finishes(_) if !reads => self.phase = Phase::Finishes(now.plus_ms(REST)),
            Phase::Finishes(until) if now >= until => self.finish(),
            Phase::Finishes(_) | Phase::Reads | Phase::Ends => {}
        }
        self.each(|dir, cx, _, output| {
            if dir.life.deadline().is_some_and(|until| now >= until) {
                dir.drive(p, cx, output, Event::Time);
            }
            if dir.processor.deadline().is_some_and(|until| now >= until) {
                dir.work(p, cx, WorkEvent::Time);
            }
            if dir.due.is_some_and(|due| now >= due) {
                dir.due = Some(now.plus_ms(u64::from(dir.config.every).saturating_mul(1000)));
                dir.alarm = true;
            }
        });
    }
}
