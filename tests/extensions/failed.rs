//! `restart-limit` and `finish-fails`: when a service is not started any more.
use crate::told::{Told, files, with, with_finish, with_run};
use nix::sys::signal::Signal;
use runit::state::Doing;
use runit_tests::process;
use runit_tests::rig::{Rig, await_death, send};
use runit_tests::status::{DOWN, Status};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;

/// Failed for this reason, as sv says it of a service that is normally up.
pub fn failed(reason: &str) -> String {
    format!("down: foo: Ts, normally up, failed ({reason})")
}

/// Starts with a pause of 50 ms until it has failed.
const SOON: (&str, &str) = ("restart-delay", "50\n");
const THREE: (&str, &str) = ("restart-limit", "3 60\n");

pub const CASES: &[Case] = &[
    case("limit_and_no_more_starts", || {
        with_run("exit 4", &[SOON, THREE], |service, runsv| {
            let state = service.await_doing(Doing::Failed);
            assert_eq!((state.ends, state.limit, state.window, state.starts), (3, 3, 60, 3));
            assert_eq!(service.line(), failed("3 ends in 60 s, last: exit 4"));
            let trace = ["run", "finish 4 0"].repeat(3);
            assert_eq!(
                (service.trace(), runsv.err().as_str()),
                (trace.into_iter().map(String::from).collect(), "")
            );
            // Old readers find it wanted down.
            let Status { state, want, pid, .. } = service.status();
            assert_eq!((state, want, pid, service.stat().as_str()), (DOWN, b'd', 0, "down"));
        });
    }),
    case("limit_of_one", || {
        with_run("exit 0", &[("restart-limit", "1 0")], |service, _| {
            service.await_doing(Doing::Failed);
            assert_eq!((service.starts(), service.line()), (1, failed("1 ends in 0 s, last: exit 0")));
        });
    }),
    case("limit_of_32", || {
        with_run("exit 1", &[SOON, ("restart-limit", "32 600")], |service, _| {
            service.await_doing(Doing::Failed);
            assert_eq!(service.starts(), 32);
        });
    }),
    case("limit_by_signals", || {
        with(&[SOON, ("restart-limit", "2 60")], |service, _| {
            send(service.runs()[0], Signal::SIGKILL);
            send(service.await_runs(2), Signal::SIGKILL);
            service.await_line(&failed("2 ends in 60 s, last: signal 9"));
        });
    }),
    case("limit_by_a_run_that_cannot_be", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.file("run", "no script"), &[SOON, THREE]);
        let runsv = service.supervise();
        service.await_line(&failed("3 ends in 60 s, last: exit 111"));
        assert_eq!(runsv.err().matches("unable to start ./run").count(), 3, "{}", runsv.err());
    }),
    case("limit_forgets_what_is_old", || {
        with_run("exit 1", &[SOON, ("restart-limit", "2 0")], |service, _| {
            until("six starts", || (service.starts() >= 6).then_some(()));
            assert_ne!(service.state().map(|state| state.doing), Some(Doing::Failed));
        });
    }),
    case("limit_does_not_count_what_was_asked_for", || {
        with(&[SOON, ("restart-limit", "2 60")], |service, _| {
            for (start, letters) in [(2, "t"), (3, "k"), (4, "du"), (5, "t"), (6, "k")] {
                service.control(letters);
                service.await_runs(start);
            }
            assert_eq!(service.state().map(|state| state.ends), Some(0));
            service.tell("exit 1");
            service.await_runs(7);
            service.tell("exit 1");
            service.await_doing(Doing::Failed);
        });
    }),
    case("limit_does_not_count_i_and_q", || {
        // A signal that was asked for, and what comes of it.
        let rig = Rig::new();
        let service = rig.service("foo");
        service.script("run", "echo run $$ >>trace; exec sleep 1000");
        files(&service, &[SOON, ("restart-limit", "1 60")]);
        let _runsv = service.up();
        for (runs, letter) in [(1, "i"), (2, "q")] {
            // QUIT is nothing to FreeBSD's sh.
            let pid = service.runs()[runs - 1];
            until("no shell", || process::arguments(pid).starts_with("sleep").then_some(()));
            service.control(letter);
            service.await_runs(runs + 1);
        }
    }),
    case("limit_counts_an_end_after_hup", || {
        // Some shells end with a code of their own when HUP comes.
        with_run("exec sleep 1000", &[("restart-limit", "1 60")], |service, _| {
            let pid = service.await_runs(1);
            until("the program", || process::arguments(pid).starts_with("sleep ").then_some(()));
            service.control("h");
            service.await_line(&failed("1 ends in 60 s, last: signal 1"));
        });
    }),
    case("limit_is_forgotten_with_u", || {
        with_run("exit 1", &[SOON, THREE], |service, _| {
            service.await_doing(Doing::Failed);
            service.control("u");
            until("three more", || (service.starts() == 6).then_some(()));
            let state = service.await_doing(Doing::Failed);
            assert_eq!((state.starts, state.ends), (6, 3));
        });
    }),
    case("limit_is_forgotten_with_o", || {
        with_run("exit 1", &[SOON, THREE], |service, _| {
            service.await_doing(Doing::Failed);
            service.control("o");
            until("one more", || (service.starts() == 4).then_some(()));
            // Started once, and not for the first of many.
            let state = service.await_doing(Doing::Down);
            assert_eq!((state.ends, service.line().as_str()), (0, "down: foo: Ts, normally up"));
        });
    }),
    case("limit_is_forgotten_with_u_before", || {
        with(&[SOON, ("restart-limit", "2 60")], |service, _| {
            for start in 2..6 {
                service.tell("exit 1");
                service.await_runs(start);
                service.control("u");
                until("forgotten", || (service.state()?.ends == 0).then_some(()));
            }
        });
    }),
    case("limit_and_d", || {
        with_run("exit 1", &[SOON, THREE], |service, _| {
            service.await_doing(Doing::Failed);
            service.control("d");
            service.await_line("down: foo: Ts, normally up");
            assert_eq!(service.state().map(|state| state.doing), Some(Doing::Down));
        });
    }),
    case("limit_and_other_letters", || {
        with_run("exit 1", &[SOON, THREE], |service, _| {
            service.await_doing(Doing::Failed);
            service.control("tkihaq12");
            service.stays("down");
            assert_eq!((service.line(), service.starts()), (failed("3 ends in 60 s, last: exit 1"), 3));
        });
    }),
    case("limit_and_x", || {
        with_run("exit 1", &[SOON, THREE], |service, runsv| {
            service.await_doing(Doing::Failed);
            service.control("x");
            assert_eq!(runsv.wait().code(), Some(0));
            assert_eq!(service.starts(), 3);
        });
    }),
    case("limit_and_the_end_of_runsv", || {
        with_run("exit 1", &[SOON, THREE], |service, runsv| {
            service.await_doing(Doing::Failed);
            runsv.signal(Signal::SIGTERM);
            assert_eq!(runsv.wait().code(), Some(0));
        });
    }),
    case("limit_without_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe(), &[("restart-limit", "1 60")]);
        let _runsv = service.up();
        service.tell("exit 9");
        service.await_line(&failed("1 ends in 60 s, last: exit 9"));
    }),
    case("limit_fails_once_finish_is_over", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().long_finish(), &[("restart-limit", "1 60")]);
        let _runsv = service.up();
        service.tell("exit 9");
        service.await_trace("finish 9 0");
        service.await_line(
            "finish: foo: (pid p) Ts, normally up, want down".replace("normally up, ", "").as_str(),
        );
        assert_eq!(service.state().map(|state| state.doing), Some(Doing::Finish));
        service.tell_finish("exit 0");
        service.await_line(&failed("1 ends in 60 s, last: exit 9"));
    }),
    case("limit_u_during_the_last_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().long_finish(), &[SOON, ("restart-limit", "1 60")]);
        let _runsv = service.up();
        service.tell("exit 9");
        service.await_trace("finish 9 0");
        service.control("u");
        until("forgotten", || (service.state()?.ends == 0).then_some(()));
        service.tell_finish("exit 0");
        service.await_runs(2);
    }),
    case("limit_of_one_that_shall_run_once", || {
        with(&[("restart-limit", "1 60")], |service, _| {
            service.control("o");
            service.await_stat("run, want down");
            service.tell("exit 1");
            let state = service.await_doing(Doing::Down);
            assert_eq!(state.ends, 0);
        });
    }),
    case("limit_and_a_normally_down_service", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.script("run", "exit 2"), &[SOON, ("restart-limit", "2 60"), ("down", "")]);
        let _runsv = service.supervise();
        service.control("u");
        service.await_line("down: foo: Ts, failed (2 ends in 60 s, last: exit 2)");
    }),
    case("limit_keeps_the_count_in_state", || {
        with(&[SOON, ("restart-limit", "5 60")], |service, _| {
            for end in 1..4 {
                service.tell("exit 1");
                service.await_runs(end + 1);
                let state = service.await_doing(Doing::Run);
                assert_eq!((usize::from(state.ends), state.limit, state.window), (end, 5, 60));
            }
        });
    }),
    case("finish_fails_by_its_code", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(
            service.probe().script("finish", "echo finish $* >>trace; exit 125"),
            &[("finish-fails", "125\n")],
        );
        let runsv = service.up();
        service.tell("exit 1");
        let state = service.await_doing(Doing::Failed);
        assert_eq!((service.line(), state.limit, runsv.err().as_str()), (failed("last: exit 1"), 0, ""));
        assert_eq!((service.starts(), service.status().want), (1, b'd'));
        // And is tried again.
        service.control("u");
        service.await_runs(2);
    }),
    case("finish_fails_with_0", || {
        with_finish(&[("finish-fails", "0")], |service, _| {
            service.tell("exit 7");
            service.await_line(&failed("last: exit 7"));
        });
    }),
    case("finish_fails_with_255", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().script("finish", "exit 255"), &[("finish-fails", "255")]);
        let _runsv = service.up();
        send(service.runs()[0], Signal::SIGKILL);
        service.await_line(&failed("last: signal 9"));
    }),
    case("finish_fails_with_another_code", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().script("finish", "exit 124"), &[SOON, ("finish-fails", "125")]);
        let _runsv = service.up();
        service.tell("exit 1");
        service.await_runs(2);
    }),
    case("finish_fails_not_by_a_signal", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().script("finish", "kill -KILL $$"), &[SOON, ("finish-fails", "9")]);
        let _runsv = service.up();
        service.tell("exit 1");
        service.await_runs(2);
    }),
    case("finish_fails_not_of_one_that_was_told", || {
        with_finish(&[SOON, ("finish-fails", "0")], |service, _| {
            service.control("t");
            service.await_runs(2);
            service.control("d");
            service.await_stat("down");
            assert_eq!(service.state().map(|state| state.doing), Some(Doing::Down));
        });
    }),
    case("finish_fails_not_of_one_that_shall_run_once", || {
        with_finish(&[("finish-fails", "0")], |service, _| {
            service.control("o");
            service.await_stat("run, want down");
            service.tell("exit 1");
            service.await_doing(Doing::Down);
        });
    }),
    case("finish_fails_and_u_during_it", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().long_finish(), &[SOON, ("finish-fails", "125")]);
        let _runsv = service.up();
        service.tell("exit 1");
        service.await_trace("finish 1 0");
        service.control("d");
        service.await_stat("finish, want down");
        service.tell_finish("exit 125");
        // Told to be down, it is no failure that it is.
        service.await_doing(Doing::Down);
    }),
    case("finish_fails_is_no_sign_without_the_file", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().script("finish", "echo finish $* >>trace; exit 125");
        let _runsv = service.up();
        service.tell("exit 1");
        service.await_runs(2);
    }),
    case("finish_fails_and_its_children", || {
        // A service that failed has no process of its own.
        with_finish(&[("finish-fails", "0")], |service, _| {
            let pid = service.runs()[0];
            service.tell("exit 1");
            let state = service.await_doing(Doing::Failed);
            assert_eq!((state.pid, service.text("supervise/pid").as_str()), (None, ""));
            await_death(pid);
        });
    }),
];
