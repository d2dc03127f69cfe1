//! svlogd --lossy: nobody waits for a log directory, and what is lost is counted.
use crate::svlogd_rig::{Logs, shape};
use crate::svlogd_trouble::{FullLog, PAUSING};
use nix::sys::signal::Signal;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;

/// So many lines are more than the pipe and all buffers hold.
const MANY: u64 = 6000;

/// Numbered lines.
fn lines(numbers: std::ops::Range<u64>) -> String {
    numbers.map(|number| format!("{number} and what else is in a line of a log\n")).collect()
}

/// Asserts that a text has the lines up to this number, once and in order, but for those that it says are lost.
/// How many of them these are.
fn lost(text: &str, count: u64) -> u64 {
    let (mut next, mut all) = (0, 0);
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("svlogd: ") {
            let number = said.strip_suffix(" lines lost").or(said.strip_suffix(" line lost"));
            let number = number.and_then(|number| number.replace(',', "").parse::<u64>().ok());
            let number = number.unwrap_or_else(|| panic!("{line}"));
            (next, all) = (next + number, all + number);
        } else {
            assert_eq!(format!("{line}\n"), lines(next..next + 1));
            next += 1;
        }
    }
    assert_eq!(next, count, "{all} lost");
    all
}

/// How many lines are said to be lost on descriptor 2.
fn told(err: &str, dir: &str) -> u64 {
    let end = format!(" lines lost: {dir}\n");
    let (before, _) = err.split_once(&end).unwrap_or_else(|| panic!("not told: {err}"));
    let (_, number) = before.rsplit_once("svlogd: warning: ").expect("a message");
    number.replace(',', "").parse().expect("a number")
}

