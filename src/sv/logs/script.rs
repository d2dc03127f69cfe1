//! What a `log/run` says, read as a shell would, as far as that is easy: words, quotes, comments, and variables that it
//! sets itself.
use super::find::Logger;
use crate::fixed::Text;

/// Room for a word.
pub type Word = Text<1024>;

/// So many words of the call are kept.
const WORDS: usize = 64;

/// Variables may contain variables so deep.
const DEPTH: u8 = 4;

/// The call of a logger in a script.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What it calls.
    pub logger: Logger,
    script: &'a [u8],
    words: [&'a [u8]; WORDS],
    count: usize,
}

impl<'a> Call<'a> {
    /// The last one in a script.
    #[must_use]
    pub fn in_script(script: &'a [u8]) -> Option<Call<'a>> {
        let (mut found, mut open) = (None, false);
        for token in (Tokens { rest: script }) {
            match token {
                None => open = false,
                Some(word) => match &mut found {
                    Some(Call { words, count, .. }) if open => {
                        if let Some(slot) = words.get_mut(*count) {
                            *slot = word;
                            *count = count.saturating_add(1);
                        }
                    }
                    _ => {
                        let mut text = Word::new();
                        let plain = expand(script, word, DEPTH, &mut text);
                        if let Some(logger) = Logger::of(text.bytes()).filter(|_| plain) {
                            let mut words = [b"".as_slice(); WORDS];
                            words[0] = word;
                            found = Some(Call { logger, script, words, count: 1 });
                            open = true;
                        }
                    }
                },
            }
        }
        found
    }

    /// Its words, each with whether it could be understood.
    pub fn words(&self) -> impl Iterator<Item = (Word, bool)> {
        self.words.iter().take(self.count).map(|word| {
            let mut text = Word::new();
            let whole = expand(self.script, word, DEPTH, &mut text);
            (text, whole)
        })
    }
}

/// The words of a script as they stand there, quotes included; `None`: a command ends. Redirections are left out.
struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.rest {
                [] => return None,
                [b' ' | b'\t' | b'\r', rest @ ..] | [b'\\', b'\n', rest @ ..] => self.rest = rest,
                [b'#', ..] => {
                    let end = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
                    self.rest = self.rest.get(end..).unwrap_or_default();
                }
                [b'\n' | b';' | b'&' | b'|' | b'(' | b')', rest @ ..] => {
                    self.rest = rest;
                    return Some(None);
                }
                _ => {
                    let (word, rest) = self.rest.split_at_checked(length(self.rest)).unwrap_or_default();
                    self.rest = rest;
                    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    match word.get(digits..) {
                        // `2>&1`, `>file`, `> file`.
                        Some([b'<' | b'>', target @ ..]) => {
                            if matches!(target, [] | [b'>']) {
                                self.rest = self.rest.trim_ascii_start();
                                let skipped = length(self.rest);
                                self.rest = self.rest.get(skipped..).unwrap_or_default();
                            } else if target == b"&" || target == b">&" {
                                let skipped = length(self.rest).max(1);
                                self.rest = self.rest.get(skipped..).unwrap_or_default();
                            }
                        }
                        _ => return Some(Some(word)),
                    }
                }
            }
        }
    }
}

/// How long the word is that a text begins with.
fn length(text: &[u8]) -> usize {
    let (mut quote, mut escaped) = (None, false);
    let mut before = 0;
    for (at, byte) in text.iter().enumerate() {
        match (quote, byte) {
            _ if escaped => escaped = false,
            (Some(b'"') | None, b'\\') => escaped = true,
            (Some(open), byte) if *byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(*byte),
            // `2>&1` is one.
            (None, b'&') if before == b'>' || before == b'<' => {}
            (None, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')') => return at,
            (None, _) => {}
        }
        before = *byte;
    }
    text.len()
}

