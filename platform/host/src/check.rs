//! Running a program of a service directory whose answer is its exit code, with an end in sight.
use crate::{Result, wrong};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{SigHandler, Signal, killpg, signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, pipe, setpgid};
use platform::Errno;
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd};

/// A program on its way. Dropping it kills the program and its process group.
#[derive(Debug)]
pub struct Running {
    pid: Pid,
    /// The program holds the other end.
    alive: OwnedFd,
    reaped: bool,
}

impl Running {
    /// Starts the program in the current directory, as the leader of a process group of its own,
    /// with descriptor 1 closed and SIGPIPE as usual. If it cannot be executed, `unable` makes a
    /// warning out of the reason, which goes to descriptor 2, and the program counts as one that
    /// exited with 0.
    ///
    /// # Errors
    /// Those of pipe(2) and fork(2).
    pub fn start(path: &CStr, unable: &mut dyn FnMut(Errno) -> Vec<u8>) -> Result<Running> {
        let (alive, held) = pipe().map_err(wrong)?;
        fcntl(&alive, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map_err(wrong)?;
        // SAFETY: these programs have one thread, so the child may do what its parent may.
        match unsafe { fork() }.map_err(wrong)? {
            ForkResult::Parent { child } => {
                drop(held);
                // Both sides do it, so that whoever comes first makes the group.
                let _ = setpgid(child, child);
                Ok(Running { pid: child, alive, reaped: false })
            }
            ForkResult::Child => {
                drop(alive);
                let _ = held.into_raw_fd();
                let why = become_program(path);
                let _ = nix::unistd::write(std::io::stderr(), &unable(why));
                // SAFETY: ends the process without running what its parent registered.
                unsafe { libc::_exit(0) }
            }
        }
    }

    /// Becomes readable when the program and all that it left behind have ended, or closed a
    /// descriptor that they do not know.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.alive.as_fd()
    }

    /// `None` while it runs, then whether it exited with 0. One that was killed has not.
    ///
    /// # Errors
    /// Those of waitpid(2).
    pub fn passed(&mut self) -> Result<Option<bool>> {
        match waitpid(self.pid, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(_, code)) => {
                self.reaped = true;
                Ok(Some(code == 0))
            }
            Ok(WaitStatus::Signaled(..)) => {
                self.reaped = true;
                Ok(Some(false))
            }
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(None),
            Err(error) => {
                self.reaped = true;
                Err(wrong(error))
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = killpg(self.pid, Signal::SIGKILL);
            while waitpid(self.pid, None) == Err(nix::errno::Errno::EINTR) {}
        }
    }
}

fn become_program(path: &CStr) -> Errno {
    let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
    // SAFETY: sets a default disposition.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
    // SAFETY: std's stdout, if it is used again before exec, gets an error, nothing worse.
    unsafe { libc::close(1) };
    nix::unistd::execv(path, &[path]).map_or_else(wrong, |never| match never {})
}
