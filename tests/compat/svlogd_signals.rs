//! svlogd: its end, and what signals do.
use crate::svlogd_rig::{Logs, pipe};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait::until;
use std::fs::{self, File};
use std::io::Write;
use std::process::Stdio;

pub const CASES: &[Case] = &[
    case("svlogd_last_line_without_newline", || {
        for (input, wanted) in [("a\nfoo", "a\nfoo\n"), ("foo", "foo\n"), ("\nx", "\nx\n")] {
            assert_eq!(Logs::new("").logged(&[], input), wanted, "{input:?}");
        }
    })
    .dev("DEV-60"),
    case("svlogd_last_line_is_treated_like_others", || {
        let logs = Logs::new("-a*\ne*\n");
        let done = logs.run(&["-r", ".", "log"], "ab\nc\td");
        assert_eq!((logs.text("current").as_str(), done.err.as_str()), ("c.d\n", "ab\nc.d\n"));
    })
    .dev("DEV-60"),
    case("svlogd_long_last_line_without_newline", || {
        let line = "z".repeat(3000);
        assert_eq!(Logs::new("").logged(&[], &line), format!("{line}\n"));
        assert_eq!(Logs::new("").logged(&["-l", "3"], "abc"), "abc\n");
    }),
    case("svlogd_ends_with_its_input", || {
        let logs = Logs::new("");
        let mut live = logs.open(&["-v"]);
        live.log("x");
        let (code, err) = live.end();
        assert_eq!(
            (code, err.as_str()),
            (Some(0), "svlogd: info: new: log/current\nsvlogd: info: close: log\n")
        );
    }),
    case("svlogd_writes_at_once", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        for number in 0..20 {
            live.log(&format!("line {number}"));
        }
        live.say("part");
        live.say(" and rest\n");
        until("the line", || logs.text("current").ends_with("part and rest\n").then_some(()));
    }),
    case("svlogd_long_lines_come_at_once", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        let part = "x".repeat(1500);
        live.say(&part);
        logs.await_text("current", &part);
        live.say(&part);
        logs.await_text("current", &part.repeat(2));
        live.say("\n").end();
        assert_eq!(logs.text("current"), format!("{part}{part}\n"));
    }),
    case("svlogd_term", || {
        let logs = Logs::new("");
        let mut live = logs.open(&["-v"]);
        live.log("x");
        assert_eq!(live.term(), Some(0));
        assert!(live.running.err().ends_with("svlogd: info: sigterm received.\nsvlogd: info: close: log\n"));
        assert_eq!((logs.text("current").as_str(), logs.mode("current")), ("x\n", Some(0o744)));
    }),
    case("svlogd_term_loses_no_line", || {
        // What is read in the turn in which the signal is noticed.
        for _ in 0..20 {
            let logs = Logs::new("");
            let mut live = logs.open(&[]);
            live.signal(Signal::SIGSTOP);
            live.say("one\ntwo\nthree\n").signal(Signal::SIGTERM).signal(Signal::SIGCONT);
            assert_eq!(live.running.wait().code(), Some(0));
            assert_eq!(logs.text("current"), "one\ntwo\nthree\n");
        }
    })
    .dev("DEV-61"),
    case("svlogd_term_finishes_the_line", || {
        let logs = Logs::new("");
        let mut live = logs.open(&["-v"]);
        live.log("x").say("begin");
        live.signal(Signal::SIGTERM).await_err("sigterm received.");
        live.say(" and end\nanother line\n");
        assert_eq!(live.running.wait().code(), Some(0));
        assert_eq!(logs.text("current"), "x\nbegin and end\n");
    })
    .dev("DEV-61"),
    case("svlogd_term_leaves_the_rest_to_others", || {
        let logs = Logs::new("");
        let (read, write) = pipe();
        let (reader, mut writer) = (File::from(read), File::from(write));
        let mut command = logs.command(&["-v", "log"]);
        let mut running = logs.rig.place.start(command.stdin(Stdio::from(reader.try_clone().unwrap())));
        logs.await_open();
        writer.write_all(b"x\nbegin").unwrap();
        until("x", || (logs.text("current") == "x\n").then_some(()));
        running.signal(Signal::SIGTERM);
        until("TERM", || running.err().contains("sigterm received.").then_some(()));
        writer.write_all(b" and end\nanother line\n").unwrap();
        assert_eq!(running.wait().code(), Some(0));
        drop(writer);
        // What was not read is there for the next one.
        let done = logs.rig.place.run(logs.command(&["log"]).stdin(Stdio::from(reader)));
        assert_eq!(done.code, Some(0));
        assert_eq!(logs.text("current"), "x\nbegin and end\nanother line\n");
    })
    .dev("DEV-61"),
    case("svlogd_term_though_another_reads_the_pipe", || {
        // RWF_NOWAIT of pipes.
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let mut numbers =
            release.split(|sign: char| !sign.is_ascii_digit()).map_while(|n| n.parse::<u32>().ok());
        if (numbers.next(), numbers.next()) < (Some(6), Some(4)) {
            skip("Linux 6.4 or newer");
        }
        let logs = Logs::new("");
        let (read, write) = pipe();
        let (reader, mut writer) = (File::from(read), File::from(write));
        let mut both: Vec<_> = ["log", "other"]
            .iter()
            .map(|name| {
                let _ = std::fs::create_dir(logs.rig.place.path(name));
                let mut command = logs.command(&["-v", name]);
                logs.rig.place.start(command.stdin(Stdio::from(reader.try_clone().unwrap())))
            })
            .collect();
        logs.await_open();
        until("the other", || logs.rig.place.path("other/current").exists().then_some(()));
        // Both are told of each line, one of them finds it.
        let size = |name: &str| std::fs::metadata(logs.rig.place.path(name)).map_or(0, |found| found.len());
        for count in 1..=50 {
            writer.write_all(b"x\n").unwrap();
            until("a line", || {
                (size("log/current") + size("other/current") == 2 * count as u64).then_some(())
            });
            for running in &both {
                running.signal(Signal::SIGHUP);
                until("both", || {
                    (running.err().matches("sighangup received").count() == count).then_some(())
                });
            }
        }
        for running in &mut both {
            running.signal(Signal::SIGTERM);
            assert_eq!(running.wait().code(), Some(0));
        }
    })
    // C reads without waiting, too, but overlooks a signal now and then (DEV-62).
    .ours(),
    case("svlogd_term_ends_a_line_that_does_not_end", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        live.log("x").say("begin");
        assert_eq!(live.term(), Some(0));
        assert_eq!(logs.text("current"), "x\nbegin\n");
    })
    .dev("DEV-61"),
    case("svlogd_hang_up_reads_the_config", || {
        let logs = Logs::new("");
        let mut live = logs.open(&["-v"]);
        live.log("x");
        logs.file("config", "pnew: \n");
        live.signal(Signal::SIGHUP).await_err("append: log/current");
        live.say("y\n").end();
        assert_eq!(logs.text("current"), "x\nnew: y\n");
        let text = "svlogd: info: sighangup received.\nsvlogd: info: close: log\n\
                    svlogd: info: read: log/config\nsvlogd: info: append: log/current\n";
        assert!(live.running.err().contains(text), "{}", live.running.err());
    }),
    case("svlogd_hang_up_forgets_the_config", || {
        let logs = Logs::new("pfoo \n-a\neb\n");
        let mut live = logs.open(&["-v"]);
        live.log("b");
        logs.file("config", "");
        live.signal(Signal::SIGHUP).await_err("sighangup received.");
        live.say("a\nb\n");
        until("the lines", || logs.text("current").ends_with("a\nb\n").then_some(()));
    }),
    case("svlogd_hang_up_without_the_config", || {
        for (instead, why) in [("nothing", "file does not exist"), ("a directory", "is a directory")] {
            let logs = Logs::new("n0\npfoo \n");
            for number in 10..30 {
                logs.file(&format!("@40000000{number}00000000000000.s"), "old\n");
            }
            let mut live = logs.open(&[]);
            live.log("x");
            fs::remove_file(logs.path("config")).unwrap();
            if instead == "a directory" {
                fs::create_dir(logs.path("config")).unwrap();
            }
            let line = format!("svlogd: warning: unable to read config: log: {why}\n");
            live.signal(Signal::SIGHUP).await_err(&line);
            live.log("y").rotate('s', 21).end();
            assert_eq!(logs.old_texts('s').concat(), "old\n".repeat(20) + "foo x\nfoo y\n");
        }
    })
    .dev("DEV-74"),
    case("svlogd_hang_up_finds_directories", || {
        let logs = Logs::new("");
        let mut live = logs.start(&["-v", "log", "late"]);
        logs.await_open();
        live.log("x");
        logs.rig.place.dir("late");
        live.signal(Signal::SIGHUP).await_err("new: late/current");
        live.log("y");
        until("the other", || (logs.rig.place.text("late/current") == "y\n").then_some(()));
    }),
    case("svlogd_hang_up_without_directories", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        live.log("x");
        fs::rename(logs.path(""), logs.rig.place.path("elsewhere")).unwrap();
        live.signal(Signal::SIGHUP);
        assert_eq!(live.running.wait().code(), Some(111));
        let text = "svlogd: warning: unable to open log directory: log: file does not exist\n\
                    svlogd: fatal: no functional log directories.\n";
        assert_eq!(live.running.err(), text);
        assert_eq!(logs.rig.place.text("elsewhere/current"), "x\n");
    }),
    case("svlogd_hang_up_in_another_directory", || {
        // Which has no config: the other one's does not count.
        let logs = Logs::new("pfoo \n").add("new", "");
        let mut live = logs.open(&["-v"]);
        live.log("x");
        fs::rename(logs.path(""), logs.rig.place.path("elsewhere")).unwrap();
        fs::rename(logs.rig.place.path("new"), logs.path("")).unwrap();
        live.signal(Signal::SIGHUP).await_err("close: log\nsvlogd: info: new: log/current");
        live.log("y").end();
        assert_eq!(
            (logs.rig.place.text("elsewhere/current"), logs.text("current")),
            ("foo x\n".into(), "y\n".into())
        );
    }),
    case("svlogd_hang_up_within_a_line", || {
        let logs = Logs::new("-x*\n");
        let mut live = logs.open(&["-v"]);
        live.say("a");
        live.signal(Signal::SIGHUP).await_err("sighangup received.");
        live.say("b\n");
        logs.await_text("current", "ab\n");
    }),
    case("svlogd_hang_up_within_a_long_line", || {
        let logs = Logs::new("-x*\n");
        let mut live = logs.open(&["-v", "-l", "5"]);
        live.say("a\nxxxxxxxxxx");
        logs.await_text("current", "a\n");
        live.signal(Signal::SIGHUP).await_err("append: log/current");
        live.say("rest\nb\n");
        until("b", || logs.text("current").ends_with("b\n").then_some(()));
        assert_eq!(logs.text("current"), "a\nb\n");
    })
    .ours(),
    case("svlogd_signals_while_busy", || {
        // Many at once, between reads: none waits for the next line.
        let logs = Logs::new("n0\n");
        let mut live = logs.open(&[]);
        for round in 1..=30 {
            live.signal(Signal::SIGSTOP);
            live.say("a line\n").signal(Signal::SIGALRM).signal(Signal::SIGCONT);
            logs.await_old('s', round);
        }
        live.signal(Signal::SIGSTOP);
        live.say("last\n").signal(Signal::SIGTERM).signal(Signal::SIGHUP).signal(Signal::SIGCONT);
        assert_eq!(live.running.wait().code(), Some(0));
        assert_eq!(logs.text("current"), "last\n");
    })
    .dev("DEV-62"),
    case("svlogd_interrupt_kills", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        live.log("x").signal(Signal::SIGINT);
        assert_eq!(live.running.wait().code(), None);
        assert_eq!(logs.mode("current"), Some(0o644));
    }),
    case("svlogd_leaves_descriptor_0_as_it_was", || {
        let logs = Logs::new("");
        let (read, write) = pipe();
        let mut command = logs.command(&["log"]);
        let mut running = logs.rig.place.start(command.stdin(Stdio::from(read.try_clone().unwrap())));
        logs.await_open();
        let mut writer = File::from(write);
        writer.write_all(b"x\n").unwrap();
        until("x", || (logs.text("current") == "x\n").then_some(()));
        let flags = OFlag::from_bits_truncate(fcntl(&read, FcntlArg::F_GETFL).unwrap());
        drop(writer);
        assert_eq!(running.wait().code(), Some(0));
        assert!(!flags.contains(OFlag::O_NONBLOCK));
    })
    .ours(),
    case("svlogd_reads_what_does_not_block", || {
        let logs = Logs::new("");
        let (read, write) = pipe();
        fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        let mut command = logs.command(&["log"]);
        let mut running = logs.rig.place.start(command.stdin(Stdio::from(read)));
        logs.await_open();
        let mut writer = File::from(write);
        for text in ["one\n", "two\n"] {
            writer.write_all(text.as_bytes()).unwrap();
            until(text, || logs.text("current").ends_with(text).then_some(()));
        }
        drop(writer);
        assert_eq!(running.wait().code(), Some(0));
    }),
    case("svlogd_directory_argument_is_relative_to_the_start", || {
        let logs = Logs::new("");
        let mut live = logs.start(&["-v", "./log/"]);
        logs.await_open();
        live.log("x").rotate('s', 1).signal(Signal::SIGHUP).await_err("append: ./log//current");
        live.log("y");
    }),
    case("svlogd_few_calls", || {
        let logs = Logs::new("s0\n");
        let mut strace = logs.rig.place.command("strace");
        if strace.args(["-o", "/dev/null", "true"]).status().map_or(true, |status| !status.success()) {
            runit_tests::suite::skip("no strace");
        }
        let text: String = (0..10_000).map(|number| format!("{number:059}\n")).collect();
        let input = logs.rig.place.file("input", &text);
        let mut command = logs.rig.place.command("strace");
        command.args(["-f", "-o", "trace"]).arg(runit_tests::rig::program("svlogd")).arg("log");
        let done = logs.rig.place.run(command.stdin(File::open(input).unwrap()));
        assert_eq!(done.code, Some(0), "{}", done.err);
        let calls = logs.rig.place.text("trace").lines().count();
        assert!(logs.text("current") == text);
        assert!(calls < 400, "{calls} calls for 10,000 lines");
    })
    .dev("DEV-72"),
];
