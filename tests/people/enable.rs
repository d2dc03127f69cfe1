//! `--enable` and `--list-available`.
use crate::host::{Shown, available, on_terminal, run, supervised, sv};
use runit_tests::place::Output;
use runit_tests::rig::{Rig, masked};
use runit_tests::suite::{Case, case};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

/// Where a link leads, by its text.
fn link(rig: &Rig, name: &str) -> Option<PathBuf> {
    fs::read_link(rig.place.path("sv").join(name)).ok()
}

fn shows(done: &Output, out: &str, code: i32) {
    assert_eq!((done.out.as_str(), done.err.as_str(), done.code), (out, "", Some(code)));
}

/// Refused, with a line that ends so; and what is there stays as it is.
fn refused(rig: &Rig, name: &str, end: &str) {
    let listing = || {
        let mut all: Vec<_> =
            fs::read_dir(rig.place.path("sv")).unwrap().map(|it| it.unwrap().path()).collect();
        all.sort();
        all.into_iter().map(|path| (fs::read_link(&path).ok(), path)).collect::<Vec<_>>()
    };
    let before = listing();
    let done = run(rig, &["--enable", name]);
    assert!(done.out.starts_with(&format!("fail: {name}: ")) && done.out.ends_with(end), "{done:?}");
    assert_eq!((done.code, listing()), (Some(1), before));
}

