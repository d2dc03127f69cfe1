//! The files of a log service.
use crate::told::{Files, Told, files, state_in, timed};
use nix::sys::signal::Signal;
use runit::state::{Doing, State};
use runit_tests::place::{Running, write_fifo};
use runit_tests::rig::{Rig, Service, await_death, is_alive, masked, send};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, until_equal, within};
use std::time::Duration;

const SOON: (&str, &str) = ("log/restart-delay", "50");

/// A service whose log service does as it is told; both are up.
fn with_log(said: Files<'_>, look: impl FnOnce(&Service<'_>, &mut Running)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    files(service.log_probe().probe(), said);
    let mut runsv = service.up();
    await_log_runs(&service, 1);
    service.await_log_stat("run");
    look(&service, &mut runsv);
}

/// A service whose log service is this script.
fn with_log_run(run: &str, said: Files<'_>, look: impl FnOnce(&Service<'_>, &mut Running)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    files(service.probe().script("log/run", &format!("echo run $$ >>trace\n{run}")), said);
    let mut runsv = service.up();
    look(&service, &mut runsv);
}

fn await_log_runs(service: &Service<'_>, count: usize) -> i32 {
    until("a log service", || service.log_runs().get(count - 1).copied())
}

fn tell_log(service: &Service<'_>, line: &str) {
    until("a reader", || write_fifo(&service.path("log/hold"), format!("{line}\n").as_bytes()).ok());
}

fn log_state(service: &Service<'_>) -> Option<State> {
    state_in(&service.path("log"))
}

fn await_log_doing(service: &Service<'_>, doing: Doing) -> State {
    until(&format!("{doing:?}"), || log_state(service).filter(|state| state.doing == doing))
}

/// What sv says of the log service, at the end of the line.
fn await_log_line(service: &Service<'_>, line: &str) {
    until_equal("the line", &line.to_owned(), || {
        let said = service.line();
        said.split_once("; ").map_or("", |two| two.1).to_owned()
    });
}

