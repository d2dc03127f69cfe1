//! Processes that are kept together: what the back-ends share.
use super::{Os, files, own_pid, spawn};
use crate::{Child, Contain, Fd, FileId, Pid, RECORD, Result, Sweep, Text, Way, system};

impl Contain for Os {
    fn spawn_contained(&mut self, child: &Child<'_>, place: FileId, record: Fd) -> Result<(Pid, Way)> {
        system::spawn_contained(self, child, place, record)
    }

    fn sweep(&mut self, how: Sweep, spare: &[Option<Pid>]) -> bool {
        system::sweep(self, how, spare)
    }

    fn adopt(&mut self, place: FileId, record: &[u8]) -> bool {
        system::adopt(self, place, record)
    }
}

/// What is kept together. It is not in [`Os`], since most programs keep nothing together.
static mut WARD: system::Ward = system::Ward::new();

/// For one caller at a time: each back-end asks once, at its entrance.
pub(crate) fn ward() -> &'static mut system::Ward {
    let ward = &raw mut WARD;
    // SAFETY: the programs have one thread, and no entrance calls another.
    unsafe { &mut *ward }
}

/// Starts a program by this call; in the child `first` is done before all else, with the variable that it makes.
pub(crate) fn start(fork: impl Fn() -> libc::c_int, child: &Child<'_>, first: impl FnOnce()) -> Result<Pid> {
    spawn::fork_by(fork, || {
        first();
        spawn::become_program(child, spawn::set_nothing, spawn::exec_path)
    })
}

/// Sends a process or, with a negative number, a group what it is to get. `false`: there is none.
#[allow(dead_code, reason = "where processes are counted one by one")]
pub(crate) fn deal(pid: i32, how: Sweep) -> bool {
    let signals: &[libc::c_int] = match how {
        Sweep::Look => &[0],
        Sweep::Terminate => &[libc::SIGTERM, libc::SIGCONT],
        Sweep::Kill => &[libc::SIGKILL],
    };
    let mut there = false;
    for signal in signals {
        // SAFETY: numbers are passed.
        let sent = unsafe { libc::kill(pid, *signal) } == 0;
        there |= sent || crate::Errno::last() == crate::Errno::PERM;
    }
    there
}

/// A line or a path.
pub(crate) type Line = Text<RECORD>;

/// A number in decimal, and nothing else.
#[inline(never)]
pub(crate) fn number(word: &[u8]) -> Option<u64> {
    let digit = |number: u64, byte: &u8| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(digit.into())
    };
    if word.is_empty() { None } else { word.iter().try_fold(0, digit) }
}

/// The variable that marks a child, up to its number.
#[allow(dead_code, reason = "where an environment can be read")]
pub(crate) fn mark(place: FileId) -> Line {
    let mut mark = Line::new();
    mark.add(b"RUNSV_CONTAINED=");
    for number in [place.device, place.inode] {
        mark.add_number(number);
        mark.add(b":");
    }
    mark
}

/// Writes a line to the beginning of the record.
pub(crate) fn write_record(record: Fd, line: &[u8]) {
    if record.0 >= 0 {
        let _ = files::write(record, line);
    }
}

/// Records the calling process, by its number and what tells it from another one that gets the same number; in a
/// child.
pub(crate) fn record_self(record: Fd) {
    let own = own_pid();
    let mut line = Line::new();
    line.add(b"p ");
    line.add_number(own.unsigned_abs().into());
    line.add(b" ");
    line.add_number(system::birth(own).unwrap_or(0));
    line.add(b"\n");
    write_record(record, line.bytes());
}

/// The first line of a record.
pub(crate) fn first_line(record: &[u8]) -> &[u8] {
    record.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

/// A process that was recorded: its number, and what tells it from others that have that.
pub(crate) fn noted(record: &[u8]) -> Option<(i32, u64)> {
    let mut words = first_line(record).strip_prefix(b"p ")?.split(|byte| *byte == b' ');
    let pid = i32::try_from(number(words.next()?)?).ok().filter(|pid| *pid > 1)?;
    Some((pid, number(words.next()?)?))
}

/// The same: its number, and whether it is the one that has it now.
pub(crate) fn recorded(record: &[u8]) -> Option<(i32, bool)> {
    let (pid, birth) = noted(record)?;
    Some((pid, birth != 0 && system::birth(pid) == Some(birth)))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;

    /// A number alone is nobody: the kernel gives it to another process, or the group has outlived its leader.
    #[test]
    fn a_recorded_process_is_known_by_its_birth() {
        let own = own_pid();
        let birth = system::birth(own).unwrap_or(0);
        let found = |birth| recorded(format!("p {own} {birth}\n").as_bytes());
        assert_eq!(found(birth), Some((own, birth != 0)));
        assert_eq!(found(birth + 1), Some((own, false)));
        assert_eq!(found(0), Some((own, false)), "it was not known");
        // None has so high a number.
        assert_eq!(recorded(format!("p {} {birth}\n", i32::MAX).as_bytes()), Some((i32::MAX, false)));
        for wrong in [&b""[..], b"\n", b"p 1 1", b"p 0 1", b"p x 1", b"p 9", b"c 9 1", b"p 9 1x"] {
            assert_eq!(recorded(wrong), None, "{wrong:?}");
        }
    }
}
