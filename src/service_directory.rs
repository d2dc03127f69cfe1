//! The frozen names of a service directory, which runsv and sv, and the programs of others, find each other
//! by. All paths are relative to the service directory.
use core::ffi::CStr;

/// The service.
pub const RUN: &CStr = c"./run";
/// What is run after each end of [`RUN`].
pub const FINISH: &CStr = c"./finish";
/// What says whether the service is ready; run by sv. A script finds this path as its name.
pub const CHECK: &CStr = c"check";
/// There, of whatever kind: the service is not started by itself.
pub const DOWN: &CStr = c"down";
/// The service directory of the log service, which has a `run`, a `down` and a `supervise` of its own.
pub const LOG: &CStr = c"log";
/// What has to be up before [`RUN`] is started: an entry for each service.
pub const NEEDS: &CStr = c"needs";
/// [`DOWN`] of the log service.
pub const LOG_DOWN: &CStr = c"log/down";

/// What a service directory may say beyond runit: files that change how its `./run` is supervised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extra {
    /// The descriptor on which `./run` says that it is ready.
    NotificationFd,
    /// The signal that asks it to end.
    DownSignal,
    /// How long that may take.
    TimeoutKill,
    /// How long `./finish` may take.
    TimeoutFinish,
    /// The pause between two starts.
    RestartDelay,
    /// How many ends are too many.
    RestartLimit,
    /// The exit code of `./finish` that means: give up.
    FinishFails,
    /// `./run` need not stay.
    Oneshot,
    /// A directory of the services that have to be up before `./run` is started.
    Needs,
    /// Nothing that it started outlives it.
    Contain,
}

/// Their names.
pub const EXTRAS: [(Extra, &CStr); 10] = [
    (Extra::DownSignal, c"down-signal"),
    (Extra::TimeoutKill, c"timeout-kill"),
    (Extra::RestartDelay, c"restart-delay"),
    (Extra::RestartLimit, c"restart-limit"),
    (Extra::NotificationFd, c"notification-fd"),
    (Extra::TimeoutFinish, c"timeout-finish"),
    (Extra::FinishFails, c"finish-fails"),
    (Extra::Oneshot, c"oneshot"),
    (Extra::Needs, NEEDS),
    (Extra::Contain, c"contain"),
];
/// So many of them, the first ones, also mean something in the directory of a log service.
pub const LOG_EXTRAS: usize = 4;

/// The names of a supervise directory.
#[derive(Debug)]
pub struct Supervise {
    /// The directory itself, which may be a link.
    pub directory: &'static CStr,
    /// The FIFO that takes the commands.
    pub control: &'static CStr,
    /// The FIFO whose reader is the living supervisor.
    pub ok: &'static CStr,
    /// What stands in front of these, and of a relative link's target.
    pub prefix: &'static [u8],
}

/// That of the service.
pub const SUPERVISE: Supervise =
    Supervise { directory: c"supervise", control: c"supervise/control", ok: c"supervise/ok", prefix: b"" };
/// That of its log service.
pub const LOG_SUPERVISE: Supervise = Supervise {
    directory: c"log/supervise",
    control: c"log/supervise/control",
    ok: c"log/supervise/ok",
    prefix: b"log/",
};

/// [`Supervise::control`] from the supervise directory.
pub const CONTROL: &CStr = c"control";
/// [`Supervise::ok`] from the supervise directory.
pub const OK: &CStr = c"ok";
/// Locked by the living supervisor; in the supervise directory, as the three that follow.
pub const LOCK: &CStr = c"lock";
/// The number of the process, as a line.
pub const PID: &CStr = c"pid";
/// The state, as a line.
pub const STAT: &CStr = c"stat";
/// The state, as a record.
pub const STATUS: &CStr = c"status";
/// All that is known, as a line; see [`crate::state`].
pub const STATE: &CStr = c"state";
/// How another supervisor finds the processes of a contained service.
pub const CONTAINED: &CStr = c"contained";
/// [`STATE`] from the service directory.
pub const SUPERVISE_STATE: &CStr = c"supervise/state";
/// [`STATUS`] from the service directory.
pub const SUPERVISE_STATUS: &CStr = c"supervise/status";
