//! What programs say of themselves, in two languages: datagrams of lines, as sd_notify(3) sends them, and a newline
//! on a descriptor.

/// So much of a datagram is looked at. systemd looks at no more either.
pub const MOST: usize = 4096;

/// Whether one of the lines of a datagram says that the program is ready. If the datagram is `cut`, its last line
/// may have been longer, and says nothing.
#[must_use]
pub fn is_ready(datagram: &[u8], cut: bool) -> bool {
    let whole = if cut {
        let end = datagram.iter().rposition(|byte| is_end(*byte)).unwrap_or(0);
        datagram.get(..end).unwrap_or_default()
    } else {
        // Some send the end of the string as well.
        datagram.strip_suffix(b"\0").unwrap_or(datagram)
    };
    whole.split(|byte| is_end(*byte)).any(|line| line == b"READY=1")
}

/// As systemd ends lines.
const fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Whether a datagram is the program's affair: it comes from the program itself, whatever user that has become,
/// from its user, or from root.
#[must_use]
pub const fn belongs(pid: i32, uid: u32, program: i32, own: u32) -> bool {
    pid == program || uid == own || uid == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_a_whole_line() {
        for text in [
            "READY=1",
            "READY=1\n",
            "READY=1\0",
            "STATUS=up\nREADY=1\nMAINPID=7",
            "READY=1\r\nX=1",
            "\n\nREADY=1",
            "READY=0\nREADY=1",
        ] {
            assert!(is_ready(text.as_bytes(), false), "{text:?}");
        }
        for text in [
            "",
            "\n",
            "\0",
            "READY=",
            "READY=10",
            "READY=0",
            "ready=1",
            " READY=1",
            "READY=1 ",
            "XREADY=1",
            "STATUS=READY=1",
            "READY=1\0\0",
            "READY=1\0X=1",
            "READY=1\0\nX=1",
            "STOPPING=1",
            "RELOADING=1",
            "BARRIER=1",
            "READY\n=1",
        ] {
            assert!(!is_ready(text.as_bytes(), false), "{text:?}");
        }
    }

    #[test]
    fn the_last_line_of_what_is_cut() {
        assert!(!is_ready(b"READY=1", true), "it may have been READY=10");
        assert!(!is_ready(b"X=1\nREADY=1", true));
        assert!(is_ready(b"READY=1\n", true));
        assert!(is_ready(b"READY=1\nX", true));
        assert!(!is_ready(b"", true));
    }

    #[test]
    fn whose_datagram() {
        assert!(belongs(5, 1000, 9, 1000), "a child of the program");
        assert!(belongs(9, 33, 9, 0), "the program itself, after it became somebody");
        assert!(belongs(5, 0, 9, 1000), "root");
        assert!(!belongs(5, 1001, 9, 1000));
        assert!(!belongs(0, 65534, 9, 0), "somebody of another namespace");
    }
}
