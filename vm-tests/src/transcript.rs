//! What is expected of a machine: lines of its console, events of QEMU, and what to do in between,
//! in order.
//!
//! | directive | meaning |
//! |---|---|
//! | `line PATTERN` | a whole line of the console, below the one before |
//! | `prompt PATTERN` | the same, but the line need not be finished |
//! | `event NAME REASON` | an event of QEMU's machine protocol |
//! | `press KEY...` | keys, held together |
//! | `never PATTERN` | no line of the whole console is like this |
//!
//! `*` in a pattern stands for anything. Empty lines and those that begin with `#` are comments.

/// One line of a transcript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// A line of the console, and whether it may be unfinished.
    Line(String, bool),
    /// An event and its reason.
    Event(String, String),
    /// Keys by QEMU's names.
    Press(Vec<String>),
}

/// All of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Transcript {
    /// In order.
    pub steps: Vec<Step>,
    /// What must not be seen.
    pub never: Vec<String>,
}

impl Transcript {
    /// Reads one.
    ///
    /// # Errors
    /// Which line is none of the directives.
    pub fn read(text: &str) -> Result<Transcript, String> {
        let mut transcript = Transcript::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let rest = rest.trim();
            let step = match (word, rest.split_once(' ')) {
                (_, None) if rest.is_empty() => return Err(format!("incomplete: {line}")),
                ("line", _) => Step::Line(rest.to_owned(), false),
                ("prompt", _) => Step::Line(rest.to_owned(), true),
                ("event", Some((name, reason))) => Step::Event(name.to_owned(), reason.to_owned()),
                ("press", _) => Step::Press(rest.split_whitespace().map(str::to_owned).collect()),
                ("never", _) => {
                    transcript.never.push(rest.to_owned());
                    continue;
                }
                _ => return Err(format!("not understood: {line}")),
            };
            transcript.steps.push(step);
        }
        Ok(transcript)
    }
}

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
    fn directives() {
        let text = "# first\nline - runit: *\n\nprompt login: \nevent RESET guest-reset\npress ctrl alt\nnever *panic*\n";
        let found = Transcript::read(text).unwrap();
        assert_eq!(
            found.steps,
            [
                Step::Line("- runit: *".into(), false),
                Step::Line("login:".into(), true),
                Step::Event("RESET".into(), "guest-reset".into()),
                Step::Press(vec!["ctrl".into(), "alt".into()]),
            ]
        );
        assert_eq!(found.never, ["*panic*"]);
        for wrong in ["line", "event RESET", "hello world"] {
            assert!(Transcript::read(wrong).is_err(), "{wrong}");
        }
    }
}
