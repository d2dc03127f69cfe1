//! `--disable`.
use crate::host::{available, run, supervised};
use runit_tests::place::Output;
use runit_tests::rig::{Rig, masked};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn shows(done: &Output, out: &str, code: i32) {
    assert_eq!((masked(&done.out).as_str(), done.err.as_str(), done.code), (out, "", Some(code)));
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// A rig with one that is enabled.
fn enabled() -> Rig {
    let rig = Rig::new();
    available(&rig, "web");
    assert_eq!(run(&rig, &["--enable", "web"]).code, Some(0));
    rig
}

/// The same, under a runsvdir.
fn running() -> (Rig, runit_tests::place::Running) {
    let rig = Rig::new();
    let runsvdir = supervised(&rig);
    available(&rig, "web");
    assert_eq!(run(&rig, &["-w", "20", "--enable", "--now", "web"]).code, Some(0));
    (rig, runsvdir)
}

pub const CASES: &[Case] = &[
    case("disable_a_name", || {
        let rig = enabled();
        shows(&run(&rig, &["--disable", "web"]), "ok: web: disabled\n", 0);
        assert!(!is_there(&rig.place.path("sv/web")) && rig.place.path("available/web/run").exists());
    }),
    case("disable_and_enable_again", || {
        let rig = enabled();
        for _ in 0..3 {
            shows(&run(&rig, &["--disable", "web"]), "ok: web: disabled\n", 0);
            shows(&run(&rig, &["--enable", "web"]), "ok: web: enabled\n", 0);
        }
    }),
    case("disable_twice", || {
        let rig = enabled();
        shows(&run(&rig, &["--disable", "web", "web"]), "ok: web: disabled\n", 0);
        shows(&run(&rig, &["--disable", "web"]), "ok: web: disabled already\n", 0);
    }),
    case("disable_what_is_nowhere", || {
        let rig = enabled();
        let done = run(&rig, &["--disable", "wbe"]);
        assert!(done.out.starts_with("fail: wbe: ") && done.code == Some(1), "{done:?}");
        assert!(done.out.ends_with("/sv/wbe: file does not exist\n"), "{done:?}");
    }),
    case("disable_a_path", || {
        let rig = enabled();
        let path = rig.place.path("available/web");
        shows(&run(&rig, &["--disable", path.to_str().unwrap()]), "ok: web: disabled\n", 0);
    }),
    case("disable_the_link_by_its_path", || {
        let rig = enabled();
        let path = rig.place.path("sv/web/");
        shows(&run(&rig, &["--disable", path.to_str().unwrap()]), "ok: web: disabled\n", 0);
    }),
    case("disable_a_path_of_something_else", || {
        let rig = enabled();
        rig.place.script("elsewhere/web/run", "exit 0");
        let done = run(&rig, &["--disable", "./elsewhere/web"]);
        assert!(done.out.ends_with("/sv/web: leads elsewhere\n") && done.code == Some(1), "{done:?}");
        assert!(is_there(&rig.place.path("sv/web")));
    }),
    case("disable_a_link_that_leads_nowhere", || {
        let rig = Rig::new();
        symlink("/nowhere", rig.place.path("sv/web")).unwrap();
        shows(&run(&rig, &["--disable", "web"]), "ok: web: disabled\n", 0);
        assert!(!is_there(&rig.place.path("sv/web")));
    }),
    case("disable_a_directory", || {
        let rig = Rig::new();
        rig.place.script("sv/web/run", "exit 0");
        let done = run(&rig, &["--disable", "web"]);
        assert!(done.out.ends_with("/sv/web: not a link: move it away to disable it\n"), "{done:?}");
        assert_eq!(done.code, Some(1));
        assert!(rig.place.path("sv/web/run").exists());
    }),
    case("disable_a_file", || {
        let rig = Rig::new();
        rig.place.file("sv/web", "precious");
        assert_eq!(run(&rig, &["--disable", "web"]).code, Some(1));
        assert_eq!(rig.place.text("sv/web"), "precious");
    }),
    case("disable_what_cannot_be_a_name", || {
        let rig = Rig::new();
        shows(&run(&rig, &["--disable", "a/b"]), "fail: a/b: no name for a service\n", 1);
    }),
    case("disable_goes_on_after_a_failure", || {
        let rig = enabled();
        let done = run(&rig, &["--disable", "nothing", "web"]);
        assert!(done.out.ends_with("ok: web: disabled\n") && done.code == Some(1), "{done:?}");
    }),
    case("disable_leaves_the_rest_to_runsvdir", || {
        let (rig, _runsvdir) = running();
        shows(&run(&rig, &["--disable", "web"]), "ok: web: disabled\n", 0);
        let path = rig.place.path("available/web");
        until("the end of its supervisor", || {
            let done = run(&rig, &["status", path.to_str().unwrap()]);
            done.out.ends_with(": runsv not running\n").then_some(())
        });
    }),
    case("disable_now", || {
        let (rig, _runsvdir) = running();
        let done = run(&rig, &["--disable", "web", "--now", "-w", "20"]);
        shows(&done, "ok: down: web: Ts, normally up\nok: web: disabled\n", 0);
        assert!(!is_there(&rig.place.path("sv/web")));
    }),
    case("disable_now_without_a_supervisor", || {
        let rig = enabled();
        shows(&run(&rig, &["--disable", "--now", "web"]), "ok: web: disabled\n", 0);
    }),
    case("disable_now_what_does_not_stop", || {
        let rig = Rig::new();
        let _runsvdir = supervised(&rig);
        rig.place.script("available/web/run", "trap '' TERM; while :; do sleep 1; done");
        assert_eq!(run(&rig, &["-w", "20", "--enable", "--now", "web"]).code, Some(0));
        let done = run(&rig, &["-w", "0", "--disable", "--now", "web"]);
        shows(
            &done,
            "timeout: run: web: (pid p) Ts, want down, got TERM\nfail: web: not disabled, since it was not stopped\n",
            1,
        );
        assert!(is_there(&rig.place.path("sv/web")));
    }),
    case("disable_now_what_is_disabled", || {
        let rig = Rig::new();
        available(&rig, "web");
        shows(&run(&rig, &["--disable", "--now", "web"]), "ok: web: disabled already\n", 0);
    }),
];
