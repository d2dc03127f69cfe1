//! The links on the way to a directory. Switching one changes nothing in its target, so whoever
//! watches a directory has to watch them as well.
use super::Os;
use crate::{Fd, Files};
use core::ffi::CStr;

/// How many links are followed.
pub(crate) const LINKS: usize = 8;
/// The longest path, its end included.
pub(crate) const PATH: usize = 1024;

/// A path that changes as links are followed.
struct Path {
    bytes: [u8; PATH],
    len: usize,
}

impl Path {
    fn set(&mut self, parts: &[&[u8]]) -> bool {
        let mut at = 0;
        for byte in parts.iter().flat_map(|part| part.iter()).chain(&[0]) {
            match self.bytes.get_mut(at) {
                Some(slot) => *slot = *byte,
                None => return false,
            }
            at += 1;
        }
        self.len = at.saturating_sub(1);
        true
    }
    fn as_c(&self) -> &CStr {
        crate::c_str(&self.bytes).unwrap_or_default()
    }
    /// Where the next name begins and ends.
    fn name(&self, from: usize) -> (usize, usize) {
        let rest = self.bytes.get(from..self.len).unwrap_or_default();
        let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
        let name = rest.iter().skip(slashes).take_while(|byte| **byte != b'/').count();
        (from + slashes, from + slashes + name)
    }
    fn part(&self, from: usize, to: usize) -> &[u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }
    /// Ends the path at `at`, or lets it go on there; the result is what was there.
    fn cut(&mut self, at: usize, byte: u8) -> u8 {
        self.bytes.get_mut(at).map_or(0, |slot| core::mem::replace(slot, byte))
    }
}

/// Calls `visit` with the number, the directory and the name of every link on the way to `path`, its
/// last name and those before it, and of what the last one leads to.
pub(crate) fn walk(os: &mut Os, path: &CStr, mut visit: impl FnMut(usize, &CStr, &[u8])) {
    let mut at = Path { bytes: [0; PATH], len: 0 };
    let mut parent = Path { bytes: [0; PATH], len: 0 };
    let mut target = [0; PATH];
    let mut fits = at.set(&[path.to_bytes()]);
    // Up to `done` the way has been gone.
    let (mut slot, mut done) = (0, 0);
    while fits && slot < LINKS {
        let (from, to) = at.name(done);
        let (rest, _) = at.name(to);
        if from == to || !parent.set(&[if from == 0 { b"." } else { at.part(0, from) }]) {
            break;
        }
        let end = at.cut(to, 0);
        let last = rest == at.len;
        let mut link = os.readlinkat(Fd::CWD, at.as_c(), &mut target);
        if last || link.is_ok() {
            visit(slot, parent.as_c(), at.part(from, to));
            slot += 1;
            // Again: it may have been turned before it was watched.
            link = os.readlinkat(Fd::CWD, at.as_c(), &mut target);
        }
        at.cut(to, end);
        done = to;
        if let Ok(len) = link {
            let rest = at.part(to, at.len);
            let Some(room) = target.get_mut(len..len + rest.len()) else { break };
            crate::copy(rest, room);
            let whole = target.get(..len + rest.len()).unwrap_or_default();
            (fits, done) = match whole {
                [b'/', ..] => (at.set(&[whole]), 0),
                _ => (at.set(&[parent.part(0, parent.len), b"/", whole]), parent.len),
            };
        }
    }
}
