//! When a processor is started, and what becomes of what it wrote.
use crate::actions::Actions;
use crate::svlogd::directory::name::{LENGTH, Name};
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
    /// The process ended; `true`: by `exit 0`.
    Died(bool),
    /// The moment of [`Processor::until`] may have come.
    Time,
    /// The program is about to end: a processor that works is waited for, and gets what is waiting.
    Terminate,
    /// It ends now.
    Abandon,
}

/// What came of a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The oldest log to process.
    Found(Option<Name>),
    /// The process.
    Launched(Pid),
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It failed since somebody deleted what the processor wrote.
    Gone,
}

/// A step of what follows a processor that succeeded. In this order no line is lost or doubled
/// wherever it is interrupted: at a start, output that is marked while what was read is gone is
/// whole, and any other is thrown away.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
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

/// What is to be done next, with [`Processor::name`]. All but the last are questions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Look for the oldest log to process; none if there is no processor.
    Find,
    /// Start the processor on it.
    Launch,
    /// Throw away what it wrote: it failed.
    Discard,
    /// Keep what it wrote.
    Settle(Settle),
    /// All is done with this log.
    Finish,
    /// Have it end.
    Stop(Pid),
}

/// Actions in order; the walk has seen no longer list.
pub type Out = Actions<Action, 1>;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum State {
    Idle,
    /// For the answer to a question.
    Asked(Action),
    Runs(Pid),
    /// After a failure.
    Rests(Instant),
    /// Until a step is tried again.
    Stuck(Settle, Instant),
    Over,
}

/// The processor of a log directory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Processor {
    state: State,
    /// The log that was found last.
    name: Name,
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
    pub const fn new() -> Processor {
        Processor { state: State::Idle, name: [0; LENGTH], failures: 0, backlog: u64::MAX, ending: false }
    }

    /// The log that was found last.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The log that is being processed.
    pub fn busy(&self) -> Option<Name> {
        match self.state {
            State::Asked(Action::Launch | Action::Settle(_)) | State::Runs(_) | State::Stuck(..) => {
                Some(self.name)
            }
            State::Asked(Action::Find | Action::Discard | Action::Finish | Action::Stop(_))
            | State::Idle
            | State::Rests(_)
            | State::Over => None,
        }
    }

    /// The process.
    pub fn pid(&self) -> Option<Pid> {
        match self.state {
            State::Runs(pid) => Some(pid),
            State::Idle | State::Asked(_) | State::Rests(_) | State::Stuck(..) | State::Over => None,
        }
    }

    /// Whether the end of the program need not wait for it.
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

    /// When [`Event::Time`] is due.
    pub fn until(&self) -> Option<Instant> {
        match self.state {
            State::Rests(until) | State::Stuck(_, until) => Some(until),
            State::Idle | State::Asked(_) | State::Runs(..) | State::Over => None,
        }
    }

    /// Takes an event; what follows from it is added to `out`.
    pub fn step(&mut self, event: Event, now: Instant, out: &mut Out) {
        use Event::{Abandon, Died, HangUp, Terminate, Time, Work};
        match self.state {
            State::Idle => match event {
                Work | HangUp => self.ask(Action::Find, out),
                Terminate | Abandon => self.state = State::Over,
                // Nothing runs.
                Died(_) | Time => {}
            },
            State::Runs(pid) => match event {
                Died(true) => self.ask(Action::Settle(Settle::Sync), out),
                // DEV-65: killed is failed.
                Died(false) => self.ask(Action::Discard, out),
                Terminate => self.ending = true,
                Abandon => {
                    self.state = State::Over;
                    out.add(Action::Stop(pid));
                }
                // It is found when what runs is done.
                Work | HangUp | Time => {}
            },
            State::Rests(until) => match event {
                Time if now >= until => self.ask(Action::Find, out),
                HangUp => {
                    self.failures = 0;
                    self.ask(Action::Find, out);
                }
                // What waits for one that fails is found at the next start (DEV-63).
                Terminate | Abandon => self.state = State::Over,
                // More work does not shorten the pause; and a moment may come too early.
                Work | Died(_) | Time => {}
            },
            State::Stuck(step, until) => match event {
                Time if now >= until => self.ask(Action::Settle(step), out),
                HangUp => self.ask(Action::Settle(step), out),
                // What is not done is done at the next start.
                Terminate | Abandon => self.state = State::Over,
                // It is found when this is done; and a moment may come too early.
                Work | Died(_) | Time => {}
            },
            State::Asked(_) | State::Over => match event {
                // The answer comes first; and nothing comes when it is over.
                Work | HangUp | Died(_) | Time | Terminate | Abandon => {}
            },
        }
    }

    /// Takes the answer to a question; what follows from it is added to `out`.
    pub fn answer(&mut self, answer: Answer, now: Instant, out: &mut Out) {
        let State::Asked(question) = self.state else { return };
        match question {
            Action::Find => match answer {
                Answer::Found(Some(name)) => {
                    self.name = name;
                    self.ask(Action::Launch, out);
                }
                Answer::Found(None) => self.state = if self.ending { State::Over } else { State::Idle },
                // No others are answers to this.
                Answer::Failed | Answer::Launched(_) | Answer::Done | Answer::Gone => self.failed(now),
            },
            Action::Launch => match answer {
                Answer::Launched(pid) => self.state = State::Runs(pid),
                Answer::Failed | Answer::Found(_) | Answer::Done | Answer::Gone => self.failed(now),
            },
            Action::Settle(step) => match answer {
                Answer::Done => match after(step) {
                    Some(next) => self.ask(Action::Settle(next), out),
                    None => self.ask(Action::Finish, out),
                },
                // DEV-65: a processor whose output is not there has failed.
                Answer::Gone if matches!(step, Settle::Sync | Settle::Mark) => self.ask(Action::Discard, out),
                Answer::Gone | Answer::Failed | Answer::Found(_) | Answer::Launched(_) => {
                    self.state =
                        if self.ending { State::Over } else { State::Stuck(step, now.plus_ms(AGAIN)) }
                }
            },
            // One that works gets what is waiting, at the end, too.
            Action::Finish => {
                self.failures = 0;
                self.ask(Action::Find, out);
            }
            Action::Discard | Action::Stop(_) => self.failed(now),
        }
    }

    fn ask(&mut self, question: Action, out: &mut Out) {
        self.state = State::Asked(question);
        out.add(question);
    }

    /// DEV-66: the pauses grow, and lines do not wait for them.
    fn failed(&mut self, now: Instant) {
        if self.ending {
            self.state = State::Over;
            return;
        }
        self.backlog = u64::MAX;
        let pause = FIRST.checked_shl(self.failures.min(16)).unwrap_or(LAST).min(LAST);
        self.failures = self.failures.saturating_add(1);
        self.state = State::Rests(now.plus_ms(pause));
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod walk;
