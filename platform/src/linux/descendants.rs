//! proc(5): which processes descend from a child, whatever sessions they lead. Their orphans come to this process
//! (prctl(2), PR_SET_CHILD_SUBREAPER), so nothing gets away as long as it lives.
use super::birth::{self, Stat};
use super::entries::each_entry;
use crate::unix::contain::{deal, mark, number};
use crate::unix::{files, own_pid};
use crate::{Fd, FileId, Files, Os, Pid, Sweep};

/// So many generations are followed.
const GENERATIONS: u32 = 64;
/// So many times all are killed at one go, for those that were started meanwhile.
const PASSES: u32 = 4;

/// The first of them, and what came of it.
pub(crate) struct Family {
    first: i32,
    /// It is not this process's, but was left by another one: whether its first process is still there, and the
    /// directory whose variable marks them.
    left: Option<(bool, FileId)>,
}

/// What is asked of each process.
struct Search<'a> {
    family: &'a Family,
    spare: &'a [Option<Pid>],
    own: i32,
    session: i32,
}

impl Family {
    pub(crate) const fn of(first: Pid) -> Family {
        Family { first: first.0, left: None }
    }

    pub(crate) const fn left((first, is_there): (i32, bool), place: FileId) -> Family {
        Family { first, left: Some((is_there, place)) }
    }

    /// Whether any of them is left.
    #[inline(never)]
    pub(crate) fn sweep(&self, how: Sweep, spare: &[Option<Pid>]) -> bool {
        let Some(this) = birth::stat(own_pid()) else {
            // Without proc(5) the process group of the first is all that can be found.
            return self.left.is_none() && deal(-self.first, how);
        };
        let search = Search { family: self, spare, own: own_pid(), session: this.session };
        let passes = if matches!(how, Sweep::Kill) { PASSES } else { 1 };
        (0..passes).all(|_| search.pass(how))
    }
}

impl Search<'_> {
    /// Once through all processes. `false`: none of them is left.
    fn pass(&self, how: Sweep) -> bool {
        let mut os = Os::new();
        let Ok(mut dir) = os.open_dir(Fd::CWD, c"/proc") else { return false };
        let mut left = false;
        while let Ok(Some(name)) = os.next_name(&mut dir) {
            let Some(pid) = number(name.to_bytes()).map(|pid| pid as i32) else { continue };
            if pid <= 1 || pid == self.own || self.spare.contains(&Some(Pid(pid))) {
                continue;
            }
            let Some(stat) = birth::stat(pid).filter(|stat| !stat.dead) else { continue };
            if self.is_one(pid, stat) {
                left = true;
                if !matches!(how, Sweep::Look) {
                    deal(pid, how);
                }
            }
        }
        os.close_dir(dir);
        left
    }

    fn is_one(&self, pid: i32, stat: Stat) -> bool {
        let first = self.family.first;
        let there = self.family.left.as_ref().is_none_or(|left| left.0);
        // Another session may have the number by now, unless its leader is the one that was recorded.
        if stat.session == first && there {
            return true;
        }
        // What has left the session and lost its parents is nobody's any more, but has the variable.
        if self.family.left.as_ref().is_some_and(|left| is_marked(pid, left.1)) {
            return true;
        }
        let (mut at, mut stat) = (pid, stat);
        for _ in 0..GENERATIONS {
            if at == first && there {
                return true;
            }
            if stat.parent == self.own {
                // Children that came here as orphans: those of a log service or a control script did not lead a
                // session of their own.
                return self.family.left.is_none()
                    && stat.session != self.session
                    && !self.spare.contains(&Some(Pid(at)));
            }
            if stat.parent <= 1 {
                return false;
            }
            // A parent that has ended meanwhile has left its children to another.
            let above = birth::stat(stat.parent).map(|above| (stat.parent, above));
            match above.or_else(|| Some((pid, birth::stat(pid)?))) {
                Some(next) => (at, stat) = next,
                None => return false,
            }
        }
        false
    }
}

/// Whether the variable is in the environment that a process was started with.
#[inline(never)]
fn is_marked(pid: i32, place: FileId) -> bool {
    let mark = mark(place);
    let environ = birth::path(pid, b"/environ");
    let Ok(fd) = files::open(environ.as_c(), libc::O_RDONLY, 0) else { return false };
    let mut found = false;
    each_entry(fd, 0, &mut |variable| found |= variable.starts_with(mark.bytes()));
    found
}
