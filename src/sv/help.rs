//! What sv says of itself: usage, complaints, version and help.
use super::Mode;
use super::text::Sink;
use crate::args::Opt;

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

/// The complaint about a word; the word, if there is one.
pub fn blame(out: &mut impl Sink, program: &[u8], word: Option<&[u8]>, why: &str) {
    out.put(program);
    if let Some(word) = word {
        out.put_all(&[b": ", word]);
    }
    out.put_all(&[b": ", why.as_bytes(), b"\n"]);
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
  --json    show JSON: with commands that wait, what came of it too
  --color[=always|auto|never]
            colours, and status as a table, here: always (a pipe too), or never
  --all     every service of the directory; what status shows without a service
  --user    services of $XDG_CONFIG_HOME/service (~/.config/service) instead
instead of a command
  --watch [service ...]
            tell of every change until ended
  --wait up|down|ready|done|failed service ...
            wait for this state; send nothing
  --list-available
            name the services that can be enabled
  --enable service ... [--now]
            link them into the directory of services; start them
  --disable service ... [--now]
            stop them; take the links out again
  --new name [--enable [--now]] [--] command ...
            make a service, with a log, of a command line
  --log service ...
            show the last lines of their logs; with
            -f        go on with lines to come
            -n lines  so many of each, or all, instead of 10
            --raw     as they are on a terminal, too
            --local   with stamps in local time elsewhere, too
  --explain service ...
            say why they are as they are, and what to do
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
with a slash or a dot. Those that can be enabled are in $RUNIT_SERVICES.
";

#[cfg(test)]
mod tests {
    use super::super::errand::NO_COLOUR;
    use super::*;

    #[test]
    fn texts() {
        let mut out = Vec::new();
        usage(&mut out, b"sv", Mode::Command);
        usage(&mut out, b"ssh", Mode::Script);
        complain(&mut out, b"sv", Opt::Illegal(b'x'));
        complain(&mut out, b"ssh", Opt::Missing(b'w'));
        blame(&mut out, b"sv", Some(b"--color=x"), NO_COLOUR);
        blame(&mut out, b"sv", None, "which?");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "usage: sv [-v] [-w sec] command service ...\n\nusage: ssh [-w sec] command\n\n\
             sv: illegal option -- x\nssh: option requires an argument -- w\n\
             sv: --color=x: not auto, always or never\nsv: which?\n"
        );
        let mut out = Vec::new();
        help(&mut out, b"sv", Mode::Command);
        assert!(HELP.lines().all(|line| line.len() < 80) && out.ends_with(b".\n"));
    }
}
