//! What the machine asks for.
use super::letter::Script;
use super::service::Who;
use platform::{Ended, Pid, Signal};

/// One thing to do. Those with an answer are followed by that event before anything else happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Start `./run`; answered by `Started`.
    Run(Who),
    /// Start `./finish`, which is told how `./run` ended; answered by `Started`.
    Finish(Ended),
    /// `./run` ended so: is there a `./finish`? Answered by `Looked`.
    LookForFinish(Ended),
    /// Run a control script with the number of the service's process, if there is a script;
    /// answered by `ScriptStarted`.
    Script(Script, Option<Pid>),
    /// Send a signal to a child that was not reaped yet.
    Signal(Pid, Signal),
    /// The status changes its date.
    Stamp(Who),
    /// Bring the status files up to date.
    Write(Who),
    /// Close the end of the log pipe that services write to.
    ClosePipe,
    /// Is anything in the log pipe? Answered by `PipeHolds`.
    LookAtPipe,
    /// Replace the log pipe by a new one; answered by `PipeOpened`.
    OpenPipe,
    /// End with code 0.
    Exit,
}

/// The actions that wait to be performed, in order. What follows from an answer comes after what
/// was asked before it: the two services do not depend on each other's order, and each has at most
/// one question open.
#[derive(Clone, Copy, Debug)]
pub struct Actions {
    ring: [Action; Actions::ROOM],
    first: usize,
    len: usize,
}

impl Actions {
    /// Twice what any schedule of the tests ever fills.
    pub const ROOM: usize = 16;

    /// None.
    #[must_use]
    pub const fn new() -> Actions {
        Actions { ring: [Action::Exit; Actions::ROOM], first: 0, len: 0 }
    }

    /// Adds one at the end.
    pub fn add(&mut self, action: Action) {
        debug_assert!(self.len < Actions::ROOM, "more actions than fit");
        let at = self.first.wrapping_add(self.len) % Actions::ROOM;
        if let Some(slot) = self.ring.get_mut(at) {
            *slot = action;
            self.len = self.len.saturating_add(1);
        }
    }

    /// Takes the first.
    pub fn take(&mut self) -> Option<Action> {
        self.len = self.len.checked_sub(1)?;
        let action = self.ring.get(self.first).copied();
        self.first = self.first.wrapping_add(1) % Actions::ROOM;
        action
    }
}

impl Default for Actions {
    fn default() -> Self {
        Actions::new()
    }
}
