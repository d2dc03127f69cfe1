//! Processes that are kept together by procctl(2): this process is the reaper of what descends from it, and the kernel
//! knows from which of its children each of them comes, whatever became of those in between.
use super::birth;
use crate::memory::Pages;
use crate::unix::{Os, check, contain, own_pid, setsid, spawn};
use crate::{Child, Errno, Fd, FileId, Pid, Result, Sweep, Way, system};
use contain::{deal, mark, ward};
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
// <sys/user.h>.
layout!(libc::kinfo_proc: 1088 align 8, ki_pid 72, ki_pgid 80, ki_start 336);
layout!(ReaperKill: 80 align 4, signal 0, flags 4, subtree 8, killed 12, failed 16, pad 20);

/// <sys/procctl.h>.
const REAPER_KILL_SUBTREE: c_uint = 2;

/// What is kept together.
pub struct Ward {
    /// The child; 0 for none.
    first: pid_t,
    /// The kernel does not tell what descends from it: its process group has to do.
    group: bool,
    /// It is not this process's, but was left by another one: the directory whose variable marks what came of it.
    left: Option<FileId>,
}

impl Ward {
    pub(crate) const fn new() -> Ward {
        Ward { first: 0, group: false, left: None }
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
    *ward() = Ward { first: pid.0, group, left: None };
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

pub(crate) fn sweep(_os: &mut Os, how: Sweep, spare: &[Option<Pid>]) -> bool {
    let ward = ward();
    // Without a signal nothing is asked: CONT does no harm to what has had it.
    let signals: &[c_int] = match how {
        Sweep::Look => &[libc::SIGCONT],
        Sweep::Terminate => &[libc::SIGTERM, libc::SIGCONT],
        Sweep::Kill => &[libc::SIGKILL],
    };
    let left = match (ward.first, ward.left) {
        (..=1, _) => false,
        (first, Some(place)) => {
            let outside = deal_with_marked(ward, place, how, spare);
            // Nobody gets the number of a group in which there is a process; afterwards anybody may.
            ward.group = ward.group && deal(-first, how);
            ward.group || outside
        }
        (first, None) if ward.group => deal(-first, how),
        (first, None) => signals.iter().fold(false, |left, signal| left | kill(first, *signal)),
    };
    if !left {
        *ward = Ward::new();
    }
    left
}

/// Deals with each process that has the variable and is out of the process group. Where one of them is in it, it is the
/// right group, though its leader be gone.
#[inline(never)]
fn deal_with_marked(ward: &mut Ward, place: FileId, how: Sweep, spare: &[Option<Pid>]) -> bool {
    const PROCESS: usize = size_of::<libc::kinfo_proc>();
    let all = [libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_PROC];
    // For those that are started meanwhile the kernel adds a few; here are some more.
    let room = sysctl(&all, ptr::null_mut(), 0) + MORE * PROCESS;
    let Ok(pages) = Pages::map(room + ENVIRONMENT) else { return true };
    let (list, environment) = (pages.start::<u8>(), pages.start::<u8>().wrapping_add(room));
    let len = sysctl(&all, list.cast(), room);
    let (mark, own) = (mark(place), own_pid());
    let mut left = false;
    for at in 0..len / PROCESS {
        // SAFETY: the kernel wrote so many records to the beginning of the pages, and all that is written is valid.
        let process = unsafe { &*list.cast::<libc::kinfo_proc>().wrapping_add(at) };
        let pid = process.ki_pid;
        if pid <= 1 || pid == own || spare.contains(&Some(Pid(pid))) {
            continue;
        }
        let env = [libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_ENV, pid];
        let len = sysctl(&env, environment.cast(), ENVIRONMENT);
        // SAFETY: the kernel wrote so many bytes behind the list.
        let text = unsafe { core::slice::from_raw_parts(environment, len) };
        if text.split(|byte| *byte == 0).any(|variable| variable.starts_with(mark.bytes())) {
            let within = process.ki_pgid == ward.first;
            ward.group |= within;
            left |= !within && deal(pid, how);
        }
    }
    pages.unmap();
    left
}

/// What a dead reaper had belongs to another one, and the kernel does not tell any more what came from which child: it is
/// known by the variable, unless its program took that away, and by the process group while the child that leads that is
/// there.
pub(crate) fn adopt(_os: &mut Os, place: FileId, record: &[u8]) -> bool {
    // Nobody looks at all processes for what an earlier life of the system has left.
    let Some((first, _)) = contain::noted(record).filter(|(_, birth)| birth::is_of_now(*birth)) else {
        return false;
    };
    let group = contain::recorded(record).is_some_and(|(_, there)| there);
    *ward() = Ward { first, group, left: Some(place) };
    true
}

/// An environment has at most so many bytes (<sys/syslimits.h>, ARG_MAX).
const ENVIRONMENT: usize = 512 * 1024;
/// Room for so many processes that were started while all were counted.
const MORE: usize = 32;

/// sysctl(3), kern.proc: how much there is or, with room, how much of it was written.
fn sysctl(name: &[c_int], room: *mut c_void, size: usize) -> usize {
    let mut len = size;
    // SAFETY: the name has so many numbers, and the room is as large as its size says.
    let done = check(unsafe {
        libc::sysctl(name.as_ptr(), name.len() as c_uint, room, &raw mut len, ptr::null(), 0)
    });
    match done {
        Ok(_) if room.is_null() => len,
        Ok(_) | Err(Errno::NOMEM) => len.min(size),
        Err(_) => 0,
    }
}
