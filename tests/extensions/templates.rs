//! Templates: entries `getty@tty1` that lead to a directory `getty@`.
use crate::beside::{await_ok, await_says, await_stat, control, names, said, says, scan, sv};
use nix::sys::signal::Signal;
use runit_tests::place::{Place, Running, write_fifo};
use runit_tests::rig::{Rig, await_death, is_alive, program, send};
use runit_tests::suite::{Case, case, needs_proc};
use runit_tests::wait::{until, until_equal};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Notes its arguments, in a line of its own in one file for all.
const RUN: &str = "echo \"run $$ $#:$*\" >>../../trace\nexec sleep 1000";

/// A template `t@` with a log service, and a scan directory with a place for supervise directories.
fn template() -> Rig {
    let rig = Rig::new();
    rig.place.dir("sv/.supervise");
    rig.place.script("all/t@/run", RUN);
    rig
}

/// An instance: a link to the template.
fn link(rig: &Rig, name: &str) {
    symlink("../all/t@", rig.place.path("sv").join(name)).unwrap();
}

/// What was noted, without the numbers of processes.
fn trace(place: &Place) -> Vec<String> {
    let text = place.text("trace");
    let line = |line: &str| {
        let mut words = line.splitn(3, ' ');
        [words.next(), words.nth(1)].into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).collect()
}

/// Waits for so many lines that are this.
fn await_trace(rig: &Rig, line: &str, count: usize) {
    until(&format!("{count} times {line}"), || {
        (trace(&rig.place).iter().filter(|said| *said == line).count() == count).then_some(())
    });
}

/// The process that noted a line last.
fn process(rig: &Rig, arguments: &str) -> i32 {
    let text = rig.place.text("trace");
    let pid = text.lines().rev().find_map(|line| {
        let (pid, rest) = line.strip_prefix("run ")?.split_once(' ')?;
        (rest == arguments).then(|| pid.parse().ok())?
    });
    pid.expect("a process")
}

fn runsv(rig: &Rig, path: &str) -> Running {
    rig.place.start(rig.command("runsv", &[path]).current_dir(rig.place.path("sv")))
}

fn kept(rig: &Rig, name: &str) -> PathBuf {
    rig.place.path("sv/.supervise").join(name)
}

/// An entry that is no instance: its `run` gets no argument.
fn plain(make: impl FnOnce(&Rig) -> &'static str) {
    let rig = template();
    let name = make(&rig);
    let _runsv = runsv(&rig, name);
    await_trace(&rig, "run 0:", 1);
}

/// Two instances.
fn link_two(rig: &Rig) {
    link(rig, "t@tty1");
    link(rig, "t@tty2");
}

/// The same, with supervisors, and started.
fn scan_two(rig: &Rig) -> Running {
    link_two(rig);
    let runsvdir = scan(rig, "sv");
    await_trace(rig, "run 1:tty1", 1);
    await_trace(rig, "run 1:tty2", 1);
    runsvdir
}

