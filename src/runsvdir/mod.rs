//! runsvdir: keeps one runsv running for every service in a directory.
//!
//! [`Machine`] decides when to look and what to do about what is there; this file looks and does.
mod area;
mod machine;
mod services;
mod words;

pub use machine::Machine;
pub use services::{Found, Id, Services};
pub use words::{Action, Contents, Event, Look};

use crate::fixed::Text;
use crate::{cli, msg};
use area::Area;
use core::ffi::CStr;
use platform::{
    Args, CROWD, Child, Errno, Fd, Files, Kind, Open, Pid, Platform, Signal, Stamp, Step, Target,
};

const USAGE: &str = " [-P] dir";

/// How far another clock may be ahead, in seconds.
const AHEAD: u64 = 60;

/// The program. Its exit code is 0 after TERM, 111 after HUP, 1 for a wrong call and 100 when it
/// could not start.
pub fn main<P: Platform>(p: &mut P, args: Args) -> u8 {
    if cli::answered(p, args, "runsvdir", USAGE) {
        return 0;
    }
    let (session, first) = match args.get(1).map(CStr::to_bytes) {
        Some([b'-', b'P', ..]) => (true, 2),
        Some([b'-', b'-', ..]) => (false, 2),
        Some(_) | None => (false, 1),
    };
    let Some(dir) = args.get(first) else {
        cli::usage(p, args, USAGE);
        return 1;
    };
    let mut runsvdir = Runsvdir {
        dir,
        session,
        home: Fd(-1),
        away: false,
        area: None,
        reading: None,
        name: Text::new(),
        dangling: false,
    };
    if let Err(errno) = p.catch(&[Signal::Child, Signal::Terminate, Signal::HangUp, Signal::Alarm]) {
        runsvdir.say(p, b"fatal", &[b"unable to create selfpipe"], errno);
        return 100;
    }
    match p.open(c".", Open::Read) {
        Ok(home) => runsvdir.home = home,
        Err(errno) => {
            runsvdir.say(p, b"fatal", &[b"unable to open current directory"], errno);
            return 100;
        }
    }
    let log = first.saturating_add(1);
    if let Some(text) = args.take(log) {
        match Area::new(p, args, text) {
            Ok(area) => runsvdir.area = Some(area),
            Err(why) => {
                runsvdir.say(p, b"warning", &[why], Errno::NONE);
                runsvdir.say(p, b"warning", &[b"log service disabled."], Errno::NONE);
            }
        }
    }
    runsvdir.run(p)
}

struct Runsvdir<'a, D> {
    dir: &'a CStr,
    /// Whether each runsv leads a session of its own.
    session: bool,
    home: Fd,
    /// The current directory is not the one of the start.
    away: bool,
    area: Option<Area>,
    /// The directory being read, and the last name read: at most 255 bytes and a NUL.
    reading: Option<D>,
    name: Text<256>,
    /// An entry of it leads nowhere.
    dangling: bool,
}

