//! The log area: what everything below writes to descriptor 2 scrolls through the last argument,
//! where ps(1) shows it.
use platform::{Args, Calls as _, Errno, Fd, Instant, Pid, Platform, Result, Signal};

/// `log: ` stays.
const HEAD: usize = 5;
/// The shortest argument that makes sense.
const SHORTEST: usize = 7;
/// A dot comes in this often, so that old messages scroll out: a quarter of an hour.
const DOT: u64 = 900_000;
/// Read at most this many times in one turn: a process that floods the area does not hold up the rest.
const TURNS: usize = 8;

/// Starts a process that outlives the caller and throws away what arrives on `from` once `lifeline` (the read end
/// of a pipe whose write end only the caller holds) has ended. It keeps writers of a pipe alive when their reader
/// dies, and ends with the last of them.
///
/// # Errors
/// It could not be forked.
pub fn spawn_drain<P: Platform>(p: &mut P, from: Fd, lifeline: Fd, args: Args) -> Result<Pid> {
    p.fork(|child| {
        // A monitor that counts processes by name would count the caller twice.
        child.pr_set_name(args, c"logdrain");
        // What kills its parent's group must not kill it.
        child.setsid();
        // Some systems know it by the name of its parent: what ends that by name meets this as well.
        for signal in [Signal::HangUp, Signal::Interrupt, Signal::Quit, Signal::Terminate] {
            child.ignore(signal);
        }
        child.close_all_but(&[from, lifeline]);
        child.read_to_end(lifeline);
        child.read_to_end(from);
    })
}

/// The area and the pipe in front of it.
pub(super) struct Area {
    text: &'static mut [u8],
    pub(super) pipe: Fd,
    pub(super) dot: Instant,
}

impl Area {
    /// Makes descriptor 2 the pipe's writing end. It blocks: a message is not lost because many
    /// come at once. The reader's death is no harm to its writers: a process that outlives
    /// this one goes on reading.
    ///
    /// # Errors
    /// The warning to give.
    pub(super) fn new<P: Platform>(
        p: &mut P,
        args: Args,
        text: &'static mut [u8],
    ) -> core::result::Result<Area, &'static [u8]> {
        const PIPE: &[u8] = b"unable to create pipe for log.";
        const SET: &[u8] = b"unable to set filedescriptor for log.";
        if text.len() < SHORTEST {
            return Err(b"log must have at least seven characters.");
        }
        let (read, write) = p.pipe().map_err(|_| PIPE)?;
        let (end, lifeline) = p.pipe().map_err(|_| PIPE)?;
        p.set_nonblocking(read).map_err(|_| SET)?;
        p.dup2(write, Fd::STDERR).map_err(|_| SET)?;
        p.close(write);
        // Without it all works as long as this process lives.
        let _ = spawn_drain(p, read, end, args);
        p.close(end);
        // `lifeline` stays open in this process alone: its end is this process's end.
        let _ = lifeline;
        Ok(Area { text, pipe: read, dot: Instant(0) })
    }

    /// Takes what the pipe has.
    pub(super) fn drain<P: Platform>(&mut self, p: &mut P) {
        let mut bytes = [0; 512];
        for _ in 0..TURNS {
            match p.read(self.pipe, &mut bytes) {
                Ok(0) | Err(Errno::AGAIN) => return,
                Ok(count) => self.show(p, bytes.get(..count).unwrap_or_default()),
                Err(_) => return,
            }
        }
    }

    /// Lets a dot in when it is time.
    pub(super) fn tick<P: Platform>(&mut self, p: &mut P, now: Instant) {
        if now >= self.dot {
            self.dot = now.plus_ms(DOT);
            self.show(p, b".");
        }
    }

    /// Shifts bytes in from the right; NULs would end the title.
    fn show<P: Platform>(&mut self, p: &mut P, bytes: &[u8]) {
        let Some(area) = self.text.get_mut(HEAD..) else { return };
        let count = bytes.iter().filter(|byte| **byte != 0).count();
        let new = count.min(area.len());
        area.rotate_left(new);
        let skip = count.saturating_sub(new);
        let fresh = bytes.iter().filter(|byte| **byte != 0).skip(skip);
        let room = area.len().saturating_sub(new);
        area.iter_mut().skip(room).zip(fresh).for_each(|(slot, byte)| *slot = *byte);
        p.setproctitle(self.text);
    }
}
