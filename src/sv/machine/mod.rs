//! One command to one service: it is told, and then waited for until it has obeyed, cannot, or the time is
//! up. `src/bin/sv` looks and writes, and decides nothing.
mod check;
mod goal;
mod judge;
mod pace;
mod settings;
#[cfg(test)]
mod walk;
mod words;

pub use check::{Checked, Passed};
pub use settings::Settings;
pub use words::{Action, Answer, Event, Report, Seen};

use super::{Sight, Trouble};
use crate::status::Record;
use check::{Check, Readiness};
use core::time::Duration;
use judge::{Before, Verdict, followed, is_newer, judge};
use pace::{COMES, EARLY, POLL, SAFETY, SOON, later};
use platform::{Errno, Instant, Stamp};

/// What it asks for at a time: a report, and a signal after it.
pub type Actions = crate::actions::Actions<Action, 2>;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
enum State {
    /// Nothing was done yet.
    New,
    /// It is told for the first time.
    Tells,
    /// A question is open that a look leads to.
    Looks,
    /// Until a change, or the next look.
    Waits,
    /// All is said.
    Done,
}

/// A command on its way to one service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Machine {
    settings: Settings,
    state: State,
    /// What was known of the service.
    before: Before,
    /// Its supervisor has taken the command or shown a record. Before that it may be about to come.
    met: bool,
    /// Whether a supervisor that is not there yet is waited for.
    expected: bool,
    /// Since when it has none.
    alone: Instant,
    /// The supervisor that was told is gone, and another one is to be told.
    followed: bool,
    /// Whether the supervisor has read what it was sent.
    heard: bool,
    /// The supervisor waits for the control script that sv was called by, and reads nothing meanwhile.
    inside: bool,
    /// `ok` is held, since the supervisor is to end: it may be followed at once by another, which looks as
    /// if nothing had happened.
    held: bool,
    /// The supervisor that was told to end has.
    gone: bool,
    /// When a reader of `ok` was seen to go away; a moment after that it is gone, if it was the supervisor.
    left: Option<Instant>,
    /// Whether changes in its `supervise` are told; `None`: nobody has asked for it yet.
    watched: Option<bool>,
    /// Its `./check`.
    check: Check,
    next: Instant,
    pause: Duration,
    /// The process that is to settle, by label and number, and when it will have.
    settles: Option<((Stamp, u32), Instant)>,
}

impl Machine {
    /// Nothing is done before [`Event::Begin`].
    #[must_use]
    pub const fn new(settings: Settings) -> Machine {
        Machine {
            settings,
            state: State::New,
            before: Before { record: None, time: settings.time },
            met: false,
            expected: false,
            alone: settings.start,
            followed: false,
            heard: false,
            inside: false,
            held: false,
            gone: false,
            left: None,
            watched: None,
            check: Check::new(),
            next: settings.start,
            pause: SOON,
            settles: None,
        }
    }

    /// Whether all is said.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Takes an event; what follows from it is added to `out`.
    pub fn step(&mut self, event: Event, now: Instant, out: &mut Actions) {
        match self.state {
            State::New => match event {
                Event::Begin => {
                    self.state = State::Tells;
                    out.add(Action::Open);
                }
                // Nothing was asked for yet.
                Event::Time
                | Event::Changed
                | Event::Stirred
                | Event::ReaderGone
                | Event::Ended
                | Event::CheckEnded => {}
            },
            State::Waits => match event {
                Event::Time if self.until().is_some_and(|until| now < until) => {}
                Event::Time => self.look(now, out),
                Event::Changed => self.next = now,
                Event::Stirred => (self.next, self.pause) = (now, SOON),
                Event::ReaderGone => {
                    self.left.get_or_insert(now);
                    (self.next, self.pause) = (now, SOON);
                }
                Event::Ended => (self.gone, self.next) = (true, now),
                Event::CheckEnded => {
                    self.check.mute();
                    self.next = now;
                }
                // It has begun.
                Event::Begin => {}
            },
            // Questions are answered before anything else happens; in the end nothing matters any more.
            State::Tells | State::Looks | State::Done => {}
        }
    }

