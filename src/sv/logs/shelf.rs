//! The files of a log directory in the order in which they were written.
use core::ffi::CStr;

/// The TAI64N label in the name of an old log, in hexadecimal: labels sort as their times do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Label([u8; 24]);

impl Label {
    /// The label and the letter of an old log: `@LABEL.s` (finished) or `@LABEL.u` (not yet processed). What a processor
    /// is writing, `@LABEL.t`, is none: the same lines are in `@LABEL.u`.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<(Label, u8)> {
        let (label, rest) = name.strip_prefix(b"@")?.split_first_chunk()?;
        let hexadecimal = label.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        match rest {
            [b'.', letter @ (b's' | b'u')] if hexadecimal => Some((Label(*label), *letter)),
            _ => None,
        }
    }

    /// The name with this letter.
    #[must_use]
    pub fn name(self, letter: u8) -> [u8; 27] {
        let mut name = [b'@'; 27];
        let [_, digits @ .., dot, last] = &mut name;
        digits.iter_mut().zip(self.0).for_each(|(slot, digit)| *slot = digit);
        *dot = b'.';
        *last = letter;
        name
    }
}

/// Which of the old logs that are new to a reader come after the one that it has read to its end, whose label is `read`
/// if that is known.
pub fn behind(new: &[Label], read: Option<Label>) -> impl Iterator<Item = Label> + '_ {
    new.iter().copied().filter(move |label| Some(*label) != read)
}

/// Which label the log that was read has now.
///
/// `found`: the one whose file it is, if that is still there. `heard`: the first rename that was told since it was
/// opened. Else a processor may have replaced it, or it was deleted. `first` is the oldest of those that are new, and
/// `repeats` whether it begins as what was read does.
#[must_use]
pub fn label_of_read(
    found: Option<Label>,
    heard: Option<Label>,
    first: Option<Label>,
    repeats: impl FnOnce(Label) -> bool,
) -> Option<Label> {
    found.or(heard).or_else(|| first.filter(|first| repeats(*first)))
}

/// A program that turns what a processor made of a log back into lines on descriptor 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    /// gzip(1).
    Gzip,
    /// xz(1).
    Xz,
    /// zstd(1).
    Zstd,
    /// bzip2(1).
    Bzip2,
}

/// So many bytes tell.
pub const MAGIC: usize = 6;

impl Tool {
    /// The one that a file needs which begins so.
    #[must_use]
    pub const fn of(beginning: &[u8]) -> Option<Tool> {
        match beginning {
            [0x1f, 0x8b, ..] => Some(Tool::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Tool::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Tool::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Tool::Bzip2),
            _ => None,
        }
    }

    /// Its name. With `-dc` it reads descriptor 0.
    #[must_use]
    pub const fn name(self) -> &'static CStr {
        match self {
            Tool::Gzip => c"gzip",
            Tool::Xz => c"xz",
            Tool::Zstd => c"zstd",
            Tool::Bzip2 => c"bzip2",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(last: u8) -> Label {
        let mut label = *b"400000006b02f98f0aa7fd00";
        label[23] = last;
        Label(label)
    }

    #[test]
    fn names() {
        assert_eq!(Label::of(b"@400000006b02f98f0aa7fd03.s"), Some((label(b'3'), b's')));
        assert_eq!(Label::of(b"@400000006b02f98f0aa7fd03.u"), Some((label(b'3'), b'u')));
        assert_eq!(&label(b'3').name(b'u'), b"@400000006b02f98f0aa7fd03.u");
        for other in [
            "current",
            "@400000006b02f98f0aa7fd03.t",
            "@400000006b02f98f0aa7fd03.s.gz",
            "@400000006b02f98f0aa7fd0.s",
            "@400000006B02f98f0aa7fd03.s",
            "400000006b02f98f0aa7fd03.s",
            "@",
        ] {
            assert_eq!(Label::of(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn what_comes_next() {
        let new = [label(b'1'), label(b'2'), label(b'3')];
        let got = |read| behind(&new, read).collect::<Vec<_>>();
        assert_eq!(got(Some(new[0])), &new[1..], "it was rotated, and others after it");
        assert_eq!(got(None), new, "it was deleted");
    }

    #[test]
    fn what_was_read_is_known_again() {
        let (one, two) = (Some(label(b'1')), Some(label(b'2')));
        assert_eq!(label_of_read(two, one, one, |_| true), two, "the file itself");
        assert_eq!(label_of_read(None, one, two, |_| true), one, "replaced, or deleted");
        assert_eq!(label_of_read(None, None, two, |_| true), two);
        assert_eq!(label_of_read(None, None, two, |_| false), None, "deleted, and nobody has told");
    }

    #[test]
    fn tools() {
        assert_eq!(Tool::of(b"\x1f\x8b\x08"), Some(Tool::Gzip));
        assert_eq!(Tool::of(b"\xfd7zXZ\0"), Some(Tool::Xz));
        assert_eq!(Tool::of(b"\x28\xb5\x2f\xfd\x04"), Some(Tool::Zstd));
        assert_eq!(Tool::of(b"BZh91AY"), Some(Tool::Bzip2));
        for text in [b"".as_slice(), b"\x1f", b"BZhello", b"@4000000"] {
            assert_eq!(Tool::of(text), None);
        }
    }
}
