//! `sv` without the system: what a command line asks for, what is written to `supervise/control`, the waiting
//! for a service to obey, how that is told, and the exit code. `src/bin/sv/` performs it.
pub mod command;
pub mod invocation;
pub mod machine;
pub mod sight;
pub mod text;

pub use command::{Plan, Task, Wait};
pub use invocation::{CommandLine, Defaults, Invocation, Mode, Tally};
pub use sight::{Sight, Trouble};
