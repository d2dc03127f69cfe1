//! One program, seven names.
use crate::args::basename;
use crate::words;

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

    /// Its options, as [`crate::args::Options`] wants them. Four of the names have none.
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

    /// What `--help` says below the usage.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Tool::Chpst => CHPST,
            Tool::Setuidgid => "Run a program with the ids of an account.\n",
            Tool::Envuidgid => "Run a program with UID and GID set to the numbers of an account.\n",
            Tool::Envdir => "Run a program with variables set from the files of a directory.\n",
            Tool::Pgrphack => "Run a program in a session of its own.\n",
            Tool::Setlock => SETLOCK,
            Tool::Softlimit => SOFTLIMIT,
        }
    }
}

const CHPST: &str = "\
Run a program with another process state.

options, in the order in which they take effect
  --notify-fd fd
              with a descriptor fd: a newline there is told to NOTIFY_SOCKET
  -P          in a session of its own
  -e dir      with variables set from the files in dir
  -/ root     with root as its root directory
  -C pwd      in the directory pwd
  -n nice     with so much added to its nice level
  -U user[:group], -U :uid:gid
              with UID and GID set in its environment
  -u user[:group[:group]...], -u :uid:gid[:gid]...
              as this user, in these groups only
  --groups    with -u user: in all of the user's groups as well
  --notify-socket fd
              with a NOTIFY_SOCKET: READY=1 there is told by a newline on fd
  -l lock     with a lock on this file; wait for it
  -L lock     the same; fail if somebody else has it
  -0 -1 -2    with this descriptor closed
  -m n        with n bytes each of data, stack, locked memory, address space
  -d n        with n bytes of data
  -o n -p n   with n open files; n processes of this user
  -f n -c n   with files, core files of at most n bytes
  -r n -t n   with n bytes in memory; n seconds of CPU time
  --umask mode
              with this file mode creation mask
  --no-new-privs
              never again more privileges, whatever it executes
and
  -b argv0    tell the program that this is its name
  -v          warn of what the system does not support
  -V          show the version and the usage, and fail
  --help, --version
";

const SETLOCK: &str = "\
Run a program that holds a lock on a file.

  -n  fail if somebody else has the lock     -N  wait for it (default)
  -x  be silent and exit 0 when that fails   -X  complain (default)
";

const SOFTLIMIT: &str = "\
Run a program under soft limits. A number is bytes, seconds or a count; = is
the hard limit.

  -m  data, stack, locked memory and address space, each
  -d  data      -s  stack         -l  locked memory   -a  address space
  -o  files     -p  processes     -f  file size       -c  core file size
  -r  resident  -t  CPU seconds
";

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

    #[test]
    fn help_fits_a_terminal() {
        for tool in [Tool::Chpst, Tool::Setlock, Tool::Softlimit, Tool::Envdir] {
            assert!(tool.help().lines().all(|line| line.len() < 80) && tool.help().ends_with('\n'));
        }
    }
}
