//! The command line, in the grammar of the name that was used.
use super::limit::{MEMORY, amount};
use super::plan::{Account, Plan};
use super::tool::Tool;
use crate::args::{Opt, Options, number};
use platform::Resource;

/// What the command line amounts to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is no heap, and only one of it")]
pub enum CommandLine<'a> {
    /// Do this.
    Run(Plan<'a>),
    /// Complain, if there is something to complain about, and show the usage of a tool.
    Usage(Option<Complaint<'a>>, Tool),
    /// `-V`: version and usage, both on descriptor 2.
    ShortVersion,
    /// `--version`.
    Version,
    /// `--help`.
    Help,
}

/// What is wrong with a command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Complaint<'a> {
    /// A letter that is no option.
    Illegal(u8),
    /// A letter whose argument is missing.
    Missing(u8),
    /// A word with two dashes that is no option.
    IllegalWord(&'a [u8]),
    /// A long option whose argument is missing.
    MissingWord(&'static str),
    /// A long option with an argument that makes no sense.
    Invalid(&'static str, &'a [u8]),
}

impl<'a> Complaint<'a> {
    /// The text behind the program's name, in parts.
    #[must_use]
    pub const fn parts<'s>(&'s self) -> [&'s [u8]; 3]
    where
        'a: 's,
    {
        const ILLEGAL: &[u8] = b": illegal option -- ";
        const MISSING: &[u8] = b": option requires an argument -- ";
        match self {
            Complaint::Illegal(letter) => [ILLEGAL, core::slice::from_ref(letter), b""],
            Complaint::Missing(letter) => [MISSING, core::slice::from_ref(letter), b""],
            Complaint::IllegalWord(word) => [ILLEGAL, b"--", word],
            Complaint::MissingWord(word) => [MISSING, b"--", word.as_bytes()],
            Complaint::Invalid(what, word) => [b": ", what.as_bytes(), word],
        }
    }
}

/// Why a command line is none.
type Refusal<'a> = Option<Complaint<'a>>;

impl<'a> CommandLine<'a> {
    /// Understands a command line; `word` gives its words, 0 being the program's name.
    pub fn of(tool: Tool, word: impl Fn(usize) -> Option<&'a [u8]>) -> CommandLine<'a> {
        // Nobody calls a tool with one operand; four of them have nothing but operands.
        match (word(1), word(2)) {
            (Some(b"--help"), None) => return CommandLine::Help,
            (Some(b"--version"), None) => return CommandLine::Version,
            _ => {}
        }
        let none = Plan::default();
        let plan = match tool {
            Tool::Chpst => return chpst(&word),
            Tool::Softlimit => return softlimit(&word),
            Tool::Setlock => setlock(&word),
            Tool::Pgrphack => Ok(Plan { session: true, program: 1, ..none }),
            Tool::Setuidgid | Tool::Envuidgid | Tool::Envdir => word(1).ok_or(None).map(|it| match tool {
                Tool::Setuidgid => Plan { account: Some(Account::Name(it)), program: 2, ..none },
                Tool::Envuidgid => Plan { name: Some(Account::Name(it)), program: 2, ..none },
                _ => Plan { environment: Some(it), strict: true, program: 2, ..none },
            }),
        };
        finished(plan, tool, &word)
    }
}

/// There must be a program.
fn finished<'a>(
    plan: Result<Plan<'a>, Refusal<'a>>,
    tool: Tool,
    word: &impl Fn(usize) -> Option<&'a [u8]>,
) -> CommandLine<'a> {
    match plan {
        Ok(plan) if word(plan.program).is_some() => CommandLine::Run(plan),
        Ok(_) => CommandLine::Usage(None, tool),
        Err(wrong) => CommandLine::Usage(wrong, tool),
    }
}

fn chpst<'a>(word: &impl Fn(usize) -> Option<&'a [u8]>) -> CommandLine<'a> {
    let mut plan = Plan::default();
    let mut options = Options::new(word, Tool::Chpst.letters());
    while let Some(option) = options.next() {
        let understood = match option {
            Opt::Flag(b'V') => return CommandLine::ShortVersion,
            Opt::Long(b"help") => return CommandLine::Help,
            Opt::Long(b"version") => return CommandLine::Version,
            Opt::Flag(letter) => plan.flag(letter),
            Opt::Value(letter, value) => plan.value(letter, value),
            Opt::Illegal(letter) => Err(Some(Complaint::Illegal(letter))),
            Opt::Missing(letter) => Err(Some(Complaint::Missing(letter))),
            Opt::Long(b"") => break,
            Opt::Long(long) => {
                options.resume();
                plan.long(long, || options.argument())
            }
        };
        if let Err(wrong) = understood {
            return CommandLine::Usage(wrong, Tool::Chpst);
        }
    }
    plan.program = options.operands();
    let named = matches!(plan.account, Some(Account::Text([first, ..])) if *first != b':');
    if plan.groups && !named {
        let wrong = Complaint::Invalid("--groups needs -u with the name of a user", b"");
        return CommandLine::Usage(Some(wrong), Tool::Chpst);
    }
    finished(Ok(plan), Tool::Chpst, word)
}

