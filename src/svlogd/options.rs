//! The command line.
use super::input::replace::Replace;
use super::input::stamp::Style;
use crate::args::{Opt, Options as Words, number};
use crate::words::SVLOGD_LETTERS;

/// What the options say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// `-t`, `-tt`, `-ttt`.
    pub style: Style,
    /// `-v`.
    pub verbose: bool,
    /// `-r`, `-R`.
    pub replace: Option<Replace>,
    /// `-l`: how much of a line counts.
    pub length: usize,
    /// `-b`.
    pub buffer: usize,
    /// `--lossy`: nobody waits for a directory that takes nothing.
    pub lossy: bool,
    /// Where the directories begin on the command line.
    pub first: usize,
}

/// A wrong call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// No such option.
    Illegal(u8),
    /// An option without its argument.
    Missing(u8),
    /// The version is asked for.
    Version,
    /// Anything else.
    Usage,
}

impl Options {
    /// Reads the command line, up to the first directory.
    ///
    /// # Errors
    /// A wrong call.
    pub fn read<'a>(word: impl Fn(usize) -> Option<&'a [u8]>) -> core::result::Result<Options, Wrong> {
        let mut options = Options {
            style: Style::None,
            verbose: false,
            replace: None,
            length: 1000,
            buffer: 1024,
            lossy: false,
            first: 0,
        };
        let (mut with, mut also): (Option<u8>, Option<&[u8]>) = (None, None);
        let mut words = Words::new(&word, SVLOGD_LETTERS);
        while let Some(option) = words.next() {
            match option {
                Opt::Flag(b't') => {
                    options.style = match options.style {
                        Style::None => Style::Label,
                        Style::Label => Style::Underscore,
                        Style::Underscore | Style::Iso => Style::Iso,
                    }
                }
                Opt::Flag(b'v') => options.verbose = true,
                Opt::Flag(_) => return Err(Wrong::Version),
                Opt::Value(b'r', &[byte]) => with = Some(byte),
                Opt::Value(b'R', bytes) => also = Some(bytes),
                Opt::Value(b'l', text) => options.length = size(text, 1000),
                Opt::Value(b'b', text) => options.buffer = size(text, 1024),
                Opt::Value(..) => return Err(Wrong::Usage),
                Opt::Illegal(letter) => return Err(Wrong::Illegal(letter)),
                Opt::Missing(letter) => return Err(Wrong::Missing(letter)),
                Opt::Long(b"lossy") => {
                    options.lossy = true;
                    words.resume();
                }
                Opt::Long(_) => break,
            }
        }
        if with.is_some() || also.is_some() {
            options.replace = Some(Replace::new(with.unwrap_or(b'_'), also.unwrap_or_default()));
        }
        options.first = words.operands();
        if word(options.first).is_none() || options.buffer <= options.length {
            return Err(Wrong::Usage);
        }
        Ok(options)
    }

    /// How much of an output buffer is kept free of lines: with [`Options::lossy`], lines are copied to
    /// descriptor 2 and sent while the rest of it is full, and they are put together there.
    #[must_use]
    pub const fn spared(&self) -> usize {
        if self.lossy { self.length.saturating_add(SPARED) } else { 0 }
    }
}

/// What is spared beside what counts of a line: for its stamp, a prefix, and what is said about it.
const SPARED: usize = 1024;

fn size(text: &[u8], default: usize) -> usize {
    match usize::try_from(number(text).0).unwrap_or(usize::MAX) {
        0 => default,
        size => size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> core::result::Result<Options, Wrong> {
        let words: Vec<&str> = line.split(' ').map(|word| if word == "''" { "" } else { word }).collect();
        Options::read(|at| words.get(at).map(|word| word.as_bytes()))
    }

    #[test]
    fn flags() {
        for (line, style, verbose) in [
            ("p d", Style::None, false),
            ("p -t d", Style::Label, false),
            ("p -tvt d", Style::Underscore, true),
            ("p -ttt -v -v d", Style::Iso, true),
            ("p -tttt d", Style::Iso, false),
        ] {
            let options = read(line).unwrap();
            assert_eq!((options.style, options.verbose), (style, verbose), "{line}");
        }
        assert_eq!(read("p -t -- -v").map(|options| options.first), Ok(3));
        assert_eq!(read("p --version d").map(|options| options.first), Ok(2));
        assert_eq!(read("p - d").map(|options| options.first), Ok(1));
    }

    #[test]
    fn lossy() {
        let lossy = |line| read(line).map(|options| (options.lossy, options.first));
        assert_eq!(lossy("p -t d"), Ok((false, 2)));
        assert_eq!(lossy("p --lossy d"), Ok((true, 2)));
        assert_eq!(lossy("p -t --lossy -l 10 d --lossy"), Ok((true, 5)));
        assert_eq!(lossy("p --lossy --lossy -- d"), Ok((true, 4)));
        assert_eq!(lossy("p --lossy"), Err(Wrong::Usage));
        assert_eq!(lossy("p --lossy -x d"), Err(Wrong::Illegal(b'x')));
        assert_eq!(lossy("p --loss d"), Ok((false, 2)), "dropped as ever");
        let spared = |line| read(line).map(|options| options.spared());
        assert_eq!((spared("p d"), spared("p -l9 --lossy d")), (Ok(0), Ok(1033)));
    }

    #[test]
    fn sizes() {
        let sizes = |line| read(line).map(|options| (options.length, options.buffer));
        assert_eq!(sizes("p d"), Ok((1000, 1024)));
        assert_eq!(sizes("p -l 10x d"), Ok((10, 1024)));
        assert_eq!(sizes("p -l x -b 0 d"), Ok((1000, 1024)));
        assert_eq!(sizes("p -l1023 d"), Ok((1023, 1024)));
        assert_eq!(sizes("p -l 1024 d"), Err(Wrong::Usage));
        assert_eq!(sizes("p -l 1024 -b 1025 d"), Ok((1024, 1025)));
        assert_eq!(sizes("p -b 1000 d"), Err(Wrong::Usage));
    }

    #[test]
    fn wrong_calls() {
        for (line, wrong) in [
            ("p", Wrong::Usage),
            ("p -t", Wrong::Usage),
            ("p -V d", Wrong::Version),
            ("p -x d", Wrong::Illegal(b'x')),
            ("p -tl", Wrong::Missing(b'l')),
            ("p -r xy d", Wrong::Usage),
            ("p -r '' d", Wrong::Usage),
        ] {
            assert_eq!(read(line), Err(wrong), "{line}");
        }
    }

    #[test]
    fn replacing() {
        let replaced = |line: &str, text: &[u8]| {
            let mut text = text.to_vec();
            if let Some(replace) = read(line).unwrap().replace {
                replace.apply(&mut text);
            }
            String::from_utf8_lossy(&text).into_owned()
        };
        assert_eq!(replaced("p d", b"a\tb"), "a\tb");
        assert_eq!(replaced("p -r . d", b"a\tb\xc3\xa4 ~\x7f"), "a.b.. ~.");
        assert_eq!(replaced("p -R '' d", b"a\tb"), "a_b");
        assert_eq!(replaced("p -R ab d", b"a\tbc"), "___c");
        assert_eq!(replaced("p -R ab -r + d", b"a\tbc"), "+++c");
        assert_eq!(replaced("p -r + -Rab d", b"a\tbc"), "+++c");
        assert_eq!(replaced("p -r - -r + d", b"\x00\x1f"), "++");
    }
}
