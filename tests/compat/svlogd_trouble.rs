//! svlogd: what cannot be read, written or found.
use crate::svlogd_rig::{Live, Logs};
use nix::sys::signal::Signal;
use runit_tests::full::Full;
use runit_tests::rig::program;
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait::until;
use std::fs;

/// A file system of a megabyte in `log`.
pub struct FullLog {
    pub logs: Logs,
    full: Full,
}

impl std::ops::Deref for FullLog {
    type Target = Full;

    fn deref(&self) -> &Full {
        &self.full
    }
}

impl FullLog {
    pub fn new(config: &str) -> FullLog {
        FullLog::with("size=1m", config)
    }

    fn with(room: &str, config: &str) -> FullLog {
        let logs = Logs::new("");
        let full = Full::new(&logs.rig.place, &logs.path(""), room);
        if !config.is_empty() {
            fs::write(full.path("config"), config).unwrap();
        }
        FullLog { logs, full }
    }

    /// Starts svlogd in the namespace.
    pub fn start(&self, args: &[&str]) -> Live<'_> {
        let mut all = vec!["-v"];
        all.extend(args);
        all.push("log");
        let live = self.logs.start_after(&self.enter(), &all);
        live.await_err("new: log/current");
        live
    }
}

pub const PAUSING: &str = "svlogd: pausing: unable to write to current: log: out of disk space\n";

/// More than what is left of a page of a file.
fn page(letter: &str) -> String {
    format!("{}\n", letter.repeat(89)).repeat(50)
}

