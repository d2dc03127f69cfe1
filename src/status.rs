//! The record in `supervise/status` and the line in `supervise/stat`: what supervisors write and
//! everybody reads.
use crate::fixed::Text;
use crate::state::{self, Doing};
use crate::tai;
use core::time::Duration;
use platform::{Pid, Stamp};

/// The size of the record; anything else is a bad format.
pub const SIZE: usize = 20;

/// What a service is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum State {
    /// No process.
    Down,
    /// `./run` runs.
    Run,
    /// `./finish` runs or is about to.
    Finish,
}

/// What its supervisor wants of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Want {
    /// It shall run.
    Up,
    /// It shall not run.
    Down,
    /// It shall not run, and its supervisor shall end.
    Exit,
}

/// So old a process has to be before it counts as running, unless it has another way to say so: that
/// a program was started says nothing of whether it can run. C runit's sv looks every so often, and
/// scripts rely on what it finds at its second look.
pub const SETTLED: Duration = Duration::from_millis(420);

/// All that the record says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status {
    /// The last change: supervisor started, `./run` started, service went down.
    pub since: Stamp,
    /// The process of `./run` or `./finish`.
    pub pid: Option<Pid>,
    /// Whether it was told to stop in place (SIGSTOP).
    pub paused: bool,
    /// The wish.
    pub want: Want,
    /// Whether the running process was sent TERM.
    pub got_term: bool,
    /// The state.
    pub state: State,
}

impl Status {
    /// The 20 bytes: label, pid (little-endian on every CPU), paused, want, got TERM, state.
    /// The record cannot tell [`Want::Exit`] from [`Want::Down`].
    #[must_use]
    pub fn encode(&self) -> [u8; SIZE] {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = tai::label(self.since);
        let [p0, p1, p2, p3] = self.pid.map_or(0, |pid| pid.0).to_le_bytes();
        let want = match self.want {
            Want::Up => b'u',
            Want::Down | Want::Exit => b'd',
        };
        let state = match self.state {
            State::Down => 0,
            State::Run => 1,
            State::Finish => 2,
        };
        let (paused, got_term) = (self.paused.into(), self.got_term.into());
        [a, b, c, d, e, f, g, h, i, j, k, l, p0, p1, p2, p3, paused, want, got_term, state]
    }

    /// The line for `supervise/stat`, newline included.
    #[must_use]
    pub fn line(&self) -> Text<48> {
        let mut line = Text::new();
        line.add(match self.state {
            State::Down => b"down",
            State::Run => b"run",
            State::Finish => b"finish",
        });
        if self.paused {
            line.add(b", paused");
        }
        if self.got_term {
            line.add(b", got TERM");
        }
        match (self.state, self.want) {
            (State::Down, _) | (_, Want::Up) => {}
            (_, Want::Down) => line.add(b", want down"),
            (_, Want::Exit) => line.add(b", want exit"),
        }
        line.add(b"\n");
        line
    }

    /// The line for `supervise/pid`: empty without a process.
    #[must_use]
    pub fn pid_line(&self) -> Text<16> {
        let mut line = Text::new();
        if let Some(pid) = self.pid {
            line.add_number(u64::from(pid.0.unsigned_abs()));
            line.add(b"\n");
        }
        line
    }
}

/// The record as a reader finds it: any byte may be anything. With it goes what `supervise/state` says of the
/// same moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Record {
    /// The moment of the last change.
    pub since: Stamp,
    /// 0 for none.
    pub pid: u32,
    /// 0 for no.
    pub paused: u8,
    /// `u` or `d`; daemontools writes 0 for neither.
    pub want: u8,
    /// 0 for no.
    pub got_term: u8,
    /// `None` for a byte that no known supervisor writes.
    pub state: Option<State>,
    /// `None` if the supervisor writes no such line, or the line is of another moment.
    pub told: Option<state::State>,
    /// The line is of this later moment: the next record, which is written after it, is about to come.
    pub passing: Option<Stamp>,
}

impl Record {
    /// Takes the record apart.
    #[must_use]
    pub fn decode(record: &[u8; SIZE]) -> Record {
        let [label @ .., p0, p1, p2, p3, paused, want, got_term, state] = *record;
        Record {
            since: tai::stamp(label),
            pid: u32::from_le_bytes([p0, p1, p2, p3]),
            paused,
            want,
            got_term,
            state: match state {
                0 => Some(State::Down),
                1 => Some(State::Run),
                2 => Some(State::Finish),
                _ => None,
            },
            told: None,
            passing: None,
        }
    }

