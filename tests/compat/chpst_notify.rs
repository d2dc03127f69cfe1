//! chpst --notify-socket: sd_notify(3) in, a newline out.
use crate::notifier::{Supervisor, TOO_LONG, notifier};
use crate::tools::{chpst, fatal, misused, usage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runit_tests::suite::{Case, case, needs_proc, needs_tool, skip};
use runit_tests::wait::{until, within};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};

/// The option.
pub const SOCKET: &str = "--notify-socket=3";

/// Starts the notifier under chpst.
pub fn start(supervisor: &Supervisor, words: &[&str]) -> runit_tests::place::Running {
    supervisor.start(&[&[SOCKET], &notifier(words)[..]].concat())
}

/// Such a program says this on descriptor 3, in all, and that is its end.
fn says(words: &[&str], said: &str) {
    let mut supervisor = Supervisor::new();
    let mut running = start(&supervisor, &[words, &["note=sent", "await=go"]].concat());
    let trace = until("a trace", || Some(supervisor.trace()).filter(|text| text.ends_with('\n')));
    if trace == TOO_LONG {
        skip("no datagram may be so long");
    }
    assert_eq!(trace, "sent\n");
    if !said.is_empty() {
        assert_eq!(supervisor.await_end(), said);
    }
    supervisor.go();
    let status = running.wait();
    assert!(status.success(), "{status}: {}", running.err());
    assert_eq!(supervisor.await_end(), "", "and no more");
}

/// What a socket's name is like here: elsewhere, and where it was built as for those, in a directory.
pub fn is_abstract(supervisor: &Supervisor) -> bool {
    supervisor.trace().starts_with('@')
}

/// A program that notes the name of its socket.
pub const NAME: &str = "echo $NOTIFY_SOCKET >>trace; ";

