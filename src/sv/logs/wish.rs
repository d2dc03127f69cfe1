//! The words behind `--log`.
use crate::args::{Opt, Options};
use crate::words::SV_LOG_LETTERS;

/// So many lines are shown where nobody says how many, as by tail(1).
const LINES: u64 = 10;

/// How stamps are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Stamps {
    /// In local time on a terminal, else as they are.
    #[default]
    Auto,
    /// As they are, and everything else with them.
    Raw,
    /// In local time.
    Local,
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wish {
    /// Whether to go on with lines to come.
    pub follow: bool,
    /// How many lines of each service; `None`: all.
    pub lines: Option<u64>,
    /// How stamps are shown.
    pub stamps: Stamps,
    /// Whether the services are the user's own.
    pub user: bool,
}

impl Wish {
    /// Understands the words from `first` on. Options may stand behind names, as people type them; `--` ends them.
    ///
    /// # Errors
    /// What is wrong with an option, or nothing more than that something is.
    pub fn read<'a>(
        word: impl Fn(usize) -> Option<&'a [u8]>,
        first: usize,
        mut name: impl FnMut(&'a [u8]),
    ) -> Result<Wish, Option<Opt<'static>>> {
        let mut wish = Wish { follow: false, lines: Some(LINES), stamps: Stamps::default(), user: false };
        // The parser begins behind a program's name.
        let mut options = Options::new(|at| word(at.saturating_add(first).saturating_sub(1)), SV_LOG_LETTERS);
        loop {
            match options.next() {
                Some(Opt::Flag(_)) => wish.follow = true,
                Some(Opt::Value(_, value)) => wish.lines = count(value).ok_or(None)?,
                Some(Opt::Illegal(letter)) => return Err(Some(Opt::Illegal(letter))),
                Some(Opt::Missing(letter)) => return Err(Some(Opt::Missing(letter))),
                Some(Opt::Long(long)) => {
                    match long {
                        b"" => {
                            while let Some(word) = options.argument() {
                                name(word);
                            }
                            return Ok(wish);
                        }
                        b"raw" => wish.stamps = Stamps::Raw,
                        b"local" => wish.stamps = Stamps::Local,
                        b"user" => wish.user = true,
                        _ => return Err(None),
                    }
                    options.resume();
                }
                None => {
                    let Some(word) = options.argument() else { return Ok(wish) };
                    name(word);
                    options.resume();
                }
            }
        }
    }
}

/// A number, or `all`; the outer `None`: neither.
fn count(word: &[u8]) -> Option<Option<u64>> {
    if word == b"all" {
        return Some(None);
    }
    let digits = Some(word).filter(|word| !word.is_empty())?;
    let number = digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(digit.into())
    });
    number.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &'static [&'static str]) -> Result<(Wish, Vec<&'static [u8]>), Option<Opt<'static>>> {
        let mut names = Vec::new();
        Wish::read(|at| words.get(at).map(|word| word.as_bytes()), 2, |name| names.push(name))
            .map(|wish| (wish, names))
    }

    const PLAIN: Wish = Wish { follow: false, lines: Some(10), stamps: Stamps::Auto, user: false };

    #[test]
    fn options_before_and_behind() {
        let web: Vec<&[u8]> = vec![b"web"];
        assert_eq!(read(&["sv", "--log", "web"]), Ok((PLAIN, web.clone())));
        let wish = Wish { follow: true, lines: Some(3), ..PLAIN };
        for words in [
            &["sv", "--log", "-f", "-n", "3", "web"] as &[_],
            &["sv", "--log", "web", "-fn3"],
            &["sv", "--log", "-n3", "web", "-f"],
        ] {
            assert_eq!(read(words), Ok((wish, web.clone())), "{words:?}");
        }
        let (wish, names) =
            read(&["sv", "--log", "-n", "all", "--raw", "a", "--user", "--", "-b", "--log"]).unwrap();
        assert_eq!(wish, Wish { lines: None, stamps: Stamps::Raw, user: true, ..PLAIN });
        assert_eq!(names, [b"a".as_slice(), b"-b", b"--log"]);
        assert_eq!(read(&["sv", "--log", "--local", "a"]).unwrap().0.stamps, Stamps::Local);
        assert_eq!(read(&["sv", "--log", "-"]).unwrap().1, [b"-"], "a name, as ever");
        assert_eq!(read(&["sv", "--log"]).unwrap().1, Vec::<&[u8]>::new());
    }

    #[test]
    fn what_is_wrong() {
        assert_eq!(read(&["sv", "--log", "-x", "a"]), Err(Some(Opt::Illegal(b'x'))));
        assert_eq!(read(&["sv", "--log", "a", "-n"]), Err(Some(Opt::Missing(b'n'))));
        for value in ["x", "", "-1", "3x", "18446744073709551616"] {
            let words: &'static [&'static str] = vec!["sv", "--log", "-n", value, "a"].leak();
            assert_eq!(read(words), Err(None), "{value}");
        }
        assert_eq!(read(&["sv", "--log", "--rav", "a"]), Err(None));
    }
}
