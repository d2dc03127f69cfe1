//! The console of process 1 and of its stages, and what takes the place of closed descriptors.
use super::{check, close, files, own_pid, spawn};
use crate::{Errno, Fd, Result, system};
use core::ffi::CStr;

const CONSOLE: &CStr = c"/dev/console";

fn each_standard(act: impl FnMut(Fd)) {
    (0..3).map(Fd).for_each(act);
}

/// Moves an open file to descriptors 0, 1 and 2.
fn take_standard(fd: Fd) {
    each_standard(|to| {
        let _ = spawn::onto(fd, to);
    });
    if fd.0 > 2 {
        close(fd);
    }
}

fn is_open(fd: Fd) -> bool {
    // SAFETY: numbers are passed.
    check(unsafe { libc::fcntl(fd.0, libc::F_GETFD) }).is_ok()
}

/// See [`crate::Console`]. The console is opened without waiting for a carrier, and does not wait for room
/// until [`waits`] says so; it is an open of its own, so process 1 keeps its non-blocking one.
pub(crate) fn for_child(control: bool) -> Result<()> {
    if control {
        system::revoke(CONSOLE);
    }
    let opened = files::open(CONSOLE, libc::O_RDWR | libc::O_NONBLOCK | libc::O_NOCTTY, 0);
    let Ok(fd) = opened else {
        fill_standard();
        return opened.map(drop);
    };
    // Takes it from the session that has it: that can only be a leftover.
    // SAFETY: numbers are passed.
    let taken = control && check(unsafe { libc::ioctl(fd.0, libc::TIOCSCTTY as _, 1) }).is_ok();
    take_standard(fd);
    if taken {
        keep_terminal();
    }
    Ok(())
}

/// Whether the console that [`for_child`] opened waits for room and for input.
pub(crate) fn waits(waits: bool) {
    // No flag but the access mode is left.
    let flags = if waits { 0 } else { libc::O_NONBLOCK };
    // SAFETY: numbers are passed.
    unsafe { libc::fcntl(0, libc::F_SETFL, flags) };
}

/// When the leader of a session ends, the kernel hangs its terminal up and kills the foreground
/// group: whatever stage 1 left running in the background would die with it. So the leader stays
/// behind, the caller goes on as its child in a group of its own, and the terminal is given back
/// before the leader ends the way its child did. (Where a leader cannot give it back, as on the
/// BSDs, it is still alone in the group that is killed.)
///
/// It is below the seam because the engine has no code in a child: what happens between fork and exec is data
/// ([`crate::Step`]), which a simulation can perform too, and this loop depends on what waitpid(2) answers. Nor is it
/// a choice of runit's: all of it follows from what these kernels do when a leader ends or a group is stopped.
fn keep_terminal() {
    let pid = system::fork();
    if pid < 0 {
        return;
    }
    if pid == 0 {
        // Until the leader has made all ready and lets it go on.
        // SAFETY: numbers are passed.
        unsafe { libc::kill(own_pid(), libc::SIGSTOP) };
        return;
    }
    // The hang-up is not meant for it, nor is what a script sends to all to be alone.
    for signal in libc::SIGHUP..libc::SIGTERM + 1 {
        system::signal(signal, libc::SIG_IGN);
    }
    // SAFETY: numbers are passed.
    unsafe { libc::setpgid(pid, pid) };
    let lookout = system::fork();
    if lookout == 0 {
        look_out();
    }
    // SAFETY: numbers are passed.
    unsafe { libc::setpgid(lookout, pid) };
    // It changes the foreground group from behind.
    system::signal(libc::SIGTTOU, libc::SIG_IGN);
    let mut status = 0;
    loop {
        // SAFETY: the status is a local integer.
        let ended = check(unsafe { libc::waitpid(-1, &raw mut status, libc::WUNTRACED) });
        if ended == Err(Errno::INTR) {
            continue;
        }
        if libc::WIFSTOPPED(status) {
            // The start, ^Z, or it reads and a process that died had the terminal: no shell is there to help it on.
            // SAFETY: numbers are passed.
            unsafe { libc::tcsetpgrp(0, pid) };
            // SAFETY: numbers are passed.
            unsafe { libc::kill(-pid, libc::SIGCONT) };
        } else if ended != Ok(lookout) {
            break;
        }
    }
    if lookout > 0 {
        // SAFETY: numbers are passed.
        unsafe { libc::kill(lookout, libc::SIGKILL) };
    }
    // A leader's group has its number.
    // SAFETY: numbers are passed.
    unsafe { libc::tcsetpgrp(0, own_pid()) };
    // SAFETY: a number is passed.
    unsafe { libc::ioctl(0, system::TIOCNOTTY) };
    if !libc::WIFEXITED(status) {
        // SAFETY: numbers are passed.
        unsafe { libc::kill(own_pid(), libc::SIGKILL) };
    }
    // SAFETY: leaves the process without running anything of its parent's.
    unsafe { libc::_exit(libc::WEXITSTATUS(status)) }
}

/// Stops whenever the script's group is stopped, which its parent is told. The script itself may go on though its
/// children stopped: it ignores ^Z, or it has just used vfork(2) and does not run before its child does.
fn look_out() -> ! {
    loop {
        // SAFETY: no record is passed and none counted.
        unsafe { libc::poll(core::ptr::null_mut(), 0, -1) };
    }
}

/// Puts /dev/null where a standard descriptor is closed; where there is none, the root directory:
/// a descriptor that nothing can be read from or written to keeps the number taken.
pub(crate) fn fill_standard() {
    each_standard(|fd| {
        if !is_open(fd) {
            let null = files::open(c"/dev/null", libc::O_RDWR, 0);
            if let Ok(got) = null.or_else(|_| files::open(c"/", libc::O_RDONLY, 0)) {
                let _ = spawn::onto(got, fd);
            }
        }
    });
}

/// Opens the console anew for the messages of process 1 ([`crate::Boot::console`]).
pub(crate) fn reopen() {
    let Ok(fd) = files::open(CONSOLE, libc::O_WRONLY | libc::O_NONBLOCK | libc::O_NOCTTY, 0) else {
        return;
    };
    take_standard(fd);
}
