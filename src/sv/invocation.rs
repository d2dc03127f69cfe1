//! The command line and the exit code.
use super::errand::{Colour, Errand, NO_COLOUR, Show, What, Wrong};
use super::{Plan, Task};
use crate::args::{Opt, Options, amount, basename};
use crate::words::SV_LETTERS;
use core::time::Duration;

/// How sv was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// As `sv`, for any services.
    Command,
    /// By the name of the one service, as the scripts in `/etc/init.d` are (LSB).
    Script,
}

impl Mode {
    /// The exit code of a wrong call.
    #[must_use]
    pub const fn usage_code(self) -> u8 {
        match self {
            Mode::Command => 100,
            Mode::Script => 2,
        }
    }

    /// The exit code when sv cannot go on.
    #[must_use]
    pub const fn fatal_code(self) -> u8 {
        match self {
            Mode::Command => 100,
            Mode::Script => 151,
        }
    }
}

/// What holds unless the command line says otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Defaults<'a> {
    /// The value of `SVWAIT`.
    pub svwait: Option<&'a [u8]>,
}

/// Seconds to wait where nobody says how many.
const WAIT: u64 = 7;

/// A command line understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Invocation {
    /// What to do.
    pub plan: Plan,
    /// Whether `-v` or `-w` was given.
    pub asked: bool,
    /// How long to wait.
    pub seconds: u64,
    /// The index of the word that names the first service; in script mode the services are the
    /// program's name alone.
    pub first: usize,
    /// How it is shown.
    pub show: Show,
    /// Options may stand behind the command too: those of [`Show`].
    pub behind: bool,
}

/// What the command line amounts to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommandLine {
    /// Do this.
    Run(Invocation),
    /// Complain about a letter, if there is one, and show the usage.
    Usage(Option<Opt<'static>>),
    /// `-V`: version and usage, both on descriptor 2.
    ShortVersion,
    /// `--version`.
    Version,
    /// `--help`.
    Help,
    /// `--platform`: what this system offers.
    Platform,
    /// Do what runit has no command for.
    Errand(Errand),
    /// Complain about a word, and show the usage.
    Wrong(Wrong),
    /// `--log`, with what follows.
    Log(Behind),
    /// `--explain`, with what follows.
    Explain(Behind),
}

/// Words that somebody else understands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Behind {
    /// The index of the first one.
    pub first: usize,
    /// `--user` stood before.
    pub user: bool,
}

impl Invocation {
    /// A command with nothing else said; `asked` is `-v` or `-w`.
    #[must_use]
    pub const fn new(plan: Plan, asked: bool) -> Invocation {
        let show = Show { format: None, all: false, colour: Colour::Auto, user: false };
        Invocation { plan, asked, seconds: WAIT, first: 2, show, behind: false }
    }

    /// Whether a word behind the command names a service.
    #[must_use]
    pub fn is_service(&self, word: &[u8]) -> bool {
        !(self.behind && Show::knows(word))
    }

    /// How long a service is given. C runit's sv looks every 0.42 s and gives up at the first look that
    /// comes later than what it was told, so it is never sooner than that here: `-w 0` is one such step.
    #[must_use]
    pub fn patience(&self) -> Duration {
        const STEP: u64 = 420;
        let steps = self.seconds.saturating_mul(1000) / STEP;
        Duration::from_millis(steps.saturating_add(1).saturating_mul(STEP))
    }
}

/// The name sv was called by, and what that makes of it.
#[must_use]
pub fn program(argv0: &[u8]) -> (&[u8], Mode) {
    let name = basename(argv0);
    (name, if name == b"sv" { Mode::Command } else { Mode::Script })
}

