//! Processes that are not children.
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Whether there is a process of this number (kill(2) without a signal).
#[must_use]
pub fn is_there(pid: i32) -> bool {
    let process = nix::unistd::Pid::from_raw(pid);
    // One that may not be signalled is there as well.
    pid > 0 && matches!(nix::sys::signal::kill(process, None), Ok(()) | Err(nix::errno::Errno::EPERM))
}

/// The program and the arguments of a process; none if it is not there, or may not be seen. From /proc where that is as
/// on Linux, else from ps(1), which does not tell a blank within a word from one between two.
#[must_use]
pub fn arguments(pid: i32) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = match std::fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(text) => text.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect(),
        Err(_) => {
            let pid = std::ffi::CString::new(pid.to_string()).unwrap_or_default();
            let text = crate::filter::output_of(&[c"ps", c"-ww", c"-o", c"args=", c"-p", &pid]);
            text.split(u8::is_ascii_whitespace).map(<[u8]>::to_vec).collect()
        }
    };
    words.retain(|word| !word.is_empty());
    words
}

/// The children of a process, where Linux tells (proc(5), CONFIG_PROC_CHILDREN).
#[must_use]
pub fn children(pid: i32) -> Vec<i32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// The current directory of a process, where /proc tells, and tells the caller.
#[must_use]
pub fn directory(pid: i32) -> Option<std::path::PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// Between two looks, where the system does not tell of an end.
const PAUSE: Duration = Duration::from_secs(1);

/// The end of a process.
#[derive(Debug)]
pub struct End {
    pid: i32,
    told: Option<OwnedFd>,
}

impl End {
    /// That of a process that has not ended yet.
    #[must_use]
    pub fn of(pid: i32) -> End {
        End { pid, told: told(pid).ok() }
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Sleeps until a descriptor can be read (or has ended), the process has ended, or the time is over; whether
    /// the process has. Where the system does not tell, that is seen a second late, and a new process with the
    /// number of the old one is taken for it.
    #[must_use]
    pub fn wait(&mut self, fd: BorrowedFd<'_>, time: Duration) -> bool {
        let Some(told) = &self.told else {
            let _ = poll(&mut [readable(fd)], timeout(time.min(PAUSE)));
            // NetBSD tells nobody of a process that has just changed its user, until it has executed something.
            self.told = told(self.pid).ok();
            return !is_there(self.pid);
        };
        let mut both = [readable(fd), readable(told.as_fd())];
        let woken = poll(&mut both, timeout(time)).is_ok_and(|count| count > 0);
        woken && both[1].any().unwrap_or(false)
    }
}

fn readable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}

/// More than 24 days are for ever.
fn timeout(time: Duration) -> PollTimeout {
    PollTimeout::try_from(time.as_millis()).unwrap_or(PollTimeout::NONE)
}

/// A descriptor that can be read once the process has ended (pidfd_open(2), Linux 5.3).
#[cfg(all(target_os = "linux", not(runit_force_poll)))]
fn told(pid: i32) -> crate::Result<OwnedFd> {
    use std::os::fd::FromRawFd;
    // SAFETY: numbers are passed.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, libc::c_long::from(pid), 0) };
    match core::ffi::c_int::try_from(fd) {
        // SAFETY: it was just opened, and nobody else has it.
        Ok(fd @ 0..) => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(platform::Errno::last()),
    }
}

/// The same (kqueue(2), EVFILT_PROC).
#[cfg(all(
    any(
        target_os = "freebsd",
        target_os = "dragonfly",
        target_os = "netbsd",
        target_os = "openbsd",
        target_vendor = "apple"
    ),
    not(runit_force_poll)
))]
fn told(pid: i32) -> crate::Result<OwnedFd> {
    use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
    let process = usize::try_from(pid).map_err(|_| platform::Errno::SRCH)?;
    let end = KEvent::new(process, EventFilter::EVFILT_PROC, EvFlags::EV_ADD, FilterFlag::NOTE_EXIT, 0, 0);
    let queue = Kqueue::new().map_err(crate::wrong)?;
    queue.kevent(&[end], &mut [], None).map_err(crate::wrong)?;
    Ok(queue.into())
}

/// illumos and Solaris have nothing of the kind for processes that are no children.
#[cfg(any(target_os = "illumos", target_os = "solaris", runit_force_poll))]
fn told(_: i32) -> crate::Result<OwnedFd> {
    Err(platform::Errno::NOSYS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;
    use std::process::Command;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_end_of_a_process() {
        let _alone = crate::alone();
        let (quiet, other) = UnixDatagram::pair().unwrap();
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let mut end = End::of(i32::try_from(child.id()).unwrap());
        assert!(!end.wait(quiet.as_fd(), Duration::ZERO), "it runs");
        other.send(b"x").unwrap();
        assert!(!end.wait(quiet.as_fd(), LONG), "woken by the datagram");
        quiet.recv(&mut [0]).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!((0..60).any(|_| end.wait(quiet.as_fd(), LONG)));
        assert!(end.wait(quiet.as_fd(), LONG), "and it stays gone");
    }
}
