//! One program, seven names.
use crate::args::basename;
use crate::words::{self, Word};

/// What the program was called as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    /// Under any name that is not one of the others.
    Chpst,
    /// Runs a program as somebody else.
    Setuidgid,
    /// Tells a program somebody's numbers.
    Envuidgid,
    /// Sets variables from a directory.
    Envdir,
    /// Runs a program in a session of its own.
    Pgrphack,
    /// Runs a program that holds a lock.
    Setlock,
    /// Runs a program under limits.
    Softlimit,
}

impl Tool {
    /// The name that the usage shows and what it stands for: the last component of `argv0` without
    /// a `d` at its beginning.
    #[must_use]
    pub fn of(argv0: &[u8]) -> (&[u8], Tool) {
        let name = basename(argv0);
        let name = name.strip_prefix(b"d").unwrap_or(name);
        let tool = match name {
            b"setuidgid" => Tool::Setuidgid,
            b"envuidgid" => Tool::Envuidgid,
            b"envdir" => Tool::Envdir,
            b"pgrphack" => Tool::Pgrphack,
            b"setlock" => Tool::Setlock,
            b"softlimit" => Tool::Softlimit,
            _ => Tool::Chpst,
        };
        (name, tool)
    }

    /// Its options. Four of the names have none.
    #[must_use]
    pub const fn words(self) -> &'static [Word] {
        match self {
            Tool::Chpst => words::CHPST,
            Tool::Setlock => words::SETLOCK,
            Tool::Softlimit => words::SOFTLIMIT,
            Tool::Setuidgid | Tool::Envuidgid | Tool::Envdir | Tool::Pgrphack => &[],
        }
    }

    /// Their letters, as [`crate::args::Options`] wants them.
    #[must_use]
    pub const fn letters(self) -> &'static [u8] {
        match self {
            Tool::Chpst => words::CHPST_LETTERS,
            Tool::Setlock => words::SETLOCK_LETTERS,
            Tool::Softlimit => words::SOFTLIMIT_LETTERS,
            Tool::Setuidgid | Tool::Envuidgid | Tool::Envdir | Tool::Pgrphack => b"",
        }
    }

    /// What follows the name in the usage text.
    #[must_use]
    pub const fn usage(self) -> &'static str {
        match self {
            Tool::Chpst => {
                " [-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] [-/ root] [-C pwd] [-n nice] \
                 [-l|-L lock] [-m n] [-d n] [-o n] [-p n] [-f n] [-c n] [-t n] prog"
            }
            Tool::Setuidgid | Tool::Envuidgid => " account child",
            Tool::Envdir => " dir child",
            Tool::Pgrphack => " child",
            Tool::Setlock => " [ -nNxX ] file program [ arg ... ]",
            Tool::Softlimit => {
                " [-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] [-m membytes] \
                 [-o openfiles] [-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs] child"
            }
        }
    }

    /// What it does, below the usage of `--help`.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Tool::Chpst => "Run a program with another process state, changed in this order.\n",
            Tool::Setuidgid => "Run a program with the ids of an account.\n",
            Tool::Envuidgid => "Run a program with UID and GID set to the numbers of an account.\n",
            Tool::Envdir => "Run a program with variables set from the files of a directory.\n",
            Tool::Pgrphack => "Run a program in a session of its own.\n",
            Tool::Setlock => "Run a program that holds a lock on a file.\n",
            Tool::Softlimit => {
                "Run a program under soft limits. A number is bytes, seconds or a count; = is\nthe hard limit.\n"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(Tool::of(b"/usr/bin/chpst"), (b"chpst".as_slice(), Tool::Chpst));
        assert_eq!(Tool::of(b"envdir").1, Tool::Envdir);
        assert_eq!(Tool::of(b"./denvdir"), (b"envdir".as_slice(), Tool::Envdir));
        assert_eq!(Tool::of(b"ddenvdir"), (b"denvdir".as_slice(), Tool::Chpst), "one d only");
        assert_eq!(Tool::of(b"d").0, b"");
        assert_eq!(Tool::of(b"").1, Tool::Chpst);
        assert_eq!(Tool::of(b"Envdir").1, Tool::Chpst);
        for name in ["setuidgid", "envuidgid", "envdir", "pgrphack", "setlock", "softlimit"] {
            let (shown, tool) = Tool::of(name.as_bytes());
            assert!(shown == name.as_bytes() && tool != Tool::Chpst, "{name}");
        }
    }
}
