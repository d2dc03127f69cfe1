//! svlogd: writes its input to log directories, which it keeps in order.
//!
//! Four rooms: `input` (what is read), `select` (which lines go where), `directory` (the files) and
//! `processor`. Decided without a clock or a descriptor: [`Options`], `Phase`, [`Config`] and [`matches()`]
//! (which lines), [`Input`] and [`Lines`] (what is written), `Life` (what is done to a directory, and
//! what when that fails) and `Processor`. The other files perform it. A directory is found by its path and
//! then held open: everything in it begins there, whatever its name is by then.
//!
//! The input is read only while every directory has taken what was read before, and only when
//! poll(2) says that there is something: descriptor 0 is shared with others and stays as it was.
mod context;
mod directory;
mod input;
mod options;
mod phase;
mod processor;
mod select;

pub use input::Input;
pub use input::replace::Replace;
pub use input::stamp::{Stamper, Style};
pub use options::{Options, Wrong};
pub use select::config::{Config, Udp, Way, WrongLine, compact};
pub use select::lines::{Job, Lines, Need};
pub use select::pattern::matches;

use crate::{VERSION, args, cli, msg};
use context::{Context, VOICE};
use core::ffi::CStr;
use directory::{Directory, Told};
use phase::{Action, Event, Phase};
use platform::{Args, Block, CROWD, Ended, Errno, Fd, Instant, Open, Platform, Result, Signal, SignalSet};

const USAGE: &str = " [-ttv] [-r c] [-R abc] [-l len] [-b buflen] dir ...";
/// What C runit's has not.
const HELP: &str = " [-ttv] [-r c] [-R abc] [-l len] [-b buflen] [--lossy] dir ...";

/// The least that is read at once, if there is so much: what a pipe holds. Memory is taken as it is
/// filled.
const INPUT: usize = 65_536;
/// The least that is written at once, if there is so much.
const OUTPUT: usize = 32_768;

