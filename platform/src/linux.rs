//! Linux: reboot(2), inotify(7), getdents64(2) and the constants that differ.
mod dir;
mod watch;

use crate::unix::{Os, check, events, files, spawn};
use crate::{Boot, Errno, Fd, How, Instant, Pid, Request, Result, Signal};
use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::ptr;

pub use dir::Dir;
pub use watch::Native;

/// The system's number of a signal; 0 if it has none (signal(7)).
#[inline(never)]
pub(crate) fn number(signal: Signal) -> libc::c_int {
    match signal {
        Signal::Alarm => libc::SIGALRM,
        Signal::Child => libc::SIGCHLD,
        Signal::Continue => libc::SIGCONT,
        Signal::HangUp => libc::SIGHUP,
        Signal::Interrupt => libc::SIGINT,
        Signal::Kill => libc::SIGKILL,
        Signal::Pipe => libc::SIGPIPE,
        Signal::PowerFail => libc::SIGPWR,
        Signal::Quit => libc::SIGQUIT,
        Signal::Stop => libc::SIGSTOP,
        Signal::Terminate => libc::SIGTERM,
        Signal::TerminalStop => libc::SIGTSTP,
        Signal::User1 => libc::SIGUSR1,
        Signal::User2 => libc::SIGUSR2,
        Signal::WindowChange => libc::SIGWINCH,
        Signal::Arithmetic => libc::SIGFPE,
        Signal::Bus => libc::SIGBUS,
        Signal::Emulator => 0,
    }
}

/// clock_gettime(2). The vDSO would map three more pages into every supervisor for ever, so the
/// kernel is asked directly where the C library's and the kernel's records are the same.
pub(crate) fn clock(which: libc::clockid_t) -> libc::timespec {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    #[cfg(target_pointer_width = "64")]
    // SAFETY: the record is the kernel's own on 64-bit systems.
    unsafe {
        libc::syscall(libc::SYS_clock_gettime, libc::c_long::from(which), time.as_mut_ptr())
    };
    #[cfg(not(target_pointer_width = "64"))]
    // SAFETY: the record is a local one.
    unsafe {
        libc::clock_gettime(which, time.as_mut_ptr())
    };
    // SAFETY: all zero, or filled by the kernel.
    unsafe { time.assume_init() }
}

/// openat(2) without the C library: musl's open(3) asks for close-on-exec a second time.
pub(crate) fn open(path: &CStr, flags: libc::c_int, mode: libc::c_uint) -> libc::c_int {
    // 32-bit kernels need it said; elsewhere it is 0 or the default.
    let flags = flags | libc::O_LARGEFILE;
    // SAFETY: `path` is a string; the mode is there whether the flags need it or not.
    unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, mode) as libc::c_int }
}

/// pipe2(2), close-on-exec; `flags` is 0 or O_NONBLOCK.
pub(crate) fn pipe(flags: libc::c_int) -> Result<(Fd, Fd)> {
    let mut ends = [-1; 2];
    // SAFETY: two integers are passed.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | flags) })?;
    let [read, write] = ends;
    Ok((Fd(read), Fd(write)))
}

/// fork(2) without what the C library does around it for programs with threads, a tenth of a static
/// program: handlers of others, locks, and the number of the thread, which exec sets anyhow. Where
/// the kernel takes clone(2)'s arguments in another order or answers in two registers, the C
/// library's.
pub(crate) fn fork() -> libc::c_int {
    #[cfg(not(any(target_arch = "s390x", target_arch = "sparc64", target_arch = "sparc")))]
    // SAFETY: a copy of the process, which has one thread, on a copy of its stack.
    unsafe {
        libc::syscall(libc::SYS_clone, libc::c_long::from(libc::SIGCHLD), 0, 0, 0, 0) as libc::c_int
    }
    #[cfg(any(target_arch = "s390x", target_arch = "sparc64", target_arch = "sparc"))]
    // SAFETY: a process with one thread forks.
    unsafe {
        libc::fork()
    }
}

/// flock(2), as C runit does on Linux, so that the two exclude each other.
pub(crate) fn lock(fd: Fd) -> Result<()> {
    // SAFETY: numbers are passed.
    check(unsafe { libc::flock(fd.0, libc::LOCK_EX | libc::LOCK_NB) }).map(drop)
}

/// ppoll(2) up to a point in time.
pub(crate) fn poll(os: &mut Os, fds: &mut [libc::pollfd], until: Option<Instant>) -> Result<libc::c_int> {
    let left = until.map(|until| {
        let nanos = until.0.saturating_sub(crate::Clock::now(os).0);
        libc::timespec {
            tv_sec: (nanos / 1_000_000_000) as libc::time_t,
            tv_nsec: (nanos % 1_000_000_000) as _,
        }
    });
    let timeout = left.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: slice and count agree, the time-out is null or a local record.
    check(unsafe { libc::ppoll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout, ptr::null()) })
}

/// ps(1) reads the arguments where they lie (proc(5), cmdline): nothing more to do.
pub(crate) fn title(_text: &[u8]) {}

/// Closes every descriptor but these (close_range(2), Linux 5.9; before that the first thousand).
pub(crate) fn close_all_but(keep: &[Fd]) {
    let highest = keep.iter().map(|fd| fd.0).max().unwrap_or(-1);
    let above = libc::c_long::from(highest) + 1;
    // SAFETY: numbers are passed.
    let done = unsafe { libc::syscall(libc::SYS_close_range, above, libc::c_long::from(u32::MAX), 0) } == 0;
    for fd in 0..if done { highest } else { 1024 } {
        if !keep.contains(&Fd(fd)) {
            // SAFETY: a number is passed.
            unsafe { libc::close(fd) };
        }
    }
}

const CONSOLE: &CStr = c"/dev/console";

