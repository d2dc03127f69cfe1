//! runsvdir: keeps one runsv running for every service in a directory.
//!
//! `machine` decides when to look and what to do about what is there, `perform` looks and does.
mod area;
mod machine;
mod needs;
mod perform;
mod services;
mod stop;
#[cfg(test)]
mod walk;
mod words;

pub use area::spawn_drain;
pub use machine::Machine;
pub use services::{Found, Services};
pub use words::{Action, Actions, Answer, Contents, Event, Look};

use crate::cli;
use crate::fixed::Text;
use crate::voice::Voice;
use area::Area;
use core::ffi::CStr;
use perform::Runsvdir;
use platform::{Args, CROWD, Fd, Open, Platform, Signal};

const USAGE: &str = " [-P] dir";

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
    let voice = Voice { program: b"runsvdir", about: dir.to_bytes() };
    let mut runsvdir = Runsvdir {
        dir,
        voice,
        session,
        area: None,
        place: Fd(-1),
        reading: None,
        name: Text::new(),
        dangling: false,
    };
    if let Err(errno) = p.catch(&[Signal::Child, Signal::Terminate, Signal::HangUp, Signal::Alarm]) {
        voice.fatal(p, &[b"unable to create selfpipe"], Some(errno));
        return 100;
    }
    match p.open(c".", Open::Read) {
        // The program never leaves it; that it can be read is asked for as ever.
        Ok(home) => p.close(home),
        Err(errno) => {
            voice.fatal(p, &[b"unable to open current directory"], Some(errno));
            return 100;
        }
    }
    let log = first.saturating_add(1);
    if let Some(text) = args.take(log) {
        match Area::new(p, args, text) {
            Ok(area) => runsvdir.area = Some(area),
            Err(why) => {
                voice.warn(p, &[why], None);
                voice.warn(p, &[b"log service disabled."], None);
            }
        }
    }
    runsvdir.run(p)
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
            let until = if deaths { Some(now) } else { [machine.until(), dot].into_iter().flatten().min() };
            let wake = p.wait(&[p.watch_fd().unwrap_or(none), log], until);
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
}
