//! `--json` with `status`.
use crate::host::{NANOS, array, failed, fake, now, object, on_terminal, parsed, run, six, state, sv, tell};
use platform::{Ended, Stamp};
use runit::state::{Doing, State};
use runit::status::Want;
use runit_tests::rig::Rig;
use runit_tests::status::{DOWN, FINISH, RUN, Status};
use runit_tests::suite::{Case, case};
use serde_json::{Value, json};
use std::os::unix::fs::symlink;

/// Members of the object of a service with this record and, perhaps, this state.
fn has(status: Status, state: Option<State>, members: &Value) {
    let rig = Rig::new();
    let (service, _fake) = fake(&rig, "foo", status);
    if let Some(state) = state {
        tell(&service, &state);
    }
    let all = array(&rig, &["status", "foo", "--json"]);
    for (key, value) in members.as_object().expect("members") {
        assert_eq!(&all[0][key], value, "{key}: {}", all[0]);
    }
}

/// The name that a directory of this name has in JSON.
fn named(name: &[u8], shown: &str) {
    use std::os::unix::ffi::OsStrExt;
    let rig = Rig::new();
    std::fs::create_dir(rig.place.path("sv").join(std::ffi::OsStr::from_bytes(name))).unwrap();
    let done = run(&rig, &["--json", "status"]);
    assert_eq!(parsed(&done.out)[0]["name"], shown);
}

