//! When a service has obeyed. Each letter of a command has a condition; all must hold in one status record.
//!
//! The record of a service may be older than the command. So that nothing old is taken for an
//! answer, a wish must have arrived in it (runsv always writes the wish of `u`, `d` and `o`), and whether a process
//! is a new one is seen by comparing label and pid with the record from before the command was sent.
use super::super::{Plan, Task};
use crate::protocol::Letter;
use crate::status::{Record, State};
use platform::Stamp;

/// What was known before a command was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) struct Before {
    /// The record, if it could be read.
    pub(super) record: Option<Record>,
    /// The time of day, in case it could not.
    pub(super) time: Stamp,
}

/// The answer, from worst to best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Verdict {
    /// It will not: the service was given up.
    Never,
    /// Go on waiting.
    NotYet,
    /// It runs but was sent TERM, so another process will follow or none; if it is still there
    /// when the time is up and is ready, it ignores TERM and counts as running.
    WhenTimeIsUp,
    /// Obeyed, if `./check` passes, or, without one, once the process has [`SETTLED`](crate::status::SETTLED).
    IfReady,
    /// Obeyed, once the process has [`SETTLED`](crate::status::SETTLED).
    IfSettled,
    /// Obeyed.
    Met,
}

/// Whether the record is what the command asked for. A supervisor that is gone has no record:
/// that case is the caller's.
pub(super) fn judge(plan: &Plan, record: &Record, before: &Before) -> Verdict {
    match plan.task {
        Task::Status => Verdict::Met,
        Task::Check if record.has_failed() => Verdict::Never,
        Task::Check if record.is_done() => Verdict::Met,
        Task::Check if record.want == b'd' => met(is_down(record)),
        Task::Check => ready(is_running(record)),
        Task::Await(goal) => super::goal::reached(goal, record),
        Task::Control(letters, _) => {
            letters.iter().map(|letter| condition(*letter, record, before)).min().unwrap_or(Verdict::Met)
        }
    }
}

/// Whether the supervisor that was to end has been followed by another one, or was told to stay: one that
/// is to end wants its service down. Only for a record that had time to be written. What runs now is
/// not what was to be killed.
pub(super) fn followed(plan: &Plan, record: &Record, before: &Before) -> bool {
    plan.ends_supervisor() && record.want == b'u' && is_newer(record, before)
}

/// Whether something has begun or ended since the command.
pub(super) fn is_newer(record: &Record, before: &Before) -> bool {
    before.record.is_some_and(|old| old.since != record.since)
}

fn condition(letter: Letter, record: &Record, before: &Before) -> Verdict {
    let wanted_down = record.want == b'd';
    match letter {
        Letter::Up | Letter::Once | Letter::Term if was_given_up(record, before) => Verdict::Never,
        Letter::Up if record.want == b'u' && record.is_done() => Verdict::Met,
        Letter::Up if record.want != b'u' || !is_running(record) => Verdict::NotYet,
        Letter::Up if record.is_asked_to_end() => Verdict::WhenTimeIsUp,
        Letter::Up => Verdict::IfReady,
        // One that was given up is wanted down too, until it is told so.
        Letter::Down => met(wanted_down && is_down(record) && !record.has_failed()),
        Letter::Term | Letter::Kill if wanted_down && is_down(record) => Verdict::Met,
        Letter::Term if record.is_done() => met(is_newer(record, before)),
        // It has no process that could be killed, and what shall run once has run.
        Letter::Kill if record.is_done() => Verdict::Met,
        Letter::Once if record.is_done() => met(wanted_down),
        Letter::Term | Letter::Kill => ready(is_new_process(record, before) && !record.is_asked_to_end()),
        Letter::Once if !wanted_down || !has_run_once(record, before) => Verdict::NotYet,
        // It may still turn out that it cannot run; one that has ended by itself has run.
        Letter::Once if is_running(record) => Verdict::IfSettled,
        Letter::Once => Verdict::Met,
        Letter::Pause => met(record.pid == 0 || record.paused != 0),
        Letter::Continue => met(record.pid == 0 || record.paused == 0),
        // As long as there is a record, there is a supervisor.
        Letter::Exit => Verdict::NotYet,
        // What is a signal and nothing more is done once it was sent.
        _signal => Verdict::Met,
    }
}

pub(super) const fn met(holds: bool) -> Verdict {
    if holds { Verdict::Met } else { Verdict::NotYet }
}

pub(super) const fn ready(holds: bool) -> Verdict {
    if holds { Verdict::IfReady } else { Verdict::NotYet }
}

