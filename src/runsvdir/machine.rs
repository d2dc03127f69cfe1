//! When to look at the directory, and what to do about what is found there.
use super::services::{Found, Services};
use super::words::{Action, Contents, Event, Look};
use platform::{Instant, Pid};

/// Without notification the directory is looked at this often; also after a failure.
const POLL: u64 = 5000;
/// With notification, as a safety net for what the kernel does not tell.
const NET: u64 = 300_000;
/// So long nothing may have changed in a directory that is being filled, before its supervisor starts.
pub const QUIET: u64 = 1000;
/// A directory that is never quiet is started as late as C runit would at the latest; one without `run`
/// is looked at this often from then on.
const LATE: u64 = 5000;
/// A service whose name is gone is ended after this time, unless another one has taken its place: a
/// script that makes a link anew may remove it first.
pub const GONE: u64 = 100;
/// The same where names are gone all the time.
const GONE_AT_LAST: u64 = 1000;
/// A `run` is missed when it was not there so many times.
const TOLD: u32 = 8;
/// After a change was told: a link that is made under another name has its own by then.
const SOON: u64 = 1;
/// An entry that leads nowhere is looked at again for this long after a change: what it leads to may be
/// made after it.
const DANGLES: u64 = 6_000;
/// Until the second in which the directory changed is over, when only its time stamp tells.
const SETTLE: u64 = 1000;
/// A scan may be followed by the next after this many times its own duration, so that a directory
/// that changes all the time costs a fifth of a processor at most.
const REST: u64 = 4;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// For an event.
    Waiting,
    /// For the answer to `Look`.
    Looking,
    /// For the answer to `Enter`, with what was seen.
    Entering(Look),
    /// Among the names of the directory.
    Scanning(Scan),
    /// For the answer to `Examine`.
    Examining(Scan),
    /// Past the end.
    Over,
}

/// A scan under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Scan {
    /// When it began.
    since: Instant,
    /// Fork failed in it: nothing more is started.
    stuck: bool,
    /// A new service was started in it.
    replaced: bool,
    /// What is seen now may change again within the same time stamp.
    fresh: bool,
    /// How many milliseconds ago the service that is examined was found, or last had no `run`.
    age: u64,
}

/// A scan directory.
pub struct Machine {
    state: State,
    services: Services,
    /// What the last complete scan saw.
    seen: Option<Look>,
    /// No scan has met and started everything yet: what is there was there before.
    first: bool,
    fresh: bool,
    told: bool,
    /// A change was told since the last scan began.
    changed: bool,
    /// The scan under way follows one.
    follows: bool,
    /// The next look.
    look: Instant,
    /// A scan is needed at this time, whatever the look shows.
    scan: Option<Instant>,
    /// It is needed for a directory that is being filled, and for nothing else.
    examines: bool,
    /// The scan under way is such a one, and the directory is as it was.
    repeats: bool,
    /// Since when a service is missing, and when the last one went.
    missing: (Instant, Instant),
    /// What the last scan did not meet is forgotten.
    forgets: bool,
    /// Until when entries that lead nowhere are looked at again.
    dangles: Instant,
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
            first: true,
            fresh: false,
            told: false,
            changed: false,
            follows: false,
            look: Instant(0),
            scan: None,
            examines: false,
            repeats: false,
            missing: (Instant(0), Instant(0)),
            forgets: false,
            dangles: Instant(0),
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

    /// Forgets a service that is gone; see [`Services::forget`].
    pub fn forget(&mut self) -> Option<Option<Pid>> {
        if self.forgets { self.services.forget() } else { None }
    }

    /// Whether what the scan did not meet is gone for good. A scan that met new services may have met
    /// what took its place, which should not run beside it.
    fn are_gone(&mut self, replaced: bool, now: Instant) -> bool {
        let (still, new) = self.services.missing();
        let (first, last) = &mut self.missing;
        if new {
            *last = now;
        }
        if !still {
            *first = now;
        }
        let gone = replaced || now >= last.plus_ms(GONE) || now >= first.plus_ms(GONE_AT_LAST);
        let again = last.plus_ms(GONE);
        if (still || new) && !gone {
            self.scan_at(again);
        }
        gone
    }

    /// Every supervisor.
    pub fn supervisors(&mut self) -> impl Iterator<Item = Pid> {
        self.services.supervisors()
    }

    /// Whether the scan under way finds what the last one found: what was said then is not said again.
    #[must_use]
    pub const fn repeats(&self) -> bool {
        self.repeats
    }

    fn examine_at(&mut self, time: Instant) {
        let examines = self.examines || self.scan.is_none();
        self.scan_at(time);
        self.examines = examines;
    }

