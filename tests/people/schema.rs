//! What sv shows is what docs/sv-status.schema.json describes: held against it by a validator, Python's jsonschema.
use crate::host::{array, fake, now, parsed, run, six, state, sv, tell};
use runit::state::{Doing, State};
use runit_tests::rig::Rig;
use runit_tests::status::{DOWN, RUN};
use runit_tests::suite::{Case, case, skip};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

const SCHEMA: &str = include_str!("../../docs/sv-status.schema.json");
/// Validates each element of an array.
const VALIDATE: &str = "import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
it = jsonschema.Draft202012Validator(schema)
for one in json.load(open(sys.argv[2])):
    it.validate(one)
";

/// Whether the validator is content with these objects.
fn is_valid(rig: &Rig, objects: &Value) -> bool {
    let python = || rig.place.command("python3");
    if !python().args(["-c", "import jsonschema"]).output().is_ok_and(|done| done.status.success()) {
        skip("no jsonschema");
    }
    let schema = rig.place.file("schema.json", SCHEMA);
    let objects = rig.place.file("objects.json", objects.to_string());
    let mut command: Command = python();
    rig.place.run(command.args(["-W", "ignore", "-c", VALIDATE]).arg(schema).arg(objects)).code == Some(0)
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// A changed object is found out.
fn refused(change: fn(&mut Value)) {
    let rig = Rig::new();
    let _fakes = six(&rig);
    let mut all = Value::Array(array(&rig, &["--json", "status"]));
    assert!(is_valid(&rig, &all));
    change(&mut all[4]);
    assert!(!is_valid(&rig, &all), "{}", all[4]);
}

pub const CASES: &[Case] = &[
    case("schema_status", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        assert!(is_valid(&rig, &parsed(&run(&rig, &["--json", "status"]).out)));
    }),
    case("schema_every_state", || {
        let rig = Rig::new();
        let all = [Doing::Down, Doing::Run, Doing::Finish, Doing::Done, Doing::Failed, Doing::PausedStart];
        let _fakes: Vec<_> = all
            .into_iter()
            .enumerate()
            .map(|(at, doing)| {
                let status = now(DOWN, 0, b'u');
                let (service, fake) = fake(&rig, &format!("s{at}"), status);
                tell(&service, &State { ready: Some(true), ..state(&status, doing) });
                fake
            })
            .collect();
        assert!(is_valid(&rig, &Value::Array(array(&rig, &["--json", "status"]))));
    }),
    case("schema_outcomes", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let done = run(&rig, &["--json", "-w", "0", "stop", "ssh", "web", "gone", "nothing"]);
        assert!(is_valid(&rig, &parsed(&done.out)), "{done:?}");
    }),
    case("schema_odd_names", || {
        use std::os::unix::ffi::OsStrExt;
        let rig = Rig::new();
        for name in [b"a\xff".as_slice(), b"\\", b"\n\""] {
            std::fs::create_dir(rig.place.path("sv").join(std::ffi::OsStr::from_bytes(name))).unwrap();
        }
        let done = rig.place.run(&mut sv(&rig, &["--json", "status"]));
        assert!(is_valid(&rig, &parsed(&done.out)), "{done:?}");
    }),
    case("schema_has_every_member", || {
        let rig = Rig::new();
        let (_service, _fake) = fake(&rig, "web", now(RUN, 7, b'u'));
        let _log = fake(&rig, "web/log", now(RUN, 8, b'u')).1;
        let schema = parsed(SCHEMA);
        let (service, below) =
            (&schema["$defs"]["service"]["properties"], &schema["$defs"]["state"]["properties"]);
        let shown = &array(&rig, &["--json", "-w", "0", "check", "web"])[0];
        let both: BTreeSet<&str> = keys(service).union(&keys(below)).copied().collect();
        assert_eq!(keys(shown), both);
        assert_eq!(keys(&shown["log"]), keys(below));
        let required = schema["$defs"]["state"]["required"].as_array().expect("a list");
        assert_eq!(required.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>(), keys(below));
    }),
    case("schema_refuses_another_version", || refused(|it| it["version"] = 2.into())),
    case("schema_refuses_another_state", || refused(|it| it["state"] = "up".into())),
    case("schema_refuses_a_pid_of_0", || refused(|it| it["pid"] = 0.into())),
    case("schema_refuses_another_moment", || refused(|it| it["since"] = "2026-11-30 06:39:58".into())),
    case("schema_refuses_what_is_missing", || {
        refused(|it| drop(it.as_object_mut().expect("an object").remove("error")));
    }),
    case("schema_refuses_a_bad_log", || refused(|it| it["log"]["paused"] = "no".into())),
    case("schema_refuses_another_outcome", || refused(|it| it["outcome"] = "maybe".into())),
];
