//! `oneshot`: a run that ends with 0 is done.
use crate::told::{Told, files, with_finish, with_run};
use nix::sys::signal::Signal;
use runit::state::Doing;
use runit::status::Want;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, Service, await_death, by_term, send};
use runit_tests::status::DOWN;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;

pub const ONESHOT: (&str, &str) = ("oneshot", "");
pub const DONE: &str = "done: foo: Ts";

/// One that was done at once.
fn done(look: impl FnOnce(&Service<'_>, &mut Running)) {
    with_run("exit 0", &[ONESHOT], |service, runsv| {
        service.await_doing(Doing::Done);
        look(service, runsv);
    });
}

pub const CASES: &[Case] = &[
    case("oneshot_is_done", || {
        done(|service, runsv| {
            let state = service.state().unwrap();
            assert_eq!((state.ready, state.pid, state.want, state.starts), (Some(true), None, Want::Up, 1));
            assert_eq!(
                (service.line().as_str(), service.trace(), runsv.err().as_str()),
                (DONE, vec!["run".to_owned()], "")
            );
            // Old readers: down, want up.
            let status = service.status();
            assert_eq!(
                (status.state, status.pid, status.want, service.stat().as_str()),
                (DOWN, 0, b'u', "down")
            );
        });
    }),
    case("oneshot_runs_until_it_is_done", || {
        with_finish(&[ONESHOT], |service, _| {
            let state = service.state().unwrap();
            assert_eq!((state.doing, state.ready), (Doing::Run, Some(false)));
            assert_eq!(service.line(), "run: foo: (pid p) Ts, not ready");
            service.tell("exit 0");
            service.await_line(DONE);
            assert_eq!(service.trace(), ["run"]);
        });
    }),
    case("oneshot_is_undone_with_d", || {
        done(|service, _| {
            service.control("d");
            service.await_traces(&["run", "finish 0 0"]);
            service.await_line("down: foo: Ts, normally up");
            // Once.
            service.control("d");
            service.stays("down");
            assert_eq!(service.trace(), ["run", "finish 0 0"]);
        });
    }),
    case("oneshot_is_undone_and_done_again_with_t", || {
        done(|service, _| {
            service.control("t");
            service.await_traces(&["run", "finish 0 0", "run"]);
            let state = service.await_doing(Doing::Done);
            assert_eq!((state.starts, service.line().as_str()), (2, DONE));
        });
    }),
    case("oneshot_is_undone_with_x", || {
        done(|service, runsv| {
            service.control("x");
            assert_eq!(runsv.wait().code(), Some(0));
            assert_eq!(service.trace(), ["run", "finish 0 0"]);
        });
    }),
    case("oneshot_is_undone_by_the_end_of_runsv", || {
        done(|service, runsv| {
            runsv.signal(Signal::SIGTERM);
            assert_eq!(runsv.wait().code(), Some(0));
            assert_eq!(service.trace(), ["run", "finish 0 0"]);
        });
    }),
    case("oneshot_is_undone_while_its_finish_takes_time", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.script("run", "echo run $$ >>trace").long_finish(), &[ONESHOT]);
        let mut runsv = service.supervise();
        service.await_doing(Doing::Done);
        service.control("x");
        service.await_trace("finish 0 0");
        service.await_line("finish: foo: (pid p) Ts, want down");
        assert!(runsv.ended().is_none());
        service.tell_finish("exit 0");
        assert_eq!(runsv.wait().code(), Some(0));
    }),
    case("oneshot_without_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.script("run", "echo run $$ >>trace"), &[ONESHOT]);
        let _runsv = service.supervise();
        service.await_doing(Doing::Done);
        service.control("d");
        service.await_line("down: foo: Ts, normally up");
        service.control("u");
        service.await_line(DONE);
        assert_eq!(service.starts(), 2);
    }),
    case("oneshot_is_done_whoever_asks_again", || {
        done(|service, _| {
            service.control("uu");
            service.stays("down");
            assert_eq!((service.trace(), service.line().as_str()), (vec!["run".to_owned()], DONE));
        });
    }),
    case("oneshot_and_o_when_done", || {
        done(|service, _| {
            service.control("o");
            service.await_line("done: foo: Ts, want down");
            assert_eq!(service.trace(), ["run"]);
            service.control("d");
            service.await_traces(&["run", "finish 0 0"]);
        });
    }),
    case("oneshot_once", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.script("run", "echo run $$ >>trace").finish(), &[ONESHOT, ("down", "")]);
        let _runsv = service.supervise();
        service.control("o");
        let state = service.await_doing(Doing::Done);
        assert_eq!(
            (state.want, service.line().as_str()),
            (Want::Down, "done: foo: Ts, normally down, want down")
        );
        assert_eq!(service.trace(), ["run"]);
    }),
    case("oneshot_and_signals_when_done", || {
        done(|service, _| {
            service.control("kihaq12c");
            service.stays("down");
            assert_eq!((service.trace(), service.line().as_str()), (vec!["run".to_owned()], DONE));
        });
    }),
    case("oneshot_that_fails_is_tried_again", || {
        with_finish(&[ONESHOT, ("restart-delay", "50")], |service, _| {
            service.tell("exit 1");
            service.await_runs(2);
            assert_eq!(service.trace(), ["run", "finish 1 0", "run"]);
            service.tell("exit 0");
            service.await_line(DONE);
        });
    }),
    case("oneshot_that_is_killed", || {
        with_finish(&[ONESHOT, ("restart-delay", "50")], |service, _| {
            send(service.runs()[0], Signal::SIGKILL);
            service.await_runs(2);
            assert_eq!(service.trace(), ["run", "finish -1 9", "run"]);
        });
    }),
    case("oneshot_told_down_on_its_way", || {
        // Whatever it had done is undone at once.
        with_finish(&[ONESHOT], |service, _| {
            service.control("d");
            service.await_traces(&["run", by_term()]);
            service.await_line("down: foo: Ts, normally up");
        });
    }),
    case("oneshot_told_down_that_ends_with_0", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe_with("trap 'exit 0' TERM").finish(), &[ONESHOT]);
        let _runsv = service.up();
        service.control("d");
        service.await_traces(&["run", "finish 0 0"]);
        service.await_line("down: foo: Ts, normally up");
    }),
    case("oneshot_told_again_on_its_way", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe_with("trap 'exit 0' TERM").finish(), &[ONESHOT, ("restart-delay", "50")]);
        let _runsv = service.up();
        service.control("t");
        service.await_runs(2);
        service.await_traces(&["run", "finish 0 0", "run"]);
    }),
    case("oneshot_that_cannot_be", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.file("run", "no script").finish(), &[ONESHOT]);
        let _runsv = service.supervise();
        service.await_trace("finish 111 0");
        assert_ne!(service.state().map(|state| state.doing), Some(Doing::Done));
    }),
    case("oneshot_leaves_a_process", || {
        // What it left running is nobody's.
        with_run("sleep 1000 & echo $! >left; exit 0", &[ONESHOT], |service, _| {
            service.await_line(DONE);
            let left: i32 = service.text("left").trim().parse().unwrap();
            service.control("d");
            service.await_line("down: foo: Ts, normally up");
            send(left, Signal::SIGKILL);
            await_death(left);
        });
    }),
    case("oneshot_file_says_nothing_by_its_text", || {
        with_run(
            "exit 0",
            &[("oneshot", &"mounts /srv, see the notes of last year\n".repeat(5))],
            |service, runsv| {
                service.await_line(DONE);
                assert_eq!(runsv.err(), "");
            },
        );
    }),
    case("oneshot_date_is_that_of_its_end", || {
        with_finish(&[ONESHOT], |service, _| {
            let started = service.status();
            service.tell("exit 0");
            service.await_doing(Doing::Done);
            let done = service.status();
            assert!((done.secs, done.nanos) > (started.secs, started.nanos));
        });
    }),
    case("oneshot_paused_on_its_way", || {
        with_finish(&[ONESHOT], |service, _| {
            service.control("p");
            service.await_line("run: foo: (pid p) Ts, paused, not ready");
            service.control("c");
            service.tell("exit 0");
            service.await_line(DONE);
        });
    }),
    case("oneshot_last_end_is_known", || {
        done(|service, _| {
            let last = until("its end", || service.state()?.last);
            assert_eq!(last.0, platform::Ended::Exit(0));
        });
    }),
    case("oneshot_absent", || {
        with_run("exit 0", &[], |service, _| {
            until("another start", || (service.starts() > 1).then_some(()));
            assert_eq!(service.trace()[..3], ["run", "finish 0 0", "run"]);
        });
    }),
];
