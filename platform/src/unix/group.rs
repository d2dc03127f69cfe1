//! Processes that are kept together by their process group: a process can leave it, but not by accident (setsid(2)).
use crate::unix::{Os, contain, setsid};
use crate::{Child, Fd, FileId, Pid, Result, Sweep, Way, system};
use contain::ward;

/// The group.
pub struct Ward {
    /// Its number; 0 for none.
    leader: i32,
}

impl Ward {
    pub(crate) const fn new() -> Ward {
        Ward { leader: 0 }
    }
}

pub(crate) fn spawn_contained(
    _os: &mut Os,
    child: &Child<'_>,
    _place: FileId,
    record: Fd,
) -> Result<(Pid, Way)> {
    let pid = contain::start(system::fork, child, || {
        setsid();
        contain::record_self(record);
    })?;
    ward().leader = pid.0;
    Ok((pid, Way::Group))
}

/// kill(2) of a group.
pub(crate) fn sweep(_os: &mut Os, how: Sweep, _spare: &[Option<Pid>]) -> bool {
    let ward = ward();
    if ward.leader > 1 && contain::deal(-ward.leader, how) {
        return true;
    }
    ward.leader = 0;
    false
}

/// A group whose leader is gone may be another one of the same number: then it is left alone.
pub(crate) fn adopt(_os: &mut Os, _place: FileId, record: &[u8]) -> bool {
    match contain::recorded(record) {
        Some((pid, true)) => ward().leader = pid,
        Some((_, false)) | None => return false,
    }
    true
}
