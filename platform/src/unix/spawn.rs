//! Between fork and exec: only calls that may be made there, everything else is prepared before.
use super::tell::tell;
use super::{Os, check, console, own_pid, setsid};
use crate::{Block, Child, Console, Errno, Fd, MAX_ARGS, Pid, Result, Step, copy, system};
use core::ffi::{CStr, c_char};
use core::ptr;

/// Forks; the result of `child` is the exit code of the child, whose signals are its own.
pub(crate) fn fork(child: impl FnOnce() -> u8) -> Result<Pid> {
    fork_by(system::fork, child)
}

/// The same by another call than fork(2).
pub(crate) fn fork_by(fork: impl Fn() -> libc::c_int, child: impl FnOnce() -> u8) -> Result<Pid> {
    match system::fork_own_signals(fork) {
        // SAFETY: leaves the child without running anything of its parent's.
        Ok(Pid(0)) => unsafe { libc::_exit(child().into()) },
        other => other,
    }
}

/// [`exec_path`], [`exec_found`] or [`exec_on_console`].
type Exec = fn(&Child<'_>) -> Errno;
/// [`set_variable`] or [`set_nothing`].
type Set = fn(&[u8]) -> Result<()>;

/// The child's life up to exec; the result is its exit code.
pub(super) fn become_program(child: &Child<'_>, set: Set, exec: Exec) -> u8 {
    for step in child.steps {
        if let Err((why, errno)) = perform(step) {
            complain(child.prefix, why, errno);
            return child.exit;
        }
    }
    let _ = set(child.variable);
    let errno = exec(child);
    complain(child.prefix, child.why, errno);
    child.exit
}

type Failed<'a> = (&'a [&'a [u8]], Errno);

fn perform<'a>(step: &Step<'a>) -> core::result::Result<(), Failed<'a>> {
    match *step {
        Step::Session => {
            setsid();
            Ok(())
        }
        Step::Onto { from, to, why } => onto(from, to).map_err(|errno| (why, errno)),
        Step::Directory { dir, path, why } => enter(dir, path).map_err(|errno| (why, errno)),
    }
}

/// fchdir(2), then chdir(2), as far as there is anywhere to go.
fn enter(dir: Fd, path: &CStr) -> Result<()> {
    if dir != Fd::CWD {
        // SAFETY: a number is passed.
        check(unsafe { libc::fchdir(dir.0) })?;
    }
    if path != c"." {
        // SAFETY: `path` is a string.
        check(unsafe { libc::chdir(path.as_ptr()) })?;
    }
    Ok(())
}

/// Makes `to` a copy of `from` that survives exec.
pub(crate) fn onto(from: Fd, to: Fd) -> Result<()> {
    if from == to {
        // dup2 would leave close-on-exec on.
        // SAFETY: numbers are passed.
        return check(unsafe { libc::fcntl(from.0, libc::F_SETFD, 0) }).map(drop);
    }
    // SAFETY: numbers are passed.
    check(unsafe { libc::dup2(from.0, to.0) }).map(drop)
}

/// `PREFIX` `WHY` `: ` `TEXT`, in one write as far as it fits.
fn complain(prefix: &[&[u8]], why: &[&[u8]], errno: Errno) {
    say(&[prefix, why, &[b": ", errno.text().bytes(), b"\n"]]);
}

#[inline(never)]
fn say(lists: &[&[&[u8]]]) {
    let mut line = Line::new();
    for parts in lists {
        parts.iter().for_each(|part| line.add(part));
    }
    line.flush();
}

/// A buffer in front of descriptor 2.
struct Line {
    bytes: [u8; 256],
    len: usize,
}

impl Line {
    fn new() -> Line {
        Line { bytes: [0; 256], len: 0 }
    }
    fn add(&mut self, part: &[u8]) {
        for byte in part {
            if self.len == self.bytes.len() {
                self.flush();
            }
            if let Some(slot) = self.bytes.get_mut(self.len) {
                *slot = *byte;
                self.len += 1;
            }
        }
    }
    fn flush(&mut self) {
        tell(self.bytes.get(..self.len).unwrap_or_default());
        self.len = 0;
    }
}

unsafe extern "C" {
    // SAFETY: POSIX's variable, which changes at most once, before any child is started.
    pub(crate) static mut environ: *const *const c_char;
}

