//! What the shells complete: the real ones, each on a terminal of its own or asked as it asks itself.
use crate::host::available;
use nix::pty::{Winsize, openpty};
use runit_tests::place::Running;
use runit_tests::rig::Rig;
use runit_tests::suite::{Case, case, needs_tool};
use runit_tests::wait::{set_patience, until};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A line as it is typed, and the words that are offered for the last of it.
type Offer = (&'static str, &'static [&'static str]);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../etc/completions").join(name);
    path.to_str().expect("a path").to_owned()
}

/// Keys for an interactive shell: all that is offered is put into the line; and the line is told, word by word as a
/// command gets them, and emptied.
const ALL: &str = "\x14";
const TELL: &str = "\x18";

const BASH: &str = r#"
PS1=$'\5'
bind 'set bell-style none' 2>/dev/null
tell() {
    local -a w
    eval "w=($READLINE_LINE)"
    printf '\2'; printf '%s\1' "${w[@]}"; printf '\3'
    READLINE_LINE= READLINE_POINT=0
}
bind -x '"\C-x": tell'
bind '"\C-t": insert-completions'
"#;

const ZSH: &str = r#"
PROMPT=$'\5' RPROMPT= PROMPT_EOL_MARK=
unsetopt beep prompt_cr prompt_sp
autoload -Uz compinit && compinit -u -D
tell() {
    local -a w=("${(@Q)${(z)BUFFER}}")
    printf '\2'; printf '%s\1' "${w[@]}"; printf '\3'
    BUFFER=
}
zle -N tell
bindkey '^X' tell
every() { compstate[insert]=all }
all() { comppostfuncs=(every); zle complete-word }
zle -N all
bindkey '^T' all
"#;

impl Shell {
    const fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
        }
    }

    /// One that has read our completions.
    fn command(self, rig: &Rig) -> Command {
        needs_tool(self.name());
        let mut command = rig.place.command(self.name());
        match self {
            Shell::Bash => {
                let text = format!("{BASH}\nsource '{}'\n", file("sv.bash"));
                rig.place.file("rc", &text);
                command.args(["--noprofile", "--rcfile"]).arg(rig.place.path("rc")).arg("-i");
            }
            Shell::Zsh => {
                // In a directory alone, as it is installed.
                rig.place.dir("functions");
                fs::copy(file("_sv"), rig.place.path("functions/_sv")).expect("a copy");
                let functions = rig.place.path("functions");
                rig.place.file("zsh/.zshrc", format!("fpath=('{}' $fpath)\n{ZSH}", functions.display()));
                command.arg("-i").env("ZDOTDIR", rig.place.path("zsh"));
            }
            Shell::Fish => {}
        }
        command.env("SVDIR", rig.place.path("sv")).env("RUNIT_SERVICES", rig.place.path("available"));
        command.env("XDG_CONFIG_HOME", rig.place.path("config")).env("TERM", "dumb");
        command.env("HOME", rig.place.path(".")).env("LC_ALL", "C.UTF-8").env_remove("INPUTRC");
        command
    }
}

/// A shell on a terminal.
struct Typed {
    terminal: File,
    seen: Arc<Mutex<Vec<u8>>>,
    _shell: Running,
}

impl Typed {
    fn new(rig: &Rig, shell: Shell) -> Typed {
        // zsh reads a thousand files before it asks for a line.
        set_patience(Duration::from_secs(150));
        let size = Winsize { ws_row: 24, ws_col: 1000, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).expect("a terminal");
        let mut command = shell.command(rig);
        command.stdin(File::from(pty.slave.try_clone().expect("a descriptor")));
        let running = rig.place.start_on(&mut command, &pty.slave);
        drop((command, pty.slave));
        let terminal = File::from(pty.master);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, kept) = (terminal.try_clone().expect("a descriptor"), Arc::clone(&seen));
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut some) {
                kept.lock().expect("no panic").extend(&some[..count]);
            }
        });
        let typed = Typed { terminal, seen, _shell: running };
        typed.await_text("a prompt", b"\x05");
        typed
    }

    fn await_text(&self, what: &str, end: &[u8]) -> Vec<u8> {
        let found = || {
            let mut seen = self.seen.lock().expect("no panic");
            let at = seen.windows(end.len()).position(|part| part == end)?;
            Some(seen.drain(..at + end.len()).collect())
        };
        until(
            &format!("{what} after {:?}", String::from_utf8_lossy(&self.seen.lock().expect("no panic"))),
            found,
        )
    }

    /// The words of a line after a key that completes it.
    fn words(&self, line: &str, key: &str) -> Vec<String> {
        (&self.terminal).write_all([line, key, TELL].concat().as_bytes()).expect("typed");
        let told = self.await_text(line, b"\x03");
        let begin = told.iter().position(|byte| *byte == 2).expect("an answer");
        let words = told[begin + 1..told.len() - 1].split(|byte| *byte == 1);
        let mut words: Vec<_> = words.map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        words.pop();
        words
    }
}

