//! The command line.
use super::Moment;
use crate::args::{Opt, Options};
use crate::words::UTMPSET_LETTERS;

/// The usage text behind the program's name.
pub const USAGE: &str = " [-w] line";

/// What it does, below the usage of `--help`.
pub const ABOUT: &str = "Write down that nobody is logged in on line any more, such as tty1.\n\n";

/// What the command line amounts to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommandLine<'a> {
    /// Log a line out.
    Logout {
        /// The line.
        line: &'a [u8],
        /// In the history too.
        history: bool,
    },
    /// Note what happens to the system.
    Note(Moment),
    /// Complain about a letter, if there is one, and show the usage.
    Usage(Option<u8>),
    /// `-V`: version and usage, both on descriptor 2.
    ShortVersion,
    /// `--version`.
    Version,
    /// `--help`.
    Help,
}

impl<'a> CommandLine<'a> {
    /// Understands a command line; `word` gives its words, 0 being the program's name.
    pub fn of(word: impl Fn(usize) -> Option<&'a [u8]>) -> CommandLine<'a> {
        let mut history = false;
        let mut options = Options::new(&word, UTMPSET_LETTERS);
        for option in options.by_ref() {
            match option {
                Opt::Flag(b'w') => history = true,
                Opt::Flag(_) | Opt::Value(..) => return CommandLine::ShortVersion,
                Opt::Illegal(letter) | Opt::Missing(letter) => return CommandLine::Usage(Some(letter)),
                Opt::Long(b"version") => return CommandLine::Version,
                Opt::Long(b"help") => return CommandLine::Help,
                Opt::Long(b"boot") => return CommandLine::Note(Moment::Boot),
                Opt::Long(b"shutdown") => return CommandLine::Note(Moment::Shutdown),
                Opt::Long(_) => {}
            }
        }
        word(options.operands())
            .map_or(CommandLine::Usage(None), |line| CommandLine::Logout { line, history })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines() {
        let of = |words: &[&'static str]| CommandLine::of(|at| words.get(at).map(|word| word.as_bytes()));
        let logout = |line, history| CommandLine::Logout { line, history };
        assert_eq!(of(&["utmpset", "tty1"]), logout(b"tty1", false));
        assert_eq!(of(&["utmpset", "-w", "tty1", "more"]), logout(b"tty1", true));
        assert_eq!(of(&["utmpset", "-ww", "--", "-w"]), logout(b"-w", true));
        assert_eq!(of(&["utmpset", "-"]), logout(b"-", false));
        assert_eq!(of(&["utmpset", ""]), logout(b"", false));
        assert_eq!(of(&["utmpset", "--any", "tty1"]), logout(b"tty1", false));
        assert_eq!(of(&["utmpset"]), CommandLine::Usage(None));
        assert_eq!(of(&["utmpset", "-w"]), CommandLine::Usage(None));
        assert_eq!(of(&["utmpset", "-wq", "x"]), CommandLine::Usage(Some(b'q')));
        assert_eq!(of(&["utmpset", "-wV"]), CommandLine::ShortVersion);
        assert_eq!(of(&["utmpset", "--version"]), CommandLine::Version);
        assert_eq!(of(&["utmpset", "-w", "--help"]), CommandLine::Help);
        assert_eq!(of(&["utmpset", "--boot"]), CommandLine::Note(Moment::Boot));
        assert_eq!(of(&["utmpset", "--shutdown", "x"]), CommandLine::Note(Moment::Shutdown));
    }
}
