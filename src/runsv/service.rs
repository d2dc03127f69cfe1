//! One supervised process: the service, and its log service, which is the same machine without
//! control scripts and without `./finish`.
use super::words::{Action, Actions, Found};
use crate::protocol::Letter;
use crate::status::{State, Status, Want};
use platform::{Ended, Instant, Pid, Signal, Stamp};

/// `./run` is not started again before a second has passed since its last start.
const SECOND: u64 = 1000;
/// After fork failed.
const RETRY: u64 = 5000;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Who {
    /// The service.
    Main,
    /// Its log service.
    Log,
}

/// A process under supervision.
///
/// Between two events it is always in one of these situations: it has a process (`Run`,
/// `Finish`); a control script runs for it and everything else waits; it waits for `not_before`;
/// it is down because it shall be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Service {
    who: Who,
    pub(super) state: State,
    pub(super) pid: Option<Pid>,
    pub(super) want: Want,
    pub(super) paused: bool,
    pub(super) got_term: bool,
    /// Start `./run` as soon as it is down, whatever the wish: `o` was given.
    pub(super) once: bool,
    /// The control script that runs.
    pub(super) script: Option<(Letter, Pid)>,
    /// `control/u` has run for the start that is under way.
    announced: bool,
    /// Waiting for the answer whether there is a `./finish`.
    looking: bool,
    /// The start of `./run`, for the pause.
    pub(super) started: Instant,
    /// No start before this moment.
    pub(super) not_before: Option<Instant>,
    /// How `./run` ended, for `./finish`.
    pub(super) ended: Ended,
    /// The process of `./run` and whether it had been sent TERM, while `./finish` has to wait for a
    /// control script.
    pub(super) corpse: Option<(Pid, bool)>,
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
            got_term: false,
            once: false,
            script: None,
            announced: false,
            looking: false,
            started: Instant(0),
            not_before: None,
            ended: Ended::Exit(0),
            corpse: None,
        }
    }

    /// What its status files shall say. That `./run` has ended is told once its `./finish` runs: until
    /// then the service is neither down nor has it another process.
    pub(super) fn status(&self, since: Stamp) -> Status {
        let (state, pid, got_term) = match (self.state, self.corpse) {
            (State::Finish, Some((pid, got_term))) => (State::Run, Some(pid), got_term),
            (State::Down | State::Run, Some(_) | None) | (State::Finish, None) => {
                (self.state, self.pid, self.got_term)
            }
        };
        Status { since, pid, paused: self.paused, want: self.want, got_term, state }
    }

    /// Whether a command can be taken now: while a control script runs the others wait.
    pub(super) const fn listens(&self) -> bool {
        self.script.is_none() && !self.looking
    }

    /// Whether it is at rest without a process.
    pub(super) const fn is_down(&self) -> bool {
        matches!(self.state, State::Down) && self.listens()
    }

    /// Whether something shall be started, now or once the pause is over.
    const fn is_due(&self) -> bool {
        self.listens()
            && match self.state {
                State::Run => false,
                State::Finish => self.pid.is_none(),
                State::Down => self.once || matches!(self.want, Want::Up),
            }
    }

    /// When [`Service::start_if_due`] wants to be called again.
    pub(super) fn until(&self) -> Option<Instant> {
        if self.is_due() { self.not_before } else { None }
    }

    /// Starts what is due: `./finish`, or `./run` with `control/u` before it.
    pub(super) fn start_if_due(&mut self, now: Instant, out: &mut Actions) {
        if !self.is_due() || self.not_before.is_some_and(|time| time > now) {
            return;
        }
        self.not_before = None;
        match (self.state, self.who) {
            (State::Run, Who::Main | Who::Log) => {}
            (State::Finish, Who::Main | Who::Log) => {
                if self.corpse.take().is_some() {
                    out.add(Action::Write(self.who));
                }
                self.looking = true;
                out.add(Action::Finish(self.ended));
            }
            (State::Down, Who::Main) if !self.announced => {
                self.looking = true;
                out.add(Action::Script(Letter::Up, None));
            }
            (State::Down, Who::Main | Who::Log) => self.run(out),
        }
    }

    fn run(&mut self, out: &mut Actions) {
        self.looking = true;
        out.add(Action::Run(self.who));
    }

    /// The answer to [`Action::Run`] and [`Action::Finish`]; `None`: fork failed.
    pub(super) fn started(&mut self, pid: Option<Pid>, now: Instant, out: &mut Actions) {
        self.looking = false;
        let Some(pid) = pid else {
            // `control/u` has run for this start: it is not asked again.
            self.announced = matches!(self.state, State::Down);
            self.not_before = Some(now.plus_ms(RETRY));
            return;
        };
        self.pid = Some(pid);
        self.paused = false;
        self.got_term = false;
        match self.state {
            State::Down => {
                self.state = State::Run;
                self.started = now;
                self.once = false;
                self.announced = false;
                out.add(Action::Stamp(self.who));
            }
            State::Run | State::Finish => {}
        }
        out.add(Action::Write(self.who));
    }

    /// Its process ended.
    pub(super) fn died(&mut self, ended: Ended, now: Instant, out: &mut Actions) {
        // Only a control script lets time pass before `./finish` runs.
        self.corpse = self.script.and(self.pid).map(|pid| (pid, self.got_term));
        self.pid = None;
        self.got_term = false;
        match (self.state, self.who) {
            (State::Run, Who::Main) => {
                self.ended = ended;
                self.looking = true;
                out.add(Action::LookForFinish(ended));
            }
            (State::Run, Who::Log) | (State::Finish | State::Down, Who::Main | Who::Log) => {
                self.went_down(now, out);
            }
        }
    }

    /// The answer to [`Action::LookForFinish`].
    pub(super) fn looked(&mut self, found: Found, now: Instant, out: &mut Actions) {
        self.looking = false;
        match found {
            Found::Finish => {
                self.state = State::Finish;
                self.not_before = None;
                out.add(Action::Write(self.who));
            }
            Found::Nothing => self.went_down(now, out),
            Found::NoDirectory => {
                self.want = Want::Exit;
                self.once = false;
                self.announced = false;
                self.went_down(now, out);
            }
        }
    }

    fn went_down(&mut self, now: Instant, out: &mut Actions) {
        self.state = State::Down;
        self.corpse = None;
        let again = self.started.plus_ms(SECOND);
        self.not_before = (!self.once && again > now).then_some(again);
        out.add(Action::Stamp(self.who));
        out.add(Action::Write(self.who));
    }

    /// A command.
    pub(super) fn command(&mut self, letter: Letter, out: &mut Actions) {
        match letter {
            Letter::Up => {
                self.want = Want::Up;
                self.hurry();
                out.add(Action::Write(self.who));
            }
            Letter::Once => {
                self.want = Want::Down;
                self.once = match self.state {
                    State::Run => false,
                    State::Finish | State::Down => true,
                };
                self.hurry();
                out.add(Action::Write(self.who));
            }
            Letter::Down => self.wish_down(Want::Down, out),
            Letter::Exit => match self.who {
                Who::Main => self.wish_down(Want::Exit, out),
                Who::Log => {} // Its end is the end of its input.
            },
            // The flag says what was asked for, in every state.
            Letter::Pause => {
                self.paused = true;
                self.overridable(letter, out);
                out.add(Action::Write(self.who));
            }
            Letter::Continue => {
                self.paused = false;
                self.overridable(letter, out);
                out.add(Action::Write(self.who));
            }
            // All others are a signal and nothing more.
            signal => self.overridable(signal, out),
        }
    }

    /// A command is obeyed at once, pause or not; a failed fork's pause stays for `./finish`.
    pub(super) fn hurry(&mut self) {
        match self.state {
            State::Down => self.not_before = None,
            State::Run | State::Finish => {}
        }
    }

    fn wish_down(&mut self, want: Want, out: &mut Actions) {
        self.want = want;
        self.once = false;
        self.announced = false;
        out.add(Action::Write(self.who));
        self.overridable(Letter::Term, out);
    }

    /// Runs the control script of a signal, or sends it. Only a running `./run` is signalled.
    fn overridable(&mut self, letter: Letter, out: &mut Actions) {
        match (self.state, self.who) {
            (State::Run, Who::Main) => {
                self.looking = true;
                out.add(Action::Script(letter, self.pid));
            }
            (State::Run, Who::Log) => self.script_over(letter, false, out),
            (State::Down | State::Finish, Who::Main | Who::Log) => {}
        }
    }

    /// The answer to [`Action::Script`]; `None`: there is none, or it could not be started.
    pub(super) fn script_started(&mut self, letter: Letter, pid: Option<Pid>, out: &mut Actions) {
        self.looking = false;
        match pid {
            Some(pid) => self.script = Some((letter, pid)),
            None => self.script_over(letter, false, out),
        }
    }

    /// The control script ended.
    pub(super) fn script_died(&mut self, letter: Letter, ended: Ended, out: &mut Actions) {
        self.script = None;
        self.script_over(letter, ended == Ended::Exit(0), out);
    }

    /// What follows a control script, or its absence.
    fn script_over(&mut self, letter: Letter, replaced: bool, out: &mut Actions) {
        match letter {
            Letter::Up => self.run(out),
            Letter::Down | Letter::Exit | Letter::Once => {}
            Letter::Term => {
                if !replaced && self.signal(Signal::Terminate, out) {
                    self.got_term = true;
                    out.add(Action::Write(self.who));
                }
                match self.want {
                    Want::Up => {}
                    Want::Down => self.after_term(Letter::Down, out),
                    Want::Exit => self.after_term(Letter::Exit, out),
                }
            }
            signal => {
                if let (false, Some(signal)) = (replaced, signal.signal()) {
                    self.signal(signal, out);
                }
            }
        }
    }

    /// A paused process could not act on TERM.
    fn after_term(&mut self, letter: Letter, out: &mut Actions) {
        self.signal(Signal::Continue, out);
        match self.who {
            Who::Main => {
                self.looking = true;
                out.add(Action::Script(letter, self.pid));
            }
            Who::Log => {}
        }
    }

    /// Lets a paused process go on, which could not act on the end of its input either.
    pub(super) fn resume(&mut self, out: &mut Actions) {
        if self.paused && self.signal(Signal::Continue, out) {
            self.paused = false;
            out.add(Action::Write(self.who));
        }
    }

    /// Signals `./run` if it is still there.
    fn signal(&self, signal: Signal, out: &mut Actions) -> bool {
        match (self.state, self.pid) {
            (State::Run, Some(pid)) => {
                out.add(Action::Signal(pid, signal));
                true
            }
            (State::Run, None) | (State::Down | State::Finish, Some(_) | None) => false,
        }
    }
}
