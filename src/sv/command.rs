//! Command words. Only the first letter of a word counts, unless the word is one of the long ones.
use crate::protocol::LETTERS;
use crate::protocol::Letter::{self, Continue, Down, Exit, HangUp, Term, Up};
use Wait::{Always, IfAsked, ThenKill};

/// Whether sv stays to see a command obeyed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Wait {
    /// Only with `-v` or `-w`.
    IfAsked,
    /// Always.
    Always,
    /// Always, and a service that does not obey in time is sent [`Letter::Kill`].
    ThenKill,
}

/// What a command word asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Task {
    /// Report the state.
    Status,
    /// Nothing is sent; wait until the service is as it is wanted.
    Check,
    /// Send these and, perhaps, wait.
    Control(&'static [Letter], Wait),
    /// Nothing is sent; wait until the service is like this, however it is wanted.
    Await(Goal),
}

/// What `--wait` waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Goal {
    /// Its `./run` has a process, or it is done.
    Up,
    /// It has no process.
    Down,
    /// It is ready, as for `start`.
    Ready,
    /// A one-shot is done.
    Done,
    /// It was given up.
    Failed,
}

/// All of them, with their words.
pub const GOALS: [(Goal, &str); 5] = [
    (Goal::Up, "up"),
    (Goal::Down, "down"),
    (Goal::Ready, "ready"),
    (Goal::Done, "done"),
    (Goal::Failed, "failed"),
];

/// A command that is written out. The others are the words of [`LETTERS`].
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// The word.
    pub word: &'static str,
    task: Task,
    /// What it does, for completions.
    pub about: &'static str,
}

/// All of them.
pub const COMMANDS: [Command; 12] = [
    command("status", Task::Status, "report on the service and its log service"),
    command("start", Task::Control(&[Up], Always), "up, and wait"),
    command("stop", Task::Control(&[Down], Always), "down, and wait"),
    command("reload", Task::Control(&[HangUp], Always), "hup, and report"),
    command("restart", Task::Control(&[Term, Continue, Up], Always), "term, cont, up, and wait"),
    command("try-restart", Task::Control(&[Term, Continue], Always), "term, cont, and wait"),
    command("shutdown", Task::Control(&[Exit], Always), "exit, and wait"),
    command("force-stop", Task::Control(&[Down], ThenKill), "stop, then kill"),
    command("force-reload", Task::Control(&[Term, Continue], ThenKill), "term, cont, then kill"),
    command("force-restart", Task::Control(&[Term, Continue, Up], ThenKill), "restart, then kill"),
    command("force-shutdown", Task::Control(&[Exit], ThenKill), "shutdown, then kill"),
    command("check", Task::Check, "wait until it is as it shall be"),
];

const fn command(word: &'static str, task: Task, about: &'static str) -> Command {
    Command { word, task, about }
}

/// A word understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Plan {
    /// The task.
    pub task: Task,
}

impl Plan {
    /// Understands a command word; `None` is a usage error. `script`: sv was called by the name of
    /// a service, where `status` must be written out.
    #[must_use]
    pub fn of(word: &[u8], script: bool) -> Option<Plan> {
        if let Some(command) = COMMANDS.iter().find(|command| command.word.as_bytes() == word) {
            return Some(Plan { task: command.task });
        }
        let task = match word {
            [b's', ..] if !script => Task::Status,
            [b'D', ..] => Task::Control(&[Down], ThenKill),
            [b'T', ..] => Task::Control(&[Term, Continue], ThenKill),
            [b'X' | b'E', ..] => Task::Control(&[Exit], ThenKill),
            [b'x', ..] => Task::Control(&[Exit], IfAsked),
            [first, ..] => Task::Control(alone(*first)?, IfAsked),
            [] => return None,
        };
        Some(Plan { task })
    }

    /// Understands what `--wait` is to wait for.
    #[must_use]
    pub fn to_wait_for(word: &[u8]) -> Option<Plan> {
        let goal = GOALS.iter().find(|goal| goal.1.as_bytes() == word)?.0;
        Some(Plan { task: Task::Await(goal) })
    }

    /// What is sent, in this order and in one write.
    #[must_use]
    pub const fn letters(&self) -> &'static [Letter] {
        match self.task {
            Task::Status | Task::Check | Task::Await(_) => &[],
            Task::Control(letters, _) => letters,
        }
    }

    /// Whether sv waits; `asked` is `-v` or `-w`.
    #[must_use]
    pub const fn waits(&self, asked: bool) -> bool {
        match self.task {
            Task::Status => false,
            Task::Check | Task::Await(_) => true,
            Task::Control(_, Wait::IfAsked) => asked,
            Task::Control(_, Wait::Always | Wait::ThenKill) => true,
        }
    }

    /// Whether services are to end for good, so that those which need others have to end before these.
    #[must_use]
    pub fn ends(&self) -> bool {
        self.letters().iter().any(|letter| matches!(letter, Down | Exit))
    }

    /// Whether a service that does not obey in time is killed.
    #[must_use]
    pub const fn kills(&self) -> bool {
        matches!(self.task, Task::Control(_, Wait::ThenKill))
    }

    /// Whether a process shall be there in the end, so that a supervisor that is about to come is worth
    /// waiting for.
    #[must_use]
    pub fn wants_process(&self) -> bool {
        match self.task {
            Task::Status => false,
            Task::Check | Task::Await(_) => true,
            Task::Control(letters, _) => {
                letters.iter().any(|letter| matches!(letter, Letter::Up | Letter::Once))
            }
        }
    }

    /// What is left to be said to a supervisor that takes the place of the one that was told; `None`: it
    /// is another one's affair. A process of its is a new one, so nothing is to be ended any more.
    #[must_use]
    pub fn to_the_next(&self) -> Option<&'static [Letter]> {
        match self.task {
            Task::Check | Task::Await(_) => Some(&[]),
            Task::Control(letters, _) if letters.contains(&Letter::Up) => Some(&[Letter::Up]),
            Task::Status | Task::Control(..) => None,
        }
    }

    /// Whether a supervisor is waited for as long as for all else. One that is not there will not bring the service
    /// down.
    #[must_use]
    pub const fn is_patient(&self) -> bool {
        matches!(self.task, Task::Await(Goal::Up | Goal::Ready | Goal::Done | Goal::Failed))
    }

    /// Whether a supervisor that is gone is what was asked for.
    #[must_use]
    pub const fn ends_supervisor(&self) -> bool {
        matches!(self.task, Task::Control([Letter::Exit, ..], _))
    }
}

