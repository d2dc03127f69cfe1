//! The table on a terminal, its colours, and where there is none.
use crate::host::{fake, now, on_terminal, run, six, sv, table};
use runit_tests::rig::{Rig, masked};
use runit_tests::status::{DOWN, FINISH, RUN, Status};
use runit_tests::suite::{Case, case};
use std::os::unix::fs::symlink;

/// A table of the six so wide.
fn fits(columns: u16) {
    let rig = Rig::new();
    let _fakes = six(&rig);
    let _long =
        fake(&rig, "a-service-whose-name-is-longer-than-anybody-would-type-twice", now(RUN, 1, b'u')).1;
    let shown = table(&rig, &["status"], columns);
    assert_eq!(shown.lines().len(), 8, "{}", shown.text);
    for line in shown.lines() {
        assert!(line.chars().count() <= columns.into(), "{columns}: {line}");
    }
    assert!(shown.lines()[1].contains('~') == (columns < 110), "{}", shown.text);
    assert_eq!(shown.code, Some(1));
}

/// The row of one service in this state, without its age.
fn row(status: Status, words: &[&str]) {
    let rig = Rig::new();
    let _fake = fake(&rig, "foo", status).1;
    let shown = table(&rig, &["status"], 80);
    let mut found = shown.row("foo");
    found.remove(3);
    assert_eq!(found, words, "{}", shown.text);
}

fn is_coloured(args: &[&str], env: &[(&str, &str)], coloured: bool) {
    let rig = Rig::new();
    let _fakes = six(&rig);
    let shown = on_terminal(&rig, sv(&rig, args).envs(env.iter().copied()), 80);
    assert!(shown.text.contains("STATE"), "{}", shown.text);
    assert_eq!(shown.text.contains('\x1b'), coloured, "{args:?} {env:?}: {:?}", shown.text);
}

/// The colour of a service's state.
fn colour(name: &str, code: &str) {
    let rig = Rig::new();
    let _fakes = six(&rig);
    let shown = on_terminal(&rig, &mut sv(&rig, &["status"]), 80);
    let line = shown.text.lines().find(|line| line.contains(&format!(" {name} "))).expect("a row");
    assert!(line.starts_with(&format!("\x1b[{code}m")), "{line:?}");
}

/// Not a table but the frozen lines.
fn is_plain(args: &[&str]) {
    let rig = Rig::new();
    let _fake = fake(&rig, "web", now(RUN, 7, b'u')).1;
    let shown = on_terminal(&rig, &mut sv(&rig, args), 80);
    assert_eq!(masked(&shown.text), "run: web: (pid p) Ts\n", "{args:?}");
}

