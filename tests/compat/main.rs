//! One suite for every runit: ours and, with `RUNIT_UNDER_TEST=DIR RUNIT_VERSION=2.3.1`, C runit.
#![allow(missing_docs)]
use runit_tests::suite::{self, Case};
use std::process::ExitCode;

#[allow(dead_code)]
mod rig;
mod runsv_control;
mod runsv_letters;
mod runsv_letters_log;
mod runsv_start;
mod runsv_supervise;
mod sv_check;
mod sv_names;
mod sv_runsv;
mod sv_status;
mod sv_wait;
mod sv_words;
mod usage;

fn main() -> ExitCode {
    let areas: &[&[Case]] = &[
        usage::CASES,
        sv_words::CASES,
        sv_status::CASES,
        sv_names::CASES,
        sv_wait::CASES,
        sv_check::CASES,
        sv_runsv::CASES,
        runsv_supervise::CASES,
        runsv_start::CASES,
        runsv_letters::CASES,
        runsv_letters_log::CASES,
        runsv_control::CASES,
    ];
    suite::main("compat", &areas.concat()).into()
}
