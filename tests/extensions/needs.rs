//! `needs/`: other services have to be up before.
use crate::told::{Files, Told, files, warnings};
use nix::sys::signal::Signal;
use runit::need::Lack;
use runit::state::{Doing, State};
use runit::status::Want;
use runit_tests::place::Running;
use runit_tests::process;
use runit_tests::rig::{Rig, Service, send};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;

pub const READY: (&str, &str) = ("notification-fd", "4");
pub const DOWN: (&str, &str) = ("down", "");
pub const WAITS: &str = "down: web: Ts, normally up, want up, waits for db";

/// Adds an entry.
pub fn need(service: &Service<'_>, name: &str) {
    fs::create_dir_all(service.path("needs")).unwrap();
    service.file(&format!("needs/{name}"), "");
}

/// A service that notes its start, and what is up then.
pub fn dependent<'r>(rig: &'r Rig, name: &str, needs: &[&str]) -> Service<'r> {
    let service = rig.service(name);
    let first = "for n in ../*; do test -f $n/up && echo ${n##*/} >>seen; done; echo started >>../order; echo $PWD >>../order";
    service.probe_with(first);
    needs.iter().for_each(|name| need(&service, name));
    service
}

/// One that is ready when it is told so.
pub fn database<'r>(rig: &'r Rig, said: Files<'_>) -> Service<'r> {
    let service = rig.service("db");
    files(service.probe(), said);
    service
}

/// The supervisors of `web`, which waits for `db`, and of that.
pub fn pair(said: Files<'_>, look: impl FnOnce(&Service<'_>, &Service<'_>, &mut Running, &mut Running)) {
    let rig = Rig::new();
    let db = database(&rig, said);
    let web = dependent(&rig, "web", &["db"]);
    let mut runsv = web.supervise();
    let mut other = db.supervise();
    look(&web, &db, &mut runsv, &mut other);
}

/// Waits until it waits for that, for this reason.
pub fn await_need(service: &Service<'_>, name: &str, lack: Lack) -> State {
    until(&format!("it waits for {name}, {lack:?}"), || {
        let state = service.state()?;
        let need = state.need?;
        (state.doing == Doing::Waiting && need.name() == name.as_bytes() && need.lack == lack)
            .then_some(state)
    })
}

/// It has no process and has had none.
pub fn never_started(service: &Service<'_>) {
    assert_eq!((service.starts(), service.status().pid), (0, 0));
}

/// How many descriptors it has.
pub fn descriptors(runsv: &Running) -> usize {
    process::descriptors(runsv.pid())
}

