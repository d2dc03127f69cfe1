//! Processes that exist: numbers, signals, deaths.
use super::{Os, check, signals, spawn};
use crate::{Args, Calls, Child, Ended, Errno, Fd, Files, Pid, Procs, Result, Signal, Target, system};
use core::ffi::CStr;

impl Calls for Os {
    fn pr_set_name(&mut self, args: Args, name: &CStr) {
        // SAFETY: the child has arguments of its own, and nothing there reads them.
        unsafe { args.cover(name.to_bytes()) };
        system::pr_set_name(name);
    }

    fn setsid(&mut self) {
        super::setsid();
    }

    fn ignore(&mut self, signal: Signal) {
        system::signal(signals::number(signal), libc::SIG_IGN);
    }

    fn close_all_but(&mut self, keep: &[Fd]) {
        system::close_all_but(keep);
    }

    fn read_to_end(&mut self, fd: Fd) {
        let mut end = libc::pollfd { fd: fd.0, events: libc::POLLIN, revents: 0 };
        let mut bytes = [0; 512];
        loop {
            // SAFETY: one pollfd is passed and one counted.
            unsafe { libc::poll(&raw mut end, 1, -1) };
            match self.read(fd, &mut bytes) {
                Ok(0) => return,
                Ok(_) | Err(Errno::AGAIN | Errno::INTR) => {}
                // SAFETY: leaves the child without running anything of its parent's.
                Err(_) => unsafe { libc::_exit(111) },
            }
        }
    }
}

impl Procs for Os {
    type Forked = Os;

    fn own_pid(&mut self) -> Pid {
        Pid(super::own_pid())
    }

    // Each program starts its children in one place: chosen there, the search is not in those that need
    // none, nor are variables and the console.
    #[inline(always)]
    fn spawn(&mut self, child: &Child<'_>) -> Result<Pid> {
        let exec = match (&child.console, child.search) {
            (Some(_), _) => spawn::exec_on_console,
            (None, true) => spawn::exec_found,
            (None, false) => spawn::exec_path,
        };
        let set = if child.variable.is_empty() { spawn::set_nothing } else { spawn::set_variable };
        spawn::fork(|| spawn::become_program(child, set, exec))
    }

    fn fork(&mut self, child: impl FnOnce(&mut Os)) -> Result<Pid> {
        spawn::fork(|| {
            child(&mut Os::new());
            0
        })
    }

    fn getenv(&mut self, name: &CStr) -> Option<&'static [u8]> {
        spawn::variable(name)
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

    fn signal_number(signal: Signal) -> u8 {
        signals::number(signal) as u8
    }

    fn kill_number(&mut self, pid: Pid, number: u8) -> Result<()> {
        // SAFETY: numbers are passed.
        check(unsafe { libc::kill(pid.0, number.into()) }).map(drop)
    }

    fn setproctitle(&mut self, text: &[u8]) {
        system::setproctitle(text);
    }
}