fn each_standard(mut act: impl FnMut(Fd)) {
    [Fd::STDIN, Fd::STDOUT, Fd::STDERR].into_iter().for_each(&mut act);
}

fn is_open(fd: Fd) -> bool {
    // SAFETY: numbers are passed.
    check(unsafe { libc::fcntl(fd.0, libc::F_GETFD) }).is_ok()
}

/// See [`crate::Step::Console`]. The console is opened without waiting for a carrier, then made
/// blocking; it is an open of its own, so process 1 keeps its non-blocking one.
pub(crate) fn console_for_child(control: bool) -> Result<()> {
    let opened = files::open(CONSOLE, libc::O_RDWR | libc::O_NONBLOCK | libc::O_NOCTTY, 0);
    let Ok(fd) = opened else {
        fill_standard();
        return opened.map(drop);
    };
    // Takes it from whoever has it: nobody but a leftover can.
    // SAFETY: numbers are passed.
    let taken = control && check(unsafe { libc::ioctl(fd.0, libc::TIOCSCTTY, 1) }).is_ok();
    // SAFETY: numbers are passed; no flag but the access mode is left.
    unsafe { libc::fcntl(fd.0, libc::F_SETFL, 0) };
    each_standard(|to| {
        let _ = spawn::onto(fd, to);
    });
    if fd.0 > 2 {
        // SAFETY: a number is passed.
        unsafe { libc::close(fd.0) };
    }
    if taken {
        keep_terminal();
    }
    Ok(())
}

/// When the leader of a session ends, the kernel hangs its terminal up and kills the foreground
/// group: whatever stage 1 left running in the background would die with it. So the leader stays
/// behind, the caller goes on as its child in a group of its own, and the terminal is given back
/// before the leader ends the way its child did.
fn keep_terminal() {
    let pid = fork();
    if pid < 0 {
        return;
    }
    // Both change the foreground group, at some moment from behind.
    events::dispose(libc::SIGTTOU, libc::SIG_IGN);
    if pid == 0 {
        // SAFETY: numbers are passed.
        unsafe { libc::setpgid(0, 0) };
        // SAFETY: numbers are passed.
        unsafe { libc::tcsetpgrp(0, libc::getpid()) };
        events::dispose(libc::SIGTTOU, libc::SIG_DFL);
        return;
    }
    events::dispose(libc::SIGHUP, libc::SIG_IGN);
    let mut status = 0;
    // SAFETY: the status is a local integer.
    while check(unsafe { libc::waitpid(pid, &raw mut status, 0) }) == Err(Errno::INTR) {}
    // SAFETY: numbers are passed.
    unsafe { libc::tcsetpgrp(0, libc::getpgrp()) };
    // SAFETY: a number is passed.
    unsafe { libc::ioctl(0, libc::TIOCNOTTY) };
    if !libc::WIFEXITED(status) {
        // SAFETY: numbers are passed.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    }
    // SAFETY: leaves the process without running anything of its parent's.
    unsafe { libc::_exit(libc::WEXITSTATUS(status)) }
}

/// Puts /dev/null where a standard descriptor is closed; where there is none, the root directory:
/// a descriptor that nothing can be read from or written to keeps the number taken.
fn fill_standard() {
    each_standard(|fd| {
        if !is_open(fd) {
            let null = files::open(c"/dev/null", libc::O_RDWR, 0);
            if let Ok(got) = null.or_else(|_| files::open(c"/", libc::O_RDONLY, 0)) {
                let _ = spawn::onto(got, fd);
            }
        }
    });
}

impl Boot for Os {
    fn early(&mut self) {
        fill_standard();
        // SAFETY: no arguments.
        unsafe { libc::setsid() };
        self.console();
    }

    fn boot_already_done(&mut self) -> bool {
        false // The end of process 1 is a kernel panic.
    }

    fn console(&mut self) {
        let Ok(fd) = files::open(CONSOLE, libc::O_WRONLY | libc::O_NONBLOCK | libc::O_NOCTTY, 0) else {
            return;
        };
        each_standard(|to| {
            let _ = spawn::onto(fd, to);
        });
        if fd.0 > 2 {
            // SAFETY: a number is passed.
            unsafe { libc::close(fd.0) };
        }
    }

    fn requests(&self) -> &'static [(Signal, Request)] {
        &[(Signal::Interrupt, Request::CtrlAltDel), (Signal::Continue, Request::Control)]
    }

    fn arm_ctrl_alt_del(&mut self) {
        // Fails with EINVAL in a pid namespace, EPERM in a container: then nobody presses it here.
        // SAFETY: a number is passed; this command changes one setting.
        unsafe { libc::reboot(libc::RB_DISABLE_CAD) };
    }

    fn enter_multiuser(&mut self) {}

    fn power(&mut self, how: How, sync: bool) -> Result<Option<Pid>> {
        // The caller of halt and power off exits inside the kernel, which process 1 must not.
        match spawn::fork(|| end_system(how, sync).0.try_into().unwrap_or(u8::MAX)) {
            Ok(pid) => Ok(Some(pid)),
            Err(_) => Err(end_system(how, sync)),
        }
    }
}

/// reboot(2); the result says why it came back.
fn end_system(how: How, sync: bool) -> Errno {
    if sync {
        // SAFETY: no arguments.
        unsafe { libc::sync() };
    }
    let command = match how {
        How::Restart | How::PowerCycle => libc::RB_AUTOBOOT,
        How::Halt => libc::RB_HALT_SYSTEM,
        How::PowerOff => libc::RB_POWER_OFF,
    };
    // SAFETY: a number is passed.
    match check(unsafe { libc::reboot(command) }) {
        Ok(_) => Errno::NONE,
        Err(errno) => errno,
    }
}
