//! `.supervise`: supervise directories beside the services.
use crate::beside::{
    self, KEPT, await_ok, await_says, await_stat, control, kept, kept_log, names, said, sv, up,
};
use nix::sys::signal::Signal;
use runit_tests::rig::Rig;
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait::{until, until_equal};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// A service under a runsv; `.supervise` is made so, and is no place: this is said, and it is as without.
fn without(make: impl FnOnce(&Path), warning: &str) {
    let rig = Rig::new();
    make(&rig.place.path("sv/.supervise"));
    let service = rig.service("foo");
    service.probe();
    let runsv = service.up();
    assert_eq!(said(&runsv), [warning]);
    assert_eq!(names(&service.path("supervise")), KEPT);
    await_says(&rig, "sv", "foo", "run: foo: (pid p) Ts");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

pub const CASES: &[Case] = &[
    case("places_of_service_and_log", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        service.probe().log();
        let mut runsv = up(&service);
        await_stat(&kept_log(&service), "run");
        for dir in [kept(&service), kept_log(&service)] {
            until_equal("all files", &KEPT.map(String::from).to_vec(), || names(&dir));
            assert_eq!(mode(&dir), 0o700);
            assert_eq!(fs::metadata(dir.join("status")).unwrap().len(), 20);
        }
        until("the log service", || service.log_runs().first().copied());
        assert_eq!(names(&service.path("log")), ["run", "trace"]);
        assert!(!service.path("supervise").exists());
        service.tell("echo a line");
        until_equal("the log", &"a line\n".to_owned(), || service.text("logged"));
        await_says(&rig, "sv", "foo", "run: foo: (pid p) Ts; run: log: (pid p) Ts");
        runsv.signal(Signal::SIGTERM);
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!(runsv.err(), "");
    }),
    case("places_are_not_made", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let runsv = service.up();
        assert_eq!((names(&rig.place.path("sv")), runsv.err()), (vec!["foo".to_owned()], String::new()));
        assert_eq!(names(&service.path("supervise")), KEPT);
    }),
    case("places_and_a_supervise_of_its_own", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        rig.place.dir("sv/foo/supervise");
        service.probe();
        let _runsv = service.up();
        assert_eq!(names(&rig.place.path("sv/.supervise")), [""; 0]);
        await_says(&rig, "sv", "foo", "run: foo: (pid p) Ts");
    }),
    case("places_and_a_dangling_link_of_its_own", || {
        // Made, as ever.
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        symlink("../../own", service.probe().path("supervise")).unwrap();
        let _runsv = service.up();
        assert_eq!(names(&rig.place.path("own")), KEPT);
        assert_eq!(names(&rig.place.path("sv/.supervise")), [""; 0]);
    }),
    case("places_and_a_link_of_its_own_to_nowhere", || {
        // It is not looked for elsewhere what cannot be had there.
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        symlink("/nonexistent/foo", service.probe().path("supervise")).unwrap();
        service.refuses("fatal: unable to open supervise/lock: file does not exist");
    }),
    case("places_of_the_service_alone", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        service.probe().log();
        rig.place.dir("sv/foo/log/supervise");
        let _runsv = up(&service);
        service.await_log_stat("run");
        assert_eq!(names(&rig.place.path("sv/.supervise")), ["foo"]);
        await_says(&rig, "sv", "foo", "run: foo: (pid p) Ts; run: log: (pid p) Ts");
        await_says(&rig, "sv", "foo/log", "run: foo/log: (pid p) Ts");
    }),
    case("places_of_the_log_alone", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        rig.place.dir("sv/foo/supervise");
        service.probe().log();
        let _runsv = service.up();
        await_stat(&kept_log(&service), "run");
        assert_eq!(names(&rig.place.path("sv/.supervise")), ["foo.log"]);
        await_says(&rig, "sv", "foo", "run: foo: (pid p) Ts; run: log: (pid p) Ts");
    }),
    case("places_by_paths", || {
        for (from, path) in [("", "sv/foo"), ("", "./sv//foo///"), ("sv/bar", "../foo"), ("bar", "@/foo/")] {
            let rig = Rig::new();
            rig.place.dir("sv/.supervise");
            let service = rig.service("foo");
            service.probe();
            rig.place.dir("sv/bar");
            let path = path.replace('@', rig.place.path("sv").to_str().unwrap());
            let mut command = rig.command("runsv", &[&path]);
            let _runsv = rig.place.start(command.current_dir(rig.place.dir(from)));
            await_ok(&kept(&service));
            await_stat(&kept(&service), "run");
            let mut status = rig.command("sv", &["status", &path]);
            status.current_dir(rig.place.path(from));
            // What begins with a letter is a name.
            if path.starts_with(['.', '/']) {
                let line = format!("run: {path}: ");
                until("its state", || rig.place.run(&mut status).out.starts_with(&line).then_some(()));
            }
        }
    }),
    case("places_without_a_name", || {
        for (from, path) in [("sv/foo", "."), ("sv/foo/below", ".."), ("sv", "foo/."), ("sv", "foo/./")] {
            let rig = Rig::new();
            rig.place.dir("sv/.supervise");
            let service = rig.service("foo");
            rig.place.dir("sv/foo/below");
            service.probe();
            let mut command = rig.command("runsv", &[path]);
            let _runsv = rig.place.start(command.current_dir(rig.place.path(from)));
            service.await_ok();
            service.await_stat("run");
            assert_eq!(names(&rig.place.path("sv/.supervise")), [""; 0]);
        }
    }),
    case("places_behind_a_link", || {
        for target in ["../run/state", "@"] {
            let rig = Rig::new();
            let there = rig.place.dir("run/state");
            symlink(target.replace('@', there.to_str().unwrap()), rig.place.path("sv/.supervise")).unwrap();
            let service = rig.service("foo");
            service.probe();
            let _runsv = up(&service);
            assert_eq!(names(&there.join("foo")), KEPT);
            await_says(&rig, "sv", "foo", "run: foo: (pid p) Ts");
        }
    }),
    case("places_behind_a_dangling_link", || {
        for target in ["../run/state", "@"] {
            let rig = Rig::new();
            let there = rig.place.dir("run").join("state");
            symlink(target.replace('@', there.to_str().unwrap()), rig.place.path("sv/.supervise")).unwrap();
            let services = ["foo", "bar"].map(|name| rig.service(name));
            let all = services.each_ref().map(|service| service.probe().start());
            for (service, runsv) in services.iter().zip(&all) {
                await_ok(&kept(service));
                await_stat(&kept(service), "run");
                assert_eq!(runsv.err(), "");
            }
            assert_eq!((mode(&there), names(&there)), (0o700, vec!["bar".to_owned(), "foo".to_owned()]));
        }
    }),
    case("places_behind_a_link_too_far", || {
        without(
            |path| symlink("/nonexistent/state", path).unwrap(),
            "unable to stat .supervise: file does not exist",
        );
    }),
    case("places_behind_a_link_too_long", || {
        let target = format!("{}/nonexistent", "/.".repeat(150));
        without(|path| symlink(target, path).unwrap(), "unable to stat .supervise: file does not exist");
    }),
    case("places_in_a_file", || {
        without(|path| fs::write(path, "").unwrap(), ".supervise: not a directory.");
    }),
    case("places_in_a_loop", || {
        without(|path| symlink(".supervise", path).unwrap(), "unable to stat .supervise: symbolic link loop");
    }),
    case("places_out_of_reach", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        rig.place.dir("sv/.supervise/foo");
        rig.place.chmod("sv/.supervise", 0);
        let mut command = rig.unprivileged("runsv", &["foo"]);
        let done = rig.place.run(command.current_dir(rig.place.path("sv")));
        let line = "runsv foo: fatal: unable to open .supervise/foo/lock: access denied\n";
        assert_eq!((done.err.as_str(), done.code), (line, Some(111)));
        let mut command = rig.unprivileged("sv", &["status", "foo"]);
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")));
        let line = "warning: foo: unable to open supervise/ok: access denied\n";
        assert_eq!((done.out.as_str(), done.code), (line, Some(1)));
    }),
    case("places_of_a_stranger", || {
        // Whoever may not look gets an answer that says so.
        beside::with(|service, _| {
            if !nix::unistd::geteuid().is_root() {
                skip("not root");
            }
            let mut command = service.rig.unprivileged("sv", &["status", "foo"]);
            let done = service.rig.place.run(command.env("SVDIR", service.rig.place.path("sv")));
            let line = "warning: foo: unable to open supervise/ok: access denied\n";
            assert_eq!((done.out.as_str(), done.code), (line, Some(1)));
        });
    }),
    case("places_are_locked", || {
        beside::with(|service, _| {
            service.refuses("fatal: unable to lock .supervise/foo/lock: temporary failure");
            await_says(service.rig, "sv", "foo", "run: foo: (pid p) Ts");
        });
    }),
    case("places_of_a_log_are_locked", || {
        // By a service that has the name of the other's log.
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let (service, other) = (rig.service("foo"), rig.service("foo.log"));
        other.probe();
        let _other = up(&other);
        service.probe().log();
        service.refuses("fatal: unable to lock .supervise/foo.log/lock: temporary failure");
    }),
    case("places_with_something_else_in_them", || {
        for (name, line) in [
            ("control", "fatal: .supervise/foo/control exists but is not a fifo"),
            ("lock", "fatal: unable to open .supervise/foo/lock: is a directory"),
        ] {
            let rig = Rig::new();
            let service = rig.service("foo");
            service.probe();
            rig.place.dir(Path::new("sv/.supervise/foo").join(name));
            service.refuses(line);
        }
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        rig.place.file("sv/.supervise/foo", "");
        service.refuses("fatal: unable to open .supervise/foo/lock: not a directory");
    }),
    case("places_and_a_file_that_cannot_be_replaced", || {
        beside::with(|service, runsv| {
            fs::remove_file(kept(service).join("status")).unwrap();
            fs::create_dir(kept(service).join("status")).unwrap();
            control(&kept(service), "p");
            let text = "unable to rename status.new to .supervise/foo/status: is a directory";
            until("a warning", || said(runsv).contains(&text.to_owned()).then_some(()));
        });
    }),
    case("places_and_a_long_name", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service(&"n".repeat(255));
        service.probe();
        let mut runsv = up(&service);
        assert!(sv(&rig, &["status", &service.name]).0.starts_with("run: nnn"));
        runsv.signal(Signal::SIGTERM);
        runsv.wait();
        service.log();
        let place = format!("{}.log", service.name);
        service.refuses(&format!("fatal: unable to open .supervise/{place}/lock: file name too long"));
    }),
    case("places_and_strange_names", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        for name in ["a b", "-n", "*", "log", "x\ny", "'\"", "é", ".log."] {
            let service = rig.service(name);
            service.probe();
            let _runsv = rig
                .place
                .start(rig.command("runsv", &[&format!("./{name}")]).current_dir(rig.place.path("sv")));
            await_ok(&kept(&service));
            await_stat(&kept(&service), "run");
            let path = rig.place.path("sv").join(name);
            let status = || rig.run("sv", &["status", path.to_str().unwrap()]);
            until(name, || status().out.starts_with("run: ").then_some(()));
        }
    }),
];
