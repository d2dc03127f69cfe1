//! What the machine asks for.
use super::service::Who;
use crate::protocol::Letter;
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
    Script(Letter, Option<Pid>),
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

/// The two services do not depend on each other's order, and each has at most one question open. The room is
/// twice what any schedule of the tests ever fills.
pub type Actions = crate::actions::Actions<Action, 16>;
