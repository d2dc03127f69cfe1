//! How runsv ends, and the log service that outlives its service.
use nix::sys::signal::Signal;
use nix::unistd::{Uid, chown, geteuid};
use runit_tests::place::Running;
use runit_tests::rig::{Rig, Service, await_death, await_process_state, is_alive};
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait::until;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

pub const CASES: &[Case] = &[
    // the end of runsv
    case("exit_by_term", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.stubborn().up();
        runsv.signal(Signal::SIGTERM);
        service.await_stat("run, got TERM, want exit");
        service.await_traces(&["run", "TERM"]);
        service.tell("exit 0");
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!((service.stat().as_str(), runsv.err().as_str()), ("down", ""));
    }),
    case("exit_by_term_when_down", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.probe().file("down", "").supervise();
        runsv.signal(Signal::SIGTERM);
        assert_eq!(runsv.wait().code(), Some(0));
    }),
    case("exit_by_term_twice", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.stubborn().up();
        runsv.signal(Signal::SIGTERM);
        service.await_traces(&["run", "TERM"]);
        runsv.signal(Signal::SIGTERM);
        service.await_traces(&["run", "TERM", "TERM"]);
        service.tell("exit 0");
        assert_eq!(runsv.wait().code(), Some(0));
    }),
    case("exit_by_term_during_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.long_finish().probe().up();
        service.tell("exit 0");
        service.await_trace("finish 0 0");
        runsv.signal(Signal::SIGTERM);
        service.await_stat("finish, want exit");
        service.tell_finish("exit");
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!(service.trace(), ["run", "finish 0 0"]);
    }),
    case("exit_taken_back", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.stubborn().up();
        service.control("x");
        service.await_stat("run, got TERM, want exit");
        service.control("u");
        service.await_stat("run, got TERM");
        service.tell("exit 0");
        service.await_runs(2);
        assert!(runsv.ended().is_none());
    }),
    case("exit_frees_the_lock", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.probe().up();
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
        let _again = service.supervise();
        service.await_runs(2);
    }),
    case("exit_waits_for_the_log_service", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.log_probe().probe().up();
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
        service.control("x");
        service.await_log_stat("run, want exit");
        assert_eq!((service.stat().as_str(), runsv.ended().is_none()), ("down", true));
        // Told by the end of its input, by no signal.
        assert!(is_alive(service.log_runs()[0]) && !service.text("log/trace").contains("TERM"));
        let hold = service.path("log/hold");
        until("a reader", || runit_tests::place::write_fifo(&hold, b"cat; exit 0\n").ok());
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!(service.text("log/supervise/stat"), "down\n");
    }),
    case("exit_loses_no_line", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.log().script("finish", "echo the end");
        let mut runsv = service.probe().up();
        service.tell("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; kill $$");
        service.await_trace("run");
        until("the last line", || service.text("logged").contains("line 4999\n").then_some(()));
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
        let logged = service.text("logged");
        assert!(logged.ends_with("the end\n"), "{logged}");
        assert!((0..5000).all(|line| logged.contains(&format!("line {line}\n"))));
        until("its end", || service.text("log/trace").ends_with("end\n").then_some(()));
    }),
    case("exit_with_a_log_that_ends_before_it_has_read_all", || ends_too_early("")).dev("DEV-41"),
    case("exit_with_a_log_that_is_told_to_be_up", || ends_too_early("u")).dev("DEV-41"),
    case("exit_with_a_paused_log", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.log().probe().up();
        let pid = until("the log service", || service.log_runs().first().copied());
        service.control_log("p");
        await_process_state(pid, 'T');
        service.tell("echo the last line; echo written >>trace");
        service.await_trace("written");
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!(service.text("logged"), "the last line\n");
        assert_eq!(service.text("log/supervise/stat"), "down\n");
    })
    .dev("DEV-42"),
    case("exit_with_a_log_that_is_down", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.log_probe().file("log/down", "").probe().up();
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
    }),
    case("exit_with_a_log_that_does_not_stay", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.script("log/run", "echo run $$ >>trace").probe().up();
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
    }),
    case("exit_taken_back_while_the_log_drains", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.log_probe().probe().up();
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
        service.control("x");
        service.await_log_stat("run, want exit");
        service.control("u");
        service.await_runs(2);
        service.await_stat("run");
        service.await_log_stat("run");
        service.control("h");
        service.await_trace("HUP");
        assert_eq!((runsv.ended().is_none(), runsv.err().as_str()), (true, ""));
    })
    .dev("DEV-34"),
    // the log service
    case("log_reads_what_the_service_writes", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let runsv = service.log().probe().up();
        service.tell("echo to the log; echo elsewhere >&2");
        until("a line", || (service.text("logged") == "to the log\n").then_some(()));
        until("a line", || (runsv.err() == "elsewhere\n").then_some(()));
        assert_eq!(runsv.out(), "");
    }),
    case("log_stdout_is_runsvs", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let runsv = service.script("log/run", "while read -r line; do echo log:$line; done").probe().up();
        service.tell("echo a");
        until("a line", || (runsv.out() == "log:a\n").then_some(()));
    }),
    case("log_keeps_its_input_over_a_restart", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.log().file("log/down", "").probe().up();
        service.tell("echo early; echo HUP >>trace");
        service.await_trace("HUP");
        service.control_log("u");
        until("a line", || (service.text("logged") == "early\n").then_some(()));
        service.control_log("k");
        service.tell("echo late");
        until("both lines", || (service.text("logged") == "early\nlate\n").then_some(()));
    }),
    case("log_comes_back", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.log_probe().probe().up();
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
        let first = service.log_runs()[0];
        runit_tests::rig::send(first, Signal::SIGKILL);
        await_death(first);
        until("another", || (service.log_runs().len() == 2).then_some(()));
        let wanted = format!("{}\n", service.log_runs()[1]);
        until("its number", || (service.text("log/supervise/pid") == wanted).then_some(()));
        assert_eq!(service.runs().len(), 1);
    }),
    case("log_down", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.log_probe().file("log/down", "").probe().up();
        assert_eq!(service.text("log/supervise/stat"), "down\n");
        assert!(service.log_runs().is_empty());
        service.control_log("u");
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
    }),
    case("log_stdin_of_the_service_is_runsvs", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.log().script("run", "cat; echo run $$ >>trace; exec sleep 1000");
        let _runsv = rig.place.start(&mut service.command_after("exec </etc/passwd"));
        let wanted = std::fs::read_to_string("/etc/passwd").unwrap();
        until("the text", || (service.text("logged") == wanted).then_some(()));
    }),
    // when the system has no more processes
    case("fork_fails_and_commands_are_obeyed", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = limited(service.probe());
        let line = "runsv foo: warning: unable to fork, sleeping: temporary failure\n";
        until("the failure", || runsv.err().contains(line).then_some(()));
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
    })
    .dev("DEV-38"),
    case("fork_fails_and_is_tried_again", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let runsv = limited(service.probe());
        let line = "runsv foo: warning: unable to fork, sleeping: temporary failure\n";
        until("the failure", || runsv.err().contains(line).then_some(()));
        let user = std::fs::metadata(&service.dir).unwrap().uid();
        let mut raise = rig.place.command("setpriv");
        raise.args([
            &format!("--reuid={user}"),
            &format!("--regid={user}"),
            "--clear-groups",
            "prlimit",
            "--nproc=100",
            "--pid",
        ]);
        let done = rig.place.run(raise.arg(runsv.pid().to_string()));
        assert_eq!(done.code, Some(0), "{done:?}");
        service.await_runs(1);
    }),
];

