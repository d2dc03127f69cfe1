//! One suite for every runit: ours and, with `RUNIT_UNDER_TEST=DIR RUNIT_VERSION=2.3.1`, C runit.
#![allow(missing_docs)]
use runit_tests::suite::{self, Case};
use std::process::ExitCode;

mod rig;
mod sv_status;
mod sv_words;
mod usage;

fn main() -> ExitCode {
    let cases: Vec<Case> = [usage::CASES, sv_words::CASES, sv_status::CASES].concat();
    suite::main("compat", &cases).into()
}