pub const CASES: &[Case] = &[
    case("template_run", || {
        let rig = template();
        link(&rig, "t@tty1");
        let mut runsv = runsv(&rig, "t@tty1");
        await_trace(&rig, "run 1:tty1", 1);
        await_stat(&kept(&rig, "t@tty1"), "run");
        await_says(&rig, "sv", "t@tty1", "run: t@tty1: (pid p) Ts");
        send(process(&rig, "1:tty1"), Signal::SIGKILL);
        await_trace(&rig, "run 1:tty1", 2);
        runsv.signal(Signal::SIGTERM);
        assert_eq!((runsv.wait().code(), runsv.err().as_str()), (Some(0), ""));
    }),
    case("template_finish", || {
        let rig = template();
        rig.place.script("all/t@/finish", "echo \"finish $$ $#:$*\" >>../../trace");
        link(&rig, "t@tty1");
        let _runsv = runsv(&rig, "t@tty1");
        await_trace(&rig, "run 1:tty1", 1);
        send(process(&rig, "1:tty1"), Signal::SIGKILL);
        await_trace(&rig, "finish 3:-1 9 tty1", 1);
    }),
    case("template_control", || {
        // After the process's number, which is empty without one.
        let rig = template();
        for letter in ["t", "u"] {
            let text = format!("echo \"{letter} $$ $#:$*\" >>../../trace; exit 1");
            rig.place.script(Path::new("all/t@/control").join(letter), &text);
        }
        link(&rig, "t@tty1");
        let _runsv = runsv(&rig, "t@tty1");
        await_trace(&rig, "run 1:tty1", 1);
        await_trace(&rig, "u 2: tty1", 1);
        let pid = process(&rig, "1:tty1");
        await_stat(&kept(&rig, "t@tty1"), "run");
        control(&kept(&rig, "t@tty1"), "t");
        await_trace(&rig, &format!("t 2:{pid} tty1"), 1);
    }),
    case("template_log", || {
        let rig = template();
        rig.place.script("all/t@/run", "echo hello from $1; exec sleep 1000");
        rig.place
            .script("all/t@/log/run", "echo \"log $$ $#:$*\" >>../../../trace; exec cat >>\"../../../$1\"");
        link_two(&rig);
        let _all = ["t@tty1", "t@tty2"].map(|name| runsv(&rig, name));
        for name in ["tty1", "tty2"] {
            await_trace(&rig, &format!("log 1:{name}"), 1);
            until_equal("its log", &format!("hello from {name}\n"), || rig.place.text(name));
        }
    }),
    case("template_check", || {
        let rig = template();
        let check = "echo \"check $$ $#:$*\" >>../../trace; test -e \"../../$1\"";
        rig.place.script("all/t@/check", check);
        link(&rig, "t@tty1");
        let _runsv = runsv(&rig, "t@tty1");
        await_trace(&rig, "run 1:tty1", 1);
        await_stat(&kept(&rig, "t@tty1"), "run");
        let late = "timeout: run: t@tty1: (pid p) Ts";
        assert_eq!(sv(&rig, &["-w", "1", "check", "t@tty1"]), says(late, 1));
        rig.place.file("tty1", "");
        assert_eq!(sv(&rig, &["-w", "30", "check", "t@tty1"]), says("ok: run: t@tty1: (pid p) Ts", 0));
        assert!(trace(&rig.place).contains(&"check 1:tty1".to_owned()));
        // By a path, and through a slash.
        let path = format!("{}/", rig.place.path("sv/t@tty1").display());
        assert_eq!(sv(&rig, &["-w", "30", "check", &path]).1, Some(0));
        assert!(trace(&rig.place).iter().all(|line| !line.starts_with("check 0")));
    }),
    case("template_check_of_a_plain_service", || {
        let rig = template();
        rig.place.script("all/t@/check", "echo \"check $$ $#:$*\" >>../../trace");
        symlink("../all/t@", rig.place.path("sv/plain")).unwrap();
        let _runsv = runsv(&rig, "plain");
        await_trace(&rig, "run 0:", 1);
        await_stat(&kept(&rig, "plain"), "run");
        assert_eq!(sv(&rig, &["-w", "30", "check", "plain"]).1, Some(0));
        await_trace(&rig, "check 0:", 1);
    }),
    case("template_itself", || {
        // As ever, and without an argument.
        plain(|rig| {
            link(rig, "t@");
            "t@"
        });
    }),
    case("template_and_a_directory", || {
        plain(|rig| {
            rig.place.script("sv/t@tty1/run", "echo \"run $$ $#:$*\" >>../../trace\nexec sleep 1000");
            "t@tty1"
        });
    }),
    case("template_of_another_name", || {
        plain(|rig| {
            rig.place.script("all/other@/run", RUN);
            symlink("../all/other@", rig.place.path("sv/t@tty1")).unwrap();
            "t@tty1"
        });
    }),
    case("template_without_its_sign", || {
        plain(|rig| {
            rig.place.script("all/t/run", RUN);
            symlink("../all/t", rig.place.path("sv/t@tty1")).unwrap();
            "t@tty1"
        });
    }),
    case("template_behind_two_links", || {
        // The text of the entry counts, whatever that leads to.
        let rig = template();
        symlink("t@", rig.place.path("all/u@")).unwrap();
        symlink("../all/u@", rig.place.path("sv/u@x")).unwrap();
        symlink("../all/u@", rig.place.path("sv/t@x")).unwrap();
        let _one = runsv(&rig, "u@x");
        await_trace(&rig, "run 1:x", 1);
        let _other = runsv(&rig, "t@x");
        await_trace(&rig, "run 0:", 1);
    }),
    case("template_by_paths", || {
        let rig = template();
        let scan = rig.place.path("sv");
        symlink(format!("{}//", rig.place.path("all/t@").display()), scan.join("t@tty1")).unwrap();
        for (count, path) in ["./t@tty1", "../sv/t@tty1///", "@/t@tty1/"].into_iter().enumerate() {
            let path = path.replacen('@', scan.to_str().unwrap(), usize::from(path.starts_with('@')));
            let mut runsv = runsv(&rig, &path);
            await_trace(&rig, "run 1:tty1", count + 1);
            await_ok(&kept(&rig, "t@tty1"));
            runsv.signal(Signal::SIGTERM);
            runsv.wait();
        }
    }),
    case("template_by_a_long_link", || {
        let rig = template();
        let there = format!("../all{}/t@", "/.".repeat(400));
        symlink(&there, rig.place.path("sv/t@tty1")).unwrap();
        let _runsv = runsv(&rig, "t@tty1");
        await_trace(&rig, "run 1:tty1", 1);
    }),
    case("template_and_strange_names", || {
        let rig = template();
        rig.place.script("all/t@/run", "printf '%s|' \"$#\" \"$@\" >>../../told\nexec sleep 1000");
        for name in [b"a b".as_slice(), b"-n", b"*", b"'\"", b"@", b"a@b", b"\xff\xfe", b"$(exit)"] {
            let entry = rig.place.path("sv").join(OsStr::from_bytes(&[b"t@", name].concat()));
            symlink("../all/t@", &entry).unwrap();
            let mut command = rig.place.command(program("runsv"));
            let mut runsv = rig.place.start(command.arg(&entry).current_dir(rig.place.path("sv")));
            let expected = [b"1|", name, b"|"].concat();
            until_equal("it is told", &expected, || fs::read(rig.place.path("told")).unwrap_or_default());
            runsv.signal(Signal::SIGTERM);
            runsv.wait();
            fs::remove_file(rig.place.path("told")).unwrap();
        }
    }),
    case("template_of_six", || {
        let rig = template();
        let all: Vec<String> = (1..=6).map(|number| format!("tty{number}")).collect();
        for name in &all {
            link(&rig, &format!("t@{name}"));
        }
        let runsvdir = scan(&rig, "sv");
        for name in &all {
            await_trace(&rig, &format!("run 1:{name}"), 1);
        }
        // Each has its own.
        let names_there = names(&rig.place.path("sv/.supervise"));
        assert_eq!(names_there, all.iter().map(|name| format!("t@{name}")).collect::<Vec<_>>());
        assert_eq!(sv(&rig, &["-w", "30", "stop", "t@tty3"]).1, Some(0));
        for name in &all {
            let alive = is_alive(process(&rig, &format!("1:{name}")));
            assert_eq!(alive, name != "tty3", "{name}");
        }
        assert_eq!(runsvdir.err(), "");
    }),
    case("template_of_which_one_is_renamed", || {
        let rig = template();
        let _runsvdir = scan_two(&rig);
        fs::rename(rig.place.path("sv/t@tty1"), rig.place.path("sv/t@tty9")).unwrap();
        await_trace(&rig, "run 1:tty9", 1);
        await_death(process(&rig, "1:tty1"));
        until("its end", || write_fifo(&kept(&rig, "t@tty1").join("ok"), b"").is_err().then_some(()));
        assert!(is_alive(process(&rig, "1:tty2")) && is_alive(process(&rig, "1:tty9")));
        assert_eq!(trace(&rig.place).len(), 3, "{:?}", trace(&rig.place));
    }),
    case("template_of_which_one_is_removed", || {
        let rig = template();
        let _runsvdir = scan_two(&rig);
        fs::remove_file(rig.place.path("sv/t@tty1")).unwrap();
        await_death(process(&rig, "1:tty1"));
        // And comes again.
        link(&rig, "t@tty1");
        await_trace(&rig, "run 1:tty1", 2);
        assert!(is_alive(process(&rig, "1:tty2")));
    }),
    case("template_beside_itself", || {
        let rig = template();
        for name in ["t@", "t@tty1"] {
            link(&rig, name);
        }
        let _runsvdir = scan(&rig, "sv");
        await_trace(&rig, "run 1:tty1", 1);
        await_trace(&rig, "run 0:", 1);
    }),
    case("template_without_places", || {
        // The supervise directory is one: the second finds it locked.
        let rig = template();
        fs::remove_dir(rig.place.path("sv/.supervise")).unwrap();
        link_two(&rig);
        let runsvdir = scan(&rig, "sv");
        let line = "fatal: unable to lock supervise/lock: temporary failure";
        until("it is told", || runsvdir.err().contains(line).then_some(()));
        until("one of them", || (!trace(&rig.place).is_empty()).then_some(()));
        assert_eq!(trace(&rig.place).len(), 1);
    }),
    case("template_is_no_other_names_matter", || {
        // Two names of a directory that is no template are one service, as ever.
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        rig.place.script("all/t/run", RUN);
        rig.place.script("all/last/run", RUN);
        for name in ["t@1", "t@2", "t"] {
            symlink("../all/t", rig.place.path("sv").join(name)).unwrap();
        }
        let _runsvdir = scan(&rig, "sv");
        await_trace(&rig, "run 0:", 1);
        symlink("../all/last", rig.place.path("sv/last")).unwrap();
        await_trace(&rig, "run 0:", 2);
        assert_eq!(names(&rig.place.path("sv/.supervise")).len(), 2);
    }),
    case("template_and_a_killed_runsvdir", || {
        needs_proc();
        let rig = template();
        let mut runsvdir = scan_two(&rig);
        runsvdir.signal(Signal::SIGKILL);
        runsvdir.wait();
        // The supervisors live on, and keep those of another runsvdir out.
        let runsvdir = scan(&rig, "sv");
        let line = "fatal: unable to lock .supervise/t@tty1/lock: temporary failure";
        until("it is told", || runsvdir.err().contains(line).then_some(()));
        assert_eq!(trace(&rig.place).len(), 2);
        assert_eq!(sv(&rig, &["-w", "30", "exit", "t@tty1"]), says("ok: t@tty1: runsv not running", 0));
        await_trace(&rig, "run 1:tty1", 2);
        assert!(
            said(&runsvdir).iter().all(|line| line.contains("fatal: unable to lock")),
            "{:?}",
            runsvdir.err()
        );
    }),
];