impl<'a> Plan<'a> {
    fn flag(&mut self, letter: u8) -> Result<(), Refusal<'a>> {
        match letter {
            b'P' => self.session = true,
            b'v' => self.verbose = true,
            b'0' => self.close[0] = true,
            b'1' => self.close[1] = true,
            b'2' => self.close[2] = true,
            _ => return Err(Some(Complaint::Illegal(letter))),
        }
        Ok(())
    }

    fn value(&mut self, letter: u8, value: &'a [u8]) -> Result<(), Refusal<'a>> {
        let resources: &[Resource] = match letter {
            b'u' => return set(&mut self.account, Account::Text(value)),
            b'U' => return set(&mut self.name, Account::Text(value)),
            b'b' => return set(&mut self.argv0, value),
            b'e' => return set(&mut self.environment, value),
            b'/' => return set(&mut self.root, value),
            b'C' => return set(&mut self.directory, value),
            b'n' => {
                self.nice = nice(value).ok_or(None)?;
                return Ok(());
            }
            b'l' | b'L' if self.lock.is_some() => return Err(None),
            b'l' | b'L' => return set(&mut self.lock, (value, letter == b'l')),
            b'm' => &MEMORY,
            b'd' => &[Resource::Data],
            b'o' => &[Resource::Files],
            b'p' => &[Resource::Processes],
            b'f' => &[Resource::FileSize],
            b'c' => &[Resource::Core],
            b'r' => &[Resource::Resident],
            b't' => &[Resource::Cpu],
            _ => return Err(Some(Complaint::Illegal(letter))),
        };
        self.limits.set(resources, amount(value).ok_or(None)?);
        Ok(())
    }

    /// Long options are ours alone. C runit ends the options at any word with two dashes and drops
    /// it; here one that is not known is an error, for it may have been meant to take rights away.
    fn long(&mut self, long: &'a [u8], next: impl FnOnce() -> Option<&'a [u8]>) -> Result<(), Refusal<'a>> {
        match long {
            b"groups" => self.groups = true,
            b"no-new-privs" => self.no_new_privileges = true,
            b"umask" => self.umask = Some(mask(next().ok_or(Some(Complaint::MissingWord("umask")))?)?),
            [b'u', b'm', b'a', b's', b'k', b'=', value @ ..] => self.umask = Some(mask(value)?),
            _ => return Err(Some(Complaint::IllegalWord(long))),
        }
        Ok(())
    }
}

fn set<'a, T>(slot: &mut Option<T>, value: T) -> Result<(), Refusal<'a>> {
    *slot = Some(value);
    Ok(())
}