/// The program. Its exit code is 0 at the end of the input and after TERM, 111 for a wrong call and
/// when no directory can be used.
pub fn main<P: Platform>(p: &mut P, args: Args) -> u8 {
    if cli::answered(p, args, "svlogd", HELP) {
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
}

impl Svlogd {
    fn start<P: Platform>(p: &mut P, args: Args, options: Options) -> core::result::Result<Svlogd, ()> {
        let home = match p.open(c".", Open::Read) {
            Ok(home) => home,
            Err(errno) => {
                VOICE.fatal(p, &[b"unable to open current working directory"], Some(errno));
                return Err(());
            }
        };
        let caught = [Signal::Terminate, Signal::Child, Signal::Alarm, Signal::HangUp];
        if let Err(errno) = p.catch(&caught) {
            VOICE.fatal(p, &[b"unable to create selfpipe"], Some(errno));
            return Err(());
        }
        let Ok(mut svlogd) = Svlogd::new(p, args, options, home) else {
            Context::say(p, b"fatal", &[b"out of memory."]);
            return Err(());
        };
        svlogd.all(p, Told::HangUp);
        if svlogd.is_useless(p) { Err(()) } else { Ok(svlogd) }
    }

    fn new<P: Platform>(p: &mut P, args: Args, options: Options, home: Fd) -> Result<Svlogd> {
        let mut count: usize = 0;
        while args.get(options.first.saturating_add(count)).is_some() {
            count = count.saturating_add(1);
        }
        let share = options.buffer.max(OUTPUT).checked_add(options.spared()).ok_or(Errno::NOMEM)?;
        // A byte more than counts of a line, and one for a newline.
        let input = options.buffer.max(INPUT).checked_add(2).ok_or(Errno::NOMEM)?;
        let bytes = share.checked_mul(count).and_then(|outputs| outputs.checked_add(input));
        let mut memory = Block::new(p, count, bytes.ok_or(Errno::NOMEM)?)?;
        for index in 0..count {
            if let Some(path) = args.get(options.first.saturating_add(index)) {
                memory.push(Directory::new(path))?;
            }
        }
        Ok(Svlogd { cx: Context::new(options, home), memory, input, share, done: true, deaths: false })
    }

    /// The input buffer.
    fn buffer(&mut self) -> (&mut Context, &mut [u8]) {
        let (_, bytes) = self.memory.parts();
        (&mut self.cx, bytes.get_mut(..self.input).unwrap_or_default())
    }

    fn is_useless<P: Platform>(&mut self, p: &mut P) -> bool {
        let useless = !self.memory.rows().iter().any(|dir| dir.is_used());
        if useless {
            Context::say(p, b"fatal", &[b"no functional log directories."]);
        }
        useless
    }

    /// Tells each directory, with its part of the output buffer. `true`: nothing is left to be done for that.
    fn all<P: Platform>(&mut self, p: &mut P, told: Told) -> bool {
        let (dirs, bytes) = self.memory.parts();
        let (input, mut outputs) = bytes.split_at_mut_checked(self.input).unwrap_or_default();
        let mut done = true;
        for dir in dirs {
            let (output, rest) = outputs.split_at_mut_checked(self.share).unwrap_or_default();
            done &= dir.hear(p, &mut self.cx, input, output, told);
            outputs = rest;
        }
        done
    }

    /// Hands an event to the phase.
    fn tell<P: Platform>(&mut self, p: &mut P, event: Event) {
        match self.cx.phase.step(event, p.now()) {
            Some(Action::Finish) => {
                let (cx, buffer) = self.buffer();
                cx.input.finish(buffer, cx.options.replace.as_ref());
            }
            // What was read is never given up, but processors and a disk that flushes are not waited for.
            Some(Action::Abandon) => {
                self.all(p, Told::Abandon);
            }
            None => {}
        }
    }

    fn run<P: Platform>(&mut self, p: &mut P) -> u8 {
        loop {
            // What keeps directories that take nothing from being waited for.
            let goes_on = self.pump(p) || self.cx.options.lossy;
            if self.cx.phase.ends() && goes_on && self.all(p, Told::Ends) {
                return 0;
            }
            let until = self.until();
            let reads = goes_on && !self.cx.phase.ends();
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
            } else if !reads && self.cx.phase == Phase::Reads && wake.signals == SignalSet::default() {
                // While the disk is full, stdin is not read, but its end is noticed, so that svlogd can exit.
                let more = p.wait(&[Fd::STDIN], Some(Instant(0)));
                wake.signals = more.signals;
                if more.is_ready(0) && p.unread(Fd::STDIN) == Ok(0) {
                    self.tell(p, Event::Over);
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
        let finishes = matches!(self.cx.phase, Phase::Finishes(_));
        if finishes && self.done && self.cx.input.open() && self.has_room() {
            return true;
        }
        self.done = self.all(p, Told::Pump);
        if self.done {
            self.taken();
        }
        self.done
    }

    /// Every directory has what was read.
    fn taken(&mut self) {
        let (cx, buffer) = self.buffer();
        if cx.input.taken(buffer) {
            cx.earlier = cx.stamp;
        }
        self.memory.rows().iter_mut().for_each(Directory::restart);
    }

    fn has_room(&mut self) -> bool {
        let (cx, buffer) = self.buffer();
        !cx.input.room(buffer).is_empty()
    }

    fn read<P: Platform>(&mut self, p: &mut P) {
        if !self.done {
            self.all(p, Told::GiveWay);
            self.taken();
        }
        let (cx, buffer) = self.buffer();
        let room = cx.input.room(buffer);
        // What follows the line is for the process that reads the descriptor next.
        let most = if cx.phase.leaves() { room.len().min(1) } else { room.len() };
        let count = match p.read_shared(Fd::STDIN, room.get_mut(..most).unwrap_or_default()) {
            Ok(count) => count,
            Err(Errno::AGAIN | Errno::INTR) => return,
            Err(errno) => {
                VOICE.warn(p, &[b"unable to read standard input"], Some(errno));
                0
            }
        };
        if count == 0 {
            return self.tell(p, Event::Over);
        }
        if !cx.stamper.is_off() {
            let stamp = cx.stamper.stamp(p.wall());
            platform::copy(stamp, &mut cx.stamp);
        }
        cx.input.fed(buffer, count, cx.options.replace.as_ref());
        if cx.phase.leaves() {
            let open = cx.input.open();
            self.tell(p, Event::Read(open));
        }
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
                self.all(p, Told::Died(pid, ended == Ended::Exit(0)));
            }
        }
        if signals.has(Signal::Alarm) || signals.has(Signal::Terminate) || signals.has(Signal::HangUp) {
            // What was read just now comes before.
            self.pump(p);
        }
        if signals.has(Signal::Alarm) {
            self.cx.info(p, &[b"sigalarm received."]);
        }
        if signals.has(Signal::Terminate) {
            self.cx.info(p, &[b"sigterm received."]);
            let open = self.cx.input.open();
            self.tell(p, Event::Terminate(open));
            self.all(p, Told::Terminate);
        }
        let hangs_up = signals.has(Signal::HangUp);
        if hangs_up {
            self.cx.info(p, &[b"sighangup received."]);
            self.all(p, Told::HangUp);
        }
        if signals.has(Signal::Alarm) {
            // After HUP, which begins a file only if there is none.
            self.all(p, Told::Alarm);
        }
        hangs_up && !self.cx.phase.ends() && self.is_useless(p)
    }

    fn time<P: Platform>(&mut self, p: &mut P, reads: bool) {
        if self.cx.phase.until().is_some() {
            self.tell(p, Event::Time(reads));
        }
        let now = p.now();
        self.all(p, Told::Time(now));
    }

    fn until(&mut self) -> Option<Instant> {
        let line = self.cx.phase.until();
        self.memory.rows().iter().filter_map(Directory::until).chain(line).min()
    }
}
