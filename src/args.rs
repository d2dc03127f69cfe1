//! The option parser and the number scanner that the commands share: not the C library's getopt
//! but the one runit has always had, with its own ideas of `-`, `--` and a missing argument.

/// What the parser found next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opt<'a> {
    /// A letter without argument.
    Flag(u8),
    /// A letter and its argument: the rest of the word or, if nothing is left of it, the next word.
    Value(u8, &'a [u8]),
    /// A letter that is no option.
    Illegal(u8),
    /// A letter whose argument is missing.
    Missing(u8),
    /// A word that begins with `--`, without these two; empty for `--` itself. Options end here. A
    /// program acts on the words it knows; the others are dropped, as they always were.
    Long(&'a [u8]),
}

/// Walks along the words of a command line, from the one after the program's name.
#[derive(Clone, Debug)]
pub struct Options<'a, F: Fn(usize) -> Option<&'a [u8]>> {
    word: F,
    letters: &'static [u8],
    index: usize,
    rest: &'a [u8],
    ended: bool,
}

impl<'a, F: Fn(usize) -> Option<&'a [u8]>> Options<'a, F> {
    /// `word` gives the words of the command line, 0 being the program's name. `letters` are the
    /// options; a colon after one says that it takes an argument.
    pub const fn new(word: F, letters: &'static [u8]) -> Self {
        Options { word, letters, index: 1, rest: b"", ended: false }
    }

    /// The index of the first operand, once [`Iterator::next`] has returned `None` or
    /// [`Opt::Long`].
    #[must_use]
    pub const fn operands(&self) -> usize {
        self.index
    }

    /// Goes on behind an [`Opt::Long`] that a program knows.
    pub fn resume(&mut self) {
        self.ended = false;
    }

    /// Takes the next word, whatever it is: the argument of a long option.
    pub fn argument(&mut self) -> Option<&'a [u8]> {
        let word = (self.word)(self.index);
        self.step();
        word
    }

    fn step(&mut self) {
        self.index = self.index.saturating_add(1);
    }
}

impl<'a, F: Fn(usize) -> Option<&'a [u8]>> Iterator for Options<'a, F> {
    type Item = Opt<'a>;

    fn next(&mut self) -> Option<Opt<'a>> {
        if self.ended {
            return None;
        }
        if self.rest.is_empty() {
            match (self.word)(self.index) {
                Some([b'-', b'-', long @ ..]) => {
                    self.ended = true;
                    self.step();
                    return Some(Opt::Long(long));
                }
                Some([b'-', letters @ ..]) if !letters.is_empty() => self.rest = letters,
                // An operand, `-` alone among them, or the end of the line.
                Some(_) | None => {
                    self.ended = true;
                    return None;
                }
            }
            self.step();
        }
        let (letter, rest) = self.rest.split_first()?;
        self.rest = rest;
        let mut known = self.letters.iter();
        if *letter == b':' || !known.any(|option| option == letter) {
            return Some(Opt::Illegal(*letter));
        }
        if known.next() != Some(&b':') {
            return Some(Opt::Flag(*letter));
        }
        self.rest = b"";
        if !rest.is_empty() {
            return Some(Opt::Value(*letter, rest));
        }
        let value = (self.word)(self.index);
        self.step();
        Some(value.map_or(Opt::Missing(*letter), |value| Opt::Value(*letter, value)))
    }
}

/// Scans a decimal number: the digits at the beginning of the word, wrapping where they are too
/// many, and what follows them. No digits are 0; whether a rest is an error is the caller's
/// affair.
#[must_use]
pub fn number(word: &[u8]) -> (u64, &[u8]) {
    let mut value: u64 = 0;
    let mut rest = word;
    while let [digit @ b'0'..=b'9', more @ ..] = rest {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit & 0x0f));
        rest = more;
    }
    (value, rest)
}

