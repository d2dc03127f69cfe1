//! Lines of a console, and patterns for them. `*` in a pattern stands for anything.

/// Whether the whole of a line is like the pattern.
#[must_use]
pub fn alike(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

/// What came out of a serial line, as lines of plain text.
#[derive(Debug, Default)]
pub struct Stream {
    finished: Vec<String>,
    rest: Vec<u8>,
    /// Lines below this number are done with.
    seen: usize,
}

impl Stream {
    /// Takes what came.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => {
                    self.finished.push(self.unfinished());
                    self.rest.clear();
                }
                byte => self.rest.push(*byte),
            }
        }
    }

    /// The line at the end, without what steers a terminal.
    #[must_use]
    pub fn unfinished(&self) -> String {
        let text = String::from_utf8_lossy(&self.rest);
        let mut plain = String::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if character == '\u{1b}' {
                if characters.next_if_eq(&'[').is_some() {
                    while characters.next().is_some_and(|next| !next.is_ascii_alphabetic()) {}
                } else {
                    characters.next();
                }
            } else if !character.is_control() || character == '\t' {
                plain.push(character);
            }
        }
        plain.trim_end().to_owned()
    }

    /// Looks below the line that was found last; a line that is not finished counts if `unfinished`.
    pub fn find(&mut self, pattern: &str, unfinished: bool) -> Option<String> {
        while let Some(line) = self.finished.get(self.seen) {
            self.seen += 1;
            if alike(pattern, line) {
                return Some(line.clone());
            }
        }
        let rest = self.unfinished();
        (unfinished && !rest.is_empty() && alike(pattern, &rest)).then_some(rest)
    }

    /// Looks for a line and returns those above it that were not seen yet as well. Nothing is seen
    /// if it is not there.
    pub fn take_until(&mut self, pattern: &str) -> Option<(Vec<String>, String)> {
        let new = self.finished.get(self.seen..)?;
        let at = new.iter().position(|line| alike(pattern, line))?;
        let (above, line) = (new[..at].to_vec(), new[at].clone());
        self.seen += at + 1;
        Some((above, line))
    }

    /// All that is there is done with.
    pub fn skip(&mut self) {
        self.seen = self.finished.len();
    }

    /// How many lines there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.finished.len()
    }

    /// The lines from number `from` on.
    #[must_use]
    pub fn since(&self, from: usize) -> &[String] {
        self.finished.get(from..).unwrap_or_default()
    }

    /// The first line from number `from` on that is like one of the patterns.
    #[must_use]
    pub fn like<'a>(&'a self, patterns: &[String], from: usize) -> Option<&'a str> {
        let bad = |line: &&String| patterns.iter().any(|pattern| alike(pattern, line));
        self.finished.iter().skip(from).find(bad).map(String::as_str)
    }

    /// The last lines, with the unfinished one.
    #[must_use]
    pub fn screen(&self, count: usize) -> Vec<String> {
        let from = self.finished.len().saturating_sub(count);
        let mut lines = self.finished[from..].to_vec();
        let rest = self.unfinished();
        if !rest.is_empty() {
            lines.push(rest);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, line) in
            [("abc", "abc"), ("a*", "a"), ("*c", "abc"), ("a*b*c", "a-b-bc"), ("*", ""), ("*b*", "abc")]
        {
            assert!(alike(pattern, line), "{pattern} {line}");
        }
        for (pattern, line) in
            [("abc", "abcd"), ("abc", "xabc"), ("a*", "ba"), ("ab*bc", "abc"), ("*x*", "abc"), ("", "a")]
        {
            assert!(!alike(pattern, line), "{pattern} {line}");
        }
    }

    #[test]
    fn lines() {
        let mut console = Stream::default();
        console.add(b"one\r\ntw");
        assert_eq!(console.find("tw*", false), None);
        assert_eq!(console.find("tw*", true).as_deref(), Some("tw"));
        console.add(b"o\r\n\x1b[2J\x1bclogin: ");
        assert_eq!(console.finished, ["one", "two"]);
        assert_eq!(console.find("login:", true).as_deref(), Some("login:"));
        assert_eq!(console.find("one", false), None, "it is above");
        assert_eq!(console.screen(1), ["two", "login:"]);
        console.add(b"Kernel panic - not syncing\n");
        assert!(console.like(&["Kernel panic*".into()], 0).is_none(), "the prompt is on the same line");
        assert!(console.like(&["*Kernel panic*".into()], 0).is_some());
        assert!(console.like(&["*Kernel panic*".into()], 3).is_none());
    }

    #[test]
    fn a_character_in_two_pieces() {
        let mut console = Stream::default();
        console.add(&"né".as_bytes()[..2]);
        console.add(&"né\n".as_bytes()[2..]);
        assert_eq!(console.find("né", false).as_deref(), Some("né"));
    }

    #[test]
    fn a_block_of_lines() {
        let mut channel = Stream::default();
        channel.add(b"agent: up\nrun: x\nok\n");
        assert!(channel.take_until("agent: s/1 *").is_none());
        channel.add(b"agent: s/1 0\nmore\n");
        let (lines, end) = channel.take_until("agent: s/1 *").unwrap();
        assert_eq!((lines.len(), end.as_str()), (3, "agent: s/1 0"));
        channel.skip();
        assert!(channel.find("more", false).is_none());
    }
}
