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
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number;
        loop {
            at = at.saturating_sub(1);
            if let Some(slot) = digits.get_mut(at) {
                *slot = b'0' | (rest % 10) as u8;
            }
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.add(digits.get(at..).unwrap_or_default());
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

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Text::new()
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
        let text = Text::<4>::of(&[b"ab", b"cde"]);
        assert_eq!((text.bytes(), text.is_cut()), (b"abcd".as_slice(), true));
        assert_eq!(text.as_c(), c"", "no room for the end");
    }
}
