//! `notification-fd`: the service itself says that it is ready.
use crate::told::{Told, with, with_first, with_run};
use nix::sys::signal::Signal;
use runit::state::Doing;
use runit_tests::process;
use runit_tests::rig::{Rig, send};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, until_equal, within};
use std::time::Duration;

pub const FD: (&str, &str) = ("notification-fd", "5\n");
const NOT: &str = "run: foo: (pid p) Ts, not ready";
const READY: &str = "run: foo: (pid p) Ts";

pub const CASES: &[Case] = &[
    case("ready_after_the_newline", || {
        with(&[FD], |service, runsv| {
            assert_eq!(service.state().and_then(|state| state.ready), Some(false));
            assert_eq!(service.line(), NOT);
            service.tell("echo >&5");
            let state = service.await_ready(Some(true));
            assert_eq!((state.doing, state.pid.map(|pid| pid.0)), (Doing::Run, Some(service.runs()[0])));
            assert_eq!((service.line().as_str(), runsv.err().as_str()), (READY, ""));
        });
    }),
    case("ready_with_words_before_the_newline", || {
        with(&[FD], |service, _| {
            service.tell("printf starting >&5; echo written >>trace");
            service.await_trace("written");
            service.stays("run");
            assert_eq!(service.line(), NOT);
            service.tell("printf ' started\\nand more' >&5");
            service.await_line(READY);
        });
    }),
    case("ready_with_much_before_the_newline", || {
        let many = format!("printf {} >&5; echo >&5", "x".repeat(3000));
        with(&[FD], |service, _| {
            service.tell(&many);
            service.await_ready(Some(true));
        });
    }),
    case("ready_in_the_same_write_as_the_end", || {
        // Said, and gone: heard, and of no use any more.
        with_run("echo >&5", &[FD, ("restart-limit", "1 60")], |service, _| {
            let state = service.await_doing(Doing::Failed);
            assert_eq!(state.ready, Some(false));
        });
    }),
    case("ready_end_without_newline_means_nothing", || {
        with(&[FD], |service, runsv| {
            service.tell("exec 5>&-; echo closed >>trace");
            service.await_trace("closed");
            service.stays("run");
            assert_eq!((service.line().as_str(), runsv.err().as_str()), (NOT, ""));
            service.control("t");
            service.await_runs(2);
            service.tell("echo >&5");
            service.await_line(READY);
        });
    }),
    case("ready_end_without_newline_wakes_nobody", || {
        with(&[FD], |service, runsv| {
            service.tell("exec 5>&-; echo closed >>trace");
            service.await_trace("closed");
            service.stays("run");
            let sleeps = || process::sleeps(runsv.pid()).expect("a number");
            // It lies down after the last command.
            let mut last = sleeps();
            let still = || {
                let now = sleeps();
                let same = now == last;
                last = now;
                within(Duration::from_millis(100), || None::<()>);
                same.then_some(())
            };
            until("rest", still);
        });
    }),
    case("ready_is_said_of_one_process", || {
        with(&[FD], |service, _| {
            service.tell("echo >&5");
            service.await_ready(Some(true));
            service.control("t");
            service.await_runs(2);
            let state = service.await_ready(Some(false));
            assert_eq!((state.doing, state.starts), (Doing::Run, 2));
            assert_eq!(service.line(), NOT);
        });
    }),
    case("ready_is_over_with_the_process", || {
        with(&[FD, ("finish-fails", "0")], |service, _| {
            service.long_finish().tell("echo >&5");
            service.await_ready(Some(true));
            service.control("d");
            service.await_line("finish: foo: (pid p) Ts, want down");
            assert_eq!(service.state().and_then(|state| state.ready), Some(false));
        });
    }),
    case("ready_said_by_a_child", || {
        with(&[FD], |service, _| {
            service.tell("(sh -c 'echo >&5' &)");
            service.await_ready(Some(true));
        });
    }),
    case("ready_word_of_a_former_process", || {
        // Its child outlives it and speaks up late.
        with(&[FD], |service, _| {
            service
                .fifo("go")
                .tell("(trap '' TERM; read -r x <go; echo >&5; echo said >>trace) 2>/dev/null &");
            service.tell("echo ready to die >>trace");
            service.await_trace("ready to die");
            service.control("t");
            service.await_runs(2);
            let go = service.path("go");
            until("a reader", || runit_tests::place::write_fifo(&go, b"\n").ok());
            service.stays("run");
            assert_eq!(service.line(), NOT);
        });
    }),
    case("ready_on_descriptor_3", || {
        with_run("echo >&3\nexec sleep 1000", &[("notification-fd", "3")], |service, _| {
            service.await_ready(Some(true));
        });
    }),
    case("ready_on_descriptor_9", || {
        with(&[("notification-fd", "9\n")], |service, _| {
            service.tell("echo >&9");
            service.await_ready(Some(true));
        });
    }),
    case("ready_on_a_descriptor_that_cannot_be", || {
        // More than a process may have: said by the child, and tried again.
        with_run("exec sleep 1000", &[("notification-fd", "2147483647")], |service, runsv| {
            let line = "runsv foo: fatal: unable to setup notification filedescriptor for ./run: ";
            until("its word", || runsv.err().contains(line).then_some(()));
            service.await_trace("finish 111 0");
            assert_eq!(service.starts(), 0);
            service.file("notification-fd", "5");
            service.await_runs(1);
        });
    }),
    case("ready_nobody_else_has_the_descriptor", || {
        let look = "(: >&5) 2>/dev/null || echo closed >>trace; exit 1";
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().script("finish", look).script("control/t", look).file("notification-fd", "5");
        service.script("log/run", "(: >&5) 2>/dev/null || echo closed >>../trace\nexec cat");
        let _runsv = service.up();
        service.control("t");
        service.await_runs(2);
        service.await_count("closed", 3);
    }),
    case("ready_and_standard_output_is_the_log", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().log().file("notification-fd", "5");
        let _runsv = service.up();
        service.tell("echo said; echo >&5");
        service.await_ready(Some(true));
        until_equal("the log", &"said\n".to_owned(), || service.text("logged"));
    }),
    case("ready_leaves_no_descriptor_behind", || {
        with(&[FD, ("restart-delay", "50")], |service, runsv| {
            let open = || process::descriptors(runsv.pid());
            let before = open();
            for start in 2..8 {
                service.tell(if start % 2 == 0 { "echo >&5; exit 1" } else { "exit 1" });
                service.await_runs(start);
            }
            until_equal("as many as before", &before, open);
        });
    }),
    case("ready_start_of_one_that_is_down", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe_with("echo >&5").file("notification-fd", "5").file("down", "");
        let _runsv = service.supervise();
        service.obeys(&["-w", "20", "start"], "ok: run: foo: (pid p) Ts, normally down", 0);
        assert_eq!(service.state().and_then(|state| state.ready), Some(true));
    }),
    case("ready_start_returns_with_the_newline", || {
        with(&[FD], |service, _| {
            let mut sv = service.rig.start_sv(&["-w", "60", "start", "foo"]);
            service.stays("run");
            assert!(
                within(Duration::from_millis(600), || sv.ended()).is_none(),
                "older than 0.42 s, not ready"
            );
            service.tell("echo >&5");
            // Its own time is not over.
            let status = sv.wait();
            assert_eq!((status.code(), sv.err()), (Some(0), String::new()));
            assert!(
                sv.out().starts_with("ok: run: foo: (pid ") && !sv.out().contains("ready"),
                "{}",
                sv.out()
            );
        });
    }),
    case("ready_start_of_one_that_never_is", || {
        with(&[FD], |service, _| {
            service.obeys(&["-w", "1", "start"], "timeout: run: foo: (pid p) Ts, not ready", 1);
        });
    }),
    case("ready_start_of_one_that_dies_before", || {
        // Each process is older than 0.42 s when it dies; none of them was ever ready.
        with_run("sleep 0.6", &[FD, ("restart-delay", "50")], |service, _| {
            for _ in 0..3 {
                let done = service.rig.sv(&["-w", "2", "start", "foo"]);
                assert!(done.code == Some(1) && done.out.starts_with("timeout: "), "{done:?}");
            }
        });
    }),
    case("ready_needs_no_age", || {
        // One that says so counts at once; any other after 0.42 s.
        with_run("echo >&5\nexec sleep 1000", &[FD], |service, _| {
            service.await_ready(Some(true));
            service.obeys(&["start"], &format!("ok: {READY}"), 0);
            service.obeys(&["check"], &format!("ok: {READY}"), 0);
        });
    }),
    case("ready_is_not_asked_of_others", || {
        with(&[], |service, _| {
            assert_eq!(service.state().map(|state| state.ready), Some(None));
            service.obeys(&["start"], &format!("ok: {READY}"), 0);
        });
    }),
    case("ready_restart_waits_for_the_next", || {
        with(&[FD], |service, _| {
            service.tell("echo >&5");
            service.await_ready(Some(true));
            let mut sv = service.rig.start_sv(&["-w", "60", "restart", "foo"]);
            service.await_runs(2);
            assert!(within(Duration::from_millis(600), || sv.ended()).is_none());
            service.tell("echo >&5");
            assert_eq!(sv.wait().code(), Some(0), "{}", sv.out());
        });
    }),
    case("ready_once_asks_for_no_readiness", || {
        with(&[FD], |service, _| {
            let line = "ok: run: foo: (pid p) Ts, want down, not ready";
            service.obeys(&["-v", "once"], line, 0);
        });
    }),
    case("ready_forgotten_by_a_kill", || {
        with(&[FD], |service, _| {
            service.tell("echo >&5");
            service.await_ready(Some(true));
            send(service.runs()[0], Signal::SIGKILL);
            service.await_runs(2);
            service.await_line(NOT);
        });
    }),
    case("ready_while_paused", || {
        with_first("trap 'echo >&5' USR1", &[FD], |service, _| {
            service.control("p");
            service.await_line("run: foo: (pid p) Ts, paused, not ready");
            service.control("1c");
            service.await_scripts("ready", || (service.line() == READY).then_some(()));
        });
    }),
];
