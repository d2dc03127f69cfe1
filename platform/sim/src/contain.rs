//! Processes that are kept together.
use crate::life::Life;
use crate::world::Fact;
use crate::{Kernel, Process, Sim};
use platform::{Child, Contain, Fd, FileId, Files, Pid, Procs, Result, Signal, Sweep, Target, Way};

/// How a system keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// All that descend from the child; orphans come to the program that started it.
    All,
    /// The same, and orphans go to process 1 as ever: nobody tells of their end.
    Apart,
    /// Those of its process group.
    Group,
}

/// What of it another program finds, after the one that kept it was killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finds {
    /// Whatever is left: a cgroup has a name, and a variable in their environments tells whose they are.
    Left,
    /// The process group while its leader is there: the number of a dead one may be anybody's.
    Led,
    /// Nothing.
    Nothing,
}

impl Kernel {
    /// The processes that a contained child and its descendants are.
    pub fn contained(&self) -> impl Iterator<Item = &Process> {
        self.others().filter(|process| process.ended.is_none() && process.contained)
    }

    /// Whether what the system can find of them is one.
    fn is_found(&self, process: &Process) -> bool {
        match self.machine.keeps {
            Keeps::All | Keeps::Apart => true,
            Keeps::Group => process.group == self.group,
        }
    }

    /// Those of them that the system finds.
    #[must_use]
    pub fn found(&self) -> Vec<i32> {
        self.contained().filter(|process| self.is_found(process)).map(|process| process.pid).collect()
    }

    /// A process begins that another program had contained before it was killed.
    pub fn leave_contained(&mut self, life: Life) {
        let acts = life.acts;
        let pid = self.fork(1, None, &acts);
        if let Some(process) = self.procs.get_mut(&pid.0) {
            (process.on, process.contained, process.group) = (life.on, true, pid.0);
            self.group = pid.0;
        }
    }

    /// Whether another program finds what is left; if not, it is nobody's.
    fn finds(&mut self) -> bool {
        let leader = self.procs.get(&self.group);
        let found = match self.machine.finds {
            Finds::Left => true,
            Finds::Led => leader.is_some_and(|leader| leader.ended.is_none()),
            Finds::Nothing => false,
        };
        if !found {
            self.group = 0;
            self.procs.values_mut().for_each(|process| process.contained = false);
        }
        found
    }

    /// The process that inherits the children of one that ended.
    pub(crate) fn heir(&self, pid: i32) -> i32 {
        let contained = self.procs.get(&pid).is_some_and(|process| process.contained);
        let here = contained && self.machine.keeps == Keeps::All && self.procs.contains_key(&self.own);
        if here { self.own } else { 1 }
    }
}

impl Contain for Sim {
    fn spawn_contained(&mut self, child: &Child<'_>, place: FileId, record: Fd) -> Result<(Pid, Way)> {
        let pid = self.spawn(child)?;
        let group = self.kernel.machine.keeps == Keeps::Group;
        self.kernel.session(pid.0);
        self.kernel.group = pid.0;
        if let Some(process) = self.kernel.procs.get_mut(&pid.0) {
            process.contained = true;
        }
        if record.0 >= 0 {
            let _ = self.write(record, format!("{} {}\n", place.inode, pid.0).as_bytes());
        }
        Ok((pid, if group { Way::Group } else { Way::All }))
    }

    fn sweep(&mut self, how: Sweep, spare: &[Option<Pid>]) -> bool {
        self.kernel.call();
        let found = self.kernel.found();
        let spared = found.iter().find(|pid| spare.contains(&Some(Pid(**pid))));
        if let Some(pid) = spared {
            self.kernel.wrong(format!("process {pid} is contained and spared"));
        }
        self.kernel.emit(&Fact::Swept { how, left: !found.is_empty() });
        self.kernel.leave_if_over();
        // One of them forks after all were looked at, and before it is killed.
        if how == Sweep::Kill && self.kernel.random.chance(20) {
            if let Some(pid) = found.first() {
                self.kernel.begin(*pid, Life::forever());
            }
        }
        let signals: &[Signal] = match how {
            Sweep::Look => &[],
            Sweep::Terminate => &[Signal::Terminate, Signal::Continue],
            Sweep::Kill => &[Signal::Kill],
        };
        for pid in &found {
            for signal in signals {
                let _ = self.kernel.kill(Target::One(Pid(*pid)), *signal);
            }
        }
        !found.is_empty()
    }

    fn adopt(&mut self, _place: FileId, record: &[u8]) -> bool {
        self.kernel.call();
        let words = String::from_utf8_lossy(record);
        let mut words = words.split_ascii_whitespace().filter_map(|word| word.parse::<u64>().ok());
        words.next().is_some() && words.next().is_some() && self.kernel.finds()
    }
}
