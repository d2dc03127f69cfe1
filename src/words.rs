//! The options of the programs, one table for each. The letters that a program understands, its help and the
//! completions of three shells are made of it; its manual page is held against it (`tests/src/words.rs`).
use crate::fixed::Text;
use crate::sv::format::Format;

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// As it is typed: `-v`, `--help`.
    pub name: &'static str,
    /// What follows it.
    pub takes: Takes,
    /// What it does. Neither colons nor quotation marks: completions have it too.
    pub about: &'static str,
}

/// What follows an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// Nothing, and it may be given again, which means more.
    More,
    /// Nothing at all: it is alone on its command line.
    Alone,
    /// The name of a user.
    User,
    /// A file.
    File,
    /// A directory.
    Directory,
    /// Something else, called so.
    Value(&'static str),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Nothing, or an equals sign and one of these words.
    Equals(&'static [&'static str]),
    /// Nothing: it is the name of a format.
    Format(Format),
}

impl Takes {
    /// Whether it is an argument.
    #[must_use]
    pub const fn is_argument(self) -> bool {
        match self {
            Takes::Nothing | Takes::More | Takes::Alone | Takes::Equals(_) | Takes::Format(_) => false,
            Takes::User | Takes::File | Takes::Directory | Takes::Value(_) | Takes::Choice(_) => true,
        }
    }
}

const fn word(name: &'static str, takes: Takes, about: &'static str) -> Word {
    Word { name, takes, about }
}

use Takes::{Alone, Choice, Directory, Equals, File, More, Nothing, User, Value};

const SHORT_VERSION: Word = word("-V", Alone, "show the version and the usage, and fail");
const HELP: Word = word("--help", Alone, "show this");
const VERSION: Word = word("--version", Alone, "show the version");

/// Those of sv.
pub const SV: &[Word] = &[
    word("-v", Nothing, "wait and report for commands that do not wait by themselves"),
    word("-w", Value("seconds"), "wait so long instead of 7 (or $SVWAIT), and report"),
    SHORT_VERSION,
    HELP,
    VERSION,
    word("--platform", Alone, "show what this system offers to process 1 and to supervisors"),
    word("--json", Takes::Format(Format::Json), "show JSON; with commands that wait, what came of it too"),
    word(
        "--color",
        Equals(&["auto", "always", "never"]),
        "colours, and status as a table, on terminals, always (a pipe too), or never",
    ),
    word("--all", Nothing, "every service of the directory; what status shows without a service"),
    word("--user", Nothing, "services of $XDG_CONFIG_HOME/service (~/.config/service) instead"),
];

/// Those of sv that stand in the place of a command.
pub const SV_INSTEAD: &[Word] = &[
    word("--watch", Nothing, "tell of every change until ended"),
    word("--wait", Choice(&["up", "down", "ready", "done", "failed"]), "wait for this state; send nothing"),
    word("--list-available", Nothing, "name the services that can be enabled"),
    word("--enable", Nothing, "link services into the directory of services"),
    word("--disable", Nothing, "take such links out again"),
    word("--new", Nothing, "make a service, with a log, of a name and a command line"),
    word("--now", Nothing, "with these three, start or stop them too"),
    word("--log", Nothing, "show the last lines of logs"),
    word("--explain", Nothing, "say why services are as they are, and what to do"),
];

/// Those of sv behind `--log`.
pub const SV_LOG: &[Word] = &[
    word("-f", Nothing, "go on with lines to come"),
    word("-n", Value("lines"), "so many of each log, or all, instead of 10"),
    word("--raw", Nothing, "lines as they are, on a terminal too"),
    word("--local", Nothing, "stamps in local time, elsewhere too"),
];

