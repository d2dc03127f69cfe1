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
pub enum Answer {
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

/// Where the machine is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// No signal can be caught yet.
    Deaf,
    /// Stage 1 runs.
    One,
    /// Stage 1 could not be forked and is tried again.
    OnePauses,
    /// Stage 2 runs.
    Two,
    /// Stage 2 could not be forked and is tried again.
    TwoPauses,
    /// Stage 2 crashed and is started again.
    Restarts,
    /// `ctrlaltdel` runs.
    Key(Then),
    /// `ctrlaltdel` could not be forked and is tried again.
    KeyPauses(Then),
    /// Stage 2 was sent TERM.
    Stops,
    /// Stage 2 was sent KILL.
    Kills,
    /// Stage 3 runs.
    Three,
    /// Stage 3 could not be forked and is tried again.
    ThreePauses,
    /// All processes are gone; whether to restart is being looked up.
    Decides,
    /// The system was told to end.
    Ends(How),
    /// The power is still on.
    Lingers,
    /// Nothing is left to do but to reap.
    Waits,
}

/// What happens to the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Signals can be caught. `again`: the system has been booted by an earlier process 1.
    Caught {
        /// See there.
        again: bool,
    },
    /// Signals cannot be caught now.
    NotCaught,
    /// The deadline is reached.
    Timer,
    /// A request to look at the magic files, and what is in them.
    Control {
        /// A stop is meant.
        stopit: bool,
        /// What shall follow the stop.
        how: How,
    },
    /// Three fingers, and whether `ctrlaltdel` is executable.
    CtrlAltDel {
        /// See there.
        script: bool,
    },
    /// The program that was to be started last could not be forked.
    NotStarted,
    /// The process of the stage ended.
    StageEnded(Outcome),
    /// `ctrlaltdel` ended.
    KeyEnded {
        /// A signal killed it.
        crash: bool,
        /// A stop is meant now.
        stopit: bool,
    },
    /// Whether a restart is meant.
    Decided {
        /// See there.
        reboot: bool,
    },
    /// What the call that ends the system said.
    Power(Answer),
    /// The system's own reboot(8) begins: nothing is started, nobody is killed.
    Catatonia,
    /// It has failed, or somebody asks for something else: the next event is a request.
    Resume,
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

/// What the machine wants done. At most one of the actions that are answered by an event
/// (`Catch`, `Start`, `Decide`, `Power`) is in a list, as the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Catch signals; answered by `Caught` or `NotCaught`.
    Catch,
    /// Say it on the console.
    Say(Message),
    /// Start it; answered by `NotStarted` at once or by its end.
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
    /// End the system; answered by `Power`.
    Power(How),
    /// Leave process 1.
    Exit(u8),
}

/// The room is one more than the longest list, which the walk in the tests measures.
pub type Actions = crate::actions::Actions<Action, 10>;
