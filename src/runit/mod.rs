//! runit: process 1.
mod catatonia;
pub mod machine;
mod perform;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walk;
pub mod words;

use crate::cli;
use crate::voice::Voice;
use perform::Performer;
use platform::{Args, Pid, Platform};

/// C runit's, with its dash.
const VOICE: Voice<'_> = Voice { program: b"- runit", about: b"" };

/// The program; as process 1 it returns only where the system may not be ended by it.
pub fn main<P: Platform>(p: &mut P, args: Args) -> u8 {
    if p.own_pid() == Pid(1) {
        p.early();
        return Performer::new(p).run();
    }
    if cli::answered(p, args, "runit", "") {
        return 0;
    }
    VOICE.fatal(p, &[b"must be run as process no 1."], None);
    111
}
