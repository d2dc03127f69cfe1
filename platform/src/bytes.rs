//! Bytes in bulk, for the one resident program that moves many: what the C library does a word at
//! a time, and without a way to panic.
use core::ptr;

/// Where the byte is first.
#[must_use]
pub fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    // SAFETY: the C library reads within the slice.
    let found = unsafe { libc::memchr(bytes.as_ptr().cast(), byte.into(), bytes.len()) };
    if found.is_null() {
        return None;
    }
    Some((found as usize).wrapping_sub(bytes.as_ptr() as usize))
}

/// Copies as much as fits; the result says how much that is.
pub fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let count = from.len().min(to.len());
    // SAFETY: both have `count` bytes, and what is borrowed for writing is not borrowed twice.
    unsafe { ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr(), count) };
    count
}

/// Moves the part from `from` up to `to` to the beginning.
pub fn to_front(bytes: &mut [u8], from: usize, to: usize) {
    if from <= to && to <= bytes.len() {
        // SAFETY: both ends lie within the slice; the parts may overlap.
        unsafe { ptr::copy(bytes.as_ptr().add(from), bytes.as_mut_ptr(), to - from) };
    }
}

/// A number for bytes, the same for the same bytes (FNV-1a with 64 bits).
#[must_use]
pub fn hash<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn hashes() {
        // The published values of FNV-1a.
        assert_eq!(
            (hash(b""), hash(b"a"), hash(b"foobar")),
            (0xcbf2_9ce4_8422_2325, 0xaf63_dc4c_8601_ec8c, 0x8594_4171_f739_67e8)
        );
    }

    #[test]
    fn within_bounds() {
        assert_eq!(find(b"abcb", b'b'), Some(1));
        assert_eq!(find(b"abc", b'x'), None);
        assert_eq!(find(b"", b'x'), None);
        assert_eq!(find(b"\0\xff", 0xff), Some(1));
        let mut room = *b"......";
        assert_eq!(copy(b"abc", &mut room), 3);
        assert_eq!(copy(b"0123456789", &mut room[4..]), 2);
        assert_eq!(&room, b"abc.01");
        to_front(&mut room, 2, 6);
        assert_eq!(&room, b"c.0101");
        for (from, to) in [(3, 2), (0, 7), (7, 7), (6, 6)] {
            to_front(&mut room, from, to);
            assert_eq!(&room, b"c.0101");
        }
    }
}
