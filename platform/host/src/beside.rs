//! A process that stays beside a program and is nobody's child.
use crate::processes::End;
use crate::{Result, files, wrong};
use core::ffi::CStr;
use core::mem::MaybeUninit;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, getpid, pipe};
use platform::{Args, Calls as _, Errno, Fd, Os, Signal};
use std::os::fd::{AsRawFd, OwnedFd};

/// Starts a process that has a session of its own, `/` for its directory, `name` for its name, no descriptor but
/// `kit`, and runs `body`. The calling process goes on without the kit, and without a child: neither a zombie nor
/// SIGCHLD is left to the program that it is going to become. When this returns, the new process waits for the
/// end of this one already.
///
/// # Errors
/// Those of pipe(2) and fork(2).
pub fn start<const N: usize>(
    name: &CStr,
    args: Args,
    kit: [OwnedFd; N],
    body: fn([OwnedFd; N], End),
) -> Result<()> {
    let program = getpid().as_raw();
    let had_news = child_is_pending();
    let (hears, tells) = pipe().map_err(wrong)?;
    // SAFETY: the process has one thread, so what a child may do is not restricted.
    let between = match unsafe { fork() }.map_err(wrong)? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            drop(hears);
            // The process whose child it is ends at once, so that process 1 becomes its parent.
            // SAFETY: as above.
            match unsafe { fork() } {
                Ok(ForkResult::Child) => stay(name, args, kit, body, program, tells),
                Ok(ForkResult::Parent { .. }) => {}
                Err(error) => answer(tells, wrong(error)),
            }
            // SAFETY: leaves without running anything of the parent's.
            unsafe { libc::_exit(0) }
        }
    };
    drop((tells, kit));
    let mut said = [0; 4];
    let heard = files::read(&hears, &mut said);
    // Where SIGCHLD is ignored there is nothing to wait for: ECHILD.
    let _ = waitpid(between, None);
    if !had_news {
        forget_child();
    }
    match (heard, Errno(i32::from_ne_bytes(said))) {
        (Ok(4), Errno::NONE) => Ok(()),
        (Ok(4), why) => Err(why),
        // Somebody killed it.
        (Ok(_) | Err(_), _) => Err(Errno(libc::ECHILD)),
    }
}

/// The new process.
fn stay<const N: usize>(
    name: &CStr,
    args: Args,
    kit: [OwnedFd; N],
    body: fn([OwnedFd; N], End),
    program: i32,
    tells: OwnedFd,
) {
    let mut keep: Vec<Fd> = kit.iter().map(|fd| Fd(fd.as_raw_fd())).collect();
    keep.push(Fd(tells.as_raw_fd()));
    let mut os = Os::new();
    os.pr_set_name(args, name);
    // What kills the program's group must not kill it, nor what ends the program by a name that some systems
    // know it by; its own end comes with the program's. A reader that went away is an error and not the end.
    os.setsid();
    for signal in [Signal::HangUp, Signal::Interrupt, Signal::Quit, Signal::Terminate, Signal::Pipe] {
        os.ignore(signal);
    }
    os.close_all_but(&keep);
    let _ = nix::unistd::chdir(c"/");
    let end = End::of(program);
    answer(tells, Errno::NONE);
    body(kit, end);
}

/// In one piece: it is shorter than what a pipe takes at once.
fn answer(tells: OwnedFd, why: Errno) {
    let _ = files::write(tells, &why.0.to_ne_bytes());
}

/// Whether SIGCHLD waits to be delivered, which it does as long as it is blocked (sigpending(2)).
fn child_is_pending() -> bool {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the call stores a set.
    let stored = unsafe { libc::sigpending(set.as_mut_ptr()) } == 0;
    // SAFETY: a set is only read where one was stored.
    stored && unsafe { libc::sigismember(set.as_ptr(), libc::SIGCHLD) } == 1
}

/// Takes back a SIGCHLD that was not delivered: to set a disposition that drops the signal, as it is the default,
/// drops one that waits as well (sigaction(2)).
fn forget_child() {
    let mut how = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: the call stores a disposition, which is read only after that.
    let stored = unsafe { libc::sigaction(libc::SIGCHLD, core::ptr::null(), how.as_mut_ptr()) } == 0;
    if stored {
        // SAFETY: it is the one that was there.
        unsafe { libc::sigaction(libc::SIGCHLD, how.as_ptr(), core::ptr::null_mut()) };
    }
}
