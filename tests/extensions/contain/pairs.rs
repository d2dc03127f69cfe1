//! `contain` beside what else a service directory can say.
use super::{CONTAIN, Way, alone, contained, each, others, pids, prepare, start, stops};
use crate::told::{Told, files, timed, warnings};
use nix::sys::signal::Signal;
use runit::state::Doing;
use runit_tests::full::Full;
use runit_tests::rig::{Rig, await_death, is_alive, send};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::time::Duration;

const LEAVES: &str = "{ trap '' TERM; exec sleep 1000; } & echo $! >left";
const ONESHOT: (&str, &str) = ("oneshot", "");

/// What a one-shot has left runs until it is undone: a daemon that leaves the foreground is a service so.
fn oneshot(way: Way) {
    for letter in ["d", "x", "t"] {
        let rig = Rig::new();
        let service = rig.service("foo");
        prepare(&service, &format!("exec 9>>held; {LEAVES}; exit 0"), &[ONESHOT]);
        service.script("finish", "exec 9>>held; flock -n 9 || echo beside >>trace\necho finish $* >>trace");
        let mut runsv = start(way, &service);
        service.await_line("done: foo: Ts");
        let left = pids(&service, "left", 1);
        assert!(is_alive(left[0]));
        service.control(letter);
        service.await_trace("finish 0 0");
        assert!(!is_alive(left[0]));
        match letter {
            "d" => {
                service.await_line("down: foo: Ts, normally up");
                alone(&rig, &[&runsv]);
            }
            "x" => {
                assert_eq!(runsv.wait().code(), Some(0));
                alone(&rig, &[]);
            }
            _ => {
                until("another start", || (service.starts() == 2).then_some(()));
                service.await_line("done: foo: Ts");
                until("one child", || (others(&rig, &[&runsv]).len() == 1).then_some(()));
            }
        }
        assert!(!service.trace().contains(&"beside".to_owned()), "{:?}", service.trace());
    }
}

/// `timeout-kill` is for all of it together.
fn timeout_kill(way: Way) {
    let run = format!("{LEAVES}\nexec sleep 2000");
    contained(way, &run, &[("timeout-kill", "2500")], |service, runsv| {
        pids(service, "left", 1);
        let ((), time) = timed(|| stops(service));
        assert!(time >= Duration::from_millis(2500), "{time:?}");
        alone(service.rig, &[runsv]);
    });
    contained(
        way,
        &format!("trap '' TERM; {LEAVES}\nexec sleep 2000"),
        &[("timeout-kill", "300")],
        |service, runsv| {
            pids(service, "left", 1);
            stops(service);
            alone(service.rig, &[runsv]);
        },
    );
}

fn timeout_finish(way: Way) {
    let rig = Rig::new();
    let service = rig.service("foo");
    prepare(&service, "exec sleep 2000", &[("timeout-finish", "2500")]);
    service.script("finish", &format!("echo finish >>trace\n{LEAVES}\nexec sleep 3000"));
    let runsv = start(way, &service);
    service.await_trace("run");
    stops(&service);
    assert_eq!(service.trace(), ["run", "finish"]);
    alone(&rig, &[&runsv]);
}

fn notification(way: Way) {
    // The child has the descriptor too, and is not heard after the end.
    let run =
        "(trap '' TERM; sleep 0.2; echo >&3; exec sleep 1000) & echo $! >left; echo >&3; exec sleep 2000";
    contained(way, run, &[("notification-fd", "3")], |service, runsv| {
        service.await_ready(Some(true));
        pids(service, "left", 1);
        stops(service);
        alone(service.rig, &[runsv]);
        assert_eq!(service.state().unwrap().ready, Some(false));
    });
}

fn restart_limit(way: Way) {
    let run = format!("{LEAVES}; exit 1");
    contained(way, &run, &[("restart-limit", "2 60"), ("restart-delay", "50")], |service, runsv| {
        service.await_doing(Doing::Failed);
        assert_eq!(service.starts(), 2);
        alone(service.rig, &[runsv]);
    });
}

