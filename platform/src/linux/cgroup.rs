//! cgroups(7), version 2: a group below that of this process, for the children alone.
use crate::unix::contain::{Line, deal, first_line, write_record};
use crate::unix::{check, files};
use crate::{Errno, Fd, FileId, Files, Os, Result, Sweep};
use core::ffi::CStr;

/// Where the groups may be: version 2 alone, or beside version 1.
const ROOTS: [&[u8]; 2] = [b"/sys/fs/cgroup", b"/sys/fs/cgroup/unified"];

/// So many pieces of a list are read at most.
const PIECES: u32 = 4096;

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

/// Reads a file to its end, which comes soon.
fn each_byte(fd: Fd, mut act: impl FnMut(u8)) {
    let mut os = Os::new();
    for _ in 0..PIECES {
        let mut piece = [0; 256];
        let len = os.read(fd, &mut piece).unwrap_or(0);
        piece.get(..len).unwrap_or_default().iter().for_each(|byte| act(*byte));
        if len == 0 {
            break;
        }
    }
    os.close(fd);
}

/// Lines of `/proc/self/cgroup`; that of version 2 begins so.
const OURS: &[u8] = b"0::";

/// The path of this process's group from its root.
fn own_group(path: &mut Line) -> Option<()> {
    let fd = files::open(c"/proc/self/cgroup", libc::O_RDONLY, 0).ok()?;
    // How much of OURS the line begins with; beyond its end: something else.
    let (mut at, mut fits) = (0, true);
    each_byte(fd, |byte| match OURS.get(at) {
        _ if byte == b'\n' => at = 0,
        Some(expected) if byte == *expected => at += 1,
        None if at == OURS.len() => fits &= path.add(&[byte]),
        Some(_) | None => at = usize::MAX,
    });
    // What is above the root of a namespace has no path.
    let outside = path.bytes().windows(3).any(|part| part == b"/..");
    (fits && !outside && !path.bytes().is_empty()).then_some(())
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
        let mut own = Line::new();
        own_group(&mut own)?;
        let own = if own.bytes() == b"/" { b"" } else { own.bytes() };
        for root in ROOTS {
            let mut path = Line::new();
            let fits = path.add(root) && path.add(own);
            let Ok(above) = open(Fd::CWD, path.as_c(), libc::O_DIRECTORY) else { continue };
            let group = Group { above, place };
            // Version 1 has none of these.
            let second = Os::new().fstatat(above, c"cgroup.controllers").is_ok();
            if !fits || !second || !group.mkdir() {
                Os::new().close(above);
                continue;
            }
            let mut line = Line::new();
            for part in [b"c ", path.bytes(), b"/", group.path(b"\n").bytes()] {
                line.add(part);
            }
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
        let mut line = Line::new();
        line.add(above);
        let group = Group { above: open(Fd::CWD, line.as_c(), libc::O_DIRECTORY).ok()?, place };
        if name.get(1..) != Some(group.path(b"").bytes()) {
            Os::new().close(group.above);
            return None;
        }
        Some(group)
    }

    /// Its name, and what follows it.
    #[inline(never)]
    fn path(&self, rest: &[u8]) -> Line {
        let mut path = Line::new();
        path.add(b"runsv-");
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
        const EMPTY: &[u8] = b"populated 0";
        let (mut at, mut empty) = (0, false);
        each_byte(self.file(b"/cgroup.events", libc::O_RDONLY), |byte| {
            at = if EMPTY.get(at) == Some(&byte) { at + 1 } else { 0 };
            empty |= at == EMPTY.len();
        });
        !empty
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
        Os::new().close(fd);
        done
    }

    /// One after the other: cgroup.procs.
    fn signal(&self, how: Sweep) {
        let mut pid: i32 = 0;
        each_byte(self.file(b"/cgroup.procs", libc::O_RDONLY), |byte| {
            if byte.is_ascii_digit() {
                pid = pid.wrapping_mul(10).wrapping_add(i32::from(byte & 15));
                return;
            }
            // 0 is a process of another namespace, and would be this process's group.
            if pid > 1 {
                deal(pid, how);
            }
            pid = 0;
        });
    }
}
