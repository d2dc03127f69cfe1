//! The flooder: in a fifth of the schedules somebody writes to the FIFOs, changes the directory, dies or logs
//! without end, around the moments at which something is to be done. And the bound that all programs keep in
//! all schedules: a signal is taken, a death is reaped, and a moment that was waited for is acted upon, at
//! most [`BOUND`] after it came, although the input never runs empty.
use crate::watched::{Check, seconds};
use platform::{Instant, Pid, Signal};
use platform_sim::{Deed, Fact, Kernel, Random, Source, Whom};
use std::collections::BTreeMap;

/// In nanoseconds of the schedule, without the calls that take seconds.
const BOUND: u64 = 60_000_000;
/// What svlogd does from one file to the next.
const ROTATION: u64 = 3_000_000;
/// How long a flood lasts at least, and how much longer it may, in milliseconds: more than the bound.
const LASTS: (u64, u64) = (80, 60);
/// One flood in so many lasts for seconds: over moments that nobody knows when the schedule is made.
const LONG: u64 = 40;

/// Whether the schedule of a seed is one of the flooder's.
pub(crate) const fn is_flooded(seed: u64) -> bool {
    seed % 5 == 4
}

/// Plans floods, one of them at the `last` moment, the others before `calm`, with something to be done in the
/// midst of them.
pub(crate) fn plan(kernel: &mut Kernel, random: &mut Random, sources: &[Source], last: u64, calm: u64) {
    let one = |random: &mut Random| sources[random.below(sources.len() as u64) as usize].clone();
    let mut moments: Vec<u64> = (0..1 + random.below(2)).map(|_| random.below(calm)).collect();
    moments.push(last);
    for at in moments {
        let length = match random.below(LONG) {
            0 if at < last => 1_500,
            _ => LASTS.0 + random.below(LASTS.1),
        };
        kernel.plan(at, Deed::Flood(one(random), length));
        if at < last {
            let signal = if random.chance(50) { Signal::Kill } else { Signal::Continue };
            kernel.plan(at + 2, Deed::Signal(Whom::Others, signal));
        }
    }
}

fn is_child(kernel: &Kernel, pid: Pid) -> bool {
    kernel.process(pid).is_some_and(|process| process.parent == kernel.own().0)
}

/// What has come and was not acted upon yet, with the time it came.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    signals: BTreeMap<u8, u64>,
    deaths: BTreeMap<i32, u64>,
    /// When it woke up, until it goes to sleep.
    turn: Option<u64>,
    /// More than [`BOUND`] for that: a rotation of svlogd takes its time, and what was read at once may be many.
    extra: u64,
    /// The same of the turn before, in which what is late now may have come.
    before: u64,
    /// What it waits for, and since when that is over.
    moment: Option<(Instant, Option<u64>)>,
    /// The latest that anything was.
    pub(crate) latest: u64,
}

impl Bounds {
    /// Checks that nothing is late.
    pub(crate) fn fact(&mut self, kernel: &Kernel, fact: &Fact<'_>) -> Check {
        let now = kernel.now().0.saturating_sub(kernel.stalled);
        match *fact {
            Fact::Signalled { signal } if kernel.catches(signal) => {
                self.signals.entry(signal as u8).or_insert(now);
            }
            // Before it can hear of deaths, nobody tells it.
            Fact::Died { pid, .. } if kernel.catches(Signal::Child) && is_child(kernel, pid) => {
                self.deaths.insert(pid.0, now);
            }
            Fact::Reaped { pid, .. } => {
                self.deaths.remove(&pid.0);
            }
            Fact::Woke { .. } => {
                self.signals.clear();
                if self.turn.is_none() {
                    (self.turn, self.before, self.extra) = (Some(now), self.extra, 0);
                }
            }
            Fact::Renamed { .. } => {
                self.extra += if kernel.is_flooded() { 10 * ROTATION } else { ROTATION };
            }
            // To look is not to sleep.
            Fact::Waits { until, .. } if until != Some(Instant(0)) => {
                self.turn = None;
                let due = until.filter(|until| *until <= kernel.now());
                self.moment = match (due, self.moment) {
                    // The same moment is over since then.
                    (Some(until), Some((before, since))) if before == until => {
                        Some((until, since.or(Some(now))))
                    }
                    _ => until.map(|until| (until, None)),
                };
            }
            _ => {}
        }
        let first = |map: Option<&u64>| map.copied();
        for (what, since) in [
            ("signals are not taken", first(self.signals.values().min())),
            ("deaths are not reaped", first(self.deaths.values().min())),
            ("it does not come to an end with what woke it", self.turn),
            ("what it waited for has come and nothing is done", self.moment.and_then(|(_, since)| since)),
        ] {
            let late = since.map_or(0, |since| now.saturating_sub(since));
            self.latest = self.latest.max(late);
            if late > BOUND + self.extra + self.before {
                return Err(format!("late: {what}, {} ms, at {:.6}", late / 1_000_000, seconds(kernel)));
            }
        }
        Ok(())
    }
}
