//! What the program has left to do.
use platform::Instant;

/// After TERM the rest of a line is waited for so long since its last byte, in milliseconds; then it
/// ends where it is.
pub const REST: u64 = 2000;

/// What is left to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Everything.
    Reads,
    /// The rest of the line that TERM came in, up to a moment.
    Finishes(Instant),
    /// What was read.
    Ends,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Something was read. `true`: its last line has no end yet.
    Read(bool),
    /// There is nothing more to be read.
    Over,
    /// TERM. `true`: the last line that was read has no end yet.
    Terminate(bool),
    /// The moment of [`Phase::until`] may have come. `false`: nothing could be read meanwhile.
    Time(bool),
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// End the last line.
    Finish,
    /// Do not wait for processors.
    Abandon,
}

impl Phase {
    /// Whether the end has been asked for: lines do not wait for processors.
    pub fn leaves(self) -> bool {
        self != Phase::Reads
    }

    /// Whether nothing more is read.
    pub fn ends(self) -> bool {
        self == Phase::Ends
    }

    /// When [`Event::Time`] is due.
    pub const fn until(self) -> Option<Instant> {
        match self {
            Phase::Finishes(until) => Some(until),
            Phase::Reads | Phase::Ends => None,
        }
    }

    /// Takes an event; at most one thing follows from it.
    pub fn step(&mut self, event: Event, now: Instant) -> Option<Action> {
        match *self {
            Phase::Reads => match event {
                Event::Terminate(true) => self.wait(now),
                Event::Terminate(false) | Event::Over => self.finish(),
                // It reads on.
                Event::Read(_) | Event::Time(_) => None,
            },
            Phase::Finishes(until) => match event {
                Event::Read(true) => self.wait(now),
                Event::Read(false) | Event::Over => self.finish(),
                // What could not be read has not been waited for.
                Event::Time(false) => self.wait(now),
                Event::Time(true) if now >= until => self.finish(),
                Event::Terminate(_) => Some(Action::Abandon),
                // Too early.
                Event::Time(true) => None,
            },
            Phase::Ends => match event {
                Event::Terminate(_) => Some(Action::Abandon),
                // It does not read any more.
                Event::Read(_) | Event::Over | Event::Time(_) => None,
            },
        }
    }

    fn wait(&mut self, now: Instant) -> Option<Action> {
        *self = Phase::Finishes(now.plus_ms(REST));
        None
    }

    fn finish(&mut self) -> Option<Action> {
        *self = Phase::Ends;
        Some(Action::Finish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_000_000_000);

    /// Every phase by every event: once it leaves it never reads for good again, the last line is ended once, and
    /// a second TERM always tells.
    #[test]
    fn every_phase() {
        let events = [
            Event::Read(true),
            Event::Read(false),
            Event::Over,
            Event::Terminate(true),
            Event::Terminate(false),
            Event::Time(true),
            Event::Time(false),
        ];
        let mut open = vec![(Phase::Reads, 0)];
        let mut seen = Vec::new();
        while let Some((phase, finished)) = open.pop() {
            if seen.contains(&(phase, finished)) {
                continue;
            }
            seen.push((phase, finished));
            assert_eq!(finished == 1, phase.ends(), "{phase:?}");
            // Late and early.
            for now in [NOW, phase.until().unwrap_or(NOW)] {
                for event in events {
                    let mut next = phase;
                    let action = next.step(event, now);
                    assert!(next.leaves() || !phase.leaves(), "{phase:?} {event:?}");
                    let asks = phase.leaves() && matches!(event, Event::Terminate(_));
                    assert_eq!(action == Some(Action::Abandon), asks, "{phase:?} {event:?}");
                    let late = phase.until() == Some(now) && event == Event::Time(true);
                    assert!(!late || next.ends(), "it waits for ever");
                    // Moments count from here.
                    if let Phase::Finishes(until) = &mut next {
                        *until = NOW.plus_ms(REST);
                    }
                    open.push((next, finished + u32::from(action == Some(Action::Finish))));
                }
            }
        }
        println!("svlogd, its phases: {} states", seen.len());
        assert_eq!(seen.len(), 3);
    }
}
