//! Facts and their sentences.
use super::*;
use crate::status::State;
use platform::Stamp;

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
        (Fault::NoFile, "is no file.", "${EDITOR:-vi} /service/web/"),
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
        (Fault::Carriage(b"/bin/sh"), "carriage return", "sed -i 's/\\r$//' /service/web/run"),
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