pub const CASES: &[Case] = &[
    case("svlogd_lossy_full_disk", || {
        let full = FullLog::new("");
        let mut live = full.start(&["--lossy"]);
        live.say(&lines(0..10));
        until("the first lines", || (full.text("current") == lines(0..10)).then_some(()));
        full.fill();
        // It does not wait.
        live.say(&lines(10..MANY)).await_err(PAUSING);
        full.make_room();
        until("the count", || full.text("current").contains(" lines lost\n").then_some(()));
        live.say(&lines(MANY..MANY + 10));
        assert_eq!(live.end().0, Some(0));
        let text = full.text("current");
        let count = lost(&text, MANY + 10);
        // The buffer has 32 KiB.
        assert!((1000..MANY - 500).contains(&count), "{count}");
        assert_eq!(text.matches(" lost\n").count(), 1);
        assert!(text.ends_with(&lines(MANY..MANY + 10)));
    })
    .ours(),
    case("svlogd_lossy_full_disk_of_one_directory", || {
        let full = FullLog::new("");
        full.logs.rig.place.dir("other");
        let mut live = full.logs.start_after(&full.enter(), &["-v", "--lossy", "log", "other"]);
        live.await_err("new: other/current");
        full.fill();
        live.say(&lines(0..MANY)).await_err(PAUSING);
        until("the other", || (full.logs.rig.place.text("other/current") == lines(0..MANY)).then_some(()));
        full.make_room();
        live.signal(Signal::SIGHUP);
        until("the count", || full.text("current").contains(" lines lost\n").then_some(()));
        assert_eq!(live.end().0, Some(0));
        assert!(lost(&full.text("current"), MANY) > 1000);
        assert_eq!(full.logs.rig.place.text("other/current"), lines(0..MANY));
    })
    .ours(),
    case("svlogd_lossy_ends_with_a_full_disk", || {
        for ends in ["input", "TERM"] {
            let full = FullLog::new("");
            let mut live = full.start(&["--lossy"]);
            full.fill();
            live.say(&lines(0..MANY)).await_err(PAUSING);
            let code = if ends == "TERM" { live.term() } else { live.end().0 };
            assert_eq!(code, Some(0));
            // A line that could be written in part is among the lost ones.
            let text = full.text("current");
            let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
            let count = told(&live.running.err(), "log");
            assert_eq!(count, MANY - whole.lines().count() as u64, "{ends}");
            assert_eq!(whole, lines(0..MANY - count));
            // It is cut off at the next start.
            full.make_room();
            let mut live = full.logs.start_after(&full.enter(), &["log"]);
            live.say("next\n");
            live.end();
            let names: Vec<_> = std::fs::read_dir(full.path("")).unwrap().flatten().collect();
            let mut names: Vec<_> =
                names.iter().map(|name| name.file_name().into_string().unwrap()).collect();
            names.sort_unstable();
            let all: String = names.iter().map(|name| full.text(name)).collect();
            assert_eq!(all, whole.to_owned() + "next\n", "{ends}");
        }
    })
    .ours(),
    case("svlogd_lossy_stamps_the_count", || {
        let full = FullLog::new("pfoo: \n");
        let mut live = full.start(&["-tt", "--lossy"]);
        full.fill();
        live.say(&lines(0..MANY)).await_err(PAUSING);
        full.make_room();
        until("the count", || full.text("current").contains(" lines lost\n").then_some(()));
        assert_eq!(live.end().0, Some(0));
        let text = full.text("current");
        let stamps: Vec<&str> = text.lines().map(|line| &line[..26]).collect();
        assert!(stamps.iter().all(|stamp| shape(stamp) == "0000-00-00_00:00:00.00000 "));
        assert!(stamps.is_sorted(), "each has the time of its coming");
        let all: String =
            text.lines().map(|line| format!("{}\n", line[26..].strip_prefix("foo: ").unwrap())).collect();
        assert!(lost(&all, MANY) > 1000);
    })
    .ours(),
    case("svlogd_lossy_copies_and_patterns", || {
        // What no pattern chooses is not lost, and what is lost is copied.
        let full = FullLog::new("-*\n+*7*\ne5 *\n");
        let mut live = full.start(&["--lossy"]);
        full.fill();
        let some = lines(0..MANY);
        for part in some.lines().collect::<Vec<_>>().chunks(500) {
            live.say(&(part.join("\n") + "\n"));
        }
        // What was read is given up when there is more to be read.
        live.say("5 is the last\n").await_err("svlogd: pausing");
        until("the copy", || {
            live.say("and more\n");
            live.running.err().contains("5 is the last\n").then_some(())
        });
        let chosen = some.lines().filter(|line| line.contains('7')).count() as u64;
        assert_eq!(live.term(), Some(0));
        let text = full.text("current");
        let whole = text.matches('\n').count() as u64;
        assert_eq!(told(&live.running.err(), "log") + whole, chosen);
        assert!(live.running.err().contains(&lines(5..6)));
    })
    .ours(),
    case("svlogd_lossy_slow_processor", || {
        // More than eight logs wait for it: lines do not.
        let logs = Logs::new("s1000\nn0\n!exec sleep 1000\n");
        let mut live = logs.open(&["-v", "--lossy"]);
        live.say(&lines(0..MANY * 5));
        // Only at the end does it wait for the processor, or for TERM.
        live.close().await_err("close: log");
        live.signal(Signal::SIGTERM);
        assert_eq!(live.running.wait().code(), Some(0));
        let all: String = logs
            .names()
            .iter()
            .filter(|name| name.ends_with(".u") || *name == "current")
            .map(|name| logs.text(name))
            .collect();
        assert!(lost(&all, MANY * 5) > 1000);
        let long =
            logs.names().iter().filter(|name| name.ends_with(".u") && logs.text(name).len() > 1000).count();
        assert_eq!(long, 0, "files are as large as ever");
    })
    .ours(),
    case("svlogd_lossy_without_trouble", || {
        let logs = Logs::new("s2000\nn0\n");
        let done = logs.run(&["--lossy", "-v", "log"], lines(0..MANY) + "no newline");
        assert_eq!(done.code, Some(0));
        assert_eq!(logs.all(), lines(0..MANY) + "no newline\n");
        assert_eq!(logs.mode("current"), Some(0o744));
        // Any other long option ends the options, as ever.
        assert_eq!(Logs::new("").logged(&["--lossy", "--lossless"], "x\n"), "x\n");
    })
    .ours(),
];
