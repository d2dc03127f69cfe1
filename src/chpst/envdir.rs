//! What a file in an environment directory says, and what comes of it.

/// The value that a file gives its variable: the first line without blanks and tabs at its end. An
/// empty file removes the variable. Bytes 0 in the value stand for newlines and have still to be
/// replaced, with [`byte`].
#[must_use]
pub fn value(content: &[u8]) -> Option<&[u8]> {
    if content.is_empty() {
        return None;
    }
    let mut line = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    while let [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    Some(line)
}

/// A byte of a value as it gets into the environment.
#[must_use]
pub const fn byte(byte: u8) -> u8 {
    if byte == 0 { b'\n' } else { byte }
}

/// Whether a directory's entry is a variable.
#[must_use]
pub fn is_variable(name: &[u8]) -> bool {
    name.first() != Some(&b'.')
}

/// The name that an edit or an entry of the environment is about: what is before the first `=`.
/// An edit without one removes, any other one sets.
#[must_use]
pub fn name(edit: &[u8]) -> (&[u8], bool) {
    let end = edit.iter().position(|byte| *byte == b'=');
    (edit.get(..end.unwrap_or(edit.len())).unwrap_or_default(), end.is_some())
}

/// Whether an entry of the environment sets the variable.
#[must_use]
pub fn sets(entry: &[u8], name: &[u8]) -> bool {
    entry.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let text =
            |content: &[u8]| value(content).map(|line| line.iter().map(|b| byte(*b)).collect::<Vec<_>>());
        assert_eq!(text(b""), None);
        for (content, expected) in [
            (b"\n".as_slice(), b"".as_slice()),
            (b"a", b"a"),
            (b"a\nb\n", b"a"),
            (b"  a \t \n", b"  a"),
            (b" \t", b""),
            (b"a\r\n", b"a\r"),
            (b"a\0b", b"a\nb"),
            (b"a \0", b"a \n"),
            (b"\0\n\0", b"\n"),
            (b"\xff\xfe", b"\xff\xfe"),
        ] {
            assert_eq!(text(content).unwrap(), expected);
        }
    }

    #[test]
    fn names() {
        assert!(is_variable(b"A") && is_variable(b"a=b") && !is_variable(b".hidden"));
        assert_eq!(name(b"A=1"), (b"A".as_slice(), true));
        assert_eq!(name(b"A=1=2"), (b"A".as_slice(), true));
        assert_eq!(name(b"A"), (b"A".as_slice(), false));
        assert!(sets(b"A=1", b"A") && sets(b"A=", b"A"));
        assert!(!sets(b"AB=1", b"A") && !sets(b"A", b"A") && !sets(b"", b"A"));
    }
}
