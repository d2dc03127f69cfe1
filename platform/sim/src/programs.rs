//! Several programs under test at once. Each has a thread of its own, but only one of them at a time has the kernel,
//! which the seed chooses: a program that waits hands it on, and one that makes a call may be interrupted there.
use crate::kernel::Kernel;
use crate::process::Process;
use crate::signals::is_harmless;
use crate::tree::ROOT;
use crate::world::{End, Fact};
use crate::{Over, Sim, args};
use platform::{Args, Ended, Errno, Fd, Instant, Result, Signal, SignalSet, Wake};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// In so many of a hundred calls somebody else may go on.
const INTERRUPTED: u64 = 8;

/// The stack of a program's thread.
const STACK: usize = 512 * 1024;

/// The number in the place of a program's while none of them has the kernel.
const NOBODY: i32 = 0;

/// What the kernel keeps of a program that does not run.
#[derive(Debug, Default)]
pub(crate) struct Program {
    caught: SignalSet,
    catches: bool,
    pending: SignalSet,
    /// What it waits for; nothing: it was interrupted, or has not begun.
    waits: Option<(Vec<Fd>, Option<Instant>)>,
}

/// Where a thread gets the kernel from.
#[derive(Default)]
struct Slot {
    kernel: Mutex<Option<Box<Kernel>>>,
    given: Condvar,
}

/// The threads.
#[derive(Default)]
pub(crate) struct Hub {
    slots: Mutex<BTreeMap<i32, Arc<Slot>>>,
}

