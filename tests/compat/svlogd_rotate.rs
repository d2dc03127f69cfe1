//! svlogd: the files of a log directory, and when a new one begins.
use crate::svlogd_rig::Logs;
use nix::sys::signal::Signal;
use runit_tests::suite::{Case, case, needs_tool};
use runit_tests::wait::until;
use std::os::unix::fs::MetadataExt;

/// So many lines of ten bytes.
fn tens(count: usize) -> String {
    (0..count).map(|number| format!("{number:09}\n")).collect()
}

/// The sizes of the old logs after so many lines of ten bytes.
fn sizes(config: &str, args: &[&str], count: usize) -> (Vec<usize>, usize) {
    let logs = Logs::new(config);
    let done = logs.run(&[args, &["log"]].concat(), tens(count));
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    (logs.old_texts('s').iter().map(String::len).collect(), logs.text("current").len())
}

pub const CASES: &[Case] = &[
    case("svlogd_files_and_modes", || {
        for (umask, lock) in [("022", 0o600), ("077", 0o600), ("000", 0o600), ("0177", 0o600)] {
            let logs = Logs::new("");
            let mut live = logs.start_after(&format!("umask {umask}"), &["log"]);
            logs.await_open();
            assert_eq!((logs.mode("current"), logs.mode("lock")), (Some(0o644), Some(lock)));
            live.log("x").rotate('s', 1).log("y");
            assert_eq!(live.end(), (Some(0), String::new()));
            let old = logs.old('s');
            assert_eq!((logs.mode("current"), logs.mode(&old[0])), (Some(0o744), Some(0o744)));
            assert_eq!(logs.names(), [old[0].as_str(), "current", "lock"]);
            assert_eq!(logs.text("lock"), "");
        }
    }),
    case("svlogd_appends", || {
        let logs = Logs::new("");
        logs.logged(&[], "one\n");
        assert_eq!(logs.logged(&[], "two\n"), "one\ntwo\n");
        assert!(logs.old('s').is_empty() && logs.old('u').is_empty());
    }),
    case("svlogd_empty_current_is_used", || {
        let logs = Logs::new("");
        logs.file("current", "");
        logs.chmod("current", 0o600);
        assert_eq!(logs.logged(&[], "x\n"), "x\n");
        assert_eq!(logs.names(), ["current", "lock"]);
    }),
    case("svlogd_unclean_current", || {
        let logs = Logs::new("");
        logs.file("current", "old\n");
        logs.chmod("current", 0o640);
        assert_eq!(logs.logged(&[], "x\n"), "x\n");
        let old = logs.old('u');
        assert_eq!((logs.text(&old[0]).as_str(), logs.mode(&old[0])), ("old\n", Some(0o640)));
    }),
    // What was not written to its end when svlogd was killed is no line.
    case("svlogd_unclean_current_torn", || {
        for (left, kept) in [
            ("old\ntorn", Some("old\n".to_owned())),
            ("torn", None),
            (&format!("old\n{}", "x".repeat(3000)), Some("old\n".to_owned())),
            (&"x".repeat(70_000), Some("x".repeat(70_000))),
        ] {
            let logs = Logs::new("");
            logs.file("current", left);
            logs.chmod("current", 0o644);
            assert_eq!(logs.logged(&[], "x\n"), "x\n");
            let old = logs.old('u');
            assert_eq!(old.first().map(|name| logs.text(name)), kept);
        }
    })
    .ours(),
    case("svlogd_unclean_current_prunes", || {
        let logs = Logs::new("n1\n");
        for label in ["@400000004000000000000000.s", "@400000004000000100000000.s", "@400000004000000100000000.t"] {
            logs.file(label, "x\n");
        }
        logs.file("current", "old\n");
        logs.chmod("current", 0o644);
        logs.logged(&[], "");
        let names = logs.names();
        assert!(!names.iter().any(|name| name.ends_with(".t")), "{names:?}");
        assert_eq!(logs.old('s'), ["@400000004000000100000000.s"], "one is deleted at a time");
        assert_eq!(logs.old('u').len(), 1);
    }),
    case("svlogd_killed", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        live.log("x").signal(Signal::SIGKILL);
        live.running.wait();
        assert_eq!(logs.mode("current"), Some(0o644));
        logs.logged(&[], "y\n");
        assert_eq!((logs.old_texts('u'), logs.text("current")), (vec!["x\n".to_owned()], "y\n".into()));
    }),
    case("svlogd_label_of_a_name", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let before = now();
        live.log("x").rotate('s', 1);
        let name = &logs.old('s')[0];
        let secs = u64::from_str_radix(&name[1..17], 16).unwrap() - (1 << 62) - 10;
        assert!(secs >= before && secs <= now(), "{name}");
        assert_eq!(u32::from_str_radix(&name[17..25], 16).unwrap() % 1000, 500, "{name}");
    }),
    case("svlogd_size", || {
        // After a line that brings the file to s - l.
        assert_eq!(sizes("s1100\n", &[], 25), (vec![100, 100], 50));
        assert_eq!(sizes("s1105\n", &[], 25), (vec![110, 110], 30));
        assert_eq!(sizes("s110\n", &["-l", "60"], 12), (vec![50, 50], 20));
        assert_eq!(sizes("s1k\n", &["-l", "974"], 12), (vec![50, 50], 20));
    }),
    case("svlogd_size_of_a_line", || {
        assert_eq!(sizes("s1000\n", &[], 3), (vec![10, 10, 10], 0));
    }),
    case("svlogd_size_off", || {
        assert_eq!(sizes("s0\n", &[], 100), (vec![], 1000));
        assert_eq!(sizes("s 5\n", &[], 100), (vec![], 1000));
        assert_eq!(sizes("s\n\n", &[], 100), (vec![], 1000));
    }),
    case("svlogd_size_default", || {
        let logs = Logs::new("");
        let text = tens(150_000);
        logs.logged(&[], &text);
        let old = logs.old_texts('s');
        assert_eq!(old.iter().map(String::len).collect::<Vec<_>>(), [999_000]);
        assert!(logs.all() == text);
    }),
    case("svlogd_size_of_an_old_file", || {
        let logs = Logs::new("s1100\n");
        logs.file("current", &"x".repeat(1200));
        logs.chmod("current", 0o744);
        logs.logged(&[], "y\n");
        assert_eq!((logs.old_texts('s').len(), logs.text("current").as_str()), (1, "y\n"));
        assert_eq!(logs.old_texts('s')[0].len(), 1200);
    }),
    case("svlogd_size_with_stamps", || {
        let logs = Logs::new("s1100\n");
        logs.logged(&["-tt"], tens(7));
        assert_eq!(logs.old_texts('s').iter().map(String::len).collect::<Vec<_>>(), [108, 108]);
    }),
    case("svlogd_never_cuts_a_line", || {
        for (config, args) in [("s25\nn0\n", &[][..]), ("s500\nn0\n", &[]), ("s60\nn0\n", &["-l", "100", "-b", "128"])] {
            let logs = Logs::new(config);
            let line = "x".repeat(90);
            let text: String = (0..40).map(|number| format!("{number} {}\n", &line[..number * 2])).collect();
            logs.run(&[args, &["log"]].concat(), &text);
            assert_eq!(logs.all(), text);
            let files = logs.old_texts('s');
            assert!(files.len() > 2 && files.iter().all(|file| file.ends_with('\n')), "{config}");
            assert!(logs.text("current").is_empty() || logs.text("current").ends_with('\n'));
        }
    })
    .dev("DEV-70"),
    case("svlogd_line_longer_than_the_file", || {
        let logs = Logs::new("s1500\nn0\n");
        let long = "y".repeat(20_000);
        let text = format!("a\n{long}\nb\n{long}\n");
        logs.logged(&[], &text);
        assert_eq!(logs.all(), text);
        assert!(logs.old_texts('s').iter().all(|file| file.ends_with('\n')));
    })
    .dev("DEV-70"),
    case("svlogd_keeps_n", || {
        let logs = Logs::new("s1000\nn3\n");
        logs.logged(&[], tens(8));
        assert_eq!(logs.old_texts('s').concat(), tens(8)[50..]);
        let logs = Logs::new("s1000\n");
        logs.logged(&[], tens(15));
        assert_eq!(logs.old('s').len(), 10, "the default");
    }),
    case("svlogd_keeps_all", || {
        for config in ["s1000\nn0\n", "s1000\nn\n\n", "s1000\nn 5\n"] {
            let logs = Logs::new(config);
            logs.logged(&[], tens(15));
            assert_eq!(logs.old('s').len(), 15, "{config:?}");
        }
    }),
    case("svlogd_deletes_one_at_a_time", || {
        let logs = Logs::new("n2\n");
        for number in 0..6 {
            logs.file(&format!("@40000000400000{number:02}00000000.s"), "x\n");
        }
        let mut live = logs.open(&["-v"]);
        live.log("x").signal(Signal::SIGALRM);
        live.await_err("delete: log/@400000004000000000000000.s");
        live.end();
        assert_eq!(logs.old('s').len(), 6);
    }),
    case("svlogd_counts_names_of_any_letter", || {
        let logs = Logs::new("n1\n");
        logs.file("@400000004000000000000000.x", "x\n");
        logs.file("@short.s", "x\n");
        logs.file("@400000004000000000000000.sx", "x\n");
        let mut live = logs.open(&[]);
        live.log("x").rotate('s', 1);
        until("deleted", || logs.old('x').is_empty().then_some(()));
        assert!(logs.names().contains(&"@short.s".to_owned()));
        assert!(logs.names().contains(&"@400000004000000000000000.sx".to_owned()));
    }),
    case("svlogd_deletes_leftovers", || {
        let logs = Logs::new("");
        logs.file("@400000004000000000000000.t", "x\n");
        let mut live = logs.open(&[]);
        live.log("x").rotate('s', 1);
        until("deleted", || logs.old('t').is_empty().then_some(()));
    }),
    case("svlogd_rotates_on_alarm", || {
        let logs = Logs::new("");
        let mut live = logs.open(&["-v"]);
        live.log("x").rotate('s', 1);
        let old = logs.old('s');
        live.log("y").rotate('s', 2);
        assert_eq!(logs.old_texts('s'), ["x\n", "y\n"]);
        logs.await_text("current", "");
        let (code, err) = live.end();
        assert_eq!(code, Some(0));
        let line = format!("svlogd: info: sigalarm received.\nsvlogd: info: rename: log/current {} 2\n", old[0]);
        assert!(err.contains(&line), "{err}");
    }),
    case("svlogd_alarm_with_nothing", || {
        let logs = Logs::new("");
        let mut live = logs.open(&["-v"]);
        live.signal(Signal::SIGALRM).await_err("sigalarm received.");
        live.log("x");
        assert_eq!(logs.names(), ["current", "lock"]);
        // Lines that were there before count.
        live.end();
        let mut live = logs.open(&[]);
        live.rotate('s', 1);
    }),
    case("svlogd_rotates_all_on_alarm", || {
        let logs = Logs::new("").add("other", "");
        let mut live = logs.start(&["log", "other"]);
        logs.await_open();
        live.log("x").rotate('s', 1);
        until("the other", || logs.rig.place.text("other/current").is_empty().then_some(()));
    }),
    case("svlogd_rotates_by_time", || {
        let logs = Logs::new("t1\n");
        let mut live = logs.open(&[]);
        live.log("x");
        logs.await_old('s', 1);
        live.log("y");
        logs.await_old('s', 2);
        assert_eq!(logs.old_texts('s'), ["x\n", "y\n"]);
        let secs = |name: &String| u64::from_str_radix(&name[1..17], 16).unwrap();
        let old = logs.old('s');
        assert!(secs(&old[1]) > secs(&old[0]), "{old:?}");
    }),
    case("svlogd_does_not_rotate_nothing_by_time", || {
        let logs = Logs::new("t1\n").add("other", "t1\n");
        let mut live = logs.start(&["log", "other"]);
        logs.await_open();
        logs.rig.place.file("other/config", "");
        live.log("x");
        // Two of the second directory's periods pass, as the first one's files show.
        logs.await_old('s', 1);
        live.log("y");
        logs.await_old('s', 2);
        assert!(logs.old('s').len() == 2 && logs.text("current").is_empty());
    }),
    case("svlogd_rotated_by_time_is_whole", || {
        let logs = Logs::new("t2m\n");
        let mut live = logs.open(&[]);
        live.log("x").end();
        assert_eq!(logs.text("current"), "x\n");
    }),
    case("svlogd_rotation_keeps_the_inode", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        live.log("x");
        let inode = std::fs::metadata(logs.path("current")).unwrap().ino();
        live.rotate('s', 1);
        assert_eq!(std::fs::metadata(logs.path(&logs.old('s')[0])).unwrap().ino(), inode);
    }),
    case("svlogd_clock_behind_the_labels", || {
        // The newest log is not the oldest, and its label follows those that are there.
        let logs = Logs::new("n2\n");
        for number in 0..2 {
            logs.file(&format!("@40000000f00000{number:02}00000000.s"), "old\n");
        }
        let mut live = logs.open(&["-v"]);
        live.log("new").signal(Signal::SIGALRM);
        live.await_err("delete: ");
        live.end();
        assert_eq!(logs.old_texts('s'), ["old\n", "new\n"]);
        assert!(logs.old('s')[1].as_str() > "@40000000f000000100000000.s");
    })
    .dev("DEV-64"),
    case("svlogd_lock_is_held", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        needs_tool("flock");
        let mut flock = logs.rig.place.command("flock");
        assert_eq!(logs.rig.place.run(flock.args(["-n", "log/lock", "true"])).code, Some(1));
        let done = logs.run(&["-v", "log"], "x\n");
        let text = "svlogd: info: close: log\nsvlogd: warning: unable to lock directory: log: temporary failure\n\
                    svlogd: fatal: no functional log directories.\n";
        assert_eq!((done.err.as_str(), done.code), (text, Some(111)));
        live.log("y").end();
        assert_eq!(logs.text("current"), "y\n");
    })
    .since("2.3.1"),
    case("svlogd_lock_of_another", || {
        let logs = Logs::new("");
        logs.file("lock", "");
        logs.chmod("lock", 0);
        logs.chmod("", 0o777);
        let done = logs.rig.place.run(&mut logs.rig.unprivileged("svlogd", &["log"]));
        assert_eq!(done.code, Some(111));
        assert!(done.err.contains("unable to lock directory: log: access denied\n"), "{}", done.err);
    }),
];
