//! Daemons that others wrote, under the files of docs/daemons.md: real ones, of Debian's packages, each in a system
//! of its own, in namespaces. They are started, asked, killed, hung up, refused and stopped; order and readiness are
//! seen in their logs and in what supervisors say, with times.
//!
//! `ci/daemons` fetches them; without them all cases are skipped. C runit has none of these files.
#![allow(missing_docs)]
use runit_tests::suite::{self, Case};
use std::process::ExitCode;

mod all;
mod data;
mod haproxy;
mod left;
mod mariadb;
mod nginx;
mod page;
mod php;
mod postgresql;
mod redis;
mod refused;
mod small;
mod times;
mod tower;
mod world;

/// How many systems are up at the same time.
const JOBS: usize = 4;

fn main() -> ExitCode {
    let areas: &[&[Case]] = &[
        redis::CASES,
        postgresql::CASES,
        mariadb::CASES,
        php::CASES,
        nginx::CASES,
        haproxy::CASES,
        small::CASES,
        all::CASES,
        tower::CASES,
        left::CASES,
    ];
    let cases: Vec<Case> = areas.concat().into_iter().map(Case::ours).collect();
    suite::main_with("daemons", &cases, JOBS).into()
}
