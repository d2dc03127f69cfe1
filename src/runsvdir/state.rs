//! What the machine waits for, and how far a scan has come.
use platform::Instant;

/// What it waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum State {
    /// For an event.
    Waiting,
    /// For the answer to `Look`.
    Looking,
    /// For the answer to `Open`.
    Opening,
    /// For the answers to `Next` and `Start`.
    Scanning,
    /// For the answer to `Examine`.
    Examining,
    /// For the answer to `Terminate`: what the scan did not meet is ended.
    Dismissing,
    /// For the answer to `Mark`: every supervisor is to be ended, and this program then.
    Marking,
    /// For the answer to `Terminate`, likewise.
    Stopping,
    /// For the supervisors that were told to end, before those are told that they need.
    Ending,
    /// For the answer to `Kill`: the time of a container's services is up.
    Killing,
    /// For the answer to `KillGroup`: that of their supervisors is.
    Felling,
    /// Past the end.
    Over,
}

/// A scan under way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Scan {
    /// When it began.
    pub(super) since: Instant,
    /// Fork failed in it: nothing more is started.
    pub(super) stuck: bool,
    /// A new service was started in it.
    pub(super) replaced: bool,
    /// What is seen now may change again within the same time stamp.
    pub(super) fresh: bool,
    /// How many milliseconds ago the service that is examined was found, or last had no `run`.
    pub(super) age: u64,
}
