//! The control protocol between sv and runsv: one byte written to `supervise/control` is one command.
use core::ffi::CStr;
use platform::Signal;

/// Makes [`Letter`] out of the table below.
macro_rules! letters {
    ($($(#[$about:meta])* $letter:ident, $byte:literal, $word:literal, $script:expr, $signal:expr;)*) => {
        /// A command of the control FIFO.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        pub enum Letter {
            $($(#[$about])* $letter,)*
        }

        /// All of them, in the order of the table.
        pub const LETTERS: &[Letter] = &[$(Letter::$letter),*];

        impl Letter {
            /// The command of a byte; others, newlines among them, mean nothing.
            #[must_use]
            pub const fn from_byte(byte: u8) -> Option<Letter> {
                match byte {
                    $($byte => Some(Letter::$letter),)*
                    _ => None,
                }
            }

            /// The byte written to `supervise/control`.
            #[must_use]
            pub const fn byte(self) -> u8 {
                match self {
                    $(Letter::$letter => $byte,)*
                }
            }

            /// The command of sv that sends this letter and nothing else.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Letter::$letter => $word,)*
                }
            }

            /// The path of its control script below the service directory.
            #[must_use]
            pub const fn script(self) -> Option<&'static CStr> {
                match self {
                    $(Letter::$letter => $script,)*
                }
            }

            /// The signal that it stands for.
            #[must_use]
            pub const fn signal(self) -> Option<Signal> {
                match self {
                    $(Letter::$letter => $signal,)*
                }
            }
        }
    };
}

// A row with a signal is all that such a letter needs: runsv runs the script or sends the signal, and sv has
// the word.
letters! {
    /// Start it, and again whenever it ends.
    Up, b'u', "up", Some(c"control/u"), None;
    /// Stop it and leave it down.
    Down, b'd', "down", Some(c"control/d"), None;
    /// Start it and leave it down when it ends. The script of its start is that of `Up`.
    Once, b'o', "once", None, None;
    /// Stop it, then runsv itself ends.
    Exit, b'x', "exit", Some(c"control/x"), None;
    /// SIGTERM.
    Term, b't', "term", Some(c"control/t"), Some(Signal::Terminate);
    /// SIGKILL.
    Kill, b'k', "kill", Some(c"control/k"), Some(Signal::Kill);
    /// SIGSTOP.
    Pause, b'p', "pause", Some(c"control/p"), Some(Signal::Stop);
    /// SIGCONT.
    Continue, b'c', "cont", Some(c"control/c"), Some(Signal::Continue);
    /// SIGALRM.
    Alarm, b'a', "alarm", Some(c"control/a"), Some(Signal::Alarm);
    /// SIGHUP.
    HangUp, b'h', "hup", Some(c"control/h"), Some(Signal::HangUp);
    /// SIGINT.
    Interrupt, b'i', "interrupt", Some(c"control/i"), Some(Signal::Interrupt);
    /// SIGQUIT.
    Quit, b'q', "quit", Some(c"control/q"), Some(Signal::Quit);
    /// SIGUSR1.
    User1, b'1', "1", Some(c"control/1"), Some(Signal::User1);
    /// SIGUSR2.
    User2, b'2', "2", Some(c"control/2"), Some(Signal::User2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte() {
        let known: Vec<u8> = (0..=u8::MAX).filter(|byte| Letter::from_byte(*byte).is_some()).collect();
        assert_eq!(known, b"12acdhikopqtux");
        for letter in LETTERS {
            assert_eq!(Letter::from_byte(letter.byte()), Some(*letter));
        }
    }

    #[test]
    fn a_script_is_named_like_its_letter() {
        for letter in LETTERS {
            let path = letter.script().map(|path| path.to_str().unwrap().to_owned());
            let expected = format!("control/{}", char::from(letter.byte()));
            assert_eq!(path, (*letter != Letter::Once).then_some(expected));
        }
    }

    #[test]
    fn the_first_letter_of_a_word_says_which() {
        for letter in LETTERS {
            let first = letter.word().as_bytes()[0];
            let same = LETTERS.iter().filter(|other| other.word().as_bytes()[0] == first).count();
            assert_eq!(same, 1, "{letter:?}");
            assert!(first == letter.byte() || Letter::from_byte(first).is_none(), "{letter:?}");
        }
    }
}
