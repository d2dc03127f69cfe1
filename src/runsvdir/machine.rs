//! When to look at the directory, and what to do about what is found there.
use super::container::Leave;
use super::services::{Found, Services};
use super::state::{Scan, State};
use super::words::{Action, Actions, Answer, Contents, Event, Look};
use platform::{FileId, Instant};

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

/// A scan directory.
pub struct Machine {
    pub(super) state: State,
    pub(super) services: Services,
    /// The scan that is under way, or is about to begin.
    pub(super) under_way: Scan,
    /// What the scan under way or the last complete one saw.
    pub(super) seen: Option<Look>,
    /// No scan has met and started everything yet: what is there was there before.
    pub(super) first: bool,
    pub(super) told: bool,
    /// A change was told since the last scan began.
    pub(super) changed: bool,
    /// The scan under way follows one.
    pub(super) follows: bool,
    /// The next look.
    pub(super) look: Instant,
    /// A scan is needed at this time, whatever the look shows.
    pub(super) scan: Option<Instant>,
    /// It is needed for a directory that is being filled, and for nothing else.
    pub(super) examines: bool,
    /// The scan under way is such a one, and the directory is as it was.
    pub(super) repeats: bool,
    /// Since when a service is missing, and when the last one went.
    pub(super) missing: (Instant, Instant),
    /// Until when entries that lead nowhere are looked at again.
    pub(super) dangles: Instant,
    /// No scan before this.
    pub(super) rested: Instant,
    /// A supervisor was told to end in this round.
    pub(super) sent: bool,
    /// The end of a container.
    pub(super) leave: Leave,
}

impl Machine {
    /// Nothing is known yet.
    #[must_use]
    pub const fn new() -> Machine {
        Machine {
            state: State::Waiting,
            services: Services::new(),
            under_way: Scan { since: Instant(0), stuck: false, replaced: false, fresh: false, age: 0 },
            seen: None,
            first: true,
            told: false,
            changed: false,
            follows: false,
            look: Instant(0),
            scan: None,
            examines: false,
            repeats: false,
            missing: (Instant(0), Instant(0)),
            dangles: Instant(0),
            rested: Instant(0),
            sent: false,
            leave: Leave::NEVER,
        }
    }