/// Fish is asked for what it would offer.
fn fish(rig: &Rig, line: &str) -> Vec<String> {
    let mut command = Shell::Fish.command(rig);
    command
        .args(["--no-config", "-c", "source $argv[1]; complete -C $argv[2]"])
        .arg(file("sv.fish"))
        .arg(line);
    let done = rig.place.run(&mut command);
    assert_eq!((done.err.as_str(), done.code), ("", Some(0)), "{line}");
    done.out.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

/// Services that can be enabled, and those that are.
const AVAILABLE: [&str; 3] = ["web", "db", "getty@"];
const ODD: [&str; 9] = ["a b", "it's", "q\"q", "x=y:z", "$HOME", "back\\slash", "[z]", "n\u{fc}ll", "(p)&"];

fn services(rig: &Rig, odd: bool) {
    for name in AVAILABLE {
        available(rig, name);
    }
    rig.place.dir("sv/.hidden");
    rig.place.file("sv/nothing", "");
    rig.place.dir("config/service/mine");
    // The current directory has nothing to do with it.
    rig.place.dir("web");
    symlink(rig.place.path("available/web"), rig.place.path("sv/web")).expect("a link");
    symlink(rig.place.path("available/getty@"), rig.place.path("sv/getty@tty1")).expect("a link");
    symlink(rig.place.path("available/getty@"), rig.place.path("sv/getty@tty2")).expect("a link");
    for name in ODD.iter().filter(|_| odd) {
        available(rig, name);
        symlink(rig.place.path(format!("available/{name}")), rig.place.path(format!("sv/{name}")))
            .expect("a link");
    }
}

fn sorted<S: AsRef<str>>(words: &[S]) -> Vec<String> {
    let mut words: Vec<String> = words.iter().map(|word| word.as_ref().to_owned()).collect();
    words.sort();
    words
}

/// Each line is offered these words.
fn offers(shell: Shell, areas: &[&[Offer]]) {
    needs_tool(shell.name());
    let rig = Rig::new();
    services(&rig, false);
    let typed = (shell != Shell::Fish).then(|| Typed::new(&rig, shell));
    for (line, wanted) in areas.iter().copied().flatten() {
        let offered = match &typed {
            None => fish(&rig, line),
            Some(typed) => {
                let all = typed.words(line, ALL);
                let before = line.split(' ').count() - 1;
                let itself = line.rsplit(' ').next().unwrap_or_default();
                // What nothing was offered for is still there.
                all.into_iter().skip(before).filter(|word| word != itself).collect()
            }
        };
        assert_eq!(sorted(&offered), sorted(wanted), "{}: {line}", shell.name());
    }
}

const COMMANDS: &[Offer] = &[
    ("sv sta", &["start", "status"]),
    ("sv rest", &["restart"]),
    ("sv --json rel", &["reload"]),
    ("sv -w 5 rel", &["reload"]),
    ("sv --color=never rel", &["reload"]),
];
const OPTIONS: &[Offer] = &[
    ("sv --w", &["--wait", "--watch"]),
    ("sv --enable --no", &["--now"]),
    ("sv --color=n", &["--color=never"]),
    ("sv --log --r", &["--raw"]),
    ("sv --log web --r", &["--raw"]),
];
const SERVICES: &[Offer] = &[
    ("sv status ", &["web", "getty@tty1", "getty@tty2"]),
    ("sv status w", &["web"]),
    ("sv -v restart w", &["web"]),
    ("sv --watch --json w", &["web"]),
    ("sv --disable g", &["getty@tty1", "getty@tty2"]),
    ("sv --explain web g", &["getty@tty1", "getty@tty2"]),
    ("sv --log w", &["web"]),
    ("sv --wait up w", &["web"]),
    ("sv --user status ", &["mine"]),
    ("sv --wait ", &["up", "down", "ready", "done", "failed"]),
];
const AVAILABLES: &[Offer] = &[
    ("sv --enable ", &["web", "db", "getty@"]),
    ("sv --enable --now d", &["db"]),
    ("sv --enable g", &["getty@"]),
];
const NOTHING: &[Offer] =
    &[("sv --new ", &[]), ("sv --list-available ", &[]), ("sv -w ", &[]), ("sv status x", &[])];
const ODD_NAMES: &[Offer] = &[
    (
        "sv status ",
        &[
            "web",
            "getty@tty1",
            "getty@tty2",
            "a b",
            "it's",
            "q\"q",
            "x=y:z",
            "$HOME",
            "back\\slash",
            "[z]",
            "n\u{fc}ll",
            "(p)&",
        ],
    ),
    (
        "sv --enable ",
        &[
            "web",
            "db",
            "getty@",
            "a b",
            "it's",
            "q\"q",
            "x=y:z",
            "$HOME",
            "back\\slash",
            "[z]",
            "n\u{fc}ll",
            "(p)&",
        ],
    ),
    ("sv status b", &["back\\slash"]),
    ("sv status n", &["n\u{fc}ll"]),
];

/// With quotes as people type them.
const QUOTED: &[Offer] = &[
    ("sv status a\\ ", &["a b"]),
    ("sv status 'a ", &["a b"]),
    ("sv status \"a ", &["a b"]),
    ("sv status \"q", &["q\"q"]),
    ("sv status 'i", &["it's"]),
    ("sv status '$H", &["$HOME"]),
    ("sv status \\$H", &["$HOME"]),
    ("sv status \"b", &["back\\slash"]),
    ("sv status getty@", &["getty@tty1", "getty@tty2"]),
    ("sv status getty@tty2", &["getty@tty2"]),
    ("sv status x=", &["x=y:z"]),
    ("sv status x=y:", &["x=y:z"]),
    ("sv status 'x=y:", &["x=y:z"]),
];

/// The same with names and lines that need quotes.
fn quoted(shell: Shell) {
    needs_tool(shell.name());
    let rig = Rig::new();
    services(&rig, true);
    let typed = (shell != Shell::Fish).then(|| Typed::new(&rig, shell));
    for (line, wanted) in ODD_NAMES.iter().chain(QUOTED) {
        let offered = match &typed {
            None => fish(&rig, line),
            // With all that is offered, readline puts no quotes.
            Some(typed) => typed.words(line, if wanted.len() == 1 { "\t" } else { ALL }).split_off(2),
        };
        let wanted: Vec<&str> = match wanted {
            // What readline replaces begins here.
            ["getty@tty1", "getty@tty2"] if shell == Shell::Bash => vec!["getty@tty1", "@tty2"],
            wanted => wanted.to_vec(),
        };
        assert_eq!(sorted(&offered), sorted(&wanted), "{}: {line}", shell.name());
    }
}

const AREAS: &[&[Offer]] = &[COMMANDS, OPTIONS, SERVICES, AVAILABLES, NOTHING];

pub const CASES: &[Case] = &[
    case("completes_in_bash", || offers(Shell::Bash, AREAS)),
    case("completes_in_zsh", || offers(Shell::Zsh, AREAS)),
    case("completes_in_fish", || offers(Shell::Fish, AREAS)),
    case("completes_odd_names_in_bash", || quoted(Shell::Bash)),
    case("completes_odd_names_in_zsh", || quoted(Shell::Zsh)),
    case("completes_odd_names_in_fish", || quoted(Shell::Fish)),
];
