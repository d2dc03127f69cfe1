//! Every control letter while `./run` does not run: down, in `./finish`, in the pause between two starts.
use runit_tests::rig::{Rig, Service, is_alive, process_state};
use runit_tests::status::{DOWN, FINISH, RUN};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    // down
    case("letter_down_u", || {
        with_down(|service| {
            service.control("u");
            service.await_stat("run");
            service.await_traces(&["run"]);
            service.await_record(RUN, b'u', 0, 0);
        });
    }),
    case("letter_down_o", || {
        with_down(|service| {
            service.control("o");
            service.await_stat("run, want down");
            service.await_traces(&["run"]);
            service.tell("exit 1");
            service.await_stat("down");
            service.await_record(DOWN, b'd', 0, 0);
        });
    }),
    case("letter_down_d", || {
        with_down(|service| {
            service.control("d");
            service.nothing_happened("down");
        });
    }),
    case("letter_down_p_c", || {
        with_down(|service| {
            service.control("p");
            service.await_stat("down, paused");
            service.await_record(DOWN, b'd', 1, 0);
            service.control("c");
            service.await_stat("down");
            service.await_record(DOWN, b'd', 0, 0);
        });
    }),
    case("letter_down_signals", || {
        with_down(|service| {
            for letter in ["t", "k", "h", "a", "i", "q", "1", "2"] {
                service.control(letter);
                service.nothing_happened("down");
            }
        });
    }),
    case("letter_down_x", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.probe().file("down", "").supervise();
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!((service.stat().as_str(), service.trace().len()), ("down", 0));
    }),
    // ./finish runs
    case("letter_finish_signals", || {
        with_finish(|service| {
            for letter in ["t", "h", "a", "i", "q", "1", "2"] {
                service.control(letter);
                service.nothing_happened("finish");
            }
        });
    }),
    case("letter_finish_u", || {
        with_finish(|service| {
            service.control("d");
            service.await_stat("finish, want down");
            service.control("u");
            service.await_stat("finish");
            service.await_record(FINISH, b'u', 0, 0);
            service.tell_finish("exit");
            service.await_runs(2);
        });
    }),
    case("letter_finish_d", || {
        with_finish(|service| {
            service.control("d");
            service.await_stat("finish, want down");
            service.await_record(FINISH, b'd', 0, 0);
            service.nothing_happened("finish, want down");
            service.tell_finish("exit");
            service.await_stat("down");
            assert_eq!(service.runs().len(), 1);
        });
    }),
    case("letter_finish_x", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.long_finish().probe().up();
        service.tell("exit 0");
        service.await_trace("finish 0 0");
        service.await_stat("finish");
        service.control("x");
        service.await_stat("finish, want exit");
        assert!(runsv.ended().is_none());
        service.tell_finish("exit");
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!(service.trace(), ["run", "finish 0 0"]);
    }),
    case("letter_finish_p_c", || {
        with_finish(|service| {
            let pid = service.status().pid;
            service.control("p");
            service.await_stat("finish, paused");
            assert!(process_state(pid) != Some('T'));
            service.control("c");
            service.await_stat("finish");
        });
    }),
    case("letter_finish_k", || {
        // It is not killed.
        with_finish(|service| {
            let pid = service.status().pid;
            service.control("k");
            service.control("p");
            until("read", || service.stat().contains("paused").then_some(()));
            assert!(is_alive(pid));
        });
    }),
    case("letter_finish_k_changes_nothing", || {
        with_finish(|service| {
            service.control("k");
            service.nothing_happened("finish");
            service.control("d");
            service.await_stat("finish, want down");
            service.tell_finish("exit");
            service.await_stat("down");
            assert_eq!(service.trace(), ["run", "finish 0 0"]);
        });
    })
    .dev("DEV-33"),
    case("letter_finish_o", || {
        with_finish(|service| {
            service.control("o");
            service.await_stat("finish, want down");
            service.tell_finish("exit");
            service.await_runs(2);
            service.await_stat("run, want down");
        });
    })
    .dev("DEV-35"),
    // the pause between two starts
    case("letter_pause_commands_are_obeyed", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.script("run", "echo run $$ >>trace").file("down", "").supervise();
        // Six times the pause would be six seconds.
        let start = Instant::now();
        for count in 1..8 {
            let before = service.status();
            service.control("o");
            until("a start", || (service.runs().len() == count).then_some(()));
            // It may have ended before anything of it was written.
            until("its end", || {
                let now = service.status();
                (now.state == 0 && (now.secs, now.nanos) != (before.secs, before.nanos)).then_some(())
            });
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    })
    .dev("DEV-30"),
    case("letter_pause_is_the_rest_of_a_second", || {
        let time = four_restarts("sleep 0.7");
        assert!(time < Duration::from_millis(6300), "{time:?}");
    })
    .dev("DEV-30"),
    case("letter_pause_keeps_restarts_apart", || {
        let time = four_restarts("");
        assert!(time > Duration::from_millis(3500), "{time:?}");
    }),
    case("letter_pause_x", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.script("run", "echo run $$ >>trace").supervise();
        until("the pause", || (!service.runs().is_empty()).then_some(()));
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
    }),
    case("letter_pause_d", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.script("run", "echo run $$ >>trace").supervise();
        until("a start", || (!service.runs().is_empty()).then_some(()));
        service.control("d");
        until("the wish", || (service.status().want == b'd').then_some(()));
        service.await_stat("down");
        let runs = service.runs().len();
        service.nothing_happened("down");
        assert_eq!(service.runs().len(), runs);
    }),
];

/// The time from the first to the fifth start of a service that ends by itself.
fn four_restarts(run: &str) -> Duration {
    let rig = Rig::new();
    let service = rig.service("foo");
    let _runsv = service.script("run", &format!("echo run $$ >>trace\n{run}")).supervise();
    until("the first start", || (!service.runs().is_empty()).then_some(()));
    let start = Instant::now();
    until("the fifth start", || (service.runs().len() >= 5).then_some(()));
    start.elapsed()
}

fn with_down(look: impl FnOnce(&Service<'_>)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    let _runsv = service.probe().file("down", "").supervise();
    look(&service);
}

/// `./finish` runs until it is told to end.
fn with_finish(look: impl FnOnce(&Service<'_>)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    let _runsv = service.long_finish().probe().up();
    service.tell("exit 0");
    service.await_traces(&["run", "finish 0 0"]);
    service.await_stat("finish");
    until("its number", || (service.status().state == FINISH && service.status().pid != 0).then_some(()));
    look(&service);
}
