//! `timeout-kill` and `timeout-finish`: how long an end may take.
use crate::told::{Told, files, timed, with, with_finish, with_stubborn};
use nix::sys::signal::Signal;
use runit::state::Doing;
use runit_tests::rig::{Rig, await_death, by_term, is_alive, send};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, within};
use std::time::{Duration, Instant};

const MS: fn(u64) -> Duration = Duration::from_millis;
const KILL: (&str, &str) = ("timeout-kill", "300\n");

/// It ends in this time, or it does not.
fn dies_within(pid: i32, time: Duration) -> bool {
    within(time, || (!is_alive(pid)).then_some(())).is_some()
}

pub const CASES: &[Case] = &[
    case("timeout_kill_after_d", || {
        with_stubborn(&[KILL], |service, runsv| {
            service.finish();
            let ((), took) = timed(|| {
                service.control("d");
                service.await_trace("finish -1 9");
            });
            service.await_stat("down");
            assert_eq!(
                (service.trace(), runsv.err()),
                (["run", "TERM", "finish -1 9"].map(String::from).to_vec(), String::new())
            );
            assert!(took >= MS(300), "{took:?}");
        });
    }),
    case("timeout_kill_after_x", || {
        with_stubborn(&[KILL], |service, runsv| {
            let (status, took) = timed(|| {
                service.control("x");
                runsv.wait()
            });
            assert!(status.code() == Some(0) && took >= MS(300), "{took:?}");
        });
    }),
    case("timeout_kill_after_the_end_of_runsv", || {
        with_stubborn(&[KILL], |_, runsv| {
            let (status, took) = timed(|| {
                runsv.signal(Signal::SIGTERM);
                runsv.wait()
            });
            assert!(status.code() == Some(0) && took >= MS(300), "{took:?}");
        });
    }),
    case("timeout_kill_not_after_t", || {
        with_stubborn(&[("timeout-kill", "50")], |service, _| {
            service.control("t");
            service.await_traces(&["run", "TERM"]);
            assert!(!dies_within(service.runs()[0], MS(400)));
            // But once it shall be down.
            service.control("d");
            await_death(service.runs()[0]);
        });
    }),
    case("timeout_kill_not_after_i", || {
        with_stubborn(&[("timeout-kill", "50")], |service, _| {
            service.control("i");
            service.await_traces(&["run", "INT"]);
            assert!(!dies_within(service.runs()[0], MS(400)));
        });
    }),
    case("timeout_kill_not_of_one_that_is_wanted_again", || {
        with_stubborn(&[("timeout-kill", "800")], |service, _| {
            service.control("d");
            service.await_trace("TERM");
            service.control("u");
            assert!(!dies_within(service.runs()[0], MS(1200)));
            service.await_stat("run, got TERM");
        });
    }),
    case("timeout_kill_not_of_one_that_shall_run_once", || {
        with_stubborn(&[("timeout-kill", "800")], |service, _| {
            service.control("d");
            service.await_trace("TERM");
            service.control("o");
            assert!(!dies_within(service.runs()[0], MS(1200)));
        });
    }),
    case("timeout_kill_is_not_put_off", || {
        with_stubborn(&[("timeout-kill", "700")], |service, _| {
            let start = Instant::now();
            let pid = service.runs()[0];
            // A service that is told without end would never be killed.
            until("its end", || {
                service.control("d");
                within(MS(100), || (!is_alive(pid)).then_some(()))
            });
            assert!(start.elapsed() >= MS(700));
        });
    }),
    case("timeout_kill_0_is_never", || {
        with_stubborn(&[("timeout-kill", "0")], |service, runsv| {
            service.control("d");
            service.await_trace("TERM");
            assert!(!dies_within(service.runs()[0], MS(300)) && runsv.err().is_empty());
        });
    }),
    case("timeout_kill_of_a_paused_service", || {
        with_stubborn(&[KILL], |service, _| {
            service.control("d");
            service.await_trace("TERM");
            service.control("p");
            await_death(service.runs()[0]);
            service.await_doing(Doing::Down);
        });
    }),
    case("timeout_kill_of_one_that_obeys", || {
        // A longer time than anybody waits here.
        with_finish(&[("timeout-kill", "600000")], |service, _| {
            service.control("d");
            service.await_stat("down");
            assert_eq!(service.trace(), ["run", by_term()]);
        });
    }),
    case("timeout_kill_is_not_of_the_next_process", || {
        with_finish(&[("timeout-kill", "400")], |service, _| {
            service.control("du");
            let pid = service.await_runs(2);
            assert!(!dies_within(pid, MS(700)));
        });
    }),
    case("timeout_kill_is_not_of_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().long_finish(), &[("timeout-kill", "100")]);
        let _runsv = service.up();
        service.control("d");
        let pid = until("its finish", || service.state().filter(|state| state.doing == Doing::Finish)?.pid);
        assert!(!dies_within(pid.0, MS(400)));
        service.tell_finish("exit 0");
        service.await_stat("down");
    }),
    case("timeout_kill_by_sv_stop", || {
        with_stubborn(&[KILL], |service, _| {
            service.obeys(&["-w", "20", "stop"], "ok: down: foo: Ts, normally up", 0);
        });
    }),
    case("timeout_kill_longer_than_sv_waits", || {
        with_stubborn(&[("timeout-kill", "3000")], |service, _| {
            service.obeys(&["-w", "1", "stop"], "timeout: run: foo: (pid p) Ts, want down, got TERM", 1);
            service.obeys(&["-w", "20", "stop"], "ok: down: foo: Ts, normally up", 0);
        });
    }),
    case("timeout_kill_with_control_t_that_hangs", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe_with("trap 'echo TERM >>trace' TERM").finish();
        files(
            service.script("control/t", "echo asked $$ >>asked; exec sleep 1000"),
            &[("timeout-kill", "1500")],
        );
        let _runsv = service.up();
        service.control("d");
        let asked = || service.text("asked").trim().strip_prefix("asked ")?.parse().ok();
        let script = until("the script", asked);
        service.await_trace("finish -1 9");
        service.await_stat("down");
        await_death(script);
        assert_eq!(service.trace(), ["run", "finish -1 9"], "no TERM but by the script");
    }),
    case("timeout_kill_with_control_d_that_hangs", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe_with("trap 'echo TERM >>trace' TERM").finish();
        files(service.script("control/d", "exec sleep 1000"), &[KILL]);
        let _runsv = service.up();
        service.control("d");
        service.await_traces(&["run", "TERM", "finish -1 9"]);
        service.await_stat("down");
    }),
    case("timeout_kill_with_control_x_that_hangs", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().script("control/x", "exec sleep 1000"), &[KILL]);
        let mut runsv = service.up();
        service.control("x");
        // The service obeyed; what hangs is its script.
        assert_eq!(runsv.wait().code(), Some(0));
    }),
    case("timeout_kill_when_control_t_does_the_work", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe_with("trap 'echo TERM >>trace' TERM").finish();
        files(service.script("control/t", "echo told >>trace"), &[KILL]);
        let _runsv = service.up();
        service.control("d");
        service.await_traces(&["run", "told", "finish -1 9"]);
    }),
    case("timeout_kill_not_of_control_u", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().fifo("go-u").script("control/u", "echo up >>trace; read -r x <go-u");
        files(&service, &[("timeout-kill", "50")]);
        let _runsv = service.supervise();
        service.await_trace("up");
        assert!(within(MS(300), || service.trace().contains(&"run".into()).then_some(())).is_none());
        service.release("u");
        service.await_runs(1);
    }),
    case("timeout_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().long_finish(), &[("timeout-finish", "300\n")]);
        let runsv = service.up();
        let ((), took) = timed(|| {
            service.tell("exit 3");
            service.await_trace("finish 3 0");
            service.await_runs(2);
        });
        assert!(took >= MS(300) && runsv.err().is_empty(), "{took:?}");
    }),
    case("timeout_finish_ignores_what_is_ignored", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let text = "trap '' TERM INT HUP; echo finish >>trace; sleep 1000; sleep 1000";
        files(service.probe().script("finish", text), &[("timeout-finish", "100")]);
        let _runsv = service.up();
        service.control("d");
        service.await_trace("finish");
        service.await_stat("down");
    }),
    case("timeout_finish_and_the_end_of_runsv", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().long_finish(), &[("timeout-finish", "200")]);
        let mut runsv = service.up();
        runsv.signal(Signal::SIGTERM);
        assert_eq!(runsv.wait().code(), Some(0));
    }),
    case("timeout_finish_0_is_never", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().long_finish(), &[("timeout-finish", "0\n")]);
        let _runsv = service.up();
        service.control("d");
        let pid = until("its finish", || service.state().filter(|state| state.doing == Doing::Finish)?.pid);
        assert!(!dies_within(pid.0, MS(400)));
    }),
    case("timeout_finish_is_not_of_run", || {
        with_finish(&[("timeout-finish", "50")], |service, _| {
            assert!(!dies_within(service.runs()[0], MS(300)));
            // Nor of the next.
            service.control("t");
            let pid = service.await_runs(2);
            assert!(!dies_within(pid, MS(300)));
        });
    }),
    case("timeout_finish_of_one_that_is_quick", || {
        with_finish(&[("timeout-finish", "600000")], |service, _| {
            service.control("d");
            service.await_stat("down");
        });
    }),
    case("timeout_finish_counts_from_its_start", || {
        // The time of a service that takes long to end is not that of its finish.
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe_with("trap 'echo TERM >>trace' TERM").fifo("go");
        service.script("finish", "echo finish >>trace; read -r x <go; echo finished >>trace");
        files(&service, &[("timeout-kill", "600"), ("timeout-finish", "5000")]);
        let _runsv = service.up();
        service.control("d");
        service.await_trace("finish");
        let go = service.path("go");
        until("a reader", || runit_tests::place::write_fifo(&go, b"\n").ok());
        service.await_trace("finished");
    }),
    case("timeout_finish_that_is_killed_from_outside", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().long_finish(), &[("timeout-finish", "8000")]);
        let _runsv = service.up();
        service.tell("exit 1");
        let pid = until("its finish", || service.state().filter(|state| state.doing == Doing::Finish)?.pid);
        send(pid.0, Signal::SIGKILL);
        service.await_runs(2);
    }),
    case("timeout_finish_says_finish_meanwhile", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().long_finish(), &[("timeout-finish", "3000")]);
        let _runsv = service.up();
        service.control("d");
        service.await_line("finish: foo: (pid p) Ts, want down");
        service.await_line("down: foo: Ts, normally up");
    }),
    case("timeout_both_absent", || {
        with(&[], |service, _| {
            let state = service.state().unwrap();
            assert_eq!((state.limit, state.window, state.next, state.ready), (0, 0, None, None));
        });
    }),
];
