//! What is tried on every system: what is put in, what is asked for, what must be seen.
//!
//! | directive | meaning |
//! |---|---|
//! | `scenario NAME` | begins one; what follows belongs to it |
//! | `about TEXT` | what it shows |
//! | `dev DEV-NN` | C runit must fail |
//! | `ours` | C runit does not have it |
//! | `file PATH MODE`, `link PATH TARGET`, `remove PATH` | changes to the system: a boot of its own |
//! | `boot` | wants to see a boot from its first line on |
//! | `within SECONDS` | the limit of each step below, on a quick machine |
//! | `up` | waits until stage 2's services run |
//! | `run COMMANDS` | runs them in the system; they must succeed |
//! | `fails COMMANDS` | runs them; they must not succeed |
//! | `until COMMANDS` | runs them until they succeed |
//! | `ask COMMANDS` | starts them and goes on |
//! | `says PATTERN`, `lacks PATTERN` | a line of what the last commands said, in order; no line of it |
//! | `console PATTERN` | a whole line of the console, below the one before |
//! | `prompt PATTERN` | the same, but the line need not be finished |
//! | `never PATTERN` | no line of the console during the scenario |
//! | `type TEXT` | types it on the console, with return |
//! | `keys TEXT` | types it on the keyboard, not the serial line, with return |
//! | `press KEY...`, `power` | keys held together; the power button |
//! | `event NAME REASON` | an event of QEMU's machine protocol |
//! | `halted PATTERN` | the console's last line: the machine stays on, and nothing goes on in it |
//! | `panic`, `hang` | the system must panic; the step above must be in vain |
//!
//! Commands are the rest of the line, or the block below. `@word@` is replaced by the system's word.
use crate::directive::{self, Directive, fill};
use std::path::Path;

/// A change to the files of the system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A file, its mode, its text.
    File(String, u32, String),
    /// A symbolic link and its target.
    Link(String, String),
    /// A path that is to be missing.
    Remove(String),
}

/// How commands are to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// With 0.
    Well,
    /// With another code.
    Badly,
    /// With 0, sooner or later.
    Sometime,
    /// Nobody waits.
    Unknown,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Waits for the agent.
    Up,
    /// The limit from now on, in seconds.
    Within(u64),
    /// Commands for the system.
    Run(Ending, String),
    /// A line of what they said, or none.
    Says(String, bool),
    /// A line of the console, and whether it may be unfinished.
    Line(String, bool),
    /// Types.
    Type(String),
    /// Types on the keyboard.
    Keys(String),
    /// Keys by QEMU's names.
    Press(Vec<String>),
    /// The power button.
    Power,
    /// An event and its reason.
    Event(String, String),
    /// The last line of a system that stands still.
    Halted(String),
    /// The end by a panic.
    Panic,
    /// The step above must have failed at its deadline.
    Hang,
}

/// All of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What it shows.
    pub about: String,
    /// The number of the deviation that it shows.
    pub dev: Option<String>,
    /// C runit does not have what it is about.
    pub ours: bool,
    /// It begins with a boot.
    pub boot: bool,
    /// What it needs in the system.
    pub changes: Vec<Change>,
    /// In order.
    pub steps: Vec<Step>,
    /// What must not be seen.
    pub never: Vec<String>,
}

impl Scenario {
    /// Whether it has a machine of its own.
    #[must_use]
    pub fn alone(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The same with a system's words in place.
    ///
    /// # Errors
    /// A word that the system does not have.
    pub fn for_words(&self, word: impl Fn(&str) -> Option<String>) -> Result<Scenario, String> {
        let mut own = self.clone();
        for change in &mut own.changes {
            match change {
                Change::File(path, _, text) | Change::Link(path, text) => {
                    *path = fill(path, &word)?;
                    *text = fill(text, &word)?;
                }
                Change::Remove(path) => *path = fill(path, &word)?,
            }
        }
        for step in &mut own.steps {
            match step {
                Step::Run(_, text)
                | Step::Says(text, _)
                | Step::Line(text, _)
                | Step::Halted(text)
                | Step::Type(text)
                | Step::Keys(text) => {
                    *text = fill(text, &word)?;
                }
                Step::Event(name, reason) => {
                    // One word of the system may be both.
                    let both = fill(&format!("{name} {reason}"), &word)?;
                    let (one, two) = both.trim().split_once(' ').unwrap_or((both.trim(), ""));
                    (*name, *reason) = (one.to_owned(), two.to_owned());
                }
                Step::Press(keys) => {
                    let all = fill(&keys.join(" "), &word)?;
                    *keys = all.split_whitespace().map(str::to_owned).collect();
                }
                Step::Up | Step::Within(_) | Step::Power | Step::Panic | Step::Hang => {}
            }
        }
        for pattern in &mut own.never {
            *pattern = fill(pattern, &word)?;
        }
        Ok(own)
    }
}

/// Reads the scenarios of a file.
///
/// # Errors
/// Which line is none of the directives.
pub fn read(text: &str) -> Result<Vec<Scenario>, String> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for line in directive::read(text)? {
        if line.word == "scenario" {
            scenarios.push(Scenario { name: line.rest.clone(), ..Scenario::default() });
            continue;
        }
        let scenario = scenarios.last_mut().ok_or_else(|| line.wrong("above the first scenario"))?;
        add(scenario, &line)?;
    }
    for scenario in &scenarios {
        if scenario.about.is_empty() || scenario.steps.is_empty() {
            return Err(format!("scenario {}: needs `about` and steps", scenario.name));
        }
    }
    Ok(scenarios)
}

