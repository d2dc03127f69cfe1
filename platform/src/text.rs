//! Text in a buffer of fixed size: the resident programs have no heap.
use core::ffi::CStr;
use core::mem::MaybeUninit;

/// Up to `N` bytes. What does not fit is cut off and remembered as cut.
#[derive(Clone, Copy, Debug)]
pub struct Text<const N: usize>(Room<[MaybeUninit<u8>; N]>);

/// The same, of any size.
#[derive(Clone, Copy, Debug)]
struct Room<Bytes: ?Sized> {
    /// So many bytes were written, and a NUL behind them if there is room.
    len: usize,
    cut: bool,
    bytes: Bytes,
}

impl Room<[MaybeUninit<u8>]> {
    // Once for texts of all sizes. Parts are short: byte by byte is as fast and smaller.
    #[inline(never)]
    fn add(&mut self, parts: &[&[u8]]) {
        for part in parts {
            for byte in *part {
                match self.bytes.get_mut(self.len) {
                    Some(slot) => {
                        slot.write(*byte);
                        self.len += 1;
                    }
                    None => self.cut = true,
                }
            }
        }
        self.end();
    }

    fn end(&mut self) {
        if let Some(end) = self.bytes.get_mut(self.len) {
            end.write(0);
        }
    }

    #[inline(never)]
    fn as_c(&self) -> &CStr {
        if self.len >= self.bytes.len() {
            return c"";
        }
        // SAFETY: so many bytes were written, and the NUL behind them.
        let bytes = unsafe { core::slice::from_raw_parts(self.bytes.as_ptr().cast(), self.len + 1) };
        c_str(bytes).unwrap_or_default()
    }
}

impl<const N: usize> Text<N> {
    /// No text.
    #[must_use]
    pub const fn new() -> Self {
        let mut bytes = [MaybeUninit::uninit(); N];
        if N > 0 {
            bytes[0] = MaybeUninit::new(0);
        }
        Text(Room { len: 0, cut: false, bytes })
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
        let room: &mut Room<[MaybeUninit<u8>]> = &mut self.0;
        room.add(parts);
    }

    /// Appends bytes.
    pub fn add(&mut self, part: &[u8]) {
        self.add_all(&[part]);
    }

    /// Keeps the first `len` bytes.
    pub fn shorten(&mut self, len: usize) {
        self.0.len = self.0.len.min(len);
        let room: &mut Room<[MaybeUninit<u8>]> = &mut self.0;
        room.end();
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
        // SAFETY: so many bytes were written.
        unsafe { core::slice::from_raw_parts(self.0.bytes.as_ptr().cast(), self.0.len) }
    }

    /// The text up to its first NUL as a C string; empty if there is no room for the NUL.
    #[must_use]
    pub fn as_c(&self) -> &CStr {
        let room: &Room<[MaybeUninit<u8>]> = &self.0;
        room.as_c()
    }

    /// Whether something did not fit.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.0.cut
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Text::new()
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

/// The bytes up to the first NUL; `None` without one.
// Core's looks at eight bytes at a time, for which it is ten times as large.
#[must_use]
#[inline(never)]
pub fn c_str(bytes: &[u8]) -> Option<&CStr> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let bytes = bytes.get(..=end)?;
    // SAFETY: the first NUL is the last byte.
    Some(unsafe { CStr::from_bytes_with_nul_unchecked(bytes) })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString as _;

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
    fn up_to_the_first_nul() {
        assert_eq!(c_str(b"ab\0c\0"), Some(c"ab"));
        assert_eq!((c_str(b"\0"), c_str(b"ab"), c_str(b"")), (Some(c""), None, None));
    }
}
