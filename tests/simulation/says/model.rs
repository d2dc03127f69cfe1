//! What one of the two services must do by what its directory says: told what runsv was told, in the same order.
use super::said::{Said, TERM};
use crate::runsv::known::{Known, Role, Wish};
use crate::watched::Check;
use platform::{Ended, Pid, Procs, Signal};
use platform_sim::Sim;
use runit::protocol::Letter;

/// A millisecond.
pub(super) const MS: u64 = 1_000_000;
/// So late may KILL be, and a newline be noticed.
pub(super) const LATE: u64 = 100 * MS;
/// How long after a fork that failed.
pub(super) const RETRY: u64 = 5_000 * MS;
/// How long after KILL that was not heard.
const AGAIN: u64 = 1_000 * MS;

/// When somebody is to be killed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) at: u64,
    /// It counts from the start of `control/t`; the signal was not sent yet.
    pub(super) script: bool,
    /// Calls had taken so long when it was set.
    pub(super) stalled: u64,
}

const KILL: u8 = 9;

/// The signal that a letter stands for.
fn meant(letter: u8) -> Option<u8> {
    Letter::from_byte(letter).and_then(Letter::signal).map(Sim::signal_number)
}

/// The service or its log service.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) known: Known,
    pub(super) log: bool,
    pub(super) said: Said,
    /// The time as runsv was told it last.
    pub(super) now: u64,
    pub(super) stalled: u64,
    /// It was reaped, and what was read since comes before its end.
    pub(super) dead: Option<(Pid, Role, Ended)>,
    pub(super) started: Option<u64>,
    /// The pause in force, in milliseconds.
    pub(super) pause: u64,
    pub(super) refused: Option<u64>,
    pub(super) asked: bool,
    pub(super) once: bool,
    pub(super) done: bool,
    pub(super) failed: bool,
    pub(super) ends: Vec<u64>,
    pub(super) kill: Option<Due>,
    pub(super) killed: Option<u64>,
    /// The signal that asks it to end, and CONT after it, are still to be sent.
    pub(super) owes: bool,
    pub(super) owes_cont: bool,
    /// Other signals that are to be sent.
    pub(super) asked_for: Vec<u8>,
    pub(super) ready: bool,
    pub(super) starts: u32,
    pub(super) last: Option<Ended>,
    /// When it last began or went down.
    pub(super) moment: u64,
    /// Only its pause keeps it from being started.
    pub(super) waits: bool,
}

impl Model {
    pub(super) fn new(log: bool) -> Model {
        Model {
            known: Known::new(),
            log,
            said: Said::default(),
            now: 0,
            stalled: 0,
            dead: None,
            started: None,
            pause: 0,
            refused: None,
            asked: false,
            once: false,
            done: false,
            failed: false,
            ends: Vec::new(),
            kill: None,
            killed: None,
            owes: false,
            owes_cont: false,
            asked_for: Vec::new(),
            ready: false,
            starts: 0,
            last: None,
            moment: 0,
            waits: true,
        }
    }

    /// The time as it is told: `first` before anything has happened.
    pub(super) fn told(&mut self, now: u64, stalled: u64, first: bool) {
        (self.now, self.stalled) = (now, stalled);
        if first {
            self.moment = now;
        }
    }

    /// Whether a signal asks it to end, and nothing that is known so far called for that.
    pub(super) fn is_new(&self, sent: u8) -> bool {
        let known = self.asked_for.contains(&sent);
        let late = self.kill.is_some_and(|due| due.at <= self.now);
        let due = late && sent == KILL;
        sent == self.said.down() && !known && !self.owes && !due
    }