/// Those of chpst under its own name, in the order in which they take effect; behind them those that change nothing.
pub const CHPST: &[Word] = &[
    word(
        "--notify-fd",
        Value("descriptor"),
        "with this descriptor; a newline there is told to NOTIFY_SOCKET",
    ),
    word("-P", Nothing, "in a session of its own"),
    word("-e", Directory, "with variables set from the files of a directory"),
    word("-/", Directory, "with this root directory"),
    word("-C", Directory, "in this directory"),
    word("-n", Value("level"), "with so much added to its nice level"),
    word("-U", User, "with UID and GID in its environment, those of a user, or of numbers"),
    word("-u", User, "as this user, or these numbers, in the groups named only"),
    word("--groups", Nothing, "with -u, in all groups of the user as well"),
    word(
        "--notify-socket",
        Value("descriptor"),
        "with a NOTIFY_SOCKET; READY=1 there is told by a newline on the descriptor",
    ),
    word("-l", File, "with a lock on this file; wait for it"),
    word("-L", File, "with a lock on this file; fail if somebody else has it"),
    word("-0", Nothing, "with standard input closed"),
    word("-1", Nothing, "with standard output closed"),
    word("-2", Nothing, "with standard error closed"),
    word("-m", Value("bytes"), "with so much data, stack, locked memory, address space, each"),
    word("-d", Value("bytes"), "with so much data"),
    word("-o", Value("number"), "with so many open files"),
    word("-p", Value("number"), "with so many processes of the user"),
    word("-f", Value("bytes"), "with files of at most this size"),
    word("-c", Value("bytes"), "with core files of at most this size"),
    word("-r", Value("bytes"), "with so much in memory"),
    word("-t", Value("seconds"), "with so much CPU time"),
    word("--umask", Value("mode"), "with this file mode creation mask"),
    word("--no-new-privs", Nothing, "never again with more privileges, whatever it executes"),
    word("-b", Value("name"), "tell the program that this is its name"),
    word("-v", Nothing, "warn of what the system does not support"),
    SHORT_VERSION,
    HELP,
    VERSION,
];

/// Those of chpst as setlock.
pub const SETLOCK: &[Word] = &[
    word("-n", Nothing, "fail if somebody else has the lock"),
    word("-N", Nothing, "wait for the lock, as without options"),
    word("-x", Nothing, "be silent and exit 0 when that fails"),
    word("-X", Nothing, "complain, as without options"),
];

/// Those of chpst as softlimit.
pub const SOFTLIMIT: &[Word] = &[
    word("-m", Value("bytes"), "data, stack, locked memory and address space, each"),
    word("-d", Value("bytes"), "data"),
    word("-s", Value("bytes"), "stack"),
    word("-l", Value("bytes"), "locked memory"),
    word("-a", Value("bytes"), "address space"),
    word("-o", Value("number"), "open files"),
    word("-p", Value("number"), "processes of the user"),
    word("-f", Value("bytes"), "file size"),
    word("-c", Value("bytes"), "core file size"),
    word("-r", Value("bytes"), "resident set"),
    word("-t", Value("seconds"), "CPU time"),
];

/// Those of utmpset.
pub const UTMPSET: &[Word] = &[
    word("-w", Nothing, "note it in the history of logins as well, if there is one"),
    SHORT_VERSION,
    word("--boot", Nothing, "note that the system came up instead"),
    word("--shutdown", Nothing, "note that the system goes down instead"),
    HELP,
    VERSION,
];

/// Those of svlogd.
pub const SVLOGD: &[Word] = &[
    word("-t", More, "stamp lines"),
    word("-v", Nothing, "say what is done"),
    word("-r", Value("byte"), "replace what is not printable"),
    word("-R", Value("bytes"), "replace these as well"),
    word("-l", Value("bytes"), "so much of a line counts"),
    word("-b", Value("bytes"), "size of the buffers"),
    SHORT_VERSION,
    word("--lossy", Nothing, "lose lines rather than wait for a disk"),
    HELP,
    VERSION,
];

/// Where in a line of help begins what an option does.
const COLUMN: usize = 14;
/// How long a line of help may be.
const WIDTH: usize = 79;