    fn scan_at(&mut self, time: Instant) {
        self.examines = false;
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
                self.changed = true;
                self.scan_at(now.plus_ms(SOON));
                Action::Wait
            }
            (State::Waiting, Event::Alarm) => {
                self.services.forgive();
                self.scan_at(now);
                self.look_if_due(now)
            }
            (State::Waiting, Event::Died(pid, ended)) => {
                if let Some(again) = self.services.died(pid, ended, now) {
                    self.scan_at(again);
                }
                Action::Wait
            }
            (State::Looking, Event::Seen(Some(look), fresh)) => {
                let due = self.scan.is_some_and(|scan| scan.max(self.rested) <= now);
                if due || self.seen != Some(look) {
                    self.repeats = self.examines && self.seen == Some(look);
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
                self.follows = core::mem::take(&mut self.changed);
                self.seen = Some(look);
                self.scan = None;
                self.examines = false;
                self.services.begin();
                self.state = State::Scanning(Scan {
                    since: now,
                    stuck: false,
                    replaced: false,
                    fresh: self.fresh,
                    age: 0,
                });
                Action::Next
            }
            (State::Scanning(scan), Event::Name(id)) => match self.services.found(id, now) {
                Ok(Found::Runs) => Action::Next,
                Ok(Found::New(_) | Found::Start) if scan.stuck => Action::Next,
                Ok(Found::New(_)) if self.first => self.replace(scan),
                Ok(Found::New(age)) => {
                    self.state = State::Examining(Scan { age, ..scan });
                    Action::Examine
                }
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
            (State::Examining(scan), Event::Examined(contents)) => {
                self.state = State::Scanning(scan);
                let wait = match contents {
                    Contents::Quiet(_) if scan.age >= LATE => 0,
                    Contents::Quiet(ms) => QUIET.saturating_sub(ms),
                    Contents::NoRun => {
                        let (count, pause) = self.services.unfinished(now);
                        self.examine_at(now.plus_ms(pause.min(LATE)));
                        return if count == TOLD { Action::NoRun } else { Action::Next };
                    }
                };
                if wait == 0 {
                    return self.replace(scan);
                }
                self.examine_at(now.plus_ms(wait));
                Action::Next
            }
            (State::Scanning(_), Event::Started(Some(pid))) => {
                self.services.started(pid, now);
                Action::Next
            }
            (State::Scanning(scan), Event::Started(None)) => {
                self.state = State::Scanning(Scan { stuck: true, ..scan });
                self.scan_at(now.plus_ms(POLL));
                Action::Next
            }
            (
                State::Scanning(Scan { since, stuck, fresh, replaced, .. }),
                Event::End { complete, dangling },
            ) => {
                self.first &= stuck || !complete;
                self.forgets = complete && self.are_gone(replaced, now);
                if !self.repeats {
                    self.dangles = now.plus_ms(DANGLES);
                }
                if dangling && now < self.dangles {
                    self.examine_at(now.plus_ms(QUIET));
                }
                if !complete {
                    self.seen = None;
                }
                if !complete || (fresh && !self.told) {
                    self.scan_at(now.plus_ms(SETTLE));
                } else if fresh && self.follows {
                    self.examine_at(now.plus_ms(SETTLE));
                } else if fresh {
                    // Should the next change not be told and have the same date.
                    self.scan_at(now.plus_ms(NET));
                }
                // Some kernels tell of a change before it has happened.
                self.look = now.plus_ms(match self.told {
                    true if self.follows => SETTLE,
                    true => NET,
                    false => POLL,
                });
                self.rested = now.plus_ms(now.ms_since(since).saturating_mul(REST).min(SETTLE));
                self.state = State::Waiting;
                Action::Leave
            }
            // These are told between scans only.
            (
                State::Looking | State::Entering(_) | State::Scanning(_) | State::Examining(_),
                Event::Time | Event::Changed | Event::Alarm | Event::Died(..),
            ) => Action::Wait,
            // These answers have not been asked for.
            (
                State::Waiting | State::Entering(_) | State::Scanning(_) | State::Examining(_),
                Event::Seen(..),
            )
            | (
                State::Waiting | State::Looking | State::Scanning(_) | State::Examining(_),
                Event::Entered(_),
            )
            | (
                State::Waiting | State::Looking | State::Entering(_) | State::Scanning(_),
                Event::Examined(_),
            )
            | (
                State::Waiting | State::Looking | State::Entering(_) | State::Examining(_),
                Event::Name(_) | Event::End { .. } | Event::Started(_),
            ) => Action::Wait,
        }
    }

    /// Starts a new service, which may have taken the place of another one.
    fn replace(&mut self, scan: Scan) -> Action {
        self.state = State::Scanning(Scan { replaced: true, ..scan });
        Action::Start
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
