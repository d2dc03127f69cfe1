//! `down-signal`: what asks a service to end.
use crate::told::{Told, files, with, with_first};
use nix::sys::signal::Signal;
use runit::state::Doing;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, Service, await_death, by_term, end_by, send};
use runit_tests::status::RUN;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;

/// A service that notes the signal NAME and no other, which `text` asks for.
fn noting(name: &str, text: &str, look: impl FnOnce(&Service<'_>, &mut Running)) {
    with_first(&format!("trap 'echo {name} >>trace' {name}"), &[("down-signal", text)], look);
}

/// It is sent by `d`, and nothing else is.
fn asks(name: &str, text: &str) {
    noting(name, text, |service, runsv| {
        service.control("d");
        service.await_traces(&["run", name]);
        service.await_stat(if name == "TERM" { "run, got TERM, want down" } else { "run, want down" });
        assert_eq!(runsv.err(), "");
        send(service.runs()[0], Signal::SIGKILL);
        service.await_doing(Doing::Down);
    });
}

pub const CASES: &[Case] = &[
    case("down_signal_int", || asks("INT", "INT\n")),
    case("down_signal_sigint", || asks("INT", "SIGINT")),
    case("down_signal_2", || asks("INT", "2\n")),
    case("down_signal_quit", || asks("QUIT", "SIGQUIT\n")),
    case("down_signal_hup", || asks("HUP", "HUP\n")),
    case("down_signal_usr1", || asks("USR1", "USR1\n")),
    case("down_signal_usr2", || asks("USR2", "SIGUSR2\n")),
    case("down_signal_winch", || asks("WINCH", "WINCH\n")),
    case("down_signal_alrm", || asks("ALRM", "14\n")),
    case("down_signal_6", || asks("ABRT", "6\n")),
    case("down_signal_term", || asks("TERM", "TERM\n")),
    case("down_signal_15", || asks("TERM", "15")),
    case("down_signal_without_a_name", || {
        let number = Signal::SIGVTALRM as i32;
        asks("VTALRM", &format!("{number}\n"));
    }),
    case("down_signal_kill", || {
        with(&[("down-signal", "KILL")], |service, _| {
            service.finish().control("d");
            service.await_trace("finish -1 9");
            service.await_stat("down");
        });
    }),
    case("down_signal_zero_ends_what_it_ends", || {
        let end = end_by("INT", "trap - INT");
        with_first("trap - INT", &[("down-signal", "INT")], |service, _| {
            service.finish().control("d");
            service.await_traces(&["run", &end]);
            service.await_stat("down");
        });
    }),
    case("down_signal_by_t", || {
        // QUIT is nothing to FreeBSD's sh.
        let end = end_by("INT", "trap - INT");
        with_first("trap - INT", &[("down-signal", "INT")], |service, _| {
            service.finish().control("t");
            service.await_runs(2);
            service.await_traces(&["run", &end, "run"]);
        });
    }),
    case("down_signal_what_ends_is_not_what_was_started", || {
        with_first(
            "trap 'echo INT >>trace; sleep 1; exit 3' INT",
            &[("down-signal", "INT")],
            |service, _| {
                let old = service.status().pid;
                service.control("t");
                service.await_trace("INT");
                until("that it is asked to end", || service.state().filter(|state| state.asked));
                service.obeys(&["start"], "ok: run: foo: (pid p) Ts", 0);
                assert_ne!(service.status().pid, old);
            },
        );
    }),
    case("down_signal_by_x", || {
        with_first("trap - INT", &[("down-signal", "INT")], |service, runsv| {
            service.control("x");
            assert_eq!(runsv.wait().code(), Some(0));
            assert_eq!(service.trace(), ["run"]);
        });
    }),
    case("down_signal_by_the_end_of_runsv", || {
        with_first(
            "trap - INT; trap 'echo TERM >>trace' TERM",
            &[("down-signal", "INT")],
            |service, runsv| {
                runsv.signal(Signal::SIGTERM);
                assert_eq!(runsv.wait().code(), Some(0));
                assert_eq!(service.trace(), ["run"]);
            },
        );
    }),
    case("down_signal_changes_no_other_letter", || {
        noting("WINCH", "WINCH", |service, _| {
            for (letter, name) in
                [("i", "INT"), ("q", "QUIT"), ("h", "HUP"), ("a", "ALRM"), ("1", "USR1"), ("2", "USR2")]
            {
                service.control(letter);
                service.await_trace(name);
            }
            assert!(!service.trace().iter().any(|line| line == "WINCH"));
            service.control("k");
            service.await_runs(2);
        });
    }),
    case("down_signal_is_no_got_term", || {
        noting("INT", "INT", |service, _| {
            service.control("t");
            service.await_traces(&["run", "INT"]);
            service.stays("run");
            assert_eq!(service.line(), "run: foo: (pid p) Ts");
            service.control("d");
            service.await_record(RUN, b'd', 0, 0);
            assert_eq!(service.line(), "run: foo: (pid p) Ts, want down");
        });
    }),
    case("down_signal_to_a_paused_service", || {
        // It is let go on, as after TERM.
        with_first("trap - INT", &[("down-signal", "INT")], |service, _| {
            let pid = service.runs()[0];
            service.control("p");
            service.await_line("run: foo: (pid p) Ts, paused");
            service.control("d");
            await_death(pid);
            service.await_line("down: foo: Ts, normally up");
        });
    }),
    case("down_signal_after_control_t", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(
            service.probe().script("control/t", "echo asked $1 >>trace; exit 1"),
            &[("down-signal", "INT")],
        );
        let _runsv = service.up();
        service.control("t");
        let asked = format!("asked {}", service.runs()[0]);
        service.await_traces(&["run", &asked, "INT"]);
    }),
    case("down_signal_replaced_by_control_t", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let text = "echo asked >>trace; kill -USR1 $1; exit 0";
        files(service.probe().script("control/t", text), &[("down-signal", "INT")]);
        let _runsv = service.up();
        service.control("t");
        service.await_traces(&["run", "asked", "USR1"]);
        service.stays("run");
        assert_eq!(service.trace(), ["run", "asked", "USR1"]);
    }),
    case("down_signal_before_control_d", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().script("control/d", "echo down >>trace"), &[("down-signal", "USR1")]);
        let _runsv = service.up();
        service.control("d");
        service.await_trace("USR1");
        service.await_trace("down");
    }),
    case("down_signal_by_sv_restart", || {
        with_first("trap - INT", &[("down-signal", "INT")], |service, _| {
            service.obeys(&["-w", "20", "restart"], "ok: run: foo: (pid p) Ts", 0);
            assert_eq!(service.starts(), 2);
        });
    }),
    case("down_signal_by_sv_stop", || {
        with_first("trap - INT", &[("down-signal", "INT")], |service, _| {
            service.obeys(&["-w", "20", "stop"], "ok: down: foo: Ts, normally up", 0);
        });
    }),
    case("down_signal_by_sv_force_stop", || {
        noting("INT", "INT", |service, _| {
            service.obeys(&["-w", "1", "force-stop"], "kill: run: foo: (pid p) Ts, want down", 1);
            service.await_stat("down");
            assert_eq!(service.trace(), ["run", "INT"]);
        });
    }),
    case("down_signal_unheard_by_sv_stop", || {
        noting("INT", "INT", |service, _| {
            service.obeys(&["-w", "1", "stop"], "timeout: run: foo: (pid p) Ts, want down", 1);
        });
    }),
    case("down_signal_absent", || {
        with(&[], |service, _| {
            service.finish().control("d");
            service.await_traces(&["run", by_term()]);
        });
    }),
];
