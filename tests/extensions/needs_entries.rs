//! The entries of `needs/`: names and links, good and bad.
use crate::needs::{READY, WAITS, await_need, database, dependent, need, pair};
use crate::told::{Told, files, warnings};
use runit::need::Lack;
use runit_tests::rig::{Rig, Service};
use runit_tests::suite::{Case, case};
use std::fs;
use std::os::unix::fs::symlink;

pub const CASES: &[Case] = &[
    case("needs_change_while_it_waits", || {
        pair(&[READY], |web, _, _, _| {
            await_need(web, "db", Lack::NotReady);
            fs::remove_file(web.path("needs/db")).unwrap();
            need(web, "other");
            web.control("u");
            await_need(web, "other", Lack::Alone);
            fs::remove_file(web.path("needs/other")).unwrap();
            web.await_trace("run");
        });
    }),
    case("needs_directory_is_removed_while_it_waits", || {
        pair(&[READY], |web, _, _, _| {
            await_need(web, "db", Lack::NotReady);
            fs::remove_dir_all(web.path("needs")).unwrap();
            web.control("u");
            web.await_trace("run");
        });
    }),
    case("needs_are_looked_at_for_each_start", || {
        let rig = Rig::new();
        let web = dependent(&rig, "web", &[]);
        let _runsv = web.up();
        need(&web, "db");
        web.control("t");
        await_need(&web, "db", Lack::Alone);
        assert_eq!(web.starts(), 1);
        fs::remove_file(web.path("needs/db")).unwrap();
        web.control("u");
        web.await_runs(2);
    }),
    case("needs_that_are_empty", || {
        let rig = Rig::new();
        let web = dependent(&rig, "web", &[]);
        fs::create_dir(web.path("needs")).unwrap();
        web.file("needs/.hidden", "");
        let runsv = web.up();
        assert_eq!(warnings(&runsv), Vec::<String>::new());
    }),
    case("needs_that_is_no_directory", || {
        let rig = Rig::new();
        let web = dependent(&rig, "web", &[]);
        web.file("needs", "db\n");
        let runsv = web.up();
        assert_eq!(runsv.err(), "runsv web: warning: needs ignored: unreadable: not a directory\n");
    }),
    case("needs_a_link_to_a_service_elsewhere", || {
        let rig = Rig::new();
        let db = rig.service("../elsewhere/base");
        files(db.probe(), &[READY]);
        let web = dependent(&rig, "web", &[]);
        fs::create_dir(web.path("needs")).unwrap();
        symlink(&db.dir, web.path("needs/anything")).unwrap();
        let _runsv = web.supervise();
        await_need(&web, "anything", Lack::Alone);
        let _other = db.up();
        db.tell("echo >&4");
        web.await_trace("run");
    }),
    case("needs_a_link_that_leads_nowhere_yet", || {
        let rig = Rig::new();
        let web = dependent(&rig, "web", &[]);
        fs::create_dir(web.path("needs")).unwrap();
        symlink(rig.place.path("elsewhere/db"), web.path("needs/db")).unwrap();
        // One of that name in the scan directory is not meant.
        let same = database(&rig, &[]);
        let _same = same.up();
        let _runsv = web.supervise();
        await_need(&web, "db", Lack::Alone);
        let db = rig.service("../elsewhere/db");
        files(db.probe(), &[READY]);
        let _other = db.up();
        db.tell("echo >&4");
        web.await_trace("run");
    }),
    case("needs_a_link_to_a_file_is_a_name", || {
        let rig = Rig::new();
        let db = database(&rig, &[READY]);
        let web = dependent(&rig, "web", &[]);
        fs::create_dir(web.path("needs")).unwrap();
        symlink("/dev/null", web.path("needs/db")).unwrap();
        let _other = db.up();
        let _runsv = web.supervise();
        await_need(&web, "db", Lack::NotReady);
        db.tell("echo >&4");
        web.await_trace("run");
    }),
    case("needs_a_directory_is_a_name", || {
        let rig = Rig::new();
        let db = database(&rig, &[READY]);
        let web = dependent(&rig, "web", &[]);
        fs::create_dir_all(web.path("needs/db/supervise")).unwrap();
        let _other = db.up();
        let _runsv = web.supervise();
        await_need(&web, "db", Lack::NotReady);
        db.tell("echo >&4");
        web.await_trace("run");
    }),
    case("needs_of_a_service_that_is_a_link", || {
        // The name is looked for where the link is, not where it leads.
        let rig = Rig::new();
        let db = database(&rig, &[READY]);
        let web = rig.service("../elsewhere/web");
        web.probe();
        need(&web, "db");
        symlink(&web.dir, rig.place.path("sv/web")).unwrap();
        let web = Service { rig: &rig, name: "web".into(), dir: rig.place.path("sv/web") };
        let _other = db.up();
        let _runsv = web.supervise();
        await_need(&web, "db", Lack::NotReady);
        db.tell("echo >&4");
        web.await_trace("run");
    }),
    case("needs_by_a_path", || {
        for start in ["", "absolute", "slashes", "dot"] {
            let rig = Rig::new();
            let db = database(&rig, &[READY]);
            let web = dependent(&rig, "web", &["db"]);
            let path = web.dir.to_str().unwrap().to_owned();
            let (argument, dir) = match start {
                "absolute" => (path.clone(), rig.place.path("")),
                "slashes" => (format!("{path}//"), rig.place.path("")),
                "dot" => (".".to_owned(), web.dir.clone()),
                _ => ("web".to_owned(), rig.place.path("sv")),
            };
            let _other = db.up();
            db.tell("echo >&4");
            let mut command = rig.command("runsv", &[&argument]);
            let _runsv = rig.place.start(command.current_dir(dir));
            web.await_trace("run");
        }
    }),
    case("needs_a_name_that_no_line_can_hold", || {
        let rig = Rig::new();
        let name = format!("a b\\{}", "n".repeat(100));
        let web = dependent(&rig, "web", &[&name]);
        let _runsv = web.supervise();
        let shown = format!("a?b\\{}~", "n".repeat(59));
        await_need(&web, &shown, Lack::Alone);
        web.await_line(&format!("{}{shown}, runsv not running", WAITS.strip_suffix("db").unwrap()));
        let other = rig.service(&name);
        other.probe();
        let _other = other.up();
        web.await_trace("run");
    }),
    case("needs_a_log_service", || {
        let rig = Rig::new();
        let db = database(&rig, &[]);
        db.log();
        let web = dependent(&rig, "web", &[]);
        fs::create_dir(web.path("needs")).unwrap();
        symlink("../../db/log", web.path("needs/log-of-db")).unwrap();
        let _other = db.up();
        let _runsv = web.supervise();
        web.await_trace("run");
    }),
    case("needs_one_whose_supervise_is_beside_the_services", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let db = database(&rig, &[READY]);
        let web = dependent(&rig, "web", &["db"]);
        let _runsv = web.start();
        let line = || rig.place.text("sv/.supervise/web/state");
        runit_tests::wait::until("it waits", || line().contains(" gone db ").then_some(()));
        let _other = db.start();
        db.await_trace("run");
        runit_tests::wait::until("it waits", || line().contains(" wait db ").then_some(()));
        db.tell("echo >&4");
        web.await_trace("run");
    }),
    case("needs_each_other_beside_the_services", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let all = [("a", "b"), ("b", "a")].map(|(name, other)| dependent(&rig, name, &[other]));
        let _all: Vec<_> = all.iter().map(Service::start).collect();
        all.iter().for_each(|service| service.await_trace("run"));
    }),
];
