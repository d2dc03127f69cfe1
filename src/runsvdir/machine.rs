//! When to look at the directory, and what to do about what is found there.
use super::services::{Found, Id, Services};
use platform::{Instant, Pid, Stamp};

/// Without notification the directory is looked at this often; also after a failure.
const POLL: u64 = 5000;
/// With notification, as a safety net for what the kernel does not tell.
const NET: u64 = 300_000;
/// Until the second in which the directory changed is over, when only its time stamp tells.
const SETTLE: u64 = 1000;
/// A scan may be followed by the next after this many times its own duration, so that a directory
/// that changes all the time costs a fifth of a processor at most.
const REST: u64 = 4;

/// What is compared to see whether the directory changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Which directory it is: links may have been switched.
    pub id: Id,
    /// Its last change.
    pub changed: Stamp,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Nothing; time may have passed.
    Time,
    /// The kernel tells of a change.
    Changed,
    /// A child ended.
    Died(Pid),
    /// TERM: end, and leave everything running.
    Terminate,
    /// HUP: end, and have every supervisor end.
    HangUp,
    /// The answer to `Look`; `None`: it cannot be looked at. `fresh`: it changed in this second.
    Seen(Option<Look>, bool),
    /// The answer to `Enter`: `None` if it failed, else whether changes are told from now on.
    Entered(Option<bool>),
    /// The answer to `Next`: a directory.
    Name(Id),
    /// The answer to `Next`: the end; `false` if reading failed.
    End(bool),
    /// The answer to `Start`; `None`: fork failed.
    Started(Option<Pid>),
}

/// What is to be done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Wait for an event, at most until the deadline.
    Wait,
    /// stat the directory.
    Look,
    /// Go there, begin to be told of changes, and open it.
    Enter,
    /// Read the next name.
    Next,
    /// Start the supervisor of the name just read.
    Start,
    /// Say that there is no memory for the name just read, and read the next.
    NoMemory,
    /// Close the directory and leave it; then send TERM to what [`Machine::forget`] returns.
    Leave,
    /// Send TERM to all supervisors, then end.
    StopAll,
    /// End with this code.
    Exit(u8),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// For an event.
    Waiting,
    /// For the answer to `Look`.
    Looking,
    /// For the answer to `Enter`, with what was seen.
    Entering(Look),
    /// Among the names of the directory.
    Scanning {
        /// When the scan began.
        since: Instant,
        /// Fork failed in this scan: nothing more is started in it.
        stuck: bool,
        /// What is seen now may change again within the same time stamp.
        fresh: bool,
    },
    /// Past the end.
    Over,
}

/// A scan directory.
pub struct Machine {
    state: State,
    services: Services,
    /// What the last complete scan saw.
    seen: Option<Look>,
    fresh: bool,
    told: bool,
    /// The next look.
    look: Instant,
    /// A scan is needed at this time, whatever the look shows.
    scan: Option<Instant>,
    /// No scan before this.
    rested: Instant,
}

impl Machine {
    /// Nothing is known yet.
    #[must_use]
    pub const fn new() -> Machine {
        Machine {
            state: State::Waiting,
            services: Services::new(),
            seen: None,
            fresh: false,
            told: false,
            look: Instant(0),
            scan: None,
            rested: Instant(0),
        }
    }

