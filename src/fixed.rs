//! Text in buffers of fixed size, and the words in it.
pub use platform::Text;

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
