//! runit-init: becomes runit as process 1, otherwise asks it to stop.
use crate::voice::Voice;
use crate::{cli, magic, msg, paths};
use core::ffi::CStr;
use platform::{Args, Pid, Platform, Signal, Target};

const INIT: Pid = Pid(1);
const VOICE: Voice<'_> = Voice { program: b"init", about: b"" };
const USAGE: &str = " 0|6";

/// The program; the result is its exit code.
pub fn main<P: Platform>(p: &mut P, args: Args) -> u8 {
    // First of all, and never by the arguments: kernels hand process 1 stray words.
    if p.own_pid() == INIT {
        let errno = p.exec(paths::RUNIT, &[c"runit"]);
        // Most kernels open no descriptor, and what follows is their panic.
        p.console();
        VOICE.fatal(p, &[b"unable to start runit"], Some(errno));
        return 111;
    }
    let reboot = match args.get(1).map(CStr::to_bytes) {
        Some(b"0") => false,
        Some(b"6") => true,
        word => {
            if !cli::answered(p, args, "runit-init", USAGE) {
                if word.is_some_and(|word| word.starts_with(b"-V")) {
                    msg::say(p, &[b"runit-init ", crate::VERSION.as_bytes(), b"\n"]);
                }
                cli::usage(p, args, USAGE);
            }
            return 0;
        }
    };
    if let Err(failed) = magic::request(p, reboot) {
        VOICE.fatal(p, &[failed.what, failed.path.to_bytes()], Some(failed.errno));
        return 111;
    }
    // A user that may create the files but not signal process 1 is told nothing, as ever.
    let _ = p.kill(Target::One(INIT), Signal::Continue);
    0
}
