//! Processes that are kept together by a cgroup of their own (cgroups(7), version 2), and where none can be made by
//! what descends from this process, to which all orphans come (prctl(2), PR_SET_CHILD_SUBREAPER).
use super::cgroup::Group;
use super::descendants::Family;
use super::{birth, cgroup};
use crate::unix::{Os, contain, setsid, spawn};
use crate::{Child, Errno, Fd, FileId, Files, Pid, Result, Sweep, Way, system};
use contain::{mark, ward};
use core::sync::atomic::{AtomicI32, Ordering};

/// What is kept together.
pub struct Ward {
    /// The cgroup, while something may be in it.
    group: Option<Group>,
    /// What is outside of it.
    family: Option<Family>,
    /// Orphans come here.
    reaps: bool,
}

impl Ward {
    pub(crate) const fn new() -> Ward {
        Ward { group: None, family: None, reaps: false }
    }

    /// prctl(2). Also with a cgroup: so the end of each process that is left is told.
    fn reap(&mut self) {
        if !self.reaps {
            let option = libc::c_long::from(libc::PR_SET_CHILD_SUBREAPER);
            // SAFETY: numbers are passed.
            self.reaps = unsafe { libc::syscall(libc::SYS_prctl, option, 1, 0, 0, 0) } == 0;
        }
    }
}

#[inline(never)]
pub(crate) fn spawn_contained(
    os: &mut Os,
    child: &Child<'_>,
    place: FileId,
    record: Fd,
) -> Result<(Pid, Way)> {
    let ward = ward();
    ward.reap();
    ward.group = ward.group.take().or_else(|| Group::make(place, record));
    let into = ward.group.as_ref().map_or(Fd(-1), Group::open);
    INTO.store(into.0, Ordering::Relaxed);
    let started = contain::start(fork, child, || {
        if INTO.load(Ordering::Relaxed) < 0 {
            setsid();
            contain::record_self(record);
            let _ = spawn::set_variable(mark(place).bytes());
        }
    });
    if into.0 >= 0 {
        os.close(into);
    }
    let pid = started?;
    if INTO.load(Ordering::Relaxed) >= 0 {
        return Ok((pid, Way::All));
    }
    // Made in vain: by the rules of the groups above, or an older kernel, nothing could be started in it.
    sweep_group(os, ward, Sweep::Look);
    ward.family = Some(Family::of(pid));
    let seen = birth::stat(pid.0).is_some();
    Ok((pid, if seen { Way::All } else { Way::Group }))
}

/// The cgroup that the next child is to be in; negative for none, or if that could not be.
static INTO: AtomicI32 = AtomicI32::new(-1);

/// fork(2), into a cgroup if that is possible.
fn fork() -> libc::c_int {
    let into = INTO.load(Ordering::Relaxed);
    if into >= 0 {
        let pid = cgroup::fork_into(into);
        if pid >= 0 || matches!(Errno::last(), Errno::AGAIN | Errno::NOMEM) {
            return pid;
        }
        INTO.store(-1, Ordering::Relaxed);
    }
    system::fork()
}

#[inline(never)]
fn sweep_group(os: &mut Os, ward: &mut Ward, how: Sweep) {
    if let Some(group) = ward.group.take_if(|group| !group.sweep(how)) {
        os.close(group.above);
    }
}

#[inline(never)]
pub(crate) fn sweep(os: &mut Os, how: Sweep, spare: &[Option<Pid>]) -> bool {
    let ward = ward();
    sweep_group(os, ward, how);
    ward.family.take_if(|family| !family.sweep(how, spare));
    ward.group.is_some() || ward.family.is_some()
}

#[inline(never)]
pub(crate) fn adopt(_os: &mut Os, place: FileId, record: &[u8]) -> bool {
    let ward = ward();
    ward.group = Group::recorded(place, record);
    ward.family = contain::recorded(record).map(|found| Family::left(found, place));
    ward.group.is_some() || ward.family.is_some()
}
