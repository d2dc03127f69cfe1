//! `utmpset` without the system: the command line, and what a logout does to the records.
//! `src/bin/utmpset/` does it to the files.
mod invocation;
mod record;

pub use invocation::{ABOUT, CommandLine, USAGE};
pub use record::{Entry, Moment, find, record};
