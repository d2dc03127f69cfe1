//! sv for people and for their programs: all services at once, tables, JSON, waiting, watching, arranging, on a terminal
//! and without one. C runit has none of it.
#![allow(missing_docs)]
use runit_tests::suite::{self, Case};
use std::process::ExitCode;

mod all;
mod completions;
mod disable;
mod enable;
mod explain;
mod host;
mod json;
mod log;
mod log_find;
mod log_follow;
mod new;
mod outcome;
mod rest;
mod schema;
mod table;
mod terminal;
mod user;
mod wait;
mod watch;
mod wrong;

/// How many cases run at the same time: most of them wait for processes.
const JOBS: usize = 8;

fn main() -> ExitCode {
    let areas: &[&[Case]] = &[
        all::CASES,
        table::CASES,
        terminal::CASES,
        json::CASES,
        schema::CASES,
        outcome::CASES,
        wait::CASES,
        watch::CASES,
        rest::CASES,
        enable::CASES,
        disable::CASES,
        new::CASES,
        completions::CASES,
        wrong::CASES,
        log::CASES,
        log_find::CASES,
        log_follow::CASES,
        explain::CASES,
        user::CASES,
    ];
    let cases: Vec<Case> = areas.concat().into_iter().map(Case::ours).collect();
    suite::main_with("people", &cases, JOBS).into()
}
