//! `notification-fd` and `oneshot` beside another file, a script or a letter.
use crate::failed::failed;
use crate::oneshot::{DONE, ONESHOT};
use crate::pairs_ends::{KILL, SOON, with_long_finish};
use crate::ready::FD;
use crate::told::{Told, files, timed, with, with_finish, with_first, with_run, with_stubborn};
use runit::state::Doing;
use runit_tests::rig::{Rig, await_death};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, within};
use std::time::Duration;

pub const CASES: &[Case] = &[
    case("pair_ready_and_timeout_kill", || {
        with_stubborn(&[FD, KILL], |service, _| {
            service.control("d");
            await_death(service.runs()[0]);
            let state = service.await_doing(Doing::Down);
            assert_eq!(state.ready, Some(false));
            service.control("u");
            service.await_runs(2);
            service.tell("echo >&5");
            service.await_ready(Some(true));
        });
    }),
    case("pair_ready_and_timeout_finish", || {
        with_long_finish(&[FD, SOON, ("timeout-finish", "200")], |service| {
            service.tell("echo >&5; exit 1");
            service.await_runs(2);
            service.await_line("run: foo: (pid p) Ts, not ready");
        });
    }),
    case("pair_ready_and_check", || {
        // After both: neither alone will do.
        with(&[FD], |service, _| {
            service.script("check", "echo check >>checks; test -e passes");
            let mut sv = service.rig.start_sv(&["-w", "60", "start", "foo"]);
            service.stays("run");
            assert!(within(Duration::from_millis(300), || sv.ended()).is_none());
            assert_eq!(service.text("checks"), "", "it is not asked before the service has said so");
            service.tell("echo >&5");
            until("checks", || (service.text("checks").lines().count() > 1).then_some(()));
            assert!(sv.ended().is_none());
            service.file("passes", "");
            assert_eq!(sv.wait().code(), Some(0));
        });
    }),
    case("pair_ready_and_check_that_passes_early", || {
        with(&[FD], |service, _| {
            service.script("check", "exit 0");
            service.obeys(&["-w", "1", "start"], "timeout: run: foo: (pid p) Ts, not ready", 1);
            service.tell("echo >&5");
            service.obeys(&["-w", "20", "start"], "ok: run: foo: (pid p) Ts", 0);
        });
    }),
    case("pair_ready_and_check_that_fails", || {
        with(&[FD], |service, _| {
            service.script("check", "exit 1").tell("echo >&5");
            service.await_ready(Some(true));
            service.obeys(&["-w", "1", "check"], "timeout: run: foo: (pid p) Ts", 1);
        });
    }),
    case("pair_ready_and_oneshot", || {
        // Ready before it is done.
        with_finish(&[FD, ONESHOT], |service, _| {
            service.tell("echo >&5");
            service.await_ready(Some(true));
            service.obeys(&["-w", "20", "start"], "ok: run: foo: (pid p) Ts", 0);
            service.tell("exit 0");
            let state = service.await_doing(Doing::Done);
            assert_eq!((state.ready, service.line().as_str()), (Some(true), DONE));
        });
    }),
    case("pair_ready_and_oneshot_without_a_word", || {
        with_finish(&[FD, ONESHOT], |service, _| {
            service.tell("exit 0");
            assert_eq!(service.await_doing(Doing::Done).ready, Some(true));
            service.obeys(&["-w", "20", "start"], "ok: done: foo: Ts", 0);
        });
    }),
    case("pair_ready_and_limit", || {
        with_run("echo >&5; exit 1", &[FD, SOON, ("restart-limit", "3 60")], |service, _| {
            service.await_doing(Doing::Failed);
            service.await_line(&failed("3 ends in 60 s, last: exit 1"));
        });
    }),
    case("pair_ready_and_start_that_fails", || {
        with_run("sleep 0.5; exit 1", &[FD, SOON, ("restart-limit", "2 60"), ("down", "")], |service, _| {
            let (_, took) = timed(|| {
                let line = "fail: down: foo: Ts, failed (2 ends in 60 s, last: exit 1)";
                service.obeys(&["-w", "90", "start"], line, 1);
            });
            assert!(took < Duration::from_secs(60), "{took:?}");
        });
    }),
    case("pair_ready_and_down_signal", || {
        with_first("trap - INT", &[FD, ("down-signal", "INT")], |service, _| {
            service.tell("echo >&5");
            service.await_ready(Some(true));
            service.control("t");
            service.await_runs(2);
            service.await_line("run: foo: (pid p) Ts, not ready");
        });
    }),
    case("pair_ready_and_delay", || {
        with(&[FD, ("restart-delay", "60000")], |service, _| {
            service.tell("echo >&5");
            service.await_ready(Some(true));
            service.tell("exit 1");
            let state = service.await_doing(Doing::PausedStart);
            assert_eq!(state.ready, Some(false));
            service.await_line("down: foo: Ts, normally up, want up, next start in Ts");
        });
    }),
    case("pair_ready_and_finish_fails", || {
        with_finish(&[FD, ("finish-fails", "0")], |service, _| {
            service.tell("echo >&5; exit 1");
            service.await_line(&failed("last: exit 1"));
        });
    }),
    case("pair_oneshot_and_limit", || {
        with_run("exit 1", &[ONESHOT, SOON, ("restart-limit", "3 60")], |service, _| {
            service.await_line(&failed("3 ends in 60 s, last: exit 1"));
            assert_eq!(service.trace(), ["run", "finish 1 0"].repeat(3));
        });
    }),
    case("pair_oneshot_and_limit_by_success", || {
        // Being done is no end that counts.
        with_run("exit 0", &[ONESHOT, SOON, ("restart-limit", "2 60")], |service, _| {
            for starts in 1..6 {
                let done =
                    || service.state().filter(|state| state.doing == Doing::Done && state.starts == starts);
                let state = until("done", done);
                assert_eq!(state.ends, 0);
                service.control("t");
            }
        });
    }),
    case("pair_oneshot_and_delay", || {
        with_run("exit 1", &[ONESHOT, ("restart-delay", "60000")], |service, _| {
            let state = service.await_doing(Doing::PausedStart);
            assert_eq!(state.ready, Some(false));
            assert_eq!(service.line(), "down: foo: Ts, normally up, want up, next start in Ts");
        });
    }),
    case("pair_oneshot_and_delay_when_done", || {
        with_run("exit 0", &[ONESHOT, ("restart-delay", "60000")], |service, _| {
            assert_eq!(service.await_doing(Doing::Done).next, None);
            assert_eq!(service.line(), DONE);
        });
    }),
    case("pair_oneshot_and_timeout_kill", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe_with("trap 'echo TERM >>trace' TERM").finish();
        files(&service, &[ONESHOT, KILL]);
        let _runsv = service.up();
        service.control("d");
        service.await_traces(&["run", "TERM", "finish -1 9"]);
        service.await_line("down: foo: Ts, normally up");
    }),
    case("pair_oneshot_and_timeout_finish", || {
        // To undo it takes too long.
        with_long_finish(&[ONESHOT, ("timeout-finish", "200")], |service| {
            service.tell("exit 0");
            service.await_line(DONE);
            service.control("d");
            service.await_trace("finish 0 0");
            service.await_line("down: foo: Ts, normally up");
        });
    }),
    case("pair_oneshot_and_finish_fails", || {
        // What cannot be undone is no failure of a service that is told to be down.
        let rig = Rig::new();
        let service = rig.service("foo");
        files(
            service.probe().script("finish", "echo finish $* >>trace; exit 125"),
            &[ONESHOT, SOON, ("finish-fails", "125")],
        );
        let _runsv = service.up();
        service.tell("exit 0");
        service.await_line(DONE);
        service.control("d");
        service.await_line("down: foo: Ts, normally up");
        service.control("u");
        service.await_runs(2);
        service.tell("exit 3");
        service.await_line(&failed("last: exit 3"));
    }),
    case("pair_oneshot_and_down_signal", || {
        with_first("trap 'exit 0' INT", &[ONESHOT, ("down-signal", "INT")], |service, _| {
            service.finish().control("d");
            service.await_traces(&["run", "finish 0 0"]);
            service.await_line("down: foo: Ts, normally up");
        });
    }),
    case("pair_oneshot_and_control_t", || {
        // Nobody is there whom the script could end.
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.script("run", "echo run $$ >>trace").finish(), &[ONESHOT]);
        service.script("control/t", "echo asked >>trace").script("control/d", "echo down >>trace");
        let _runsv = service.supervise();
        service.await_doing(Doing::Done);
        service.control("d");
        service.await_traces(&["run", "finish 0 0"]);
        service.await_line("down: foo: Ts, normally up");
    }),
    case("pair_oneshot_and_control_u", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.script("run", "echo run $$ >>trace").finish(), &[ONESHOT]);
        service.script("control/u", "echo up >>trace");
        let _runsv = service.supervise();
        service.await_doing(Doing::Done);
        service.control("t");
        service.await_traces(&["up", "run", "finish 0 0", "up", "run"]);
    }),
    case("pair_oneshot_and_check", || {
        // Done is ready, whatever a check would say.
        with_run("exit 0", &[ONESHOT], |service, _| {
            service.script("check", "echo check >>checks; exit 1");
            service.await_doing(Doing::Done);
            service.obeys(&["-w", "20", "check"], "ok: done: foo: Ts", 0);
            assert_eq!(service.text("checks"), "");
        });
    }),
];