    /// When [`Event::Time`] is due: there is always a next look.
    #[must_use]
    pub fn until(&self) -> Option<Instant> {
        Some(match self.scan {
            _ if self.state == State::Ending => self.look.min(self.leave.at),
            Some(scan) => self.look.min(scan.max(self.rested)),
            None => self.look,
        })
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

    fn examine_at(&mut self, time: Instant) {
        let examines = self.examines || self.scan.is_none();
        self.scan_at(time);
        self.examines = examines;
    }

    fn scan_at(&mut self, time: Instant) {
        self.examines = false;
        self.scan = Some(self.scan.map_or(time, |scan| scan.min(time)));
    }

    /// Takes an event; what follows from it is added to `out`.
    pub fn step(&mut self, event: Event, now: Instant, out: &mut Actions) {
        match self.state {
            State::Waiting => match event {
                Event::Time => self.look_if_due(now, out),
                Event::Changed => {
                    self.changed = true;
                    self.scan_at(now.plus_ms(SOON));
                }
                Event::Alarm => {
                    self.services.forgive();
                    self.scan_at(now);
                    self.look_if_due(now, out);
                }
                Event::Died(pid, ended) => {
                    if let Some(again) = self.services.died(pid, ended, now) {
                        self.scan_at(again);
                    }
                }
                Event::Terminate => self.end(0, out),
                Event::HangUp => {
                    self.services.begin_stop();
                    self.mark(out);
                }
                Event::Stop => self.stop_container(0, now, out),
                Event::MainIsDown(code) => self.stop_container(code, now, out),
            },
            State::Ending => self.ending(event, now, out),
            // An answer comes before anything else happens, and past the end nothing is done.
            State::Looking
            | State::Opening
            | State::Scanning
            | State::Examining
            | State::Dismissing
            | State::Marking
            | State::Stopping
            | State::Killing
            | State::Felling
            | State::Over => {}
        }
    }

    /// Takes the answer to the last question.
    // Apart from the loop that hands it in both are smaller.
    #[inline(never)]
    pub fn answer(&mut self, answer: Answer, now: Instant, out: &mut Actions) {
        match (self.state, answer) {
            (State::Looking, Answer::Seen(Some((look, fresh)))) => {
                let due = self.scan.is_some_and(|scan| scan.max(self.rested) <= now);
                let same = self.seen == Some(look);
                if due || !same {
                    self.repeats = self.examines && same;
                    self.seen = Some(look);
                    self.under_way = Scan { since: now, stuck: false, replaced: false, fresh, age: 0 };
                    self.state = State::Opening;
                    out.add(Action::Open);
                } else {
                    self.look = now.plus_ms(if self.told { NET } else { POLL });
                    self.state = State::Waiting;
                }
            }
            (State::Looking, Answer::Seen(None)) | (State::Opening, Answer::Opened(None)) => {
                // Something is wrong with it; what was seen before does not count any more, and
                // what called for a scan is called again by the next look.
                self.seen = None;
                self.scan = None;
                self.look = now.plus_ms(POLL);
                self.state = State::Waiting;
            }
            (State::Opening, Answer::Opened(Some(told))) => {
                self.told = told;
                self.follows = core::mem::take(&mut self.changed);
                self.scan = None;
                self.examines = false;
                self.services.begin();
                self.next(out);
            }
            (State::Scanning, Answer::Name(id)) => self.name(id, now, out),
            (State::Examining, Answer::Examined(contents)) => self.examined(contents, now, out),
            (State::Scanning, Answer::Started(pid)) => {
                match pid {
                    Some(pid) => self.services.started(pid, now),
                    None => {
                        self.under_way.stuck = true;
                        self.scan_at(now.plus_ms(POLL));
                    }
                }
                self.next(out);
            }
            (State::Scanning, Answer::End { complete, dangling }) => {
                self.end_scan(complete, dangling, now, out);
            }
            (State::Dismissing, Answer::Sent) => self.dismiss(out),
            (State::Marking, Answer::Marked) | (State::Stopping, Answer::Sent) => self.stop(now, out),
            (State::Killing, Answer::Marked) => self.killed(now, out),
            (State::Felling, Answer::Sent) => self.fell(out),
            // Each state asks its own questions and no other.
            (
                State::Waiting
                | State::Looking
                | State::Opening
                | State::Scanning
                | State::Examining
                | State::Dismissing
                | State::Marking
                | State::Stopping
                | State::Ending
                | State::Killing
                | State::Felling
                | State::Over,
                Answer::Seen(_)
                | Answer::Opened(_)
                | Answer::Name(_)
                | Answer::End { .. }
                | Answer::Examined(_)
                | Answer::Started(_)
                | Answer::Sent
                | Answer::Marked,
            ) => {}
        }
    }

    fn name(&mut self, id: FileId, now: Instant, out: &mut Actions) {
        match self.services.found(id, now) {
            Ok(Found::New(_) | Found::Start) if self.under_way.stuck => self.next(out),
            Ok(Found::New(_)) if self.first => self.start_new(out),
            Ok(Found::New(age)) => {
                self.under_way.age = age;
                self.state = State::Examining;
                out.add(Action::Examine);
            }
            Ok(Found::Start) => out.add(Action::Start),
            Ok(Found::Runs) => self.next(out),
            Ok(Found::Wait(until)) => {
                self.scan_at(until);
                self.next(out);
            }
            Err(_) => {
                self.scan_at(now.plus_ms(POLL));
                out.add(Action::NoMemory);
                self.next(out);
            }
        }
    }

    fn examined(&mut self, contents: Contents, now: Instant, out: &mut Actions) {
        let wait = match contents {
            Contents::Quiet(_) if self.under_way.age >= LATE => 0,
            Contents::Quiet(ms) => QUIET.saturating_sub(ms),
            Contents::NoRun => {
                let (count, pause) = self.services.unfinished(now);
                if count == TOLD {
                    out.add(Action::NoRun);
                }
                pause.min(LATE)
            }
        };
        if wait == 0 {
            self.start_new(out);
        } else {
            self.examine_at(now.plus_ms(wait));
            self.next(out);
        }
    }

    fn end_scan(&mut self, complete: bool, dangling: bool, now: Instant, out: &mut Actions) {
        let scan = self.under_way;
        self.first &= scan.stuck || !complete;
        let gone = complete && self.are_gone(scan.replaced, now);
        if !self.repeats {
            self.dangles = now.plus_ms(DANGLES);
        }
        if dangling && now < self.dangles {
            self.examine_at(now.plus_ms(QUIET));
        }
        if !complete {
            self.seen = None;
        }
        if !complete || (scan.fresh && !self.told) {
            self.scan_at(now.plus_ms(SETTLE));
        } else if scan.fresh && self.follows {
            self.examine_at(now.plus_ms(SETTLE));
        } else if scan.fresh {
            // Should the next change not be told and have the same date.
            self.scan_at(now.plus_ms(NET));
        }
        // Some kernels tell of a change before it has happened.
        self.look = now.plus_ms(match self.told {
            true if self.follows => SETTLE,
            true => NET,
            false => POLL,
        });
        self.rested = now.plus_ms(now.ms_since(scan.since).saturating_mul(REST).min(SETTLE));
        out.add(Action::Close);
        self.state = State::Waiting;
        if gone {
            self.state = State::Dismissing;
            self.dismiss(out);
        }
    }

    /// Starts a new service, which may have taken the place of another one.
    fn start_new(&mut self, out: &mut Actions) {
        self.under_way.replaced = true;
        self.state = State::Scanning;
        out.add(Action::Start);
    }

    fn next(&mut self, out: &mut Actions) {
        self.state = State::Scanning;
        out.add(Action::Next { repeats: self.repeats });
    }

    /// Ends the next of the supervisors whose services were not met. When there is none left it goes on.
    fn dismiss(&mut self, out: &mut Actions) {
        match self.services.forget() {
            Some(pid) => out.add(Action::Terminate(pid)),
            None => self.state = State::Waiting,
        }
    }

    pub(super) fn end(&mut self, code: u8, out: &mut Actions) {
        self.state = State::Over;
        out.add(Action::Exit(code));
    }

    fn look_if_due(&mut self, now: Instant, out: &mut Actions) {
        if self.until() <= Some(now) {
            self.state = State::Looking;
            out.add(Action::Look);
        }
    }
}

impl Default for Machine {
    fn default() -> Self {
        Machine::new()
    }
}
