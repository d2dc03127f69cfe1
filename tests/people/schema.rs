//! What sv shows is what docs/sv-status.schema.json describes: held against it by a validator, Python's jsonschema.
use crate::host::{array, fake, now, parsed, run, six, state, sv, tell};
use runit::state::{Doing, State};
use runit_tests::rig::Rig;
use runit_tests::status::{DOWN, RUN};
use runit_tests::suite::{Case, case, needs_tool, skip};
use runit_tests::wait::patiently;
use serde_json::Value;
use std::collections::BTreeSet;

const SCHEMA: &str = include_str!("../../docs/sv-status.schema.json");
/// Tells of each element of an array whether it is valid. Its start takes longer than all else here.
const VALIDATE: &str = "import json, sys
try: import jsonschema
except ImportError: sys.exit(7)
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
it = jsonschema.Draft202012Validator(schema)
print(''.join('10'[not it.is_valid(one)] for one in json.load(open(sys.argv[2]))))
";

/// Which of these objects the validator is content with.
fn verdicts(rig: &Rig, objects: &[Value]) -> String {
    needs_tool("python3");
    let schema = rig.place.file("schema.json", SCHEMA);
    let objects = rig.place.file("objects.json", Value::Array(objects.to_vec()).to_string());
    let mut command = rig.place.command("python3");
    command.args(["-W", "ignore", "-c", VALIDATE]).arg(schema).arg(objects);
    let done = patiently(|| rig.place.run(&mut command));
    if done.code == Some(7) {
        skip("no jsonschema");
    }
    assert_eq!((done.err.as_str(), done.code), ("", Some(0)));
    done.out.trim_end().to_owned()
}

/// It is content with all.
fn is_valid(rig: &Rig, objects: &Value) {
    let all = objects.as_array().expect("an array");
    assert_eq!(verdicts(rig, all), "1".repeat(all.len()), "{objects}");
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

pub const CASES: &[Case] = &[
    case("schema_status", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        is_valid(&rig, &parsed(&run(&rig, &["--json", "status"]).out));
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
        is_valid(&rig, &Value::Array(array(&rig, &["--json", "status"])));
    }),
    case("schema_outcomes", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let done = run(&rig, &["--json", "-w", "0", "stop", "ssh", "web", "gone", "nothing"]);
        is_valid(&rig, &parsed(&done.out));
    }),
    case("schema_odd_names", || {
        use std::os::unix::ffi::OsStrExt;
        let rig = Rig::new();
        for name in [b"a\xff".as_slice(), b"\\", b"\n\""] {
            std::fs::create_dir(rig.place.path("sv").join(std::ffi::OsStr::from_bytes(name))).unwrap();
        }
        let done = rig.place.run(&mut sv(&rig, &["--json", "status"]));
        is_valid(&rig, &parsed(&done.out));
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
    case("schema_refuses_what_was_changed", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let all = array(&rig, &["--json", "status", "ssh"]);
        let changes: [fn(&mut Value); 8] = [
            |_| {},
            |it| it["version"] = 2.into(),
            |it| it["state"] = "up".into(),
            |it| it["pid"] = 0.into(),
            |it| it["since"] = "2026-11-30 06:39:58".into(),
            |it| drop(it.as_object_mut().expect("an object").remove("error")),
            |it| it["log"]["paused"] = "no".into(),
            |it| it["outcome"] = "maybe".into(),
        ];
        let changed = changes.map(|change| {
            let mut it = all[0].clone();
            change(&mut it);
            it
        });
        assert_eq!(verdicts(&rig, &changed), "10000000");
    }),
];