/// Help: each option of a table with its argument, and what it does.
pub fn help(table: &[Word], put: &mut impl FnMut(&[u8])) {
    for Word { name, takes, about } in table {
        let mut left = Text::<64>::of(&[name.as_bytes()]);
        let (before, words, after): (&[u8], &[&str], &[u8]) = match takes {
            Takes::Nothing | Takes::More | Takes::Alone | Takes::Format(_) => (b"", &[], b""),
            Takes::User => (b" ", &["user"], b""),
            Takes::File => (b" ", &["file"], b""),
            Takes::Directory => (b" ", &["dir"], b""),
            Takes::Value(what) => (b" ", &[*what], b""),
            Takes::Choice(words) => (b" ", words, b""),
            Takes::Equals(words) => (b"[=", words, b"]"),
        };
        left.add(before);
        for (at, word) in words.iter().enumerate() {
            left.add_all(&[if at == 0 { b"" } else { b"|" }, word.as_bytes()]);
        }
        left.add(after);
        row(left.bytes(), about, put);
    }
}

/// A line of help, or as many as it takes: what is typed, and what it does.
pub fn row(left: &[u8], about: &str, put: &mut impl FnMut(&[u8])) {
    const INDENT: &[u8; COLUMN] = &[b' '; COLUMN];
    put(b"  ");
    put(left);
    let mut at = left.len().saturating_add(2);
    if at >= COLUMN {
        put(b"\n");
        at = 0;
    }
    put(INDENT.get(at..).unwrap_or_default());
    at = COLUMN;
    for word in about.split(' ') {
        let end = at.saturating_add(word.len()).saturating_add(1);
        if at > COLUMN && end > WIDTH {
            put(b"\n");
            put(INDENT);
            at = COLUMN;
        } else if at > COLUMN {
            put(b" ");
            at = at.saturating_add(1);
        }
        put(word.as_bytes());
        at = at.saturating_add(word.len());
    }
    put(b"\n");
}

/// The letters of the tables, as [`crate::args::Options`] wants them.
pub const SV_LETTERS: &[u8] = &letters::<{ length(SV) }>(SV);
/// Those of sv behind `--log`.
pub const SV_LOG_LETTERS: &[u8] = &letters::<{ length(SV_LOG) }>(SV_LOG);
/// Those of chpst.
pub const CHPST_LETTERS: &[u8] = &letters::<{ length(CHPST) }>(CHPST);
/// Those of setlock.
pub const SETLOCK_LETTERS: &[u8] = &letters::<{ length(SETLOCK) }>(SETLOCK);
/// Those of softlimit.
pub const SOFTLIMIT_LETTERS: &[u8] = &letters::<{ length(SOFTLIMIT) }>(SOFTLIMIT);
/// Those of utmpset.
pub const UTMPSET_LETTERS: &[u8] = &letters::<{ length(UTMPSET) }>(UTMPSET);
/// Those of svlogd.
pub const SVLOGD_LETTERS: &[u8] = &letters::<{ length(SVLOGD) }>(SVLOGD);

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated at compile time")]
const fn letters<const N: usize>(table: &[Word]) -> [u8; N] {
    let mut letters = [0; N];
    let (mut at, mut row) = (0, 0);
    while row < table.len() {
        if let [b'-', letter] = table[row].name.as_bytes() {
            letters[at] = *letter;
            at += 1;
            if table[row].takes.is_argument() {
                letters[at] = b':';
                at += 1;
            }
        }
        row += 1;
    }
    letters
}

/// How many bytes [`letters`] fills.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated at compile time")]
const fn length(table: &[Word]) -> usize {
    let (mut length, mut row) = (0, 0);
    while row < table.len() {
        if table[row].name.len() == 2 {
            length += if table[row].takes.is_argument() { 2 } else { 1 };
        }
        row += 1;
    }
    length
}
