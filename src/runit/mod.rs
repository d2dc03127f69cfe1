//! runit: process 1.
mod catatonia;
pub mod machine;
mod perform;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walk;
pub mod words;

use crate::{cli, msg};
use perform::Performer;
use platform::{Args, Pid, Platform};

/// The program; as process 1 it returns only where the system may not be ended by it.
pub fn main<P: Platform>(p: &mut P, args: Args) -> u8 {
    if p.own_pid() == Pid(1) {
        p.early();
        return Performer::new(p).run();
    }
    if cli::answered(p, args, "runit", "") {
        return 0;
    }
    msg::say(p, &[b"- runit: fatal: must be run as process no 1."]);
    111
}
