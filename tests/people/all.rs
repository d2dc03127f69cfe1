//! `sv status` without services, and what else means all of them; without a terminal the lines are the frozen ones.
use crate::host::{available, fake, now, run, six, sv};
use runit_tests::rig::{Rig, masked};
use runit_tests::status::{RUN, Status};
use runit_tests::suite::{Case, case};
use std::fs;
use std::os::unix::fs::symlink;

const SIX: &str = "down: cron: Ts\n\
    warning: gone: unable to open supervise/ok: file does not exist\n\
    done: mount: Ts\n\
    run: slow: (pid p) Ts, not ready\n\
    run: ssh: (pid p) Ts; run: log: (pid p) Ts\n\
    down: web: Ts, normally up, failed (5 ends in 60 s, last: exit 1)\n";

/// All are shown, in the frozen lines, by a call with these words.
fn shows_all(args: &[&str]) {
    let rig = Rig::new();
    let _fakes = six(&rig);
    let done = run(&rig, args);
    assert_eq!((masked(&done.out).as_str(), done.err.as_str(), done.code), (SIX, "", Some(1)), "{args:?}");
}

/// The names that are shown.
fn names(rig: &Rig) -> Vec<String> {
    let done = run(rig, &["status"]);
    done.out.lines().map(|line| line.split(": ").nth(1).unwrap_or_default().to_owned()).collect()
}