    /// When `Time` is to be handed in.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        match self.scan {
            Some(scan) => self.look.min(scan.max(self.rested)),
            None => self.look,
        }
    }

    /// Forgets a service that the scan did not meet; see [`Services::forget`]. Nothing after a
    /// scan that could not read everything.
    pub fn forget(&mut self) -> Option<Option<Pid>> {
        if self.seen.is_some() { self.services.forget() } else { None }
    }

    /// Every supervisor.
    pub fn supervisors(&mut self) -> impl Iterator<Item = Pid> {
        self.services.supervisors()
    }

    fn scan_at(&mut self, time: Instant) {
        self.scan = Some(self.scan.map_or(time, |scan| scan.min(time)));
    }

    /// Takes an event and says what to do.
    pub fn step(&mut self, event: Event, now: Instant) -> Action {
        match (self.state, event) {
            (State::Over, _) => Action::Exit(0),
            (_, Event::Terminate) => {
                self.state = State::Over;
                Action::Exit(0)
            }
            (_, Event::HangUp) => {
                self.state = State::Over;
                Action::StopAll
            }
            (State::Waiting, Event::Time) => self.look_if_due(now),
            (State::Waiting, Event::Changed) => {
                self.scan_at(now);
                self.look_if_due(now)
            }
            (State::Waiting, Event::Died(pid)) => {
                if let Some(again) = self.services.died(pid, now) {
                    self.scan_at(again);
                }
                Action::Wait
            }
            (State::Looking, Event::Seen(Some(look), fresh)) => {
                let due = self.scan.is_some_and(|scan| scan.max(self.rested) <= now);
                if due || self.seen != Some(look) {
                    self.fresh = fresh;
                    self.state = State::Entering(look);
                    Action::Enter
                } else {
                    self.look = now.plus_ms(if self.told { NET } else { POLL });
                    self.wait()
                }
            }
            (State::Looking, Event::Seen(None, _)) | (State::Entering(_), Event::Entered(None)) => {
                // Something is wrong with it; what was seen before does not count any more, and
                // what called for a scan is called again by the next look.
                self.seen = None;
                self.scan = None;
                self.look = now.plus_ms(POLL);
                self.wait()
            }
            (State::Entering(look), Event::Entered(Some(told))) => {
                self.told = told;
                self.seen = Some(look);
                self.scan = None;
                self.services.begin();
                self.state = State::Scanning { since: now, stuck: false, fresh: self.fresh };
                Action::Next
            }
            (State::Scanning { stuck, .. }, Event::Name(id)) => match self.services.found(id, now) {
                Ok(Found::Runs) => Action::Next,
                Ok(Found::Start) if stuck => Action::Next,
                Ok(Found::Start) => Action::Start,
                Ok(Found::Wait(until)) => {
                    self.scan_at(until);
                    Action::Next
                }
                Err(_) => {
                    self.scan_at(now.plus_ms(POLL));
                    Action::NoMemory
                }
            },
            (State::Scanning { .. }, Event::Started(Some(pid))) => {
                self.services.started(pid, now);
                Action::Next
            }
            (State::Scanning { since, fresh, .. }, Event::Started(None)) => {
                self.state = State::Scanning { since, stuck: true, fresh };
                self.scan_at(now.plus_ms(POLL));
                Action::Next
            }
            (State::Scanning { since, fresh, .. }, Event::End(complete)) => {
                if !complete {
                    self.seen = None;
                }
                if !complete || (fresh && !self.told) {
                    self.scan_at(now.plus_ms(SETTLE));
                } else if fresh {
                    // Should the next change not be told and have the same date.
                    self.scan_at(now.plus_ms(NET));
                }
                self.look = now.plus_ms(if self.told { NET } else { POLL });
                self.rested = now.plus_ms(now.ms_since(since).saturating_mul(REST).min(SETTLE));
                self.state = State::Waiting;
                Action::Leave
            }
            // Only one who waits is told these, and only one who asked gets these answers.
            (State::Looking | State::Entering(_), Event::Time | Event::Changed | Event::Died(_))
            | (State::Scanning { .. }, Event::Time | Event::Changed | Event::Died(_))
            | (State::Waiting | State::Entering(_) | State::Scanning { .. }, Event::Seen(..))
            | (State::Waiting | State::Looking | State::Scanning { .. }, Event::Entered(_))
            | (
                State::Waiting | State::Looking | State::Entering(_),
                Event::Name(_) | Event::End(_) | Event::Started(_),
            ) => Action::Wait,
        }
    }

    fn wait(&mut self) -> Action {
        self.state = State::Waiting;
        Action::Wait
    }

    fn look_if_due(&mut self, now: Instant) -> Action {
        if self.deadline() > now {
            return Action::Wait;
        }
        self.state = State::Looking;
        Action::Look
    }
}

impl Default for Machine {
    fn default() -> Self {
        Machine::new()
    }
}