    /// Adds a line of `supervise/state`, if it is of this moment.
    #[must_use]
    pub fn with(self, line: &[u8]) -> Record {
        let Some(told) = state::State::read(line) else { return self };
        let pid = told.pid.map_or(0, |pid| pid.0.unsigned_abs());
        let since = tai::stamp(tai::label(told.since));
        let same = pid == self.pid && since == self.since;
        // One of an earlier moment was left behind by a supervisor of old.
        Record {
            told: Some(told).filter(|_| same),
            passing: Some(since).filter(|_| !same && since >= self.since),
            ..self
        }
    }

    /// How much is missing until the process of a record has [`SETTLED`]. Of a start that seems to be in the
    /// future, because the clock was set back, nothing is known: the whole time is missing. sv counts it from its first
    /// look, by a clock that is never set. A supervisor that waits for a need keeps no look to count from, and so judges
    /// otherwise (src/runsv/needs/sight.rs).
    #[must_use]
    pub fn unsettled(&self, now: Stamp) -> Duration {
        let since = Duration::new(self.since.secs, self.since.nanos);
        let age = Duration::new(now.secs, now.nanos).checked_sub(since).unwrap_or_default();
        SETTLED.saturating_sub(age)
    }

    /// Whether it is a one-shot that is up without a process.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.told.is_some_and(|told| told.doing == Doing::Done)
    }

    /// Whether it was given up.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.told.is_some_and(|told| told.doing == Doing::Failed)
    }

    /// Whether `./run` was sent the signal that asks it to end, TERM or another.
    #[must_use]
    pub fn is_asked_to_end(&self) -> bool {
        self.got_term != 0 || self.told.is_some_and(|told| told.asked)
    }

    /// Whether it has said that it is ready; `None`: it is none that says so.
    #[must_use]
    pub fn is_ready(&self) -> Option<bool> {
        self.told.and_then(|told| told.ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Status {
        Status {
            since: Stamp { secs: 0x6b02_f9e5 - 10, nanos: 0x2c16_b094 },
            pid: Some(Pid(11676)),
            paused: false,
            want: Want::Up,
            got_term: false,
            state: State::Run,
        }
    }

    #[test]
    fn the_example_of_the_specification() {
        let bytes =
            [0x40, 0, 0, 0, 0x6b, 0x02, 0xf9, 0xe5, 0x2c, 0x16, 0xb0, 0x94, 0x9c, 0x2d, 0, 0, 0, 0x75, 0, 1];
        assert_eq!(running().encode(), bytes);
        let record = Record::decode(&bytes);
        assert_eq!((record.pid, record.want, record.state), (11676, b'u', Some(State::Run)));
    }

    #[test]
    fn a_line_of_another_moment_says_nothing() {
        let status = running();
        let line = |pid, since| {
            let plain = state::State::plain(Doing::Run, Some(true), 1, since);
            let state = state::State { pid: Some(Pid(pid)), ..plain };
            Record::decode(&status.encode()).with(&state.line(1))
        };
        assert_eq!(line(11676, status.since).is_ready(), Some(true));
        // The record counts microseconds.
        let same = Stamp { nanos: status.since.nanos / 1000 * 1000, ..status.since };
        assert_eq!(line(11676, same).is_ready(), Some(true));
        let later = Stamp { secs: status.since.secs + 1, nanos: 0 };
        for (pid, since, passing) in
            [(11677, status.since, true), (11676, later, true), (0, Stamp { secs: 1, ..status.since }, false)]
        {
            let record = line(pid, since);
            assert_eq!((record.told, record.passing.is_some()), (None, passing), "{pid} {since:?}");
        }
        assert_eq!(line(11676, status.since).passing, None);
        let none = Record::decode(&status.encode()).with(b"");
        assert_eq!((none.told, none.passing), (None, None));
    }

    #[test]
    fn a_process_settles() {
        let status = running();
        let record =
            |secs, nanos| Record { since: Stamp { secs, nanos }, ..Record::decode(&status.encode()) };
        let now = Stamp { secs: 200, nanos: 100_000_000 };
        let ms = Duration::from_millis;
        for (since, left) in [
            (record(200, 100_000_000), 420),
            (record(200, 0), 320),
            (record(199, 680_000_000), 0),
            (record(199, 690_000_000), 10),
            (record(0, 0), 0),
            (record(u64::MAX, 999_999_999), 420),
        ] {
            assert_eq!(since.unsettled(now), ms(left), "{since:?}");
        }
    }

    #[test]
    fn lines() {
        let status = Status { want: Want::Exit, got_term: true, paused: true, ..running() };
        assert_eq!(status.line().bytes(), b"run, paused, got TERM, want exit\n");
        assert_eq!(status.pid_line().bytes(), b"11676\n");
        let down = Status { state: State::Down, pid: None, want: Want::Down, ..running() };
        assert_eq!((down.line().bytes(), down.pid_line().bytes()), (b"down\n".as_slice(), b"".as_slice()));
    }
}