pub const CASES: &[Case] = &[
    case("all_status", || shows_all(&["status"])),
    case("all_s", || shows_all(&["s"])),
    case("all_stat", || shows_all(&["stat"])),
    case("all_stopp_is_status", || shows_all(&["stopp"])),
    case("all_v_status", || shows_all(&["-v", "status"])),
    case("all_w_status", || shows_all(&["-w", "3", "status"])),
    case("all_all_status", || shows_all(&["--all", "status"])),
    case("all_status_all", || shows_all(&["status", "--all"])),
    case("all_color_auto", || shows_all(&["--color=auto", "status"])),
    case("all_color_never", || shows_all(&["status", "--color=never"])),
    case("all_after_dashes", || shows_all(&["--", "status"])),
    case("all_lines_are_those_of_named_services", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let named = run(&rig, &["status", "cron", "gone", "mount", "slow", "ssh", "web"]);
        assert_eq!(masked(&run(&rig, &["status"]).out), masked(&named.out));
    }),
    case("all_sorted_by_bytes", || {
        let rig = Rig::new();
        let _fakes: Vec<_> = ["b", "a", "B", "ä", "a-", "10", "9"]
            .map(|name| fake(&rig, name, now(RUN, 1, b'u')).1)
            .into_iter()
            .collect();
        assert_eq!(names(&rig), ["10", "9", "B", "a", "a-", "b", "ä"]);
    }),
    case("all_of_an_empty_directory", || {
        let rig = Rig::new();
        let done = run(&rig, &["status"]);
        assert_eq!((done.out.as_str(), done.err.as_str(), done.code), ("", "", Some(0)));
    }),
    case("all_leaves_out_files_and_dots", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "web", now(RUN, 1, b'u')).1;
        rig.place.file("sv/README", "x");
        rig.place.dir("sv/.hidden");
        rig.place.dir("sv/.supervise");
        symlink(rig.place.path("sv/README"), rig.place.path("sv/link")).unwrap();
        assert_eq!(names(&rig), ["web"]);
    }),
    case("all_follows_links", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "../elsewhere/web", now(RUN, 1, b'u')).1;
        symlink("../elsewhere/web", rig.place.path("sv/httpd")).unwrap();
        let done = run(&rig, &["status"]);
        assert_eq!((masked(&done.out).as_str(), done.code), ("run: httpd: (pid p) Ts\n", Some(0)));
    }),
    case("all_tells_of_links_that_lead_nowhere", || {
        let rig = Rig::new();
        symlink("/nowhere", rig.place.path("sv/web")).unwrap();
        let done = run(&rig, &["status"]);
        let line = "fail: web: unable to change to service directory: file does not exist\n";
        assert_eq!((done.out.as_str(), done.code), (line, Some(1)));
    }),
    case("all_counts_failures", || {
        let rig = Rig::new();
        for name in ["a", "b", "c"] {
            rig.service(name).script("run", "exit 0");
        }
        let _fake = fake(&rig, "d", now(RUN, 1, b'u')).1;
        assert_eq!(run(&rig, &["status"]).code, Some(3));
        assert_eq!(run(&rig, &["--json", "status"]).code, Some(3));
        assert_eq!(run(&rig, &["--color=always", "status"]).code, Some(3));
    }),
    case("all_names_of_any_bytes", || {
        use std::os::unix::ffi::OsStrExt;
        let rig = Rig::new();
        let name = std::ffi::OsStr::from_bytes(b"a\xffb");
        fs::create_dir(rig.place.path("sv").join(name)).unwrap();
        let done = rig.place.run(&mut sv(&rig, &["status"]));
        assert!(done.out.contains("a\u{fffd}b"), "{done:?}");
    }),
    case("all_without_the_directory", || {
        let rig = Rig::new();
        fs::remove_dir(rig.place.path("sv")).unwrap();
        let done = run(&rig, &["status"]);
        let line = format!(
            "fatal: unable to open directory: {}: file does not exist\n",
            rig.place.path("sv").display()
        );
        assert_eq!((done.out.as_str(), done.err, done.code), ("", line, Some(100)));
    }),
    case("all_with_svdir_through_links", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "web", now(RUN, 1, b'u')).1;
        symlink(rig.place.path("sv"), rig.place.path("current")).unwrap();
        symlink("current", rig.place.path("service")).unwrap();
        let done = rig.place.run(sv(&rig, &["status"]).env("SVDIR", rig.place.path("service")));
        assert_eq!(masked(&done.out), "run: web: (pid p) Ts\n");
    }),
    case("all_with_a_relative_svdir", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "web", now(RUN, 1, b'u')).1;
        let done = rig.place.run(sv(&rig, &["status"]).env("SVDIR", "sv"));
        assert_eq!(masked(&done.out), "run: web: (pid p) Ts\n");
    }),
    case("all_tells_of_trouble_with_a_log", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "web", now(RUN, 1, b'u')).1;
        rig.place.script("sv/web/log/run", "exit 0");
        let done = run(&rig, &["status"]);
        let line =
            "run: web: (pid p) Ts; warning: web/log: unable to open supervise/ok: file does not exist\n";
        assert_eq!((masked(&done.out).as_str(), done.code), (line, Some(1)));
    }),
    case("all_is_for_what_shows", || {
        let rig = Rig::new();
        available(&rig, "web");
        for args in [&["--all", "stop"] as &[_], &["--all", "start"], &["stop", "--all"], &["--all", "check"]]
        {
            let done = run(&rig, args);
            assert_eq!((done.out.as_str(), done.code), ("", Some(100)), "{args:?}");
            assert!(
                done.err.starts_with("sv: --all is for status, --watch and --wait\nusage: sv "),
                "{done:?}"
            );
        }
    }),
    case("all_and_names", || {
        let rig = Rig::new();
        let done = run(&rig, &["--all", "status", "web"]);
        assert_eq!(done.code, Some(100));
        assert!(done.err.starts_with("sv: --all names every service already\nusage: sv "), "{done:?}");
    }),
    case("all_not_for_scripts", || {
        let rig = Rig::new();
        let link = rig.place.dir("init.d").join("web");
        symlink(runit_tests::rig::program("sv"), &link).unwrap();
        let (_service, _fake) = fake(&rig, "web", Status::now(RUN, 7, b'u'));
        let mut command = rig.place.command(&link);
        let done = rig.place.run(command.arg("status").env("SVDIR", rig.place.path("sv")));
        assert_eq!((masked(&done.out).as_str(), done.code), ("run: web: (pid p) Ts\n", Some(0)));
    }),
];
