//! Processes that are kept together by procctl(2): this process is the reaper of what descends from it, and the kernel
//! knows from which of its children each of them comes, whatever became of those in between.
use crate::unix::{Os, contain, setsid};
use crate::{Child, Errno, Fd, FileId, Pid, Result, Sweep, Way, system};
use contain::{deal, ward};
use libc::{c_int, c_uint, pid_t};

/// <sys/procctl.h>, struct procctl_reaper_kill; not in the libc crate.
#[repr(C)]
struct ReaperKill {
    signal: c_int,
    flags: c_uint,
    subtree: pid_t,
    killed: c_uint,
    failed: pid_t,
    pad: [c_uint; 15],
}
layout!(ReaperKill: 80 align 4, signal 0, flags 4, subtree 8, killed 12, failed 16, pad 20);

/// <sys/procctl.h>.
const REAPER_KILL_SUBTREE: c_uint = 2;

/// What is kept together.
pub struct Ward {
    /// The child; 0 for none.
    first: pid_t,
    /// The kernel does not tell what descends from it: its process group has to do.
    group: bool,
}

impl Ward {
    pub(crate) const fn new() -> Ward {
        Ward { first: 0, group: false }
    }
}

pub(crate) fn spawn_contained(
    _os: &mut Os,
    child: &Child<'_>,
    _place: FileId,
    record: Fd,
) -> Result<(Pid, Way)> {
    let nothing = core::ptr::null_mut();
    // SAFETY: this command takes no record; 0 is the calling process.
    let acquired = unsafe { libc::procctl(libc::P_PID, 0, libc::PROC_REAP_ACQUIRE, nothing) } == 0;
    // EBUSY: it was one already.
    let group = !acquired && Errno::last() != Errno(libc::EBUSY);
    let pid = contain::start(system::fork, child, || {
        setsid();
        contain::record_self(record);
    })?;
    *ward() = Ward { first: pid.0, group };
    Ok((pid, if group { Way::Group } else { Way::All }))
}

/// PROC_REAP_KILL of those that come from the child. Zombies count until they are reaped, which is soon.
fn kill(first: pid_t, signal: c_int) -> bool {
    let flags = REAPER_KILL_SUBTREE;
    let mut kill = ReaperKill { signal, flags, subtree: first, killed: 0, failed: 0, pad: [0; 15] };
    // SAFETY: a record of the kernel's layout; 0 is the calling process.
    let sent = unsafe { libc::procctl(libc::P_PID, 0, libc::PROC_REAP_KILL, (&raw mut kill).cast()) } == 0;
    sent || Errno::last() == Errno::PERM
}

pub(crate) fn sweep(_os: &mut Os, how: Sweep, _spare: &[Option<Pid>]) -> bool {
    let Ward { first, group } = *ward();
    // Without a signal nothing is asked: CONT does no harm to what has had it.
    let signals: &[c_int] = match how {
        Sweep::Look => &[libc::SIGCONT],
        Sweep::Terminate => &[libc::SIGTERM, libc::SIGCONT],
        Sweep::Kill => &[libc::SIGKILL],
    };
    let left = match first {
        ..=1 => false,
        _ if group => deal(-first, how),
        _ => signals.iter().fold(false, |left, signal| left | kill(first, *signal)),
    };
    if !left {
        *ward() = Ward::new();
    }
    left
}

/// What a dead reaper had belongs to another one: of that only the process group can be told.
pub(crate) fn adopt(_os: &mut Os, _place: FileId, record: &[u8]) -> bool {
    match contain::recorded(record) {
        Some((first, true)) => *ward() = Ward { first, group: true },
        Some((_, false)) | None => return false,
    }
    true
}