pub const CASES: &[Case] = &[
    case("needs_waits_until_it_is_ready", || {
        pair(&[READY], |web, db, _, _| {
            db.await_trace("run");
            let state = await_need(web, "db", Lack::NotReady);
            assert_eq!((state.want, state.pid, state.starts, state.ready), (Want::Up, None, 0, None));
            web.await_line(WAITS);
            never_started(web);
            db.tell("echo >&4");
            web.await_trace("run");
            db.await_ready(Some(true));
            until("the line", || web.state()?.need.is_none().then_some(()));
        });
    }),
    case("needs_waits_until_it_has_settled", || {
        let rig = Rig::new();
        let db = database(&rig, &[]);
        let web = dependent(&rig, "web", &["db"]);
        let _other = db.up();
        let _runsv = web.supervise();
        web.await_trace("run");
        let ms = |state: State| state.since.secs * 1000 + u64::from(state.since.nanos / 1_000_000);
        let (db, web) = (until("a line", || db.state()), web.await_doing(Doing::Run));
        assert!(ms(web) >= ms(db) + 419, "{db:?} {web:?}");
    }),
    case("needs_is_there_before", || {
        let rig = Rig::new();
        let db = database(&rig, &[READY]);
        let web = dependent(&rig, "web", &["db"]);
        let _other = db.up();
        db.tell("echo >&4");
        db.await_ready(Some(true));
        let _runsv = web.supervise();
        web.await_trace("run");
        // It never said that it waits.
        assert_eq!(web.await_doing(Doing::Run).starts, 1);
    }),
    case("needs_without_supervisor", || {
        let rig = Rig::new();
        let db = database(&rig, &[READY]);
        let web = dependent(&rig, "web", &["db"]);
        let runsv = web.supervise();
        await_need(&web, "db", Lack::Alone);
        web.await_line(&format!("{WAITS}, runsv not running"));
        never_started(&web);
        let _other = db.up();
        db.tell("echo >&4");
        web.await_trace("run");
        assert_eq!(warnings(&runsv), Vec::<String>::new());
    }),
    case("needs_without_directory", || {
        let rig = Rig::new();
        let web = dependent(&rig, "web", &["db"]);
        let _runsv = web.supervise();
        await_need(&web, "db", Lack::Alone);
        let db = database(&rig, &[READY]);
        let _other = db.up();
        db.tell("echo >&4");
        web.await_trace("run");
    }),
    case("needs_tells_what_is_down", || {
        pair(&[DOWN, READY], |web, db, _, _| {
            db.await_trace("run");
            until("the wish", || (db.status().want == b'u').then_some(()));
            never_started(web);
            db.tell("echo >&4");
            web.await_trace("run");
        });
    }),
    case("needs_tells_once_for_each_start", || {
        pair(&[DOWN, READY], |web, db, _, _| {
            db.await_trace("run");
            await_need(web, "db", Lack::NotReady);
            db.control("d");
            db.await_stat("down");
            // It looks again, and leaves alone what somebody wanted down meanwhile.
            web.control("u");
            web.stays("down");
            assert_eq!((db.status().want, db.starts()), (b'd', 1));
            web.control("d");
            web.await_doing(Doing::Down);
            web.control("u");
            db.await_runs(2);
        });
    }),
    case("needs_tells_all_that_are_down", || {
        let rig = Rig::new();
        let all: Vec<Service<'_>> = ["a", "b", "c"].into_iter().map(|name| rig.service(name)).collect();
        let mut running = Vec::new();
        for service in &all {
            files(service.probe(), &[DOWN, READY]);
            running.push(service.supervise());
        }
        let web = dependent(&rig, "web", &["c", "a", "b"]);
        running.push(web.supervise());
        for service in &all {
            service.await_trace("run");
        }
        for (service, name) in all.iter().zip(["a", "b", "c"]) {
            await_need(&web, name, Lack::NotReady);
            never_started(&web);
            service.tell("echo >&4");
        }
        web.await_trace("run");
    }),
    case("needs_a_one_shot", || {
        pair(&[("oneshot", "")], |web, db, _, _| {
            db.await_trace("run");
            await_need(web, "db", Lack::NotReady);
            never_started(web);
            db.tell("exit 0");
            db.await_doing(Doing::Done);
            web.await_trace("run");
        });
    }),
    case("needs_a_one_shot_that_fails_first", || {
        pair(&[("oneshot", ""), ("restart-delay", "50")], |web, db, _, _| {
            db.await_trace("run");
            db.tell("exit 1");
            db.await_runs(2);
            await_need(web, "db", Lack::NotReady);
            never_started(web);
            db.tell("exit 0");
            web.await_trace("run");
        });
    }),
    case("needs_one_that_has_failed", || {
        pair(&[READY, ("restart-limit", "1 60")], |web, db, _, _| {
            db.await_trace("run");
            db.tell("exit 1");
            db.await_doing(Doing::Failed);
            await_need(web, "db", Lack::Failed);
            web.await_line(&format!("{WAITS}, failed"));
            never_started(web);
            web.control("u");
            web.stays("down");
            assert_eq!(db.starts(), 1, "it is not tried again");
            db.control("u");
            db.await_runs(2);
            db.tell("echo >&4");
            web.await_trace("run");
        });
    }),
    case("needs_one_that_dies_later", || {
        pair(&[READY, ("restart-delay", "50")], |web, db, _, _| {
            db.await_trace("run");
            db.tell("echo >&4");
            web.await_trace("run");
            let before = web.await_doing(Doing::Run);
            send(db.runs()[0], Signal::SIGKILL);
            db.await_runs(2);
            web.stays("run");
            assert_eq!(web.state(), Some(before));
            // For another start it is needed again.
            web.control("t");
            await_need(web, "db", Lack::NotReady);
            db.tell("echo >&4");
            web.await_runs(2);
        });
    }),
    case("needs_of_a_supervisor_that_is_killed", || {
        pair(&[READY], |web, db, _, other| {
            db.await_trace("run");
            await_need(web, "db", Lack::NotReady);
            other.signal(Signal::SIGKILL);
            await_need(web, "db", Lack::Alone);
            send(db.runs()[0], Signal::SIGKILL);
            let _other = db.supervise();
            db.await_runs(2);
            db.tell("echo >&4");
            web.await_trace("run");
        });
    }),
    case("needs_of_a_waiting_supervisor_that_is_killed", || {
        pair(&[READY], |web, db, runsv, _| {
            await_need(web, "db", Lack::NotReady);
            runsv.signal(Signal::SIGKILL);
            runsv.wait();
            let _runsv = web.supervise();
            await_need(web, "db", Lack::NotReady);
            never_started(web);
            db.tell("echo >&4");
            web.await_trace("run");
        });
    }),
    case("needs_and_a_log_service", || {
        let rig = Rig::new();
        let db = database(&rig, &[READY]);
        let web = dependent(&rig, "web", &["db"]);
        web.log();
        let _runsv = web.supervise();
        until("its log service", || web.text("log/trace").contains("run").then_some(()));
        never_started(&web);
        let _other = db.up();
        db.tell("echo >&4");
        web.await_trace("run");
    }),
    case("needs_and_a_pause", || {
        pair(&[READY], |web, db, _, _| {
            db.await_trace("run");
            db.tell("echo >&4");
            web.file("restart-delay", "300");
            web.await_trace("run");
            web.tell("exit 1");
            db.control("t");
            db.await_runs(2);
            await_need(web, "db", Lack::NotReady);
            until("a line", || (web.state()?.next.is_none()).then_some(()));
            db.tell("echo >&4");
            web.await_runs(2);
        });
    }),
    case("needs_a_service_with_timeout_kill", || {
        pair(&[READY, ("timeout-kill", "100")], |web, db, _, _| {
            db.await_trace("run");
            await_need(web, "db", Lack::NotReady);
            // The service that waits tells it once to come up, perhaps before anybody else has seen it down.
            db.control("d");
            db.await_runs(2);
            never_started(web);
            db.tell("echo >&4");
            web.await_trace("run");
        });
    }),
    case("needs_nothing_costs_nothing", || {
        let rig = Rig::new();
        let web = dependent(&rig, "web", &[]);
        let runsv = web.up();
        let before = descriptors(&runsv);
        let db = database(&rig, &[READY]);
        let _other = db.up();
        db.tell("echo >&4");
        need(&web, "db");
        web.control("t");
        web.await_runs(2);
        web.await_doing(Doing::Run);
        assert_eq!(descriptors(&runsv), before);
    }),
    case("needs_date_is_that_of_the_wait", || {
        pair(&[READY], |web, db, _, _| {
            db.await_trace("run");
            db.tell("echo >&4");
            web.await_trace("run");
            let started = web.status();
            db.control("t");
            db.await_runs(2);
            web.control("t");
            let waits = await_need(web, "db", Lack::NotReady);
            assert!((waits.since.secs, waits.since.nanos) > (started.secs, started.nanos));
            db.tell("echo >&4");
            web.await_runs(2);
        });
    }),
    case("needs_what_it_says_is_read_after_the_wait", || {
        pair(&[READY], |web, db, _, _| {
            await_need(web, "db", Lack::NotReady);
            web.file("oneshot", "");
            db.tell("echo >&4");
            web.await_trace("run");
            web.tell("exit 0");
            web.await_doing(Doing::Done);
        });
    }),
];
