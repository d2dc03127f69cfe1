//! `--wait`: for a state, and nothing is sent.
use crate::host::{available, failed, fake, now, parsed, run, state, sv, tell};
use runit::state::{Doing, State};
use runit_tests::rig::{Rig, masked};
use runit_tests::status::{DOWN, RUN, Status};
use runit_tests::suite::{Case, case};
use runit_tests::wait::within;
use serde_json::json;
use std::time::{Duration, Instant};

const RUNS: &str = "run: foo: (pid p) Ts\n";
const STOPPED: &str = "down: foo: Ts, normally up\n";

/// Waiting for this of a service in that state shows that, at once if it is ok.
fn waits(goal: &str, status: Status, told: Option<State>, line: &str, code: i32) {
    let rig = Rig::new();
    let (service, fake) = fake(&rig, "foo", status);
    if let Some(told) = told {
        tell(&service, &told);
    }
    let seconds = if line.starts_with("timeout") { "0" } else { "20" };
    let done = run(&rig, &["--wait", "-w", seconds, goal, "foo"]);
    assert_eq!((masked(&done.out).as_str(), done.err.as_str(), done.code), (line, "", Some(code)));
    assert_eq!(fake.taken(), "", "nothing is sent");
}

fn old(status: Status) -> Status {
    status.before(10)
}

fn run_now() -> Status {
    old(now(RUN, 7, b'u'))
}

fn down_now() -> Status {
    old(now(DOWN, 0, b'd'))
}

fn done_now() -> (Status, Option<State>) {
    let status = old(now(DOWN, 0, b'u'));
    (status, Some(State { ready: Some(true), ..state(&status, Doing::Done) }))
}

fn given_up(goal: &str, how: &str, code: i32) {
    let status = down_now();
    let line = format!("{how}: down: foo: Ts, normally up, failed (5 ends in 60 s, last: exit 1)\n");
    waits(goal, status, Some(failed(&status)), &line, code);
}

/// It becomes so while it is waited for.
fn comes(goal: &str, before: Status, after: Status, line: &str) {
    let rig = Rig::new();
    let (_service, fake) = fake(&rig, "foo", before);
    let mut waiting = rig.place.start(&mut sv(&rig, &["--wait", "-w", "20", goal, "foo"]));
    assert_eq!(waiting.ended(), None);
    fake.set(after);
    assert_eq!(waiting.wait().code(), Some(0));
    assert_eq!(masked(&waiting.out()), line);
    assert_eq!(fake.taken(), "");
}

