//! proc(5) and cgroups(7): files that are lists.
use crate::Fd;
use crate::unix::contain::Line;
use crate::unix::{close, files};

/// So many pieces of a list are read at most.
const PIECES: u32 = 4096;

/// Reads a list to its end, which comes soon, and closes it. Of a long entry the beginning is handed out.
#[inline(never)]
pub(crate) fn each_entry(fd: Fd, end: u8, act: &mut dyn FnMut(&[u8])) {
    let mut entry = Line::new();
    for _ in 0..PIECES {
        let mut piece = [0; 256];
        let len = files::read(fd, &mut piece).unwrap_or(0);
        let parts = piece.get(..len).unwrap_or_default().split(|byte| *byte == end);
        for (number, part) in parts.enumerate() {
            if number > 0 {
                act(entry.bytes());
                entry = Line::new();
            }
            entry.add(part);
        }
        if len == 0 {
            break;
        }
    }
    act(entry.bytes());
    close(fd);
}