    /// Takes the answer to the question asked last.
    pub fn answer(&mut self, answer: Answer, now: Instant, out: &mut Actions) {
        match answer {
            Answer::Opened(Err(errno)) => self.fail(Trouble::Directory(errno), out),
            Answer::Opened(Ok(inside)) => {
                self.inside = inside;
                let first = matches!(self.state, State::Tells) && self.settings.waits;
                match (first, self.settings.watched) {
                    (true, true) => out.add(Action::Watch),
                    // Record and supervisor are older than the command: after it, `ok` may be that of the
                    // next one. What the watch misses was there before the record was read.
                    (true, false) => out.add(Action::Read),
                    (false, _) => self.tell(out),
                }
            }
            Answer::Watched(told) => {
                self.watched = Some(told);
                if matches!(self.state, State::Tells) {
                    out.add(Action::Read);
                } else {
                    self.calm_down();
                    self.meet(out);
                }
            }
            Answer::Recorded(record) => {
                self.before.record = record;
                if self.settings.plan.ends_supervisor() {
                    out.add(Action::Hold);
                } else {
                    self.tell(out);
                }
            }
            Answer::Held(held) => {
                self.held = held;
                self.tell(out);
            }
            Answer::Sent(Ok(())) => {
                self.met = true;
                self.told(out);
            }
            Answer::Sent(Err(trouble)) if matches!(self.state, State::Tells) => self.untold(trouble, out),
            Answer::Sent(Err(trouble)) => self.without_supervisor(trouble, now, out),
            Answer::New(_, true) if matches!(self.state, State::Tells) => self.wait(),
            Answer::New(_, true) => self.again(now),
            Answer::New(trouble, false) => self.fail(trouble, out),
            Answer::Heard(heard) => {
                self.heard = heard;
                self.calm_down();
                if heard || self.is_over(now) {
                    out.add(Action::Look);
                } else {
                    self.again(now);
                }
            }
            Answer::Looked(Sight::Seen(record), wall) => self.saw(record, None, wall, now, out),
            Answer::Looked(Sight::Unsure(record, why), wall) => self.saw(record, Some(why), wall, now, out),
            Answer::Looked(Sight::Trouble(trouble), _) => self.without_supervisor(trouble, now, out),
            Answer::Collected(seen, passed) => {
                if let Some(passed) = passed {
                    self.check.ended(passed, now);
                }
                self.consult(seen, now, out);
            }
            Answer::Checked(seen, checked) => {
                let readiness = self.check.started(seen.record, now, checked);
                self.decide(seen, readiness, now, out);
            }
        }
    }

    /// Sends the command, or what is left of it.
    fn tell(&mut self, out: &mut Actions) {
        let plan = &self.settings.plan;
        let letters = if self.followed { plan.to_the_next().unwrap_or_default() } else { plan.letters() };
        self.heard = letters.is_empty();
        if self.heard {
            self.told(out);
        } else {
            out.add(Action::Send(letters));
        }
    }

    fn told(&mut self, out: &mut Actions) {
        match self.state {
            State::Tells if self.settings.waits => self.wait(),
            State::Tells => self.state = State::Done,
            State::New | State::Looks | State::Waits | State::Done => out.add(self.question()),
        }
    }

    /// It could not be told: perhaps its supervisor is about to come.
    fn untold(&mut self, trouble: Trouble, out: &mut Actions) {
        let plan = &self.settings.plan;
        if !self.settings.waits || plan.ends_supervisor() || !may_pass(trouble) {
            self.fail(trouble, out);
        } else if plan.wants_process() {
            self.wait();
        } else {
            out.add(Action::AskName(trouble));
        }
    }

    /// All services are told before the first is looked at.
    fn wait(&mut self) {
        self.expected = self.settings.plan.wants_process() || !self.met;
        self.state = State::Waits;
    }

    fn look(&mut self, now: Instant, out: &mut Actions) {
        self.state = State::Looks;
        if self.gone {
            self.fail(Trouble::NotRunning, out);
        } else if self.watched.is_none() && now >= later(self.settings.start, EARLY) {
            out.add(Action::Watch);
        } else {
            self.meet(out);
        }
    }

    /// A supervisor that is not there yet, or is followed by another, may come to another directory of that name.
    fn meet(&self, out: &mut Actions) {
        out.add(if self.met { self.question() } else { Action::Open });
    }

    /// As long as the command has not been read, no record can be the answer to it.
    const fn question(&self) -> Action {
        if self.heard || self.inside { Action::Look } else { Action::AskHeard }
    }

    /// A change will be told.
    const fn calm_down(&mut self) {
        if self.heard && self.is_watched() {
            self.pause = SAFETY;
        }
    }

