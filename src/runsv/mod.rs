//! runsv: supervises one service and, if it has one, its log service.
//!
//! `machine` decides; this file performs what it asks for and hands in what happens.
mod contain;
mod extras;
mod late_log;
mod machine;
mod needs;
mod patience;
mod perform;
mod programs;
mod scan;
mod service;
mod settings;
mod supervise;
#[cfg(test)]
mod walk;
mod words;

pub use machine::{Facts, Machine};
pub use service::{Outcome, Service, Who};
pub use settings::{Limit, MOST_ENDS, Settings};
pub use words::{Action, Actions, Answer, Event, Found, Needed};

use crate::cli;
use crate::voice::Voice;
use core::ffi::CStr;
use perform::Runsv;
use platform::{Args, CROWD, Errno, Fd, Files, Platform, Signal};
use scan::Scan;

/// The variable that control scripts find in their environment: device and inode of the service's
/// directory and the number of the script's process, with colons between them. With it sv knows that
/// the supervisor waits for its caller.
pub const CONTROL: &CStr = c"RUNSV_CONTROL";

const USAGE: &str = " dir";

/// How it is told that something cannot be had that is needed: what needs it ends, the program at its start, or does
/// without.
#[derive(Clone, Copy)]
pub(crate) struct Refusal<'a> {
    voice: &'a Voice<'a>,
    how: &'static [u8],
}

impl Refusal<'_> {
    /// Tells it.
    fn tell<P: Files>(&self, p: &mut P, text: &[&[u8]], why: Option<Errno>) {
        self.voice.say(p, self.how, text, why);
    }

    /// The result of something that may be refused; `None`: it was told.
    fn or_tell<T, P: Files>(&self, p: &mut P, result: platform::Result<T>, text: &[u8]) -> Option<T> {
        result.map_err(|errno| self.tell(p, &[text], Some(errno))).ok()
    }
}

/// The program. Its exit code is 0 when it was told to exit, 1 for a wrong call, 111 when it
/// could not start.
pub fn main<P: Platform>(p: &mut P, args: Args) -> u8 {
    if cli::answered(p, args, "runsv", USAGE) {
        return 0;
    }
    let (Some(dir), None) = (args.get(1), args.get(2)) else {
        cli::usage(p, args, USAGE);
        return 1;
    };
    let voice = Voice { program: b"runsv", about: dir.to_bytes() };
    if run(p, dir, &voice).is_some() { 0 } else { 111 }
}

/// All that is known of the two services is in this frame: each copy of it would take half a page.
fn run<'a, P: Platform>(p: &mut P, dir: &'a CStr, voice: &'a Voice<'a>) -> Option<()> {
    let refusal = Refusal { voice, how: b"fatal: " };
    let caught = p.catch(&[Signal::Child, Signal::Terminate]);
    refusal.or_tell(p, caught, b"unable to create selfpipe")?;
    let scan = Scan::open(p, dir, refusal)?;
    let instance = scan.instance(p);
    let there = p.chdir(dir);
    refusal.or_tell(p, there, b"unable to change to directory")?;
    let mut runsv = Runsv::new(p, voice, scan, instance);
    runsv.prepare(p, refusal)?;
    supervise(p, &mut runsv);
    Some(())
}

/// The loop: perform what is asked for, wait, hand in what happened.
// Apart from the start, whose frame is larger.
#[inline(never)]
fn supervise<P: Platform>(p: &mut P, runsv: &mut Runsv<'_>) {
    // More children may have ended than one turn takes.
    let mut deaths = false;
    loop {
        if runsv.step(p, Event::Time) {
            return;
        }
        runsv.save(p);
        let none = Fd(-1);
        let fds = [
            if runsv.machine.listens(Who::Main) { runsv.control(Who::Main) } else { none },
            runsv.control(Who::Log),
            runsv.notification.unwrap_or(none),
            p.notice_fd().unwrap_or(none),
        ];
        let wake = p.wait(&fds, if deaths { Some(runsv.now) } else { runsv.until() });
        runsv.now = p.now();
        deaths |= wake.signals.has(Signal::Child);
        for (who, bit) in [(Who::Main, 0), (Who::Log, 1)] {
            if wake.is_ready(bit) && runsv.commands(p, who) {
                return;
            }
        }
        if wake.is_ready(2) && runsv.notified(p) {
            return;
        }
        if (wake.is_ready(3) || wake.signals.has(Signal::Io)) && runsv.step(p, Event::Stirred) {
            return;
        }
        for _ in 0..if deaths { CROWD } else { 0 } {
            let Some((pid, ended)) = p.reap() else {
                deaths = false;
                break;
            };
            // What a process said before its end is heard before that: `./run` and `./finish` may decide
            // what follows them. Only now is all of it in the FIFO. Orphans decide nothing.
            if runsv.machine.knows(pid) {
                runsv.reaped = Some(pid);
                if runsv.commands(p, Who::Main) || runsv.commands(p, Who::Log) {
                    return;
                }
                runsv.reaped = None;
            }
            if runsv.step(p, Event::Died(pid, ended)) {
                return;
            }
        }
        if wake.signals.has(Signal::Terminate) && runsv.step(p, Event::Terminate) {
            return;
        }
    }
}
