//! Processes that are kept together by procctl(2): this process is the reaper of what descends from it, and the kernel
//! knows from which of its children each of them comes, whatever became of those in between.
use crate::unix::{Os, check, contain, setsid, spawn};
use crate::{Child, Errno, Fd, FileId, Pid, Result, Sweep, Way, system};
use contain::{deal, mark, ward};
use core::mem::MaybeUninit;
use core::ptr;
use libc::{c_int, c_uint, c_void, pid_t};

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
    place: FileId,
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
        let _ = spawn::set_variable(mark(place).bytes());
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

/// What a dead reaper had belongs to another one: of that only the process group can be told. Nobody gets the number of
/// a group in which there is a process, so it is the right one for as long as there is one.
pub(crate) fn adopt(_os: &mut Os, place: FileId, record: &[u8]) -> bool {
    let Some((first, there)) = contain::recorded(record) else { return false };
    let found = there || is_marked(first, place);
    if found {
        *ward() = Ward { first, group: true };
    }
    found
}

/// So many processes of a group are looked at.
const MEMBERS: usize = 4;
/// So much of an environment is read.
const ENVIRONMENT: usize = 16 * 1024;

/// Whether the group without its leader is that of this service: a process of it has the variable.
#[inline(never)]
fn is_marked(group: pid_t, place: FileId) -> bool {
    let mut found = [const { MaybeUninit::<libc::kinfo_proc>::zeroed() }; MEMBERS];
    let len = sysctl(libc::KERN_PROC_PGRP, group, found.as_mut_ptr().cast(), size_of_val(&found));
    let mark = mark(place);
    found.iter().take(len / size_of::<libc::kinfo_proc>()).any(|member| {
        let mut text = [0_u8; ENVIRONMENT];
        // SAFETY: all zero is valid, and so is what the kernel wrote.
        let pid = unsafe { member.assume_init_ref() }.ki_pid;
        let len = sysctl(libc::KERN_PROC_ENV, pid, text.as_mut_ptr().cast(), ENVIRONMENT);
        let text = text.get(..len).unwrap_or_default();
        text.split(|byte| *byte == 0).any(|variable| variable.starts_with(mark.bytes()))
    })
}

/// sysctl(3), kern.proc: what fits into the room, of which this much was written.
fn sysctl(what: c_int, which: pid_t, room: *mut c_void, size: usize) -> usize {
    let name = [libc::CTL_KERN, libc::KERN_PROC, what, which];
    let mut len = size;
    // SAFETY: the name has four numbers, and the room is as large as its size says.
    let done = check(unsafe { libc::sysctl(name.as_ptr(), 4, room, &raw mut len, ptr::null(), 0) });
    if done.is_ok() || done == Err(Errno::NOMEM) { len.min(size) } else { 0 }
}