pub const CASES: &[Case] = &[
    // As 64 bits count, no second at all: the time would be up after 0.42 s.
    case("wait_longer_than_a_number_is_large", || {
        let rig = Rig::new();
        let (_service, fake) = fake(&rig, "foo", run_now());
        let mut waiting =
            rig.place.start(&mut sv(&rig, &["--wait", "down", "foo", "-w", "18446744073709551616"]));
        assert_eq!(within(Duration::from_secs(1), || waiting.ended()), None);
        fake.set(down_now());
        assert_eq!(waiting.wait().code(), Some(0));
    }),
    case("wait_longer_by_the_environment", || {
        let rig = Rig::new();
        let (_service, fake) = fake(&rig, "foo", run_now());
        let mut waiting =
            rig.place.start(sv(&rig, &["--wait", "down", "foo"]).env("SVWAIT", "18446744073709551616"));
        assert_eq!(within(Duration::from_secs(1), || waiting.ended()), None);
        fake.set(down_now());
        assert_eq!(waiting.wait().code(), Some(0));
    }),
    case("wait_up_of_up", || waits("up", run_now(), None, &format!("ok: {RUNS}"), 0)),
    case("wait_up_of_down", || waits("up", down_now(), None, &format!("timeout: {STOPPED}"), 1)),
    case("wait_up_of_done", || {
        let (status, told) = done_now();
        waits("up", status, told, "ok: done: foo: Ts\n", 0);
    }),
    case("wait_up_of_failed", || given_up("up", "fail", 1)),
    case("wait_up_wanted_down", || {
        waits("up", old(now(RUN, 7, b'd')), None, "ok: run: foo: (pid p) Ts, want down\n", 0);
    }),
    case("wait_down_of_down", || waits("down", down_now(), None, &format!("ok: {STOPPED}"), 0)),
    case("wait_down_of_up", || waits("down", run_now(), None, &format!("timeout: {RUNS}"), 1)),
    case("wait_down_of_done", || {
        let (status, told) = done_now();
        waits("down", status, told, "timeout: done: foo: Ts\n", 1);
    }),
    case("wait_down_of_failed", || given_up("down", "ok", 0)),
    case("wait_down_wanted_up", || {
        waits("down", old(now(DOWN, 0, b'u')), None, "ok: down: foo: Ts, normally up, want up\n", 0);
    }),
    case("wait_ready_of_settled", || waits("ready", run_now(), None, &format!("ok: {RUNS}"), 0)),
    case("wait_ready_of_down", || waits("ready", down_now(), None, &format!("timeout: {STOPPED}"), 1)),
    case("wait_ready_of_not_ready", || {
        let status = run_now();
        let told = State { ready: Some(false), ..state(&status, Doing::Run) };
        waits("ready", status, Some(told), "timeout: run: foo: (pid p) Ts, not ready\n", 1);
    }),
    case("wait_ready_of_ready", || {
        let status = now(RUN, 7, b'u');
        let told = State { ready: Some(true), ..state(&status, Doing::Run) };
        waits("ready", status, Some(told), &format!("ok: {RUNS}"), 0);
    }),
    case("wait_ready_of_done", || {
        let (status, told) = done_now();
        waits("ready", status, told, "ok: done: foo: Ts\n", 0);
    }),
    case("wait_ready_of_failed", || given_up("ready", "fail", 1)),
    case("wait_ready_asks_check", || {
        let rig = Rig::new();
        let (service, _fake) = fake(&rig, "foo", now(RUN, 7, b'u'));
        service.script("check", "test -e ready");
        assert_eq!(run(&rig, &["--wait", "-w", "0", "ready", "foo"]).code, Some(1));
        service.file("ready", "");
        let done = run(&rig, &["--wait", "-w", "20", "ready", "foo"]);
        assert_eq!((masked(&done.out), done.code), (format!("ok: {RUNS}"), Some(0)));
    }),
    case("wait_done_of_done", || {
        let (status, told) = done_now();
        waits("done", status, told, "ok: done: foo: Ts\n", 0);
    }),
    case("wait_done_of_up", || waits("done", run_now(), None, &format!("timeout: {RUNS}"), 1)),
    case("wait_done_of_failed", || given_up("done", "fail", 1)),
    case("wait_failed_of_failed", || given_up("failed", "ok", 0)),
    case("wait_failed_of_up", || waits("failed", run_now(), None, &format!("timeout: {RUNS}"), 1)),
    case("wait_until_up", || comes("up", down_now(), now(RUN, 7, b'u'), &format!("ok: {RUNS}"))),
    case("wait_until_down", || comes("down", run_now(), now(DOWN, 0, b'd'), &format!("ok: {STOPPED}"))),
    case("wait_until_ready", || comes("ready", down_now(), run_now(), &format!("ok: {RUNS}"))),
    case("wait_real_service", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let _runsv = service.up();
        assert_eq!(run(&rig, &["--wait", "-w", "20", "ready", "foo"]).code, Some(0));
        let mut waiting = rig.place.start(&mut sv(&rig, &["--wait", "-w", "20", "down", "foo"]));
        service.control("d");
        assert_eq!(waiting.wait().code(), Some(0));
        assert_eq!(masked(&waiting.out()), format!("ok: {STOPPED}"));
    }),
    case("wait_for_a_supervisor", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let mut waiting = rig.place.start(&mut sv(&rig, &["--wait", "-w", "20", "up", "foo"]));
        let _runsv = service.up();
        assert_eq!(waiting.wait().code(), Some(0));
    }),
    case("wait_for_no_supervisor", || {
        let rig = Rig::new();
        let (_service, fake) = fake(&rig, "foo", run_now());
        drop(fake);
        let start = Instant::now();
        let done = run(&rig, &["--wait", "-w", "3", "up", "foo"]);
        assert_eq!((done.out.as_str(), done.code), ("fail: foo: runsv not running\n", Some(1)));
        assert!(start.elapsed() >= Duration::from_secs(3), "its time was not over");
    }),
    case("wait_for_no_directory", || {
        let rig = Rig::new();
        available(&rig, "foo");
        let done = run(&rig, &["--wait", "up", "foo"]);
        let line = "fail: foo: unable to change to service directory: file does not exist\n";
        assert_eq!((done.out.as_str(), done.code), (line, Some(1)));
    }),
    case("wait_for_several", || {
        let rig = Rig::new();
        let _fakes = ["a", "b"].map(|name| fake(&rig, name, run_now()).1);
        let _down = fake(&rig, "c", down_now()).1;
        let done = run(&rig, &["--wait", "-w0", "up", "a", "b", "c"]);
        let lines = "ok: run: a: (pid p) Ts\nok: run: b: (pid p) Ts\ntimeout: down: c: Ts, normally up\n";
        assert_eq!((masked(&done.out).as_str(), done.code), (lines, Some(1)));
    }),
    case("wait_for_all", || {
        let rig = Rig::new();
        let _fakes = ["a", "b"].map(|name| fake(&rig, name, run_now()).1);
        let done = run(&rig, &["--wait", "up", "--all"]);
        let lines = "ok: run: a: (pid p) Ts\nok: run: b: (pid p) Ts\n";
        assert_eq!((masked(&done.out).as_str(), done.code), (lines, Some(0)));
    }),
    case("wait_json", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", run_now()).1;
        let done = run(&rig, &["--wait", "-w0", "down", "foo", "--json"]);
        let it = &parsed(&done.out)[0];
        assert_eq!((&it["outcome"], &it["state"], done.code), (&json!("timeout"), &json!("run"), Some(1)));
    }),
    case("wait_as_svwait_says", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", down_now()).1;
        let start = Instant::now();
        let done = rig.place.run(sv(&rig, &["--wait", "up", "foo"]).env("SVWAIT", "1"));
        let time = start.elapsed();
        assert!(
            done.code == Some(1) && time >= Duration::from_secs(1) && time < Duration::from_secs(6),
            "{time:?}"
        );
    }),
    case("wait_w_before", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", down_now()).1;
        assert_eq!(run(&rig, &["-w", "0", "--wait", "up", "foo"]).code, Some(1));
    }),
    case("wait_a_service_called_like_a_state", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "down", run_now()).1;
        assert_eq!(masked(&run(&rig, &["--wait", "up", "down"]).out), "ok: run: down: (pid p) Ts\n");
    }),
];
