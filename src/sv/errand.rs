//! What sv does beyond the commands of runit: long options, alone or with a command. C runit's sv drops every word
//! that begins with two dashes, so none of its calls means anything else here.
use super::command::{Plan, Task};
use super::format::Format;
use super::invocation::Invocation;
use crate::args::amount;

/// When there are colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set or the terminal is dumb.
    #[default]
    Auto,
    /// Wherever the output goes.
    Always,
    /// Nowhere.
    Never,
}

/// How something is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Show {
    /// In another format than lines or a table.
    pub format: Option<Format>,
    /// Every service of the directory.
    pub all: bool,
    /// When there are colours.
    pub colour: Colour,
    /// Of the user's own services.
    pub user: bool,
}

impl Show {
    /// Takes an option, without its two dashes; whether it is one, and whether it is a right one.
    pub fn take(&mut self, option: &[u8]) -> Option<bool> {
        if let Some(format) = Format::of(option) {
            self.format = Some(format);
            return Some(true);
        }
        match option {
            b"all" => self.all = true,
            b"user" => self.user = true,
            b"color" | b"color=always" => self.colour = Colour::Always,
            b"color=auto" => self.colour = Colour::Auto,
            b"color=never" => self.colour = Colour::Never,
            [b'c', b'o', b'l', b'o', b'r', b'=', ..] => return Some(false),
            _ => return None,
        }
        Some(true)
    }

    /// Whether a table is wanted rather than lines where there can be one: lines about services that were named are
    /// what scripts on terminals have always read.
    #[must_use]
    pub const fn is_table(&self) -> bool {
        self.all || matches!(self.colour, Colour::Always)
    }

    /// Whether a word is such an option.
    #[must_use]
    pub fn knows(word: &[u8]) -> bool {
        word.strip_prefix(b"--").is_some_and(|option| Show::default().take(option).is_some())
    }
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// Tell of changes.
    Watch,
    /// Wait for a state; which, is the first operand.
    Wait,
    /// Link services into the directory of services.
    Enable,
    /// Take such links out again.
    Disable,
    /// Name the services that could be enabled.
    ListAvailable,
    /// Make a service of a command line.
    New,
}

/// All of them, with their options.
const WHATS: [(What, &[u8]); 6] = [
    (What::Watch, b"watch"),
    (What::Wait, b"wait"),
    (What::Enable, b"enable"),
    (What::Disable, b"disable"),
    (What::ListAvailable, b"list-available"),
    (What::New, b"new"),
];

impl What {
    /// Understands an option, without its two dashes.
    #[must_use]
    pub fn of(option: &[u8]) -> Option<What> {
        WHATS.iter().find(|known| known.1 == option).map(|known| known.0)
    }
}

/// Why a call is wrong: a word, if there is one, and the reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// The word's index.
    pub at: Option<usize>,
    /// What is wrong.
    pub why: &'static str,
}

/// For a value of `--color` that is none.
pub const NO_COLOUR: &str = "not auto, always or never";
/// For words that are no services.
pub const NOT_HERE: &str = "not with this";

/// A command line of this kind, understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errand {
    /// What is to be done.
    pub what: What,
    /// How it is shown.
    pub show: Show,
    /// `--now`: start or stop, too.
    pub now: bool,
    /// `--enable` beside `--new`.
    pub enable: bool,
    /// What `--wait` is to wait for.
    pub goal: Option<Plan>,
    /// How many seconds to wait.
    pub seconds: u64,
    /// Where the words behind the option begin.
    begin: usize,
    operands: usize,
}

impl Errand {
    /// Understands the words from `begin`, which follow the option `what`.
    ///
    /// # Errors
    /// If they cannot be understood.
    pub fn of<'a>(
        what: What,
        show: Show,
        seconds: u64,
        begin: usize,
        word: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> Result<Errand, Wrong> {
        let mut errand =
            Errand { what, show, now: false, enable: false, goal: None, seconds, begin, operands: 0 };
        let mut count: usize = 0;
        errand.scan(&word, &mut |_| count = count.saturating_add(1))?;
        errand.operands = count;
        errand.check()?;
        Ok(errand)
    }

    /// The operands, one after the other, which were found to be right.
    pub fn operands<'a>(&self, word: impl Fn(usize) -> Option<&'a [u8]>, mut tell: impl FnMut(&'a [u8])) {
        let mut again = Errand { goal: None, ..*self };
        let _ = again.scan(&word, &mut tell);
    }

