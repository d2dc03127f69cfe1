//! One supervised process: the service, and its log service, which is the same machine without
//! control scripts and without `./finish`.
mod command;
mod end;
mod sweep;
mod wait;

use super::machine::Facts;
use super::patience::Patience;
use super::settings::Settings;
use super::words::{Action, Actions};
use crate::protocol::Letter;
use crate::state::{self, Doing};
use crate::status::{State, Status, Want};
use platform::{Ended, Instant, Pid, Signal, Stamp};
#[cfg(test)]
pub(super) use sweep::Stage;
pub(super) use sweep::{Sweeping, Then};

/// After fork failed.
const RETRY: u64 = 5000;
/// After KILL, in milliseconds: NetBSD loses what comes while a process executes another program.
const AGAIN: u64 = 1000;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Who {
    /// The service.
    Main,
    /// Its log service.
    Log,
}

/// How far a start of `./run` has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) enum Start {
    /// Nothing was done for it.
    New,
    /// The settings were read.
    Set,
    /// A service that it needs is waited for; the pause after the next look, in milliseconds, if nobody tells of
    /// changes.
    Waits(u32),
    /// Those that it needs are up.
    Met,
    /// `control/u` has run.
    Announced,
}

/// Later than everything.
pub(super) const NEVER: Instant = Instant(u64::MAX);

/// What became of a service that has no process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Outcome {
    /// Nothing in particular.
    Open,
    /// A one-shot that did what it is for: it is up without a process, until it is told `d`, `x` or `t`.
    Done,
    /// It was given up; not started again unless it is told to.
    Failed,
}

/// A process under supervision.
///
/// Between two events it is always in one of these situations: it has a process (`Run`,
/// `Finish`); a control script runs for it and everything else waits; what it has left behind is being
/// ended; it waits for `not_before`; it is down because it shall be, or is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
// What is small comes first: instructions that reach far into a record are longer.
#[repr(C)]
pub struct Service {
    who: Who,
    pub(super) state: State,
    pub(super) want: Want,
    pub(super) outcome: Outcome,
    pub(super) paused: bool,
    /// It was sent the signal that asks it to end.
    pub(super) asked_to_end: bool,
    /// Start `./run` as soon as it is down, whatever the wish: `o` was given.
    pub(super) once: bool,
    /// Waiting for an answer.
    looking: bool,
    /// `control/t` runs, which has as long for itself as the process has after the signal.
    pub(super) before_signal: bool,
    /// Whether `./run` has said that it is ready.
    pub(super) ready: bool,
    /// It was told something since its start that may have ended it.
    pub(super) asked: bool,
    pub(super) start: Start,
    pub(super) pid: Option<Pid>,
    /// The control script that runs.
    pub(super) script: Option<(Letter, Pid)>,
    /// The process of `./run` and whether it had been sent TERM, while `./finish` has to wait for a
    /// control script, or for what `./run` has left behind; or that of `./finish`.
    pub(super) corpse: Option<(Pid, bool)>,
    /// How `./run` ended, for `./finish`.
    pub(super) ended: Ended,
    /// When what takes too long to end is sent KILL.
    pub(super) kill: Instant,
    /// No start before this moment.
    pub(super) not_before: Option<Instant>,
    /// The start of `./run`, for the pause.
    pub(super) started: Instant,
    /// What is left of it is being ended.
    pub(super) sweep: Option<Sweeping>,
    /// What its directory said at the last start.
    pub(super) settings: Settings,
    pub(super) patience: Patience,
}

impl Service {
    /// Down, not yet started.
    #[must_use]
    pub const fn new(who: Who, want: Want) -> Service {
        Service {
            who,
            state: State::Down,
            pid: None,
            want,
            paused: false,
            asked_to_end: false,
            once: false,
            script: None,
            start: Start::New,
            looking: false,
            settings: Settings::new(),
            kill: NEVER,
            before_signal: false,
            patience: Patience::new(),
            outcome: Outcome::Open,
            ready: false,
            asked: false,
            started: Instant(0),
            not_before: None,
            ended: Ended::Exit(0),
            corpse: None,
            sweep: None,
        }
    }

