//! Wrong calls and unusual ones: texts and exit codes.
use runit_tests::place::Output;
use runit_tests::programs::Programs;
use runit_tests::rig::{Rig, program};
use runit_tests::suite::{Case, case};
use std::os::unix::process::CommandExt;

pub const CASES: &[Case] = &[
    case("usage_runsv", || {
        let shown = format!("{} dir", path("runsv"));
        expect_usage("runsv", &[], &shown, 1);
        expect_usage("runsv", &["a", "b"], &shown, 1);
    }),
    case("usage_runsv_has_no_options", || {
        expect_fatal(
            "runsv",
            &["-V"],
            "runsv -V: fatal: unable to change to directory: file does not exist",
            111,
        );
        expect_fatal(
            "runsv",
            &["-"],
            "runsv -: fatal: unable to change to directory: file does not exist",
            111,
        );
    }),
    case("usage_shows_argv0", || {
        let rig = Rig::new();
        for (name, rest, code) in
            [("runsv", " dir", 1), ("runsvdir", " [-P] dir", 1), ("runit-init", " 0|6", 0)]
        {
            if Programs::get().have(name) {
                let done = rig.place.run(rig.command(name, &[]).arg0("./odd name"));
                assert_eq!((done.err, done.code), (format!("usage: ./odd name{rest}\n\n"), Some(code)));
            }
        }
        let done = rig.place.run(rig.command("sv", &[]).arg0("/any/where/sv"));
        assert_eq!(done.err, "usage: sv [-v] [-w sec] command service ...\n\n");
    }),
    case("usage_runsvdir", || {
        let shown = format!("{} [-P] dir", path("runsvdir"));
        expect_usage("runsvdir", &[], &shown, 1);
        expect_usage("runsvdir", &["-P"], &shown, 1);
        expect_usage("runsvdir", &["-Pxyz"], &shown, 1);
        expect_usage("runsvdir", &["--"], &shown, 1);
        expect_usage("runsvdir", &["--anything"], &shown, 1);
    }),
    case("usage_sv", || {
        for args in [&[][..], &["up"], &["", "x"], &["-v"], &["-v", "-w", "3"], &["--"], &["--x", "up"]] {
            expect_usage("sv", args, SV, 100);
        }
    }),
    case("usage_sv_unknown_words", || {
        for word in ["list", "restart-now", "force", "force-up", "7", "-", "S", "U", "0", "wait", "*"] {
            expect_usage("sv", &[word, "x"], SV, 100);
        }
    }),
    case("usage_sv_platform", || {
        let done = Rig::new().run("sv", &["--platform"]);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
        for row in
            ["system  ", "process 1  ", "requests  ", "power off  ", "ctrl-alt-del  ", "login records  "]
        {
            assert!(done.out.lines().any(|line| line.starts_with(row)), "{row}: {}", done.out);
        }
        // The name of a service's script has no such option.
        let done = Rig::new();
        let done = done.place.run(done.command("sv", &["--platform"]).arg0("x"));
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""));
    })
    .ours(),
    case("usage_sv_version", || {
        let done = Rig::new().run("sv", &["-V", "status", "x"]);
        expect_version(&done, &format!("usage: {SV}\n\n"), 100);
    }),
    case("usage_sv_illegal_option", || {
        let rig = Rig::new();
        for (args, line) in [
            (&["-x", "status", "a"][..], "sv: illegal option -- x"),
            (&["-vx", "status", "a"], "sv: illegal option -- x"),
            (&["-x"], "sv: illegal option -- x"),
            (&["-v-"], "sv: illegal option -- -"),
            (&["-w"], "sv: option requires an argument -- w"),
            (&["-vw"], "sv: option requires an argument -- w"),
        ] {
            let done = rig.run("sv", args);
            assert_eq!(done.err, format!("{line}\nusage: {SV}\n\n"), "{args:?}");
            assert_eq!((done.out.as_str(), done.code), ("", Some(100)));
        }
    }),
    case("usage_lsb", || {
        let rig = Rig::new();
        let link = rig.place.path("web");
        std::os::unix::fs::symlink(program("sv"), &link).unwrap();
        for args in [&[][..], &["bogus"], &["stat"], &["statuss"], &["-w", "3"]] {
            let done = rig.place.run(rig.place.command(&link).args(args));
            let text = "usage: web [-w sec] command\n\n".to_owned();
            assert_eq!((done.err, done.out, done.code), (text, String::new(), Some(2)), "{args:?}");
        }
        let done = rig.place.run(rig.place.command(&link).args(["-q", "status"]));
        let text = "web: illegal option -- q\nusage: web [-w sec] command\n\n".to_owned();
        assert_eq!((done.err, done.code), (text, Some(2)));
        let done = rig.place.run(rig.place.command(&link).args(["-V"]));
        expect_version(&done, "usage: web [-w sec] command\n\n", 2);
    }),
    case("usage_runit_init", || {
        let shown = format!("{} 0|6", path("runit-init"));
        for args in [&[][..], &[""], &["1"], &["s"], &["-"], &["-v"], &[" 0"], &["x", "0"]] {
            expect_usage("runit-init", args, &shown, 0);
        }
    }),
    case("usage_runit_init_version", || {
        let done = Rig::new().run("runit-init", &["-V"]);
        expect_version(&done, &format!("usage: {} 0|6\n\n", path("runit-init")), 0);
    }),
    case("usage_runit_only_as_process_1", || {
        for args in [&[][..], &["0"], &["-V"]] {
            expect_fatal("runit", args, "- runit: fatal: must be run as process no 1.", 111);
        }
    }),
    case("usage_long_options", || {
        let rig = Rig::new();
        for name in ["sv", "runsv", "runsvdir", "runit-init", "runit"] {
            let version = rig.run(name, &["--version"]);
            assert!(version.out.starts_with(&format!("{name} ")), "{version:?}");
            assert_eq!((version.code, version.err.as_str()), (Some(0), ""));
            let help = rig.run(name, &["--help"]);
            assert!(help.out.starts_with(&format!("usage: {name}")), "{help:?}");
            assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
        }
    })
    .ours(),
];

const SV: &str = "sv [-v] [-w sec] command service ...";

fn path(name: &str) -> String {
    program(name).to_string_lossy().into_owned()
}

fn expect_usage(name: &str, args: &[&str], shown: &str, code: i32) {
    let done = Rig::new().run(name, args);
    let text = format!("usage: {shown}\n\n");
    assert_eq!((done.err, done.out, done.code), (text, String::new(), Some(code)), "{args:?}");
}

fn expect_fatal(name: &str, args: &[&str], line: &str, code: i32) {
    let done = Rig::new().run(name, args);
    assert_eq!((done.err, done.out, done.code), (format!("{line}\n"), String::new(), Some(code)), "{args:?}");
}

/// A line that tells versions apart, then the usage text.
fn expect_version(done: &Output, usage: &str, code: i32) {
    let (line, rest) = done.err.split_once('\n').expect("a line");
    assert!(!line.is_empty() && line != "usage", "{line}");
    assert_eq!((rest.trim_start_matches('\n'), done.code), (usage, Some(code)));
    assert_eq!(done.out, "");
}
