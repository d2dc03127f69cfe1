//! What a program says: `PROGRAM ABOUT: warning: TEXT: REASON`, one line on descriptor 2 in one write.
use crate::fixed::Text;
use crate::msg;
use platform::{Errno, Files};

/// The program that speaks, and what it speaks about.
#[derive(Clone, Copy, Debug)]
pub struct Voice<'a> {
    /// The program.
    pub program: &'static [u8],
    /// The directory that it cares for; empty if there is none.
    pub about: &'a [u8],
}

impl Voice<'_> {
    /// Something is wrong, and the program goes on.
    pub fn warn(&self, p: &mut impl Files, text: &[&[u8]], why: Option<Errno>) {
        self.say(p, b"warning: ", text, why);
    }

    /// Something is wrong, and the program ends.
    pub fn fatal(&self, p: &mut impl Files, text: &[&[u8]], why: Option<Errno>) {
        self.say(p, b"fatal: ", text, why);
    }

    /// What is neither.
    pub fn tell(&self, p: &mut impl Files, text: &[&[u8]]) {
        self.say(p, b"", text, None);
    }

    /// Any of these; `how` is `warning: `, `fatal: ` or nothing.
    // One for all: a copy for each of the three would be larger.
    #[inline(never)]
    pub fn say(&self, p: &mut impl Files, how: &[u8], text: &[&[u8]], why: Option<Errno>) {
        let space: &[u8] = if self.about.is_empty() { b"" } else { b" " };
        let mut line = Text::<{ msg::ROOM }>::of(&[self.program, space, self.about, b": ", how]);
        line.add_all(text);
        if let Some(errno) = why {
            line.add_all(&[b": ", errno.text().bytes()]);
        }
        msg::end(&mut line);
        p.tell(line.bytes());
    }
}