pub const CASES: &[Case] = &[
    case("table_is_aligned", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let shown = table(&rig, &["status"], 100);
        let starts: Vec<usize> = ["NAME", "PID", "UPTIME", "LOG", "NORMALLY", "NOTE"]
            .map(|head| shown.lines()[0].find(head).expect("a head"))
            .into();
        for line in &shown.lines()[1..] {
            for start in starts.iter().filter(|start| **start < line.len()) {
                assert_eq!(&line[start - 2..*start], "  ", "{line}");
                assert_ne!(&line[*start..=*start], " ", "{line}");
            }
        }
    }),
    case("table_rows", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let shown = table(&rig, &["status"], 120);
        let names: Vec<&str> =
            shown.lines()[1..].iter().map(|line| line.split_whitespace().nth(1).unwrap_or("")).collect();
        assert_eq!(names, ["cron", "gone", "mount", "slow", "ssh", "web"]);
        assert_eq!(shown.row("ssh")[0..3], ["run", "ssh", "4711"]);
        assert_eq!(shown.row("ssh")[4..], ["run", "up"]);
        assert_eq!(shown.row("cron")[4..], ["-", "down"]);
        assert_eq!(shown.row("mount")[0], "done");
        assert_eq!(shown.row("slow")[4..], ["-", "up", "not", "ready"]);
        assert_eq!(shown.row("web")[0], "failed");
        assert!(shown.text.contains("up        exit 1, 5 ends in 60 s\n"), "{}", shown.text);
        assert_eq!(shown.row("gone")[0], "?");
        assert!(shown.text.contains("unable to open supervise/ok: file does not exist\n"), "{}", shown.text);
    }),
    case("table_run", || row(now(RUN, 7, b'u'), &["run", "foo", "7", "-", "up"])),
    case("table_down", || row(now(DOWN, 0, b'd'), &["down", "foo", "-", "-", "up"])),
    case("table_finish", || row(now(FINISH, 8, b'u'), &["finish", "foo", "8", "-", "up"])),
    case("table_want_down", || {
        row(now(RUN, 7, b'd'), &["run", "foo", "7", "-", "up", "want", "down"]);
    }),
    case("table_want_up", || row(now(DOWN, 0, b'u'), &["down", "foo", "-", "-", "up", "want", "up"])),
    case("table_paused", || {
        row(Status { paused: 1, ..now(RUN, 7, b'u') }, &["run", "foo", "7", "-", "up", "paused"]);
    }),
    case("table_got_term", || {
        row(Status { got_term: 1, ..now(RUN, 7, b'u') }, &["run", "foo", "7", "-", "up", "got", "TERM"]);
    }),
    case("table_ages", || {
        let rig = Rig::new();
        let ages = [("a", 90), ("b", 3700), ("c", 90_000), ("d", 8_640_000)];
        let _fakes = ages.map(|(name, age)| fake(&rig, name, now(RUN, 1, b'u').before(age)).1);
        let shown = table(&rig, &["status"], 80);
        for (at, age) in ["1m 3", "1h 1m", "1d 1h", "100d "].into_iter().enumerate() {
            assert!(shown.lines()[at + 1].contains(age), "{age}: {}", shown.text);
        }
    }),
    case("table_fits_80", || fits(80)),
    case("table_fits_60", || fits(60)),
    case("table_fits_100", || fits(100)),
    case("table_fits_132", || fits(132)),
    case("table_fits_200", || fits(200)),
    case("table_without_a_width_is_80", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let shown = table(&rig, &["status"], 0);
        assert!(shown.lines().iter().any(|line| line.len() == 80), "{}", shown.text);
        assert!(shown.lines().iter().all(|line| line.len() <= 80), "{}", shown.text);
    }),
    case("table_without_a_width_asks_columns", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let shown = on_terminal(&rig, sv(&rig, &["s"]).env("COLUMNS", "66").env("NO_COLOR", "1"), 0);
        assert!(shown.lines().iter().any(|line| line.len() == 66), "{}", shown.text);
    }),
    case("table_of_nothing", || {
        let rig = Rig::new();
        let shown = table(&rig, &["status"], 80);
        assert_eq!((shown.text.as_str(), shown.code), ("", Some(0)));
    }),
    case("table_without_notes_has_no_head_for_them", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "web", now(RUN, 7, b'u')).1;
        let shown = table(&rig, &["status"], 80);
        assert_eq!(shown.lines()[0], "STATE  NAME  PID  UPTIME  LOG  NORMALLY");
    }),
    case("table_names_cannot_command_the_terminal", || {
        let rig = Rig::new();
        rig.place.dir("sv/evil\x1b[2Jname");
        let shown = table(&rig, &["status"], 80);
        assert!(shown.text.contains("evil?[2Jname") && !shown.text.contains('\x1b'), "{:?}", shown.text);
    }),
    case("table_of_log_trouble", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "web", now(RUN, 7, b'u')).1;
        rig.place.script("sv/web/log/run", "exit 0");
        let shown = table(&rig, &["status"], 120);
        assert_eq!(shown.row("web")[4..7], ["?", "up", "log:"], "{}", shown.text);
        assert_eq!(shown.code, Some(1));
    }),
    case("table_of_links_that_lead_nowhere", || {
        let rig = Rig::new();
        symlink("/nowhere", rig.place.path("sv/web")).unwrap();
        let shown = table(&rig, &["status"], 120);
        assert!(shown.text.contains("file does not exist (service directory)\n"));
        assert_eq!((shown.row("web")[0], shown.code), ("?", Some(1)));
    }),
    case("table_all_option", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        assert!(table(&rig, &["--all", "status"], 80).text.starts_with("STATE "));
        assert!(table(&rig, &["s"], 80).text.starts_with("STATE "));
    }),
    case("table_not_for_named_services", || is_plain(&["status", "web"])),
    case("table_not_for_named_services_color_auto", || is_plain(&["--color=auto", "status", "web"])),
    case("table_not_for_named_services_color_never", || is_plain(&["--color=never", "status", "web"])),
    case("table_of_named_services_if_asked_for", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let shown = on_terminal(&rig, &mut sv(&rig, &["--color", "status", "web", "ssh"]), 80);
        assert!(shown.lines().len() == 3 && shown.lines()[1].contains(" web "), "{:?}", shown.text);
    }),
    case("colour_on_a_terminal", || is_coloured(&["status"], &[], true)),
    case("colour_no_color", || is_coloured(&["status"], &[("NO_COLOR", "1")], false)),
    case("colour_no_color_of_nothing", || is_coloured(&["status"], &[("NO_COLOR", "")], true)),
    case("colour_dumb", || is_coloured(&["status"], &[("TERM", "dumb")], false)),
    case("colour_xterm", || is_coloured(&["status"], &[("TERM", "xterm")], true)),
    case("colour_never", || is_coloured(&["--color=never", "status"], &[], false)),
    case("colour_always", || is_coloured(&["--color=always", "status"], &[("NO_COLOR", "1")], true)),
    case("colour_alone_is_always", || is_coloured(&["status", "--color"], &[("NO_COLOR", "1")], true)),
    case("colour_auto", || is_coloured(&["--color=auto", "status"], &[("NO_COLOR", "1")], false)),
    case("colour_the_last_counts", || is_coloured(&["--color", "--color=never", "status"], &[], false)),
    case("colour_up", || colour("ssh", "32")),
    case("colour_done", || colour("mount", "32")),
    case("colour_not_ready", || colour("slow", "33")),
    case("colour_normally_down", || colour("cron", "2")),
    case("colour_failed", || colour("web", "1;31")),
    case("colour_no_supervisor", || colour("gone", "1;31")),
    case("colour_never_into_a_pipe", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        for args in [&["status"] as &[_], &["--color=auto", "status"], &["--color=never", "s"], &["s", "web"]]
        {
            let done = rig.place.run(sv(&rig, args).env("TERM", "xterm-256color"));
            assert!(!done.out.contains('\x1b') && !done.out.contains("STATE"), "{done:?}");
        }
    }),
    case("colour_always_into_a_pipe", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let name = "a-service-whose-name-is-longer-than-anybody-would-type-twice";
        let _long = fake(&rig, name, now(RUN, 1, b'u')).1;
        let done = run(&rig, &["--color=always", "status"]);
        assert!(done.out.starts_with("\x1b[1mSTATE\x1b[0m"), "{done:?}");
        assert!(done.out.contains(name), "nothing is cut where there is no terminal: {done:?}");
    }),
];