/// Only `./run` and `./finish` are contained: the log service and what it has started are nobody else's.
fn log(way: Way) {
    let rig = Rig::new();
    let service = rig.service("foo");
    prepare(&service, &format!("{LEAVES}\nexec sleep 2000"), &[]);
    service.script(
        "log/run",
        "sleep 1001 & echo $! >>started; (sleep 1002 & echo $! >>started); echo $$ >>started; exec cat",
    );
    let mut runsv = start(way, &service);
    let started = pids(&service, "log/started", 3);
    pids(&service, "left", 1);
    for _ in 0..2 {
        stops(&service);
        assert!(started.iter().all(|pid| is_alive(*pid)));
        assert_eq!(others(&rig, &[&runsv]).len(), 3);
        service.control("u");
        service.await_stat("run");
        until("a child", || (others(&rig, &[&runsv]).len() == 5).then_some(()));
    }
    service.control("x");
    assert_eq!(runsv.wait().code(), Some(0));
    assert_eq!(others(&rig, &[]).len(), 2);
    started.iter().filter(|pid| is_alive(**pid)).for_each(|pid| send(*pid, Signal::SIGKILL));
}

/// So are control scripts; the rest is ended when they are over.
fn control_scripts(way: Way) {
    let rig = Rig::new();
    let service = rig.service("foo");
    prepare(&service, &format!("{LEAVES}\nexec sleep 2000"), &[]);
    service.script(
        "control/t",
        "sleep 1003 & echo $! >started\nkill -TERM $1; while kill -0 $1; do :; done 2>/dev/null
kill -0 $(cat left) && echo there >>trace",
    );
    let runsv = start(way, &service);
    let left = pids(&service, "left", 1);
    stops(&service);
    let started = pids(&service, "started", 1);
    assert!(is_alive(started[0]) && !is_alive(left[0]));
    assert_eq!(service.trace(), ["run", "there"]);
    assert_eq!(others(&rig, &[&runsv]), started);
    send(started[0], Signal::SIGKILL);
    await_death(started[0]);
}

fn paused(way: Way) {
    contained(way, &format!("{LEAVES}\nexec sleep 2000"), &[], |service, runsv| {
        pids(service, "left", 1);
        service.control("p");
        until("paused", || service.status().paused.eq(&1).then_some(()));
        stops(service);
        alone(service.rig, &[runsv]);
    });
}

fn killed(way: Way) {
    contained(way, &format!("{LEAVES}\nexec sleep 2000"), &[("restart-delay", "50")], |service, runsv| {
        let first = pids(service, "left", 1);
        service.control("k");
        service.await_runs(2);
        assert!(!is_alive(first[0]));
        until("one pair", || (others(service.rig, &[runsv]).len() == 2).then_some(()));
    });
}

/// The signal is agreed on with the program, and its rest gets TERM.
fn down_signal(way: Way) {
    let run = "for s in HUP TERM; do eval \"trap 'echo $s >>trace; exit' $s\"; done
(for s in HUP TERM; do eval \"trap 'echo rest $s >>trace; exit' $s\"; done; echo $$ >left; while :; do sleep 0.1; done) &
while :; do sleep 0.1; done";
    contained(way, run, &[("down-signal", "HUP")], |service, runsv| {
        pids(service, "left", 1);
        stops(service);
        assert_eq!(service.trace(), ["run", "HUP", "rest TERM"]);
        alone(service.rig, &[runsv]);
    });
}

pub const EACH: &[Case] = each! {
    oneshot timeout_kill timeout_finish notification restart_limit log control_scripts paused killed down_signal
};

pub const CASES: &[Case] = &[
    case("contain_says_nothing_by_its_text", || {
        contained(Way::Cgroup, "exec sleep 2000", &[("contain", "all of it\n")], |service, runsv| {
            stops(service);
            assert_eq!(runsv.err(), "");
        });
    }),
    case("contain_on_a_full_disk", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.script("run", &format!("{LEAVES}\nexec sleep 2000"));
        files(&service, &[CONTAIN, ("down", "")]);
        let full = Full::new(&rig.place, &rig.place.dir("sv/foo/supervise"), "size=64k");
        let runsv = rig.place.start(&mut service.command_after(&full.enter()));
        until("an answer", || full.path("ok").exists().then_some(()));
        until("a reader", || runit_tests::place::write_fifo(&full.path("control"), b"p").ok());
        full.fill();
        until("a reader", || runit_tests::place::write_fifo(&full.path("control"), b"u").ok());
        let left = pids(&service, "left", 1);
        until("a warning", || {
            let warned =
                warnings(&runsv).iter().any(|line| line.starts_with("unable to write supervise/contained"));
            warned.then_some(())
        });
        full.make_room();
        until("a reader", || runit_tests::place::write_fifo(&full.path("control"), b"d").ok());
        await_death(left[0]);
    }),
];