pub(super) fn is_down(record: &Record) -> bool {
    record.pid == 0 && record.state == Some(State::Down) && !record.is_done()
}

/// Whether it was given up since the command: of what was before, another start would have made an end.
fn was_given_up(record: &Record, before: &Before) -> bool {
    let starts = |record: Record| record.told.filter(|_| record.has_failed()).map(|told| told.starts);
    record.has_failed()
        && match before.record {
            Some(old) => starts(old) != starts(*record),
            None => record.since > before.time,
        }
}

pub(super) fn is_running(record: &Record) -> bool {
    record.pid != 0 && record.state == Some(State::Run)
}

/// A `./run` that was not there before. A `./finish` keeps the label of its `./run`, so only the
/// state tells it from one.
fn is_new_process(record: &Record, before: &Before) -> bool {
    let changed = match before.record {
        Some(old) => (old.since, old.pid) != (record.since, record.pid),
        None => record.since > before.time,
    };
    is_running(record) && changed
}

/// It runs, or it ran and has ended since. A `./finish` that was at it before the command will
/// make way for the run that was asked for.
fn has_run_once(record: &Record, before: &Before) -> bool {
    let changed = match before.record {
        Some(old) => old.since != record.since,
        None => record.since > before.time,
    };
    let was_finishing = before.record.is_some_and(|old| old.state == Some(State::Finish));
    let same_finish = was_finishing && !changed && record.state == Some(State::Finish);
    changed || (record.pid != 0 && !same_finish)
}

#[cfg(test)]
mod tests {
    use super::Verdict::{IfReady, IfSettled, Met, Never, NotYet, WhenTimeIsUp};
    use super::*;
    use crate::state::Doing;
    use crate::status::State::{Down, Finish, Run};

    /// State, label, pid, wish, then `T` for got TERM and `p` for paused.
    fn record(state: State, since: u64, pid: u32, want: char, flags: &str) -> Record {
        Record {
            since: Stamp { secs: 100, nanos: u32::try_from(since).unwrap() },
            pid,
            paused: u8::from(flags.contains('p')),
            want: want as u8,
            got_term: u8::from(flags.contains('T')),
            state: Some(state),
            told: None,
            passing: None,
        }
    }

    fn telling(doing: Doing, ready: Option<bool>, starts: u32, record: Record) -> Record {
        let told = crate::state::State::plain(doing, ready, starts, record.since);
        Record { told: Some(told), ..record }
    }

    fn try_word(word: &str, before: Record, now: Record) -> Verdict {
        let before = Before { record: Some(before), time: Stamp::default() };
        judge(&Plan::of(word.as_bytes(), false).unwrap(), &now, &before)
    }

    fn running() -> Record {
        record(Run, 1, 10, 'u', "")
    }

    fn down() -> Record {
        record(Down, 1, 0, 'd', "")
    }

    #[test]
    fn start() {
        for word in ["up", "start"] {
            assert_eq!(try_word(word, running(), running()), IfReady);
            assert_eq!(try_word(word, down(), down()), NotYet);
            assert_eq!(try_word(word, down(), record(Down, 1, 0, 'u', "")), NotYet);
            assert_eq!(try_word(word, down(), record(Run, 2, 11, 'u', "")), IfReady);
            assert_eq!(try_word(word, running(), record(Finish, 1, 12, 'u', "")), NotYet);
            let dying = record(Run, 1, 10, 'd', "T");
            assert_eq!(try_word(word, dying, dying), NotYet, "the wish has not arrived");
            assert_eq!(try_word(word, dying, record(Run, 1, 10, 'u', "T")), WhenTimeIsUp);
            assert_eq!(try_word(word, dying, record(Run, 2, 11, 'u', "")), IfReady);
        }
    }

    #[test]
    fn stop() {
        for word in ["down", "stop", "force-stop"] {
            assert_eq!(try_word(word, running(), running()), NotYet);
            assert_eq!(try_word(word, running(), record(Run, 1, 10, 'd', "T")), NotYet);
            assert_eq!(try_word(word, running(), record(Finish, 1, 0, 'd', "")), NotYet);
            assert_eq!(try_word(word, running(), record(Finish, 1, 11, 'd', "")), NotYet);
            assert_eq!(try_word(word, running(), record(Down, 2, 0, 'd', "")), Met);
            assert_eq!(try_word(word, down(), down()), Met);
            let pause = record(Down, 1, 0, 'u', "");
            assert_eq!(try_word(word, pause, pause), NotYet, "between two runs: it would come back");
        }
    }

