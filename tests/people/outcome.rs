//! `--json` with commands: what came of them.
use crate::host::{array, fake, now, object, parsed, run, six};
use runit_tests::rig::{Rig, Service};
use runit_tests::status::{DOWN, RUN};
use runit_tests::suite::{Case, case};
use serde_json::{Value, json};

/// The object for a command to one service, and the exit code.
fn outcome(service: &Service<'_>, args: &[&str], outcome: &str, code: i32) -> Value {
    let mut all = vec!["--json"];
    all.extend(args);
    all.push(&service.name);
    let done = run(service.rig, &all);
    let shown = parsed(&done.out);
    assert_eq!(
        (&shown[0]["outcome"], done.code, shown.as_array().map(Vec::len)),
        (&json!(outcome), Some(code), Some(1))
    );
    shown[0].clone()
}

fn with_probe(look: impl FnOnce(&Service<'_>)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    service.probe();
    let _runsv = service.up();
    look(&service);
}

pub const CASES: &[Case] = &[
    case("outcome_stop", || {
        with_probe(|service| {
            let it = outcome(service, &["-w", "20", "stop"], "ok", 0);
            assert_eq!(
                (&it["state"], &it["wants"], &it["pid"]),
                (&json!("down"), &json!("down"), &Value::Null)
            );
        });
    }),
    case("outcome_start", || {
        with_probe(|service| {
            let it = outcome(service, &["-w", "20", "start"], "ok", 0);
            assert_eq!(it["pid"], service.status().pid);
        });
    }),
    case("outcome_restart", || {
        with_probe(|service| {
            let before = service.status().pid;
            let it = outcome(service, &["-w", "20", "restart"], "ok", 0);
            assert!(it["pid"] != before && it["starts"] == 2, "{it}");
        });
    }),
    case("outcome_waits_without_v", || {
        with_probe(|service| assert_eq!(outcome(service, &["-w", "20", "down"], "ok", 0)["state"], "down"));
    }),
    case("outcome_json_implies_v", || {
        with_probe(|service| assert_eq!(outcome(service, &["down"], "ok", 0)["state"], "down"));
    }),
    case("outcome_json_behind", || {
        with_probe(|service| {
            let shown = array(service.rig, &["down", "foo", "--json"]);
            assert_eq!((&shown[0]["outcome"], shown.len()), (&json!("ok"), 1));
        });
    }),
    case("outcome_exit", || {
        with_probe(|service| {
            let it = outcome(service, &["-w", "20", "exit"], "ok", 0);
            assert_eq!((&it["error"], &it["state"]), (&json!("runsv not running"), &Value::Null));
        });
    }),
    case("outcome_timeout", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.stubborn();
        let _runsv = service.up();
        // What is waited for no time may not have been heard yet.
        service.control("d");
        service.await_record(RUN, b'd', 0, 1);
        let it = outcome(&service, &["-w", "0", "stop"], "timeout", 1);
        assert_eq!(
            (&it["state"], &it["wants"], &it["term_sent"]),
            (&json!("run"), &json!("down"), &json!(true))
        );
    }),
    case("outcome_kill", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.stubborn();
        let _runsv = service.up();
        outcome(&service, &["-w", "0", "force-stop"], "kill", 1);
    }),
    case("outcome_given_up", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.file("restart-delay", "50").file("restart-limit", "2 60").file("down", "");
        // A shell that takes its time to end would be ok.
        service.script("run", "exit 3").script("check", "exit 1");
        let _runsv = service.supervise();
        let it = outcome(&service, &["-w", "20", "start"], "fail", 1);
        assert_eq!((&it["state"], &it["last_exit"]["code"]), (&json!("failed"), &json!(3)));
    }),
    case("outcome_no_supervisor", || {
        let rig = Rig::new();
        let (service, fake) = fake(&rig, "foo", now(RUN, 7, b'u'));
        drop(fake);
        let it = outcome(&service, &["stop"], "fail", 1);
        assert_eq!(it["error"], "runsv not running");
    }),
    case("outcome_no_directory", || {
        let rig = Rig::new();
        let done = run(&rig, &["--json", "stop", "nothing"]);
        let it = &parsed(&done.out)[0];
        assert_eq!((&it["outcome"], &it["name"], done.code), (&json!("fail"), &json!("nothing"), Some(1)));
        assert_eq!(it["error"], "unable to change to service directory: file does not exist");
    }),
    case("outcome_several", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let done = run(&rig, &["--json", "-w", "0", "stop", "cron", "ssh", "gone"]);
        let all = parsed(&done.out);
        let all = all.as_array().expect("an array");
        // Nobody reads their commands.
        assert_eq!(object(all, "cron")["outcome"], "timeout");
        assert_eq!(object(all, "ssh")["outcome"], "timeout");
        assert_eq!(object(all, "gone")["outcome"], "fail");
        assert_eq!((all.len(), done.code), (3, Some(3)));
    }),
    case("outcome_check", || {
        let rig = Rig::new();
        let (service, _fake) = fake(&rig, "foo", now(DOWN, 0, b'd'));
        assert_eq!(outcome(&service, &["check"], "ok", 0)["state"], "down");
    }),
    case("outcome_with_a_log", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().log();
        let _runsv = service.up();
        assert_eq!(outcome(&service, &["-w", "20", "start"], "ok", 0)["log"]["state"], "run");
    }),
];
