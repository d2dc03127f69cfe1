//! `sv` without the system: what a command line asks for, what is written to `supervise/control`, the waiting
//! for a service to obey, how that is told, and the exit code. `src/bin/sv/` performs it.
pub mod command;
pub mod errand;
pub mod explain;
pub mod format;
pub mod found;
pub mod help;
pub mod invocation;
pub mod json;
pub mod logs;
pub mod machine;
pub mod moment;
pub mod object;
pub mod row;
pub mod script;
pub mod sight;
pub mod table;
pub mod text;

pub use command::{Plan, Task, Wait};
pub use errand::{Colour, Errand, Show, What, Wrong};
pub use invocation::{CommandLine, Defaults, Invocation, Mode, Tally};
pub use sight::{Sight, Trouble};