    /// What its status files shall say. That `./run` has ended is told once its `./finish` runs: until
    /// then the service is neither down nor has it another process.
    pub(super) fn status(&self, since: Stamp) -> Status {
        let (state, pid, got_term) = match (self.state, self.corpse) {
            (State::Finish, Some((pid, _))) if self.has_finished() => (State::Finish, Some(pid), false),
            (State::Finish, Some((pid, got_term))) => (State::Run, Some(pid), got_term),
            (State::Down | State::Run, Some(_) | None) | (State::Finish, None) => {
                (self.state, self.pid, self.asked_to_end)
            }
        };
        // That it got TERM is said of TERM alone.
        let got_term = got_term && self.settings.down.is_none();
        Status { since, pid, paused: self.paused, want: self.want, got_term, state }
    }

    /// Whether `./finish` has ended and left something behind.
    fn has_finished(&self) -> bool {
        self.sweep.is_some_and(|sweep| matches!(sweep.then, Then::Down))
    }

    /// The same, and what the status has no place for.
    pub(super) fn state(&self, status: &Status, facts: &Facts) -> state::State {
        let waits = self.waits();
        let delayed = self.settings.delayed && matches!(self.state, State::Down) && !waits;
        let next = Some(self.until()).filter(|next| delayed && *next != NEVER);
        let doing = match (status.state, self.outcome, next) {
            (State::Run, _, _) => Doing::Run,
            (State::Finish, _, _) => Doing::Finish,
            (State::Down, Outcome::Done, _) => Doing::Done,
            (State::Down, Outcome::Failed, _) => Doing::Failed,
            (State::Down, Outcome::Open, _) if waits => Doing::Waiting,
            (State::Down, Outcome::Open, Some(_)) => Doing::PausedStart,
            (State::Down, Outcome::Open, None) => Doing::Down,
        };
        // One that has ended is not ready, though its process is still told of.
        let says = self.settings.oneshot || self.settings.notification.is_some() || self.sweep.is_some();
        let ready = self.ready || matches!((self.outcome, self.state), (Outcome::Done, State::Down));
        let (limit, window) = self.settings.limit.map_or((0, 0), |limit| (limit.ends, limit.seconds));
        state::State {
            doing,
            ready: says.then_some(ready),
            asked: matches!(status.state, State::Run)
                && self.corpse.map_or(self.asked_to_end, |corpse| corpse.1),
            pid: status.pid,
            want: status.want,
            since: facts.since,
            starts: facts.starts,
            last: facts.last,
            ends: self.patience.ends(),
            limit,
            window,
            next: next.map(|next| later(facts.since, next.ms_since(facts.moment))),
            need: None,
        }
    }

    /// Whether a command can be taken now: while a control script runs the others wait.
    pub(super) const fn listens(&self) -> bool {
        self.script.is_none() && !self.looking
    }

    /// Whether it is at rest without a process.
    pub(super) const fn is_down(&self) -> bool {
        matches!(self.state, State::Down) && self.listens() && self.sweep.is_none()
    }

    /// Whether something shall be started, now or once the pause is over.
    const fn is_due(&self) -> bool {
        self.listens()
            && self.sweep.is_none()
            && match self.state {
                State::Run => false,
                State::Finish => self.pid.is_none(),
                State::Down => {
                    !matches!(self.outcome, Outcome::Done) && (self.once || matches!(self.want, Want::Up))
                }
            }
    }

    /// When [`Service::start_if_due`] wants to be called again.
    pub(super) fn until(&self) -> Instant {
        let due = self.not_before.filter(|_| self.is_due());
        let look = self.sweep.filter(|_| self.listens()).map(|sweep| sweep.look);
        look.or(due).unwrap_or(NEVER)
    }

