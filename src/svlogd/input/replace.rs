//! Bytes that are written as another.

/// Which bytes are replaced, and by what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replace {
    with: u8,
    /// A bit for each byte.
    which: [u32; 8],
}

impl Replace {
    /// All that cannot be printed, and these, by `with`.
    #[must_use]
    pub fn new(with: u8, also: &[u8]) -> Replace {
        let mut replace = Replace { with, which: [0; 8] };
        (0..=u8::MAX).filter(|byte| !(32..=126).contains(byte)).for_each(|byte| replace.add(byte));
        also.iter().for_each(|byte| replace.add(*byte));
        replace
    }

    fn add(&mut self, byte: u8) {
        if let Some(word) = self.which.get_mut(usize::from(byte >> 5)) {
            *word |= 1 << (byte & 31);
        }
    }

    /// Replaces what is to be replaced.
    pub fn apply(&self, text: &mut [u8]) {
        for byte in text {
            let word = self.which.get(usize::from(*byte >> 5)).copied().unwrap_or(0);
            if (word >> (*byte & 31)) & 1 != 0 {
                *byte = self.with;
            }
        }
    }
}
