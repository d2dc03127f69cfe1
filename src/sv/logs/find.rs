//! From a logger and its arguments to its directories.
use crate::args::{Opt, Options, basename};
use crate::words::SVLOGD_LETTERS;

/// A program that takes what a service says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Logger {
    /// runit's.
    Svlogd,
    /// That of daemontools, which keeps the same files.
    Multilog,
    /// That of s6, likewise.
    S6Log,
    /// One that gives lines to somebody else: to whom.
    Sends(&'static str),
}

const LOGGERS: [(&str, Logger); 8] = [
    ("svlogd", Logger::Svlogd),
    ("multilog", Logger::Multilog),
    ("s6-log", Logger::S6Log),
    ("vlogger", Logger::Sends("syslog")),
    ("logger", Logger::Sends("syslog")),
    ("systemd-cat", Logger::Sends("the journal")),
    ("splogger", Logger::Sends("syslog")),
    ("nullog", Logger::Sends("nobody")),
];

impl Logger {
    /// The one that a program is, by its path.
    #[must_use]
    pub fn of(program: &[u8]) -> Option<Logger> {
        let name = basename(program);
        LOGGERS.iter().find(|known| known.0.as_bytes() == name).map(|known| known.1)
    }

    /// The directories among its arguments; `words` begins with its name.
    pub fn directories<'a>(self, words: &[&'a [u8]], mut each: impl FnMut(&'a [u8])) {
        let word = |at: usize| words.get(at).copied();
        match self {
            Logger::Svlogd => {
                let mut options = Options::new(word, SVLOGD_LETTERS);
                while let Some(option) = options.next() {
                    match option {
                        Opt::Long(b"") => break,
                        Opt::Long(_) => options.resume(),
                        Opt::Flag(_) | Opt::Value(..) | Opt::Illegal(_) | Opt::Missing(_) => {}
                    }
                }
                words.iter().skip(options.operands()).for_each(|word| each(word));
            }
            // The others are directives.
            Logger::Multilog | Logger::S6Log => {
                words
                    .iter()
                    .skip(1)
                    .filter(|word| matches!(word, [b'.' | b'/', ..]))
                    .for_each(|word| each(word));
            }
            Logger::Sends(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directories(line: &'static str) -> Vec<&'static str> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mut found = Vec::new();
        Logger::of(words[0])
            .unwrap()
            .directories(&words, |word| found.push(std::str::from_utf8(word).unwrap()));
        found
    }

    #[test]
    fn arguments() {
        assert_eq!(directories("/usr/bin/svlogd -ttt -b 4096 -l1000 /var/log/web"), ["/var/log/web"]);
        assert_eq!(directories("svlogd --lossy -t ./main ../errors"), ["./main", "../errors"]);
        assert_eq!(directories("svlogd -- -odd"), ["-odd"]);
        assert_eq!(directories("svlogd"), [""; 0]);
        assert_eq!(directories("multilog t s1000 n20 ./main -* +* /var/log/x"), ["./main", "/var/log/x"]);
        assert_eq!(directories("s6-log -b n20 s1000000 T /var/log/web"), ["/var/log/web"]);
        assert_eq!(directories("vlogger -t web /dev/null"), [""; 0]);
        assert_eq!(Logger::of(b"cat"), None);
    }
}
