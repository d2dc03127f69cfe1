//! What follows an end, said by two files, or by a file and a letter.
use crate::failed::failed;
use crate::ready::FD;
use crate::told::{Files, Told, files, timed, with, with_finish, with_first, with_run, with_stubborn};
use nix::sys::signal::Signal;
use runit::state::Doing;
use runit_tests::rig::{Rig, Service, by_term};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, within};
use std::time::{Duration, Instant};

pub const SOON: (&str, &str) = ("restart-delay", "50");
pub const KILL: (&str, &str) = ("timeout-kill", "200");

/// A service with a finish that does as it is told.
pub fn with_long_finish(said: Files<'_>, look: impl FnOnce(&Service<'_>)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    files(service.probe().long_finish(), said);
    let _runsv = service.up();
    look(&service);
}

pub const CASES: &[Case] = &[
    case("pair_failed_and_finish", || {
        // It runs to its end before anybody says that it failed.
        with_long_finish(&[("restart-limit", "1 60")], |service| {
            service.tell("exit 1");
            service.await_trace("finish 1 0");
            assert_eq!(service.await_doing(Doing::Finish).ends, 1);
            service.obeys(&["-w", "1", "check"], "timeout: finish: foo: (pid p) Ts, want down", 1);
            service.tell_finish("exit 0");
            service.await_doing(Doing::Failed);
        });
    }),
    case("pair_failed_and_timeout_finish", || {
        with_long_finish(&[("restart-limit", "1 60"), ("timeout-finish", "200")], |service| {
            service.tell("exit 1");
            service.await_line(&failed("1 ends in 60 s, last: exit 1"));
        });
    }),
    case("pair_failed_and_finish_that_says_u", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(&service, &[SOON, ("restart-limit", "1 60")]);
        service.probe().script("finish", "echo finish $* >>trace; printf u >supervise/control");
        let _runsv = service.up();
        for start in 2..5 {
            service.tell("exit 1");
            service.await_runs(start);
        }
    }),
    case("pair_failed_by_both", || {
        let said = [SOON, ("restart-limit", "2 60"), ("finish-fails", "0")];
        with_finish(&said, |service, _| {
            service.tell("exit 1");
            service.await_line(&failed("last: exit 1"));
            assert_eq!(service.state().map(|state| (state.ends, state.starts)), Some((1, 1)));
        });
    }),
    case("pair_failed_and_delay", || {
        with_run("exit 1", &[("restart-delay", "60000"), ("restart-limit", "1 60")], |service, _| {
            assert_eq!(service.await_doing(Doing::Failed).next, None);
            service.await_line(&failed("1 ends in 60 s, last: exit 1"));
            // Told, it does not wait either.
            service.control("u");
            until("the next", || (service.starts() == 2).then_some(()));
        });
    }),
    case("pair_failed_and_timeout_kill", || {
        // One that was killed for being slow was told to be down.
        with_stubborn(&[KILL, ("restart-limit", "1 60")], |service, _| {
            service.control("d");
            service.await_line("down: foo: Ts, normally up");
            assert_eq!(service.state().map(|state| (state.doing, state.ends)), Some((Doing::Down, 0)));
        });
    }),
    case("pair_delay_and_limit", || {
        // The pauses grow, and it is given up.
        let said = [("restart-delay", "50 400"), ("restart-limit", "4 60")];
        let before = Instant::now();
        with_run("exit 1", &said, |service, _| {
            let state = service.await_doing(Doing::Failed);
            assert_eq!(state.starts, 4);
            let took = before.elapsed();
            assert!(took >= Duration::from_millis(350), "50 + 100 + 200 ms: {took:?}");
        });
    }),
    case("pair_delay_and_finish_that_takes_long", || {
        // From start to start, whatever comes between.
        with_long_finish(&[("restart-delay", "300")], |service| {
            service.tell("exit 1");
            service.await_trace("finish 1 0");
            assert!(within(Duration::from_millis(400), || (service.starts() > 1).then_some(())).is_none());
            service.tell_finish("exit 0");
            service.await_runs(2);
        });
    }),
    case("pair_delay_and_timeout_finish", || {
        with_long_finish(&[SOON, ("timeout-finish", "100")], |service| {
            for start in 2..4 {
                service.tell("exit 1");
                service.await_runs(start);
            }
        });
    }),
    case("pair_delay_and_control_u", || {
        // The script comes after the pause.
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().script("control/u", "echo up >>trace"), &[("restart-delay", "1500")]);
        let _runsv = service.up();
        service.tell("exit 1");
        service.await_doing(Doing::PausedStart);
        assert_eq!(service.trace(), ["up", "run"]);
        service.await_runs(2);
        assert_eq!(service.trace(), ["up", "run", "up", "run"]);
    }),
    case("pair_down_signal_and_timeout_kill", || {
        with_first("trap 'echo INT >>trace' INT", &[("down-signal", "INT"), KILL], |service, _| {
            service.finish().control("d");
            service.await_traces(&["run", "INT", "finish -1 9"]);
        });
    }),
    case("pair_down_signal_kill_and_timeout_kill", || {
        with(&[("down-signal", "KILL"), ("timeout-kill", "5000")], |service, _| {
            service.finish().control("d");
            service.await_traces(&["run", "finish -1 9"]);
        });
    }),
    case("pair_down_signal_and_control_t_that_fails", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        // Some shells act on others than INT when their line has come, and that may be too late.
        files(&service, &[("down-signal", "INT"), KILL]);
        service.probe_with("trap 'echo TERM >>trace' TERM").finish();
        service.script("control/t", "echo asked >>trace; exit 1");
        let _runsv = service.up();
        service.control("d");
        service.await_traces(&["run", "asked", "INT", "finish -1 9"]);
    }),
    case("pair_both_timeouts", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe_with("trap 'echo TERM >>trace' TERM").long_finish();
        files(&service, &[KILL, ("timeout-finish", "200")]);
        let mut runsv = service.up();
        let (status, took) = timed(|| {
            runsv.signal(Signal::SIGTERM);
            runsv.wait()
        });
        assert!(status.code() == Some(0) && took >= Duration::from_millis(400), "{took:?}");
    }),
    case("pair_once_and_delay", || {
        with(&[("restart-delay", "60000")], |service, _| {
            service.control("o");
            service.await_stat("run, want down");
            service.tell("exit 1");
            let state = service.await_doing(Doing::Down);
            assert_eq!(state.next, None);
            service.control("o");
            service.await_runs(2);
        });
    }),
    case("pair_once_and_finish_fails", || {
        with_finish(&[("finish-fails", "1")], |service, _| {
            service.control("o");
            service.await_stat("run, want down");
            service.tell("exit 1");
            service.await_traces(&["run", "finish 1 0"]);
            service.await_doing(Doing::Down);
        });
    }),
    case("pair_exit_and_not_ready", || {
        with(&[FD], |service, runsv| {
            service.control("x");
            assert_eq!(runsv.wait().code(), Some(0));
        });
    }),
    case("pair_exit_and_pause", || {
        with_run("exit 1", &[("restart-delay", "60000")], |service, runsv| {
            service.await_doing(Doing::PausedStart);
            service.control("x");
            assert_eq!(runsv.wait().code(), Some(0));
        });
    }),
    case("pair_exit_taken_back", || {
        with_stubborn(&[("timeout-kill", "800")], |service, runsv| {
            service.control("x");
            service.await_trace("TERM");
            service.control("u");
            assert!(within(Duration::from_millis(1100), || runsv.ended()).is_none());
            service.await_stat("run, got TERM");
        });
    }),
    case("pair_all_of_them_and_a_good_life", || {
        let said = [
            FD,
            SOON,
            KILL,
            ("down-signal", "INT"),
            ("timeout-finish", "2000"),
            ("restart-limit", "5 60"),
            ("finish-fails", "125"),
        ];
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe_with("echo >&5; trap - INT").finish(), &said);
        let mut runsv = service.up();
        service.await_line("run: foo: (pid p) Ts");
        service.obeys(&["-w", "20", "restart"], "ok: run: foo: (pid p) Ts", 0);
        service.obeys(&["-w", "20", "stop"], "ok: down: foo: Ts, normally up", 0);
        service.obeys(&["-w", "20", "start"], "ok: run: foo: (pid p) Ts", 0);
        runsv.signal(Signal::SIGTERM);
        assert_eq!((runsv.wait().code(), runsv.err().as_str()), (Some(0), ""));
        assert_ne!(service.trace()[1], by_term());
    }),
];
