//! `sv --log`: where the log of a service is.
use crate::host::{run, supervised};
use crate::log::shelf;
use runit_tests::rig::{Rig, Service};
use runit_tests::suite::{Case, case, needs_proc};
use runit_tests::wait::until;

/// A service that says something, supervised, with this log service.
fn logged<'r>(rig: &'r Rig, name: &str, run: &str, directory: &str) -> Service<'r> {
    let service = rig.service(name);
    service.script("run", "echo hello; exec sleep 1000").script("log/run", run);
    rig.place.dir(directory);
    service
}

fn await_line(rig: &Rig, name: &str) {
    until("the line", || (run(rig, &["--log", name]).out == "hello\n").then_some(()));
}

/// What is said of a service that has no log for sv.
fn says(rig: &Rig, name: &str, part: &str) {
    let done = run(rig, &["--log", name]);
    assert_eq!((done.out.as_str(), done.code), ("", Some(1)), "{done:?}");
    assert!(done.err.starts_with(&format!("fail: {name}: ")) && done.err.contains(part), "{done:?}");
}

pub const CASES: &[Case] = &[
    case("log_find_what_the_process_was_told", || {
        needs_proc();
        let rig = Rig::new();
        // The script does not say it.
        logged(&rig, "web", "d=$(echo ../../../logs)/web; exec svlogd -b 2048 $d/", "logs/web");
        let _runsvdir = supervised(&rig);
        await_line(&rig, "web");
    }),
    case("log_find_a_child_of_the_script", || {
        needs_proc();
        let rig = Rig::new();
        logged(&rig, "web", "d=$(echo ../../../logs)/web; svlogd $d; exit 1", "logs/web");
        let _runsvdir = supervised(&rig);
        await_line(&rig, "web");
    }),
    case("log_find_from_where_the_process_stands", || {
        needs_proc();
        let rig = Rig::new();
        logged(&rig, "web", "cd ../../../logs && exec svlogd web", "logs/web");
        let _runsvdir = supervised(&rig);
        await_line(&rig, "web");
    }),
    case("log_find_in_the_script", || {
        let rig = Rig::new();
        shelf(&rig, "web", &[]);
        rig.service("web")
            .script("log/run", "NAME=web\nexec chpst -u log svlogd -tt \"../../../logs/$NAME\"");
        rig.place.file("logs/web/current", "hello\n");
        await_line(&rig, "web");
    }),
    case("log_find_by_custom", || {
        for place in ["log/main", "log", "log/log"] {
            let rig = Rig::new();
            let service = rig.service("web");
            service.script("run", "exec sleep 1000").script("log/run", "exec svlogd \"$(cat where)\"");
            service.file(&format!("{place}/current"), "hello\n");
            await_line(&rig, "web");
        }
    }),
    case("log_find_multilog_and_s6_log", || {
        let rig = Rig::new();
        for (name, run) in [("a", "exec multilog t s1000 n5 ./here"), ("b", "exec s6-log -b n5 s1000 ./here")]
        {
            rig.service(name).script("run", "exec sleep 1000").script("log/run", run);
            rig.place.file(format!("sv/{name}/log/here/current"), "hello\n");
            await_line(&rig, name);
        }
    }),
    case("log_find_a_directory_itself", || {
        let rig = Rig::new();
        let place = rig.place.file("logs/web/current", "hello\n");
        await_line(&rig, place.parent().unwrap().to_str().unwrap());
    }),
    case("log_find_a_log_service_itself", || {
        let rig = Rig::new();
        shelf(&rig, "web", &[("current", "hello\n")]);
        await_line(&rig, "web/log");
    }),
    case("log_find_no_log_service", || {
        let rig = Rig::new();
        rig.service("web").script("run", "exec sleep 1000");
        says(&rig, "web", "it has no log service; what it writes goes where the output of its runsvdir goes");
    }),
    case("log_find_no_log_service_but_a_file", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("web");
        service.script("run", "exec >../../output\nexec sleep 1000");
        let _runsv = service.supervise();
        let output = rig.place.path("output");
        let wanted = format!("what it writes goes to {}\n", output.display());
        until("the output", || run(&rig, &["--log", "web"]).err.ends_with(&wanted).then_some(()));
    }),
    case("log_find_that_syslog_has_it", || {
        let rig = Rig::new();
        rig.service("web")
            .script("run", "exec sleep 1000")
            .script("log/run", "exec logger -t web -p daemon.info");
        says(&rig, "web", "its log service gives all lines to syslog, by logger\n");
    }),
    case("log_find_nothing_and_say_where", || {
        let rig = Rig::new();
        let service = rig.service("web");
        service.script("run", "exec sleep 1000").script("log/run", "exec cat >>../logged");
        says(&rig, "web", "no log directory was found; looked at ");
        says(&rig, "web", &format!("{}/log/run", service.dir.display()));
        says(&rig, "web", &format!("{}/log/main", service.dir.display()));
        says(&rig, "web", "/var/log/web");
        says(&rig, "web", "; name it instead of the service: sv --log ");
    }),
    case("log_find_a_directory_that_is_gone", || {
        let rig = Rig::new();
        shelf(&rig, "web", &[]);
        std::fs::remove_dir(rig.place.path("sv/web/log/main")).expect("rmdir");
        says(&rig, "web", "/sv/web/log/./main, ");
    }),
];