/// A log service that ends at the exit, sent this meanwhile, before it has read all.
fn ends_too_early(letters: &str) {
    let rig = Rig::new();
    let service = rig.service("foo");
    let mut runsv = service.log_probe().probe().up();
    until("the log service", || (!service.log_runs().is_empty()).then_some(()));
    service.tell("echo the last line; echo written >>trace");
    service.await_trace("written");
    service.control("x");
    service.await_log_stat("run, want exit");
    if !letters.is_empty() {
        service.control_log(letters);
        service.await_log_stat("run");
    }
    let hold = service.path("log/hold");
    until("a reader", || runit_tests::place::write_fifo(&hold, b"exit 0\n").ok());
    until("another log service", || (service.log_runs().len() == 2).then_some(()));
    until("a reader", || runit_tests::place::write_fifo(&hold, b"cat >../logged; exit 0\n").ok());
    assert_eq!(runsv.wait().code(), Some(0));
    assert_eq!(service.text("logged"), "the last line\n");
    assert_eq!(service.log_runs().len(), 2, "one more start and not many");
}

/// runsv as a user of its own, who may have one process.
fn limited(service: &Service<'_>) -> Running {
    if !geteuid().is_root() {
        skip("only root can be somebody else");
    }
    if [&["prlimit", "--version"][..], &["setpriv", "--version"]].iter().any(|words| {
        !Command::new(words[0]).args(&words[1..]).output().is_ok_and(|output| output.status.success())
    }) {
        skip("no prlimit, or no setpriv");
    }
    let place = &service.rig.place;
    let mut runsv = service.rig.unprivileged("runsv", &[&service.name]);
    let user = 70_000 + std::process::id() % 100_000 * 8 + next() % 8;
    let words: Vec<_> = runsv.get_args().skip(3).map(std::ffi::OsStr::to_owned).collect();
    runsv = place.command("setpriv");
    runsv.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--clear-groups"]);
    runsv.args(["prlimit", "--nproc=1:100"]).args(words).current_dir(place.path("sv"));
    for path in ["", "hold"] {
        chown(&service.path(path), Some(Uid::from_raw(user)), None).unwrap();
    }
    place.start(&mut runsv)
}

fn next() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
