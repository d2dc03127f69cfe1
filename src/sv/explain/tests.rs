//! Facts and their sentences.
use super::*;
use crate::status::State;
use platform::{Errno, Stamp};

fn record(state: State, pid: u32, want: u8) -> Record {
    let since = Stamp { secs: 1000, nanos: 0 };
    Record { since, pid, paused: 0, want, got_term: 0, state: Some(state), told: None, passing: None }
}

fn facts(record: Record) -> Facts<'static> {
    let service =
        Half { supervisor: Supervisor::Alive, record: Some(record), down: false, run: None, finish: None };
    Facts {
        name: b"web",
        path: b"/service/web",
        svdir: b"/service",
        entry: Entry::Directory,
        service,
        log: None,
        others: false,
        read_only: false,
        oneshot: false,
        unread: false,
        check: false,
        limits: false,
        shares: None,
        shell: false,
        lines: &[],
        now: Stamp { secs: 1010, nanos: 0 },
    }
}

fn told(facts: &Facts<'_>) -> String {
    let mut out = Vec::new();
    explain(&mut out, facts);
    String::from_utf8(out).unwrap()
}

#[test]
fn what_is_as_wanted_needs_nothing() {
    let up = facts(record(State::Run, 7, b'u'));
    assert_eq!((told(&up).as_str(), up.is_as_wanted()), ("web: It runs for 10 s, as process 7.\n", true));
    let down = facts(record(State::Down, 0, b'd'));
    assert!(down.is_as_wanted() && told(&down).contains("as it was told"));
    let early = Facts { now: Stamp { secs: 1, nanos: 0 }, ..up };
    assert!(told(&early).contains("the clock was set back"), "{}", told(&early));
}

#[test]
fn every_fault_has_a_sentence_and_a_command() {
    let faults = [
        (Fault::Missing, "is not there.", "${EDITOR:-vi} /service/web/run"),
        (Fault::NoFile, "is a directory, or something else", "ls -ld /service/web/run"),
        (Fault::Mark, "begins with a byte order mark", "sed -i.old '1s/^[^#]*//' /service/web/run"),
        (Fault::Mode, "is not executable.", "chmod +x /service/web/run"),
        (
            Fault::NoExec,
            "mounted noexec",
            "mount -o remount,exec \"$(df -P /service/web | sed -n '2s/.* //p')\"",
        ),
        (Fault::NoInterpreter, "does not begin with #!", "${EDITOR:-vi} /service/web/run"),
        (
            Fault::Interpreter(b"/bin/no"),
            "#!/bin/no, and there is no such program",
            "${EDITOR:-vi} /service/web/run",
        ),
        (
            Fault::Carriage(b"/bin/sh"),
            "carriage return",
            "sed -i.old \"s/$(printf '\\r')\\$//\" /service/web/run",
        ),
    ];
    for (fault, part, command) in faults {
        let mut facts = facts(record(State::Down, 0, b'u'));
        facts.service.run = Some(fault);
        let text = told(&facts);
        assert!(text.contains(part) && text.ends_with(&format!("Do: {command}\n")), "{text}");
        assert!(!facts.is_as_wanted());
    }
}

#[test]
fn names_are_quoted_for_the_shell() {
    let facts =
        Facts { entry: Entry::Dangling(b"x"), path: b"/service/a b", ..facts(record(State::Down, 0, b'u')) };
    assert!(told(&facts).ends_with("Do: rm '/service/a b'\n"), "{}", told(&facts));
}

#[test]
fn without_a_supervisor() {
    let mut gone = facts(record(State::Down, 0, b'u'));
    gone.service = Half { supervisor: Supervisor::Gone, record: None, ..gone.service };
    assert!(told(&gone).ends_with("Do: runsvdir /service\n") && !gone.is_as_wanted());
    assert!(told(&Facts { others: true, ..gone }).ends_with("Do: runsv /service/web\n"));
    assert!(
        told(&Facts { read_only: true, ..gone })
            .ends_with("Do: ln -s /run/runit.supervise /service/.supervise\n")
    );
    assert!(told(&Facts { path: b"/service/.web", ..gone }).contains("begins with a dot"));
    gone.service.supervisor = Supervisor::Denied;
    assert!(told(&gone).ends_with("Do: sudo sv --explain web\n"));
}

