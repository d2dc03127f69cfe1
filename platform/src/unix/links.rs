//! The links on the way to a directory. Switching one changes nothing in its target, so whoever
//! watches a directory has to watch them as well.
use super::Os;
use crate::Files;
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
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"")
    }
    /// The directory part with its slash (empty for none), and the last name.
    fn split(&self) -> (&[u8], &[u8]) {
        let mut all = self.bytes.get(..self.len).unwrap_or_default();
        while let [rest @ .., _, b'/'] = all {
            all = all.get(..=rest.len()).unwrap_or(rest);
        }
        let slash = all.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        all.split_at_checked(slash).unwrap_or_default()
    }
}

/// Calls `visit` with the number, the directory and the name of every link on the way to `path`, and
/// of what the last one leads to.
pub(crate) fn walk(os: &mut Os, path: &CStr, mut visit: impl FnMut(usize, &CStr, &[u8])) {
    let mut at = Path { bytes: [0; PATH], len: 0 };
    let mut parent = Path { bytes: [0; PATH], len: 0 };
    let mut target = [0; PATH];
    let mut fits = at.set(&[path.to_bytes()]);
    for slot in 0..LINKS {
        let (dir, name) = at.split();
        if !fits || name.is_empty() || !parent.set(&[if dir.is_empty() { b"." } else { dir }]) {
            break;
        }
        visit(slot, parent.as_c(), name);
        let Ok(len) = os.readlink(at.as_c(), &mut target) else { break };
        let target = target.get(..len).unwrap_or_default();
        fits = match target {
            [b'/', ..] => at.set(&[target]),
            _ => at.set(&[parent.bytes.get(..parent.len).unwrap_or_default(), b"/", target]),
        };
    }
}
