//! Lines that are not longer than a terminal is wide.
use crate::sv::text::Sink;

/// Writes a text whose paragraphs are lines; each gets as many lines as it takes. Lines that begin with a blank stay
/// as they are. Width 0: nothing is changed.
pub fn wrap(out: &mut impl Sink, text: &[u8], width: usize) {
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if width == 0 || line.starts_with(b" ") {
            out.put(line);
            continue;
        }
        let mut used: usize = 0;
        for word in line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            // Bytes that continue a character of UTF-8 take no column.
            let columns = word.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
            let with = used.saturating_add(columns).saturating_add(1);
            if used > 0 && with > width {
                out.put(b"\n");
                used = columns;
            } else {
                out.put(if used > 0 { b" " } else { b"" });
                used = if used > 0 { with } else { columns };
            }
            out.put(word);
        }
        out.put(b"\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> String {
        let mut out = Vec::new();
        wrap(&mut out, text.as_bytes(), width);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn widths() {
        let text = "one two three\n  as it stands, however long\nfour\n\nx\n";
        assert_eq!(wrapped(text, 0), text);
        assert_eq!(wrapped(text, 7), "one two\nthree\n  as it stands, however long\nfour\n\nx\n");
        assert_eq!(wrapped("averylongword b\n", 5), "averylongword\nb\n");
        assert_eq!(wrapped("\u{e4}\u{e4}\u{e4} b\n", 5), "\u{e4}\u{e4}\u{e4} b\n", "columns, not bytes");
    }
}