pub const CASES: &[Case] = &[
    case("svlogd_full_disk", || {
        let full = FullLog::new("");
        let mut live = full.start(&[]);
        full.fill();
        live.say(&page("a")).await_err(PAUSING);
        full.make_room();
        live.say("last\n");
        until("all lines", || (full.text("current") == page("a") + "last\n").then_some(()));
        live.end();
    }),
    case("svlogd_full_disk_deletes_down_to_n", || {
        let full = FullLog::new("N2\n");
        for number in 0..4 {
            fs::write(full.path(&format!("@40000000400000{number:02}00000000.s")), page("o")).unwrap();
        }
        let mut live = full.start(&[]);
        full.fill();
        live.say(&page("a"));
        until("the lines", || (full.text("current") == page("a")).then_some(()));
        let line = "svlogd: warning: out of disk space, delete: log/@400000004000000000000000.s\n";
        assert!(live.running.err().contains(line) && !live.running.err().contains(PAUSING));
        assert!(full.path("@400000004000000200000000.s").exists());
    }),
    case("svlogd_full_disk_answers_signals", || {
        let full = FullLog::new("");
        let mut live = full.start(&[]);
        full.fill();
        live.say(&page("a")).await_err(PAUSING);
        live.signal(Signal::SIGALRM).await_err("sigalarm received.");
        live.signal(Signal::SIGHUP).await_err("sighangup received.");
        live.signal(Signal::SIGTERM).await_err("sigterm received.");
        assert!(live.running.ended().is_none(), "it holds lines");
        full.make_room();
        assert_eq!(live.running.wait().code(), Some(0));
        let names: Vec<_> =
            fs::read_dir(full.path("")).unwrap().flatten().map(|entry| entry.file_name()).collect();
        let mut names: Vec<String> = names.into_iter().map(|name| name.into_string().unwrap()).collect();
        names.sort_unstable();
        let all: String = names.iter().map(|name| full.text(name)).collect();
        assert_eq!(all, page("a"));
    })
    .dev("DEV-68"),
    case("svlogd_full_disk_holds_up_no_end", || {
        // Nothing is left to be written, and there is no room for a new file.
        for ends in ["input", "TERM"] {
            let full = FullLog::with("nr_inodes=4,size=1m", "");
            let mut live = full.start(&[]);
            live.say("x\n");
            until("the line", || (full.text("current") == "x\n").then_some(()));
            full.fill();
            live.signal(Signal::SIGALRM).await_err("unable to create new current: log: out of disk space\n");
            if ends == "TERM" {
                assert_eq!(live.term(), Some(0));
            } else {
                assert_eq!(live.end().0, Some(0));
            }
        }
    })
    .dev("DEV-68"),
    case("svlogd_full_disk_and_a_new_config", || {
        // Who is told to keep less makes room.
        let full = FullLog::new("");
        for number in 0..4 {
            fs::write(full.path(&format!("@40000000400000{number:02}00000000.s")), page("o")).unwrap();
        }
        fs::write(full.path("config"), "# some room for a config\nn10\n").unwrap();
        let mut live = full.start(&[]);
        full.fill();
        live.say(&page("a")).await_err(PAUSING);
        let config = fs::OpenOptions::new().write(true).open(full.path("config")).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&config, b"N1\nn9\n", 0).unwrap();
        live.signal(Signal::SIGHUP).await_err("out of disk space, delete: ");
        until("the lines", || (full.text("current") == page("a")).then_some(()));
    })
    .dev("DEV-68"),
    case("svlogd_full_disk_of_one_directory", || {
        let full = FullLog::new("");
        full.logs.rig.place.dir("other");
        let mut live = full.logs.start_after(&full.enter(), &["-v", "log", "other"]);
        live.await_err("new: other/current");
        full.fill();
        live.say(&page("a")).await_err(PAUSING);
        until("the other", || (full.logs.rig.place.text("other/current") == page("a")).then_some(()));
        full.make_room();
        live.say("b\n");
        until("both", || (full.text("current") == page("a") + "b\n").then_some(()));
        assert_eq!(full.logs.rig.place.text("other/current"), page("a") + "b\n");
    })
    .ours(),
    case("svlogd_deleted_current", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        live.log("x");
        fs::remove_file(logs.path("current")).unwrap();
        live.say("lost with the file\n").signal(Signal::SIGALRM);
        until("current", || logs.path("current").exists().then_some(()));
        live.log("y").rotate('s', 1).log("z");
        let (code, err) = live.end();
        assert_eq!((code, err.matches("unable to rename current").count()), (Some(0), 1), "{err}");
        assert_eq!((logs.old_texts('s'), logs.text("current")), (vec!["y\n".to_owned()], "z\n".into()));
    })
    .dev("DEV-69"),
    case("svlogd_deleted_current_is_noticed", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        live.log("x");
        fs::remove_file(logs.path("current")).unwrap();
        until("current", || {
            live.say("y\n");
            logs.path("current").exists().then_some(())
        });
        live.log("z").end();
    })
    .dev("DEV-69"),
    case("svlogd_renamed_current", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        live.log("x");
        fs::rename(logs.path("current"), logs.path("mine")).unwrap();
        live.signal(Signal::SIGALRM);
        until("current", || logs.path("current").exists().then_some(()));
        live.log("y").end();
        assert_eq!(logs.text("mine"), "x\n");
    })
    .dev("DEV-69"),
    case("svlogd_deleted_directory", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        live.log("x");
        fs::remove_dir_all(logs.path("")).unwrap();
        live.signal(Signal::SIGALRM).await_err("file does not exist");
        logs.rig.place.dir("log");
        live.say("y\n");
        until("the line", || (logs.text("current") == "y\n").then_some(()));
        live.end();
        assert_eq!(logs.mode("current"), Some(0o744));
    })
    .dev("DEV-69"),
    case("svlogd_config_is_a_directory", || {
        let logs = Logs::new("");
        logs.rig.place.dir("log/config");
        let done = logs.run(&["log"], "x\n");
        assert_eq!(done.err, "svlogd: warning: unable to read config: log: is a directory\n");
        assert_eq!((done.code, logs.text("current").as_str()), (Some(0), "x\n"));
    }),
    case("svlogd_unreadable_config", || {
        // That of the directory before is not this one's.
        let logs = Logs::new("").add("first", "pfirst: \n-b\n");
        for name in ["log", "first"] {
            logs.rig.place.chmod(name, 0o777);
        }
        logs.file("config", "pown: \n");
        logs.chmod("config", 0);
        let input = logs.rig.place.file("input", "a\nb\n");
        let mut command = logs.rig.unprivileged("svlogd", &["first", "log"]);
        let done = logs.rig.place.run(command.stdin(fs::File::open(input).unwrap()));
        if done.err.is_empty() {
            skip("root reads everything");
        }
        assert_eq!(done.err, "svlogd: warning: unable to read config: log: access denied\n");
        assert_eq!(logs.rig.place.text("first/current"), "first: a\n");
        assert_eq!(logs.text("current"), "a\nb\n");
    })
    .dev("DEV-67"),
    case("svlogd_read_only_directory", || {
        let logs = Logs::new("");
        logs.chmod("", 0o555);
        let done = logs.rig.place.run(&mut logs.rig.unprivileged("svlogd", &["log"]));
        assert_eq!(done.code, Some(111));
        assert!(
            done.err.contains("svlogd: warning: unable to lock directory: log: access denied\n"),
            "{}",
            done.err
        );
    }),
    case("svlogd_unreadable_directory", || {
        let logs = Logs::new("");
        logs.chmod("", 0o300);
        let done = logs.rig.place.run(&mut logs.rig.unprivileged("svlogd", &["log"]));
        assert_eq!(done.code, Some(111));
        assert!(
            done.err.contains("svlogd: warning: unable to open log directory: log: access denied\n"),
            "{}",
            done.err
        );
    }),
    case("svlogd_unreadable_start", || {
        let logs = Logs::new("");
        logs.chmod("", 0o311);
        let dir = logs.path("");
        let mut command = logs.rig.unprivileged("svlogd", &["."]);
        let done = logs.rig.place.run(command.current_dir(dir));
        let text = "svlogd: fatal: unable to open current working directory: access denied\n";
        assert_eq!((done.err.as_str(), done.code), (text, Some(111)));
        let _ = program("svlogd");
    }),
    case("svlogd_supervised", || {
        // As runsv runs it: TERM, and the next one goes on.
        let logs = Logs::new("s1000\nn0\n");
        let rig = &logs.rig;
        let service = rig.service("foo");
        service.script(
            "run",
            "exec 2>&1; i=0; while test $i -lt 300; do echo $i; i=$((i + 1)); done; exec sleep 1000",
        );
        let line = format!("cd ../../..; exec {} log", program("svlogd").display());
        service.script("log/run", &line);
        let mut runsv = service.supervise();
        let count = || logs.all().lines().count();
        until("all lines", || (count() == 300).then_some(()));
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
        let wanted: String = (0..300).map(|number| format!("{number}\n")).collect();
        assert_eq!(logs.all(), wanted);
        assert_eq!(logs.mode("current"), Some(0o744));
    }),
];
