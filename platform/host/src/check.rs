//! Running a program of a service directory whose answer is its exit code, with an end in sight.
use crate::directory::Directory;
use crate::{Result, wrong};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, killpg, sigaction, signal,
};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, pipe, setpgid};
use platform::Errno;
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// The groups of the programs that run; 0 for none. What ends the caller, ^C among others, does not
/// reach them. There are no more of them than have room here.
static GROUPS: [AtomicI32; 1024] = [const { AtomicI32::new(0) }; 1024];

/// Whether SIGIO was blocked here, for the one that reads it from a descriptor (`notice`): the program gets it
/// unblocked.
pub(crate) static UNBLOCK: AtomicBool = AtomicBool::new(false);

/// What ends the caller.
const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// What the child writes to the pipe that tells of its end if it cannot become the program.
const UNABLE: &[u8; 1] = b"!";

/// What came of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passed {
    /// It exited with 0.
    Yes,
    /// It exited with another code, or was killed.
    No,
    /// It could not be executed.
    Unable,
}

/// A program on its way. Dropping it kills the program and its process group.
#[derive(Debug)]
pub struct Running {
    pid: Pid,
    /// The program holds the other end.
    alive: OwnedFd,
    reaped: bool,
}

impl Running {
    /// Starts the program, which ends with the caller, with these arguments, its name the first of them, in a directory,
    /// as the leader of a process group of its own, with descriptor 1 closed and SIGPIPE as
    /// usual. If it cannot be executed, `unable` makes a warning out of the reason, which goes to
    /// descriptor 2, and the answer is [`Passed::Unable`].
    ///
    /// # Errors
    /// Those of pipe(2) and fork(2); EAGAIN: too many run.
    pub fn start(
        dir: &Directory<'_>,
        path: &CStr,
        argv: [Option<&CStr>; 2],
        unable: &mut dyn FnMut(Errno) -> Vec<u8>,
    ) -> Result<Running> {
        guard();
        let (alive, held) = pipe().map_err(wrong)?;
        fcntl(&alive, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map_err(wrong)?;
        // A signal between the start of the program and the note of it would leave it behind.
        let ending: SigSet = ENDING.into_iter().collect();
        let before = ending.thread_swap_mask(SigmaskHow::SIG_BLOCK).map_err(wrong)?;
        // SAFETY: these programs have one thread, so the child may do what its parent may.
        match unsafe { fork() } {
            Ok(ForkResult::Parent { child }) => {
                // Both sides do it, so that the group is there whichever of them runs first.
                let _ = setpgid(child, child);
                let noted = note(0, child.as_raw());
                let _ = before.thread_set_mask();
                let running = Running { pid: child, alive, reaped: false };
                // One that is not noted ends here.
                if noted { Ok(running) } else { Err(Errno::AGAIN) }
            }
            Err(error) => {
                let _ = before.thread_set_mask();
                Err(wrong(error))
            }
            Ok(ForkResult::Child) => {
                // The caller's handlers are not the program's, which gets the signals at their defaults.
                ENDING.into_iter().for_each(forget);
                let mut mask = before;
                if UNBLOCK.load(Ordering::Relaxed) {
                    mask.remove(Signal::SIGIO);
                }
                let _ = mask.thread_set_mask();
                drop(alive);
                // It stays open: its end is how the caller hears of the program's end.
                let held = std::mem::ManuallyDrop::new(held);
                let why = dir.enter().map_or_else(|why| why, |()| become_program(path, argv));
                let _ = nix::unistd::write(std::io::stderr(), &unable(why));
                let _ = nix::unistd::write(held.as_fd(), UNABLE);
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

    /// `None` while it runs, then what came of it.
    ///
    /// # Errors
    /// Those of waitpid(2).
    pub fn passed(&mut self) -> Result<Option<Passed>> {
        let passed = match waitpid(self.pid, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(_, 0)) if self.said_unable() => Ok(Some(Passed::Unable)),
            Ok(WaitStatus::Exited(_, 0)) => Ok(Some(Passed::Yes)),
            Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) => Ok(Some(Passed::No)),
            Ok(_) | Err(nix::errno::Errno::EINTR) => return Ok(None),
            Err(error) => Err(wrong(error)),
        };
        self.reaped = true;
        note(self.pid.as_raw(), 0);
        passed
    }

    /// Whether the child has said that it could not become the program.
    fn said_unable(&self) -> bool {
        let ready = crate::notice::wait(&[self.fd()], std::time::Duration::ZERO);
        // What the program left running may hold the other end: without a byte, reading would wait.
        let mut byte = [0];
        ready == [true] && nix::unistd::read(self.alive.as_fd(), &mut byte) == Ok(1) && byte == *UNABLE
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = killpg(self.pid, Signal::SIGKILL);
            note(self.pid.as_raw(), 0);
            while waitpid(self.pid, None) == Err(nix::errno::Errno::EINTR) {}
        }
    }
}

/// Writes `new` where `old` stands; `false` if it stands nowhere.
fn note(old: i32, new: i32) -> bool {
    let replace =
        |group: &AtomicI32| group.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    GROUPS.iter().any(replace)
}

/// Gives a signal that is caught its default.
fn forget(ending: Signal) {
    // SAFETY: sets a default disposition.
    let old = unsafe { signal(ending, SigHandler::SigDfl) };
    if matches!(old, Ok(SigHandler::SigIgn)) {
        // SAFETY: restores the disposition.
        let _ = unsafe { signal(ending, SigHandler::SigIgn) };
    }
}

/// Has the signals that end programs end all groups first, unless they are ignored.
fn guard() {
    let handler = SigHandler::Handler(end_all);
    let action = SigAction::new(handler, SaFlags::SA_RESETHAND, SigSet::empty());
    for ending in ENDING {
        // SAFETY: the handler does what handlers may.
        let old = unsafe { sigaction(ending, &action) };
        if old.is_ok_and(|old| matches!(old.handler(), SigHandler::SigIgn)) {
            // SAFETY: restores the disposition.
            let _ = unsafe { signal(ending, SigHandler::SigIgn) };
        }
    }
}

extern "C" fn end_all(number: libc::c_int) {
    for group in &GROUPS {
        let group = group.load(Ordering::Relaxed);
        if group > 0 {
            // SAFETY: numbers are passed.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
    }
    // It has its default again, and waits until this is left.
    // SAFETY: a number is passed.
    unsafe { libc::raise(number) };
}

fn become_program(path: &CStr, argv: [Option<&CStr>; 2]) -> Errno {
    let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
    // SAFETY: sets a default disposition.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
    // SAFETY: std's stdout, if it is used again before exec, gets an error, nothing worse.
    unsafe { libc::close(1) };
    let [name, argument] = argv.map(|arg| arg.map_or(core::ptr::null(), CStr::as_ptr));
    let argv = [name, argument, core::ptr::null()];
    // SAFETY: both are what execv(3) asks for, and nothing is allocated after fork(2).
    unsafe { libc::execv(path.as_ptr(), argv.as_ptr()) };
    Errno::last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice;
    use std::ffi::CString;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};

    const LONG: Duration = Duration::from_secs(60);

    /// A script in a directory of its own, which is gone with the value.
    struct Script(std::path::PathBuf);

    impl Script {
        fn new(name: &str, text: &str, mode: u32) -> (Script, CString) {
            let place = std::env::temp_dir().join(format!("runit-check-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&place).unwrap();
            let path = place.join("check");
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let path = CString::new(path.into_os_string().into_encoded_bytes()).unwrap();
            (Script(place), path)
        }
    }

    impl Drop for Script {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn here() -> Directory<'static> {
        Directory::at(nix::fcntl::AT_FDCWD, c".", true).unwrap()
    }

    fn passes(name: &str, text: &str) -> bool {
        let (_script, path) = Script::new(name, text, 0o755);
        let mut run =
            Running::start(&here(), &path, [Some(&path), None], &mut |errno| errno.text().bytes().to_vec())
                .unwrap();
        finish(&mut run) == Passed::Yes
    }

    fn finish(run: &mut Running) -> Passed {
        let start = Instant::now();
        while start.elapsed() < LONG {
            let _ = notice::wait(&[run.fd()], LONG);
            if let Some(passed) = run.passed().unwrap() {
                return passed;
            }
        }
        panic!("it never ended");
    }

    #[test]
    fn exit_codes_and_signals() {
        let _alone = crate::alone();
        assert!(passes("zero", "exit 0"));
        assert!(!passes("one", "exit 1"));
        assert!(!passes("killed", "kill -9 $$"), "death is not success");
        assert!(passes("stdout", "! (echo x) 2>/dev/null"), "descriptor 1 is closed");
    }

    #[test]
    fn a_program_that_cannot_run_is_complained_about() {
        let _alone = crate::alone();
        let (script, _) = Script::new("refused", "", 0o644);
        let path = CString::new(script.0.join("missing").into_os_string().into_encoded_bytes()).unwrap();
        let mut run = Running::start(&here(), &path, [Some(&path), None], &mut |errno| {
            assert_eq!(errno, Errno::NOENT);
            Vec::new()
        })
        .unwrap();
        assert_eq!(finish(&mut run), Passed::Unable);
    }

    #[test]
    fn dropping_ends_the_whole_group() {
        let _alone = crate::alone();
        let (script, path) = Script::new("hang", "sleep 1000 & sleep 1000", 0o755);
        let run = Running::start(&here(), &path, [Some(&path), None], &mut |_| Vec::new()).unwrap();
        let ended = nix::unistd::dup(run.fd()).unwrap();
        let start = Instant::now();
        drop(run);
        // Its other end is held by the script and its children: all of them have to be gone.
        assert_eq!(notice::wait(&[ended.as_fd()], LONG), [true]);
        assert!(start.elapsed() < LONG);
        drop(script);
    }
}
