//! A program that turns what it reads into something else, as `gzip -dc` does. What the standard library has for that
//! would make `sv` larger by a fifth.
use crate::{Result, files, wrong};
use core::ffi::{CStr, c_char};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, pipe};
use platform::Errno;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// So many words may be on its command line.
const WORDS: usize = 8;

/// The program at work. Dropping it kills it.
#[derive(Debug)]
pub struct Filter {
    pid: Pid,
    output: OwnedFd,
    ended: Option<bool>,
}

impl Filter {
    /// Starts a program, which is looked for in `PATH`, with these words, the first being its name, at most eight. It
    /// reads `input`, or nothing; descriptor 2 leads nowhere.
    ///
    /// # Errors
    /// Those of pipe(2), fork(2) and execvp(3).
    pub fn start(words: &[&CStr], input: Option<BorrowedFd<'_>>) -> Result<Filter> {
        let nothing = files::open_update(c"/dev/null")?;
        let (output, into) = pipe().map_err(wrong)?;
        let (hears, tells) = pipe().map_err(wrong)?;
        for fd in [&output, &into, &hears, &tells] {
            fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map_err(wrong)?;
        }
        let mut argv = [core::ptr::null::<c_char>(); WORDS + 1];
        argv.iter_mut().zip(words.iter().take(WORDS)).for_each(|(slot, word)| *slot = word.as_ptr());
        let from = input.unwrap_or(nothing.as_fd()).as_raw_fd();
        // SAFETY: these programs have one thread, so the child may do what its parent may.
        match unsafe { fork() }.map_err(wrong)? {
            ForkResult::Child => {
                let why = become_program(&argv, [from, into.as_raw_fd(), nothing.as_raw_fd()]);
                let _ = files::write(&tells, &why.0.to_ne_bytes());
                // SAFETY: ends the process without running what its parent registered.
                unsafe { libc::_exit(127) }
            }
            ForkResult::Parent { child } => {
                drop((into, tells));
                let mut why = [0; 4];
                let filter = Filter { pid: child, output, ended: None };
                match files::read(&hears, &mut why) {
                    Ok(4) => Err(Errno(i32::from_ne_bytes(why))),
                    // It is closed by a successful exec.
                    Ok(_) | Err(_) => Ok(filter),
                }
            }
        }
    }

    /// What it makes.
    #[must_use]
    pub fn output(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// Waits for its end; whether it exited with 0.
    pub fn succeeds(&mut self) -> bool {
        loop {
            match (self.ended, waitpid(self.pid, None)) {
                (Some(ended), _) => return ended,
                (None, Err(nix::errno::Errno::EINTR)) => {}
                (None, status) => {
                    self.ended = Some(matches!(status, Ok(WaitStatus::Exited(_, 0))));
                }
            }
        }
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        if self.ended.is_none() {
            let _ = kill(self.pid, Signal::SIGKILL);
            self.succeeds();
        }
    }
}

/// Gives the standard descriptors their places, and becomes the program.
fn become_program(argv: &[*const c_char; WORDS + 1], fds: [i32; 3]) -> Errno {
    // SAFETY: sets a default disposition.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
    for (to, fd) in (0..).zip(fds) {
        // SAFETY: numbers are passed. All of these are above 2, since the standard descriptors are open.
        if unsafe { libc::dup2(fd, to) } < 0 {
            return Errno::last();
        }
    }
    // SAFETY: strings and a list that ends with null.
    unsafe { libc::execvp(argv[0], argv.as_ptr()) };
    Errno::last()
}

/// All that a program writes, with nothing to read; nothing if it cannot be run.
#[must_use]
pub fn output_of(words: &[&CStr]) -> Vec<u8> {
    Filter::start(words, None).and_then(|filter| files::read_all(filter.output())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_and_what_comes_out() {
        let _alone = crate::alone();
        let (input, end) = pipe().unwrap();
        files::write(&end, b"hello\n").unwrap();
        drop(end);
        let mut filter = Filter::start(&[c"tr", c"a-z", c"A-Z"], Some(input.as_fd())).unwrap();
        assert_eq!(files::read_all(filter.output()).unwrap(), b"HELLO\n");
        assert!(filter.succeeds() && filter.succeeds());
        assert_eq!(output_of(&[c"sh", c"-c", c"cat; echo x; echo y >&2; exit 3"]), b"x\n");
        let mut filter = Filter::start(&[c"sh", c"-c", c"exit 3"], None).unwrap();
        assert!(!filter.succeeds());
    }

    #[test]
    fn what_is_missing_and_what_is_dropped() {
        let _alone = crate::alone();
        assert_eq!(Filter::start(&[c"no-such-program-anywhere"], None).unwrap_err(), Errno::NOENT);
        let filter = Filter::start(&[c"sleep", c"1000"], None).unwrap();
        let pid = filter.pid.as_raw();
        drop(filter);
        assert!(!crate::processes::is_there(pid));
    }
}
