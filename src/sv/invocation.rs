//! The command line and the exit code.
use super::Plan;
use super::text::Sink;
use crate::args::{Opt, Options, basename, number};
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
}

impl Invocation {
    /// A command with nothing else said; `asked` is `-v` or `-w`.
    #[must_use]
    pub const fn new(plan: Plan, asked: bool) -> Invocation {
        Invocation { plan, asked, seconds: WAIT, first: 2 }
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
        let mut seconds = defaults.svwait.map_or(WAIT, |text| number(text).0);
        let mut options = Options::new(&word, SV_LETTERS);
        for option in options.by_ref() {
            match option {
                Opt::Value(_, value) => {
                    asked = true;
                    seconds = number(value).0;
                }
                Opt::Flag(b'V') => return CommandLine::ShortVersion,
                Opt::Flag(_) => asked = true,
                Opt::Illegal(letter) => return CommandLine::Usage(Some(Opt::Illegal(letter))),
                Opt::Missing(letter) => return CommandLine::Usage(Some(Opt::Missing(letter))),
                Opt::Long(b"version") => return CommandLine::Version,
                Opt::Long(b"help") => return CommandLine::Help,
                Opt::Long(b"platform") if mode == Mode::Command => return CommandLine::Platform,
                Opt::Long(_) => {}
            }
        }
        let at = options.operands();
        let first = at.saturating_add(1);
        let script = mode == Mode::Script;
        match word(at).and_then(|command| Plan::of(command, script)) {
            Some(plan) if script || word(first).is_some() => {
                CommandLine::Run(Invocation { plan, asked, seconds, first })
            }
            Some(_) | None => CommandLine::Usage(None),
        }
    }
}

/// The usage text with its blank line.
pub fn usage(out: &mut impl Sink, program: &[u8], mode: Mode) {
    let rest: &[u8] = match mode {
        Mode::Command => b" [-v] [-w sec] command service ...\n\n",
        Mode::Script => b" [-w sec] command\n\n",
    };
    out.put_all(&[b"usage: ", program, rest]);
}

/// The complaint about an option.
pub fn complain(out: &mut impl Sink, program: &[u8], option: Opt<'_>) {
    let (what, letter): (&[u8], u8) = match option {
        Opt::Missing(letter) => (b": option requires an argument -- ", letter),
        Opt::Illegal(letter) | Opt::Flag(letter) | Opt::Value(letter, _) => (b": illegal option -- ", letter),
        Opt::Long(_) => return,
    };
    out.put_all(&[program, what, &[letter], b"\n"]);
}

/// `sv VERSION` and a newline.
pub fn version(out: &mut impl Sink) {
    out.put_all(&[b"sv ", crate::VERSION.as_bytes(), b"\n"]);
}

/// What `--help` prints.
pub fn help(out: &mut impl Sink, program: &[u8], mode: Mode) {
    usage(out, program, mode);
    out.put(HELP.as_bytes());
}

/// What `--help` prints below the usage.
pub const HELP: &str = "\
Control and look at services that runsv supervises.

options
  -v        wait and report for the commands that do not wait by themselves
  -w sec    wait for this many seconds instead of 7 (or $SVWAIT); implies -v
  -V        show the version and the usage, and fail
  --help, --version
  --platform
            show what this system offers to process 1 and to supervisors
commands (the first letter will do)
  status    show state, age and pid, and those of the log service
  up down once
            start, and again when it ends; stop; start, but not again
  pause cont hup alarm interrupt quit 1 2 term kill
            send the signal of that name
  exit      stop the service and its runsv
commands that wait until it is done, to be written out
  start stop restart try-restart reload check shutdown
  force-stop force-reload force-restart force-shutdown
            the same, and kill what does not obey in time
A service is a name in $SVDIR or the default directory, or a path that begins
with a slash or a dot.
";

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
    fn texts() {
        let mut out = Vec::new();
        usage(&mut out, b"sv", Mode::Command);
        usage(&mut out, b"ssh", Mode::Script);
        complain(&mut out, b"sv", Opt::Illegal(b'x'));
        complain(&mut out, b"ssh", Opt::Missing(b'w'));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "usage: sv [-v] [-w sec] command service ...\n\nusage: ssh [-w sec] command\n\n\
             sv: illegal option -- x\nssh: option requires an argument -- w\n"
        );
        let mut out = Vec::new();
        help(&mut out, b"sv", Mode::Command);
        assert!(HELP.lines().all(|line| line.len() < 80) && out.ends_with(b".\n"));
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
