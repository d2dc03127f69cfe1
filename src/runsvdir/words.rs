//! The words that the machine and its performer exchange.
use super::services::Id;
use platform::{Ended, Pid, Stamp};

/// What is compared to see whether the directory changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Which directory it is: links may have been switched.
    pub id: Id,
    /// Its last change.
    pub changed: Stamp,
}

/// What is in a directory that is new among the names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contents {
    /// There is a `run`, and nothing that counts has changed for so many milliseconds.
    Quiet(u64),
    /// There is no `run`.
    NoRun,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Nothing; time may have passed.
    Time,
    /// The kernel tells of a change.
    Changed,
    /// A child ended.
    Died(Pid, Ended),
    /// ALRM: look now, and try again what has failed.
    Alarm,
    /// TERM: end, and leave everything running.
    Terminate,
    /// HUP: end, and have every supervisor end.
    HangUp,
    /// The answer to `Look`; `None`: it cannot be looked at. `fresh`: it changed in this second.
    Seen(Option<Look>, bool),
    /// The answer to `Enter`: `None` if it failed, else whether changes are told from now on.
    Entered(Option<bool>),
    /// The answer to `Next`: a directory.
    Name(Id),
    /// The answer to `Examine`.
    Examined(Contents),
    /// The answer to `Next`: the end.
    End {
        /// Everything could be read.
        complete: bool,
        /// An entry led nowhere.
        dangling: bool,
    },
    /// The answer to `Start`; `None`: fork failed.
    Started(Option<Pid>),
}

/// What is to be done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Wait for an event, at most until the deadline.
    Wait,
    /// stat the directory.
    Look,
    /// Go there, begin to be told of changes, and open it.
    Enter,
    /// Read the next name.
    Next,
    /// See how far the directory of the name just read has come.
    Examine,
    /// Start the supervisor of the name just read.
    Start,
    /// Say that the name just read has had no `run` for some time, and read the next.
    NoRun,
    /// Say that there is no memory for the name just read, and read the next.
    NoMemory,
    /// Close the directory and leave it; then send TERM to what [`super::Machine::forget`] returns.
    Leave,
    /// Send TERM to all supervisors, then end.
    StopAll,
    /// End with this code.
    Exit(u8),
}
