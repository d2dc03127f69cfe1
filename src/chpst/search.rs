//! Looking for a program in `PATH`.
use platform::Errno;

/// Where the environment says nothing.
const DEFAULT: &[u8] = b"/bin:/usr/bin";

/// The places where a program may be, and what is left to say when it is in none of them.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    name: &'a [u8],
    /// The name is a path, and the only place.
    is_path: bool,
    rest: Option<&'a [u8]>,
    why: Errno,
}

impl<'a> Search<'a> {
    /// For a program's name; `path` is the value of `PATH`.
    #[must_use]
    pub fn new(name: &'a [u8], path: Option<&'a [u8]>) -> Search<'a> {
        let is_path = name.contains(&b'/');
        Search { name, is_path, rest: Some(path.unwrap_or(DEFAULT)), why: Errno::NOENT }
    }

    /// The next place, in parts.
    pub fn place(&mut self) -> Option<[&'a [u8]; 3]> {
        let path = self.rest?;
        if self.is_path {
            self.rest = None;
            return Some([b"", b"", self.name]);
        }
        let end = path.iter().position(|byte| *byte == b':');
        self.rest = end.and_then(|end| path.get(end.saturating_add(1)..));
        let dir = path.get(..end.unwrap_or(path.len())).unwrap_or_default();
        Some([if dir.is_empty() { b"." } else { dir }, b"/", self.name])
    }

    /// Why the last place was not it. A place that is not there is passed by (DEV-83: also one
    /// below something that is no directory), a file that may not be executed is remembered, any
    /// other reason ends the search.
    pub fn failed(&mut self, why: Errno) {
        match why {
            Errno::NOENT | Errno::NOTDIR if !self.is_path => {}
            Errno::ACCES | Errno::PERM | Errno::ISDIR => self.why = why,
            _ => {
                self.why = why;
                self.rest = None;
            }
        }
    }

    /// Why nothing was found.
    #[must_use]
    pub const fn why(&self) -> Errno {
        self.why
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXEC_FORMAT: Errno = Errno(8);

    fn places(name: &str, path: Option<&str>) -> Vec<String> {
        let mut search = Search::new(name.as_bytes(), path.map(str::as_bytes));
        std::iter::from_fn(|| search.place().map(|parts| String::from_utf8(parts.concat()).unwrap()))
            .collect()
    }

    #[test]
    fn order() {
        assert_eq!(places("a", None), ["/bin/a", "/usr/bin/a"]);
        assert_eq!(places("a", Some("/x:y/:/z")), ["/x/a", "y//a", "/z/a"]);
        assert_eq!(places("a", Some("")), ["./a"]);
        assert_eq!(places("a", Some(":/x::")), ["./a", "/x/a", "./a", "./a"]);
        assert_eq!(places("./a", Some("/x:/y")), ["./a"]);
        assert_eq!(places("", Some("/x")), ["/x/"]);
    }

    fn why(name: &str, reasons: &[Errno]) -> (usize, Errno) {
        let mut search = Search::new(name.as_bytes(), Some(b"1:2:3:4"));
        let mut tries = 0;
        while search.place().is_some() {
            search.failed(reasons[tries]);
            tries += 1;
        }
        (tries, search.why())
    }

    #[test]
    fn reasons() {
        use Errno as E;
        assert_eq!(why("a", &[E::NOENT; 4]), (4, E::NOENT));
        assert_eq!(why("a", &[E::ACCES, E::NOENT, E::NOENT, E::NOENT]), (4, E::ACCES));
        assert_eq!(why("a", &[E::ACCES, E::PERM, E::NOENT, E::NOENT]), (4, E::PERM), "the last one");
        assert_eq!(why("a", &[E::NOENT, EXEC_FORMAT]), (2, EXEC_FORMAT));
        assert_eq!(why("a", &[E::ACCES, EXEC_FORMAT]), (2, EXEC_FORMAT));
        assert_eq!(why("/a", &[E::NOTDIR]), (1, E::NOTDIR), "a path is what it is");
        assert_eq!(why("/a", &[E::ACCES]), (1, E::ACCES));
    }

    /// DEV-83.
    #[test]
    fn what_is_no_directory_is_passed_by() {
        assert_eq!(why("a", &[Errno::NOTDIR; 4]), (4, Errno::NOENT));
        assert_eq!(why("a", &[Errno::NOTDIR, Errno::ACCES, Errno::NOTDIR, Errno::NOENT]), (4, Errno::ACCES));
    }
}
