//! In which order services are stopped that need others.
use crate::needs::need;
use crate::told::Told;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, Service, masked};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;

/// A service that notes that it is asked to end, and ends when it is told to, if it is to `hold`.
pub fn service<'r>(rig: &'r Rig, name: &str, needs: &[&str], hold: bool) -> Service<'r> {
    let service = rig.service(name);
    let end = if hold { "" } else { "; exit 0" };
    service.probe_with(&format!("trap 'echo {name} >>../order{end}' TERM"));
    needs.iter().for_each(|name| need(&service, name));
    service
}

pub fn order(rig: &Rig) -> Vec<String> {
    rig.place.text("sv/order").lines().map(str::to_owned).collect()
}

pub fn await_order(rig: &Rig, names: &[&str]) {
    until(&format!("{names:?}, not {:?}", order(rig)), || (order(rig) == names).then_some(()));
}

/// Has all of them up, the first first.
fn up(services: &[&Service<'_>]) -> Vec<Running> {
    services.iter().map(|service| service.up()).collect()
}

/// `web` needs `app`, which needs `db`.
fn three(hold: &str, look: impl FnOnce(&Rig, &[&Service<'_>; 3])) {
    let rig = Rig::new();
    let db = service(&rig, "db", &[], hold == "db");
    let app = service(&rig, "app", &["db"], hold == "app");
    let web = service(&rig, "web", &["app"], hold == "web");
    let all = [&db, &app, &web];
    let _all = up(&all);
    look(&rig, &all);
}

fn out(rig: &Rig, args: &[&str]) -> (Vec<String>, Option<i32>) {
    let done = rig.sv(args);
    (masked(&done.out).lines().map(str::to_owned).collect(), done.code)
}

fn all_down(word: &str, line: impl Fn(&str) -> String) {
    three("", |rig, _| {
        let names = ["web", "app", "db"];
        let lines = names.map(line).to_vec();
        assert_eq!(out(rig, &[word, "db", "app", "web"]), (lines, Some(0)));
        assert_eq!(order(rig), names);
    });
}

pub const CASES: &[Case] = &[
    case("needs_stop_dependents_first", || {
        all_down("stop", |name| format!("ok: down: {name}: Ts, normally up"));
    }),
    case("needs_force_stop_dependents_first", || {
        all_down("force-stop", |name| format!("ok: down: {name}: Ts, normally up"));
    }),
    case("needs_shutdown_dependents_first", || {
        all_down("shutdown", |name| format!("ok: {name}: runsv not running"));
    }),
    case("needs_force_shutdown_dependents_first", || {
        all_down("force-shutdown", |name| format!("ok: {name}: runsv not running"));
    }),
    case("needs_exit_v_dependents_first", || {
        three("", |rig, _| {
            assert_eq!(out(rig, &["-v", "exit", "db", "web", "app"]).1, Some(0));
            assert_eq!(order(rig), ["web", "app", "db"]);
        });
    }),
    case("needs_stop_waits_for_dependents", || {
        three("web", |rig, [db, app, web]| {
            let mut sv = rig.start_sv(&["-w60", "stop", "db", "web", "app"]);
            await_order(rig, &["web"]);
            // They have not even been told.
            for service in [db, app] {
                service.stays("run");
                assert_eq!(service.status().want, b'u');
            }
            web.tell("exit 0");
            assert_eq!(sv.wait().code(), Some(0));
            assert_eq!(order(rig), ["web", "app", "db"]);
        });
    }),
    case("needs_stop_goes_on_when_the_time_is_up", || {
        three("web", |rig, [db, _, web]| {
            let (lines, code) = out(rig, &["-w1", "stop", "db", "web", "app"]);
            assert_eq!((lines.len(), code), (3, Some(1)));
            assert!(lines[0].starts_with("timeout: run: web: (pid p) Ts, want down"), "{lines:?}");
            assert_eq!(lines[1..], ["app", "db"].map(|name| format!("ok: down: {name}: Ts, normally up")));
            db.await_stat("down");
            web.tell("exit 0");
        });
    }),
    case("needs_force_stop_kills_dependents_first", || {
        three("web", |rig, [_, _, web]| {
            let (lines, code) = out(rig, &["-w1", "force-stop", "db", "app", "web"]);
            assert!(lines[0].starts_with("kill: run: web: (pid p) Ts, want down"), "{lines:?}");
            assert_eq!(code, Some(1));
            web.await_stat("down");
            assert_eq!(order(rig), ["web", "app", "db"]);
        });
    }),
    case("needs_stop_through_one_that_is_not_named", || {
        three("web", |rig, [db, app, web]| {
            let mut sv = rig.start_sv(&["-w60", "stop", "db", "web"]);
            await_order(rig, &["web"]);
            db.stays("run");
            assert_eq!(db.status().want, b'u');
            web.tell("exit 0");
            assert_eq!(sv.wait().code(), Some(0));
            assert_eq!(order(rig), ["web", "db"]);
            app.stays("run");
        });
    }),
    case("needs_stop_by_paths", || {
        three("", |rig, services| {
            let paths = services.map(|service| format!("{}/", service.dir.display()));
            let [db, app, web] = &paths;
            assert_eq!(out(rig, &["stop", db, web, app]).1, Some(0));
            assert_eq!(order(rig), ["web", "app", "db"]);
        });
    }),
    case("needs_stop_by_links", || {
        let rig = Rig::new();
        let db = rig.service("../elsewhere/db");
        db.probe_with("trap 'echo db >>../../sv/order; exit 0' TERM");
        let web = service(&rig, "web", &[], true);
        std::fs::create_dir(web.path("needs")).unwrap();
        std::os::unix::fs::symlink("../../../elsewhere/db", web.path("needs/x")).unwrap();
        std::os::unix::fs::symlink("../elsewhere/db", rig.place.path("sv/base")).unwrap();
        let _all = up(&[&db, &web]);
        let mut sv = rig.start_sv(&["-w60", "stop", "base", "web"]);
        await_order(&rig, &["web"]);
        db.stays("run");
        assert_eq!(order(&rig), ["web"]);
        web.tell("exit 0");
        assert_eq!(sv.wait().code(), Some(0));
        assert_eq!(order(&rig), ["web", "db"]);
    }),
    case("needs_stop_of_a_circle_at_once", || {
        let rig = Rig::new();
        let all = ["a", "b"].map(|name| service(&rig, name, &[], true));
        let _all: Vec<_> = all.iter().map(Service::up).collect();
        need(&all[0], "b");
        need(&all[1], "a");
        let mut sv = rig.start_sv(&["-w60", "stop", "a", "b"]);
        until("both", || (order(&rig).len() == 2).then_some(()));
        all.iter().for_each(|service| service.tell("exit 0"));
        assert_eq!(sv.wait().code(), Some(0));
    }),
    case("needs_stop_of_one_that_is_not_supervised", || {
        let rig = Rig::new();
        let db = service(&rig, "db", &[], false);
        let web = service(&rig, "web", &["db"], false);
        let _db = db.up();
        let (lines, code) = out(&rig, &["stop", "db", "web"]);
        assert_eq!(lines[1..], ["ok: down: db: Ts, normally up"]);
        assert_eq!(code, Some(1), "{lines:?} {}", web.name);
    }),
    case("needs_down_does_not_wait", || {
        three("web", |rig, [db, app, web]| {
            assert_eq!(out(rig, &["down", "db", "app", "web"]), (Vec::new(), Some(0)));
            db.await_stat("down");
            app.await_stat("down");
            web.tell("exit 0");
            web.await_stat("down");
        });
    }),
    case("needs_term_has_no_order", || {
        three("web", |rig, _| {
            assert_eq!(out(rig, &["term", "db", "app", "web"]), (Vec::new(), Some(0)));
            until("all", || (order(rig).len() == 3).then_some(()));
        });
    }),
    case("needs_restart_of_all", || {
        three("", |rig, services| {
            let (lines, code) = out(rig, &["-w60", "restart", "db", "app", "web"]);
            assert_eq!((lines.len(), code), (3, Some(0)), "{lines:?}");
            services.iter().for_each(|service| assert_eq!(service.starts(), 2));
        });
    }),
];
