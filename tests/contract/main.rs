//! What every back-end of `platform` promises, checked on the system the tests run on and on the
//! kernel in memory: what the simulation shows is worth as much as their agreement.
//!
//! The cases use the traits and nothing else, so they come to every new system for nothing. What
//! has to be there before (programs, a link) is prepared once for each of the two.
mod contain;
mod files;
mod pipes;
mod processes;
mod system;
mod waiting;

use platform::Platform;
use std::ffi::{CStr, CString};
use std::process::ExitCode;

/// The result of a case: what is wrong.
pub(crate) type Case = Result<(), String>;

/// Cases with their names.
pub(crate) type Cases<P> = Vec<(&'static str, fn(&mut P) -> Case)>;

/// Fails with the two values unless they are the same.
macro_rules! same {
    ($left:expr, $right:expr) => {
        match (&$left, &$right) {
            (left, right) if *left == *right => {}
            (left, right) => {
                return Err(format!("line {}: {left:?}, expected {right:?}", line!()));
            }
        }
    };
}
/// Fails unless it is true.
macro_rules! holds {
    ($condition:expr) => {
        if !$condition {
            return Err(format!("line {}: {}", line!(), stringify!($condition)));
        }
    };
}
/// The value, or a failure that says where.
macro_rules! fine {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(errno) => return Err(format!("line {}: {}: {errno:?}", line!(), stringify!($result))),
        }
    };
}
pub(crate) use {fine, holds, same};

fn string(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

/// Runs every case in a directory of its own below `base`.
fn contract<P: Platform>(p: &mut P, name: &str, base: &str, counts: &mut (u32, u32)) {
    let cases: Cases<P> =
        [pipes::cases(), files::cases(), processes::cases(), waiting::cases(), contain::cases()].concat();
    for (case, run) in cases {
        let dir = string(&format!("{base}/{case}"));
        let ready = p.mkdir(&dir, 0o755).and_then(|()| p.chdir(&dir));
        let result = ready.map_err(|errno| format!("no directory: {errno:?}")).and_then(|()| run(p));
        // Whatever a case left running ends here.
        while p.reap().is_some() {}
        let now = p.now();
        p.wait(&[], Some(now));
        match result {
            Ok(()) => counts.0 += 1,
            Err(wrong) => {
                counts.1 += 1;
                println!("{name}: {case} ... FAILED: {wrong}");
            }
        }
    }
}

/// The programs that the cases start, one directory above them.
pub(crate) mod programs {
    use super::CStr;
    /// Exits with 7.
    pub(crate) const SEVEN: &CStr = c"../seven";
    /// Runs until it is killed.
    pub(crate) const SLEEPER: &CStr = c"../sleeper";
    /// Exits with 7, and leaves a process.
    pub(crate) const LEAVER: &CStr = c"../leaver";
    /// The same, and what it leaves ignores TERM.
    pub(crate) const STUBBORN: &CStr = c"../stubborn";
    /// Writes `hello` to descriptor 1.
    pub(crate) const HELLO: &CStr = c"../hello";
    /// Reads descriptor 0 to its end, then exits with 3.
    pub(crate) const READER: &CStr = c"../reader";
    /// Makes the directory `scan/new`.
    pub(crate) const MAKER: &CStr = c"../maker";
    /// Removes the directory `scan/new`.
    pub(crate) const REMOVER: &CStr = c"../remover";
    /// Lets the link `current` lead to the directory `other`.
    pub(crate) const SWITCHER: &CStr = c"../switcher";
    /// A file that is not executable.
    pub(crate) const PLAIN: &CStr = c"../plain";
    /// A link to `somewhere`.
    pub(crate) const LINK: &CStr = c"../link";
}

fn main() -> ExitCode {
    let mut counts = (0, 0);
    system::on_the_system(&mut counts);
    system::in_memory(&mut counts);
    system::same_requests(&mut counts);
    println!("contract: {} passed, {} failed", counts.0, counts.1);
    if counts.1 == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
