//! Signals by name: the numbers are each system's own.
use crate::Signal;
use libc::c_int;

/// The number of a signal; two of them do not exist everywhere.
#[inline(always)]
pub(crate) fn number(signal: Signal, power_fail: c_int, emulator: c_int) -> c_int {
    match signal {
        Signal::Alarm => libc::SIGALRM,
        Signal::Child => libc::SIGCHLD,
        Signal::Continue => libc::SIGCONT,
        Signal::HangUp => libc::SIGHUP,
        Signal::Interrupt => libc::SIGINT,
        Signal::Kill => libc::SIGKILL,
        Signal::Pipe => libc::SIGPIPE,
        Signal::PowerFail => power_fail,
        Signal::Quit => libc::SIGQUIT,
        Signal::Stop => libc::SIGSTOP,
        Signal::Terminate => libc::SIGTERM,
        Signal::TerminalStop => libc::SIGTSTP,
        Signal::User1 => libc::SIGUSR1,
        Signal::User2 => libc::SIGUSR2,
        Signal::WindowChange => libc::SIGWINCH,
        Signal::Arithmetic => libc::SIGFPE,
        Signal::Emulator => emulator,
    }
}
