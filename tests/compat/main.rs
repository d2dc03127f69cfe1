//! One suite for every runit: ours and, with `RUNIT_UNDER_TEST=DIR RUNIT_VERSION=2.3.1`, C runit.
//!
//! Words on the command line choose cases by parts of their names or by the number of a deviation;
//! `--list` names them; `--why` shows how C runit fails where it must.
//!
//! The supervisors of some cases and the sv of others are fakes: what a program sees, and when, is
//! chosen. Where one has to show that nothing happens, something else follows that does.
//!
//! Deviations that have no case here, and where they are tested:
//!
//! | number | why not here | where |
//! |---|---|---|
//! | DEV-01, 03 to 06, 09 | they need a console, a time without events or a system of its own | `tests/namespace`, by number, also against C runit |
//! | DEV-02, 08, 11 | Linux has no such signals and powers off | `platform/sim`, `tests/simulation` |
#![allow(missing_docs)]
use runit_tests::suite::{self, Case};
use std::process::ExitCode;

mod boot;
mod chpst_env;
mod chpst_ids;
mod chpst_limits;
mod chpst_notify;
mod chpst_notify_fd;
mod chpst_notify_users;
mod chpst_state;
mod chpst_steps;
mod chpst_words;
mod links;
mod notifier;
mod runsv_control;
mod runsv_end;
mod runsv_finish;
mod runsv_letters;
mod runsv_letters_down;
mod runsv_letters_log;
mod runsv_start;
mod runsv_supervise;
mod runsvchdir;
mod runsvdir;
mod runsvdir_filled;
mod runsvdir_log;
mod runsvdir_soon;
mod sv_check;
mod sv_kernels;
mod sv_moved;
mod sv_names;
mod sv_runsv;
mod sv_settled;
mod sv_status;
mod sv_wait;
mod sv_words;
mod svlogd_lossy;
mod svlogd_options;
mod svlogd_patterns;
mod svlogd_processor;
mod svlogd_rig;
mod svlogd_rotate;
mod svlogd_signals;
mod svlogd_trouble;
mod tools;
mod usage;
mod utmpset;
mod utmpset_rig;

fn main() -> ExitCode {
    if let Some(code) = notifier::main() {
        return code;
    }
    let areas: &[&[Case]] = &[
        usage::CASES,
        sv_words::CASES,
        sv_status::CASES,
        sv_moved::CASES,
        sv_names::CASES,
        sv_wait::CASES,
        sv_check::CASES,
        sv_kernels::CASES,
        sv_runsv::CASES,
        sv_settled::CASES,
        runsv_supervise::CASES,
        runsv_start::CASES,
        runsv_letters::CASES,
        runsv_letters_down::CASES,
        runsv_letters_log::CASES,
        runsv_control::CASES,
        runsv_finish::CASES,
        runsv_end::CASES,
        runsvdir::CASES,
        runsvdir_log::CASES,
        runsvdir_soon::CASES,
        runsvdir_filled::CASES,
        boot::CASES,
        svlogd_lossy::CASES,
        svlogd_options::CASES,
        svlogd_patterns::CASES,
        svlogd_rotate::CASES,
        svlogd_signals::CASES,
        svlogd_processor::CASES,
        svlogd_trouble::CASES,
        links::CASES,
        chpst_words::CASES,
        chpst_env::CASES,
        chpst_ids::CASES,
        chpst_state::CASES,
        chpst_limits::CASES,
        chpst_steps::CASES,
        chpst_notify::CASES,
        chpst_notify_fd::CASES,
        chpst_notify_users::CASES,
        runsvchdir::CASES,
        utmpset::CASES,
    ];
    suite::main("compat", &areas.concat()).into()
}