#[test]
fn what_it_waits_for() {
    use crate::need::{Lack, Need};
    use crate::state::{self, Doing};
    let waits = record(State::Down, 0, b'u');
    let plain = state::State::plain(Doing::Waiting, None, 0, waits.since);
    let told = state::State { need: Some(Need::new(b"db", Lack::NotReady)), ..plain };
    let text = self::told(&facts(Record { told: Some(told), ..waits }));
    assert!(
        text.contains("It needs db, which is not up") && text.ends_with("Do: sv --explain db\n"),
        "{text}"
    );
}

#[test]
fn what_runs_and_is_not_right() {
    let up = facts(record(State::Run, 7, b'u'));
    let paused = Facts {
        service: Half { record: Some(Record { paused: 1, ..record(State::Run, 7, b'u') }), ..up.service },
        ..up
    };
    assert!(
        told(&paused).contains("It was paused and does nothing until it is continued.")
            && !paused.is_as_wanted()
    );
    let check = Facts { check: true, ..up };
    assert!(told(&check).contains("Its check decides when it is ready") && check.is_as_wanted());
    let shares = Facts { shares: Some(b"web@a"), ..up };
    assert!(
        told(&shares).contains("Or web@a does, with which it shares a supervise directory"),
        "{}",
        told(&shares)
    );
    assert!(told(&shares).ends_with("/service/.supervise\n") && !shares.is_as_wanted());
}

#[test]
fn who_may_not_look_is_told() {
    let up = facts(record(State::Run, 7, b'u'));
    let denied = Facts { service: Half { supervisor: Supervisor::Denied, record: None, ..up.service }, ..up };
    assert!(told(&denied).contains("You may not look into its supervise directory."));
    let closed = Facts { entry: Entry::Trouble(Errno::ACCES), ..up };
    assert!(told(&closed).contains("Its directory cannot be looked into: "));
}

#[test]
fn what_supervisors_tell() {
    use crate::state::{Doing, State as Told};
    use platform::Ended;
    let since = Stamp { secs: 1000, nanos: 0 };
    let with = |state, pid, told: Told| {
        let record = Record { told: Some(told), ..record(state, pid, b'u') };
        let plain = facts(record);
        Facts { now: Stamp { secs: 1001, nanos: 0 }, ..plain }
    };
    let plain = |doing, ready, starts| Told::plain(doing, ready, starts, since);
    let done = with(State::Down, 0, plain(Doing::Done, Some(true), 1));
    assert!(told(&done).contains("It is done: a one-shot that is up without a process."));
    let unready = with(State::Run, 7, plain(Doing::Run, Some(false), 1));
    assert!(told(&unready).contains("It has not said yet that it is ready, by a newline on the descriptor"));
    let new = with(State::Down, 0, plain(Doing::Down, None, 0));
    assert!(told(&new).contains("It was not started yet."), "{}", told(&new));
    let ended = |ended, limits| {
        let last = Some((ended, since));
        Facts { limits, ..with(State::Down, 0, Told { last, ..plain(Doing::Down, None, 4) }) }
    };
    let fault = |limits| told(&ended(Ended::Killed { signal: 11, core: false }, limits));
    assert!(
        fault(false)
            .contains("It was started 4 times, and ended last by signal 11: a fault of the program itself")
    );
    assert!(
        fault(true)
            .contains("or a limit that run sets is too low for it.\nDo: ${EDITOR:-vi} /service/web/run")
    );
    let code = |code| told(&ended(Ended::Exit(code), false));
    assert!(code(127).contains("or whose interpreter or library is not there."));
    assert!(code(126).contains("or that is for another machine."));
    let failed =
        with(State::Down, 0, Told { last: Some((Ended::Exit(1), since)), ..plain(Doing::Failed, None, 4) });
    assert!(told(&failed).contains("; nothing starts it again but up or start."));
}