    #[test]
    fn term_and_kill_want_another_process() {
        for word in ["term", "kill", "try-restart", "force-reload"] {
            assert_eq!(try_word(word, running(), running()), NotYet, "{word}: the old one");
            assert_eq!(try_word(word, running(), record(Run, 1, 10, 'u', "T")), NotYet);
            assert_eq!(try_word(word, running(), record(Down, 2, 0, 'u', "")), NotYet);
            assert_eq!(try_word(word, running(), record(Finish, 1, 11, 'u', "")), NotYet, "{word}: ./finish");
            assert_eq!(try_word(word, running(), record(Run, 2, 11, 'u', "")), IfReady);
            assert_eq!(try_word(word, running(), record(Run, 2, 11, 'u', "T")), NotYet);
            assert_eq!(try_word(word, running(), record(Run, 2, 10, 'u', "")), IfReady, "{word}: pid again");
            assert_eq!(try_word(word, running(), record(Run, 1, 11, 'u', "")), IfReady, "{word}: clock set");
            assert_eq!(try_word(word, down(), down()), Met, "{word}: nothing to end");
            let once = record(Run, 1, 10, 'd', "");
            assert_eq!(try_word(word, once, once), NotYet);
            assert_eq!(try_word(word, once, record(Finish, 1, 0, 'd', "")), NotYet);
            assert_eq!(try_word(word, once, record(Down, 2, 0, 'd', "")), Met);
            let pause = record(Down, 1, 0, 'u', "");
            assert_eq!(try_word(word, pause, pause), NotYet);
            assert_eq!(try_word(word, pause, record(Run, 2, 11, 'u', "")), IfReady);
        }
    }

    #[test]
    fn restart() {
        for word in ["restart", "force-restart"] {
            assert_eq!(try_word(word, running(), running()), NotYet);
            assert_eq!(try_word(word, running(), record(Run, 2, 11, 'u', "")), IfReady);
            assert_eq!(try_word(word, running(), record(Run, 2, 11, 'u', "p")), NotYet, "not continued");
            assert_eq!(try_word(word, down(), down()), NotYet);
            assert_eq!(try_word(word, down(), record(Run, 2, 11, 'u', "")), IfReady);
            assert_eq!(try_word(word, down(), record(Run, 2, 11, 'd', "")), NotYet);
            let finish = record(Finish, 1, 11, 'u', "");
            assert_eq!(try_word(word, finish, finish), NotYet);
            assert_eq!(try_word(word, finish, record(Run, 2, 12, 'u', "")), IfReady);
        }
        assert_eq!(try_word("try-restart", down(), down()), Met, "stays down");
    }

    #[test]
    fn once() {
        assert_eq!(try_word("once", running(), running()), NotYet, "the wish has not arrived");
        assert_eq!(try_word("once", running(), record(Run, 1, 10, 'd', "")), IfSettled);
        assert_eq!(try_word("once", down(), down()), NotYet);
        assert_eq!(try_word("once", down(), record(Run, 2, 11, 'd', "")), IfSettled);
        assert_eq!(try_word("once", down(), record(Down, 3, 0, 'd', "")), Met, "it was quick");
        assert_eq!(try_word("once", down(), record(Finish, 2, 12, 'd', "")), Met);
        let pause = record(Down, 1, 0, 'u', "");
        assert_eq!(try_word("once", pause, down()), NotYet);
        let finish = record(Finish, 1, 11, 'd', "");
        assert_eq!(try_word("once", finish, finish), NotYet, "the run is still to come");
        assert_eq!(try_word("once", finish, record(Run, 2, 12, 'd', "")), IfSettled);
        assert_eq!(try_word("once", finish, record(Down, 3, 0, 'd', "")), Met);
        assert_eq!(try_word("once", running(), record(Finish, 1, 11, 'd', "")), Met, "it ended by itself");
    }

    #[test]
    fn pause_and_cont() {
        let paused = record(Run, 1, 10, 'u', "p");
        assert_eq!(try_word("pause", running(), running()), NotYet);
        assert_eq!(try_word("pause", running(), paused), Met);
        assert_eq!(try_word("pause", down(), down()), Met);
        assert_eq!(try_word("cont", paused, paused), NotYet);
        assert_eq!(try_word("cont", paused, running()), Met);
        assert_eq!(try_word("cont", down(), record(Down, 1, 0, 'd', "p")), Met);
    }

    #[test]
    fn what_is_only_sent_is_done() {
        for word in ["hup", "alarm", "interrupt", "quit", "1", "2", "reload"] {
            for now in [running(), down(), record(Finish, 1, 11, 'u', "")] {
                assert_eq!(try_word(word, now, now), Met, "{word}");
            }
        }
    }