impl CommandLine {
    /// Understands a command line; `word` gives its words, 0 being the program's name.
    pub fn of<'a>(
        mode: Mode,
        defaults: Defaults<'_>,
        word: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> CommandLine {
        let mut asked = false;
        let mut seconds = defaults.svwait.map_or(WAIT, amount);
        let (mut show, mut behind) = (Show::default(), mode == Mode::Command);
        let mut options = Options::new(&word, SV_LETTERS);
        while let Some(option) = options.next() {
            match option {
                Opt::Value(_, value) => {
                    asked = true;
                    seconds = amount(value);
                }
                Opt::Flag(b'V') => return CommandLine::ShortVersion,
                Opt::Flag(_) => asked = true,
                Opt::Illegal(letter) => return CommandLine::Usage(Some(Opt::Illegal(letter))),
                Opt::Missing(letter) => return CommandLine::Usage(Some(Opt::Missing(letter))),
                Opt::Long(b"version") => return CommandLine::Version,
                Opt::Long(b"help") => return CommandLine::Help,
                Opt::Long(_) if mode == Mode::Script => {}
                Opt::Long(b"platform") => return CommandLine::Platform,
                Opt::Long(what @ (b"log" | b"explain")) => {
                    let behind = Behind { first: options.operands(), user: show.user };
                    return if what == b"log" {
                        CommandLine::Log(behind)
                    } else {
                        CommandLine::Explain(behind)
                    };
                }
                Opt::Long(option) => match (What::of(option), show.take(option)) {
                    (Some(what), _) => {
                        let errand = Errand::of(what, show, seconds, options.operands(), &word);
                        return errand.map_or_else(CommandLine::Wrong, CommandLine::Errand);
                    }
                    (None, Some(true)) => options.resume(),
                    (None, Some(false)) => return wrong(options.operands().checked_sub(1), NO_COLOUR),
                    // Dropped, as it always was.
                    (None, None) => behind = false,
                },
            }
        }
        let at = options.operands();
        let first = at.saturating_add(1);
        let script = mode == Mode::Script;
        let Some(plan) = word(at).and_then(|command| Plan::of(command, script)) else {
            return CommandLine::Usage(None);
        };
        let mut invocation = Invocation { plan, asked, seconds, first, show, behind };
        let mut names = false;
        for at in first.. {
            let Some(word) = word(at) else { break };
            if invocation.is_service(word) {
                names = true;
            } else if invocation.show.take(word.get(2..).unwrap_or_default()) == Some(false) {
                return wrong(Some(at), NO_COLOUR);
            }
        }
        // Without it there would be no outcome to tell of.
        invocation.asked |= invocation.show.format.is_some();
        let status = plan.task == Task::Status;
        match (script || names, invocation.show.all) {
            (true, true) if !script => wrong(None, "--all names every service already"),
            (false, true) if !status => wrong(None, "--all is for status, --watch and --wait"),
            // C runit's sv calls that wrong.
            (false, _) if status => {
                invocation.show.all = true;
                CommandLine::Run(invocation)
            }
            (false, _) => CommandLine::Usage(None),
            (true, _) => CommandLine::Run(invocation),
        }
    }
}

const fn wrong(at: Option<usize>, why: &'static str) -> CommandLine {
    CommandLine::Wrong(Wrong { at, why })
}

/// Counts what went wrong, which is the exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    failures: u32,
    state: Option<u8>,
}