    fn saw(&mut self, record: Record, unseen: Option<Trouble>, wall: Stamp, now: Instant, out: &mut Actions) {
        self.met = true;
        let plan = &self.settings.plan;
        let left = self.left.is_some_and(|left| now >= later(left, POLL));
        if plan.ends_supervisor() && self.heard && is_newer(&record, &self.before) && left {
            return self.fail(Trouble::NotRunning, out);
        }
        // A record that is about to be replaced may be of a process that is gone. A line of a time to come was
        // left behind before the clock was set.
        let passing = record.passing.is_some_and(|line| line <= wall);
        let listens = (self.heard || self.inside) && !passing;
        let verdict = if listens { judge(plan, &record, &self.before) } else { Verdict::NotYet };
        let seen = Seen { record, unseen, verdict, wall };
        match verdict {
            Verdict::Never | Verdict::NotYet | Verdict::Met => {
                self.decide(seen, Readiness::NotYet, now, out);
            }
            // What says so itself is not asked before it has.
            Verdict::WhenTimeIsUp | Verdict::IfReady if record.is_ready() == Some(false) => {
                self.decide(seen, Readiness::NotYet, now, out);
            }
            Verdict::IfSettled => self.decide(seen, Readiness::Unknown, now, out),
            Verdict::WhenTimeIsUp | Verdict::IfReady if self.check.runs() => out.add(Action::Collect(seen)),
            Verdict::WhenTimeIsUp | Verdict::IfReady => self.consult(seen, now, out),
        }
    }

    fn consult(&mut self, seen: Seen, now: Instant, out: &mut Actions) {
        match self.check.known(&seen.record, now, self.is_over(now)) {
            Some(readiness) => self.decide(seen, readiness, now, out),
            None => out.add(Action::Check(seen)),
        }
    }

    fn decide(&mut self, seen: Seen, readiness: Readiness, now: Instant, out: &mut Actions) {
        let ready = match readiness {
            Readiness::Ready => true,
            Readiness::NotYet => false,
            Readiness::Unknown => seen.record.is_ready() == Some(true) || self.has_settled(&seen, now),
        };
        if readiness != Readiness::Unknown {
            self.settles = None;
        }
        let obeyed = match seen.verdict {
            Verdict::Never => return self.report(Report::GivenUp(seen), out),
            Verdict::NotYet => false,
            Verdict::WhenTimeIsUp => ready && self.is_over(now),
            Verdict::IfReady | Verdict::IfSettled => ready,
            Verdict::Met => true,
        };
        if obeyed {
            self.report(Report::Obeyed(seen), out);
        } else if self.limit().is_some_and(|limit| now >= limit) {
            self.time_is_up(seen, out);
        } else {
            self.again(now);
        }
    }

    fn time_is_up(&mut self, seen: Seen, out: &mut Actions) {
        let plan = &self.settings.plan;
        let next = self.heard && followed(plan, &seen.record, &self.before);
        if plan.kills() && !next && !self.inside {
            self.report(Report::Killed(seen), out);
            out.add(Action::Kill);
        } else {
            self.report(Report::TimeIsUp(seen), out);
        }
    }

    /// A supervisor that has not been met may be about to come, and one that is gone may be followed by
    /// another, which is told what is left to be done.
    fn without_supervisor(&mut self, trouble: Trouble, now: Instant, out: &mut Actions) {
        if self.met && self.settings.plan.to_the_next().is_some() {
            (self.met, self.expected, self.alone, self.followed) = (false, true, now, true);
        }
        if self.met || !self.expected || self.is_over(now) || !may_pass(trouble) {
            self.fail(trouble, out);
        } else if self.settings.plan.is_patient() || now < later(self.alone, COMES) {
            self.again(now);
        } else {
            out.add(Action::AskName(trouble));
        }
    }

    /// That there is no supervisor is just right for a client that wanted it to exit.
    fn fail(&mut self, trouble: Trouble, out: &mut Actions) {
        let wanted = trouble == Trouble::NotRunning && self.settings.plan.ends_supervisor();
        self.report(if wanted { Report::Gone } else { Report::Failed(trouble) }, out);
    }

    fn report(&mut self, report: Report, out: &mut Actions) {
        self.state = State::Done;
        out.add(Action::Report(report));
    }
}

/// Whether the trouble may be over in a moment: a supervisor that was started just now has not made its named
/// pipes yet.
const fn may_pass(trouble: Trouble) -> bool {
    matches!(
        trouble,
        Trouble::NotRunning
            | Trouble::OpenControl(Errno::NOENT)
            | Trouble::OpenOk(Errno::NOENT)
            | Trouble::OpenStatus(Errno::NOENT)
    )
}
