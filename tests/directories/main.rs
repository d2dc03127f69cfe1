//! Service directories as people write them, each under a real runsvdir, and what must be true
//! afterwards. The same holds on C runit: `RUNIT_UNDER_TEST=DIR RUNIT_VERSION=2.3.1`.
//!
//! The scripts are those of an administrator: they pause where a person types or a network is slow.
//! The cases themselves wait for facts.
#![allow(missing_docs)]
use runit_tests::suite::{self, Case};
use std::process::ExitCode;

mod asked;
mod control;
mod finish;
mod host;
mod in_place;
mod logs;
mod needs;
mod packages;
mod removal;
mod runs;

fn main() -> ExitCode {
    let areas: &[&[Case]] = &[
        needs::CASES,
        control::CASES,
        finish::CASES,
        logs::CASES,
        in_place::CASES,
        packages::CASES,
        removal::CASES,
        asked::CASES,
        runs::CASES,
    ];
    suite::main("directories", &areas.concat()).into()
}
