//! What becomes of a rotated log that a processor is to read.
use super::name::Name;
use platform::{Instant, Pid};

/// The first pause after a processor that failed, in milliseconds; each further one is twice as
/// long, up to the last.
const FIRST: u64 = 1000;
const LAST: u64 = 60_000;
/// Until a step that failed after a processor succeeded is tried again.
const AGAIN: u64 = 3000;

/// So many logs may wait for a processor that works, the one that it reads among them.
const WAITING: u64 = 8;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// There may be a log to process.
    Work,
    /// HUP: the processor may be another now.
    HangUp,
    /// The answer to `Find`.
    Found(Option<Name>),
    /// The answer to `Launch`.
    Launched(Pid),
    /// The step asked for is done.
    Done,
    /// It failed.
    Failed,
    /// It failed since somebody deleted what the processor wrote.
    Gone,
    /// The process ended; `true`: by `exit 0`.
    Died(bool),
    /// Nothing; time may have passed.
    Time,
    /// The program is about to end: a processor that works is waited for, and gets what is waiting.
    Terminate,
    /// It ends now.
    Abandon,
}

/// A step of what follows a processor that succeeded. In this order no line is lost or doubled
/// wherever it is interrupted: at a start, output that is marked while what was read is gone is
/// whole, and any other is thrown away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settle {
    /// Flush its output.
    Sync,
    /// Give that its final mode.
    Mark,
    /// Remove what it read.
    Remove,
    /// Give its output its final name.
    Rename,
    /// Keep its state.
    State,
}

/// What is to be done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Nothing.
    Wait,
    /// Look for the oldest log to process; none if there is no processor.
    Find,
    /// Start the processor on it.
    Launch(Name),
    /// Throw away what it wrote: it failed.
    Discard(Name),
    /// Keep what it wrote.
    Settle(Name, Settle),
    /// All is done with this log.
    Finish(Name),
    /// Have it end.
    Stop(Pid),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Idle,
    /// For the answer to `Find`.
    Finding,
    /// For the answer to `Launch`.
    Launching(Name),
    Runs(Name, Pid),
    /// For the answer to `Discard`.
    Discarding,
    /// After a failure.
    Rests(Instant),
    /// For the answer to `Settle`.
    Settling(Name, Settle),
    /// For the answer to `Finish`.
    Finishing,
    /// Until a step is tried again.
    Stuck(Name, Settle, Instant),
    Over,
}

/// The processor of a log directory.
#[derive(Clone, Copy, Debug)]
pub struct Processor {
    state: State,
    failures: u32,
    /// How many logs were waiting when it was seen to work, or fewer that were left of them.
    backlog: u64,
    ending: bool,
}

const fn after(step: Settle) -> Option<Settle> {
    match step {
        Settle::Sync => Some(Settle::Mark),
        Settle::Mark => Some(Settle::Remove),
        Settle::Remove => Some(Settle::Rename),
        Settle::Rename => Some(Settle::State),
        Settle::State => None,
    }
}

impl Processor {
    /// Nothing runs.
    #[must_use]
    pub const fn new() -> Processor {
        Processor { state: State::Idle, failures: 0, backlog: u64::MAX, ending: false }
    }

    /// The log that is being processed.
    #[must_use]
    pub fn busy(&self) -> Option<Name> {
        match self.state {
            State::Launching(name)
            | State::Runs(name, _)
            | State::Settling(name, _)
            | State::Stuck(name, _, _) => Some(name),
            State::Idle
            | State::Finding
            | State::Discarding
            | State::Rests(_)
            | State::Finishing
            | State::Over => None,
        }
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        match self.state {
            State::Runs(_, pid) => Some(pid),
            State::Idle
            | State::Finding
            | State::Launching(_)
            | State::Discarding
            | State::Rests(_)
            | State::Settling(..)
            | State::Finishing
            | State::Stuck(..)
            | State::Over => None,
        }
    }

    /// Whether the end of the program need not wait for it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Whether lines have to wait for it, when so many logs wait and the directory keeps `keep`
    /// (0: all).
    ///
    /// One that works and is slower than the lines come is waited for: else the disk would fill, or
    /// logs would be deleted that nobody has processed. One that fails is not (DEV-66). Where all
    /// logs are kept, those that have gathered meanwhile are no reason to wait, only more of them.
    pub fn holds_up(&mut self, waiting: u64, keep: u64) -> bool {
        if self.failures > 0 || self.pid().is_none() {
            return false;
        }
        let most = match keep.checked_sub(1) {
            None => {
                self.backlog = self.backlog.min(waiting);
                self.backlog.max(WAITING)
            }
            Some(others) => others.clamp(1, WAITING),
        };
        waiting > most
    }