impl Hub {
    fn slot(&self, pid: i32) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(pid).or_default())
    }

    fn give(&self, pid: i32, kernel: Box<Kernel>) {
        let slot = self.slot(pid);
        *slot.kernel.lock().unwrap_or_else(PoisonError::into_inner) = Some(kernel);
        slot.given.notify_one();
    }

    fn take(&self, pid: i32) -> Box<Kernel> {
        let slot = self.slot(pid);
        let mut kernel = slot.kernel.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match kernel.take() {
                Some(kernel) => return kernel,
                None => kernel = slot.given.wait(kernel).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Kernel {
    /// Whether a process is one of the programs under test.
    #[must_use]
    pub fn is_program(&self, pid: i32) -> bool {
        pid == self.own || self.rest.contains_key(&pid)
    }

    /// One more program begins. Its own thread is made as soon as nobody else has the kernel.
    pub(crate) fn start(&mut self, words: &'static [&'static str]) -> Result<()> {
        if self.hub.is_none() {
            return Err(Errno::INVAL);
        }
        let pid = self.next_pid;
        self.next_pid += 1;
        let mut process = Process::new(pid, 1, ROOT);
        process.program = words.first().map(|word| word.as_bytes().to_vec()).unwrap_or_default();
        self.procs.insert(pid, process);
        self.give_console(pid);
        self.rest.insert(pid, Program::default());
        self.starts.push((pid, words));
        Ok(())
    }

    /// A signal for one of the programs.
    pub(crate) fn tell_program(&mut self, pid: i32, signal: Signal) {
        if pid == self.own {
            return self.signal_program(signal);
        }
        let Some(program) = self.rest.get_mut(&pid) else { return };
        if program.caught.has(signal) {
            program.pending.add(signal);
        } else if !is_harmless(signal, program.catches) {
            self.kill_program(pid, signal);
        }
    }

    /// It is gone at once; its thread is told when it goes on.
    pub(crate) fn kill_program(&mut self, pid: i32, signal: Signal) {
        if self.doomed.insert(pid) {
            self.die(pid, Ended::Killed { signal: crate::number(signal), core: false });
        }
    }

    /// Lets somebody else go on in the midst of a call.
    pub(crate) fn make_way(&mut self) {
        if self.hub.is_some() && !self.rest.is_empty() && self.random.chance(INTERRUPTED) {
            self.hand_on(None);
            self.leave_if_over();
        }
    }

    /// [`platform::Events::wait`] of one of several.
    pub(crate) fn wait_among(&mut self, fds: &[Fd], until: Option<Instant>) -> Wake {
        self.hand_on(Some((fds.to_vec(), until)));
        self.leave_if_over();
        let signals = core::mem::take(&mut self.pending);
        let wake = Wake { ready: self.ready(self.own, fds), signals };
        self.emit(&Fact::Woke { wake });
        self.leave_if_over();
        wake
    }

    /// Waits with the others until it is the turn of the program that has the kernel.
    fn hand_on(&mut self, waits: Option<(Vec<Fd>, Option<Instant>)>) {
        let me = self.own;
        let (caught, catches, pending) = (self.caught, self.catches, self.pending);
        self.rest.insert(me, Program { caught, catches, pending, waits });
        self.own = NOBODY;
        let next = self.pick();
        self.go_on(next);
        if next == me {
            return;
        }
        let Some(hub) = self.hub.clone() else { return };
        let kernel = core::mem::replace(self, Kernel::bare(0, me, self.machine));
        hub.give(next, Box::new(kernel));
        *self = *hub.take(me);
    }

    fn go_on(&mut self, pid: i32) {
        let program = self.rest.remove(&pid).unwrap_or_default();
        (self.caught, self.catches, self.pending) = (program.caught, program.catches, program.pending);
        self.own = pid;
    }

    /// The program that goes on. Time passes until one can. [`NOBODY`], if a thread is to be made or it is all over.
    fn pick(&mut self) -> i32 {
        loop {
            self.run_due();
            if !self.starts.is_empty() {
                return NOBODY;
            }
            let over = self.end.is_some();
            let left = self.rest.keys().find(|pid| over || self.doomed.contains(pid));
            if let Some(pid) = left.copied() {
                return pid;
            }
            if over {
                return NOBODY;
            }
            let able: Vec<i32> =
                self.rest.iter().filter(|it| self.is_able(*it.0, it.1)).map(|it| *it.0).collect();
            let pick = usize::try_from(self.random.below(able.len() as u64)).unwrap_or(0);
            if let Some(pid) = able.get(pick) {
                return *pid;
            }
            let until = |program: &Program| program.waits.as_ref().and_then(|waits| waits.1);
            let moments = self.rest.values().filter_map(until).map(|until| until.0);
            match self.next_time().into_iter().chain(moments).min() {
                Some(next) => self.time = self.time.max(next),
                None => self.end = Some(End::Quiet),
            }
            self.calls += 1;
        }
    }

    fn is_able(&self, pid: i32, program: &Program) -> bool {
        let Some((fds, until)) = &program.waits else { return true };
        program.pending != SignalSet::default()
            || until.is_some_and(|until| until <= self.now())
            || self.ready(pid, fds) != 0
    }
}

/// The life of one of them.
fn live(hub: &Hub, pid: i32, words: &[&str], program: &dyn Fn(&mut Sim, Args) -> u8) {
    let kernel = *hub.take(pid);
    let mut sim = Sim { kernel, watching: None, beside: Vec::new() };
    let ended = catch_unwind(AssertUnwindSafe(|| {
        sim.kernel.leave_if_over();
        program(&mut sim, args(words))
    }));
    let mut kernel = sim.kernel;
    match ended {
        Ok(code) => kernel.die(pid, Ended::Exit(code)),
        Err(payload) if payload.is::<Over>() => {}
        Err(payload) => {
            let text = payload.downcast_ref::<String>().cloned();
            let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            kernel.wrong(format!("it panicked: {}", text.unwrap_or_default()));
        }
    }
    kernel.doomed.remove(&pid);
    kernel.own = NOBODY;
    let next = kernel.pick();
    kernel.go_on(next);
    hub.give(next, Box::new(kernel));
}

/// Runs several programs to the end of their schedule: those that [`crate::Deed::Start`] begins.
///
/// # Panics
/// If there is no thread to be had.
#[must_use]
pub fn together(
    kernel: Kernel,
    program: impl Fn(&mut Sim, Args) -> u8 + Send + Sync + 'static,
) -> (Kernel, End) {
    let program = Arc::new(program);
    let hub = Arc::new(Hub::default());
    let mut kernel = Box::new(kernel);
    kernel.procs.remove(&kernel.own);
    kernel.own = NOBODY;
    kernel.hub = Some(Arc::clone(&hub));
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    loop {
        for (pid, words) in core::mem::take(&mut kernel.starts) {
            let (hub, program) = (Arc::clone(&hub), Arc::clone(&program));
            let life = move || live(&hub, pid, words, &*program);
            let thread = Builder::new().stack_size(STACK).spawn(life);
            threads.push(thread.expect("a thread"));
        }
        let next = kernel.pick();
        if next == NOBODY {
            if kernel.starts.is_empty() {
                break;
            }
            continue;
        }
        kernel.go_on(next);
        hub.give(next, kernel);
        kernel = hub.take(NOBODY);
    }
    for thread in threads {
        thread.join().expect("a thread that ends");
    }
    let end = kernel.end.take().unwrap_or(End::Quiet);
    (*kernel, end)
}