pub const CASES: &[Case] = &[
    case("enable_a_name", || {
        let rig = Rig::new();
        let place = available(&rig, "web");
        shows(&run(&rig, &["--enable", "web"]), "ok: web: enabled\n", 0);
        assert_eq!(link(&rig, "web"), Some(place));
    }),
    case("enable_several", || {
        let rig = Rig::new();
        let places = ["a", "b"].map(|name| available(&rig, name));
        shows(&run(&rig, &["--enable", "a", "b"]), "ok: a: enabled\nok: b: enabled\n", 0);
        assert_eq!([link(&rig, "a"), link(&rig, "b")], places.map(Some));
    }),
    case("enable_a_path", || {
        let rig = Rig::new();
        rig.place.script("elsewhere/web/run", "exec sleep 1000");
        let place = rig.place.path("elsewhere/web");
        shows(&run(&rig, &["--enable", place.to_str().unwrap()]), "ok: web: enabled\n", 0);
        assert_eq!(link(&rig, "web"), Some(place));
    }),
    case("enable_a_relative_path_is_made_absolute", || {
        let rig = Rig::new();
        rig.place.script("elsewhere/web/run", "exec sleep 1000");
        shows(&run(&rig, &["--enable", "./elsewhere/web/"]), "ok: web: enabled\n", 0);
        assert_eq!(link(&rig, "web"), Some(rig.place.path("elsewhere/web")));
        assert!(rig.place.path("sv/web/run").exists());
    }),
    case("enable_here", || {
        let rig = Rig::new();
        let place = available(&rig, "web");
        let done = rig.place.run(sv(&rig, &["--enable", "."]).current_dir(&place));
        shows(&done, "ok: web: enabled\n", 0);
        assert_eq!(link(&rig, "web"), Some(place));
    }),
    case("enable_with_a_relative_directory", || {
        let rig = Rig::new();
        let place = available(&rig, "web");
        let mut command = sv(&rig, &["--enable", "web"]);
        shows(
            &rig.place.run(command.env("RUNIT_SERVICES", "available").env("SVDIR", "sv")),
            "ok: web: enabled\n",
            0,
        );
        assert_eq!(link(&rig, "web"), Some(place));
    }),
    case("enable_twice", || {
        let rig = Rig::new();
        available(&rig, "web");
        shows(&run(&rig, &["--enable", "web", "web"]), "ok: web: enabled\nok: web: enabled already\n", 0);
        shows(&run(&rig, &["--enable", "web"]), "ok: web: enabled already\n", 0);
    }),
    case("enable_through_links", || {
        let rig = Rig::new();
        let place = available(&rig, "web");
        // Void: /var/service -> /run/runit/runsvdir/current -> /etc/runit/runsvdir/default.
        symlink("sv", rig.place.path("current")).unwrap();
        rig.place.dir("var");
        symlink(rig.place.path("current"), rig.place.path("var/service")).unwrap();
        let mut command = sv(&rig, &["--enable", "web"]);
        shows(&rig.place.run(command.env("SVDIR", rig.place.path("var/service"))), "ok: web: enabled\n", 0);
        assert_eq!(link(&rig, "web"), Some(place));
        assert!(rig.place.path("var/service/web/run").exists());
    }),
    case("enable_what_is_not_available", || {
        let rig = Rig::new();
        available(&rig, "web");
        refused(&rig, "wbe", "/available/wbe: file does not exist\n");
    }),
    case("enable_a_directory_without_run", || {
        let rig = Rig::new();
        rig.place.dir("available/web");
        refused(&rig, "web", "/available/web/run: file does not exist\n");
    }),
    case("enable_a_file", || {
        let rig = Rig::new();
        rig.place.file("available/web", "");
        refused(&rig, "web", "/available/web: not a directory\n");
    }),
    case("enable_over_a_directory", || {
        let rig = Rig::new();
        available(&rig, "web");
        rig.place.script("sv/web/run", "exit 0");
        refused(&rig, "web", "/sv/web: is something else\n");
        assert!(rig.place.path("sv/web/run").exists());
    }),
    case("enable_over_a_file", || {
        let rig = Rig::new();
        available(&rig, "web");
        rig.place.file("sv/web", "precious");
        refused(&rig, "web", "/sv/web: is something else\n");
        assert_eq!(rig.place.text("sv/web"), "precious");
    }),
    case("enable_over_another_link", || {
        let rig = Rig::new();
        available(&rig, "web");
        symlink(available(&rig, "other"), rig.place.path("sv/web")).unwrap();
        refused(&rig, "web", "/sv/web: is something else\n");
    }),
    case("enable_over_a_link_that_leads_nowhere", || {
        let rig = Rig::new();
        available(&rig, "web");
        symlink("/nowhere", rig.place.path("sv/web")).unwrap();
        refused(&rig, "web", "/sv/web: is something else\n");
    }),
    case("enable_what_cannot_be_a_name", || {
        let rig = Rig::new();
        rig.place.script("available/.web/run", "exit 0");
        refused(&rig, "a/b", ": no name for a service\n");
        refused(&rig, &rig.place.path("available/.web").display().to_string(), ": no name for a service\n");
    }),
    case("enable_without_the_directory_of_services", || {
        let rig = Rig::new();
        available(&rig, "web");
        fs::remove_dir(rig.place.path("sv")).unwrap();
        let done = run(&rig, &["--enable", "web"]);
        assert!(done.out.starts_with("fail: web: unable to link ") && done.code == Some(1), "{done:?}");
        assert!(done.out.ends_with("/sv/web: file does not exist\n"), "{done:?}");
    }),
    case("enable_goes_on_after_a_failure", || {
        let rig = Rig::new();
        available(&rig, "b");
        let done = run(&rig, &["--enable", "a", "b"]);
        assert!(done.out.ends_with("ok: b: enabled\n") && done.code == Some(1), "{done:?}");
        assert!(link(&rig, "b").is_some());
    }),
    case("enable_a_name_of_any_bytes", || {
        let rig = Rig::new();
        available(&rig, "a b'ü");
        shows(&run(&rig, &["--enable", "a b'ü"]), "ok: a b'ü: enabled\n", 0);
    }),
    case("enable_after_two_dashes", || {
        let rig = Rig::new();
        available(&rig, "--now");
        shows(&run(&rig, &["--enable", "--", "--now"]), "ok: --now: enabled\n", 0);
    }),
    case("enable_now", || {
        let rig = Rig::new();
        let _runsvdir = supervised(&rig);
        available(&rig, "web");
        let done = run(&rig, &["-w", "20", "--enable", "web", "--now"]);
        shows(&Output { out: masked(&done.out), ..done }, "ok: web: enabled\nok: run: web: (pid p) Ts\n", 0);
    }),
    case("enable_now_what_is_normally_down", || {
        let rig = Rig::new();
        let _runsvdir = supervised(&rig);
        available(&rig, "web");
        rig.place.file("available/web/down", "");
        let done = run(&rig, &["--enable", "--now", "-w", "20", "web"]);
        assert_eq!(masked(&done.out), "ok: web: enabled\nok: run: web: (pid p) Ts, normally down\n");
    }),
    case("enable_now_without_a_supervisor", || {
        let rig = Rig::new();
        available(&rig, "web");
        let done = run(&rig, &["--enable", "--now", "-w", "0", "web"]);
        assert_eq!(done.code, Some(1));
        assert!(
            done.out.starts_with("ok: web: enabled\nwarning: web: unable to open supervise/"),
            "{done:?}"
        );
    }),
    case("enable_now_what_is_enabled", || {
        let rig = Rig::new();
        let _runsvdir = supervised(&rig);
        available(&rig, "web");
        assert_eq!(run(&rig, &["--enable", "--now", "-w", "20", "web"]).code, Some(0));
        assert_eq!(run(&rig, &["-w", "20", "stop", "web"]).code, Some(0));
        let done = run(&rig, &["--enable", "--now", "-w", "20", "web"]);
        assert_eq!(masked(&done.out), "ok: web: enabled already\nok: run: web: (pid p) Ts\n");
    }),
    case("list_available", || {
        let rig = Rig::new();
        for name in ["web", "db", "a"] {
            available(&rig, name);
        }
        rig.place.dir("available/no-run");
        rig.place.file("available/file", "");
        rig.place.script("available/.hidden/run", "exit 0");
        run(&rig, &["--enable", "db"]);
        shows(&run(&rig, &["--list-available"]), "available: a\nenabled: db\navailable: web\n", 0);
    }),
    case("list_available_under_another_name", || {
        let rig = Rig::new();
        symlink(available(&rig, "web"), rig.place.path("sv/httpd")).unwrap();
        shows(&run(&rig, &["--list-available"]), "enabled: web\n", 0);
    }),
    case("list_available_on_a_terminal", || {
        let rig = Rig::new();
        available(&rig, "web");
        let Shown { text, code } = on_terminal(&rig, &mut sv(&rig, &["--list-available"]), 80);
        assert_eq!((text.as_str(), code), ("available: web\n", Some(0)));
    }),
    case("list_available_of_nothing", || {
        let rig = Rig::new();
        rig.place.dir("available");
        shows(&run(&rig, &["--list-available"]), "", 0);
    }),
    case("list_available_without_a_directory", || {
        let done = run(&Rig::new(), &["--list-available"]);
        assert!(
            done.err.starts_with("fatal: unable to open directory: ") && done.code == Some(100),
            "{done:?}"
        );
    }),
    case("enable_an_instance", || {
        let rig = Rig::new();
        let place = available(&rig, "getty@");
        shows(&run(&rig, &["--enable", "getty@tty1"]), "ok: getty@tty1: enabled\n", 0);
        assert_eq!(link(&rig, "getty@tty1"), Some(place));
        shows(&run(&rig, &["--enable", "getty@tty1"]), "ok: getty@tty1: enabled already\n", 0);
        let long = rig.place.path("available/getty@tty2/");
        rig.place.dir("sv/.supervise");
        shows(&run(&rig, &["--enable", long.to_str().unwrap()]), "ok: getty@tty2: enabled\n", 0);
        assert_eq!(link(&rig, "getty@tty2"), link(&rig, "getty@tty1"));
        shows(&run(&rig, &["--enable", "getty@"]), "ok: getty@: enabled\n", 0);
    }),
    case("enable_an_instance_of_the_longest_template", || {
        let rig = Rig::new();
        let (short, long) = (available(&rig, "a@"), available(&rig, "a@b@"));
        rig.place.dir("sv/.supervise");
        run(&rig, &["--enable", "a@b@c", "a@c"]);
        assert_eq!((link(&rig, "a@b@c"), link(&rig, "a@c")), (Some(long), Some(short)));
    }),
    case("enable_what_has_the_name_of_an_instance", || {
        let rig = Rig::new();
        available(&rig, "getty@");
        let own = available(&rig, "getty@tty1");
        run(&rig, &["--enable", "getty@tty1"]);
        assert_eq!(link(&rig, "getty@tty1"), Some(own));
    }),
    case("enable_no_instance_without_a_template", || {
        let rig = Rig::new();
        available(&rig, "getty");
        rig.place.dir("available/empty@");
        refused(&rig, "getty@tty1", "/available/getty@tty1: file does not exist\n");
        refused(&rig, "empty@tty1", "/available/empty@/run: file does not exist\n");
        refused(&rig, "@tty1", "/available/@tty1: file does not exist\n");
    }),
    case("enable_no_second_instance_that_shares_a_supervise", || {
        let rig = Rig::new();
        available(&rig, "getty@");
        run(&rig, &["--enable", "getty@tty1"]);
        refused(&rig, "getty@tty2", "/available/getty@/supervise\n");
        rig.place.dir("sv/.supervise");
        rig.place.dir("available/getty@/supervise");
        refused(&rig, "getty@tty2", "/available/getty@/supervise\n");
        fs::remove_dir(rig.place.path("available/getty@/supervise")).unwrap();
        shows(&run(&rig, &["--enable", "getty@tty2"]), "ok: getty@tty2: enabled\n", 0);
    }),
    case("enable_an_instance_where_a_link_leads_there_otherwise", || {
        let rig = Rig::new();
        let place = available(&rig, "getty@");
        symlink(&place, rig.place.path("alias")).unwrap();
        symlink(rig.place.path("alias"), rig.place.path("sv/getty@tty1")).unwrap();
        refused(&rig, "getty@tty1", "/sv/getty@tty1: is something else\n");
    }),
    case("enable_instances_now", || {
        let rig = Rig::new();
        rig.place.script("available/echo@/run", "echo \"$1\" >\"../told-$1\"; exec sleep 1000");
        rig.place.dir("sv/.supervise");
        let _runsvdir = supervised(&rig);
        let done = run(&rig, &["--enable", "--now", "-w", "20", "echo@a", "echo@b"]);
        let out = masked(&done.out);
        let mut lines: Vec<&str> = out.lines().collect();
        // The one that is up first is told first.
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "ok: echo@a: enabled",
                "ok: echo@b: enabled",
                "ok: run: echo@a: (pid p) Ts",
                "ok: run: echo@b: (pid p) Ts"
            ]
        );
        assert_eq!(
            (rig.place.text("available/told-a"), rig.place.text("available/told-b")),
            ("a\n".into(), "b\n".into())
        );
        let done = run(&rig, &["--disable", "--now", "-w", "20", "echo@a"]);
        assert!(done.out.ends_with("ok: echo@a: disabled\n") && done.code == Some(0), "{done:?}");
        assert_eq!((link(&rig, "echo@a"), link(&rig, "echo@b").is_some()), (None, true));
        shows(&run(&rig, &["--disable", "echo@a"]), "ok: echo@a: disabled already\n", 0);
    }),
    case("list_instances", || {
        let rig = Rig::new();
        for name in ["getty@", "web", "a@b"] {
            available(&rig, name);
        }
        rig.place.dir("sv/.supervise");
        run(&rig, &["--enable", "getty@tty2", "getty@tty1", "a@b"]);
        let lines =
            "enabled: a@b\navailable: getty@\nenabled: getty@tty1\nenabled: getty@tty2\navailable: web\n";
        shows(&run(&rig, &["--list-available"]), lines, 0);
        run(&rig, &["--enable", "getty@"]);
        assert!(run(&rig, &["--list-available"]).out.contains("enabled: getty@\nenabled: getty@tty1\n"));
    }),
];
