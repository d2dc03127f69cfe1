//! Signals by name: the numbers are each system's own.
use super::Os;
use crate::Signal;
use crate::back_end::System as _;
use libc::c_int;

/// The number of a signal (signal(7)); 0 if the system has none.
#[inline(never)]
pub(crate) fn number(signal: Signal) -> c_int {
    match signal {
        Signal::Alarm => libc::SIGALRM,
        Signal::Child => libc::SIGCHLD,
        Signal::Continue => libc::SIGCONT,
        Signal::HangUp => libc::SIGHUP,
        Signal::Interrupt => libc::SIGINT,
        Signal::Kill => libc::SIGKILL,
        Signal::Pipe => libc::SIGPIPE,
        Signal::PowerFail => Os::SIGPWR,
        Signal::Quit => libc::SIGQUIT,
        Signal::Stop => libc::SIGSTOP,
        Signal::Terminate => libc::SIGTERM,
        Signal::TerminalStop => libc::SIGTSTP,
        Signal::User1 => libc::SIGUSR1,
        Signal::User2 => libc::SIGUSR2,
        Signal::WindowChange => libc::SIGWINCH,
        Signal::Arithmetic => libc::SIGFPE,
        Signal::Emulator => Os::SIGEMT,
        Signal::Io => Os::SIGIO,
    }
}