/// The letter whose word begins so.
fn alone(first: u8) -> Option<&'static [Letter]> {
    let begins = |letter: &&Letter| letter.word().as_bytes().first() == Some(&first);
    LETTERS.iter().find(begins).map(core::slice::from_ref)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(plan: &Plan) -> Vec<u8> {
        plan.letters().iter().map(|letter| letter.byte()).collect()
    }

    /// Word, bytes, waits unasked, kills.
    const LONG: [(&str, &str, bool, bool); 12] = [
        ("start", "u", true, false),
        ("stop", "d", true, false),
        ("restart", "tcu", true, false),
        ("try-restart", "tc", true, false),
        ("reload", "h", true, false),
        ("shutdown", "x", true, false),
        ("force-stop", "d", true, true),
        ("force-reload", "tc", true, true),
        ("force-restart", "tcu", true, true),
        ("force-shutdown", "x", true, true),
        ("check", "", true, false),
        ("exit", "x", false, false),
    ];

    #[test]
    fn long_words() {
        for script in [false, true] {
            for (word, sent, waits, kills) in LONG {
                let plan = Plan::of(word.as_bytes(), script).unwrap();
                assert_eq!(bytes(&plan), sent.as_bytes(), "{word}");
                assert_eq!((plan.waits(false), plan.waits(true)), (waits, true), "{word}");
                assert_eq!((plan.kills(), plan.ends_supervisor()), (kills, sent == "x"), "{word}");
            }
            let status = Plan::of(b"status", script).unwrap();
            assert_eq!((status.task, status.waits(true)), (Task::Status, false));
        }
    }

    #[test]
    fn every_first_letter() {
        for first in 0..=u8::MAX {
            for word in [vec![first], vec![first, b'z'], vec![first, b'?', b'u']] {
                let plan = Plan::of(&word, false);
                let sent = match first {
                    b'D' => "d".into(),
                    b'T' => "tc".into(),
                    b'X' | b'E' | b'e' | b'x' => "x".into(),
                    b's' => String::new(),
                    _ if Letter::from_byte(first).is_some() => char::from(first).to_string(),
                    _ => {
                        assert_eq!(plan, None, "{word:?}");
                        continue;
                    }
                };
                let plan = plan.unwrap();
                assert_eq!(bytes(&plan), sent.as_bytes(), "{word:?}");
                assert_eq!(plan.kills(), first.is_ascii_uppercase());
                assert_eq!(plan.waits(false), first.is_ascii_uppercase());
                assert_eq!(plan.waits(true), first != b's');
            }
        }
    }

    #[test]
    fn who_is_worth_waiting_for() {
        let wants = |word: &str| Plan::of(word.as_bytes(), false).unwrap().wants_process();
        for word in ["start", "up", "once", "restart", "force-restart", "check"] {
            assert!(wants(word), "{word}");
        }
        for word in ["stop", "down", "shutdown", "exit", "reload", "try-restart", "term", "hup", "status"] {
            assert!(!wants(word), "{word}");
        }
        let next = |word: &str| Plan::of(word.as_bytes(), false).unwrap().to_the_next();
        for word in ["start", "up", "restart", "force-restart"] {
            assert_eq!(next(word), Some([Letter::Up].as_slice()), "{word}");
        }
        assert_eq!(next("check"), Some([].as_slice()));
        for word in ["once", "stop", "status", "try-restart", "shutdown", "hup"] {
            assert_eq!(next(word), None, "{word}: it would be done twice, or need not be done any more");
        }
    }

    #[test]
    fn words_that_mislead() {
        let of = |word: &str| Plan::of(word.as_bytes(), false);
        assert_eq!(of("stopp"), of("status"), "not quite stop");
        assert_eq!(of("stat"), of("status"));
        assert_eq!(of("enable"), of("exit"));
        assert_eq!(of("disable"), of("down"));
        assert_eq!(of("checks"), of("cont"));
        assert_eq!(of("try-restar"), of("term"));
        for word in
            ["", "list", "restar", "restarts", "reloads", "force", "force-", "force-stopp", "U", "S", "--"]
        {
            assert_eq!(of(word), None, "{word}");
        }
        for word in ["s", "stat", "statusx", "stopp"] {
            assert_eq!(Plan::of(word.as_bytes(), true), None, "{word}: a script must write status out");
        }
    }
}