/// The same for an amount of which more is no less: the largest number where there are too many digits.
#[must_use]
pub fn amount(word: &[u8]) -> u64 {
    let (_, rest) = number(word);
    let digits = word.get(..word.len().saturating_sub(rest.len())).unwrap_or_default();
    digits
        .iter()
        .fold(0, |value: u64, digit| value.saturating_mul(10).saturating_add(u64::from(digit & 0x0f)))
}

/// What follows the last slash: a program's name as its usage text shows it.
#[must_use]
pub fn basename(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::Opt::*;
    use super::*;

    fn parse(words: &'static [&'static str]) -> (Vec<Opt<'static>>, usize) {
        let mut options = Options::new(|at| words.get(at).map(|word| word.as_bytes()), b"vVw:t");
        let found = options.by_ref().collect();
        (found, options.operands())
    }

    #[test]
    fn the_table_of_the_conventions() {
        assert_eq!(parse(&["p", "-vtV", "x"]), (vec![Flag(b'v'), Flag(b't'), Flag(b'V')], 2));
        assert_eq!(parse(&["p", "-tw", "5", "x"]), (vec![Flag(b't'), Value(b'w', b"5")], 3));
        assert_eq!(parse(&["p", "-tw5", "x"]), (vec![Flag(b't'), Value(b'w', b"5")], 2));
        assert_eq!(parse(&["p", "-w", "--", "x"]), (vec![Value(b'w', b"--")], 3), "any word is taken");
        assert_eq!(parse(&["p", "-w", "", "x"]), (vec![Value(b'w', b"")], 3));
        assert_eq!(parse(&["p", "-", "-v"]), (vec![], 1), "- is an operand");
        assert_eq!(parse(&["p", "-v", "--", "-t"]), (vec![Flag(b'v'), Long(b"")], 3));
        assert_eq!(parse(&["p", "--help", "-t"]), (vec![Long(b"help")], 2));
        assert_eq!(parse(&["p", "a", "-v"]), (vec![], 1), "nothing is permuted");
        assert_eq!(parse(&["p", "", "-v"]), (vec![], 1));
        assert_eq!(parse(&["p", "-vx"]), (vec![Flag(b'v'), Illegal(b'x')], 2));
        assert_eq!(parse(&["p", "-:"]), (vec![Illegal(b':')], 2));
        assert_eq!(parse(&["p", "-v-"]), (vec![Flag(b'v'), Illegal(b'-')], 2));
        assert_eq!(parse(&["p", "-w"]).0, vec![Missing(b'w')]);
        assert_eq!(parse(&["p"]), (vec![], 1));
        assert_eq!(parse(&[]), (vec![], 1));
    }

    #[test]
    fn long_options_of_a_program() {
        let words = ["p", "-v", "--mask", "--x", "-t", "a"];
        let mut options = Options::new(|at| words.get(at).map(|word| word.as_bytes()), b"vt");
        assert_eq!(options.next(), Some(Flag(b'v')));
        assert_eq!(options.next(), Some(Long(b"mask")));
        assert_eq!(options.clone().next(), None);
        options.resume();
        assert_eq!(options.argument(), Some(b"--x".as_slice()));
        assert_eq!((options.next(), options.next(), options.operands()), (Some(Flag(b't')), None, 5));
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"10"), (10, b"".as_slice()));
        assert_eq!(number(b"10x1"), (10, b"x1".as_slice()));
        assert_eq!(number(b""), (0, b"".as_slice()));
        for word in [b"abc".as_slice(), b"-1", b" 1", b"+1"] {
            assert_eq!(number(word), (0, word), "no sign, no blank");
        }
        assert_eq!(number(b"18446744073709551617").0, 1, "2^64 + 1 wraps");
        for (word, value) in
            [("18446744073709551615", u64::MAX), ("18446744073709551617", u64::MAX), ("7x", 7), ("", 0)]
        {
            assert_eq!(amount(word.as_bytes()), value);
        }
    }

    #[test]
    fn basenames() {
        assert_eq!(basename(b"/usr/bin/sv"), b"sv");
        assert_eq!(basename(b"sv"), b"sv");
        assert_eq!(basename(b"/etc/init.d/"), b"");
        assert_eq!(basename(b""), b"");
    }
}
