//! When a service is as `--wait` wants it.
use super::super::command::Goal;
use super::judge::{Verdict, is_down, is_running, met, ready};
use crate::status::Record;

/// Whether it is. What was given up stays so until somebody starts it, and a client that waits for it to be up is
/// told at once.
pub(super) fn reached(goal: Goal, record: &Record) -> Verdict {
    match goal {
        Goal::Up | Goal::Ready | Goal::Done if record.has_failed() => Verdict::Never,
        Goal::Up => met(is_running(record) || record.is_done()),
        Goal::Ready if record.is_done() => Verdict::Met,
        Goal::Ready => ready(is_running(record)),
        Goal::Done => met(record.is_done()),
        Goal::Down => met(is_down(record)),
        Goal::Failed => met(record.has_failed()),
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{IfReady, Met, Never, NotYet};
    use super::*;
    use crate::state::{self, Doing};
    use crate::status::State::{self, Down, Finish, Run};
    use crate::sv::command::GOALS;
    use platform::Stamp;

    fn record(state: State, pid: u32, want: u8) -> Record {
        let (since, state) = (Stamp { secs: 100, nanos: 0 }, Some(state));
        Record { since, pid, paused: 0, want, got_term: 0, state, told: None, passing: None }
    }

    fn telling(doing: Doing, record: Record) -> Record {
        Record { told: Some(state::State::plain(doing, Some(true), 1, record.since)), ..record }
    }

    #[test]
    fn every_goal_in_every_state() {
        let all = |record: Record| GOALS.map(|goal| reached(goal.0, &record));
        assert_eq!(GOALS.map(|goal| goal.1), ["up", "down", "ready", "done", "failed"]);
        assert_eq!(all(record(Run, 10, b'u')), [Met, NotYet, IfReady, NotYet, NotYet]);
        assert_eq!(all(record(Run, 10, b'd')), [Met, NotYet, IfReady, NotYet, NotYet], "it still runs");
        assert_eq!(all(record(Down, 0, b'd')), [NotYet, Met, NotYet, NotYet, NotYet]);
        assert_eq!(all(record(Down, 0, b'u')), [NotYet, Met, NotYet, NotYet, NotYet], "between two runs");
        assert_eq!(all(record(Finish, 11, b'u')), [NotYet; 5]);
        assert_eq!(all(telling(Doing::Done, record(Down, 0, b'u'))), [Met, NotYet, Met, Met, NotYet]);
        assert_eq!(all(telling(Doing::Failed, record(Down, 0, b'd'))), [Never, Met, Never, Never, Met]);
    }
}
