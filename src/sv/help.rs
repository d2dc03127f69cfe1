//! What sv says of itself: usage, complaints, version and help.
use super::Mode;
use super::command::{COMMANDS, Command};
use super::text::Sink;
use crate::args::Opt;
use crate::protocol::LETTERS;
use crate::words::{self, SV, SV_INSTEAD, SV_LOG};

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
    let mut put = |text: &[u8]| out.put(text);
    put(b"Control and look at services that runsv supervises.\n\noptions\n");
    words::help(SV, &mut put);
    put(b"instead of a command, with services behind it\n");
    words::help(SV_INSTEAD, &mut put);
    put(b"behind --log\n");
    words::help(SV_LOG, &mut put);
    let (status, others) = COMMANDS.split_at(1);
    put(b"commands, of which the first letter will do\n");
    commands(status, &mut put);
    for letter in LETTERS {
        words::row(letter.word().as_bytes(), letter.about().trim(), &mut put);
    }
    put(b"commands that wait until it is done, to be written out\n");
    commands(others, &mut put);
    put(b"A service is a name in $SVDIR or the default directory, or a path that begins\n\
        with a slash or a dot. Those that can be enabled are in $RUNIT_SERVICES.\n");
}

fn commands(table: &[Command], put: &mut impl FnMut(&[u8])) {
    for command in table {
        words::row(command.word.as_bytes(), command.about, put);
    }
}

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
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.len() < 80) && text.ends_with(".\n"), "{text}");
        for part in [
            "  -v          wait and report",
            "\n  --color[=auto|always|never]\n              colours",
            "\n  -n lines    so many",
            "\n  hup         Send HUP.\n",
            "\n  force-stop  stop, then kill\n",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
