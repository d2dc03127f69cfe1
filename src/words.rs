//! The options of the programs, one table for each. The letters that a program understands and the completions
//! of three shells are made of it; its help and its manual page are held against it (`tests/src/words.rs`).

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// As it is typed: `-v`, `--help`.
    pub name: &'static str,
    /// What follows it.
    pub takes: Takes,
    /// What it does, for completions.
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
}

impl Takes {
    /// Whether it is an argument.
    #[must_use]
    pub const fn is_argument(self) -> bool {
        match self {
            Takes::Nothing | Takes::More | Takes::Alone | Takes::Equals(_) => false,
            Takes::User | Takes::File | Takes::Directory | Takes::Value(_) | Takes::Choice(_) => true,
        }
    }
}

const fn word(name: &'static str, takes: Takes, about: &'static str) -> Word {
    Word { name, takes, about }
}

use Takes::{Alone, Choice, Directory, Equals, File, More, Nothing, User, Value};

const SHORT_VERSION: Word = word("-V", Alone, "show the version and the usage");
const HELP: Word = word("--help", Alone, "show the options");
const VERSION: Word = word("--version", Alone, "show the version");

/// Those of sv.
pub const SV: &[Word] = &[
    word("-v", Nothing, "wait and report"),
    word("-w", Value("seconds"), "wait so long"),
    SHORT_VERSION,
    HELP,
    VERSION,
    word("--platform", Alone, "show what this system offers"),
    word("--all", Nothing, "every service of the directory"),
    word("--json", Nothing, "show JSON"),
    word("--color", Equals(&["auto", "always", "never"]), "when there are colours"),
    word("--watch", Nothing, "tell of every change"),
    word("--wait", Choice(&["up", "down", "ready", "done", "failed"]), "wait for this state"),
    word("--list-available", Nothing, "name the services that can be enabled"),
    word("--enable", Nothing, "link services into the directory"),
    word("--disable", Nothing, "take such links out"),
    word("--now", Nothing, "start or stop them too"),
    word("--new", Nothing, "make a service of a command"),
    word("--log", Nothing, "show the last lines of logs"),
    word("--explain", Nothing, "say why services are as they are"),
    word("--user", Nothing, "the services of the user"),
];

/// Those of sv behind `--log`.
pub const SV_LOG: &[Word] = &[
    word("-f", Nothing, "go on with lines to come"),
    word("-n", Value("lines"), "so many lines, or all"),
    word("--raw", Nothing, "lines as they are"),
    word("--local", Nothing, "stamps in local time"),
];

/// Those of chpst under its own name.
pub const CHPST: &[Word] = &[
    word("-u", User, "become this user"),
    word("-U", User, "tell the numbers of this user"),
    word("-b", Value("name"), "say that this is the name"),
    word("-e", Directory, "variables from this directory"),
    word("-/", Directory, "root directory"),
    word("-C", Directory, "current directory"),
    word("-n", Value("level"), "add to the nice level"),
    word("-l", File, "wait for a lock"),
    word("-L", File, "take a lock or fail"),
    word("-m", Value("bytes"), "data, stack, locked memory, address space"),
    word("-d", Value("bytes"), "data"),
    word("-o", Value("number"), "open descriptors"),
    word("-p", Value("number"), "processes"),
    word("-f", Value("bytes"), "file size"),
    word("-c", Value("bytes"), "core file size"),
    word("-r", Value("bytes"), "resident set"),
    word("-t", Value("seconds"), "CPU time"),
    word("-v", Nothing, "warn"),
    word("-P", Nothing, "in a new session"),
    word("-0", Nothing, "close standard input"),
    word("-1", Nothing, "close standard output"),
    word("-2", Nothing, "close standard error"),
    SHORT_VERSION,
    word("--groups", Nothing, "in all groups of the user"),
    word("--umask", Value("mode"), "file mode creation mask"),
    word("--notify-socket", Value("descriptor"), "a newline here when sd_notify says ready"),
    word("--notify-fd", Value("descriptor"), "sd_notify when a newline comes here"),
    word("--no-new-privs", Nothing, "never more privileges"),
    HELP,
    VERSION,
];

/// Those of chpst as setlock.
pub const SETLOCK: &[Word] = &[
    word("-n", Nothing, "fail if the lock is held"),
    word("-N", Nothing, "wait for the lock"),
    word("-x", Nothing, "be silent about failures"),
    word("-X", Nothing, "complain"),
];

/// Those of chpst as softlimit.
pub const SOFTLIMIT: &[Word] = &[
    word("-m", Value("bytes"), "data, stack, locked memory, address space"),
    word("-d", Value("bytes"), "data"),
    word("-s", Value("bytes"), "stack"),
    word("-l", Value("bytes"), "locked memory"),
    word("-a", Value("bytes"), "address space"),
    word("-o", Value("number"), "open descriptors"),
    word("-p", Value("number"), "processes"),
    word("-f", Value("bytes"), "file size"),
    word("-c", Value("bytes"), "core file size"),
    word("-r", Value("bytes"), "resident set"),
    word("-t", Value("seconds"), "CPU time"),
];

/// Those of utmpset.
pub const UTMPSET: &[Word] = &[
    word("-w", Nothing, "note it in the history as well"),
    SHORT_VERSION,
    word("--boot", Nothing, "note that the system came up"),
    word("--shutdown", Nothing, "note that the system goes down"),
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
