//! Services that say more: each file that a service directory may have beyond runit's, alone, with another, with
//! scripts, letters and words, on real processes. C runit has none of them.
#![allow(missing_docs)]
use runit_tests::suite::{self, Case};
use std::process::ExitCode;

mod beside;
mod changes;
mod contain;
mod contents;
mod failed;
mod late_log;
mod late_log_refused;
mod logs;
mod needs;
mod needs_asked;
mod needs_circle;
mod needs_dir;
mod needs_entries;
mod needs_stop;
mod older;
mod oneshot;
mod pairs;
mod pairs_ends;
mod places;
mod places_used;
mod ready;
mod recipes;
mod restarts;
mod signals;
mod state;
mod supervisor;
mod templates;
mod timeouts;
mod told;
mod unchanged;
mod words;

/// How many cases run at the same time: nearly all of them wait for time to pass.
const JOBS: usize = 12;

fn main() -> ExitCode {
    let mut areas: Vec<&[Case]> = contain::AREAS.to_vec();
    areas.extend_from_slice(&[
        unchanged::CASES,
        ready::CASES,
        signals::CASES,
        timeouts::CASES,
        restarts::CASES,
        failed::CASES,
        oneshot::CASES,
        needs::CASES,
        needs_asked::CASES,
        needs_circle::CASES,
        needs_dir::CASES,
        needs_entries::CASES,
        needs_stop::CASES,
        pairs::CASES,
        pairs_ends::CASES,
        contents::CASES,
        changes::CASES,
        logs::CASES,
        supervisor::CASES,
        state::CASES,
        words::CASES,
        older::CASES,
        places::CASES,
        places_used::CASES,
        templates::CASES,
        late_log::CASES,
        late_log_refused::CASES,
        recipes::CASES,
    ]);
    let cases: Vec<Case> = areas.concat().into_iter().map(Case::ours).collect();
    suite::main_with("extensions", &cases, JOBS).into()
}
