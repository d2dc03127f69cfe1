//! What is wrong with a `run` before it is started, seen in its first line and its last.

use crate::args::basename;

/// How a program begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Head<'a> {
    /// `#!` and the path of this interpreter.
    Interpreter(&'a [u8]),
    /// The same, but the line ends with a carriage return, which is taken for a part of the path.
    Carriage(&'a [u8]),
    /// What Windows' editors begin a text with stands before the `#!`, which is none then.
    Mark,
    /// It is a script without `#!`, or nothing at all.
    Nothing,
    /// Something that is no text.
    Binary,
}

impl<'a> Head<'a> {
    /// Looks at the beginning of a file.
    #[must_use]
    pub fn of(beginning: &'a [u8]) -> Head<'a> {
        let Some(rest) = beginning.strip_prefix(b"#!") else {
            if beginning.starts_with(b"\xef\xbb\xbf#!") {
                return Head::Mark;
            }
            return if beginning.contains(&0) { Head::Binary } else { Head::Nothing };
        };
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or(rest);
        let (line, carriage) = match line.strip_suffix(b"\r") {
            Some(line) => (line, true),
            None => (line, false),
        };
        let line = line.trim_ascii_start();
        let path = line.split(|byte| matches!(byte, b' ' | b'\t')).next().unwrap_or(line);
        // `#!/bin/sh -e\r` finds its interpreter.
        if carriage && path.len() == line.len() { Head::Carriage(path) } else { Head::Interpreter(path) }
    }
}

/// Whether the last command of a shell script is not `exec`: then the shell stays, and gets the signals.
#[must_use]
pub fn lacks_exec(script: &[u8]) -> bool {
    let lines = script.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let (mut lacks, mut goes_on) = (false, false);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
        // A line of several commands, and one that goes on, counts by what it has somewhere.
        let separates = |byte: &u8| matches!(byte, b' ' | b'\t' | b';' | b'&' | b'|');
        let has_exec = line.split(separates).any(|word| word == b"exec");
        lacks = !has_exec && (lacks || !goes_on);
        goes_on = line.ends_with(b"\\");
    }
    lacks
}

/// Whether a shell script sets limits of memory, processes and their like, by ulimit, softlimit(8) or chpst(8).
#[must_use]
pub fn sets_limits(script: &[u8]) -> bool {
    script.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().starts_with(b"#")).any(|line| {
        let mut words = line.split(|byte| b" \t;&|".contains(byte)).filter(|word| !word.is_empty());
        match words.find(|word| matches!(basename(word), b"ulimit" | b"softlimit" | b"chpst")) {
            Some(word) => basename(word) != b"chpst" || limits_by_chpst(&mut words),
            None => false,
        }
    })
}

/// Whether one of the options of chpst(8) is a limit; the program ends them.
fn limits_by_chpst<'a>(words: &mut impl Iterator<Item = &'a [u8]>) -> bool {
    while let Some([b'-', letters @ ..]) = words.next() {
        if let [b'-', name @ ..] = letters {
            if !matches!(name, b"groups" | b"no-new-privs") && !name.contains(&b'=') {
                words.next();
            }
            continue;
        }
        match letters.iter().position(|letter| b"uUbe/nlLmdopfcrt".contains(letter)) {
            Some(at) if letters.get(at).is_some_and(|letter| b"mdopfcrt".contains(letter)) => return true,
            // Its argument is the rest of the word, or the next one.
            Some(at) if letters.len() == at.saturating_add(1) => drop(words.next()),
            Some(_) | None => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines() {
        assert_eq!(Head::of(b"#!/bin/sh\nexec x"), Head::Interpreter(b"/bin/sh"));
        assert_eq!(Head::of(b"#! /bin/sh -e\nexec x"), Head::Interpreter(b"/bin/sh"));
        assert_eq!(Head::of(b"#!/bin/sh\r\nexec x\r\n"), Head::Carriage(b"/bin/sh"));
        assert_eq!(Head::of(b"#!/bin/sh -e\r\n"), Head::Interpreter(b"/bin/sh"));
        assert_eq!(Head::of(b"exec x\n"), Head::Nothing);
        assert_eq!(Head::of(b"\xef\xbb\xbf#!/bin/sh\n"), Head::Mark);
        assert_eq!(Head::of(b"\xef\xbb\xbfexec x\n"), Head::Nothing);
        assert_eq!(Head::of(b""), Head::Nothing);
        assert_eq!(Head::of(b"\x7fELF\x02\0\0"), Head::Binary);
    }

    #[test]
    fn limits() {
        for line in [
            "ulimit -v 1000",
            "exec /usr/bin/chpst -u x -m 5 y",
            "exec chpst -o5 y",
            "exec chpst -Pv -u x -n 5 -t 9 --umask 077 --groups -c0 y",
            "true; softlimit -a 1 y",
        ] {
            assert!(sets_limits(format!("#!/bin/sh\n{line}\n").as_bytes()), "{line}");
        }
        for line in [
            "exec chpst -u x y",
            "exec chpst -ux -bmd -e ./env --umask=022 tor -m --runasdaemon 0",
            "exec chpst -u -m y -o 3",
            "exec chpst",
            "# ulimit -v 1000",
            "exec ulimits -m",
        ] {
            assert!(!sets_limits(format!("#!/bin/sh\n{line}\n").as_bytes()), "{line}");
        }
    }

    #[test]
    fn last_commands() {
        assert!(!lacks_exec(b"#!/bin/sh\nexec 2>&1\nexec chpst -u x \\\n  daemon -f\n"));
        assert!(!lacks_exec(b"#!/bin/sh\n[ -e x ] || exit 1; exec daemon\n# the end\n\n"));
        assert!(lacks_exec(b"#!/bin/sh\nexec 2>&1\ndaemon -f\n"));
        assert!(lacks_exec(b"#!/bin/sh\ndaemon \\\n -f\n"));
        assert!(!lacks_exec(b"#!/bin/sh\nexec 2>&1\nLANG=C LC_ALL=C \\\nexec daemon \\\n  -f\n"));
        assert!(!lacks_exec(b"#!/bin/sh\n"), "nothing to say");
    }
}
