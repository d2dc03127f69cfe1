//! Services that need each other.
use crate::needs::{await_need, dependent, need};
use crate::told::Told;
use runit::need::Lack;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, Service};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::symlink;

/// Services each of which needs the next, the last one the first. The first begins to wait first. `look` gets what
/// their supervisors have said once all are up.
fn ring(names: &[&str], look: impl FnOnce(&Rig, &[Service<'_>], Vec<String>)) {
    let rig = Rig::new();
    let next = |at: usize| names[(at + 1) % names.len()];
    let all: Vec<_> = names.iter().enumerate().map(|(at, name)| dependent(&rig, name, &[next(at)])).collect();
    let running = started(&all);
    look(&rig, &all, said(&running));
}

/// Starts them one after the other, each when the one before waits, and waits until all are up.
fn started(all: &[Service<'_>]) -> Vec<Running> {
    let mut running = Vec::new();
    for service in all {
        running.push(service.supervise());
        // The last one may have waited and started between two looks.
        let waits = || service.state().is_some_and(|state| state.need.is_some());
        until("it waits", || (waits() || service.starts() > 0).then_some(()));
    }
    all.iter().for_each(|service| service.await_trace("run"));
    running
}

fn said(running: &[Running]) -> Vec<String> {
    running.iter().map(|runsv| runsv.err().trim_end().to_owned()).collect()
}

pub const CASES: &[Case] = &[
    case("needs_itself", || {
        ring(&["web"], |_, _, said| {
            assert_eq!(said, ["runsv web: warning: needs/web ignored: circle: web"]);
        });
    }),
    case("needs_each_other", || {
        ring(&["db", "web"], |_, _, said| {
            assert_eq!(said, ["", "runsv web: warning: needs/db ignored: circle: db web"]);
        });
    }),
    case("needs_in_a_circle_of_three", || {
        ring(&["db", "cache", "web"], |rig, _, said| {
            let last = "runsv web: warning: needs/db ignored: circle: db cache web";
            assert_eq!(said, ["", "", last]);
            // The one that did without its need came first.
            let order = rig.place.text("sv/order");
            let order: Vec<_> =
                order.lines().filter_map(|line| line.rsplit_once('/')).map(|it| it.1).collect();
            assert_eq!(order, ["web", "cache", "db"]);
        });
    }),
    case("needs_in_a_circle_of_forty", || {
        let names: Vec<String> = (10..50).map(|number| format!("s{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let rig = Rig::new();
        let all: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(at, name)| dependent(&rig, name, &[names[(at + 1) % names.len()]]))
            .collect();
        all.iter().for_each(|service| {
            service.file("oneshot", "").script("run", "echo run $$ >>trace");
        });
        let running = started(&all);
        let said: Vec<_> = said(&running).into_iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("runsv s49: warning: needs/s10 ignored: circle: s10 s11"), "{said:?}");
    }),
    case("needs_a_circle", || {
        // It is in none itself, and waits until it is opened.
        let rig = Rig::new();
        let db = dependent(&rig, "db", &["web"]);
        let web = dependent(&rig, "web", &["db"]);
        let client = dependent(&rig, "client", &["db"]);
        let runsv = client.supervise();
        await_need(&client, "db", Lack::Alone);
        let _all = started(&[db, web]);
        client.await_trace("run");
        assert_eq!(runsv.err(), "");
    }),
    case("needs_in_a_circle_of_links", || {
        let rig = Rig::new();
        let (db, web) = (dependent(&rig, "db", &[]), rig.service("../elsewhere/web"));
        web.probe();
        for (from, to) in [(&db, &web), (&web, &db)] {
            fs::create_dir(from.path("needs")).unwrap();
            symlink(&to.dir, from.path("needs/other")).unwrap();
        }
        let said = said(&started(&[db, web]));
        assert_eq!(said[0], "");
        assert!(said[1].ends_with("/web: warning: needs/other ignored: circle: other other"), "{said:?}");
    }),
    case("needs_in_a_circle_with_one_that_is_down", || {
        let rig = Rig::new();
        let db = dependent(&rig, "db", &["web"]);
        db.file("down", "");
        let web = dependent(&rig, "web", &["db"]);
        let _db = db.supervise();
        let _web = web.supervise();
        db.await_trace("run");
        web.await_trace("run");
    }),
    case("needs_two_circles", || {
        let rig = Rig::new();
        let a = dependent(&rig, "a", &["web"]);
        let b = dependent(&rig, "b", &["web"]);
        let web = dependent(&rig, "web", &["a", "b"]);
        let said = said(&started(&[a, b, web]));
        assert_eq!(
            said[2].lines().collect::<Vec<_>>(),
            [
                "runsv web: warning: needs/a ignored: circle: a web",
                "runsv web: warning: needs/b ignored: circle: b web"
            ]
        );
    }),
    case("needs_in_a_circle_with_a_need_that_is_not_up", || {
        let rig = Rig::new();
        let db = dependent(&rig, "db", &["web"]);
        let web = dependent(&rig, "web", &["a", "db"]);
        let (_db, runsv) = (db.supervise(), web.supervise());
        await_need(&db, "web", Lack::NotReady);
        await_need(&web, "a", Lack::Alone);
        let a = dependent(&rig, "a", &[]);
        let _a = a.up();
        web.await_trace("run");
        db.await_trace("run");
        assert_eq!(runsv.err(), "runsv web: warning: needs/db ignored: circle: db web\n");
    }),
    case("needs_in_a_circle_when_one_is_up", || {
        let rig = Rig::new();
        let db = dependent(&rig, "db", &[]);
        let web = dependent(&rig, "web", &["db"]);
        let (_db, _web) = (db.up(), web.supervise());
        web.await_trace("run");
        need(&db, "web");
        db.control("t");
        db.await_runs(2);
        assert_eq!(web.starts(), 1);
    }),
    case("needs_in_a_chain_is_no_circle", || {
        let rig = Rig::new();
        let web = dependent(&rig, "web", &["db"]);
        let db = dependent(&rig, "db", &["a"]);
        let (runsv, other) = (web.supervise(), db.supervise());
        await_need(&web, "db", Lack::NotReady);
        await_need(&db, "a", Lack::Alone);
        let a = dependent(&rig, "a", &[]);
        let _a = a.up();
        web.await_trace("run");
        assert_eq!((runsv.err(), other.err()), (String::new(), String::new()));
    }),
];
