//! runsv: supervises one service and, if it has one, its log service.
//!
//! `machine` decides; this file performs what it asks for and hands in what happens.
mod actions;
mod machine;
mod perform;
mod service;
mod supervise;
#[cfg(test)]
mod walk;

pub use actions::{Action, Actions};
pub use machine::{Event, Found, Machine};
pub use service::{Service, Who};

use crate::{cli, msg};
use core::ffi::CStr;
use perform::Runsv;
use platform::{Args, CROWD, Errno, Fd, Platform, Signal};

/// The variable that control scripts find in their environment: device and inode of the service's
/// directory and the number of the script's process, with colons between them. With it sv knows that
/// the supervisor waits for its caller.
pub const CONTROL: &CStr = c"RUNSV_CONTROL";

const USAGE: &str = " dir";

/// Why the start failed: the text and its reason, if it has one.
pub(crate) struct Fatal<'a>(pub &'a [&'a [u8]], pub Errno);

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
    match start(p, dir) {
        Ok(mut runsv) => supervise(p, &mut runsv),
        Err(Fatal(text, errno)) => {
            let prefix = [b"runsv ".as_slice(), dir.to_bytes(), b": fatal: "];
            let text = crate::fixed::Text::<128>::of(text);
            let [a, b, c] = prefix;
            if errno == Errno::NONE {
                msg::say(p, &[a, b, c, text.bytes()]);
            } else {
                msg::say_why(p, &[a, b, c, text.bytes()], errno);
            }
            111
        }
    }
}

fn start<'a, P: Platform>(p: &mut P, dir: &'a CStr) -> Result<Runsv<'a>, Fatal<'static>> {
    p.catch(&[Signal::Child, Signal::Terminate])
        .map_err(|errno| Fatal(&[b"unable to create selfpipe"], errno))?;
    p.chdir(dir).map_err(|errno| Fatal(&[b"unable to change to directory"], errno))?;
    let mut runsv = Runsv::new(p, dir)?;
    runsv.prepare(p)?;
    Ok(runsv)
}

/// The loop: perform what is asked for, wait, hand in what happened.
fn supervise<P: Platform>(p: &mut P, runsv: &mut Runsv<'_>) -> u8 {
    // More children may have ended than one turn takes.
    let mut deaths = false;
    loop {
        if runsv.step(p, Event::Time) {
            return 0;
        }
        runsv.save(p);
        let none = Fd(-1);
        let fds = [
            if runsv.machine.listens(Who::Main) { runsv.control(Who::Main) } else { none },
            runsv.control(Who::Log),
        ];
        let wake = p.wait(&fds, if deaths { Some(runsv.now) } else { runsv.deadline() });
        runsv.now = p.now();
        deaths |= wake.signals.has(Signal::Child);
        // What a process said before its end is heard before that: `./run` and `./finish` may decide
        // what follows them. Whether it has said anything was looked up before it ended, perhaps.
        for (who, bit) in [(Who::Main, 0), (Who::Log, 1)] {
            if (wake.is_ready(bit) || deaths) && runsv.commands(p, who) {
                return 0;
            }
        }
        for _ in 0..if deaths { CROWD } else { 0 } {
            let Some((pid, ended)) = p.reap() else {
                deaths = false;
                break;
            };
            if runsv.step(p, Event::Died(pid, ended)) {
                return 0;
            }
        }
        if wake.signals.has(Signal::Terminate) && runsv.step(p, Event::Terminate) {
            return 0;
        }
    }
}
