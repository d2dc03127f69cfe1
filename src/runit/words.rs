//! The words that the machine and its performer exchange.
use platform::How;

/// The stages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Once at start.
    One,
    /// As long as the system is up.
    Two,
    /// Once at the end.
    Three,
}

/// The children whose end matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Program {
    /// The process of a stage.
    Stage(Stage),
    /// `ctrlaltdel`.
    CtrlAltDel,
}

/// How a child ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It exited.
    Exit(u8),
    /// A signal killed it.
    Crash,
}

/// What became of the call that ends the system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It came back, without effect so far.
    Returned,
    /// It failed.
    Failed,
    /// Process 1 may not make it.
    Forbidden,
}

/// What follows `ctrlaltdel`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    /// Stage 2 runs beside it.
    Runs,
    /// Stage 2 is to be started.
    Start,
    /// Stage 2 crashed and is to be started after a pause.
    Restart,
    /// Stage 1 ended so that stage 2 is skipped.
    Skip,
    /// Stage 2 is over.
    Over,
}

/// Where the machine is. A program that could not be forked is tried again at the deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// No signal can be caught yet.
    Deaf,
    /// Stage 1 runs, or is tried again.
    One,
    /// Stage 2 runs.
    Two,
    /// Stage 2 could not be forked and is tried again.
    TwoPauses,
    /// Stage 2 crashed and is started again.
    Restarts,
    /// `ctrlaltdel` runs, or is tried again.
    Key(Then),
    /// Stage 2 was sent TERM, and after the deadline KILL.
    Stops,
    /// Stage 3 runs, or is tried again.
    Three,
    /// The system was told to end. With a deadline: the power is still on then.
    Ends,
}

/// What happens to the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The deadline is reached.
    Time,
    /// A stop is asked for, and what shall follow it.
    Stop(How),
    /// Three fingers, and there is a `ctrlaltdel` to run.
    Key,
    /// The process of the stage ended.
    StageEnded(Outcome),
    /// `ctrlaltdel` ended.
    KeyEnded {
        /// A signal killed it.
        crash: bool,
        /// A stop is meant now.
        stopit: bool,
    },
    /// The process that made the call that ends the system ended.
    PowerEnded(Ending),
    /// The system's own reboot(8) begins: nothing is started, nobody is killed.
    Catatonia,
    /// It has failed, or somebody asks for something else: the next event is a request.
    Resume,
}

/// The answer to an action that is a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Signals can be caught.
    Caught {
        /// The system has been booted by an earlier process 1.
        again: bool,
    },
    /// Signals cannot be caught now.
    NotCaught,
    /// Whether the program could be forked.
    Started(bool),
    /// Whether a restart is meant.
    Decided(bool),
    /// What the call that ends the system said; `None`: a process makes it, and `PowerEnded` will tell.
    Called(Option<Ending>),
}

/// The messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Message {
    Booting,
    BootedBefore,
    Failed(Stage),
    Crashed(Program),
    Leave(Program),
    Skipping,
    Killing,
    Restarting,
    CtrlAltDel,
    SendingKill,
    Noted(Program),
    Stopping,
    KillAll,
    Ending(How),
    Forbidden,
    Catatonia,
    Resuming,
}

/// What the machine wants done. At most one question is in a list, as the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Catch signals; answered by `Caught` or `NotCaught`.
    Catch,
    /// Say it on the console.
    Say(Message),
    /// Start it; answered by `Started`.
    Start(Program),
    /// Ask the process of stage 2 to end.
    Terminate,
    /// Kill the process of stage 2.
    Kill,
    /// Kill what is left of stage 2's process group.
    KillGroup,
    /// Kill every process.
    KillAll,
    /// The request to stop is being obeyed: reset it.
    ResetStopit,
    /// Set `reboot` again, which stage 1 may have reset since it was asked for.
    SetReboot,
    /// See whether to restart; answered by `Decided`.
    Decide,
    /// End the system; answered by `Called`.
    Power(How),
    /// Leave process 1.
    Exit(u8),
}

/// The room is one more than the longest list, which the walk in the tests measures.
pub type Actions = crate::actions::Actions<Action, 10>;
