//! A command line as a service: its scripts.
use super::text::Sink;

/// Writes a word so that sh(1) reads it back, whatever its bytes.
pub fn quote(out: &mut impl Sink, word: &[u8]) {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(byte);
    if !word.is_empty() && word.iter().all(plain) {
        return out.put(word);
    }
    out.put(b"'");
    for (at, part) in word.split(|byte| *byte == b'\'').enumerate() {
        out.put(if at == 0 { b"" } else { b"'\\''" });
        out.put(part);
    }
    out.put(b"'");
}

/// Writes `./run`: what the command says on descriptor 2 goes to the log as well.
pub fn run<'a>(out: &mut impl Sink, command: impl Iterator<Item = &'a [u8]>) {
    out.put(b"#!/bin/sh\nexec 2>&1\nexec");
    for word in command {
        out.put(b" ");
        quote(out, word);
    }
    out.put(b"\n");
}

/// `./log/run`: the log is in `log/main`.
pub const LOG: &[u8] = b"#!/bin/sh\nexec svlogd -tt ./main\n";

/// Why no service can have this name, or be made of this command, if that is so.
#[must_use]
pub fn objection(name: &[u8], command: &[u8]) -> Option<&'static str> {
    match (name, command) {
        ([] | [b'.', ..], _) => Some("no name for a service"),
        (name, _) if name.contains(&b'/') => Some("no name for a service"),
        (_, []) => Some("the command is empty"),
        // The shell would take it for an option of `exec`.
        (_, [b'-', ..]) => Some("a command cannot begin with a dash"),
        _ => None,
    }
}

/// The name that a path ends in: what follows the last slash, but for slashes at the end.
#[must_use]
pub fn last(path: &[u8]) -> &[u8] {
    crate::args::basename(trimmed(path))
}

/// A path without slashes at its end.
#[must_use]
pub fn trimmed(mut path: &[u8]) -> &[u8] {
    while let [rest @ .., b'/'] = path {
        path = rest;
    }
    path
}

/// Whether that is a path, and not a name in a directory of services.
#[must_use]
pub const fn is_path(name: &[u8]) -> bool {
    matches!(name, [] | [b'/' | b'.', ..] | [.., b'/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(word: &[u8]) -> String {
        let mut out = Vec::new();
        quote(&mut out, word);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn words() {
        for (word, text) in [
            ("sleep", "sleep"),
            ("/usr/bin/a-b_c.d:e=f@g%h+i,j", "/usr/bin/a-b_c.d:e=f@g%h+i,j"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("'", "''\\'''"),
            ("$HOME`id`\\\n!", "'$HOME`id`\\\n!'"),
            ("~", "'~'"),
            ("#", "'#'"),
        ] {
            assert_eq!(quoted(word.as_bytes()), text);
        }
    }

    #[test]
    fn the_shell_reads_every_byte_back() {
        use std::os::unix::ffi::OsStrExt;
        let all: Vec<u8> = (1..=255).collect();
        let twice: Vec<u8> = (1..=255).flat_map(|byte| [byte, b'\'', byte]).collect();
        for word in [all.as_slice(), &twice, b"\\'", b"\n", b"-n"] {
            let mut script = b"printf %s ".to_vec();
            quote(&mut script, word);
            let script = std::ffi::OsStr::from_bytes(&script);
            let done = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
            assert_eq!(done.stdout, word);
        }
    }

    #[test]
    fn scripts() {
        let mut out = Vec::new();
        run(&mut out, [b"httpd".as_slice(), b"-d", b"a dir"].into_iter());
        assert_eq!(out, b"#!/bin/sh\nexec 2>&1\nexec httpd -d 'a dir'\n");
    }

    #[test]
    fn names_and_commands_that_cannot_be() {
        for name in ["", ".", "..", ".web", "a/b", "/"] {
            assert_eq!(objection(name.as_bytes(), b"x"), Some("no name for a service"), "{name}");
        }
        assert_eq!(objection(b"web", b""), Some("the command is empty"));
        assert_eq!(objection(b"web", b"-x"), Some("a command cannot begin with a dash"));
        for name in ["web", "a b", "-web", "web.", "getty@tty1", "\u{fc}"] {
            assert_eq!(objection(name.as_bytes(), b"x"), None, "{name}");
        }
    }

    #[test]
    fn paths() {
        for (path, name) in [("web", "web"), ("/etc/sv/web", "web"), ("./web//", "web"), ("/", ""), ("", "")]
        {
            assert_eq!(last(path.as_bytes()), name.as_bytes());
        }
        assert_eq!(trimmed(b"/etc/sv/web//"), b"/etc/sv/web");
        for path in ["/web", "./web", "web/", "", "."] {
            assert!(is_path(path.as_bytes()), "{path}");
        }
        assert!(!is_path(b"web") && !is_path(b"a/b"));
    }
}
