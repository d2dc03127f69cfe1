//! Text in a buffer of fixed size: the resident programs have no heap.
use core::ffi::CStr;

/// Up to `N` bytes. What does not fit is cut off and remembered as cut.
#[derive(Clone, Copy, Debug)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
    cut: bool,
}

impl<const N: usize> Text<N> {
    /// No text.
    #[must_use]
    pub const fn new() -> Self {
        Text { bytes: [0; N], len: 0, cut: false }
    }

    /// The parts, one after the other.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut text = Text::new();
        text.add_all(parts);
        text
    }

    /// Appends parts, one after the other.
    pub fn add_all(&mut self, parts: &[&[u8]]) {
        parts.iter().for_each(|part| self.add(part));
    }

    /// Appends bytes.
    pub fn add(&mut self, part: &[u8]) {
        for byte in part {
            match self.bytes.get_mut(self.len) {
                Some(slot) => {
                    *slot = *byte;
                    self.len = self.len.saturating_add(1);
                }
                None => self.cut = true,
            }
        }
    }

    /// Keeps the first `len` bytes.
    pub fn shorten(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Appends a number in decimal.
    pub fn add_number(&mut self, number: u64) {
        self.add(digits(&mut [0; DIGITS], number, false));
    }

    /// The text with a number behind it.
    #[must_use]
    pub fn also(mut self, number: u64) -> Self {
        self.add_number(number);
        self
    }

    /// Appends a number in decimal, with a comma before every three digits.
    pub fn add_grouped(&mut self, number: u64) {
        self.add(digits(&mut [0; DIGITS], number, true));
    }

    /// The text.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The text up to its first NUL as a C string; empty if there is no room for the NUL.
    #[must_use]
    pub fn as_c(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"")
    }

    /// Whether something did not fit.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.cut
    }
}

/// Room for the digits of any number, and for a comma before every three of them.
const DIGITS: usize = 26;

/// The digits of a number, with or without a comma before every three of them.
fn digits(room: &mut [u8; DIGITS], number: u64, grouped: bool) -> &[u8] {
    let (mut rest, mut first) = (number, 0);
    for (at, slot) in room.iter_mut().enumerate().rev() {
        if grouped && at % 4 == DIGITS % 4 {
            *slot = b',';
            continue;
        }
        *slot = b'0' | (rest % 10) as u8;
        rest /= 10;
        first = at;
        if rest == 0 {
            break;
        }
    }
    room.get(first..).unwrap_or_default()
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Text::new()
    }
}

/// The words of a short text, which blanks and newlines keep apart.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    /// Those of `text`.
    #[must_use]
    pub const fn of(text: &'a [u8]) -> Words<'a> {
        Words { rest: text.trim_ascii() }
    }

    /// Whether there is no further word.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Nothing, if there is no further word.
    #[must_use]
    pub fn end(&self) -> Option<()> {
        self.is_empty().then_some(())
    }

    /// The next word.
    #[allow(clippy::should_implement_trait, reason = "an iterator would be larger")]
    pub fn next(&mut self) -> Option<&'a [u8]> {
        let len = self.rest.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        let (word, rest) = self.rest.split_at_checked(len).filter(|_| len > 0)?;
        self.rest = rest.trim_ascii_start();
        Some(word)
    }

    /// The next word as a number: decimal digits and nothing else.
    pub fn number(&mut self) -> Option<u32> {
        self.next()?.iter().try_fold(0_u32, |number, byte| {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
            number.checked_mul(10)?.checked_add(digit.into())
        })
    }

    /// The next word as a number, which is the last word.
    pub fn only(&mut self) -> Option<u32> {
        let number = self.number()?;
        self.end()?;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_cuts() {
        for number in [0, 7, 10, 65535, u64::MAX] {
            let mut text = Text::<24>::new();
            text.add_number(number);
            assert_eq!(text.bytes(), number.to_string().as_bytes());
        }
        for (number, grouped) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            let mut text = Text::<24>::new();
            text.add_grouped(number);
            assert_eq!(text.bytes(), grouped.as_bytes());
        }
        let text = Text::<4>::of(&[b"ab", b"cde"]);
        assert_eq!((text.bytes(), text.is_cut()), (b"abcd".as_slice(), true));
        assert_eq!(text.as_c(), c"", "no room for the end");
    }

    #[test]
    fn words_and_numbers() {
        let mut words = Words::of(b"  12\tab  0\n\n");
        assert_eq!((words.number(), words.next(), words.only()), (Some(12), Some(b"ab".as_slice()), Some(0)));
        assert_eq!((words.next(), words.is_empty()), (None, true));
        for text in ["", " \n", "x", "1x", "+1", "4294967296", "1 2", "\0"] {
            assert_eq!(Words::of(text.as_bytes()).only(), None, "{text:?}");
        }
        assert_eq!(Words::of(b"4294967295").only(), Some(u32::MAX));
    }
}
