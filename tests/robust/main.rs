//! What must not end a supervisor or lose a thing: damaged files, directories that go away, odd
//! names, and every kind of shortage.
#![allow(missing_docs)]
use runit_tests::suite::{self, Case};
use std::process::ExitCode;

mod crowd;
mod flood;
mod names;
mod scan;
mod service;
mod shortage;
mod terminal;

fn main() -> ExitCode {
    let areas: &[&[Case]] = &[
        service::CASES,
        names::CASES,
        scan::CASES,
        crowd::CASES,
        flood::CASES,
        shortage::CASES,
        terminal::CASES,
    ];
    suite::main("robust", &areas.concat()).into()
}