/// Puts a variable into the environment, with the process's own number behind `text`, in the place of
/// one of that name. Done in a child that is about to become another program: nothing is given back.
pub(crate) fn set_variable(text: &[u8]) -> Result<()> {
    let name = text.iter().take_while(|byte| **byte != b'=').count() + 1;
    let name = text.get(..name).unwrap_or(text);
    let others = || {
        // SAFETY: the list ends with null, and nothing changes it meanwhile.
        (0..).map(|at| unsafe { *environ.add(at) }).take_while(|entry| !entry.is_null()).filter(|entry| {
            // SAFETY: every entry is a string.
            !unsafe { CStr::from_ptr(*entry) }.to_bytes().starts_with(name)
        })
    };
    // The mapping begins as zeros, so the list and the string have their ends.
    let mut list =
        Block::<*const c_char>::new(&mut Os::new(), others().count() + 2, text.len() + DIGITS + 1)?;
    for entry in others() {
        list.push(entry)?;
    }
    let (_, room) = list.parts();
    let used = copy(text, room);
    let mut number = own_pid().unsigned_abs();
    let digits =
        core::iter::successors(Some(number), |rest| Some(rest / 10).filter(|rest| *rest > 0)).count();
    for slot in room.iter_mut().skip(used).take(digits).rev() {
        *slot = b'0' + (number % 10) as u8;
        number /= 10;
    }
    let text = room.as_ptr().cast();
    list.push(text)?;
    // SAFETY: the list and what is in it stay where they are; the process has one thread.
    unsafe { environ = list.rows().as_ptr() };
    Ok(())
}

/// The longest number of a process.
const DIGITS: usize = 10;

/// For children whose environment is their parent's.
pub(super) fn set_nothing(_: &[u8]) -> Result<()> {
    Ok(())
}

/// The program as it is named.
pub(super) fn exec_path(child: &Child<'_>) -> Errno {
    exec(child.path, child.argv)
}

/// The same, on the console.
pub(super) fn exec_on_console(child: &Child<'_>) -> Errno {
    let Some(Console { control, warn, say: text }) = child.console else { return Errno::NONE };
    let opened = console::for_child(control);
    match opened {
        Err(errno) if !warn.is_empty() => complain(child.prefix, warn, errno),
        Ok(()) | Err(_) => {}
    }
    say(&[text]);
    // A program expects a terminal that waits; nothing before it may.
    if opened.is_ok() {
        console::waits(true);
    }
    let errno = exec(child.path, child.argv);
    if opened.is_ok() {
        console::waits(false);
    }
    errno
}

/// execve(2); returns only with the reason why not.
pub(crate) fn exec(path: &CStr, argv: &[&CStr]) -> Errno {
    execve(path.as_ptr(), &pointers(argv))
}

/// The program; a name without a slash is looked up in `PATH`.
pub(super) fn exec_found(child: &Child<'_>) -> Errno {
    let Child { path, argv, .. } = *child;
    // contains() looks at eight bytes at a time, for which it is seven times as large.
    #[allow(clippy::manual_contains)]
    if path.to_bytes().iter().any(|byte| *byte == b'/') {
        return exec(path, argv);
    }
    let args = pointers(argv);
    let list = variable(c"PATH").unwrap_or(b"/bin:/usr/bin");
    let mut worst = Errno::NOENT;
    for place in list.split(|byte| *byte == b':') {
        let place = if place.is_empty() { b".".as_slice() } else { place };
        let mut name = [0; 4096];
        let mut rest = name.as_mut_slice();
        let mut fits = true;
        for part in [place, b"/", path.to_bytes_with_nul()] {
            let count = copy(part, rest);
            fits &= count == part.len();
            rest = rest.get_mut(count..).unwrap_or_default();
        }
        let errno = if fits { execve(name.as_ptr().cast(), &args) } else { Errno::NAMETOOLONG };
        match errno {
            Errno::NOENT | Errno::NOTDIR => {}
            Errno::ACCES | Errno::PERM | Errno::ISDIR => worst = errno,
            other => return other,
        }
    }
    worst
}

/// execve(2)'s list, with its null at the end.
fn pointers(argv: &[&CStr]) -> [*const c_char; MAX_ARGS + 1] {
    let mut args = [ptr::null(); MAX_ARGS + 1];
    for (slot, arg) in args.iter_mut().zip(argv.iter().take(MAX_ARGS)) {
        *slot = arg.as_ptr();
    }
    args
}

fn execve(path: *const c_char, args: &[*const c_char; MAX_ARGS + 1]) -> Errno {
    // SAFETY: `path` and the arguments are strings, the list ends with null, so does environ.
    unsafe { libc::execve(path, args.as_ptr(), environ) };
    Errno::last()
}

pub(crate) fn variable(name: &CStr) -> Option<&'static [u8]> {
    // SAFETY: `name` is a string; the environment is not changed by this program.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: getenv returns a string that lives as long as the environment.
    Some(unsafe { CStr::from_ptr(value) }.to_bytes())
}
