//! runsv's start: what is refused, and what `./run` inherits.
use crate::runsvdir::parent;
use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use runit_tests::programs::Programs;
use runit_tests::rig::{Rig, by_term, process_state, program, send};
use runit_tests::suite::{Case, case, needs_proc, skip};
use runit_tests::wait::until;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;

pub const CASES: &[Case] = &[
    case("start_not_a_directory", || {
        let rig = Rig::new();
        rig.place.file("sv/foo", "");
        let done = rig.run("runsv", &["./sv/foo"]);
        assert_eq!(done.err, "runsv ./sv/foo: fatal: unable to change to directory: not a directory\n");
        assert_eq!(done.code, Some(111));
    }),
    case("start_message_fits_in_what_is_left", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        fs::remove_dir_all(rig.place.path("sv/foo")).unwrap();
        rig.place.file("sv/foo", "");
        let (read, write) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).unwrap();
        let (mut reader, mut writer) = (File::from(read), write.try_clone().map(File::from).unwrap());
        // Down to the last page, in which poll(2) promises nothing any more.
        while let Ok(1..) = writer.write(&[b'x'; 4096]) {}
        reader.read_exact(&mut [0; 4096]).unwrap();
        writer.write_all(b"x").unwrap();
        let done = rig.place.start_on(&mut service.command(), &write).wait();
        assert_eq!(done.code(), Some(111));
        let mut text = Vec::new();
        drop((writer, write));
        let _ = reader.read_to_end(&mut text);
        assert!(text.ends_with(b"fatal: unable to change to directory: not a directory\n"));
    }),
    // As on a kernel that was built without it.
    case("start_without_signalfd", || {
        let rig = Rig::new();
        if !rig
            .place
            .command("strace")
            .args(["-o", "/dev/null", "true"])
            .status()
            .is_ok_and(|done| done.success())
        {
            skip("no strace");
        }
        let service = rig.service("foo");
        service.probe();
        let mut command = rig.place.command("strace");
        command.args(["-qq", "-o", "/dev/null", "-e", "inject=signalfd4:error=ENOSYS"]);
        command.arg(program("runsv")).arg("foo").current_dir(rig.place.path("sv"));
        let mut strace = rig.place.start(&mut command);
        let run = service.await_runs(1);
        let runsv = parent(run);
        send(run, Signal::SIGKILL);
        service.await_runs(2);
        send(runsv, Signal::SIGTERM);
        assert_eq!(strace.wait().code(), Some(0));
    }),
    case("start_log_is_a_file", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let runsv = service.probe().file("log", "").up();
        assert_eq!(runsv.err(), "runsv foo: warning: ./log: not a directory.\n");
    }),
    case("start_log_cannot_be_looked_at", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        symlink("log", service.probe().path("log")).unwrap();
        let runsv = service.up();
        assert_eq!(runsv.err(), "runsv foo: warning: unable to stat() ./log: : symbolic link loop\n");
    }),
    case("start_log_is_a_link", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        rig.place.script("logger/run", "echo run $$ >>trace; exec cat");
        symlink("../../logger", service.probe().path("log")).unwrap();
        let _runsv = service.up();
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
    }),
    case("start_log_dangles", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        symlink("nowhere", service.probe().path("log")).unwrap();
        let runsv = service.up();
        assert_eq!(runsv.err(), "");
        assert!(!Path::new(&service.path("nowhere")).exists());
    }),
    case("start_down_of_any_kind", || {
        let rig = Rig::new();
        let dir = rig.service("dir");
        rig.place.dir(dir.probe().path("down"));
        let link = rig.service("link");
        symlink("/", link.probe().path("down")).unwrap();
        for service in [&dir, &link] {
            let _runsv = service.supervise();
            assert_eq!(service.status().want, b'd');
            service.control("p");
            service.await_stat("down, paused");
            assert!(service.trace().is_empty());
        }
        let dangling = rig.service("dangling");
        symlink("nowhere", dangling.probe().path("down")).unwrap();
        let _runsv = dangling.up();
    }),
    case("start_down_is_read_once", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().file("down", "").supervise();
        fs::remove_file(service.path("down")).unwrap();
        service.control("u");
        service.await_runs(1);
        service.file("down", "").control("t");
        service.await_runs(2);
    }),
    case("start_log_is_decided_once", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().up();
        service.log();
        service.tell("echo nothing >>trace");
        service.await_trace("nothing");
        assert!(!service.path("log/supervise").exists() && service.log_runs().is_empty());
        // The next start of ours looks again; C runit's runsv never does.
        service.control("t");
        service.await_runs(2);
        if Programs::get().ours() {
            until("a log service", || service.log_runs().first().copied());
        } else {
            assert!(!service.path("log/supervise").exists() && service.log_runs().is_empty());
        }
    }),
    case("start_environment", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let text = "env | sort >env; pwd >pwd; echo run $$ >>trace; exec sleep 1000";
        service.script("run", text);
        // What a shell adds of its own accord: PWD, and on OpenBSD PATH.
        let bare = rig.place.run(rig.place.command("sh").args(["-c", "env"]).env_clear());
        let name = |line: &str| line.split('=').next().map(str::to_owned);
        let added: Vec<_> = bare.out.lines().map(name).collect();
        let mut command = service.command();
        let _runsv = rig.place.start(
            command.env_clear().env("A", "1").env("EMPTY", "").env("RUNIT_TEST_PLACE", rig.place.root()),
        );
        service.await_trace("run");
        let mark = format!("RUNIT_TEST_PLACE={}\n", rig.place.root().display());
        let env = service.text("env");
        let given: String = env.split_inclusive('\n').filter(|line| !added.contains(&name(line))).collect();
        assert_eq!(given, format!("A=1\nEMPTY=\n{mark}"));
        assert_eq!(service.text("pwd").trim_end(), service.dir.to_str().unwrap());
    }),
    case("start_arguments", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        let text = "tr '\\0' , </proc/$$/cmdline >args; echo $# >count; echo run $$ >>trace; exec sleep 1000";
        service.script("run", text).script("log/run", text);
        let _runsv = service.start();
        service.await_trace("run");
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
        for place in ["", "log/"] {
            assert_eq!(service.text(&format!("{place}args")), "/bin/sh,./run,");
            assert_eq!(service.text(&format!("{place}count")), "0\n");
        }
    }),
    case("start_descriptors", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        rig.place.executable(service.path("run"), "#!/bin/ls /proc/self/fd\n");
        service.file("down", "");
        let runsv = rig.place.start(&mut service.command_after("exec 7</dev/null"));
        service.await_ok();
        service.control("o");
        let said = until("the list", || Some(runsv.out()).filter(|out| out.contains("\n7\n")));
        // What this program inherited is there too.
        let numbers =
            |said: &str| said.lines().filter(|line| line.parse::<u32>().is_ok()).map(str::to_owned).collect();
        let mut plain = rig.place.command("sh");
        let plain = rig.place.run(plain.args(["-c", "exec 7</dev/null; exec ls /proc/self/fd"]));
        let (found, wanted): (Vec<String>, Vec<String>) = (numbers(&said), numbers(&plain.out));
        assert!(wanted.contains(&"7".to_owned()));
        assert_eq!(found, wanted);
    }),
    case("start_signal_mask", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        let text =
            "grep -e SigBlk -e SigIgn /proc/self/status >signals; echo run $$ >>trace; exec sleep 1000";
        let _runsv = service.script("run", text).script("log/run", text).start();
        service.await_trace("run");
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
        // The signals with names; the C library ignores some of the others for its own ends.
        for said in ["signals", "log/signals"].map(|name| service.text(name)) {
            let masks: Vec<u64> = said
                .lines()
                .map(|line| {
                    u64::from_str_radix(line.split('\t').nth(1).unwrap_or(""), 16).unwrap() & 0x7fff_ffff
                })
                .collect();
            assert_eq!(masks, [0, 0], "{said}");
        }
    }),
    case("start_same_group_and_session", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        let runsv = service.probe().up();
        let ids = |pid: i32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            let rest = stat.rsplit(") ").next().unwrap().to_owned();
            rest.split(' ').skip(2).take(2).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(ids(service.await_runs(1)), ids(runsv.pid()));
    }),
    case("start_run_is_missing", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let runsv = service.supervise();
        let line = "runsv foo: fatal: unable to start ./run: file does not exist\n";
        until("two tries", || (runsv.err() == line.repeat(2)).then_some(()));
    }),
    case("start_run_is_not_executable", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let runsv = service.file("run", "").file("down", "").supervise();
        service.control("o");
        let line = "runsv foo: fatal: unable to start ./run: access denied\n";
        until("a try", || (runsv.err() == line).then_some(()));
    }),
    case("start_run_has_no_interpreter", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        rig.place.executable(service.path("run"), "#!/no/such/program\n");
        let runsv = service.file("down", "").supervise();
        service.control("o");
        let line = "runsv foo: fatal: unable to start ./run: file does not exist\n";
        until("a try", || (runsv.err() == line).then_some(()));
        rig.place.executable(service.path("run"), "no program\n");
        service.control("o");
        let line = format!("{line}runsv foo: fatal: unable to start ./run: exec format error\n");
        until("a try", || (runsv.err() == line).then_some(()));
    }),
    case("start_log_run_is_missing", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        rig.place.dir(service.probe().path("log"));
        let runsv = service.file("log/down", "").up();
        service.control_log("o");
        let line = "runsv foo: fatal: unable to start log/./run: file does not exist\n";
        until("a try", || (runsv.err() == line).then_some(()));
    }),
    case("start_silence", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.log().finish().probe().up();
        service.control("tuodhpc");
        service.await_trace(by_term());
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!((runsv.out().as_str(), runsv.err().as_str()), ("", ""));
    }),
    case("start_odd_names", || {
        let rig = Rig::new();
        for name in ["a b", "-x", "a\nb", "caf\u{e9}", &"z".repeat(255)] {
            let service = rig.service(name);
            let mut runsv = service.probe().up();
            service.refuses("fatal: unable to lock supervise/lock: temporary failure");
            service.control("x");
            assert_eq!(runsv.wait().code(), Some(0));
        }
    }),
    case("start_of_the_current_directory", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut command = rig.command("runsv", &["."]);
        let _runsv = rig.place.start(command.current_dir(&service.probe().dir));
        service.await_trace("run");
        let done = rig.place.run(&mut command);
        assert_eq!(done.err, "runsv .: fatal: unable to lock supervise/lock: temporary failure\n");
    }),
    case("start_signals_that_kill_runsv", || {
        for signal in [
            Signal::SIGHUP,
            Signal::SIGINT,
            Signal::SIGQUIT,
            Signal::SIGALRM,
            Signal::SIGUSR1,
            Signal::SIGUSR2,
        ] {
            let rig = Rig::new();
            let service = rig.service("foo");
            // No core file of the one that is meant to dump one.
            service.probe();
            let mut runsv = rig.place.start(&mut service.command_after("ulimit -c 0"));
            let pid = service.await_runs(1);
            service.await_stat("run");
            runsv.signal(signal);
            use std::os::unix::process::ExitStatusExt;
            assert_eq!(runsv.wait().signal(), Some(signal as i32));
            assert!(process_state(pid).is_some(), "{signal}: the service lives on");
            assert_eq!(service.stat(), "run");
        }
    }),
];