    /// `--wait` as a command.
    #[must_use]
    pub fn invocation(&self) -> Invocation {
        self.with(self.goal.unwrap_or(Plan { task: Task::Check }))
    }

    /// A command, with what was said of how it shall be done.
    #[must_use]
    pub fn with(&self, plan: Plan) -> Invocation {
        let mut invocation = Invocation::new(plan, true);
        (invocation.seconds, invocation.show) = (self.seconds, self.show);
        invocation
    }

    fn check(&self) -> Result<(), Wrong> {
        let wrong = |why| Err(Wrong { at: None, why });
        let (names, all) = (self.operands > 0, self.show.all);
        match self.what {
            What::Watch | What::Wait if names && all => wrong("--all names every service already"),
            What::Wait if self.goal.is_none() => wrong("--wait wants up, down, ready, done or failed"),
            What::Wait if !names && !all => wrong("--wait wants services"),
            What::Enable | What::Disable if !names => wrong("which services?"),
            What::New if self.operands < 2 => wrong("--new wants a name and a command"),
            What::ListAvailable if names => wrong("--list-available takes no services"),
            What::Enable | What::Disable | What::ListAvailable | What::New
                if all || self.show.format.is_some() =>
            {
                wrong("--all and formats are for what shows states")
            }
            What::Watch | What::Wait | What::ListAvailable if self.now => {
                wrong("--now is for --enable, --disable and --new")
            }
            What::New if self.now && !self.enable => wrong("--now wants --enable beside --new"),
            What::Watch | What::Wait | What::Enable | What::Disable | What::ListAvailable | What::New => {
                Ok(())
            }
        }
    }

    /// Options may stand anywhere before `--` or, for `--new`, before the command.
    fn scan<'a>(
        &mut self,
        word: &impl Fn(usize) -> Option<&'a [u8]>,
        operand: &mut impl FnMut(&'a [u8]),
    ) -> Result<(), Wrong> {
        let (mut at, mut ended, mut names) = (self.begin, false, 0_u32);
        while let Some(found) = word(at) {
            let here = at;
            let wrong = |why| Err(Wrong { at: Some(here), why });
            at = at.saturating_add(1);
            match found {
                b"--" if !ended => ended = true,
                [b'-', b'-', option @ ..] if !ended => match self.show.take(option) {
                    Some(true) => {}
                    Some(false) => return wrong(NO_COLOUR),
                    None => self.long(option).or_else(|()| wrong(NOT_HERE))?,
                },
                b"-v" if !ended => {}
                b"-w" if !ended => {
                    let Some(value) = word(at) else { return wrong("an argument is missing") };
                    self.seconds = amount(value);
                    at = at.saturating_add(1);
                }
                [b'-', b'w', value @ ..] if !ended => self.seconds = amount(value),
                [b'-', _, ..] if !ended => return wrong("no such option"),
                goal if self.what == What::Wait && self.goal.is_none() => {
                    self.goal = Plan::to_wait_for(goal);
                    if self.goal.is_none() {
                        return wrong("not up, down, ready, done or failed");
                    }
                }
                name => {
                    // What follows the name of a new service is its command.
                    ended |= self.what == What::New && names > 0;
                    names = names.saturating_add(1);
                    operand(name);
                }
            }
        }
        Ok(())
    }

