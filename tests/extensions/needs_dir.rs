//! runsvdir that is told to end all services, some of which need others.
use crate::needs::need;
use crate::needs_stop::{await_order, order, service};
use crate::told::Told;
use nix::sys::signal::Signal;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, Service, search_path};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::os::unix::fs::symlink;

/// Starts runsvdir on the services, and waits until all are up.
fn start(rig: &Rig, services: &[&Service<'_>]) -> Running {
    let runsvdir = rig.place.start(rig.command("runsvdir", &["sv"]).env("PATH", search_path()));
    services.iter().for_each(|service| service.await_trace("run"));
    runsvdir
}

fn three(hold: &str, look: impl FnOnce(&Rig, &[&Service<'_>; 3], Running)) {
    let rig = Rig::new();
    let db = service(&rig, "db", &[], hold == "db");
    let app = service(&rig, "app", &["db"], hold == "app");
    let web = service(&rig, "web", &["app"], hold == "web");
    let all = [&db, &app, &web];
    let runsvdir = start(&rig, &all);
    look(&rig, &all, runsvdir);
}

pub const CASES: &[Case] = &[
    case("needs_dir_starts_in_order", || {
        three("", |_, [db, app, web], _runsvdir| {
            let ms = |service: &Service<'_>| {
                let since = until("a line", || service.state()).since;
                since.secs * 1000 + u64::from(since.nanos / 1_000_000)
            };
            assert!(ms(app) >= ms(db) + 419 && ms(web) >= ms(app) + 419);
        });
    }),
    case("needs_dir_hup_ends_dependents_first", || {
        three("", |rig, _, mut runsvdir| {
            runsvdir.signal(Signal::SIGHUP);
            assert_eq!(runsvdir.wait().code(), Some(111));
            await_order(rig, &["web", "app", "db"]);
        });
    }),
    case("needs_dir_hup_waits_for_dependents", || {
        three("web", |rig, [db, app, web], mut runsvdir| {
            runsvdir.signal(Signal::SIGHUP);
            await_order(rig, &["web"]);
            db.stays("run");
            app.stays("run");
            assert!(runsvdir.ended().is_none());
            web.tell("exit 0");
            assert_eq!(runsvdir.wait().code(), Some(111));
            await_order(rig, &["web", "app", "db"]);
        });
    }),
    case("needs_dir_second_hup_ends_all_at_once", || {
        three("web", |rig, [_, _, web], mut runsvdir| {
            runsvdir.signal(Signal::SIGHUP);
            await_order(rig, &["web"]);
            runsvdir.signal(Signal::SIGHUP);
            assert_eq!(runsvdir.wait().code(), Some(111));
            until("all", || (order(rig).len() == 3).then_some(()));
            web.tell("exit 0");
        });
    }),
    case("needs_dir_term_leaves_the_rest", || {
        three("web", |rig, [db, _, web], mut runsvdir| {
            runsvdir.signal(Signal::SIGHUP);
            await_order(rig, &["web"]);
            runsvdir.signal(Signal::SIGTERM);
            assert_eq!(runsvdir.wait().code(), Some(0));
            web.tell("exit 0");
            web.await_stat("down");
            db.stays("run");
            assert_eq!(order(rig), ["web"]);
            rig.sv(&["exit", "db", "app"]);
        });
    }),
    case("needs_dir_hup_goes_on_when_a_round_takes_too_long", || {
        three("web", |rig, [_, _, web], mut runsvdir| {
            runsvdir.signal(Signal::SIGHUP);
            assert_eq!(runsvdir.wait().code(), Some(111));
            await_order(rig, &["web", "app", "db"]);
            web.tell("exit 0");
        });
    }),
    case("needs_dir_hup_ends_a_circle", || {
        let rig = Rig::new();
        let all = ["a", "b"].map(|name| service(&rig, name, &[], false));
        let web = service(&rig, "web", &["a"], false);
        let mut runsvdir = start(&rig, &[&all[0], &all[1], &web]);
        need(&all[0], "b");
        need(&all[1], "a");
        runsvdir.signal(Signal::SIGHUP);
        assert_eq!(runsvdir.wait().code(), Some(111));
        until("all", || (order(&rig).len() == 3).then_some(()));
        assert_eq!(order(&rig)[0], "web");
    }),
    case("needs_dir_hup_by_links", || {
        let rig = Rig::new();
        let db = rig.service("../all/base");
        db.probe_with("trap 'echo db >>../../sv/order; exit 0' TERM");
        symlink("../all/base", rig.place.path("sv/db")).unwrap();
        let web = service(&rig, "web", &[], true);
        std::fs::create_dir(web.path("needs")).unwrap();
        symlink("../../db", web.path("needs/anything")).unwrap();
        let mut runsvdir = start(&rig, &[&db, &web]);
        runsvdir.signal(Signal::SIGHUP);
        await_order(&rig, &["web"]);
        db.stays("run");
        web.tell("exit 0");
        assert_eq!(runsvdir.wait().code(), Some(111));
        await_order(&rig, &["web", "db"]);
    }),
    case("needs_dir_hup_without_needs", || {
        let rig = Rig::new();
        let all = ["a", "b"].map(|name| service(&rig, name, &[], true));
        let mut runsvdir = start(&rig, &[&all[0], &all[1]]);
        runsvdir.signal(Signal::SIGHUP);
        assert_eq!(runsvdir.wait().code(), Some(111));
        until("both", || (order(&rig).len() == 2).then_some(()));
        all.iter().for_each(|service| service.tell("exit 0"));
    }),
];
