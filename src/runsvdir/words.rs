//! The words that the machine and its performer exchange.
use platform::{Ended, FileId, Pid, Stamp};

/// What is compared to see whether the directory changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Look {
    /// Which directory it is: links may have been switched.
    pub id: FileId,
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
    /// Time has passed.
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
    /// In a container, TERM, INT or PWR: have every supervisor end, and end when they have.
    Stop,
    /// The main service of the container is down for good, and its last end was this, as an exit code.
    MainIsDown(u8),
}

/// The answer to an action that is a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// To `Look`; `None`: it cannot be looked at. `true`: it changed in this second.
    Seen(Option<(Look, bool)>),
    /// To `Open`: `None` if it failed, else whether changes are told from now on.
    Opened(Option<bool>),
    /// To `Next`: a directory.
    Name(FileId),
    /// To `Next`: the end.
    End {
        /// Everything could be read.
        complete: bool,
        /// An entry led nowhere.
        dangling: bool,
    },
    /// To `Examine`.
    Examined(Contents),
    /// To `Start`; `None`: fork failed.
    Started(Option<Pid>),
    /// To `Terminate` and `KillGroup`.
    Sent,
    /// To `Mark` and `Kill`: the directory was read.
    Marked,
}

/// One thing to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// stat the directory; answered by `Seen`.
    Look,
    /// Begin to be told of changes, and open the directory; answered by `Opened`.
    Open,
    /// Read the next name; answered by `Name` or `End`.
    Next {
        /// The last scan found the same: what was said then is not said again.
        repeats: bool,
    },
    /// See how far the directory of the name just read has come; answered by `Examined`.
    Examine,
    /// Start the supervisor of the name just read; answered by `Started`.
    Start,
    /// Say that the name just read has had no `run` for some time.
    NoRun,
    /// Say that there is no memory for the name just read.
    NoMemory,
    /// Close the directory.
    Close,
    /// Mark the services that others which are left need; answered by `Marked`.
    Mark,
    /// Send TERM to a supervisor. There may be any number of them, so each is answered by `Sent`.
    Terminate(Pid),
    /// Have the services of all supervisors that are left killed by these; answered by `Marked`.
    Kill,
    /// Send KILL to the process group of a supervisor; answered by `Sent`.
    KillGroup(Pid),
    /// End with this code.
    Exit(u8),
}

/// The walk in the tests asserts that the room is never filled.
pub type Actions = crate::actions::Actions<Action, 4>;
