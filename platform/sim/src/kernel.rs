//! The kernel: its clocks, its queue of what is to happen, and what it tells who watches.
use crate::flood::Flood;
use crate::life::{Act, Deed, Life};
use crate::open::{Open, Slot};
use crate::pipe::Pipe;
use crate::process::Process;
use crate::programs::{Hub, Program};
use crate::systems::Machine;
use crate::tree::{Ino, Node, ROOT, Tree};
use crate::world::{End, Exec, Fact, World};
use crate::{Faults, Random};
use platform::{Instant, Pid, SignalSet, Stamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is to happen at some time.
#[derive(Clone, Debug)]
pub(crate) enum Job {
    Deed(Deed),
    /// What was told a moment ago.
    Told(Option<i32>, Ino, Deed),
    /// The process goes on, if it is still in this turn of its life.
    Turn(i32, u32),
}

/// More calls than any schedule makes.
const CALLS: u64 = 400_000;

/// The kernel.
pub struct Kernel {
    pub(crate) time: u64,
    /// Nanoseconds from the first clock's zero to 1970.
    pub(crate) epoch: i64,
    /// The source of all that is not told.
    pub random: Random,
    /// What goes wrong from now on.
    pub faults: Faults,
    /// The files.
    pub tree: Tree,
    /// What differs between systems.
    pub machine: Machine,
    /// The life of programs by their path, before [`World::life`] is asked.
    pub programs: BTreeMap<Vec<u8>, Life>,
    /// Where programs are searched.
    pub path: Vec<Vec<u8>>,
    pub(crate) opens: Vec<Open>,
    pub(crate) pipes: Vec<Pipe>,
    pub(crate) procs: BTreeMap<i32, Process>,
    /// The process group of the last contained child.
    pub(crate) group: i32,
    pub(crate) next_pid: i32,
    pub(crate) own: i32,
    queue: BTreeMap<(u64, u64), Job>,
    /// When something will have happened that was told already.
    pub(crate) telling: u64,
    number: u64,
    pub(crate) caught: SignalSet,
    pub(crate) catches: bool,
    pub(crate) pending: SignalSet,
    /// Open directories whose next rename is told by a signal, and to which program.
    pub(crate) notices: Vec<(usize, Ino, i32)>,
    /// Whether ctrl-alt-del would be reported.
    pub armed: bool,
    pub(crate) calls: u64,
    /// How many calls the program under test has made.
    pub made: u64,
    pub(crate) floods: Vec<Flood>,
    /// How many nanoseconds calls took that took very long.
    pub stalled: u64,
    /// How many bytes went down with pipes that nobody read any more.
    pub lost: usize,
    /// The other programs under test, which wait or were interrupted.
    pub(crate) rest: BTreeMap<i32, Program>,
    /// Those of all that were killed and do not know it yet.
    pub(crate) doomed: BTreeSet<i32>,
    /// Those that begin now, with their words.
    pub(crate) starts: Vec<(i32, &'static [&'static str])>,
    pub(crate) hub: Option<Arc<Hub>>,
    world: Option<Box<dyn World>>,
    pub(crate) end: Option<End>,
}

impl Kernel {
    /// Only the program under test runs, as process `own`, in the root directory.
    #[must_use]
    pub fn new(seed: u64, own: Pid, machine: Machine, world: Box<dyn World>) -> Kernel {
        let mut kernel = Kernel::bare(seed, own.0, machine);
        kernel.world = Some(world);
        let parent = if own.0 == 1 { 0 } else { 1 };
        kernel.procs.insert(own.0, Process::new(own.0, parent, ROOT));
        kernel.make(b"/dev", Node::Directory(ROOT, BTreeMap::new()), 0o755);
        kernel.make(b"/dev/console", Node::Console, 0o600);
        kernel.make(b"/dev/null", Node::Null, 0o666);
        kernel.give_console(own.0);
        kernel
    }

