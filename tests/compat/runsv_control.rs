//! Control scripts: one for each letter but `o`, in the place of a signal or beside it.
//!
//! One idea: control scripts, a case for each thing to know of them.
use runit_tests::rig::{Rig, Service, await_death, by_term, is_alive, process_state};
use runit_tests::suite::{Case, case, needs_proc};
use runit_tests::wait::until;

pub const CASES: &[Case] = &[
    case("control_h", || replaces("h", "HUP")),
    case("control_a", || replaces("a", "ALRM")),
    case("control_i", || replaces("i", "INT")),
    case("control_q", || replaces("q", "QUIT")),
    case("control_1", || replaces("1", "USR1")),
    case("control_2", || replaces("2", "USR2")),
    case("control_t", || {
        replaces("t", "TERM");
        // Replaced, it is not noted as sent.
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.stubborn().script("control/t", "echo script t >>trace").up();
        service.control("th");
        service.await_traces(&["run", "script t", "HUP"]);
        assert_eq!((service.stat().as_str(), service.status().got_term), ("run", 0));
    }),
    case("control_p", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().script("control/p", "echo script p >>trace").up();
        let pid = service.await_runs(1);
        service.control("p");
        // Marked as paused, though it is not.
        service.await_stat("run, paused");
        service.control("h");
        service.await_traces(&["run", "script p", "HUP"]);
        assert!(process_state(pid) != Some('T'));
        service.script("control/p", "exit 1").control("p");
        until("stopped", || (process_state(pid) == Some('T')).then_some(()));
    }),
    case("control_c", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().script("control/c", "echo script c >>trace").up();
        let pid = service.await_runs(1);
        service.control("p");
        until("stopped", || (process_state(pid) == Some('T')).then_some(()));
        service.control("c");
        service.await_stat("run");
        service.await_traces(&["run", "script c"]);
        assert_eq!(process_state(pid), Some('T'));
        service.script("control/c", "exit 9").control("c");
        until("going on", || (process_state(pid) != Some('T')).then_some(()));
    }),
    case("control_k_failing", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.stubborn().script("control/k", "echo script k >>trace; exit 1").up();
        let pid = service.await_runs(1);
        service.control("k");
        await_death(pid);
        service.await_traces(&["run", "script k", "run"]);
    }),
    case("control_k_succeeding", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().script("control/k", "echo script k >>trace").up();
        let pid = service.await_runs(1);
        service.control("kh");
        service.await_traces(&["run", "script k", "HUP"]);
        assert!(is_alive(pid));
        service.control("o");
        service.await_stat("run, want down");
    })
    .dev("DEV-33"),
    case("control_u_before_every_start", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().script("control/u", "echo script u >>trace; exit 1").up();
        service.await_traces(&["script u", "run"]);
        service.control("t");
        service.await_traces(&["script u", "run", "script u", "run"]);
        service.await_runs(2);
        service.control("d");
        service.await_stat("down");
        service.control("o");
        service.await_traces(&["script u", "run", "script u", "run", "script u", "run"]);
    }),
    case("control_u_not_for_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.finish().probe().script("control/u", "echo script u >>trace").up();
        service.control("d");
        service.await_stat("down");
        assert_eq!(service.trace(), ["script u", "run", by_term()]);
    }),
    case("control_u_when_it_is_up", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().script("control/u", "echo script u >>trace").up();
        service.control("uh");
        service.await_traces(&["script u", "run", "HUP"]);
    }),
    case("control_d_after_term", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service
            .stubborn()
            .script("control/d", "until grep -q TERM trace; do :; done; echo script d >>trace; exit 1")
            .up();
        service.control("d");
        service.await_traces(&["run", "TERM", "script d"]);
        service.await_stat("run, got TERM, want down");
    }),
    case("control_t_and_d", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        for letter in ["t", "d"] {
            service.script(&format!("control/{letter}"), &format!("echo script {letter} >>trace"));
        }
        let _runsv = service.stubborn().up();
        service.control("d");
        service.await_traces(&["run", "script t", "script d"]);
        service.await_stat("run, want down");
        assert_eq!(service.status().got_term, 0);
    }),
    case("control_x_after_term", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.script("control/d", "echo script d >>trace");
        service.script("control/x", "until grep -q TERM trace; do :; done; echo script x >>trace");
        let mut runsv = service.stubborn().up();
        service.control("x");
        service.await_traces(&["run", "TERM", "script x"]);
        service.tell("exit 0");
        assert_eq!(runsv.wait().code(), Some(0));
    }),
    case("control_d_sends_cont_whatever_c_does", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().script("control/c", "echo script c >>trace").up();
        service.control("p");
        service.await_stat("run, paused");
        service.control("d");
        until("the end", || service.stat().starts_with("down").then_some(()));
        assert_eq!(service.trace(), ["run"]);
    }),
    case("control_d_when_t_meets_the_wish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service
            .stubborn()
            .script("control/d", "until grep -q TERM trace; do :; done; echo script d >>trace")
            .up();
        service.control("o");
        service.control("t");
        service.await_traces(&["run", "TERM", "script d"]);
    }),
    case("control_not_when_down", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        for letter in ["t", "k", "h", "a", "i", "q", "1", "2", "p", "c", "d"] {
            service.script(&format!("control/{letter}"), &format!("echo script {letter} >>trace"));
        }
        let _runsv = service.probe().file("down", "").supervise();
        for letter in ["t", "k", "h", "a", "i", "q", "1", "2", "c", "d"] {
            service.control(letter);
        }
        service.control("p");
        service.await_stat("down, paused");
        assert!(service.trace().is_empty());
    }),
    case("control_argument", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        for letter in ["h", "u", "t"] {
            service.script(&format!("control/{letter}"), "echo $0 $# \"<$1>\" >>arguments");
        }
        let _runsv = service.probe().up();
        let pid = service.await_runs(1);
        service.control("ht");
        let text = format!("control/u 1 <>\ncontrol/h 1 <{pid}>\ncontrol/t 1 <{pid}>\n");
        until("the arguments", || (service.text("arguments") == text).then_some(()));
    })
    .since("2.3.1"),
    case("control_place_and_name", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.script("control/h", "pwd >where; echo $0 >>where").probe().up();
        service.control("h");
        let text = format!("{}\ncontrol/h\n", service.dir.display());
        until("the place", || (service.text("where") == text).then_some(()));
    }),
    case("control_stdout_is_the_log", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.log().script("control/h", "echo from h").probe().up();
        service.control("h");
        until("the line", || (service.text("logged") == "from h\n").then_some(()));
    }),
    case("control_not_executable", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let runsv = service.file("control/h", "#!/bin/sh\nexit 0\n").probe().up();
        rig.place.chmod(service.path("control/h"), 0o677);
        service.control("h");
        service.await_traces(&["run", "HUP"]);
        assert_eq!(runsv.err(), "");
    }),
    case("control_needs_the_owners_bit_only", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.script("control/h", "echo script h >>trace").probe().up();
        rig.place.chmod(service.path("control/h"), 0o500);
        service.control("h1");
        service.await_traces(&["run", "script h", "USR1"]);
    }),
    case("control_cannot_run", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        rig.place.executable(service.path("control/h"), "#!/no/such/program\n");
        let runsv = service.probe().up();
        service.control("h");
        service.await_traces(&["run", "HUP"]);
        assert_eq!(runsv.err(), "runsv foo: fatal: unable to run control/?: file does not exist\n");
    }),
    case("control_cannot_be_looked_at", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        rig.place.dir(service.path("control"));
        std::os::unix::fs::symlink("h", service.path("control/h")).unwrap();
        let runsv = service.probe().up();
        service.control("h");
        service.await_traces(&["run", "HUP"]);
        assert_eq!(runsv.err(), "runsv foo: warning: unable to stat control/h: symbolic link loop\n");
    }),
    case("control_added_later", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().up();
        service.script("control/h", "echo script h >>trace").control("h1");
        service.await_traces(&["run", "script h", "USR1"]);
        std::fs::remove_file(service.path("control/h")).unwrap();
        service.control("h");
        service.await_traces(&["run", "script h", "USR1", "HUP"]);
    }),
    case("control_letters_wait_in_order", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = holding(&service, "h", 1).up();
        service.control("h");
        service.await_trace("script h");
        service.control("1");
        service.control("2");
        service.release("h");
        // The letter's own signal waits for its script, the others for both.
        service.await_trace("USR2");
        assert_eq!(service.trace(), ["run", "script h", "HUP", "USR1", "USR2"]);
    }),
    case("control_does_not_hide_a_death", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = holding(&service, "h", 0).up();
        service.control("h");
        service.await_trace("script h");
        service.tell("exit 0");
        until("noticed", || (!service.stat().starts_with("run")).then_some(()));
    })
    .dev("DEV-31"),
    case("control_a_death_is_told_with_its_finish", || {
        // As long as the script runs that ./finish waits for, nobody reads of a process 0.
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = holding(&service, "h", 0).finish().up();
        let pid = service.await_runs(1);
        service.control("h");
        service.await_trace("script h");
        service.tell("exit 0");
        until("the end", || process_state(pid).is_none_or(|state| state == 'Z').then_some(()));
        service.control("t");
        let status = service.status();
        assert_eq!((status.state, status.pid, service.text("supervise/pid")), (1, pid, format!("{pid}\n")));
        service.release("h");
        service.await_runs(2);
        assert_eq!(service.trace()[2], "finish 0 0");
    }),
    case("control_does_not_hold_up_the_log_service", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = holding(&service, "h", 0).log_probe().up();
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
        service.control("h");
        service.await_trace("script h");
        service.control_log("h");
        service.await_scripts("HUP", || service.text("log/trace").contains("HUP").then_some(()));
        service.control_log("t");
        until("a new start", || (service.log_runs().len() == 2).then_some(()));
    })
    .dev("DEV-31"),
    case("control_that_hangs_does_not_hide_others_deaths", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = holding(&service, "t", 0).up();
        let pid = service.await_runs(1);
        service.control("t");
        service.await_trace("script t");
        service.tell("exit 3");
        await_death(pid);
        // Reaped, too.
        until("reaped", || process_state(pid).is_none().then_some(()));
    })
    .dev("DEV-31"),
    case("control_killed_is_no_success", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.script("control/h", "echo script h >>trace; kill -9 $$").probe().up();
        service.control("h1");
        service.await_traces(&["run", "script h", "HUP", "USR1"]);
    })
    .dev("DEV-32"),
    case("control_k_does_not_bring_a_second_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.long_finish().probe().up();
        service.control("d");
        service.await_trace(by_term());
        service.control("kp");
        until("read", || service.stat().contains(", paused").then_some(()));
        service.control("c");
        service.tell_finish("exit");
        service.await_stat("down");
        service.control("p");
        service.await_stat("down, paused");
        assert_eq!(service.trace(), ["run", by_term()]);
    })
    .dev("DEV-33"),
    case("control_x_and_k_run_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.finish().stubborn().up();
        service.control("x");
        service.await_stat("run, got TERM, want exit");
        service.control("k");
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!(service.trace().last().map(String::as_str), Some("finish -1 9"));
        assert_eq!(service.stat(), "down");
    })
    .dev("DEV-33"),
    case("control_scripts_know_who_waits_for_them", || {
        // Also one that is run by another control script; the service itself does not.
        let rig = Rig::new();
        let service = rig.service("foo");
        let note = "echo $RUNSV_CONTROL $$ >known; env | grep -c ^RUNSV_CONTROL= >count";
        let mut command = service.script("control/h", note).probe_with("env >environment").command();
        let _runsv = rig.place.start(command.env("RUNSV_CONTROL", "1:2:3").env("MARK", "here"));
        service.await_ok();
        service.await_trace("run");
        service.control("h");
        until("the count", || (service.text("count") == "1\n").then_some(()));
        let dir = std::fs::metadata(&service.dir).unwrap();
        use std::os::unix::fs::MetadataExt;
        let known = service.text("known");
        let pid = known.trim_end().rsplit(' ').next().unwrap();
        assert_eq!(known, format!("{}:{}:{pid} {pid}\n", dir.dev(), dir.ino()));
        let environment = service.text("environment");
        assert!(environment.contains("RUNSV_CONTROL=1:2:3\n") && environment.contains("MARK=here\n"));
    })
    .ours(),
    case("control_scripts_start_with_nothing_blocked", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.script("control/h", "grep SigBlk /proc/self/status >blocked").probe().up();
        service.control("h");
        until("the mask", || (service.text("blocked") == "SigBlk:\t0000000000000000\n").then_some(()));
    })
    .ours(),
];

/// A script that succeeds takes the place of the signal; one that fails does not.
fn replaces(letter: &str, name: &str) {
    let (last, sign) = if letter == "1" { ("2", "USR2") } else { ("1", "USR1") };
    let script = format!("control/{letter}");
    let said = format!("script {letter}");
    for (code, wanted) in [(0, vec!["run", &said, sign]), (1, vec!["run", &said, name, sign])] {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.stubborn().script(&script, &format!("echo {said} >>trace; exit {code}")).up();
        service.control(letter);
        // Two signals that wait together may be taken in any order.
        service.await_traces(&wanted[..wanted.len() - 1]);
        service.control(last);
        service.await_traces(&wanted);
    }
}

/// With a control script that does not end before it is told to.
fn holding<'s, 'r>(service: &'s Service<'r>, letter: &str, code: i32) -> &'s Service<'r> {
    let text = format!("echo script {letter} >>trace; read -r line <go-{letter}; exit {code}");
    service.probe().fifo(&format!("go-{letter}")).script(&format!("control/{letter}"), &text)
}
