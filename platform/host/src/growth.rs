//! Being told that a file in a directory grew, or got another name: what a program that follows logs needs.
use crate::notice::wait_while_read;
use std::os::fd::BorrowedFd;
use std::time::Duration;

cfg_if::cfg_if! {
    if #[cfg(all(target_os = "linux", not(runit_force_poll), not(runit_portable_watch)))] {
        #[path = "growth/inotify.rs"]
        mod system;
    } else if #[cfg(all(
        any(target_os = "freebsd", target_os = "dragonfly", target_os = "netbsd", target_os = "openbsd", target_vendor = "apple"),
        not(runit_force_poll)
    ))] {
        #[path = "growth/kqueue.rs"]
        mod system;
    } else {
        #[path = "growth/none.rs"]
        mod system;
    }
}
pub use system::Growth;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grown<'n> {
    /// A file in this directory was renamed to this. All renames are told, in their order.
    Renamed(usize, &'n [u8]),
    /// Something was renamed, and it is not told what, or in which directory.
    Lost,
    /// The directory itself was removed, or has another name: it has to be added again.
    Gone(usize),
}

/// Where nothing tells, or something is not there that shall come back: between two looks.
const PAUSE: Duration = Duration::from_millis(250);

impl Growth {
    /// Sleeps until something happened; `false`: the reader of `output` went away. `soon`: something is missing that
    /// nothing tells of.
    #[must_use]
    pub fn wait(&self, output: BorrowedFd<'_>, soon: bool) -> bool {
        let time = if soon || !self.tells() { PAUSE } else { Duration::from_secs(86_400) };
        let fds: Vec<BorrowedFd<'_>> = self.fd().into_iter().collect();
        wait_while_read(&fds, output, time).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;
    use std::fs;
    use std::io::Write as _;
    use std::os::fd::AsFd;

    #[test]
    fn lines_and_renames() {
        let _alone = crate::alone();
        let place = std::env::temp_dir().join(format!("runit-growth-{}", std::process::id()));
        fs::create_dir_all(&place).unwrap();
        let path = CString::new(place.clone().into_os_string().into_encoded_bytes()).unwrap();
        let mut file = fs::File::create(place.join("current")).unwrap();
        let (output, _reader) = std::os::unix::net::UnixDatagram::pair().unwrap();
        let mut growth = Growth::new();
        assert_eq!(growth.add(0, &path), growth.tells());
        growth.hold(0, file.as_fd());
        let mut told = Vec::new();
        let nothing = |grown: Grown<'_>| assert!(!crate::AS_LINUX && grown == Grown::Lost, "{grown:?}");
        growth.notices(nothing);
        file.write_all(b"x\n").unwrap();
        assert!(growth.wait(output.as_fd(), false), "a line");
        growth.notices(nothing);
        fs::rename(place.join("current"), place.join("@1.s")).unwrap();
        assert!(growth.wait(output.as_fd(), false), "a rename");
        growth.notices(|grown| told.push(format!("{grown:?}")));
        let told_of = if crate::AS_LINUX { Grown::Renamed(0, b"@1.s") } else { Grown::Lost };
        assert_eq!(told.first(), Some(&format!("{told_of:?}")));
        fs::remove_dir_all(&place).unwrap();
        assert!(growth.wait(output.as_fd(), false));
    }

    #[test]
    fn the_end_of_the_reader() {
        let _alone = crate::alone();
        let (read, write) = nix::unistd::pipe().unwrap();
        let growth = Growth::new();
        drop(read);
        assert!(!growth.wait(write.as_fd(), false));
    }
}
