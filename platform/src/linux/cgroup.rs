//! cgroups(7), version 2: a group below that of this process, for the children alone.
use super::entries::each_entry;
use crate::unix::contain::{Line, deal, first_line, number, write_record};
use crate::unix::{check, close, files};
use crate::{Errno, Fd, FileId, Files, Os, Result, Sweep};
use core::ffi::CStr;

/// Where the groups may be: version 2 alone, or beside version 1.
const ROOTS: [&[u8]; 2] = [b"/sys/fs/cgroup", b"/sys/fs/cgroup/unified"];

/// A group below another one; its name is made of the numbers of a directory.
pub(crate) struct Group {
    /// The directory that it is in.
    pub(crate) above: Fd,
    place: FileId,
}

/// clone3(2), CLONE_INTO_CGROUP, since Linux 5.7: the child is in the group before it does anything.
pub(crate) fn fork_into(group: libc::c_int) -> libc::c_int {
    /// <linux/sched.h>; flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
    /// set_tid_size, cgroup.
    const SIZE: usize = 11;
    const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
    let mut args = [0_u64; SIZE];
    let [flags, _, _, _, exit_signal, .., into] = &mut args;
    (*flags, *exit_signal) = (CLONE_INTO_CGROUP, libc::SIGCHLD as u64);
    *into = u64::from(group.unsigned_abs());
    let size = size_of_val(&args);
    // SAFETY: a record of the kernel's layout and its size; the child goes on with a copy of the stack.
    unsafe { libc::syscall(libc::SYS_clone3, args.as_ptr(), size) as libc::c_int }
}

/// The path of this process's group from its root, as the line of version 2 in `/proc/self/cgroup` has it.
fn own_group() -> Option<Line> {
    let fd = files::open(c"/proc/self/cgroup", libc::O_RDONLY, 0).ok()?;
    let mut path = Line::new();
    each_entry(fd, b'\n', &mut |line| path.add(line.strip_prefix(b"0::").unwrap_or_default()));
    // What is above the root of a namespace has no path.
    let outside = path.bytes().starts_with(b"/..");
    (!outside && !path.bytes().is_empty()).then_some(path)
}

fn open(from: Fd, path: &CStr, flags: libc::c_int) -> Result<Fd> {
    files::openat(from, path, flags | libc::O_NONBLOCK, 0)
}

/// rmdir(2): possible while no process and no other group is in it.
fn rmdir(above: Fd, name: &CStr) -> bool {
    // SAFETY: the name is a string.
    let removed = check(unsafe { libc::unlinkat(above.0, name.as_ptr(), libc::AT_REMOVEDIR) });
    matches!(removed, Ok(_) | Err(Errno::NOENT))
}

impl Group {
    /// Makes it; what is left of one of the same name is it too.
    #[inline(never)]
    pub(crate) fn make(place: FileId, record: Fd) -> Option<Group> {
        let own = own_group()?;
        let own = if own.bytes() == b"/" { b"" } else { own.bytes() };
        for root in ROOTS {
            let path = Line::of(&[root, own]);
            let Ok(above) = open(Fd::CWD, path.as_c(), libc::O_DIRECTORY) else { continue };
            let group = Group { above, place };
            // Version 1 has none of these.
            let second = Os::new().fstatat(above, c"cgroup.controllers").is_ok();
            if !second || !group.mkdir() {
                close(above);
                continue;
            }
            let line = Line::of(&[b"c ", path.bytes(), b"/", group.path(b"\n").bytes()]);
            write_record(record, line.bytes());
            return Some(group);
        }
        None
    }

    /// The one that was recorded, if it is still there and is that of this directory.
    pub(crate) fn recorded(place: FileId, record: &[u8]) -> Option<Group> {
        let path = first_line(record).strip_prefix(b"c ")?;
        let slash = path.iter().rposition(|byte| *byte == b'/')?;
        let (above, name) = path.split_at_checked(slash)?;
        let above = open(Fd::CWD, Line::of(&[above]).as_c(), libc::O_DIRECTORY).ok()?;
        let group = Group { above, place };
        if name.get(1..) != Some(group.path(b"").bytes()) {
            close(group.above);
            return None;
        }
        Some(group)
    }

    /// Its name, and what follows it.
    #[inline(never)]
    fn path(&self, rest: &[u8]) -> Line {
        let mut path = Line::of(&[b"runsv-"]);
        path.add_number(self.place.device);
        path.add(b"-");
        path.add_number(self.place.inode);
        path.add(rest);
        path
    }

    fn mkdir(&self) -> bool {
        let name = self.path(b"");
        // SAFETY: the name is a string.
        let made = check(unsafe { libc::mkdirat(self.above.0, name.as_c().as_ptr(), 0o755) });
        matches!(made, Ok(_) | Err(Errno::EXIST))
    }

    /// Its directory, for [`fork_into`]; -1 if it cannot be opened.
    pub(crate) fn open(&self) -> Fd {
        self.file(b"", libc::O_PATH | libc::O_DIRECTORY)
    }

    #[inline(never)]
    fn file(&self, name: &[u8], flags: libc::c_int) -> Fd {
        open(self.above, self.path(name).as_c(), flags).unwrap_or(Fd(-1))
    }

    /// Whether a process is in it or below it: cgroup.events.
    fn is_populated(&self) -> bool {
        let mut populated = true;
        each_entry(self.file(b"/cgroup.events", libc::O_RDONLY), b'\n', &mut |line| {
            populated &= line != b"populated 0";
        });
        populated
    }

    /// Removes the groups that were made in it, and it.
    #[inline(never)]
    fn remove(&self) {
        let mut os = Os::new();
        let Ok(mut dir) = os.open_dir(self.above, self.path(b"").as_c()) else { return };
        while let Ok(Some(name)) = os.next_name(&mut dir) {
            // Files are not removed by this.
            if name != c"." && name != c".." {
                let mut inner = self.path(b"/");
                inner.add(name.to_bytes());
                rmdir(self.above, inner.as_c());
            }
        }
        os.close_dir(dir);
        rmdir(self.above, self.path(b"").as_c());
    }

    /// Whether something is left in it. When nothing is, the group is gone.
    #[inline(never)]
    pub(crate) fn sweep(&self, how: Sweep) -> bool {
        if rmdir(self.above, self.path(b"").as_c()) {
            return false;
        }
        if !self.is_populated() {
            self.remove();
            return false;
        }
        match how {
            Sweep::Look => {}
            Sweep::Kill if self.kill() => {}
            Sweep::Terminate | Sweep::Kill => self.signal(how),
        }
        true
    }

    /// cgroup.kill, since Linux 5.14: all at once, and what they fork meanwhile.
    fn kill(&self) -> bool {
        let fd = self.file(b"/cgroup.kill", libc::O_WRONLY);
        let done = files::write(fd, b"1") == Ok(1);
        close(fd);
        done
    }

    /// One after the other: cgroup.procs.
    fn signal(&self, how: Sweep) {
        each_entry(self.file(b"/cgroup.procs", libc::O_RDONLY), b'\n', &mut |line| {
            // 0 is a process of another namespace, and would be this process's group.
            if let Some(pid @ 2..) = number(line) {
                deal(pid as i32, how);
            }
        });
    }
}
