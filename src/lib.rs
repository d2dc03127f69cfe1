//! The engine of runit: it decides, `platform` acts.
//!
//! A program is a function over [`platform::Platform`]: the same text runs on the kernel and on
//! the kernel in memory that the tests use. Its core is a state machine without clock, descriptor
//! or error number; the file beside it performs what the machine asks for.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod actions;
pub mod args;
pub mod chpst;
pub mod cli;
pub mod fixed;
pub mod magic;
pub mod msg;
pub mod need;
pub mod paths;
pub mod protocol;
pub mod runit;
pub mod runit_init;
pub mod runsv;
pub mod runsvchdir;
pub mod runsvdir;
pub mod scan_directory;
pub mod service_directory;
pub mod state;
pub mod status;
mod supervised;
pub mod sv;
pub mod svlogd;
pub mod tai;
pub mod utmpset;
pub mod voice;
pub mod words;

/// The version of the whole suite; what `-V` and `--version` show.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
