//! `chpst` and its six aliases without the system: what a command line asks for, as a list of
//! steps in the one order in which they are taken. `src/bin/chpst/` takes them.
//!
//! The list is all there is: a step that fails ends the program, so what runs at the end has been
//! through every one of them.
pub mod account;
pub mod envdir;
pub mod invocation;
pub mod limit;
pub mod plan;
pub mod search;
pub mod tool;

pub use account::Ids;
pub use invocation::CommandLine;
pub use limit::{Amount, Limits};
pub use plan::{Account, Plan, Step};
pub use search::Search;
pub use tool::Tool;
