//! Every control letter while `./run` runs, paused or not.
use nix::sys::signal::Signal;
use runit_tests::rig::{Rig, Service, await_death, await_process_state, process_state, send};
use runit_tests::status::{DOWN, RUN};
use runit_tests::suite::{Case, case, needs_proc, skip};
use runit_tests::wait::until;

pub const CASES: &[Case] = &[
    // ./run runs
    case("letter_run_h", || signals("h", "HUP")),
    case("letter_run_a", || signals("a", "ALRM")),
    case("letter_run_i", || signals("i", "INT")),
    case("letter_run_q", || signals("q", "QUIT")),
    case("letter_run_1", || signals("1", "USR1")),
    case("letter_run_2", || signals("2", "USR2")),
    case("letter_run_t", || {
        with_stubborn(|service| {
            service.control("t");
            service.await_stat("run, got TERM");
            service.await_traces(&["run", "TERM"]);
            service.await_record(RUN, b'u', 0, 1);
        });
    }),
    case("letter_run_t_restarts", || {
        with_probe(|service| {
            service.control("t");
            service.await_runs(2);
            service.await_stat("run");
            service.await_record(RUN, b'u', 0, 0);
        });
    }),
    case("letter_run_k", || {
        with_stubborn(|service| {
            let pid = service.await_runs(1);
            service.control("k");
            await_death(pid);
            service.await_runs(2);
            service.await_stat("run");
            service.await_traces(&["run", "run"]);
        });
    }),
    case("letter_run_p_c", || {
        with_probe(|service| {
            let pid = service.await_runs(1);
            service.control("p");
            service.await_stat("run, paused");
            await_process_state(pid, 'T');
            service.await_record(RUN, b'u', 1, 0);
            service.control("c");
            service.await_stat("run");
            until("going on", || process_state(pid).filter(|state| *state != 'T'));
            service.await_record(RUN, b'u', 0, 0);
        });
    }),
    case("letter_run_u", || {
        with_probe(|service| {
            service.control("o");
            service.await_stat("run, want down");
            service.control("u");
            service.await_stat("run");
            service.await_record(RUN, b'u', 0, 0);
            assert_eq!(service.trace(), ["run"]);
        });
    }),
    case("letter_run_d", || {
        with_stubborn(|service| {
            service.control("d");
            service.await_stat("run, got TERM, want down");
            service.await_traces(&["run", "TERM"]);
            service.await_record(RUN, b'd', 0, 1);
            service.tell("exit 0");
            service.await_stat("down");
            service.await_record(DOWN, b'd', 0, 0);
            assert_eq!(service.text("supervise/pid"), "");
        });
    }),
    case("letter_run_o", || {
        with_probe(|service| {
            service.control("o");
            service.await_stat("run, want down");
            service.await_record(RUN, b'd', 0, 0);
            service.control("h");
            service.await_traces(&["run", "HUP"]);
            service.tell("exit 0");
            service.await_stat("down");
        });
    }),
    case("letter_run_x", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.stubborn().up();
        service.control("x");
        service.await_stat("run, got TERM, want exit");
        service.await_traces(&["run", "TERM"]);
        service.await_record(RUN, b'd', 0, 1);
        assert!(runsv.ended().is_none());
        service.tell("exit 0");
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!(service.stat(), "down");
    }),
    case("letter_run_again_and_again", || {
        with_stubborn(|service| {
            for count in 2..5 {
                service.control("t");
                service.await_count("TERM", count - 1);
            }
            service.control("d");
            service.await_count("TERM", 4);
            service.control("d");
            service.await_count("TERM", 5);
        });
    }),
    case("letter_run_unknown", || {
        with_probe(|service| {
            service.control("\n?zZUDy \0@\u{e9}h");
            service.await_traces(&["run", "HUP"]);
            service.await_stat("run");
        });
    }),
    case("letter_run_many_in_order", || {
        with_probe(|service| {
            let mut wanted = vec!["run"];
            for (letter, name) in [("h", "HUP"), ("1", "USR1"), ("2", "USR2"), ("a", "ALRM"), ("h", "HUP")] {
                service.control(letter);
                wanted.push(name);
                service.await_traces(&wanted);
            }
        });
    }),
    case("letter_run_many_at_once", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        let runsv = service.probe().up();
        let reads = || {
            let io = std::fs::read_to_string(format!("/proc/{}/io", runsv.pid())).unwrap_or_default();
            let line = io.lines().find_map(|line| line.strip_prefix("syscr: ")).map(str::to_owned);
            line.unwrap_or_else(|| skip("the system does not count reads")).parse::<u32>().unwrap()
        };
        let before = reads();
        service.control(&format!("{}h", "?".repeat(1000)));
        service.await_trace("HUP");
        // One each, and none for the wake-ups between them: a command that starts a script leaves the next
        // one in the FIFO.
        let count = reads() - before;
        assert!(count < 1300, "{count} reads for 1001 commands");
    })
    .dev("DEV-36"),
    case("letter_flood_does_not_hold_up_the_end", || {
        // Two write without end; neither a death nor TERM waits for that.
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.probe().up();
        let script = "while :; do printf '%4096s' ''; done >supervise/control";
        let flood = || {
            let mut shell = rig.place.command("sh");
            rig.place.start(shell.args(["-c", script]).current_dir(&service.dir))
        };
        let _floods = [flood(), flood()];
        let pid = service.await_runs(1);
        send(pid, Signal::SIGKILL);
        service.await_runs(2);
        runsv.signal(Signal::SIGTERM);
        assert_eq!(runsv.wait().code(), Some(0));
    }),
    case("letter_run_pause_ends_with_the_process", || {
        with_probe(|service| {
            service.control("p");
            service.await_stat("run, paused");
            service.control("k");
            service.await_runs(2);
            service.await_stat("run");
            service.await_record(RUN, b'u', 0, 0);
        });
    }),
    case("letter_paused_d", || {
        // Only after CONT can it act on TERM.
        with_probe(|service| {
            service.control("p");
            service.await_stat("run, paused");
            service.control("d");
            until("the end", || service.stat().starts_with("down").then_some(()));
        });
    }),
    case("letter_paused_t", || {
        with_stubborn(|service| {
            let pid = service.await_runs(1);
            service.control("p");
            service.await_stat("run, paused");
            service.control("t");
            service.await_stat("run, paused, got TERM");
            await_process_state(pid, 'T');
            assert_eq!(service.trace(), ["run"]);
            service.control("c");
            service.await_traces(&["run", "TERM"]);
            service.await_stat("run, got TERM");
        });
    }),
    case("letter_paused_t_of_one_that_shall_be_down", || {
        with_stubborn(|service| {
            service.control("o");
            service.control("p");
            service.await_stat("run, paused, want down");
            service.control("t");
            service.await_traces(&["run", "TERM"]);
            service.await_stat("run, paused, got TERM, want down");
        });
    }),
    case("letter_paused_x", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.probe().up();
        service.control("p");
        service.await_stat("run, paused");
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
    }),
    case("letter_paused_k", || {
        with_probe(|service| {
            let pid = service.await_runs(1);
            service.control("o");
            service.control("p");
            service.await_stat("run, paused, want down");
            service.control("k");
            await_death(pid);
            until("the end", || service.stat().starts_with("down").then_some(()));
        });
    }),
];

/// The letter sends that signal, once, and changes nothing else.
fn signals(letter: &str, name: &str) {
    with_probe(|service| {
        let before = service.status();
        service.control(letter);
        service.await_traces(&["run", name]);
        assert_eq!((service.status(), service.stat().as_str()), (before, "run"));
    });
}

fn with_probe(look: impl FnOnce(&Service<'_>)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    let _runsv = service.probe().up();
    service.await_record(RUN, b'u', 0, 0);
    look(&service);
}

fn with_stubborn(look: impl FnOnce(&Service<'_>)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    let _runsv = service.stubborn().up();
    look(&service);
}
