//! Messages: one line on descriptor 2 in runit's grammar, in one write.
use crate::fixed::Text;
use platform::Files;

/// Longer messages are cut; names are at most 255 bytes, paths on a command line rarely longer.
pub const ROOM: usize = 768;

/// The parts as one line, with its newline.
#[must_use]
pub fn line(parts: &[&[u8]]) -> Text<ROOM> {
    let mut line = Text::of(parts);
    end(&mut line);
    line
}

/// Puts the end behind a line: `...` where it was cut, and a newline.
pub fn end(line: &mut Text<ROOM>) {
    if line.is_cut() {
        line.shorten(ROOM.saturating_sub(4));
        line.add(b"...");
    }
    line.add(b"\n");
}

/// Writes the parts as one line; the newline is added here.
pub fn say(p: &mut impl Files, parts: &[&[u8]]) {
    p.tell(line(parts).bytes());
}