impl Tally {
    /// One more service failed.
    pub fn fail(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// Those of another command too.
    pub fn add(&mut self, other: Tally) {
        self.failures = self.failures.saturating_add(other.failures);
    }

    /// What a script called `status` exits with: 0 there is a process, 3 there is none, 4 nobody
    /// knows.
    pub fn state(&mut self, code: u8) {
        self.state = Some(code);
    }

    /// The exit code: the number of failures, which ends at 99.
    #[must_use]
    pub fn code(self, mode: Mode) -> u8 {
        let count = u8::try_from(self.failures.min(99)).unwrap_or(99);
        match (mode, self.state) {
            (Mode::Command, _) | (Mode::Script, None) => count,
            (Mode::Script, Some(code)) => code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &'static [&'static str], mode: Mode, svwait: Option<&str>) -> CommandLine {
        let defaults = Defaults { svwait: svwait.map(str::as_bytes) };
        CommandLine::of(mode, defaults, |at| words.get(at).map(|word| word.as_bytes()))
    }

    fn run(words: &'static [&'static str]) -> (bool, u64, usize) {
        match of(words, Mode::Command, None) {
            CommandLine::Run(invocation) => (invocation.asked, invocation.seconds, invocation.first),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options() {
        assert_eq!(run(&["sv", "up", "a"]), (false, 7, 2));
        assert_eq!(run(&["sv", "-v", "up", "a"]), (true, 7, 3));
        assert_eq!(run(&["sv", "-w", "10", "up", "a"]), (true, 10, 4));
        assert_eq!(run(&["sv", "-w10x", "-v", "up", "a"]), (true, 10, 4));
        assert_eq!(run(&["sv", "-vw", "x", "up", "a"]), (true, 0, 4));
        assert_eq!(run(&["sv", "-w1", "-w2", "up", "a"]).1, 2);
        assert_eq!(
            run(&["sv", "-w", "18446744073709551617", "up", "a"]).1,
            u64::MAX,
            "longer than anybody waits"
        );
        assert_eq!(run(&["sv", "--", "up", "a"]), (false, 7, 3));
        assert_eq!(run(&["sv", "--verbose", "up", "a"]), (false, 7, 3), "dropped, as it always was");
        assert_eq!(run(&["sv", "status", "-v", "a"]), (false, 7, 2), "-v is a service");
    }

    #[test]
    fn svwait() {
        let seconds = |words, svwait| match of(words, Mode::Command, Some(svwait)) {
            CommandLine::Run(invocation) => (invocation.asked, invocation.seconds),
            other => panic!("{other:?}"),
        };
        assert_eq!(seconds(&["sv", "up", "a"], "30"), (false, 30), "does not imply -v");
        assert_eq!(seconds(&["sv", "up", "a"], ""), (false, 0));
        assert_eq!(seconds(&["sv", "up", "a"], "18446744073709551616"), (false, u64::MAX));
        assert_eq!(seconds(&["sv", "-w", "1", "up", "a"], "30"), (true, 1));
    }

    #[test]
    fn wrong_calls() {
        let command = |words| of(words, Mode::Command, None);
        for words in
            [&["sv"] as &[_], &["sv", "up"], &["sv", "", "a"], &["sv", "list", "a"], &["sv", "-", "a"]]
        {
            assert_eq!(command(words), CommandLine::Usage(None), "{words:?}");
        }
        assert_eq!(command(&["sv", "-x", "up", "a"]), CommandLine::Usage(Some(Opt::Illegal(b'x'))));
        assert_eq!(command(&["sv", "-w"]), CommandLine::Usage(Some(Opt::Missing(b'w'))));
        assert_eq!(command(&["sv", "-V", "up", "a"]), CommandLine::ShortVersion);
        assert_eq!(command(&["sv", "--version"]), CommandLine::Version);
        assert_eq!(command(&["sv", "-v", "--help"]), CommandLine::Help);
        assert_eq!(command(&["sv", "--platform"]), CommandLine::Platform);
        assert!(matches!(command(&["sv", "up", "--help"]), CommandLine::Run(_)), "a service");
    }

    #[test]
    fn how_it_is_shown() {
        let show = |words| match of(words, Mode::Command, None) {
            CommandLine::Run(invocation) => {
                (invocation.show.all, invocation.show.format.is_some(), invocation.show.colour)
            }
            other => panic!("{other:?}"),
        };
        let plain = (false, false, Colour::Auto);
        assert_eq!(show(&["sv", "status", "a"]), plain);
        for words in [&["sv", "status"] as &[_], &["sv", "s"], &["sv", "-v", "stat"], &["sv", "--all", "s"]] {
            assert_eq!(show(words), (true, false, Colour::Auto), "{words:?}");
        }
        assert_eq!(show(&["sv", "--json", "status", "a"]), (false, true, Colour::Auto));
        assert_eq!(show(&["sv", "status", "--json", "a"]), (false, true, Colour::Auto));
        assert_eq!(show(&["sv", "status", "a", "--color"]), (false, false, Colour::Always));
        assert_eq!(show(&["sv", "status", "--color=never"]), (true, false, Colour::Never));
        assert_eq!(show(&["sv", "--", "status", "--json"]), plain, "a service");
        assert_eq!(show(&["sv", "--verbose", "status", "--json"]), plain, "dropped, and it ends the options");
        assert_eq!(show(&["sv", "--json", "--", "up", "--json"]), (false, true, Colour::Auto));
        assert_eq!(show(&["sv", "up", "--help"]), plain);
        let names = |words: &'static [&'static str]| match of(words, Mode::Command, None) {
            CommandLine::Run(it) => {
                words[it.first..].iter().filter(|word| it.is_service(word.as_bytes())).count()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!([names(&["sv", "up", "a", "--json", "b"]), names(&["sv", "--", "up", "--json"])], [2, 1]);
        for (words, at) in [
            (&["sv", "--color=red", "status"] as &[_], Some(1)),
            (&["sv", "status", "--color=red"], Some(2)),
            (&["sv", "--all", "status", "a"], None),
            (&["sv", "--all", "stop"], None),
            (&["sv", "--watch", "--x"], Some(2)),
        ] {
            let wrong = of(words, Mode::Command, None);
            assert!(matches!(wrong, CommandLine::Wrong(wrong) if wrong.at == at), "{wrong:?}");
        }
        assert_eq!(of(&["sv", "--json", "up"], Mode::Command, None), CommandLine::Usage(None));
    }

    #[test]
    fn errands() {
        let what = |words| match of(words, Mode::Command, Some("30")) {
            CommandLine::Errand(errand) => (errand.what, errand.show.format.is_some(), errand.seconds),
            other => panic!("{other:?}"),
        };
        assert_eq!(what(&["sv", "--watch"]), (What::Watch, false, 30));
        assert_eq!(what(&["sv", "--json", "-w", "3", "--watch", "a"]), (What::Watch, true, 3));
        assert_eq!(what(&["sv", "-v", "--wait", "up", "a"]), (What::Wait, false, 30));
        let script = of(&["ssh", "--watch", "start"], Mode::Script, None);
        assert!(matches!(script, CommandLine::Run(_)), "dropped, as it always was: {script:?}");
    }

    #[test]
    fn scripts() {
        assert_eq!(program(b"/etc/init.d/ssh"), (b"ssh".as_slice(), Mode::Script));
        assert_eq!(program(b"/usr/bin/sv"), (b"sv".as_slice(), Mode::Command));
        let script = |words| of(words, Mode::Script, None);
        assert!(matches!(script(&["ssh", "start"]), CommandLine::Run(_)));
        assert!(matches!(script(&["ssh", "-w", "3", "status", "more"]), CommandLine::Run(_)));
        for words in [&["ssh"] as &[_], &["ssh", "stat"], &["ssh", "-v"]] {
            assert_eq!(script(words), CommandLine::Usage(None), "{words:?}");
        }
    }

    #[test]
    fn exit_codes() {
        let mut tally = Tally::default();
        assert_eq!((tally.code(Mode::Command), tally.code(Mode::Script)), (0, 0));
        (0..3).for_each(|_| tally.fail());
        assert_eq!((tally.code(Mode::Command), tally.code(Mode::Script)), (3, 3));
        tally.state(4);
        assert_eq!((tally.code(Mode::Command), tally.code(Mode::Script)), (3, 4));
        (0..500).for_each(|_| tally.fail());
        assert_eq!(tally.code(Mode::Command), 99);
        let code = |mode: Mode| (mode.usage_code(), mode.fatal_code());
        assert_eq!((code(Mode::Command), code(Mode::Script)), ((100, 100), (2, 151)));
    }
}
