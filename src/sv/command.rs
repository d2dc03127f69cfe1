//! Command words. Only the first letter of a word counts, unless the word is one of the long ones.

/// One command as runsv knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Letter {
    /// Start it, and again whenever it ends.
    Up,
    /// Stop it and leave it down.
    Down,
    /// Start it and leave it down when it ends.
    Once,
    /// SIGSTOP.
    Pause,
    /// SIGCONT.
    Cont,
    /// SIGHUP.
    Hup,
    /// SIGALRM.
    Alarm,
    /// SIGINT.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// SIGUSR1.
    User1,
    /// SIGUSR2.
    User2,
    /// SIGTERM.
    Term,
    /// SIGKILL.
    Kill,
    /// Stop it, then runsv itself ends.
    Exit,
}

impl Letter {
    /// The byte written to `supervise/control`.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Letter::Up => b'u',
            Letter::Down => b'd',
            Letter::Once => b'o',
            Letter::Pause => b'p',
            Letter::Cont => b'c',
            Letter::Hup => b'h',
            Letter::Alarm => b'a',
            Letter::Interrupt => b'i',
            Letter::Quit => b'q',
            Letter::User1 => b'1',
            Letter::User2 => b'2',
            Letter::Term => b't',
            Letter::Kill => b'k',
            Letter::Exit => b'x',
        }
    }
}

/// Whether sv stays to see a command obeyed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// Only with `-v` or `-w`.
    IfAsked,
    /// Always.
    Always,
    /// Always, and a service that does not obey in time is sent [`Letter::Kill`].
    ThenKill,
}

/// What a command word asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    /// Report the state.
    Status,
    /// Nothing is sent; wait until the service is as it is wanted.
    Check,
    /// Send these and, perhaps, wait.
    Control(&'static [Letter], Wait),
}

/// A word understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The task.
    pub task: Task,
}

impl Plan {
    /// Understands a command word; `None` is a usage error. `script`: sv was called by the name of
    /// a service, where `status` must be written out.
    #[must_use]
    pub fn of(word: &[u8], script: bool) -> Option<Plan> {
        use Letter::{
            Alarm, Cont, Down, Exit, Hup, Interrupt, Kill, Once, Pause, Quit, Term, Up, User1, User2,
        };
        use Wait::{Always, IfAsked, ThenKill};
        let task = match word {
            b"start" => Task::Control(&[Up], Always),
            b"stop" => Task::Control(&[Down], Always),
            b"restart" => Task::Control(&[Term, Cont, Up], Always),
            b"try-restart" => Task::Control(&[Term, Cont], Always),
            b"reload" => Task::Control(&[Hup], Always),
            b"shutdown" => Task::Control(&[Exit], Always),
            b"force-stop" => Task::Control(&[Down], ThenKill),
            b"force-reload" => Task::Control(&[Term, Cont], ThenKill),
            b"force-restart" => Task::Control(&[Term, Cont, Up], ThenKill),
            b"force-shutdown" => Task::Control(&[Exit], ThenKill),
            b"check" => Task::Check,
            b"status" => Task::Status,
            b"exit" => Task::Control(&[Exit], IfAsked),
            [b's', ..] if !script => Task::Status,
            [b'D', ..] => Task::Control(&[Down], ThenKill),
            [b'T', ..] => Task::Control(&[Term, Cont], ThenKill),
            [b'X' | b'E', ..] => Task::Control(&[Exit], ThenKill),
            [b'u', ..] => Task::Control(&[Up], IfAsked),
            [b'd', ..] => Task::Control(&[Down], IfAsked),
            [b'o', ..] => Task::Control(&[Once], IfAsked),
            [b'p', ..] => Task::Control(&[Pause], IfAsked),
            [b'c', ..] => Task::Control(&[Cont], IfAsked),
            [b'h', ..] => Task::Control(&[Hup], IfAsked),
            [b'a', ..] => Task::Control(&[Alarm], IfAsked),
            [b'i', ..] => Task::Control(&[Interrupt], IfAsked),
            [b'q', ..] => Task::Control(&[Quit], IfAsked),
            [b'1', ..] => Task::Control(&[User1], IfAsked),
            [b'2', ..] => Task::Control(&[User2], IfAsked),
            [b't', ..] => Task::Control(&[Term], IfAsked),
            [b'k', ..] => Task::Control(&[Kill], IfAsked),
            [b'e' | b'x', ..] => Task::Control(&[Exit], IfAsked),
            _ => return None,
        };
        Some(Plan { task })
    }

    /// What is sent, in this order and in one write.
    #[must_use]
    pub const fn letters(&self) -> &'static [Letter] {
        match self.task {
            Task::Status | Task::Check => &[],
            Task::Control(letters, _) => letters,
        }
    }

    /// Whether sv waits; `asked` is `-v` or `-w`.
    #[must_use]
    pub const fn waits(&self, asked: bool) -> bool {
        match self.task {
            Task::Status => false,
            Task::Check => true,
            Task::Control(_, Wait::IfAsked) => asked,
            Task::Control(_, Wait::Always | Wait::ThenKill) => true,
        }
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
            Task::Check => true,
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
            Task::Check => Some(&[]),
            Task::Control(letters, _) if letters.contains(&Letter::Up) => Some(&[Letter::Up]),
            Task::Status | Task::Control(..) => None,
        }
    }

    /// Whether a supervisor that is gone is what was asked for.
    #[must_use]
    pub const fn ends_supervisor(&self) -> bool {
        matches!(self.task, Task::Control([Letter::Exit, ..], _))
    }
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
                    b'u' | b'd' | b'o' | b't' | b'k' | b'p' | b'c' | b'h' | b'a' | b'i' | b'q' | b'1'
                    | b'2' => char::from(first).to_string(),
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