impl<D> Runsvdir<'_, D> {
    fn run<P: Platform<Dir = D>>(&mut self, p: &mut P) -> u8 {
        let mut machine = Machine::new();
        // More supervisors may have ended than one turn takes.
        let mut deaths = false;
        loop {
            let now = p.now();
            if let Some(area) = &mut self.area {
                area.tick(p, now);
            }
            if let Some(code) = self.step(p, &mut machine, Event::Time) {
                return code;
            }
            let none = Fd(-1);
            let log = self.area.as_ref().map_or(none, |area| area.pipe);
            let dot = self.area.as_ref().map(|area| area.dot);
            let until = dot.map_or(machine.deadline(), |dot| dot.min(machine.deadline()));
            let until = if deaths { now } else { until };
            let wake = p.wait(&[p.watch_fd().unwrap_or(none), log], Some(until));
            deaths |= wake.signals.has(Signal::Child);
            for _ in 0..if deaths { CROWD } else { 0 } {
                let Some((pid, ended)) = p.reap() else {
                    deaths = false;
                    break;
                };
                if let Some(code) = self.step(p, &mut machine, Event::Died(pid, ended)) {
                    return code;
                }
            }
            if let (true, Some(area)) = (wake.is_ready(1), &mut self.area) {
                area.drain(p);
            }
            let events = [
                (wake.is_ready(0) && p.changed(), Event::Changed),
                (wake.signals.has(Signal::Alarm), Event::Alarm),
                (wake.signals.has(Signal::Terminate), Event::Terminate),
                (wake.signals.has(Signal::HangUp), Event::HangUp),
            ];
            for (_, event) in events.into_iter().filter(|(happened, _)| *happened) {
                if let Some(code) = self.step(p, &mut machine, event) {
                    return code;
                }
            }
        }
    }

    /// Hands in an event and does what follows from it until there is nothing left but to wait.
    /// The result is the exit code, once there is one.
    fn step<P: Platform<Dir = D>>(&mut self, p: &mut P, machine: &mut Machine, event: Event) -> Option<u8> {
        let mut event = event;
        loop {
            let now = p.now();
            event = match machine.step(event, now) {
                Action::Wait => return None,
                Action::Exit(code) => return Some(code),
                Action::StopAll => {
                    for pid in machine.supervisors() {
                        let _ = p.kill(Target::One(pid), Signal::Terminate);
                    }
                    return Some(111);
                }
                Action::Look => self.look(p),
                Action::Enter => Event::Entered(self.enter(p)),
                Action::Next => self.next(p, machine.repeats()),
                Action::Examine => Event::Examined(self.examine(p)),
                Action::Start => Event::Started(self.start(p)),
                Action::NoRun => {
                    let text = [b"unable to stat ".as_slice(), self.name.bytes(), RUN];
                    self.say(p, b"warning", &text, Errno::NOENT);
                    self.next(p, machine.repeats())
                }
                Action::NoMemory => {
                    let text = [b"unable to start runsv ".as_slice(), self.name.bytes()];
                    self.say(p, b"warning", &text, Errno::NOMEM);
                    self.next(p, machine.repeats())
                }
                Action::Leave => {
                    if let Some(reading) = self.reading.take() {
                        p.close_dir(reading);
                    }
                    self.go_home(p);
                    while let Some(gone) = machine.forget() {
                        if let Some(pid) = gone {
                            let _ = p.kill(Target::One(pid), Signal::Terminate);
                        }
                    }
                    return None;
                }
            };
        }
    }

    fn look<P: Platform<Dir = D>>(&mut self, p: &mut P) -> Event {
        if self.away {
            self.go_home(p);
        }
        // From elsewhere a relative path would lead to another directory: one with nothing in it
        // would be a reason to stop all services.
        if self.away && !self.dir.to_bytes().starts_with(b"/") {
            return Event::Seen(None, false);
        }
        match p.stat(self.dir) {
            Ok(found) => {
                let id = Id { device: found.device, inode: found.inode };
                // A server's clock may be ahead. Of a date that is far ahead the clock was set back,
                // and the next change has another date.
                let fresh = found.changed.secs.wrapping_sub(p.wall().secs) < AHEAD;
                Event::Seen(Some(Look { id, changed: found.changed }), fresh)
            }
            Err(errno) => {
                self.say(p, b"warning", &[b"unable to stat ", self.dir.to_bytes()], errno);
                Event::Seen(None, false)
            }
        }
    }

    fn enter<P: Platform<Dir = D>>(&mut self, p: &mut P) -> Option<bool> {
        // Watched before it is read: a change in between shows as one event too many.
        let told = p.watch(self.dir);
        if let Err(errno) = p.chdir(self.dir) {
            self.say(p, b"warning", &[b"unable to change directory to ", self.dir.to_bytes()], errno);
            return None;
        }
        self.away = true;
        match p.open_dir(Fd::CWD, c".") {
            Ok(reading) => {
                self.reading = Some(reading);
                self.dangling = false;
                Some(told)
            }
            Err(errno) => {
                self.say(p, b"warning", &[b"unable to open directory ", self.dir.to_bytes()], errno);
                self.go_home(p);
                None
            }
        }
    }

    fn go_home<P: Platform<Dir = D>>(&mut self, p: &mut P) {
        match p.fchdir(self.home) {
            Ok(()) => self.away = false,
            Err(errno) => self.say(p, b"warning", &[b"unable to change directory, pausing"], errno),
        }
    }

    /// Reads up to the next name that leads to a directory.
    fn next<P: Platform<Dir = D>>(&mut self, p: &mut P, repeats: bool) -> Event {
        let Some(reading) = &mut self.reading else { return Event::End { complete: false, dangling: false } };
        loop {
            let name = match p.next_name(reading) {
                Ok(Some(name)) if name.to_bytes().starts_with(b".") => continue,
                Ok(Some(name)) => name,
                Ok(None) => return Event::End { complete: true, dangling: self.dangling },
                Err(errno) => {
                    let text = [b"unable to read directory ".as_slice(), self.dir.to_bytes()];
                    say(p, self.dir, b"warning", &text, errno);
                    return Event::End { complete: false, dangling: false };
                }
            };
            match p.stat(name) {
                Ok(found) if found.kind == Kind::Directory => {
                    self.name = Text::of(&[name.to_bytes()]);
                    return Event::Name(Id { device: found.device, inode: found.inode });
                }
                Ok(_) => {}
                Err(errno) => {
                    self.dangling = true;
                    if !repeats {
                        let text = [b"unable to stat ".as_slice(), name.to_bytes()];
                        say(p, self.dir, b"warning", &text, errno);
                    }
                }
            }
        }
    }

    /// How far the directory that the name just read leads to has come. People make `run` and `log` in
    /// any order, and perhaps the link to them before; copies may have old dates, but not old
    /// inodes. The directory's own inode is younger if it was moved here, so of it the contents count.
    #[inline(never)]
    fn examine<P: Platform<Dir = D>>(&mut self, p: &mut P) -> Contents {
        let now = p.wall();
        let mut quiet = p.stat(self.name.as_c()).map_or(0, |found| quiet(found.changed, now));
        for part in [RUN, b"/down", b"/finish", b"/check", b"/log", b"/log/run", b"/log/down"] {
            match p.stat(self.below(part).as_c()) {
                Ok(found) => quiet = quiet.min(self::quiet(found.altered, now)),
                Err(_) if part == RUN => return Contents::NoRun,
                Err(_) => {}
            }
        }
        Contents::Quiet(quiet)
    }

    /// A path below the directory that the name just read leads to.
    #[inline(never)]
    fn below(&self, part: &[u8]) -> Text<{ 256 + 16 }> {
        Text::of(&[self.name.bytes(), part])
    }

    fn start<P: Platform<Dir = D>>(&mut self, p: &mut P) -> Option<Pid> {
        let name = self.name.as_c();
        // Of a service that lies elsewhere nothing changes here when it is replaced.
        p.watch_beside(self.below(b"/..").as_c());
        let session = [Step::Session];
        let spawned = p.spawn(&Child {
            prefix: &[b"runsvdir ", self.dir.to_bytes(), b": fatal: "],
            steps: if self.session { &session } else { &[] },
            path: c"runsv",
            argv: &[c"runsv", name],
            variable: b"",
            search: true,
            why: &[b"unable to start runsv ", name.to_bytes()],
            exit: 100,
        });
        match spawned {
            Ok(pid) => Some(pid),
            Err(errno) => {
                self.say(p, b"warning", &[b"unable to fork for ", name.to_bytes()], errno);
                None
            }
        }
    }

    fn say(&self, p: &mut impl Files, how: &[u8], text: &[&[u8]], errno: Errno) {
        say(p, self.dir, how, text, errno);
    }
}

/// Without it there is nothing to supervise.
const RUN: &[u8] = b"/run";

/// How many milliseconds ago a file changed; 0 for a time to come. A date without a part of a second may
/// be of a file system that keeps whole seconds, so it is that of the second's end.
fn quiet(changed: Stamp, now: Stamp) -> u64 {
    let ms =
        |stamp: Stamp| stamp.secs.saturating_mul(1000).saturating_add(u64::from(stamp.nanos / 1_000_000));
    let late = if changed.nanos == 0 { 999 } else { 0 };
    ms(now).saturating_sub(ms(changed).saturating_add(late))
}

/// `runsvdir DIR: HOW: TEXT`, with the reason if there is one.
fn say(p: &mut impl Files, dir: &CStr, how: &[u8], text: &[&[u8]], errno: Errno) {
    let text = Text::<512>::of(text);
    let parts = [b"runsvdir ".as_slice(), dir.to_bytes(), b": ", how, b": ", text.bytes()];
    if errno == Errno::NONE {
        msg::say(p, &parts);
    } else {
        msg::say_why(p, &parts, errno);
    }
}
