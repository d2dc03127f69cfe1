//! The sv of C runit on a supervisor of ours: it knows none of the new states, and says of them what is true all the
//! same, though less.
use crate::ready::FD;
use crate::told::{Told, foreign_sv, with, with_run};
use runit::state::Doing;
use runit_tests::rig::{Service, masked};
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait::until;
use std::path::Path;

/// What it says, and its code.
fn says(service: &Service<'_>, words: &[&str]) -> (String, Option<i32>) {
    let sv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/c-runit/2.3.1/sv");
    if !sv.is_file() {
        skip("no sv of C runit (see ci/c-runit)");
    }
    let mut all = words.to_vec();
    all.push("foo");
    let done = foreign_sv(service.rig, &sv, &all);
    (masked(done.out.trim_end()), done.code)
}

fn is(line: &str, code: i32) -> (String, Option<i32>) {
    (line.to_owned(), Some(code))
}

pub const CASES: &[Case] = &[
    case("older_sv_and_done", || {
        with_run("exit 0", &[("oneshot", "")], |service, _| {
            service.await_doing(Doing::Done);
            // True: there is no process, and it is wanted up.
            assert_eq!(says(service, &["status"]), is("down: foo: Ts, normally up, want up", 0));
            assert_eq!(
                says(service, &["-w", "1", "start"]),
                is("timeout: down: foo: Ts, normally up, want up", 1)
            );
            assert_eq!(
                says(service, &["-w", "1", "check"]),
                is("timeout: down: foo: Ts, normally up, want up", 1)
            );
            assert_eq!(service.starts(), 1, "asking does not do it again");
            assert_eq!(says(service, &["-w", "9", "stop"]).1, Some(0));
            service.await_line("down: foo: Ts, normally up");
            assert_eq!(service.trace(), ["run", "finish 0 0"]);
        });
    }),
    case("older_sv_and_stop_of_done", || {
        // It may find it down before finish has begun, as it finds any service that is between run and finish.
        with_run("exit 0", &[("oneshot", "")], |service, _| {
            service.await_doing(Doing::Done);
            let (line, code) = says(service, &["-w", "9", "stop"]);
            assert!(code == Some(0) && line.starts_with("ok: down: foo: "), "{line}");
            service.await_trace("finish 0 0");
        });
    }),
    case("older_sv_and_failed", || {
        with_run("exit 1", &[("restart-delay", "50"), ("restart-limit", "2 60")], |service, _| {
            service.await_doing(Doing::Failed);
            assert_eq!(says(service, &["status"]), is("down: foo: Ts, normally up", 0));
            assert_eq!(says(service, &["-w", "2", "stop"]), is("ok: down: foo: Ts, normally up", 0));
            assert_eq!(says(service, &["-w", "2", "check"]), is("ok: down: foo: Ts, normally up", 0));
            // Whatever it sees at its looks: that it was given up again it does not know.
            let (line, code) = says(service, &["-w", "2", "start"]);
            assert!(line.starts_with(if code == Some(0) { "ok: run: foo: " } else { "timeout: " }), "{line}");
            until("given up again", || (service.starts() == 4).then_some(()));
        });
    }),
    case("older_sv_and_not_ready", || {
        with(&[FD], |service, _| {
            // It cannot wait for what it does not know.
            assert_eq!(says(service, &["status"]), is("run: foo: (pid p) Ts", 0));
            assert_eq!(says(service, &["-w", "2", "start"]), is("ok: run: foo: (pid p) Ts", 0));
        });
    }),
    case("older_sv_and_a_pause", || {
        with_run("exit 1", &[("restart-delay", "60000")], |service, _| {
            service.await_doing(Doing::PausedStart);
            assert_eq!(says(service, &["status"]), is("down: foo: Ts, normally up, want up", 0));
        });
    }),
    case("older_sv_and_restart", || {
        with(&[FD, ("down-signal", "KILL")], |service, _| {
            let (line, code) = says(service, &["-w", "9", "restart"]);
            assert_eq!((line.as_str(), code), ("ok: run: foo: (pid p) Ts", Some(0)));
            service.await_runs(2);
        });
    }),
];
