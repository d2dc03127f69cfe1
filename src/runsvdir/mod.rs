//! runsvdir: keeps one runsv running for every service in a directory.
//!
//! `machine` decides when to look and what to do about what is there, `perform` looks and does.
mod area;
mod container;
mod machine;
mod main_service;
mod needs;
mod perform;
mod services;
mod state;
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
use main_service::MainService;
use perform::Runsvdir;
use platform::{Args, CROWD, Fd, Open, Platform, Signal};

const USAGE: &str = " [-P] dir";

/// How many seconds the end of a container may take, if `SVWAIT` does not say.
const SECONDS: u64 = 10;

/// The program. Its exit code is 0 after TERM, 111 after HUP, 1 for a wrong call and 100 when it
/// could not start; that of a container is its main service's, if that is what ended it.
pub fn main<P: Platform>(p: &mut P, args: Args) -> u8 {
    if cli::answered(p, args, "runsvdir", USAGE) {
        return 0;
    }
    let (session, container, mut first) = match args.get(1).map(CStr::to_bytes) {
        Some([b'-', b'P', ..]) => (true, false, 2),
        // What a terminal sends when somebody types ^C must not end the services all at once.
        Some([b'-', b'-', word @ ..]) if word == b"container" => (true, true, 2),
        Some([b'-', b'-', ..]) => (false, false, 2),
        Some(_) | None => (false, false, 1_usize),
    };
    let mut main = None;
    if container && args.get(2).is_some_and(|word| word.to_bytes() == b"--main") {
        main = args.get(3).map(|name| MainService::new(name.to_bytes()));
        first = 4;
    }
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
        main,
    };
    let signals = [
        Signal::Child,
        Signal::Terminate,
        Signal::HangUp,
        Signal::Alarm,
        Signal::Interrupt,
        Signal::PowerFail,
    ];
    let [usual @ .., _, _] = &signals;
    if let Err(errno) = p.catch(if container { &signals } else { usual }) {
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
    let mut machine = Machine::new();
    if container {
        machine.set_patience(patience(p));
    }
    runsvdir.run(p, machine, container)
}

/// How many milliseconds the end of a container may take.
fn patience<P: Platform>(p: &mut P) -> u64 {
    let digit = |byte: &u8| byte.checked_sub(b'0').filter(|digit| *digit < 10);
    let seconds = p.getenv(c"SVWAIT").map_or(SECONDS, |text| {
        // As sv has it, a number ends at the first byte that is no digit.
        text.iter()
            .map_while(digit)
            .fold(0, |number: u64, digit| number.saturating_mul(10).saturating_add(digit.into()))
    });
    seconds.saturating_mul(1000)
}

impl<D> Runsvdir<'_, D> {
    fn run<P: Platform<Dir = D>>(&mut self, p: &mut P, mut machine: Machine, container: bool) -> u8 {
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
            let main = self.main.as_ref().map(|main| main.look);
            let until =
                if deaths { Some(now) } else { [machine.until(), dot, main].into_iter().flatten().min() };
            let told = p.notice_fd().unwrap_or(none);
            let wake = p.wait(&[p.watch_fd().unwrap_or(none), log, told], until);
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
            let has = |signal| wake.signals.has(signal);
            let stops = has(Signal::Terminate) || has(Signal::Interrupt) || has(Signal::PowerFail);
            let told = has(Signal::Io) || wake.is_ready(2);
            let down = self.look_at_main(p, told);
            let events = [
                (wake.is_ready(0) && p.changed(), Event::Changed),
                (has(Signal::Alarm), Event::Alarm),
                (stops, if container { Event::Stop } else { Event::Terminate }),
                (has(Signal::HangUp), Event::HangUp),
                (down.is_some(), Event::MainIsDown(down.unwrap_or_default())),
            ];
            for (_, event) in events.into_iter().filter(|(happened, _)| *happened) {
                if let Some(code) = self.step(p, &mut machine, event) {
                    return code;
                }
            }
        }
    }
}
