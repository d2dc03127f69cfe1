//! Wrong calls: texts and exit codes.
use crate::rig::{Rig, program};
use runit_tests::suite::{Case, case};

pub const CASES: &[Case] = &[
    case("usage_runsv", usage_runsv),
    case("usage_runsvdir", usage_runsvdir),
    case("usage_sv", usage_sv),
    case("usage_runit_init", usage_runit_init),
];

fn expect_usage(name: &str, args: &[&str], shown: &str, code: i32) {
    let rig = Rig::new();
    let done = rig.run(name, args);
    assert_eq!(
        (done.err.as_str(), done.out.as_str()),
        (format!("usage: {shown}\n\n").as_str(), ""),
        "{args:?}"
    );
    assert_eq!(done.code, Some(code), "{args:?}");
}

fn path(name: &str) -> String {
    program(name).to_string_lossy().into_owned()
}

fn usage_runsv() {
    let shown = format!("{} dir", path("runsv"));
    expect_usage("runsv", &[], &shown, 1);
    expect_usage("runsv", &["a", "b"], &shown, 1);
}

fn usage_runsvdir() {
    let shown = format!("{} [-P] dir", path("runsvdir"));
    expect_usage("runsvdir", &[], &shown, 1);
    expect_usage("runsvdir", &["-P"], &shown, 1);
}

fn usage_sv() {
    let shown = "sv [-v] [-w sec] command service ...";
    expect_usage("sv", &[], shown, 100);
    expect_usage("sv", &["status"], shown, 100);
    expect_usage("sv", &["", "x"], shown, 100);
    expect_usage("sv", &["list", "x"], shown, 100);
}

fn usage_runit_init() {
    let shown = format!("{} 0|6", path("runit-init"));
    for args in [&[][..], &[""], &["1"], &["s"], &["-"], &["-v"]] {
        expect_usage("runit-init", args, &shown, 0);
    }
}