pub const CASES: &[Case] = &[
    case("log_has_a_line_of_its_own", || {
        with_log(&[], |service, _| {
            let state = log_state(service).unwrap();
            assert_eq!((state.doing, state.ready, state.starts), (Doing::Run, None, 1));
            assert_eq!(state.pid.map(|pid| pid.0), Some(service.log_runs()[0]));
        });
    }),
    case("log_down_signal", || {
        with_log(&[("log/down-signal", "USR1")], |service, _| {
            service.control_log("d");
            // Some shells act on it when their line has come.
            service.await_scripts("asked", || service.log_trace().contains(&"USR1".into()).then_some(()));
            service.await_log_stat("run, want down");
            assert!(is_alive(service.log_runs()[0]));
            tell_log(service, "exit 0");
            service.await_log_stat("down");
        });
    }),
    case("log_down_signal_by_t", || {
        with_log(&[("log/down-signal", "KILL"), SOON], |service, _| {
            service.control_log("t");
            await_log_runs(service, 2);
        });
    }),
    case("log_down_signal_is_no_part_of_the_end", || {
        // Its end is that of its input.
        with_log_run(
            "trap 'echo INT >>trace' INT; cat >/dev/null",
            &[("log/down-signal", "INT")],
            |service, runsv| {
                await_log_runs(service, 1);
                runsv.signal(Signal::SIGTERM);
                assert_eq!(runsv.wait().code(), Some(0));
                assert_eq!(service.log_trace(), ["run"]);
            },
        );
    }),
    case("log_down_signal_of_the_service_alone", || {
        with_log(&[("down-signal", "USR1")], |service, _| {
            let pid = service.log_runs()[0];
            service.control_log("d");
            await_death(pid);
            service.await_log_stat("down");
        });
    }),
    case("log_timeout_kill", || {
        let run = "trap 'echo TERM >>trace' TERM; while :; do sleep 1000 & wait; done";
        with_log_run(run, &[("log/timeout-kill", "300")], |service, _| {
            let pid = await_log_runs(service, 1);
            let ((), took) = timed(|| {
                service.control_log("d");
                await_death(pid);
            });
            service.await_log_stat("down");
            assert!(
                took >= Duration::from_millis(300) && service.log_trace().contains(&"TERM".into()),
                "{took:?}"
            );
        });
    }),
    case("log_timeout_kill_is_no_part_of_the_end", || {
        // What it has not read yet is worth more than time.
        with_log(&[("log/timeout-kill", "100")], |service, runsv| {
            runsv.signal(Signal::SIGTERM);
            assert!(within(Duration::from_millis(500), || runsv.ended()).is_none());
            tell_log(service, "exit 0");
            assert_eq!(runsv.wait().code(), Some(0));
        });
    }),
    case("log_restart_delay", || {
        with_log(&[("log/restart-delay", "60000")], |service, _| {
            tell_log(service, "exit 1");
            let state = await_log_doing(service, Doing::PausedStart);
            assert!(state.next.is_some());
            await_log_line(service, "down: log: Ts, normally up, want up, next start in Ts");
            service.control_log("u");
            await_log_runs(service, 2);
        });
    }),
    case("log_restart_delay_and_the_end_of_runsv", || {
        // It is started once more, to read what is left, and does not wait for that.
        with_log(&[("log/restart-delay", "60000")], |service, runsv| {
            service.tell("echo a line");
            tell_log(service, "exit 1");
            await_log_doing(service, Doing::PausedStart);
            service.script("log/run", "cat >../logged");
            runsv.signal(Signal::SIGTERM);
            assert_eq!(runsv.wait().code(), Some(0));
            assert_eq!(service.text("logged"), "a line\n");
        });
    }),
    case("log_restart_limit", || {
        with_log_run("exit 3", &[SOON, ("log/restart-limit", "3 60")], |service, _| {
            let state = await_log_doing(service, Doing::Failed);
            assert_eq!((state.starts, state.ends, service.log_runs().len()), (3, 3, 3));
            await_log_line(service, "down: log: Ts, normally up, failed (3 ends in 60 s, last: exit 3)");
            // The service goes on.
            assert!(is_alive(service.runs()[0]));
        });
    }),
    case("log_restart_limit_and_u", || {
        with_log_run(
            "test -e ../good && exec cat; exit 3",
            &[("log/restart-limit", "1 60")],
            |service, _| {
                await_log_doing(service, Doing::Failed);
                service.file("good", "").control_log("u");
                await_log_doing(service, Doing::Run);
                await_log_line(service, "run: log: (pid p) Ts");
            },
        );
    }),
    case("log_restart_limit_and_the_end_of_runsv", || {
        with_log_run("exit 3", &[("log/restart-limit", "1 60")], |service, runsv| {
            await_log_doing(service, Doing::Failed);
            runsv.signal(Signal::SIGTERM);
            assert_eq!(runsv.wait().code(), Some(0));
        });
    }),
    case("log_restart_limit_by_sv", || {
        with_log_run("exit 3", &[SOON, ("log/restart-limit", "2 60")], |service, _| {
            await_log_doing(service, Doing::Failed);
            let done = service.rig.sv(&["-w", "60", "start", "foo/log"]);
            let line = "fail: down: foo/log: Ts, normally up, failed (2 ends in 60 s, last: exit 3)\n";
            assert_eq!((masked(&done.out).as_str(), done.code), (line, Some(1)));
        });
    }),
    case("log_and_a_service_that_failed", || {
        // What it said last is logged, and its logger stays.
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.log().script("run", "echo last words; exit 1"), &[("restart-limit", "1 60")]);
        let _runsv = service.supervise();
        service.await_doing(Doing::Failed);
        until_equal("the log", &"last words\n".to_owned(), || service.text("logged"));
        assert_eq!(
            service.line(),
            "down: foo: Ts, normally up, failed (1 ends in 60 s, last: exit 1); run: log: (pid p) Ts"
        );
    }),
    case("log_and_a_oneshot", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.log().script("run", "echo mounted").script("finish", "echo unmounted");
        files(&service, &[("oneshot", "")]);
        let mut runsv = service.supervise();
        service.await_doing(Doing::Done);
        service.await_line("done: foo: Ts; run: log: (pid p) Ts");
        runsv.signal(Signal::SIGTERM);
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!(service.text("logged"), "mounted\nunmounted\n");
    }),
    case("log_and_a_service_that_is_not_ready", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.log().probe(), &[("notification-fd", "5")]);
        let _runsv = service.up();
        service.await_log_stat("run");
        service.await_line("run: foo: (pid p) Ts, not ready; run: log: (pid p) Ts");
    }),
    case("log_limit_counts_kills", || {
        with_log(&[SOON, ("log/restart-limit", "2 60")], |service, _| {
            send(service.log_runs()[0], Signal::SIGKILL);
            send(await_log_runs(service, 2), Signal::SIGKILL);
            await_log_line(service, "down: log: Ts, normally up, failed (2 ends in 60 s, last: signal 9)");
        });
    }),
];
