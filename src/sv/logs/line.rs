//! How a line is shown.
use super::stamp::{Fields, Stamped};
use crate::sv::text::Sink;
use platform::Stamp;

/// What is done to lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Stamps in local time.
    pub local: bool,
    /// Bytes that a terminal would obey are made visible.
    pub tame: bool,
    /// So wide are the names in front of lines; 0: there are none. Longer ones stay whole.
    pub names: usize,
}

/// Writes a line with its newline. `local` is what the system makes of a second.
pub fn show(
    out: &mut impl Sink,
    style: Style,
    name: &[u8],
    line: &[u8],
    stamped: Option<Stamped<'_>>,
    local: impl FnOnce(Stamp) -> Option<Fields>,
) {
    if style.names > 0 {
        put(out, style.tame, name);
        out.put(b": ");
        for _ in name.len()..style.names {
            out.put(b" ");
        }
    }
    let rest = stamped.filter(|_| style.local).and_then(|stamped| {
        stamped.show(out, local(stamped.moment)?);
        Some(stamped.rest)
    });
    put(out, style.tame, rest.unwrap_or(line));
}

/// Control characters as cat(1) -v shows them, but for tabs and the newline at the end. Those of ISO 8859-1, which have two
/// bytes in UTF-8, are to some terminals what ESC and a letter are to all: U+009B is shown as `M-^[`.
pub fn put(out: &mut impl Sink, tame: bool, text: &[u8]) {
    let (mut rest, end) = match text.split_last() {
        Some((b'\n', text)) => (text, b"\n".as_slice()),
        Some(_) | None => (text, b"".as_slice()),
    };
    let mut from = 0;
    while let Some(at) = rest.get(from..).filter(|_| tame).and_then(|more| more.iter().position(is_suspect)) {
        let at = from.saturating_add(at);
        let (before, behind) = rest.split_at_checked(at).unwrap_or_default();
        let (mark, byte, behind): (&[u8], u8, &[u8]) = match behind {
            [0xc2, byte @ 0x80..=0x9f, behind @ ..] => (b"M-^", byte ^ 0xc0, behind),
            [0xc2, ..] | [] => {
                from = at.saturating_add(1);
                continue;
            }
            [byte, behind @ ..] => (b"^", byte ^ 64, behind),
        };
        out.put_all(&[before, mark, &[byte]]);
        (rest, from) = (behind, 0);
    }
    out.put_all(&[rest, end]);
}

/// Whether a control character may begin with the byte.
const fn is_suspect(byte: &u8) -> bool {
    matches!(byte, 0..=8 | 10..=31 | 127 | 0xc2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(style: Style, line: &[u8]) -> String {
        let mut out = Vec::new();
        show(&mut out, style, b"web", line, Stamped::of(line), |_| Some([2026, 11, 22, 15, 17, 41]));
        String::from_utf8(out).unwrap()
    }

    const RAW: Style = Style { local: false, tame: false, names: 0 };

    #[test]
    fn names_and_stamps() {
        let line = b"@400000006b02f98f0aa7fd3c hello\n";
        assert_eq!(shown(RAW, line).as_bytes(), line);
        assert_eq!(shown(Style { local: true, ..RAW }, line), "2026-11-22 15:17:41.178781 hello\n");
        let both = Style { local: true, names: 5, ..RAW };
        assert_eq!(shown(both, line), "web:   2026-11-22 15:17:41.178781 hello\n");
        assert_eq!(shown(Style { names: 1, ..RAW }, b"hello\n"), "web: hello\n");
        assert_eq!(shown(both, b"no stamp\n"), "web:   no stamp\n");
    }

    #[test]
    fn a_terminal_obeys_nobody() {
        let tame = Style { tame: true, ..RAW };
        assert_eq!(shown(tame, b"\x1b[31mred\x07\t\xc3\xa4\r\x7f\n"), "^[[31mred^G\t\u{e4}^M^?\n");
        assert_eq!(shown(tame, b"a\x1b\xc2\x9b31m\xc2\xa7\n"), "a^[M-^[31m\u{a7}\n");
        assert_eq!(shown(tame, b"\xc2\xa7\xc2\xa7\x01 no end"), "\u{a7}\u{a7}^A no end");
    }
}