/// A word without its quotes and with what its variables have; `false`: something in it could not be understood.
fn expand(script: &[u8], word: &[u8], depth: u8, out: &mut Word) -> bool {
    let mut rest = word;
    let (mut double, mut whole) = (false, true);
    while let [byte, behind @ ..] = rest {
        rest = behind;
        match byte {
            b'\'' if !double => {
                let end = rest.iter().position(|byte| *byte == b'\'').unwrap_or(rest.len());
                let (quoted, behind) = rest.split_at_checked(end).unwrap_or_default();
                out.add(quoted);
                rest = behind.get(1..).unwrap_or_default();
            }
            b'"' => double = !double,
            b'\\' => {
                if let [escaped, behind @ ..] = rest {
                    out.add(&[*escaped]);
                    rest = behind;
                }
            }
            b'`' => whole = false,
            b'$' => {
                let braced = rest.strip_prefix(b"{");
                let text = braced.unwrap_or(rest);
                let length =
                    text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                let (name, behind) = text.split_at_checked(length).unwrap_or_default();
                let behind = if braced.is_some() { behind.strip_prefix(b"}") } else { Some(behind) };
                rest = behind.unwrap_or_default();
                let value = value(script, name).filter(|_| depth > 0 && length > 0 && behind.is_some());
                whole &= value.is_some_and(|value| expand(script, value, depth.saturating_sub(1), out));
            }
            other => out.add(&[*other]),
        }
    }
    whole && !out.is_cut()
}

/// What a script sets a variable to, where it does so first.
fn value<'a>(script: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    Tokens { rest: script }.flatten().find_map(|word| word.strip_prefix(name)?.strip_prefix(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(script: &str) -> Option<(Logger, Vec<(String, bool)>)> {
        let call = Call::in_script(script.as_bytes())?;
        let words =
            call.words().map(|(word, whole)| (String::from_utf8_lossy(word.bytes()).into_owned(), whole));
        Some((call.logger, words.collect()))
    }

    fn plain(script: &str) -> String {
        let (_, words) = call(script).unwrap();
        assert!(words.iter().all(|word| word.1), "{words:?}");
        words.into_iter().map(|word| word.0).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn scripts_as_they_are_written() {
        assert_eq!(plain("#!/bin/sh\nexec svlogd -tt ./main\n"), "svlogd|-tt|./main");
        assert_eq!(
            plain("#!/bin/sh\nexec 2>&1\nexec chpst -u log svlogd -ttt /var/log/a\n"),
            "svlogd|-ttt|/var/log/a"
        );
        assert_eq!(
            plain(
                "#!/bin/sh\n# svlogd -tt ./no\nset -e\nNAME=web\nLOG=\"/var/log/runit/$NAME\"\n\
                   test -d \"$LOG\" || mkdir -p \"$LOG\"\nexec chpst -u _log:adm \\\n  svlogd -tt \"${LOG}\" # here\n"
            ),
            "svlogd|-tt|/var/log/runit/web"
        );
        assert_eq!(plain("exec /usr/bin/svlogd '/a b/c' >/dev/null 2>&1"), "/usr/bin/svlogd|/a b/c");
        assert_eq!(plain("multilog t s1000 ./main </dev/null; echo x"), "multilog|t|s1000|./main");
        assert_eq!(plain("exec svlogd a\\ b > x 2> y c"), "svlogd|a b|c");
        assert_eq!(plain("test -d main||exit 1;exec s6-log n20 ./main"), "s6-log|n20|./main");
        assert_eq!(call("exec logger -t web").unwrap().0, Logger::Sends("syslog"));
        assert!(call("#!/bin/sh\nexec cat >>../logged\n").is_none());
        assert!(call("").is_none());
    }

    #[test]
    fn what_cannot_be_known() {
        let (_, words) = call("exec svlogd -tt \"$1\" /var/log/$(basename $PWD) `x` $A").unwrap();
        assert!(words[..2].iter().all(|word| word.1) && words[2..].iter().all(|word| !word.1), "{words:?}");
        let (_, words) = call("A=$B\nB=$A\nexec svlogd $A ${A:-x}").unwrap();
        assert_eq!(
            words[1..],
            [(String::new(), false), (":-x}".into(), false)].map(|word| (String::new(), word.1))
        );
    }

    #[test]
    fn odd_bytes_end() {
        for text in [
            "\\",
            "'",
            "\"",
            "$",
            "${",
            "svlogd ${a",
            "svlogd $",
            "svlogd 1>",
            "2>&",
            "svlogd >& x",
            "`",
            "&&&",
            "svlogd \\",
        ] {
            let _ = call(text);
        }
        let long = format!("svlogd {} {}", "x".repeat(2000), "y ".repeat(100));
        let (_, words) = call(&long).unwrap();
        assert_eq!((words.len(), words[1].1), (WORDS, false));
    }
}
