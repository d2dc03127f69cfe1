//! Texts at five bits a letter. The compiler packs them, so that the source shows them as they are:
//! what the static programs say about errors is a seventh of the smallest of them otherwise.

const BITS: usize = 5;
/// All that the texts are made of. Letter 0 is the end of a text.
const ALPHABET: &[u8; 30] = b" etoraniscdlupmfbghkvwxyq-/FNS";

/// How many bytes so many letters take.
pub(crate) const fn bytes(letters: usize) -> usize {
    (letters * BITS).div_ceil(8)
}

/// Puts a text and its end behind the letters that are there; the result is how many there are now.
pub(crate) const fn pack(into: &mut [u8], mut at: usize, text: &[u8]) -> usize {
    let mut index = 0;
    while index < text.len() {
        let mut letter = 0;
        while ALPHABET[letter] != text[index] {
            letter += 1;
        }
        let bit = at * BITS;
        let word = ((letter + 1) << (bit % 8)) as u16;
        into[bit / 8] |= word as u8;
        if word > 255 {
            into[bit / 8 + 1] |= (word >> 8) as u8;
        }
        at += 1;
        index += 1;
    }
    at + 1
}

/// Puts as much of text number `number` into `text` as fits; the result says how much that is.
pub(crate) fn unpack(packed: &[u8], mut number: usize, text: &mut [u8]) -> usize {
    let (mut len, mut bit) = (0, 0);
    loop {
        let mut letter = 0;
        for place in 0..BITS {
            let byte = packed.get(bit / 8).copied().unwrap_or(0);
            letter |= usize::from(byte >> (bit % 8) & 1) << place;
            bit += 1;
        }
        match (ALPHABET.get(letter.wrapping_sub(1)), number) {
            (None, 0) => return len,
            // What is asked for beyond the last text ends as well: there are ends only.
            (None, _) => number -= 1,
            (Some(letter), 0) => {
                if let Some(slot) = text.get_mut(len) {
                    *slot = *letter;
                    len += 1;
                }
            }
            (Some(_), _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        const TEXTS: [&[u8]; 4] = [b"", ALPHABET, b"NFS", b"q"];
        const LETTERS: usize = ALPHABET.len() + 8;
        let mut packed = [0; bytes(LETTERS)];
        let mut at = 0;
        for text in TEXTS {
            at = pack(&mut packed, at, text);
        }
        assert_eq!(at, LETTERS);
        for (number, text) in TEXTS.iter().enumerate() {
            let mut room = [0; 30];
            let len = unpack(&packed, number, &mut room);
            assert_eq!(&room[..len], *text);
        }
        let mut room = [0; 2];
        assert_eq!((unpack(&packed, 1, &mut room), &room), (2, b" e"), "cut");
        assert_eq!(unpack(&packed, 9, &mut room), 0, "there is none");
    }
}
