//! The words that the machine and its performer exchange.
use super::service::Who;
use super::settings::Settings;
use crate::protocol::Letter;
use crate::status::Want;
use platform::{Ended, Pid, Signal, Sweep};

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The supervisor is ready, or a deadline has passed.
    Time,
    /// A command for one of the two.
    Control(Who, Letter),
    /// The supervisor was sent TERM.
    Terminate,
    /// A child ended.
    Died(Pid, Ended),
    /// `./run` said that it is ready.
    Ready,
    /// Something has changed where the service waits for another one.
    Stirred,
}

/// The answer to an action that is a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// To `ReadSettings`.
    Settings(Who, Settings),
    /// To `ReadSettings` of the service: the same, and a log service that was not there before, which is wanted so.
    /// All that it needs was made, the open pipe among it.
    LogAppeared(Settings, Want),
    /// To `Run` and `Finish`; `None` if fork failed.
    Started(Who, Option<Pid>),
    /// To `LookAtNeeds`.
    Needs(Needed),
    /// To `Script`; `None` if there is none or it could not be started.
    ScriptStarted(Letter, Option<Pid>),
    /// To `LookForFinish`.
    Looked(Found),
    /// To `OpenPipe`.
    PipeOpened(bool),
    /// To `LookAtPipe`.
    PipeHolds(bool),
    /// To `Sweep`: whether anything was left.
    Swept(bool),
}

/// What follows the end of `./run`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// `./finish`.
    Finish,
    /// Nothing.
    Nothing,
    /// The service directory is not there any more: nothing can be started in it.
    NoDirectory,
}

/// How the services are that have to be up before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needed {
    /// All of them are up.
    Met,
    /// One has a process that counts as up in so many milliseconds.
    Settles(u32),
    /// One is not up, and its changes are told.
    Told,
    /// One is not up, and nobody will tell of its changes.
    Untold,
}

/// One thing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// What does the directory say of the start that comes? Answered by `Settings` or `LogAppeared`.
    ReadSettings(Who),
    /// Are the services up that the service needs? Answered by `Needs`.
    LookAtNeeds,
    /// They do not matter any more.
    StopWaiting,
    /// Start `./run`; answered by `Started`.
    Run(Who),
    /// Start `./finish`, which is told how `./run` ended; answered by `Started`.
    Finish(Ended),
    /// `./run` ended so: is there a `./finish`? Answered by `Looked`.
    LookForFinish(Ended),
    /// Run a control script with the number of the service's process, if there is a script;
    /// answered by `ScriptStarted`.
    Script(Letter, Option<Pid>),
    /// Is anything left of the service and what it started? Deal with it; answered by `Swept`.
    Sweep(Sweep),
    /// Say that what is left cannot be killed.
    TellStuck,
    /// Send a signal to a child that was not reaped yet.
    Signal(Pid, Signal),
    /// The same, by its number on this system.
    SignalNumber(Pid, u8),
    /// `./run` ended so: a fact for `supervise/state`.
    Ended(Who, Ended),
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

/// The two services do not depend on each other's order, and each has at most one question open. The walk in the
/// tests asserts that the room is never filled.
pub type Actions = crate::actions::Actions<Action, 8>;