/// An octal number of at most 0777.
fn mask(word: &[u8]) -> Result<u32, Refusal<'_>> {
    let wrong = Some(Complaint::Invalid("not a file mode creation mask: ", word));
    let mut value: u32 = 0;
    for byte in word {
        match byte {
            b'0'..=b'7' if value < 0o100 => value = (value << 3) | u32::from(byte & 7),
            _ => return Err(wrong),
        }
    }
    if word.is_empty() { Err(wrong) } else { Ok(value) }
}

/// From one end of the nice levels to the other, on every system. C libraries add what they are given
/// to the level in 32 bits: more could wrap to a better level than that of now.
const FARTHEST: i32 = 40;

/// A number with at most one sign, as large as makes a difference.
fn nice(word: &[u8]) -> Option<i32> {
    let (negative, digits) = match word {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, word),
    };
    let significant = digits.iter().position(|byte| *byte != b'0').unwrap_or(digits.len());
    let digits = digits.get(significant..)?;
    let (value, rest) = number(digits);
    if !rest.is_empty() {
        return None;
    }
    // The scanner wraps where there are more digits.
    let value = if digits.len() > 19 { FARTHEST } else { i32::try_from(value).unwrap_or(FARTHEST) };
    let value = value.min(FARTHEST);
    Some(if negative { value.saturating_neg() } else { value })
}

fn setlock<'a>(word: &impl Fn(usize) -> Option<&'a [u8]>) -> Result<Plan<'a>, Refusal<'a>> {
    let mut plan = Plan::default();
    let mut wait = true;
    let mut options = Options::new(word, Tool::Setlock.letters());
    for option in options.by_ref() {
        match option {
            // DEV-80.
            Opt::Flag(b'n') => wait = false,
            Opt::Flag(b'N') => wait = true,
            Opt::Flag(letter) => plan.quiet = letter == b'x',
            other => wrong(other)?,
        }
    }
    let file = options.operands();
    plan.lock = Some((word(file).ok_or(None)?, wait));
    plan.program = file.saturating_add(1);
    Ok(plan)
}

fn softlimit<'a>(word: &impl Fn(usize) -> Option<&'a [u8]>) -> CommandLine<'a> {
    let mut plan = Plan::default();
    let mut options = Options::new(word, Tool::Softlimit.letters());
    for option in options.by_ref() {
        let done = match option {
            Opt::Value(letter, value) => {
                let amount =
                    if value == b"=" { Some(Some(super::limit::Amount::Hard)) } else { amount(value) };
                // C runit's usage text is that of chpst here.
                let Some(amount) = amount else { return CommandLine::Usage(None, Tool::Chpst) };
                plan.limits.set(soft(letter), amount);
                Ok(())
            }
            other => wrong(other),
        };
        if let Err(wrong) = done {
            return CommandLine::Usage(wrong, Tool::Softlimit);
        }
    }
    plan.program = options.operands();
    finished(Ok(plan), Tool::Softlimit, word)
}

const fn soft(letter: u8) -> &'static [Resource] {
    match letter {
        b'a' => &[Resource::AddressSpace],
        b'c' => &[Resource::Core],
        b'd' => &[Resource::Data],
        b'f' => &[Resource::FileSize],
        b'l' => &[Resource::Locked],
        b'm' => &MEMORY,
        b'o' => &[Resource::Files],
        b'p' => &[Resource::Processes],
        b'r' => &[Resource::Resident],
        b's' => &[Resource::Stack],
        b't' => &[Resource::Cpu],
        _ => &[],
    }
}

/// What the parser found and the program does not know. A word with two dashes ends the options.
fn wrong<'a>(option: Opt<'_>) -> Result<(), Refusal<'a>> {
    match option {
        Opt::Illegal(letter) | Opt::Flag(letter) | Opt::Value(letter, _) => {
            Err(Some(Complaint::Illegal(letter)))
        }
        Opt::Missing(letter) => Err(Some(Complaint::Missing(letter))),
        Opt::Long(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
