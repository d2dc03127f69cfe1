//! The programs and scripts through which people use runit, unchanged, on the programs under test:
//! ours and, with `RUNIT_UNDER_TEST=DIR RUNIT_VERSION=2.3.1`, C runit.
//!
//! `ci/clients` fetches them; a case without its client is skipped. Clients that know where they
//! are installed run in a system of their own, in namespaces.
#![allow(missing_docs)]
use runit_tests::suite::{self, Case};
use std::process::ExitCode;

mod ansible;
mod debian;
mod debian_scripts;
mod fetched;
mod host;
mod openrc;
mod readers;
mod salt;
mod scan;
mod turnstile;
mod vsv;

fn main() -> ExitCode {
    let areas: &[&[Case]] = &[
        ansible::CASES,
        vsv::CASES,
        readers::CASES,
        debian::CASES,
        debian_scripts::CASES,
        openrc::CASES,
        turnstile::CASES,
        salt::CASES,
    ];
    suite::main("clients", &areas.concat()).into()
}
