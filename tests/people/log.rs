//! `sv --log`: which lines, in which order, and how they look.
use crate::host::{on_terminal, run, sv};
use runit_tests::rig::Rig;
use runit_tests::suite::{Case, case, needs_tool};
use std::process::Command;

/// The name of an old log.
pub fn old(number: u32, letter: char) -> String {
    format!("@40000000{number:08x}00000000.{letter}")
}

/// A log directory below `log` of the service, with these files.
pub fn shelf(rig: &Rig, service: &str, files: &[(&str, &str)]) {
    rig.service(service).script("run", "exec sleep 1000").script("log/run", "exec svlogd ./main");
    rig.place.dir(format!("sv/{service}/log/main"));
    for (name, text) in files {
        rig.place.file(format!("sv/{service}/log/main/{name}"), text);
    }
}

fn numbers(range: std::ops::RangeInclusive<u32>) -> String {
    range.map(|number| format!("{number}\n")).collect()
}

/// A service with 30 lines in four files.
fn thirty(rig: &Rig) {
    let files = [
        (old(3, 's'), numbers(21..=25)),
        (old(1, 's'), numbers(1..=9)),
        (old(2, 'u'), numbers(10..=20)),
        ("current".into(), numbers(26..=30)),
        ("lock".into(), String::new()),
        ("config".into(), "n3\n".into()),
        (old(4, 't'), "half of something\n".into()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    shelf(rig, "web", &files);
}

fn shows(rig: &Rig, args: &[&str], text: &str) {
    let done = run(rig, args);
    assert_eq!((done.out.as_str(), done.err.as_str(), done.code), (text, "", Some(0)), "{args:?}");
}

/// Two services with stamps, of which each knows the lines of the other's pauses.
fn two(rig: &Rig) {
    let stamp = |secs: u32| format!("@40000000{:08x}00000000 ", 0x6a00_000a + secs);
    let a = format!("{}a1\n{}a2\nand more\n{}a3\n", stamp(0), stamp(20), stamp(40));
    shelf(rig, "a", &[("current", &a)]);
    let date = |secs: u32| {
        let secs = 0x6a00_0000 + secs;
        format!("2026-05-10_{:02}:{:02}:{:02}.00000 ", secs / 3600 % 24, secs / 60 % 60, secs % 60)
    };
    let b = format!("{}b1\n{}b2\n", date(10), date(30));
    shelf(rig, "bee", &[("current", &b)]);
}

const STAMPED: &str = "@400000006b02f98f0aa7fd3c hello\n";

pub const CASES: &[Case] = &[
    case("log_ten_lines_from_all_files_in_order", || {
        let rig = Rig::new();
        thirty(&rig);
        shows(&rig, &["--log", "web"], &numbers(21..=30));
        for (count, first) in [
            ("1", 30),
            ("5", 26),
            ("6", 25),
            ("10", 21),
            ("21", 10),
            ("22", 9),
            ("29", 2),
            ("30", 1),
            ("31", 1),
        ] {
            shows(&rig, &["--log", "-n", count, "web"], &numbers(first..=30));
        }
        shows(&rig, &["--log", "-nall", "web"], &numbers(1..=30));
        shows(&rig, &["--log", "web", "-n0"], "");
    }),
    case("log_both_letters_of_a_label_are_one", || {
        // A processor has just made the one and not yet removed the other.
        let rig = Rig::new();
        let (before, behind) = (old(1, 'u'), old(1, 's'));
        shelf(&rig, "web", &[(&before, "1\n2\n"), (&behind, "1\n2\n"), ("current", "3\n")]);
        shows(&rig, &["--log", "web"], "1\n2\n3\n");
        shows(&rig, &["--log", "-n", "all", "web"], "1\n2\n3\n");
    }),
    case("log_without_current", || {
        let rig = Rig::new();
        shelf(&rig, "web", &[(&old(1, 's'), "1\n2\n")]);
        shows(&rig, &["--log", "-n1", "web"], "2\n");
        shelf(&rig, "new", &[]);
        shows(&rig, &["--log", "new"], "");
    }),
    case("log_bytes_as_they_are", || {
        let rig = Rig::new();
        let text = format!("{STAMPED}\0\x1b[31m\r\u{e4}\n\nno end");
        shelf(&rig, "web", &[("current", &text)]);
        shows(&rig, &["--log", "web"], &text);
        shows(&rig, &["--log", "--raw", "web"], &text);
        shows(&rig, &["--log", "-n", "1", "web"], "no end");
        shows(&rig, &["--log", "-n", "2", "web"], "\nno end");
    }),
    case("log_long_lines", || {
        let rig = Rig::new();
        let text: String = (1..=7).map(|count| "x".repeat(count * 10_000) + "\n").collect();
        shelf(&rig, "web", &[("current", &text)]);
        shows(
            &rig,
            &["--log", "-n", "2", "web"],
            &format!("{}\n{}\n", "x".repeat(60_000), "x".repeat(70_000)),
        );
    }),
    case("log_local_time", || {
        let rig = Rig::new();
        shelf(
            &rig,
            "web",
            &[("current", &format!("{STAMPED}2026-11-22_14:17:41.20344 x\n2026-11-22T14:17:41.5\nplain\n"))],
        );
        for (zone, hour) in [("UTC0", 14), ("EST5", 9), ("JST-9", 23)] {
            let done = rig.place.run(sv(&rig, &["--log", "--local", "web"]).env("TZ", zone));
            let wanted = format!(
                "2026-11-22 {hour:02}:17:41.178781 hello\n2026-11-22 {hour:02}:17:41.20344 x\n2026-11-22 {hour:02}:17:41.5 \nplain\n"
            );
            assert_eq!(done.out, wanted, "{zone}");
        }
    }),
    case("log_on_a_terminal", || {
        let rig = Rig::new();
        shelf(&rig, "web", &[("current", &format!("{STAMPED}\x1b]0;you\x07\tred\u{9b}31m\n"))]);
        let show = |args: &[&str]| on_terminal(&rig, sv(&rig, args).env("TZ", "UTC0"), 80).text;
        assert_eq!(show(&["--log", "web"]), "2026-11-22 14:17:41.178781 hello\n^[]0;you^G\tredM-^[31m\n");
        assert_eq!(show(&["--log", "--raw", "web"]), format!("{STAMPED}\x1b]0;you\x07\tred\u{9b}31m\n"));
    }),
    case("log_on_a_terminal_ends_its_line", || {
        let rig = Rig::new();
        shelf(&rig, "web", &[("current", "no end")]);
        assert_eq!(on_terminal(&rig, &mut sv(&rig, &["--log", "web"]), 80).text, "no end\n");
    }),
    case("log_several_are_merged_by_time", || {
        let rig = Rig::new();
        two(&rig);
        let done = run(&rig, &["--log", "a", "bee"]);
        let words: Vec<&str> = done.out.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
        // A line without a stamp stays behind the one before.
        assert_eq!(words, ["a1", "b1", "a2", "more", "b2", "a3"], "{done:?}");
        assert!(done.out.lines().all(|line| line.starts_with("a: ") || line.starts_with("bee: ")));
        let shown = on_terminal(&rig, sv(&rig, &["--log", "-n1", "bee", "a"]).env("TZ", "UTC0"), 80).text;
        let day = "2026-05-10 03:";
        assert!(
            shown.starts_with(&format!("bee: {day}")) && shown.contains(&format!("\na:   {day}")),
            "{shown}"
        );
    }),
    case("log_of_one_that_is_missing", || {
        let rig = Rig::new();
        thirty(&rig);
        let done = run(&rig, &["--log", "-n", "1", "nobody", "web"]);
        let why = "fail: nobody: unable to change to service directory: file does not exist\n";
        assert_eq!((done.out.as_str(), done.err.as_str(), done.code), ("web: 30\n", why, Some(1)));
    }),
    case("log_wrong_calls", || {
        let rig = Rig::new();
        for (args, first) in [
            (&["--log"] as &[&str], "usage: sv "),
            (&["--log", "-f"], "usage: sv "),
            (&["--log", "-n", "x", "web"], "usage: sv "),
            (&["--log", "--follow", "web"], "usage: sv "),
            (&["--log", "-v", "web"], "sv: illegal option -- v\nusage: sv "),
            (&["--log", "web", "-n"], "sv: option requires an argument -- n\nusage: sv "),
            (&["-f", "--log", "web"], "sv: illegal option -- f\nusage: sv "),
            (&["-n", "3", "status", "web"], "sv: illegal option -- n\nusage: sv "),
        ] {
            let done = run(&rig, args);
            assert!(done.err.starts_with(first), "{args:?}: {done:?}");
            assert_eq!((done.out.as_str(), done.code), ("", Some(100)), "{args:?}");
        }
    }),
    case("log_compressed", || {
        let rig = Rig::new();
        for tool in ["gzip", "xz", "zstd", "bzip2"] {
            needs_tool(tool);
            shelf(
                &rig,
                tool,
                &[(&old(1, 's'), &numbers(1..=9)), (&old(2, 's'), &numbers(10..=19)), ("current", "20\n")],
            );
            for number in [1, 2] {
                let path = rig.place.path(format!("sv/{tool}/log/main")).join(old(number, 's'));
                let made = Command::new(tool).arg("-c").arg(&path).output().expect("the tool");
                std::fs::write(&path, made.stdout).expect("write");
            }
            shows(&rig, &["--log", tool], &numbers(11..=20));
            shows(&rig, &["--log", "-n", "13", tool], &numbers(8..=20));
            shows(&rig, &["--log", "-n", "all", tool], &numbers(1..=20));
        }
    }),
    case("log_compressed_without_the_tool", || {
        let rig = Rig::new();
        shelf(&rig, "web", &[(&old(1, 's'), "\x1f\u{8b}"), ("current", "2\n")]);
        std::fs::write(rig.place.path("sv/web/log/main").join(old(1, 's')), b"\x1f\x8b\x08 and so on")
            .expect("write");
        let done = rig.place.run(sv(&rig, &["--log", "web"]).env("PATH", "/nowhere"));
        assert_eq!((done.out.as_str(), done.code), ("2\n", Some(1)), "{done:?}");
        assert!(done.err.starts_with("warning: web: it takes gzip to read "), "{done:?}");
        needs_tool("gzip");
        let done = run(&rig, &["--log", "web"]);
        assert_eq!((done.out.as_str(), done.code), ("2\n", Some(1)), "{done:?}");
        assert!(done.err.starts_with("warning: web: gzip failed on an old log in "), "{done:?}");
    }),
    case("log_what_may_not_be_read", || {
        let rig = Rig::new();
        thirty(&rig);
        rig.place.chmod("sv/web/log/main", 0o700);
        let mut command = rig.unprivileged("sv", &["--log", "web"]);
        if !nix::unistd::geteuid().is_root() {
            rig.place.chmod("sv/web/log/main", 0o000);
        }
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")));
        assert_eq!((done.out.as_str(), done.code), ("", Some(1)));
        assert!(
            done.err.starts_with("fail: web: unable to read ") && done.err.ends_with("; ask as root\n"),
            "{done:?}"
        );
    }),
    case("log_a_reader_that_goes_away", || {
        let rig = Rig::new();
        let text: String = (0..200_000).map(|number| format!("{number}\n")).collect();
        shelf(&rig, "web", &[("current", &text)]);
        let mut command = rig.place.command("sh");
        command.arg("-c").arg("\"$0\" --log -n all web | head -n 1").arg(runit_tests::rig::program("sv"));
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")));
        assert_eq!((done.out.as_str(), done.err.as_str()), ("0\n", ""));
    }),
];
