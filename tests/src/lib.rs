//! What the test suites share. They run real programs, each in a place of its own, and wait for
//! what these do instead of guessing how long it takes.

mod awaited;
pub mod fake;
pub mod full;
pub mod fuzz;
pub mod namespace;
pub mod place;
pub mod process;
pub mod programs;
pub mod rig;
pub mod status;
pub mod suite;
pub mod tools;
pub mod wait;
mod words;