/// Whether the line is one of those that are no steps.
fn head(scenario: &mut Scenario, line: &Directive) -> Result<bool, String> {
    let rest = line.rest.clone();
    match line.word.as_str() {
        "about" => scenario.about = rest,
        "dev" => scenario.dev = Some(rest),
        "ours" => scenario.ours = true,
        "boot" => scenario.boot = true,
        "never" => scenario.never.push(rest),
        "file" => {
            let (path, mode) = line.two()?;
            let mode = u32::from_str_radix(mode, 8).map_err(|_| line.wrong("not a mode"))?;
            scenario.changes.push(Change::File(path.into(), mode, line.block.clone()));
        }
        "link" => {
            let (path, target) = line.two()?;
            scenario.changes.push(Change::Link(path.into(), target.into()));
        }
        "remove" => scenario.changes.push(Change::Remove(rest)),
        _ => return Ok(false),
    }
    Ok(true)
}

fn add(scenario: &mut Scenario, line: &Directive) -> Result<(), String> {
    let rest = line.rest.clone();
    let words = || line.words().map(str::to_owned).collect::<Vec<String>>();
    let bare = ["ours", "boot", "up", "power", "panic", "hang", "run", "fails", "until", "ask"];
    if rest.is_empty() && !bare.contains(&line.word.as_str()) {
        return Err(line.wrong("incomplete"));
    }
    let commands = || if line.block.is_empty() { format!("{rest}\n") } else { line.block.clone() };
    if head(scenario, line)? {
        return Ok(());
    }
    let step = match line.word.as_str() {
        "up" => Step::Up,
        "within" => Step::Within(line.number()?),
        "run" => Step::Run(Ending::Well, commands()),
        "fails" => Step::Run(Ending::Badly, commands()),
        "until" => Step::Run(Ending::Sometime, format!("until\n{}do sleep 1; done\n", commands())),
        "ask" => Step::Run(Ending::Unknown, commands()),
        "says" => Step::Says(rest, true),
        "lacks" => Step::Says(rest, false),
        "console" => Step::Line(rest, false),
        "prompt" => Step::Line(rest, true),
        "type" => Step::Type(rest),
        "keys" => Step::Keys(rest),
        "press" => Step::Press(words()),
        "power" => Step::Power,
        "halted" => Step::Halted(rest),
        "event" => {
            let (name, reason) = rest.split_once(' ').unwrap_or((&rest, ""));
            Step::Event(name.to_owned(), reason.trim().to_owned())
        }
        "panic" => Step::Panic,
        "hang" => Step::Hang,
        _ => return Err(line.wrong("not understood")),
    };
    scenario.steps.push(step);
    Ok(())
}

/// Reads all files of a directory, in the order of their names.
///
/// # Errors
/// What cannot be read, or a name that is there twice.
pub fn all(folder: &Path) -> Result<Vec<Scenario>, String> {
    let entries = std::fs::read_dir(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut scenarios: Vec<Scenario> = Vec::new();
    for path in paths {
        let wrong = |why: String| format!("{}: {why}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|why| wrong(why.to_string()))?;
        for scenario in read(&text).map_err(wrong)? {
            if scenarios.iter().any(|known| known.name == scenario.name) {
                return Err(wrong(format!("a second scenario {}", scenario.name)));
            }
            scenarios.push(scenario);
        }
    }
    Ok(scenarios)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives() {
        let text = "scenario one\nabout it\ndev DEV-07\nfile /etc/runit/1 755\n\t#!/bin/sh\n\texit @code@\nrun\n\techo @code@\nsays @code@\nlacks x\nhalted @code@\nevent @reset@\npress @keys@\nnever *panic*\nuntil true\n";
        let found = read(text).unwrap();
        let own = found[0].for_words(|name| match name {
            "code" => Some("100".into()),
            "keys" => Some("ctrl alt".into()),
            "reset" => Some("RESET guest-reset".into()),
            _ => None,
        });
        let own = own.unwrap();
        assert!(own.alone() && own.dev.as_deref() == Some("DEV-07"));
        assert_eq!(own.changes, [Change::File("/etc/runit/1".into(), 0o755, "#!/bin/sh\nexit 100\n".into())]);
        assert_eq!(
            own.steps,
            [
                Step::Run(Ending::Well, "echo 100\n".into()),
                Step::Says("100".into(), true),
                Step::Says("x".into(), false),
                Step::Halted("100".into()),
                Step::Event("RESET".into(), "guest-reset".into()),
                Step::Press(vec!["ctrl".into(), "alt".into()]),
                Step::Run(Ending::Sometime, "until\ntrue\ndo sleep 1; done\n".into()),
            ]
        );
        assert_eq!(own.never, ["*panic*"]);
        assert_eq!(found[0].for_words(|_| None), Err("code".into()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for wrong in [
            "run true",
            "scenario a\nabout b\nhello world",
            "scenario a\nabout b\nconsole",
            "scenario a\nabout b",
            "scenario a\nup",
            "scenario a\nabout b\nfile /x rwx\nup",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
