//! Processes that are not children.

/// Whether there is a process of this number (kill(2) without a signal).
#[must_use]
pub fn is_there(pid: i32) -> bool {
    let process = nix::unistd::Pid::from_raw(pid);
    // One that may not be signalled is there as well.
    pid > 0 && matches!(nix::sys::signal::kill(process, None), Ok(()) | Err(nix::errno::Errno::EPERM))
}
