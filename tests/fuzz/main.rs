//! Every target of `fuzz/` on its corpus and on 20,000 inputs made of it, always the same.
//! `FUZZ_COUNT=1000000 FUZZ_SEED=7 cargo test --test fuzz -- svlogd` does more.
use runit_tests::fuzz::{TARGETS, Target, drive};
use runit_tests::suite::{self, Case, case};
use std::process::ExitCode;

fn run(name: &str) {
    let target: &Target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    drive(target);
}

/// One case for each target.
macro_rules! cases {
    ($($name:literal)*) => {
        const CASES: &[Case] = &[$(case($name, || run($name))),*];
    };
}

cases! {
    "chpst_env_value" "chpst_env_edit" "chpst_account" "chpst_limit" "args_options" "chpst_search"
    "chpst_ready" "utmpset_login" "runsv_status" "svlogd_pattern" "svlogd_config" "svlogd_lines"
    "svlogd_lossy"
}

fn main() -> ExitCode {
    assert_eq!(CASES.len(), TARGETS.len(), "a target has no case");
    suite::main("fuzz", CASES).into()
}