    pub(super) fn name(&self) -> &'static str {
        if self.log { "log service" } else { "service" }
    }

    pub(super) fn runs(&self) -> bool {
        matches!(self.known.child, Some((_, Role::Run | Role::Log)))
    }

    /// It runs and was not reaped.
    pub(super) fn hears(&self) -> bool {
        self.runs() && self.dead.is_none()
    }

    pub(super) fn wants_more(&self) -> bool {
        self.known.wish == Wish::Up
    }

    pub(super) fn due(&self, ms: u64, script: bool) -> Option<Due> {
        (ms > 0).then_some(Due { at: self.now + ms * MS, script, stalled: self.stalled })
    }

    /// A command was read.
    pub(super) fn letter(&mut self, byte: u8) {
        match byte {
            b'u' | b'o' => {
                if !self.runs() && !self.finishes() {
                    self.refused = None;
                }
                self.known.wish = if byte == b'u' { Wish::Up } else { Wish::Down };
                self.once = if byte == b'u' { self.once } else { !self.runs() && !self.done };
                // The pause that begins with `./finish` is not taken back.
                let begun = if self.finishes() { self.said.delay().0 } else { 0 };
                (self.pause, self.failed) = (self.pause.min(begun), false);
                self.ends.clear();
                if self.runs() {
                    self.kill = None;
                }
            }
            b'd' => self.ask_down(Wish::Down),
            b'x' if self.log => {}
            b'x' => self.ask_down(Wish::Exit),
            b't' => {
                self.asked |= self.runs();
                self.undo();
                self.owes |= self.hears();
            }
            _ => {
                self.asked |= self.runs() && b"kiq".contains(&byte);
                if let (Some(signal), true) = (meant(byte), self.hears()) {
                    self.asked_for.push(signal);
                }
            }
        }
    }

    /// It was told to end, by a letter or because its supervisor was.
    pub(super) fn ask_down(&mut self, wish: Wish) {
        self.known.wish = wish;
        (self.once, self.failed) = (false, false);
        self.asked |= self.runs();
        if self.runs() && self.kill.is_none() {
            self.kill = self.due(self.said.timeout_kill, true);
        }
        self.undo();
        self.owes |= self.hears();
    }

    /// What a one-shot did is undone by `./finish 0 0`.
    fn undo(&mut self) {
        if std::mem::take(&mut self.done) {
            self.asked = true;
            self.known.ended = Some(Ended::Exit(0));
        }
    }

    pub(super) fn finishes(&self) -> bool {
        matches!(self.known.child, Some((_, Role::Finish))) || self.known.owes_finish.is_some()
    }

    /// What follows the signal that asks it to end, or what replaced that.
    fn after_signal(&mut self) {
        self.owes = false;
        if self.wants_more() {
            return;
        }
        if self.kill.is_none_or(|due| due.script) {
            self.kill = self.due(self.said.timeout_kill, false);
        }
        self.owes_cont = true;
    }

    /// A control script began in the place of what was to be sent.
    pub(super) fn script(&mut self, letter: u8) {
        match letter {
            b't' => self.owes = false,
            b'd' | b'x' | b'u' => {}
            _ => {
                self.asked_for.retain(|asked| Some(*asked) != meant(letter));
            }
        }
    }

    /// A control script ended.
    pub(super) fn script_over(&mut self, letter: u8, ended: Ended) {
        if self.known.child.is_none() {
            self.kill = None;
        }
        if !self.hears() {
            return;
        }
        let replaced = ended == Ended::Exit(0);
        match letter {
            b't' if replaced => self.after_signal(),
            b't' => self.owes = true,
            b'd' | b'x' | b'u' => {}
            _ => {
                self.asked_for.extend(meant(letter).filter(|_| !replaced));
            }
        }
    }

    /// KILL was sent, and is again if that does not help.
    fn was_killed(&mut self) {
        let script = self.kill.is_some_and(|due| due.script);
        self.killed = Some(self.now);
        self.kill = Some(Due { at: self.now + AGAIN, script, stalled: self.stalled });
    }

    /// A signal is sent, to it or to the control script that runs for it.
    pub(super) fn signal(&mut self, sent: u8, script: bool) -> Check {
        let name = self.name();
        let late = self.kill.filter(|due| due.at <= self.now);
        if script {
            if sent != KILL || (late.is_none() && self.killed != Some(self.now)) {
                return Err(format!("signal {sent} for a control script, which has its time"));
            }
            self.was_killed();
            return Ok(());
        }
        if sent == KILL && late.is_some() {
            self.was_killed();
            return Ok(());
        }
        if let Some((_, Role::Finish)) = self.known.child {
            return match self.kill {
                Some(due) => {
                    Err(format!("finish is signalled {} ms too early", due.at.saturating_sub(self.now) / MS))
                }
                None => Err("finish is signalled".into()),
            };
        }
        if !self.hears() {
            return Err(format!("signal {sent} for a {name} that was reaped"));
        }
        self.known.term |= sent == TERM;
        if let Some(at) = self.asked_for.iter().position(|asked| *asked == sent) {
            self.asked_for.remove(at);
            return Ok(());
        }
        let down = self.said.down();
        if self.owes && sent == down {
            self.after_signal();
            return Ok(());
        }
        if sent == Sim::signal_number(Signal::Continue) && std::mem::take(&mut self.owes_cont) {
            return Ok(());
        }
        match self.kill {
            Some(due) if sent == KILL => Err(format!(
                "KILL for the {name} {} ms before its time",
                due.at.saturating_sub(self.now) / MS
            )),
            _ if self.owes => Err(format!("signal {sent} for the {name}, which is asked to end by {down}")),
            _ => Err(format!("signal {sent} for the {name}, for which nobody asked")),
        }
    }
}
