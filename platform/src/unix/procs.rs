//! Processes that exist: numbers, signals, deaths.
use super::{Os, check, signals, spawn};
use crate::{Args, Child, Ended, Errno, Fd, Pid, Procs, Result, Signal, Target, system};
use core::ffi::CStr;

impl Procs for Os {
    fn own_pid(&mut self) -> Pid {
        // SAFETY: asks for a number.
        Pid(unsafe { libc::getpid() })
    }

    // Each program starts its children in one place: chosen there, the search is not in those that need
    // none, nor are variables.
    #[inline(always)]
    fn spawn(&mut self, child: &Child<'_>) -> Result<Pid> {
        let exec = if child.search { spawn::exec_found } else { spawn::exec };
        let set = if child.variable.is_empty() { spawn::set_nothing } else { spawn::set_variable };
        spawn::fork(|| spawn::become_program(child, set, exec))
    }

    fn spawn_drain(&mut self, from: Fd, lifeline: Fd, args: Args) -> Result<Pid> {
        spawn::fork(|| spawn::drain(from, lifeline, args))
    }

    fn exec(&mut self, path: &CStr, argv: &[&CStr]) -> Errno {
        spawn::exec(path, argv)
    }

    fn reap(&mut self) -> Option<(Pid, Ended)> {
        let mut status = 0;
        // SAFETY: the status is a local integer.
        let pid = check(unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) }).ok()?;
        if pid == 0 {
            return None;
        }
        let ended = if libc::WIFEXITED(status) {
            Ended::Exit(libc::WEXITSTATUS(status) as u8)
        } else {
            Ended::Killed { signal: libc::WTERMSIG(status) as u8, core: libc::WCOREDUMP(status) }
        };
        Some((Pid(pid), ended))
    }

    fn kill(&mut self, whom: Target, signal: Signal) -> Result<()> {
        let pid = match whom {
            Target::One(pid) => pid.0,
            Target::Group(pid) => -pid.0,
            Target::All => -1,
        };
        // SAFETY: numbers are passed.
        check(unsafe { libc::kill(pid, signals::number(signal)) }).map(drop)
    }

    fn setproctitle(&mut self, text: &[u8]) {
        system::setproctitle(text);
    }
}