    fn long(&mut self, option: &[u8]) -> Result<(), ()> {
        match (option, self.what) {
            (b"now", _) => self.now = true,
            (b"enable", What::New) => self.enable = true,
            (b"new", What::Enable) => (self.what, self.enable) = (What::New, true),
            // The same once more.
            _ if What::of(option) == Some(self.what) => {}
            _ => return Err(()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sv::command::Goal;

    fn of(words: &[&'static str]) -> Result<(Errand, Vec<&'static str>), Wrong> {
        let word = |at: usize| words.get(at).map(|word| word.as_bytes());
        let what = What::of(words[0].strip_prefix("--").unwrap().as_bytes()).unwrap();
        let errand = Errand::of(what, Show::default(), 7, 1, word)?;
        let mut operands = Vec::new();
        errand.operands(word, |operand| operands.push(std::str::from_utf8(operand).unwrap()));
        Ok((errand, operands))
    }

    fn why(words: &[&'static str]) -> &'static str {
        of(words).unwrap_err().why
    }

    #[test]
    fn watching() {
        let (errand, names) = of(&["--watch"]).unwrap();
        assert_eq!((errand.what, names.len(), errand.show.format), (What::Watch, 0, None));
        let (errand, names) = of(&["--watch", "web", "--json", "--", "--db"]).unwrap();
        assert_eq!((errand.show.format, names), (Some(Format::Json), vec!["web", "--db"]));
        assert_eq!(why(&["--watch", "--all", "web"]), "--all names every service already");
        assert_eq!(why(&["--watch", "-x"]), "no such option");
        assert_eq!(why(&["--watch", "--now"]), "--now is for --enable, --disable and --new");
    }

    #[test]
    fn waiting() {
        let (errand, names) = of(&["--wait", "-w", "30", "ready", "up", "-w5", "--json"]).unwrap();
        assert_eq!(errand.goal, Some(Plan { task: Task::Await(Goal::Ready) }));
        assert_eq!((errand.seconds, names), (5, vec!["up"]), "a service called up");
        assert_eq!(errand.show.format, Some(Format::Json));
        assert!(of(&["--wait", "up", "--all"]).is_ok());
        for words in [
            &["--wait", "-w", "99999999999999999999", "up", "a"] as &[_],
            &["--wait", "up", "a", "-w99999999999999999999"],
        ] {
            assert_eq!(of(words).unwrap().0.seconds, u64::MAX);
        }
        assert_eq!(why(&["--wait"]), "--wait wants up, down, ready, done or failed");
        assert_eq!(why(&["--wait", "running", "a"]), "not up, down, ready, done or failed");
        assert_eq!(why(&["--wait", "up"]), "--wait wants services");
        assert_eq!(why(&["--wait", "up", "a", "-w"]), "an argument is missing");
    }

    #[test]
    fn arranging() {
        let (errand, names) = of(&["--enable", "web", "--now", "db"]).unwrap();
        assert_eq!((errand.what, errand.now, names), (What::Enable, true, vec!["web", "db"]));
        let (errand, _) = of(&["--disable", "--now", "/etc/sv/web"]).unwrap();
        assert_eq!((errand.what, errand.now), (What::Disable, true));
        for words in [&["--enable"] as &[_], &["--disable", "--now"]] {
            assert_eq!(why(words), "which services?");
        }
        assert_eq!(why(&["--enable", "--disable", "a"]), NOT_HERE);
        assert_eq!(why(&["--enable", "--json", "a"]), "--all and formats are for what shows states");
        assert!(of(&["--list-available"]).is_ok());
        assert_eq!(why(&["--list-available", "a"]), "--list-available takes no services");
    }

    #[test]
    fn making() {
        let (errand, words) = of(&["--new", "web", "--enable", "--", "httpd", "--now", "--"]).unwrap();
        assert_eq!((errand.enable, errand.now), (true, false));
        assert_eq!(words, ["web", "httpd", "--now", "--"]);
        let (errand, words) = of(&["--new", "--enable", "--now", "web", "httpd", "-f", "--json"]).unwrap();
        assert_eq!((errand.now, words), (true, vec!["web", "httpd", "-f", "--json"]));
        let (errand, words) = of(&["--enable", "--new", "web", "httpd"]).unwrap();
        assert_eq!((errand.what, errand.enable, words), (What::New, true, vec!["web", "httpd"]));
        for words in [&["--new"] as &[_], &["--new", "web"], &["--new", "web", "--"]] {
            assert_eq!(why(words), "--new wants a name and a command");
        }
        assert_eq!(why(&["--new", "--now", "web", "x"]), "--now wants --enable beside --new");
    }

    #[test]
    fn showing() {
        let mut show = Show::default();
        for (option, taken) in [
            ("json", Some(true)),
            ("color", Some(true)),
            ("color=auto", Some(true)),
            ("color=red", Some(false)),
            ("colour", None),
            ("jsonx", None),
            ("", None),
        ] {
            assert_eq!(show.take(option.as_bytes()), taken, "{option}");
        }
        assert!(Show::knows(b"--all") && !Show::knows(b"all") && !Show::knows(b"--"));
        assert_eq!(why(&["--watch", "--color=red"]), NO_COLOUR);
    }
}