    /// When [`Event::Time`] is to be handed in.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Rests(until) | State::Stuck(_, _, until) => Some(until),
            State::Idle
            | State::Finding
            | State::Launching(_)
            | State::Runs(..)
            | State::Discarding
            | State::Settling(..)
            | State::Finishing
            | State::Over => None,
        }
    }

    /// Takes an event and says what to do.
    pub fn step(&mut self, event: Event, now: Instant) -> Action {
        match (self.state, event) {
            (State::Over, _) => Action::Wait,
            (State::Idle, Event::Work | Event::HangUp) => self.go(State::Finding, Action::Find),
            (State::Rests(until), Event::Time) if now >= until => self.go(State::Finding, Action::Find),
            (State::Rests(_), Event::HangUp) => {
                self.failures = 0;
                self.go(State::Finding, Action::Find)
            }
            (State::Finding, Event::Found(Some(name))) => {
                self.go(State::Launching(name), Action::Launch(name))
            }
            (State::Finding, Event::Found(None)) => {
                self.go(if self.ending { State::Over } else { State::Idle }, Action::Wait)
            }
            (State::Launching(name), Event::Launched(pid)) => self.go(State::Runs(name, pid), Action::Wait),
            (State::Finding | State::Launching(_), Event::Failed) => self.failed(now),
            (State::Runs(name, _), Event::Died(true)) => {
                self.go(State::Settling(name, Settle::Sync), Action::Settle(name, Settle::Sync))
            }
            // DEV-65: killed is failed. So is one whose output is not there.
            (State::Runs(name, _), Event::Died(false))
            | (State::Settling(name, Settle::Sync | Settle::Mark), Event::Gone) => self.go(State::Discarding, Action::Discard(name)),
            (State::Discarding, Event::Done | Event::Failed) => self.failed(now),
            (State::Settling(name, step), Event::Done) => match after(step) {
                Some(next) => self.go(State::Settling(name, next), Action::Settle(name, next)),
                None => self.go(State::Finishing, Action::Finish(name)),
            },
            (State::Settling(..), Event::Failed | Event::Gone) if self.ending => self.go(State::Over, Action::Wait),
            (State::Settling(name, step), Event::Failed | Event::Gone) => {
                self.go(State::Stuck(name, step, now.plus_ms(AGAIN)), Action::Wait)
            }
            (State::Stuck(name, step, until), Event::Time) if now >= until => {
                self.go(State::Settling(name, step), Action::Settle(name, step))
            }
            (State::Stuck(name, step, _), Event::HangUp) => {
                self.go(State::Settling(name, step), Action::Settle(name, step))
            }
            // One that works gets what is waiting, at the end, too.
            (State::Finishing, Event::Done | Event::Failed) => {
                self.failures = 0;
                self.go(State::Finding, Action::Find)
            }
            // What waits for one that fails is found at the next start (DEV-63).
            (State::Idle | State::Rests(_) | State::Stuck(..), Event::Terminate | Event::Abandon) => {
                self.go(State::Over, Action::Wait)
            }
            (State::Runs(..), Event::Terminate) => {
                self.ending = true;
                Action::Wait
            }
            (State::Runs(_, pid), Event::Abandon) => self.go(State::Over, Action::Stop(pid)),

            // It is found when what runs is done.
            (State::Runs(..) | State::Rests(_) | State::Stuck(..), Event::Work)
            | (State::Runs(..), Event::HangUp)
            | (State::Idle | State::Runs(..) | State::Rests(_) | State::Stuck(..), Event::Time)
            // Only one who waits is told these, and only one who asked gets these answers.
            | (
                State::Finding
                | State::Launching(_)
                | State::Discarding
                | State::Settling(..)
                | State::Finishing,
                Event::Work | Event::HangUp | Event::Time | Event::Terminate | Event::Abandon,
            )
            | (
                State::Idle
                | State::Finding
                | State::Launching(_)
                | State::Discarding
                | State::Rests(_)
                | State::Settling(..)
                | State::Finishing
                | State::Stuck(..),
                Event::Died(_),
            )
            | (
                State::Idle
                | State::Launching(_)
                | State::Runs(..)
                | State::Discarding
                | State::Rests(_)
                | State::Settling(..)
                | State::Finishing
                | State::Stuck(..),
                Event::Found(_),
            )
            | (
                State::Idle
                | State::Finding
                | State::Runs(..)
                | State::Discarding
                | State::Rests(_)
                | State::Settling(..)
                | State::Finishing
                | State::Stuck(..),
                Event::Launched(_),
            )
            | (
                State::Idle | State::Runs(..) | State::Rests(_) | State::Stuck(..),
                Event::Done | Event::Failed | Event::Gone,
            )
            | (State::Finding | State::Launching(_) | State::Discarding | State::Finishing, Event::Gone)
            | (State::Finding | State::Launching(_), Event::Done) => Action::Wait,
        }
    }

    fn go(&mut self, state: State, action: Action) -> Action {
        self.state = state;
        action
    }

    /// DEV-66: the pauses grow, and nobody waits for them.
    fn failed(&mut self, now: Instant) -> Action {
        if self.ending {
            return self.go(State::Over, Action::Wait);
        }
        self.backlog = u64::MAX;
        let pause = FIRST.checked_shl(self.failures.min(16)).unwrap_or(LAST).min(LAST);
        self.failures = self.failures.saturating_add(1);
        self.go(State::Rests(now.plus_ms(pause)), Action::Wait)
    }
}

impl Default for Processor {
    fn default() -> Self {
        Processor::new()
    }
}

#[cfg(test)]
mod tests;