    /// Nothing and nobody.
    pub(crate) fn bare(seed: u64, own: i32, machine: Machine) -> Kernel {
        Kernel {
            time: 5_000_000_000,
            epoch: 1_700_000_000_000_000_000,
            random: Random::new(seed),
            faults: Faults::NONE,
            tree: Tree::new(machine.dot_goes),
            machine,
            programs: BTreeMap::new(),
            path: [b"/bin".to_vec(), b"/usr/bin".to_vec()].to_vec(),
            opens: Vec::new(),
            pipes: Vec::new(),
            procs: BTreeMap::new(),
            group: 0,
            next_pid: own + 1,
            own,
            queue: BTreeMap::new(),
            telling: 0,
            number: 0,
            caught: SignalSet::default(),
            catches: false,
            pending: SignalSet::default(),
            notices: Vec::new(),
            armed: false,
            calls: 0,
            made: 0,
            floods: Vec::new(),
            stalled: 0,
            lost: 0,
            rest: BTreeMap::new(),
            doomed: BTreeSet::new(),
            starts: Vec::new(),
            hub: None,
            world: None,
            end: None,
        }
    }

    /// The descriptors that a program begins with.
    pub(crate) fn give_console(&mut self, pid: i32) {
        for (fd, path) in [(0, b"/dev/null".as_slice()), (1, b"/dev/console"), (2, b"/dev/console")] {
            if let Ok(ino) = self.tree.existing(ROOT, path, true) {
                let open = self.add_open(Open::device(ino));
                self.install(pid, fd, Slot { open, cloexec: false });
            }
        }
    }

    /// Puts something into the file system before the schedule begins.
    pub fn make(&mut self, path: &[u8], node: Node, mode: u32) -> Ino {
        let now = self.stamp();
        self.tree.make(ROOT, path, node, mode, now).unwrap_or(ROOT)
    }

    /// A directory.
    pub fn directory(&mut self, path: &[u8]) -> Ino {
        self.make(path, Node::Directory(ROOT, BTreeMap::new()), 0o755)
    }

    /// Changes the mode of what is there.
    pub fn change_file(&mut self, path: &[u8], mode: u32) {
        if let Ok(ino) = self.tree.existing(ROOT, path, true) {
            self.tree.at_mut(ino).mode = mode;
        }
    }

    /// A regular file.
    pub fn file(&mut self, path: &[u8], mode: u32) -> Ino {
        self.make(path, Node::File(Vec::new()), mode)
    }

