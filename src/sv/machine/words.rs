//! What the machine hears and says.
use super::super::{Sight, Trouble};
use super::check::{Checked, Passed};
use super::judge::Verdict;
use crate::protocol::Letter;
use crate::status::Record;
use platform::{Errno, Stamp};

/// What happened and nobody asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The first of all.
    Begin,
    /// The moment of `until()` has come.
    Time,
    /// The record was replaced.
    Changed,
    /// Something changed in `supervise`, or is about to.
    Stirred,
    /// A reader of `ok` goes away; it is gone a moment later. It was the supervisor, or somebody who looked.
    ReaderGone,
    /// `ok` is held, and its last reader is gone.
    Ended,
    /// `./check` has ended, or closed the descriptor that tells of its end.
    CheckEnded,
}

/// One thing to do. Those that name an answer are questions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Find the service directory by its name; [`Answer::Opened`].
    Open,
    /// Have changes in `supervise` told; [`Answer::Watched`].
    Watch,
    /// Read the record as it was before the command; [`Answer::Recorded`].
    Read,
    /// Open `ok` and hold it, to be told of the end of its reader; [`Answer::Held`].
    Hold,
    /// Write to the control FIFO; [`Answer::Sent`].
    Send(&'static [Letter]),
    /// Was the name of the service made a moment ago? [`Answer::New`].
    AskName(Trouble),
    /// Has the supervisor read what it was sent? [`Answer::Heard`].
    AskHeard,
    /// Look at `supervise`; [`Answer::Looked`].
    Look,
    /// Has `./check` ended? [`Answer::Collected`].
    Collect(Seen),
    /// Start `./check`; [`Answer::Checked`].
    Check(Seen),
    /// Say what came of it. It is the end, but for [`Action::Kill`].
    Report(Report),
    /// Have the service killed.
    Kill,
}

/// The answer to an [`Action`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Whether the supervisor there waits for the control script that sv was called by.
    Opened(Result<bool, Errno>),
    /// Whether they will be told.
    Watched(bool),
    /// The record, if it could be read.
    Recorded(Option<Record>),
    /// Whether it is held.
    Held(bool),
    /// Whether it was written.
    Sent(Result<(), Trouble>),
    /// What the name was asked for, and whether it was.
    New(Trouble, bool),
    /// Whether it has.
    Heard(bool),
    /// What was seen, and the time of day.
    Looked(Sight, Stamp),
    /// `None`: it still runs.
    Collected(Seen, Option<Passed>),
    /// What came of the start.
    Checked(Seen, Checked),
}

/// A record, and what it was found to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The record.
    pub record: Record,
    /// Whether its supervisor lives could not be seen.
    pub unseen: Option<Trouble>,
    /// What it means for the command.
    pub(super) verdict: Verdict,
    /// When it was seen.
    pub(super) wall: Stamp,
}

/// What came of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Report {
    /// The service obeyed.
    Obeyed(Seen),
    /// Its supervisor is gone, as was asked for.
    Gone,
    /// It cannot obey.
    Failed(Trouble),
    /// It will not obey: its supervisor has given it up.
    GivenUp(Seen),
    /// It did not obey in time.
    TimeIsUp(Seen),
    /// The same, and it will be killed.
    Killed(Seen),
}