    #[test]
    fn another_supervisor() {
        let is = |word: &str, before, now| {
            let before = Before { record: before, time: Stamp::default() };
            followed(&Plan::of(word.as_bytes(), false).unwrap(), &now, &before)
        };
        let other = record(Run, 2, 11, 'u', "");
        assert!(is("force-shutdown", Some(running()), other) && is("exit", Some(down()), other));
        assert!(!is("force-stop", Some(running()), other), "that leaves the supervisor alone");
        assert!(!is("exit", Some(running()), running()), "the command has not arrived");
        assert!(!is("exit", Some(running()), record(Run, 2, 11, 'd', "T")));
        assert!(!is("exit", None, other), "who knows");
    }

    #[test]
    fn a_one_shot_is_up_without_a_process() {
        let done = |since| telling(Doing::Done, Some(true), 1, record(Down, since, 0, 'u', ""));
        assert_eq!(try_word("start", down(), done(2)), Met);
        assert_eq!(try_word("check", down(), done(2)), Met);
        assert_eq!(try_word("restart", done(2), done(2)), NotYet, "it is to be done again");
        assert_eq!(try_word("restart", done(2), done(3)), Met);
        let stops = telling(Doing::Done, Some(true), 1, record(Down, 2, 0, 'd', ""));
        assert_eq!(try_word("stop", done(2), stops), NotYet, "it is to be undone");
        assert_eq!(try_word("stop", done(2), record(Down, 3, 0, 'd', "")), Met);
        assert_eq!(try_word("once", down(), stops), Met);
        assert_eq!(try_word("once", done(2), done(2)), NotYet, "it has not arrived");
        assert_eq!(try_word("once", done(2), stops), Met, "it is not done twice");
        assert_eq!(try_word("kill", done(2), done(2)), Met, "there is no process");
    }

    #[test]
    fn one_that_was_given_up_is_not_waited_for() {
        let failed = |starts| telling(Doing::Failed, None, starts, record(Down, starts.into(), 0, 'd', ""));
        for word in ["start", "restart", "once", "try-restart", "up"] {
            assert_eq!(try_word(word, running(), failed(5)), Never, "{word}");
            assert_eq!(try_word(word, failed(4), failed(5)), Never, "{word}");
            assert_ne!(try_word(word, failed(5), failed(5)), Never, "{word}: it has not been tried yet");
        }
        let known = |word| try_word(word, failed(5), failed(5));
        assert_eq!((known("check"), known("stop")), (Never, NotYet), "it has not been told yet");
        for word in ["stop", "down", "exit", "hup"] {
            assert_ne!(try_word(word, running(), failed(5)), Never, "{word}");
        }
    }

    #[test]
    fn exit_is_never_in_a_record() {
        for word in ["exit", "shutdown", "force-shutdown", "xit", "X"] {
            for now in [running(), down(), record(Finish, 1, 11, 'd', "T")] {
                assert_eq!(try_word(word, now, now), NotYet, "{word}");
            }
        }
    }

    #[test]
    fn check_follows_the_wish() {
        assert_eq!(try_word("check", running(), running()), IfReady);
        assert_eq!(try_word("check", down(), down()), Met);
        assert_eq!(try_word("check", down(), record(Down, 1, 0, 'u', "")), NotYet);
        assert_eq!(try_word("check", down(), record(Run, 1, 10, 'd', "T")), NotYet);
        assert_eq!(try_word("check", down(), record(Run, 1, 10, 'u', "T")), IfReady);
        assert_eq!(try_word("check", down(), record(Finish, 1, 10, 'u', "")), NotYet);
    }

    #[test]
    fn without_a_record_from_before_the_clock_decides() {
        let plan = Plan::of(b"restart", false).unwrap();
        let time = Stamp { secs: 100, nanos: 5 };
        let before = Before { record: None, time };
        assert_eq!(judge(&plan, &record(Run, 4, 10, 'u', ""), &before), NotYet);
        assert_eq!(judge(&plan, &record(Run, 6, 10, 'u', ""), &before), IfReady);
        let once = Plan::of(b"once", false).unwrap();
        assert_eq!(judge(&once, &record(Down, 4, 0, 'd', ""), &before), NotYet);
        assert_eq!(judge(&once, &record(Down, 6, 0, 'd', ""), &before), Met);
    }

    #[test]
    fn an_unknown_state_satisfies_nothing_but_signals() {
        let odd = Record { state: None, ..running() };
        for word in ["up", "down", "term", "restart", "exit", "check"] {
            assert_eq!(try_word(word, down(), odd), NotYet, "{word}");
        }
    }
}