pub const CASES: &[Case] = &[
    case("notify_ready", || says(&["send=READY=1", "barrier"], "\n")).ours(),
    case("notify_ready_among_lines", || {
        says(&["send=STATUS=up\nMAINPID=1\nREADY=1\nFDSTORE=1\n", "barrier"], "\n");
    })
    .ours(),
    case("notify_ready_in_a_later_datagram", || {
        says(&["send=STATUS=soon", "send=X=1", "send=READY=1", "barrier"], "\n");
    })
    .ours(),
    case("notify_ready_is_told_once", || {
        says(
            &[
                "send=READY=1",
                "send=READY=1\nREADY=1",
                "barrier",
                "send=RELOADING=1",
                "send=READY=1",
                "barrier",
            ],
            "\n",
        );
    })
    .ours(),
    case("notify_other_things_are_not_ready", || {
        let others = [
            "send=READY=10",
            "send= READY=1",
            "send=",
            "send=\n\n",
            "send=STATUS=READY=1",
            "send=STOPPING=1",
            "send=RELOADING=1",
            "send=FDSTORE=1",
            "send=WATCHDOG=1",
            "send=MAINPID=-1",
            "long=READY=1",
            "barrier",
        ];
        says(&others, "");
    })
    .ours(),
    case("notify_ready_at_the_beginning_of_a_long_datagram", || {
        says(&["send=READY=1", "long=X", "barrier"], "\n");
    })
    .ours(),
    case("notify_ready_before_the_end_of_the_program", || {
        // Nobody waits: the program is gone when the relay reads.
        let mut supervisor = Supervisor::new();
        let mut running = start(&supervisor, &["send=STATUS=1", "send=READY=1"]);
        assert!(running.wait().success(), "{}", running.err());
        assert_eq!(supervisor.await_end(), "\n");
    })
    .ours(),
    case("notify_flood", || {
        needs_proc();
        let supervisor = Supervisor::new();
        let words =
            ["send=X", "barrier", "note=1", "await=go", "flood=20000", "barrier", "note=2", "await=go"];
        let _running = start(&supervisor, &words);
        supervisor.await_trace("1\n");
        let before = supervisor.relay().private();
        supervisor.go();
        supervisor.await_trace("1\n2\n");
        let after = supervisor.relay().private();
        assert!(after <= before + 8, "{before} KiB, then {after}");
    })
    .ours(),
    case("notify_flood_does_not_hide_the_end", || {
        needs_proc();
        let mut supervisor = Supervisor::new();
        let script = format!("{NAME}exec sleep 1000");
        let mut running = supervisor.start(&[SOCKET, "sh", "-c", &script]);
        let name = until("a name", || Some(supervisor.trace()).filter(|text| text.ends_with('\n')));
        // So many that there is often one that waits to be read.
        let floods = [(); 4].map(|()| {
            let words = notifier(&["flood=100", "note=flood", "flood=100000000"]);
            let mut flood = supervisor.tools.rig.place.command(words[0]);
            flood.args(&words[1..]).env("NOTIFY_SOCKET", name.trim()).stderr(Stdio::null()).spawn().unwrap()
        });
        until("a flood", || (supervisor.trace().matches("flood").count() == floods.len()).then_some(()));
        running.signal(Signal::SIGKILL);
        running.wait();
        assert_eq!(supervisor.await_end(), "");
        supervisor.await_no_relay();
        for mut flood in floods {
            until("the end of the flood", || flood.try_wait().unwrap());
        }
    })
    .ours(),
    case("notify_descriptors_are_closed", || {
        needs_proc();
        let supervisor = Supervisor::new();
        let words = [
            "barrier",
            "barrier",
            "barrier",
            "note=1",
            "await=go",
            "send=READY=1",
            "barrier",
            "note=2",
            "await=go",
        ];
        let _running = start(&supervisor, &words);
        supervisor.await_trace("1\n");
        let told = supervisor.relay().descriptors();
        let told = |word: &str| told.iter().filter(|name| name.contains(word)).count();
        assert_eq!((told("socket:"), told("/ready"), told("pipe:"), told("/dev/")), (1, 1, 0, 0));
        supervisor.go();
        supervisor.await_trace("1\n2\n");
        let all = supervisor.relay().descriptors();
        assert!(all.iter().all(|name| name.contains("socket:") || name.contains("pidfd")), "{all:?}");
    })
    .ours(),
    case("notify_death_before_ready", || {
        needs_proc();
        for signal in [Signal::SIGKILL, Signal::SIGTERM] {
            let mut supervisor = Supervisor::new();
            let mut running = start(&supervisor, &["send=STATUS=1", "note=up", "await=never"]);
            supervisor.await_trace("up\n");
            assert_eq!(supervisor.look().as_deref(), Some(""));
            running.signal(signal);
            running.wait();
            assert_eq!(supervisor.await_end(), "");
            supervisor.await_no_relay();
        }
    })
    .ours(),
    case("notify_a_program_that_cannot_be_run", || {
        needs_proc();
        let mut supervisor = Supervisor::new();
        let mut running = supervisor.start(&[SOCKET, "/missing"]);
        assert_eq!(running.wait().code(), Some(111));
        assert_eq!(running.err(), "chpst: fatal: unable to run: /missing: file does not exist\n");
        assert_eq!(supervisor.await_end(), "");
        supervisor.await_no_relay();
    })
    .ours(),
    case("notify_a_program_that_closes_everything", || {
        needs_proc();
        let mut supervisor = Supervisor::new();
        let words = ["close", "note=closed", "await=go", "send=READY=1", "note=sent", "await=go"];
        let mut running = start(&supervisor, &words);
        supervisor.await_trace("closed\n");
        assert_eq!(supervisor.relays().len(), 1);
        supervisor.go();
        assert_eq!(supervisor.await_end(), "\n");
        assert_eq!(supervisor.relays().len(), 1);
        supervisor.await_trace("closed\nsent\n");
        supervisor.go();
        running.wait();
        supervisor.await_no_relay();
    })
    .ours(),
    case("notify_a_grandchild_says_ready", || {
        let mut supervisor = Supervisor::new();
        let script = "(\"$@\" &) ; exec sleep 1000";
        let words = [&[SOCKET, "sh", "-c", script, "sh"], &notifier(&["send=READY=1"])[..]].concat();
        let _running = supervisor.start(&words);
        assert_eq!(supervisor.await_end(), "\n");
    })
    .ours(),
    case("notify_the_program_has_no_descriptor", || {
        let mut supervisor = Supervisor::new();
        let script = "(: >&3) 2>/dev/null && echo open >>trace || echo closed >>trace";
        // Nor has what chpst opens itself its number.
        let mut running = supervisor.start(&[SOCKET, "-l", "lock", "sh", "-c", script]);
        assert!(running.wait().success());
        assert_eq!(supervisor.trace(), "closed\n");
        assert_eq!(supervisor.await_end(), "");
    })
    .ours(),
    case("notify_the_program_has_no_child", || {
        needs_proc();
        let supervisor = Supervisor::new();
        let words = ["name", "children", "note=1", "await=go", "children", "note=2", "await=never"];
        let running = start(&supervisor, &words);
        until("the first look", || supervisor.trace().ends_with("\n1\n").then_some(()));
        let relay = supervisor.relay();
        assert_ne!(relay.stat(1), running.pid(), "the parent");
        assert_eq!(relay.stat(3), relay.pid(), "the session");
        assert_eq!(relay.directory().to_str(), Some("/"));
        // What ends a program by its name, or a session, does not end the relay.
        kill(Pid::from_raw(relay.pid()), Signal::SIGTERM).unwrap();
        kill(Pid::from_raw(relay.pid()), Signal::SIGHUP).unwrap();
        assert_eq!(supervisor.relay().pid(), relay.pid());
        kill(Pid::from_raw(relay.pid()), Signal::SIGKILL).unwrap();
        supervisor.await_no_relay();
        supervisor.go();
        until("the second look", || supervisor.trace().ends_with("\n2\n").then_some(()));
        if let Some((dir, _)) = supervisor.trace().split_once("/socket\n") {
            std::fs::remove_dir_all(dir).unwrap();
        }
    })
    .ours(),
    case("notify_no_SIGCHLD_is_left", || {
        needs_proc();
        if !Command::new("env")
            .args(["--block-signal=CHLD", "true"])
            .output()
            .is_ok_and(|it| it.status.success())
        {
            skip("no env --block-signal");
        }
        let pending = ["sed", "-n", "s/^S[hi][dg]Pnd:\t0*//p", "/proc/self/status"];
        for first in [
            "exec env --block-signal=CHLD \"$0\" -c 'exec 3>ready; : >opened; exec chpst \"$@\"' sh \"$@\"",
            "trap '' CHLD",
        ] {
            let supervisor = Supervisor::new();
            let mut running = supervisor.start_after(first, &[&[SOCKET], &pending[..]].concat());
            assert!(running.wait().success(), "{}", running.err());
            assert_eq!(running.out(), "\n\n");
        }
    })
    .ours(),
    case("notify_a_supervisor_that_went_away", || {
        let mut supervisor = Supervisor::new();
        let words = ["note=up", "await=go", "send=READY=1", "barrier", "barrier", "note=told", "await=never"];
        let _running = start(&supervisor, &words);
        supervisor.await_trace("up\n");
        supervisor.leave();
        supervisor.go();
        supervisor.await_trace("up\ntold\n");
    })
    .ours(),
    case("notify_a_pipe_that_is_full", || {
        needs_proc();
        let mut supervisor = Supervisor::new();
        let running = start(
            &supervisor,
            &["note=up", "await=go", "send=READY=1", "barrier", "barrier", "note=told", "await=never"],
        );
        supervisor.await_trace("up\n");
        let mut how = std::fs::OpenOptions::new();
        how.write(true).custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits());
        let mut full = how.open(supervisor.tools.rig.place.path("ready")).unwrap();
        while full.write(b"x").is_ok() {}
        supervisor.go();
        supervisor.await_trace("up\ntold\n");
        drop(full);
        let said = supervisor.await_end();
        assert_eq!(said.trim_start_matches('x'), "\n");
        drop(running);
    })
    .ours(),
    case("notify_limits_are_the_program's", || {
        let mut supervisor = Supervisor::new();
        let program = notifier(&["send=READY=1", "barrier"]);
        let mut running = supervisor.start(&[&[SOCKET, "-o", "8", "-n", "1"], &program[..]].concat());
        assert!(running.wait().success(), "{}", running.err());
        assert_eq!(supervisor.await_end(), "\n");
    })
    .ours(),
    case("notify_the_variable_is_chpst's", || {
        let mut supervisor = Supervisor::new();
        supervisor.tools.rig.place.file("e/NOTIFY_SOCKET", "/of/the/directory");
        let words = [&["-e", "e", SOCKET], &notifier(&["send=READY=1", "barrier"])[..]].concat();
        let mut running = supervisor.start_after("export NOTIFY_SOCKET=/of/the/manager", &words);
        assert!(running.wait().success(), "{}", running.err());
        assert_eq!(supervisor.await_end(), "\n");
    })
    .ours(),
    case("notify_systemd-notify", || {
        needs_tool("systemd-notify");
        for words in [
            &["systemd-notify", "--ready"] as &[_],
            &["systemd-notify", "--status=up", "--ready", "--pid=1"],
            &[
                "sh",
                "-c",
                "systemd-notify --status=soon; systemd-notify --ready --no-block; systemd-notify STOPPING=1",
            ],
        ] {
            let mut supervisor = Supervisor::new();
            let mut running = supervisor.start(&[&[SOCKET], words].concat());
            assert!(running.wait().success(), "{}", running.err());
            assert_eq!(supervisor.await_end(), "\n", "{words:?}");
        }
    })
    .ours(),
    case("notify_leaves_nothing_behind", || {
        let supervisor = Supervisor::new();
        let mut running = supervisor.start(&[SOCKET, "sh", "-c", NAME]);
        assert!(running.wait().success());
        let name = supervisor.trace().trim().to_owned();
        let there = || platform_host::datagrams::connected(name.as_bytes()).ok();
        assert!(
            within(runit_tests::wait::patience(), || there().is_none().then_some(())).is_some(),
            "{name}"
        );
        if let Some((dir, _)) = name.strip_prefix('/').and_then(|name| name.rsplit_once('/')) {
            until("no directory", || (!std::path::Path::new("/").join(dir).exists()).then_some(()));
        }
    })
    .ours(),
    case("notify_bad_descriptors", || {
        let closed = chpst(&["--notify-socket=9", "echo", "ran"]);
        fatal(&closed, "unable to use descriptor 9: file descriptor not open");
        let supervisor = Supervisor::new();
        let mut running = supervisor.start(&["--notify-socket=4", "echo", "ran"]);
        assert_eq!(running.wait().code(), Some(111));
        let mut running = supervisor.start_after("exec 5</dev/null", &["--notify-socket=5", "echo", "ran"]);
        assert_eq!((running.wait().code(), running.out().as_str()), (Some(111), ""));
        assert_eq!(running.err(), "chpst: fatal: descriptor is not open for writing: 5\n");
        for option in ["--notify-socket", "--notify-fd"] {
            for word in ["", "x", "2", "0", "-3", "3x", "2147483648", "18446744073709551619"] {
                let line = format!("chpst: not a descriptor of 3 or more: {word}\n");
                misused(&chpst(&[option, word, "echo", "ran"]), &(line.clone() + &usage()));
                misused(&chpst(&[&format!("{option}={word}"), "echo", "ran"]), &(line + &usage()));
            }
            let line = format!("chpst: option requires an argument -- {option}\n");
            misused(&chpst(&[option]), &(line + &usage()));
        }
        let line = "chpst: --notify-fd and --notify-socket exclude each other\n".to_owned();
        misused(&chpst(&["--notify-fd=3", "--notify-socket=4", "echo", "ran"]), &(line + &usage()));
    })
    .ours(),
];
