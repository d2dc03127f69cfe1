//! svlogd: its command line and what it does to lines.
use crate::svlogd_rig::{Logs, shape};
use runit_tests::rig::{Rig, program};
use runit_tests::suite::{Case, case};
use std::os::unix::process::CommandExt;

const USAGE: &str = " [-ttv] [-r c] [-R abc] [-l len] [-b buflen] dir ...";

fn usage() -> String {
    format!("usage: {}{USAGE}\n\n", program("svlogd").display())
}

/// A wrong call: what it says before the usage text.
fn refuses(args: &[&str], first: &str) {
    let logs = Logs::new("");
    let done = logs.run(args, "x\n");
    assert_eq!(
        (done.err, done.out, done.code),
        (format!("{first}{}", usage()), String::new(), Some(111)),
        "{args:?}"
    );
}

fn logs(args: &[&str], input: &str, wanted: &str) {
    assert_eq!(Logs::new("").logged(args, input), wanted, "{args:?}");
}

pub const CASES: &[Case] = &[
    case("svlogd_usage", || {
        refuses(&[], "");
        refuses(&["-t"], "");
        refuses(&["--"], "");
        refuses(&["-r", "xy", "log"], "");
        refuses(&["-r", "", "log"], "");
    }),
    case("svlogd_usage_shows_argv0", || {
        let rig = Rig::new();
        let done = rig.place.run(rig.command("svlogd", &[]).arg0("./odd name"));
        assert_eq!((done.err, done.code), (format!("usage: ./odd name{USAGE}\n\n"), Some(111)));
    }),
    case("svlogd_illegal_option", || {
        refuses(&["-x", "log"], "svlogd: illegal option -- x\n");
        refuses(&["-tx", "log"], "svlogd: illegal option -- x\n");
        refuses(&["-l"], "svlogd: option requires an argument -- l\n");
        refuses(&["-tR"], "svlogd: option requires an argument -- R\n");
    }),
    case("svlogd_version", || {
        let done = Logs::new("").run(&["-V", "log"], "");
        let (line, rest) = done.err.split_once('\n').expect("a line");
        assert!(!line.is_empty());
        assert_eq!((rest, done.code), (usage().as_str(), Some(111)));
    }),
    case("svlogd_long_options", || {
        let logs = Logs::new("");
        let version = logs.run(&["--version"], "");
        assert!(version.out.starts_with("svlogd "), "{version:?}");
        let help = logs.run(&["--help"], "");
        // What C runit's has not is told only here.
        let usage = USAGE.replace(" dir", " [--lossy] dir");
        assert!(help.out.starts_with(&format!("usage: svlogd{usage}")), "{help:?}");
        assert_eq!((version.code, version.err.as_str(), help.code), (Some(0), "", Some(0)));
    })
    .ours(),
    case("svlogd_other_words_end_the_options", || {
        logs(&["--version"], "x\n", "x\n");
        logs(&["--"], "x\n", "x\n");
    }),
    case("svlogd_buffer_must_be_larger", || {
        refuses(&["-l", "1024", "log"], "");
        refuses(&["-b", "1000", "log"], "");
        refuses(&["-l", "50", "-b", "50", "log"], "");
        logs(&["-l", "1023"], "x\n", "x\n");
        logs(&["-b", "1001"], "x\n", "x\n");
        logs(&["-l", "2000", "-b", "2001"], "x\n", "x\n");
    }),
    case("svlogd_numbers_of_options", || {
        logs(&["-l", "3x", "-r", "_"], "a\tb\tc\td\n", "a_b\tc\td\n");
        for zero in ["0", "x", ""] {
            logs(&["-l", zero, "-r", "_"], "a\tb\n", "a_b\n");
            logs(&["-b", zero], "a\n", "a\n");
        }
    }),
    case("svlogd_plain", || {
        logs(&[], "one\ntwo\n", "one\ntwo\n");
        logs(&[], "", "");
        logs(&[], "\n\n", "\n\n");
        logs(&[], "\0\u{7f}ü\t\n", "\0\u{7f}ü\t\n");
    }),
    case("svlogd_label", || {
        let text = Logs::new("").logged(&["-t"], "one\n\n");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        for (line, rest) in lines.iter().zip(["one", ""]) {
            let (stamp, text) = line.split_at(26);
            assert_eq!(text, rest);
            assert!(stamp.starts_with("@40000000") && stamp.ends_with(' '), "{stamp}");
            assert!(stamp[1..25].bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
            let nanos = u32::from_str_radix(&stamp[17..25], 16).unwrap();
            assert!(nanos < 1_000_000_000 && nanos % 1000 == 500, "{stamp}");
        }
    }),
    case("svlogd_date", || {
        for (option, separator) in [("-tt", '_'), ("-ttt", 'T'), ("-tttt", 'T')] {
            let text = Logs::new("").logged(&[option], "x\n\n");
            let stamp = format!("0000-00-00{separator}00:00:00.00000 ");
            assert_eq!(shape(&text), format!("{stamp}x\n{stamp}\n"), "{option}");
        }
        let text = Logs::new("").logged(&["-t", "-v", "-t"], "x\n");
        assert_eq!(shape(&text), "0000-00-00_00:00:00.00000 x\n");
    }),
    case("svlogd_date_is_now_in_utc", || {
        let date = |format: &str| {
            let done = std::process::Command::new("date").args(["-u", format]).output().unwrap();
            String::from_utf8(done.stdout).unwrap().trim().to_owned()
        };
        let logs = Logs::new("");
        let before = date("+%Y-%m-%dT%H:%M:%S");
        let path = logs.rig.place.file("input", "x\n");
        let mut command = logs.command(&["-ttt", "log"]);
        command.env("TZ", "Asia/Tokyo").stdin(std::fs::File::open(path).unwrap());
        assert_eq!(logs.rig.place.run(&mut command).code, Some(0));
        let (text, after) = (logs.text("current"), date("+%Y-%m-%dT%H:%M:%S"));
        assert!(before.as_str() <= &text[..19] && &text[..19] <= after.as_str(), "{before} {text} {after}");
    }),
    case("svlogd_replaces", || {
        logs(&["-r", "."], "a\tb\u{7f}\u{1}ü ~\n", "a.b.... ~\n");
        logs(&["-R", ""], "a\tb\n", "a_b\n");
        logs(&["-R", "ab"], "cab\t\n", "c___\n");
        logs(&["-R", "ab", "-r", "+"], "cab\t\n", "c+++\n");
        logs(&["-r", "+", "-R", "ab"], "cab\t\n", "c+++\n");
        logs(&["-r", "+", "-r", "-"], "\t\n", "-\n");
    }),
    case("svlogd_replaces_only_what_counts", || {
        logs(&["-r", ".", "-l", "3"], "\t\t\t\t\t\n\t\n", "...\t\t\n.\n");
    }),
    case("svlogd_replaces_before_matching", || {
        let text = Logs::new("-*\n+a.b\n").logged(&["-r", "."], "a\tb\na b\n");
        assert_eq!(text, "a.b\n");
    }),
    case("svlogd_long_lines_stay_whole", || {
        for length in [999, 1000, 1001, 1023, 1024, 1025, 5000, 70_000, 200_000] {
            let line = "0123456789".repeat(length / 10 + 1)[..length].to_owned();
            logs(&[], &format!("a\n{line}\nb\n"), &format!("a\n{line}\nb\n"));
            logs(&["-l", "5"], &format!("{line}\n"), &format!("{line}\n"));
        }
    }),
    case("svlogd_many_lines_in_order", || {
        let text: String =
            (0..20_000).map(|number| format!("{number} {}\n", "x".repeat(number % 90))).collect();
        let logs = Logs::new("s0\n");
        assert!(logs.logged(&[], &text) == text);
        let logs = Logs::new("s0\n");
        let stamped = logs.logged(&["-tt"], &text);
        let stripped: String = stamped.split_inclusive('\n').map(|line| &line[26..]).collect();
        assert!(stripped == text);
    }),
    case("svlogd_stamps_do_not_go_back", || {
        let text: String = (0..5000).map(|number| format!("{number}\n")).collect();
        let stamped = Logs::new("s0\n").logged(&["-t"], &text);
        let stamps: Vec<&str> = stamped.lines().map(|line| &line[..25]).collect();
        assert!(stamps.windows(2).all(|pair| pair[0] <= pair[1]));
    }),
    case("svlogd_several_directories", || {
        let logs = Logs::new("").add("other", "-xa*\n");
        logs.run(&["log", "other"], "xa\nb\n");
        assert_eq!(
            (logs.text("current"), logs.rig.place.text("other/current")),
            ("xa\nb\n".into(), "b\n".into())
        );
    }),
    case("svlogd_more_than_eight_directories", || {
        let mut logs = Logs::new("");
        let names: Vec<String> = (0..40).map(|number| format!("d{number}")).collect();
        for name in &names {
            logs = logs.add(name, "s100\n");
        }
        let words: Vec<&str> = names.iter().map(String::as_str).collect();
        // What memory holds that was used before: that is what C runit stumbles over.
        let path = logs.rig.place.file("input", "one\ntwo\n");
        let mut command = logs.command(&words);
        command.env("MALLOC_PERTURB_", "165").stdin(std::fs::File::open(path).unwrap());
        let done = logs.rig.place.run(&mut command);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
        for name in &names {
            assert_eq!(logs.rig.place.text(format!("{name}/current")), "one\ntwo\n");
        }
    })
    .dev("DEV-71"),
    case("svlogd_same_directory_twice", || {
        let logs = Logs::new("");
        let done = logs.run(&["log", "log"], "x\n");
        let text = "svlogd: warning: unable to lock directory: log: temporary failure\n".to_owned();
        assert_eq!((done.err, done.code, logs.text("current").as_str()), (text, Some(0), "x\n"));
    }),
    case("svlogd_verbose", || {
        let done = Logs::new("s5000\n").run(&["-v", "log"], "x\n");
        let text =
            "svlogd: info: read: log/config\nsvlogd: info: new: log/current\nsvlogd: info: close: log\n";
        assert_eq!((done.err.as_str(), done.code), (text, Some(0)));
        let done = Logs::new("").run(&["-vv", "log"], "x\n");
        assert_eq!(done.err, "svlogd: info: new: log/current\nsvlogd: info: close: log\n");
        let logs = Logs::new("");
        logs.file("current", "");
        assert_eq!(
            logs.run(&["-v", "log"], "").err,
            "svlogd: info: append: log/current\nsvlogd: info: close: log\n"
        );
    }),
    case("svlogd_no_directory", || {
        let done = Logs::new("").run(&["none"], "x\n");
        let text = "svlogd: warning: unable to open log directory: none: file does not exist\n\
                    svlogd: fatal: no functional log directories.\n";
        assert_eq!((done.err.as_str(), done.code), (text, Some(111)));
        let logs = Logs::new("");
        let done = logs.run(&["none", "log"], "x\n");
        let text = "svlogd: warning: unable to open log directory: none: file does not exist\n";
        assert_eq!((done.err.as_str(), done.code, logs.text("current").as_str()), (text, Some(0), "x\n"));
    }),
    case("svlogd_directory_is_a_file", || {
        let logs = Logs::new("");
        logs.rig.place.file("file", "");
        let done = logs.run(&["-v", "file"], "x\n");
        let text = "svlogd: warning: unable to change directory: file: not a directory\n";
        assert!(done.err.contains(text) && done.err.contains("close: "), "{}", done.err);
        assert_eq!(done.code, Some(111));
    }),
    case("svlogd_input_is_a_directory", || {
        let logs = Logs::new("");
        let mut command = logs.command(&["log"]);
        let done = logs.rig.place.run(command.stdin(std::fs::File::open(logs.path("")).unwrap()));
        let text = "svlogd: warning: unable to read standard input: is a directory\n";
        assert_eq!((done.err.as_str(), done.code), (text, Some(0)));
    }),
    case("svlogd_without_descriptor_0", || {
        let logs = Logs::new("");
        let mut live = logs.start_after("exec <&-", &["log"]);
        assert_eq!(live.running.wait().code(), Some(0));
        assert_eq!(live.running.err(), "svlogd: warning: unable to read standard input: is a directory\n");
    }),
];
