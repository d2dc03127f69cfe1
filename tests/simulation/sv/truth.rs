//! What truly happened, and whether what sv says can be so.
use super::client::Claim;
use super::{Fact, Kernel};
use crate::watched::Check;
use platform::Fd;
use runit::protocol::Letter;
use runit::status::State;
use runit::sv::machine::{Report, Seen};

/// A wake-up and a few looks may take so long, in nanoseconds, and a machine that stalls longer.
const SLACK: u64 = 50_000_000;
/// So long a process takes at most to settle.
const SETTLED: u64 = 420_000_000;

/// From a moment to another.
#[derive(Clone, Copy, Debug)]
struct Span {
    pid: i32,
    from: u64,
    to: u64,
    /// When the record told of it first.
    told: u64,
}

impl Span {
    fn covers(&self, from: u64, to: u64) -> bool {
        self.from < from && self.to > to
    }
    fn meets(&self, from: u64, to: u64) -> bool {
        self.from <= to && self.to >= from
    }
}

/// Everything about the service that sv might be wrong about.
#[derive(Debug, Default)]
pub(super) struct Truth {
    control: Option<Fd>,
    runs: Vec<Span>,
    finishes: Vec<Span>,
    supervisors: Vec<Span>,
    letters: Vec<(u64, u8)>,
}

impl Truth {
    pub(super) fn fact(&mut self, kernel: &Kernel, fact: &Fact<'_>) {
        let now = kernel.now().0;
        match *fact {
            Fact::Opened { path: b"supervise", .. } => self.control = None,
            // It is opened for reading, then for writing.
            Fact::Opened { path: b"supervise/control", fd } => drop(self.control.get_or_insert(fd)),
            Fact::Opened { path: b"supervise/ok", .. } => {
                self.supervisors.push(Span { pid: kernel.own().0, from: now, to: u64::MAX, told: u64::MAX });
            }
            Fact::Spawned { pid, child } => {
                let span = Span { pid: pid.0, from: now, to: u64::MAX, told: u64::MAX };
                match child.path.to_bytes() {
                    b"./run" => self.runs.push(span),
                    b"./finish" => self.finishes.push(span),
                    _ => {}
                }
            }
            Fact::Renamed { to, .. } if to.ends_with(b"status") => {
                let new = self.runs.iter_mut().filter(|span| span.told == u64::MAX);
                new.for_each(|span| span.told = now);
            }
            Fact::Read { fd, bytes } if self.control == Some(fd) => {
                self.letters.extend(bytes.iter().map(|byte| (now, *byte)));
            }
            Fact::Died { pid, .. } => {
                let ends = |spans: &mut Vec<Span>, all: bool| {
                    let open = spans.iter_mut().filter(|span| span.to == u64::MAX);
                    open.filter(|span| all || span.pid == pid.0).for_each(|span| span.to = now);
                };
                // What a supervisor leaves behind is nobody's service.
                let all =
                    self.supervisors.last().is_some_and(|last| last.pid == pid.0 && last.to == u64::MAX);
                ends(&mut self.runs, all);
                ends(&mut self.finishes, all);
                ends(&mut self.supervisors, all);
            }
            _ => {}
        }
    }

    /// What is wrong with a claim.
    pub(super) fn judge(&self, kernel: &Kernel, claim: &Claim) -> Check {
        let (begin, now) = (claim.begin.0, kernel.now().0);
        let stalls = kernel.stalled - claim.stalled;
        if now > claim.deadline.0 + SETTLED + SLACK + stalls {
            return Err(format!("it waits beyond its time: {}", claim.text()));
        }
        match &claim.report {
            Report::TimeIsUp(_) | Report::Killed(_) if now < claim.deadline.0 => {
                Err(format!("too early: {}", claim.text()))
            }
            Report::TimeIsUp(_) | Report::Killed(_) => Ok(()),
            Report::GivenUp(_) => Err(format!("nothing may be given up: {}", claim.text())),
            Report::Gone | Report::Failed(_) => {
                let always = self.supervisors.iter().find(|span| span.covers(begin, now));
                always
                    .map_or(Ok(()), |_| Err(format!("there was a supervisor all the time: {}", claim.text())))
            }
            Report::Obeyed(seen) => self.judge_ok(claim, seen, begin, now),
        }
    }

    fn judge_ok(&self, claim: &Claim, seen: &Seen, begin: u64, now: u64) -> Check {
        let wrong = |what: &str| Err(format!("{what}: {}", claim.text()));
        // Whoever ended with the command unread has not obeyed; the next one is asked anew, or not at all.
        let changed = !self.supervisors.iter().any(|span| span.covers(begin, now));
        for letter in claim.plan.letters() {
            let read = self.letters.iter().any(|(at, byte)| *at >= begin && *byte == letter.byte());
            if !read && !changed {
                return wrong("nobody had read the command");
            }
        }
        let record = &seen.record;
        if record.state == Some(State::Down) {
            let mut all = self.runs.iter().chain(&self.finishes);
            return if all.any(|life| life.covers(begin, now)) {
                wrong("it ran all the time")
            } else {
                Ok(())
            };
        }
        let pid = i32::try_from(record.pid).unwrap_or(0);
        let life = self.runs.iter().rev().find(|life| life.pid == pid && life.meets(begin, now));
        let finish = self.finishes.iter().any(|life| life.meets(begin, now));
        let Some(life) = life else {
            // Of a record before its `./finish` has a process, nothing is known.
            let once = record.state == Some(State::Finish) && (finish || pid == 0);
            return if once { Ok(()) } else { wrong("there was no such process") };
        };
        // One that had just been started when sv read the record, which did not tell of it yet, is a new one to
        // sv. While `control/t` runs, nothing shows that it is the one that was to end.
        if claim.plan.letters().contains(&Letter::Term) && life.told < begin {
            return wrong("it ran before sv was called");
        }
        let settles = claim
            .plan
            .letters()
            .iter()
            .any(|letter| matches!(letter, Letter::Up | Letter::Once | Letter::Term));
        let once = claim.plan.letters().contains(&Letter::Once);
        let age = claim.ready.filter(|_| !once).map_or(SETTLED, |ready| ready * 1_000_000);
        if settles && now + 2_000_000 < life.from + age {
            return wrong("it has not settled");
        }
        Ok(())
    }
}