    /// Time on the clock that never goes back.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant(self.time)
    }

    /// Time of day.
    #[must_use]
    pub fn wall(&self) -> Stamp {
        let nanos = i128::from(self.time) + i128::from(self.epoch);
        Stamp {
            secs: u64::try_from(nanos / 1_000_000_000).unwrap_or(0),
            nanos: u32::try_from(nanos % 1_000_000_000).unwrap_or(0),
        }
    }

    /// Time of day as the file system counts it.
    pub(crate) fn stamp(&self) -> Stamp {
        let wall = self.wall();
        let granule = self.machine.granule.max(1);
        Stamp { secs: wall.secs, nanos: wall.nanos / granule * granule }
    }

    /// The number of the program under test.
    #[must_use]
    pub fn own(&self) -> Pid {
        Pid(self.own)
    }

    /// The signals that were sent to the program under test and not yet handed out.
    #[must_use]
    pub fn pending(&self) -> SignalSet {
        self.pending
    }

    /// Plans a deed at so many milliseconds from now.
    pub fn plan(&mut self, ms: u64, deed: Deed) {
        let time = self.time + ms * 1_000_000;
        self.queue_at(time, Job::Deed(deed));
    }

    pub(crate) fn queue_at(&mut self, time: u64, job: Job) {
        self.number += 1;
        self.queue.insert((time, self.number), job);
    }

    /// When something is to happen next.
    pub(crate) fn next_time(&self) -> Option<u64> {
        self.queue.keys().next().map(|(time, _)| *time)
    }

    /// Lets happen all that is due.
    pub(crate) fn run_due(&mut self) {
        while let Some((&(time, number), _)) = self.queue.iter().next() {
            if time > self.time || self.end.is_some() {
                break;
            }
            match self.queue.remove(&(time, number)) {
                // The world does one thing after the other.
                Some(Job::Deed(deed)) if self.telling > time => {
                    self.queue_at(self.telling, Job::Deed(deed));
                }
                Some(Job::Deed(deed)) => drop(self.deed(None, &deed)),
                Some(Job::Told(pid, from, deed)) => {
                    self.telling = 0;
                    self.deed_done(pid, from, &deed);
                }
                Some(Job::Turn(pid, turn)) => self.turn(pid, turn),
                None => {}
            }
        }
        self.tell_watches();
        self.free_numbers();
    }

    /// What is gone gives its number to the next, unless it is still open.
    fn free_numbers(&mut self) {
        if !self.machine.reuses_numbers || self.tree.unlinked.is_empty() {
            return;
        }
        let mut tree = core::mem::take(&mut self.tree);
        let places: Vec<Ino> = self.procs.values().map(|process| process.directory).collect();
        tree.free_numbers(|ino| {
            let open = |open: &Open| open.refs > 0 && open.ino == Some(ino);
            places.contains(&ino) || self.opens.iter().any(open)
        });
        self.tree = tree;
    }

    /// Lets the world go on without the program under test, up to a moment or until nothing is
    /// left to happen.
    pub fn run_until(&mut self, until: Instant) {
        self.run_due();
        while let Some(time) = self.next_time() {
            if time > until.0 || self.end.is_some() {
                break;
            }
            self.time = self.time.max(time);
            self.run_due();
        }
        self.time = self.time.max(until.0);
    }

    /// What every call of the program begins with: it takes time, and in that time things happen.
    pub(crate) fn call(&mut self) {
        self.calls += 1;
        self.made += 1;
        if self.calls > CALLS {
            self.end_with(End::Endless);
        }
        // A process that floods a machine slows it down.
        let slow = if self.is_flooded() { 10 } else { 1 };
        self.time += slow * (1_000 + self.random.below(30_000));
        if self.faults.stall > 0 && self.random.below(1000) < u64::from(self.faults.stall) {
            let stall = self.random.below(2_000_000_000);
            self.time += stall;
            self.stalled += stall;
        }
        if self.next_time().is_some_and(|time| time <= self.time) {
            self.run_due();
        }
        self.pour();
        self.tell_watches();
        self.leave_if_over();
        self.make_way();
    }

    /// Ends the schedule here and now.
    pub(crate) fn end_with(&mut self, end: End) -> ! {
        if self.end.is_none() {
            self.end = Some(end);
        }
        std::panic::resume_unwind(Box::new(crate::Over))
    }

    pub(crate) fn leave_if_over(&mut self) {
        if self.doomed.contains(&self.own) {
            std::panic::resume_unwind(Box::new(crate::Over));
        }
        if let Some(end) = self.end.clone() {
            self.end_with(end);
        }
    }

    /// Tells who watches.
    pub(crate) fn emit(&mut self, fact: &Fact<'_>) {
        // Whoever watches may act, and is not told of that.
        let Some(mut world) = self.world.take() else { return };
        if let Err(wrong) = world.fact(self, fact) {
            self.end.get_or_insert(End::Wrong(wrong));
        }
        self.world = Some(world);
    }

    /// Ends the schedule because something is wrong.
    pub fn wrong(&mut self, text: String) {
        self.end.get_or_insert(End::Wrong(text));
    }

    pub(crate) fn life_of(&mut self, exec: &Exec<'_>) -> Life {
        if let Some(life) = self.programs.get(exec.path) {
            return life.clone();
        }
        let Some(mut world) = self.world.take() else { return Life::of(&[Act::Exit(0)]) };
        let life = world.life(self, exec);
        self.world = Some(world);
        life
    }
}
