//! JSON (RFC 8259), written as it comes.
//!
//! Names are bytes, and JSON has none. So that every name comes back, a byte that is no part of UTF-8 is written
//! as `\xNN`, and a backslash as two of them, before the text becomes a string.
use super::text::Sink;
use crate::fixed::Text;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The hexadecimal digits of a byte.
fn hex(byte: u8) -> [u8; 2] {
    let digit = |four: u8| DIGITS.get(usize::from(four)).copied().unwrap_or(b'0');
    [digit(byte >> 4), digit(byte & 15)]
}

/// Writes bytes as a string.
pub fn string(out: &mut impl Sink, bytes: &[u8]) {
    out.put(b"\"");
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid().as_bytes();
        while let Some((byte, more)) = rest.split_first() {
            let plain = rest.iter().take_while(|byte| !is_special(**byte)).count();
            if plain > 0 {
                let (text, after) = rest.split_at_checked(plain).unwrap_or_default();
                out.put(text);
                rest = after;
                continue;
            }
            match byte {
                b'"' => out.put(b"\\\""),
                // Twice for the name, each of them twice for JSON.
                b'\\' => out.put(b"\\\\\\\\"),
                other => out.put_all(&[b"\\u00", &hex(*other)]),
            }
            rest = more;
        }
        for byte in chunk.invalid() {
            out.put_all(&[b"\\\\x", &hex(*byte)]);
        }
    }
    out.put(b"\"");
}

const fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\' || byte == 0x7f
}

/// Writes a number.
pub fn number(out: &mut impl Sink, number: u64) {
    let mut digits = Text::<24>::new();
    digits.add_number(number);
    out.put(digits.bytes());
}

/// An object that is being written.
#[derive(Debug)]
pub struct Object<'s, S: Sink> {
    out: &'s mut S,
    begun: bool,
}

impl<'s, S: Sink> Object<'s, S> {
    /// Begins one.
    pub fn new(out: &'s mut S) -> Self {
        out.put(b"{");
        Object { out, begun: false }
    }

    /// Begins a member; its value is to be written next.
    pub fn key(&mut self, key: &str) -> &mut S {
        let comma: &[u8] = if self.begun { b",\"" } else { b"\"" };
        self.begun = true;
        self.out.put_all(&[comma, key.as_bytes(), b"\":"]);
        self.out
    }

    /// A member that is a string, or null.
    pub fn text(&mut self, key: &str, text: Option<&[u8]>) {
        let out = self.key(key);
        match text {
            Some(text) => string(out, text),
            None => out.put(b"null"),
        }
    }

    /// A member that is a number, or null.
    pub fn number(&mut self, key: &str, value: Option<u64>) {
        let out = self.key(key);
        match value {
            Some(value) => number(out, value),
            None => out.put(b"null"),
        }
    }

    /// A member that is true, false, or null.
    pub fn flag(&mut self, key: &str, flag: Option<bool>) {
        let text: &[u8] = match flag {
            Some(true) => b"true",
            Some(false) => b"false",
            None => b"null",
        };
        self.key(key).put(text);
    }

    /// Ends it.
    pub fn end(self) {
        self.out.put(b"}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        string(&mut out, bytes);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_name_comes_back() {
        for (bytes, text) in [
            (b"web".as_slice(), r#""web""#),
            (b"", r#""""#),
            ("ключ ü".as_bytes(), r#""ключ ü""#),
            (b"a\"b", r#""a\"b""#),
            (b"a\\b", r#""a\\\\b""#),
            (b"\\xff", r#""\\\\xff""#),
            (b"\xff", r#""\\xff""#),
            (b"a\xc3", r#""a\\xc3""#),
            (b"\xe2\x82z", r#""\\xe2\\x82z""#),
            (b"\n\t\x1b[31m\x7f", r#""\u000a\u0009\u001b[31m\u007f""#),
        ] {
            assert_eq!(written(bytes), text);
        }
    }

    #[test]
    fn no_two_names_are_written_alike() {
        let parts: [&[u8]; 8] = [b"\\", b"x", b"ff", b"\xff", b"\\xff", b"\xc3", b"\xa9", b"\""];
        let mut seen = std::collections::BTreeMap::new();
        for one in parts {
            for two in parts {
                for three in parts {
                    let name = [one, two, three].concat();
                    let old = seen.insert(written(&name), name.clone());
                    assert!(old.is_none_or(|old| old == name), "{name:?}");
                }
            }
        }
    }

    #[test]
    fn objects() {
        let mut out = Vec::new();
        let mut object = Object::new(&mut out);
        object.number("a", Some(u64::MAX));
        object.number("b", None);
        object.flag("c", Some(true));
        object.flag("d", Some(false));
        object.flag("e", None);
        object.text("f", Some(b"g"));
        object.text("h", None);
        Object::new(object.key("i")).end();
        object.end();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"a":18446744073709551615,"b":null,"c":true,"d":false,"e":null,"f":"g","h":null,"i":{}}"#
        );
    }
}