pub const CASES: &[Case] = &[
    case("json_status_of_all", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let all = array(&rig, &["--json", "status"]);
        let names: Vec<_> = all.iter().map(|it| it["name"].as_str().expect("a name")).collect();
        assert_eq!(names, ["cron", "gone", "mount", "slow", "ssh", "web"]);
        let states: Vec<_> = all.iter().map(|it| it["state"].clone()).collect();
        assert_eq!(
            states,
            [json!("down"), json!(null), json!("done"), json!("run"), json!("run"), json!("failed")]
        );
    }),
    case("json_status_behind", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        assert_eq!(array(&rig, &["status", "--json"]).len(), 6);
        assert_eq!(array(&rig, &["status", "--json", "ssh"]).len(), 1);
        assert_eq!(array(&rig, &["status", "ssh", "--json", "web"]).len(), 2);
        assert_eq!(array(&rig, &["--all", "--json", "s"]).len(), 6);
    }),
    case("json_keeps_the_order_of_the_words", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let all = array(&rig, &["--json", "status", "web", "cron", "web"]);
        assert_eq!([&all[0]["name"], &all[1]["name"], &all[2]["name"]], ["web", "cron", "web"]);
    }),
    case("json_of_nothing", || {
        let done = run(&Rig::new(), &["--json", "status"]);
        assert_eq!((done.out.as_str(), done.code), ("[]\n", Some(0)));
    }),
    case("json_a_service_is_a_line", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let done = run(&rig, &["--json", "status"]);
        assert_eq!(done.out.lines().count(), 8);
        assert!(done.out.lines().filter(|line| line.starts_with('{')).count() == 6, "{}", done.out);
    }),
    case("json_on_a_terminal", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let shown = on_terminal(&rig, &mut sv(&rig, &["--json", "--color", "status"]), 80);
        assert_eq!(parsed(&shown.text).as_array().map(Vec::len), Some(6));
    }),
    case("json_run", || {
        has(now(RUN, 7, b'u'), None, &json!({"state": "run", "pid": 7, "wants": "up", "paused": false}));
    }),
    case("json_down", || {
        has(now(DOWN, 0, b'd'), None, &json!({"state": "down", "pid": null, "wants": "down"}))
    }),
    case("json_finish", || has(now(FINISH, 8, b'u'), None, &json!({"state": "finish", "pid": 8}))),
    case("json_finish_to_come", || has(now(FINISH, 0, b'u'), None, &json!({"state": "finish", "pid": null}))),
    case("json_paused", || has(Status { paused: 1, ..now(RUN, 7, b'u') }, None, &json!({"paused": true}))),
    case("json_got_term", || {
        has(Status { got_term: 1, ..now(RUN, 7, b'd') }, None, &json!({"term_sent": true, "wants": "down"}));
    }),
    case("json_asked_by_another_signal", || {
        let status = now(RUN, 7, b'd');
        let asked = State { asked: true, ..state(&status, Doing::Run) };
        has(status, Some(asked), &json!({"term_sent": true}));
    }),
    case("json_wants_exit", || {
        let status = now(RUN, 7, b'd');
        let exit = State { want: Want::Exit, ..state(&status, Doing::Run) };
        has(status, Some(exit), &json!({"wants": "exit"}));
    }),
    case("json_wants_nothing", || has(now(RUN, 7, 0), None, &json!({"wants": null}))),
    case("json_unknown_state", || has(now(3, 7, b'u'), None, &json!({"state": null, "pid": 7}))),
    case("json_c_runit_says_less", || {
        has(
            now(RUN, 7, b'u'),
            None,
            &json!({"ready": null, "starts": null, "last_exit": null, "ends": null, "limit": null, "next_start": null}),
        );
    }),
    case("json_since", || {
        let status = Status { secs: 1_000_000_000, ..now(RUN, 7, b'u') };
        has(status, None, &json!({"since": "2001-09-09T01:46:40.123456Z"}));
        assert_eq!(status.nanos, NANOS);
    }),
    case("json_since_when_there_were_no_years", || {
        has(Status { secs: 1 << 40, ..now(RUN, 7, b'u') }, None, &json!({"since": null, "uptime": 0}));
    }),
    case("json_uptime", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", now(RUN, 7, b'u').before(1000)).1;
        let uptime = array(&rig, &["--json", "status", "foo"])[0]["uptime"].as_u64().expect("a number");
        assert!((1000..1100).contains(&uptime), "{uptime}");
    }),
    case("json_ready", || {
        let status = now(RUN, 7, b'u');
        let ready = |ready| Some(State { ready, ..state(&status, Doing::Run) });
        has(status, ready(Some(true)), &json!({"ready": true}));
        has(status, ready(Some(false)), &json!({"ready": false}));
        has(status, ready(None), &json!({"ready": null}));
    }),
    case("json_done", || {
        let status = now(DOWN, 0, b'u');
        has(status, Some(state(&status, Doing::Done)), &json!({"state": "done", "pid": null, "wants": "up"}));
    }),
    case("json_failed", || {
        let status = Status { secs: 1_000_000_000, ..now(DOWN, 0, b'd') };
        has(
            status,
            Some(failed(&status)),
            &json!({
                "state": "failed", "ends": 5, "limit": {"ends": 5, "seconds": 60},
                "last_exit": {"code": 1, "signal": null, "at": "2001-09-09T01:46:40.123456Z"}
            }),
        );
    }),
    case("json_killed", || {
        let status = now(DOWN, 0, b'u');
        let at = Stamp { secs: 0, nanos: 0 };
        let last = Some((Ended::Killed { signal: 9, core: false }, at));
        has(
            status,
            Some(State { last, ..state(&status, Doing::Down) }),
            &json!({"last_exit": {"code": null, "signal": 9, "at": "1970-01-01T00:00:00.000000Z"}}),
        );
    }),
    case("json_next_start", || {
        let status = now(DOWN, 0, b'u');
        let next = Some(Stamp { secs: 2_000_000_000, nanos: 0 });
        has(
            status,
            Some(State { next, ..state(&status, Doing::PausedStart) }),
            &json!({"state": "paused-start", "next_start": "2033-05-18T03:33:20.000000Z"}),
        );
    }),
    case("json_starts", || {
        let status = now(RUN, 7, b'u');
        has(status, Some(State { starts: 3, ..state(&status, Doing::Run) }), &json!({"starts": 3}));
    }),
    case("json_normally", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let all = array(&rig, &["--json", "status"]);
        assert_eq!(object(&all, "cron")["normally"], "down");
        assert_eq!(object(&all, "ssh")["normally"], "up");
        assert_eq!(object(&all, "gone")["error"], "unable to open supervise/ok: file does not exist");
    }),
    case("json_log", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let all = array(&rig, &["--json", "status"]);
        let log = &object(&all, "ssh")["log"];
        assert_eq!((&log["state"], &log["pid"]), (&json!("run"), &json!(4712)));
        assert!(log["name"].is_null() && log["log"].is_null() && log["version"].is_null(), "{log}");
        assert!(object(&all, "web")["log"].is_null());
    }),
    case("json_log_without_supervisor", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", now(RUN, 7, b'u')).1;
        rig.place.script("sv/foo/log/run", "exit 0");
        let all = parsed(&run(&rig, &["--json", "status", "foo"]).out);
        assert_eq!(all[0]["log"]["error"], "unable to open supervise/ok: file does not exist");
        assert_eq!(all[0]["log"]["state"], Value::Null);
    }),
    case("json_no_supervisor", || {
        let rig = Rig::new();
        let (service, fake) = fake(&rig, "foo", now(RUN, 7, b'u'));
        drop(fake);
        let done = run(&rig, &["--json", "status", "foo"]);
        assert_eq!(done.code, Some(1));
        let it = &parsed(&done.out)[0];
        assert_eq!(
            (&it["error"], &it["state"], &it["pid"]),
            (&json!("runsv not running"), &Value::Null, &Value::Null)
        );
        assert_eq!(service.name, "foo");
    }),
    case("json_no_directory", || {
        let rig = Rig::new();
        symlink("/nowhere", rig.place.path("sv/foo")).unwrap();
        let done = run(&rig, &["--json", "status"]);
        let error = "unable to change to service directory: file does not exist";
        assert_eq!((&parsed(&done.out)[0]["error"], done.code), (&json!(error), Some(1)));
    }),
    case("json_bad_record", || {
        let rig = Rig::new();
        let (_service, fake) = fake(&rig, "foo", now(RUN, 7, b'u'));
        fake.put(b"short");
        let done = run(&rig, &["--json", "status", "foo"]);
        let error = "unable to read supervise/status: bad format";
        assert_eq!((&parsed(&done.out)[0]["error"], done.code), (&json!(error), Some(1)));
    }),
    case("json_needs", || {
        let rig = Rig::new();
        let (service, _fake) = fake(&rig, "foo", now(RUN, 7, b'u'));
        for name in ["needs/net", "needs/db", "needs/.x", "needs/a\\b"] {
            service.file(name, "");
        }
        assert_eq!(array(&rig, &["--json", "status"])[0]["needs"], json!(["a\\\\b", "db", "net"]));
    }),
    case("json_needs_nothing", || has(now(RUN, 7, b'u'), None, &json!({"needs": [], "waits_for": null}))),
    case("json_no_outcome_of_status", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        assert!(array(&rig, &["--json", "status"]).iter().all(|it| it.get("outcome").is_none()));
    }),
    case("json_name_utf8", || named("ключ".as_bytes(), "ключ")),
    case("json_name_not_utf8", || named(b"a\xffb", "a\\xffb")),
    case("json_name_with_a_backslash", || named(b"a\\xff", "a\\\\xff")),
    case("json_name_with_quotes", || named(b"a\"b'c", "a\"b'c")),
    case("json_name_with_a_newline", || named(b"a\nb\x1b\x7f", "a\nb\x1b\x7f")),
    case("json_after_two_dashes_is_a_service", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "--json", now(RUN, 7, b'u')).1;
        let done = run(&rig, &["--", "status", "--json"]);
        assert!(done.out.starts_with("run: --json: (pid 7)") && done.code == Some(0), "{done:?}");
    }),
];
