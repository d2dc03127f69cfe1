//! The scan directory that runsv's argument stands in.
use super::Refusal;
use crate::fixed::Text;
use crate::scan_directory::{NAME, SUPERVISE, instance_at, split};
use crate::voice::Voice;
use core::ffi::CStr;
use platform::{Errno, Fd, Files, Kind, Open};

/// As long as a path may be.
const PATH: usize = 4096;

/// The text of a link that leads nowhere yet must be shorter than this.
const LINK: usize = 256;

/// Where the service's entry is: its scan directory, open, and the name there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan<'a> {
    /// -1 if it cannot be read, or the argument has no name.
    pub(super) fd: Fd,
    /// Empty without the directory.
    pub(super) name: &'a [u8],
}

impl<'a> Scan<'a> {
    /// Opens the scan directory of `dir`, before the current directory changes. That nothing can be opened just now
    /// says nothing of it, and what is kept elsewhere meanwhile would stay there: then runsv does not begin.
    pub(super) fn open<P: Files>(p: &mut P, dir: &'a CStr, refusal: Refusal<'_>) -> Option<Scan<'a>> {
        let (parent, name) = split(dir.to_bytes());
        let opened = match (parent, name) {
            (_, b"") => return Some(Scan { fd: Fd(-1), name }),
            (b"", _) => p.open(c".", Open::Read),
            (parent, _) => open_path(p, parent),
        };
        match opened {
            Err(Errno::MFILE | Errno::NFILE) => {
                refusal.or_tell(p, opened, b"unable to open scan directory").map(|fd| Scan { fd, name })
            }
            Ok(fd) => Some(Scan { fd, name }),
            Err(_) => Some(Scan { fd: Fd(-1), name: b"" }),
        }
    }

    /// Whether there is a place for supervise directories beside the services. If it is a link that leads nowhere, a
    /// directory is made there, as for the link of a supervise directory. What cannot be such a place is told, and
    /// is none.
    #[inline(never)]
    pub(super) fn has_place<P: Files>(&self, p: &mut P, voice: &Voice<'_>) -> bool {
        if self.fd.0 < 0 {
            return false;
        }
        let mut link = [0; LINK];
        let target = match p.readlinkat(self.fd, SUPERVISE, &mut link) {
            Err(Errno::NOENT) => return false,
            Ok(len) if len < LINK => link.get(..len),
            Ok(_) | Err(_) => None,
        };
        let mut found = p.fstatat(self.fd, SUPERVISE);
        if let (Err(Errno::NOENT), Some(target)) = (found, target) {
            let _ = p.mkdirat(self.fd, Text::<NAME>::of(&[target]).as_c(), 0o700);
            found = p.fstatat(self.fd, SUPERVISE);
        }
        match found {
            Ok(found) if found.kind == Kind::Directory => return true,
            Ok(_) => voice.warn(p, &[SUPERVISE.to_bytes(), b": not a directory."], None),
            Err(errno) => voice.warn(p, &[b"unable to stat ", SUPERVISE.to_bytes()], Some(errno)),
        }
        false
    }

    /// Which instance of a template it is; empty: none.
    pub(super) fn instance<P: Files>(&self, p: &mut P) -> &'a [u8] {
        if self.fd.0 < 0 { b"" } else { instance_at(p, self.fd, self.name).unwrap_or_default() }
    }
}

// Apart, so that the room for a path is taken only for this call, and only if there is one: runsvdir gives a name.
#[inline(never)]
fn open_path<P: Files>(p: &mut P, path: &[u8]) -> platform::Result<Fd> {
    let mut room = [0; PATH];
    platform::copy(path, &mut room);
    p.open(platform::c_str(&room).unwrap_or_default(), Open::Read)
}