    /// Kills what takes too long, and the control script that stands in its way.
    pub(super) fn kill_if_due(&mut self, now: Instant, out: &mut Actions) {
        if self.looking || self.kill > now {
            return;
        }
        self.kill = now.plus_ms(AGAIN);
        let mut kill = |pid| out.add(Action::Signal(pid, Signal::Kill));
        if let Some(pid) = self.pid {
            kill(pid);
        }
        if let Some((_, pid)) = self.script {
            kill(pid);
        }
    }

    /// Starts what is due: `./finish`, or `./run` with `control/u` before it.
    pub(super) fn start_if_due(&mut self, now: Instant, out: &mut Actions) {
        if let Some(sweeping) = self.sweep {
            return self.sweep_if_due(sweeping, now, out);
        }
        if !self.is_due() || self.not_before.is_some_and(|time| time > now) {
            return;
        }
        self.not_before = None;
        match (self.state, self.who) {
            (State::Run, Who::Main | Who::Log) => {}
            (State::Finish, Who::Main | Who::Log) => {
                if self.corpse.take().is_some() {
                    self.write(out);
                }
                self.looking = true;
                out.add(Action::Finish(self.ended));
            }
            (State::Down, who @ (Who::Main | Who::Log)) => match (self.start, who) {
                (Start::New, Who::Main | Who::Log) => {
                    self.looking = true;
                    out.add(Action::ReadSettings(who));
                }
                (Start::Set | Start::Waits(_), Who::Main) if self.settings.needs => {
                    self.looking = true;
                    out.add(Action::LookAtNeeds);
                }
                (Start::Set | Start::Waits(_) | Start::Met, Who::Main) => {
                    self.looking = true;
                    out.add(Action::Script(Letter::Up, None));
                }
                (Start::Set | Start::Waits(_) | Start::Met, Who::Log)
                | (Start::Announced, Who::Main | Who::Log) => self.run(out),
            },
        }
    }

    /// The answer to [`Action::ReadSettings`]; the start goes on.
    pub(super) const fn set(&mut self, settings: Settings) {
        self.looking = false;
        self.settings = settings;
        self.start = Start::Set;
    }

    /// Has the status files brought up to date.
    // Once for all callers: it is small, and they are many.
    #[inline(never)]
    fn write(&self, out: &mut Actions) {
        out.add(Action::Write(self.who));
    }

    fn run(&mut self, out: &mut Actions) {
        self.looking = true;
        out.add(Action::Run(self.who));
    }

    /// The answer to [`Action::Run`] and [`Action::Finish`]; `None`: fork failed.
    pub(super) fn started(&mut self, pid: Option<Pid>, now: Instant, out: &mut Actions) {
        self.looking = false;
        let Some(pid) = pid else {
            // What was done for this start is not done again.
            self.not_before = Some(now.plus_ms(RETRY));
            self.write(out);
            return;
        };
        self.pid = Some(pid);
        self.paused = false;
        self.asked_to_end = false;
        match self.state {
            State::Down => {
                self.state = State::Run;
                self.started = now;
                self.once = false;
                self.start = Start::New;
                self.outcome = Outcome::Open;
                self.ready = false;
                self.asked = false;
                out.add(Action::Stamp(self.who));
            }
            State::Finish => self.kill = after(self.settings.timeout_finish, now),
            State::Run => {}
        }
        self.write(out);
    }
}

/// So many milliseconds from now; for 0, never.
const fn after(ms: u32, now: Instant) -> Instant {
    if ms == 0 { NEVER } else { now.plus_ms(ms as u64) }
}

/// So many milliseconds later.
const fn later(stamp: Stamp, ms: u64) -> Stamp {
    let ms = ms.saturating_add(stamp.nanos as u64 / 1_000_000);
    let nanos = ((ms % 1000) as u32).saturating_mul(1_000_000);
    Stamp { secs: stamp.secs.saturating_add(ms / 1000), nanos }
}
