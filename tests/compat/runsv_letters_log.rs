//! The control letters of the log service.
use runit_tests::rig::{Rig, Service, await_process_state, process_state};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;

pub const CASES: &[Case] = &[
    case("letter_log_signals", || {
        with_log(|service| {
            let mut wanted = vec!["run"];
            for (letter, name) in
                [("h", "HUP"), ("a", "ALRM"), ("i", "INT"), ("q", "QUIT"), ("1", "USR1"), ("2", "USR2")]
            {
                service.control_log(letter);
                wanted.push(name);
                let lines: Vec<String> = wanted.iter().map(|line| (*line).to_owned()).collect();
                service.await_scripts(name, || (service.log_trace() == lines).then_some(()));
            }
        });
    }),
    case("letter_log_p_c", || {
        with_log(|service| {
            let pid = service.log_runs()[0];
            service.control_log("p");
            service.await_log_stat("run, paused");
            await_process_state(pid, 'T');
            service.control_log("c");
            service.await_log_stat("run");
            until("going on", || process_state(pid).filter(|state| *state != 'T'));
        });
    }),
    case("letter_log_d_u_o", || {
        with_log(|service| {
            service.control_log("d");
            service.await_log_stat("down");
            assert_eq!(service.text("log/supervise/pid"), "");
            service.control_log("u");
            until("a start", || (service.log_runs().len() == 2).then_some(()));
            service.await_log_stat("run");
            service.control_log("o");
            service.await_log_stat("run, want down");
            service.control_log("t");
            service.await_log_stat("down");
        });
    }),
    case("letter_log_t_k", || {
        with_log(|service| {
            service.control_log("t");
            until("a start", || (service.log_runs().len() == 2).then_some(()));
            service.await_log_stat("run");
            service.control_log("k");
            until("a start", || (service.log_runs().len() == 3).then_some(()));
            service.await_log_stat("run");
        });
    }),
    case("letter_log_x_is_ignored", || {
        with_log(|service| {
            service.control_log("xh");
            until("the rest", || service.log_trace().contains(&"HUP".to_owned()).then_some(()));
            assert_eq!(service.text("log/supervise/stat"), "run\n");
        });
    }),
    case("letter_log_leaves_the_service_alone", || {
        with_log(|service| {
            service.control_log("d");
            service.await_log_stat("down");
            service.control("h");
            service.await_traces(&["run", "HUP"]);
            assert_eq!(service.stat(), "run");
        });
    }),
    case("letter_log_has_no_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.log_probe().script("log/finish", "echo finish >>trace").probe().up();
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
        service.control_log("t");
        until("a start", || (service.log_runs().len() == 2).then_some(()));
        assert_eq!(service.log_trace(), ["run", "run"]);
    }),
    case("letter_log_has_no_control_scripts", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.log_probe().script("log/control/h", "echo script >>../trace").probe().up();
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
        service.control_log("h");
        until("HUP", || (service.log_trace() == ["run", "HUP"]).then_some(()));
        assert_eq!(service.trace(), ["run"]);
    }),
];

fn with_log(look: impl FnOnce(&Service<'_>)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    let _runsv = service.log_probe().probe().up();
    until("the log service", || (!service.log_runs().is_empty()).then_some(()));
    service.await_log_stat("run");
    look(&service);
}
