//! The pattern language of `config`: greedy, without backtracking and without an escape.

/// Whether the pattern covers the whole text.
///
/// `*` takes everything up to the first byte of the kind that follows it in the pattern, `+` one or
/// more of the byte that follows it; any other byte is itself. Each step consumes text or pattern,
/// so the time is bounded by the sum of their lengths.
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    loop {
        match pattern {
            [] => return text.is_empty(),
            [b'*'] => return true,
            [b'*', rest @ ..] => {
                let Some(end) = rest.first() else { return true };
                let Some(at) = platform::find(text, *end) else { return false };
                // The byte itself stays, and so does the one in the pattern: there it may be
                // another `*` or a `+`.
                (pattern, text) = (rest, text.get(at..).unwrap_or_default());
            }
            // Nothing to repeat: C runit reads on into the next pattern here.
            [b'+'] => return false,
            [b'+', byte, rest @ ..] => {
                let left = text.iter().position(|other| other != byte);
                match left {
                    Some(0) => return false,
                    Some(at) => (pattern, text) = (rest, text.get(at..).unwrap_or_default()),
                    // All of it was taken: a match whatever is left of the pattern, if there was
                    // anything to take.
                    None => return !text.is_empty(),
                }
            }
            [byte, rest @ ..] => match text {
                [first, others @ ..] if first == byte => (pattern, text) = (rest, others),
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, said as a recursion over the table of the language, one byte at a time.
    fn obvious(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([], _) => false,
            ([b'*'], _) => true,
            ([b'*', ..], []) => false,
            ([b'*', after @ ..], [first, rest @ ..]) => {
                if after[0] == *first {
                    obvious(after, text)
                } else {
                    obvious(pattern, rest)
                }
            }
            ([b'+'], _) | ([b'+', ..], []) => false,
            ([b'+', byte, after @ ..], [first, rest @ ..]) => {
                if byte != first {
                    return false;
                }
                if rest.is_empty() {
                    return true;
                }
                if rest[0] == *byte { obvious(pattern, rest) } else { obvious(after, rest) }
            }
            (_, []) => false,
            ([byte, after @ ..], [first, rest @ ..]) => byte == first && obvious(after, rest),
        }
    }

    #[test]
    fn the_rows_of_the_table() {
        for (pattern, text, wanted) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("*b", "ab", true),
            ("*b", "abb", false),
            ("*pid*", "tcpsvd: info: pid 1", false),
            ("*: *: pid *", "tcpsvd: info: pid 1", true),
            ("**", "a*b", true),
            ("**", "ab", false),
            ("*+x", "a+x", false),
            ("*++", "a++", true),
            ("*++", "a+b", false),
            ("+a", "aaa", true),
            ("+a", "aaab", false),
            ("+a", "", false),
            ("+ab", "aaa", true),
            ("+ab", "aab", true),
            ("+ab", "aac", false),
            ("+aab", "aaab", false),
            ("+*", "***", true),
            ("++", "++", true),
            ("+", "+", false),
            ("x+", "x", false),
            ("x+a", "x", false),
            ("a", "A", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), wanted, "{pattern:?} {text:?}");
            assert_eq!(obvious(pattern.as_bytes(), text.as_bytes()), wanted, "{pattern:?} {text:?}");
        }
    }

    /// All words of up to this many letters.
    fn words(letters: &[u8], most: usize) -> Vec<Vec<u8>> {
        let mut all = vec![vec![]];
        let mut from = 0;
        for _ in 0..most {
            let to = all.len();
            for at in from..to {
                for letter in letters {
                    all.push([all[at].as_slice(), &[*letter]].concat());
                }
            }
            from = to;
        }
        all
    }

    #[test]
    fn as_the_obvious_one() {
        let texts = words(b"ab+*", 4);
        let mut counts = [0; 2];
        for pattern in words(b"ab+*", 5) {
            for text in &texts {
                let found = matches(&pattern, text);
                assert_eq!(found, obvious(&pattern, text), "{pattern:?} {text:?}");
                counts[usize::from(found)] += 1;
            }
        }
        assert!(counts.iter().all(|count| *count > 10_000), "{counts:?}");
    }
}
