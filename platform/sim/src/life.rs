//! What processes do that are not the program under test, and what happens to it from outside.
use crate::{Faults, Source};
use platform::{How, Signal};

/// How a process spends its life: its acts one after the other, then it exits with 0.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// What it does.
    pub acts: Vec<Act>,
    /// What it does instead once this signal comes; no acts: it ignores the signal.
    pub on: Vec<(Signal, Vec<Act>)>,
}

impl Life {
    /// These acts, and the usual reaction to every signal.
    #[must_use]
    pub fn of(acts: &[Act]) -> Life {
        Life { acts: acts.to_vec(), on: Vec::new() }
    }
    /// Runs for `ms` and exits with `code`.
    #[must_use]
    pub fn exits(ms: u64, code: u8) -> Life {
        Life { acts: vec![Act::Pause(ms), Act::Exit(code)], on: Vec::new() }
    }
    /// Runs until a signal ends it.
    #[must_use]
    pub fn forever() -> Life {
        Life { acts: vec![Act::Forever], on: Vec::new() }
    }
    /// With another reaction to a signal.
    #[must_use]
    pub fn on(mut self, signal: Signal, acts: &[Act]) -> Life {
        self.on.push((signal, acts.to_vec()));
        self
    }
}

/// One act of a process.
#[derive(Clone, Debug)]
pub enum Act {
    /// Does nothing for some milliseconds.
    Pause(u64),
    /// Does nothing any more.
    Forever,
    /// Executes another program, which takes so many milliseconds.
    Execute(u64),
    /// Waits for a disk, so many milliseconds, and no signal ends it meanwhile.
    Hang(u64),
    /// Writes to a descriptor, waiting for room.
    Write(i32, Vec<u8>),
    /// Reads a descriptor to its end.
    ReadAll(i32),
    /// Reads a descriptor to its end and writes to another what it read.
    CopyAll(i32, i32),
    /// Closes all its descriptors but these.
    CloseAllBut(Vec<i32>),
    /// Leads a session of its own.
    Session,
    /// From now on ignores this signal.
    Ignore(Signal),
    /// Starts a child in the same group.
    Fork(Life),
    /// Something anybody could do.
    Do(Deed),
    /// The call that ends the system; it exits with what the call says.
    Power(How),
    /// The same, but it lives on if the call comes back.
    Reboot(How),
    /// Exits.
    Exit(u8),
    /// Dies of a signal.
    Raise(Signal),
}

/// Something that a process or the world around does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Opens a FIFO for writing without waiting, writes, closes.
    Send(&'static str, Vec<u8>),
    /// Sends a signal.
    Signal(Whom, Signal),
    /// A process begins that belongs to nobody.
    Begin(Life),
    /// One more program under test begins, with these words, if there may be several.
    Start(&'static [&'static str]),
    /// Makes a regular file with this mode, or empties it.
    Create(&'static str, u32),
    /// Makes a regular file with these contents, or gives them to the one that is there.
    Fill(&'static str, &'static [u8]),
    /// Makes a directory.
    MakeDirectory(&'static str),
    /// Makes a FIFO.
    MakeFifo(&'static str),
    /// Makes a symbolic link: its contents, its name.
    Link(&'static str, &'static str),
    /// Removes a name, directories with all that is in them.
    Remove(&'static str),
    /// Renames.
    Rename(&'static str, &'static str),
    /// Changes a mode.
    Mode(&'static str, u32),
    /// From now on these faults and no others.
    Faults(Faults),
    /// For so many milliseconds this never ends.
    Flood(Source, u64),
    /// Steps the time of day by this many seconds.
    Step(i64),
    /// Three fingers.
    Key,
    /// A place in the schedule, for who watches.
    Mark(u32),
}

/// Who a signal of a [`Deed`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The program under test.
    Program,
    /// The processes that run this file.
    Running(&'static str),
    /// The processes that run this file (the second) in this directory (the first).
    In(&'static str, &'static str),
    /// All processes but the program under test.
    Others,
    /// All processes but the program under test and the one that sends it, as kill(-1) does.
    Rest,
    /// The process itself.
    Own,
}
