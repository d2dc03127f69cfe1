//! `sv` without the system: what a command line asks for, what is written to `supervise/control`,
//! when a service has obeyed, how that is told, and the exit code. `src/bin/sv/` performs it.
pub mod command;
pub mod conditions;
pub mod invocation;
pub mod sight;
pub mod text;

pub use command::{Plan, Task, Wait};
pub use conditions::{Before, SETTLED, Verdict, followed, judge, unsettled};
pub use invocation::{Defaults, Invocation, Mode, Request, Tally};
pub use sight::{Sight, Trouble};
