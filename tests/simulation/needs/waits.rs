//! No service waits in vain, or for something else than it says, and in the end all is up.
use super::model::{DIRS, Entry, SETTLES};
use super::rules::{FAULTY, MS, Needs};
use crate::watched::Check;
use platform_sim::Kernel;
use runit::need::Lack;
use runit::state::Doing;

/// So late may a service be started that need not wait any more: where changes are told; where they are not, or
/// nobody is there to tell of them; where nobody tells of them and they are looked for now and then.
const TOLD: u64 = 150 * MS;
const UNTOLD: u64 = 900 * MS;
const UNSEEN: u64 = 5_300 * MS;

impl Needs {
    /// Whether it is up, by its process and by what its supervisor has told.
    pub(super) fn is_up(&self, kernel: &Kernel, index: usize) -> bool {
        let service = &self.services[index];
        let Some(state) = service.state(kernel, index).filter(|_| service.supervisor.is_some()) else {
            return false;
        };
        match (state.doing, service.child) {
            (Doing::Done, None) => service.done,
            (Doing::Run, Some(child)) if state.pid.is_some_and(|pid| pid.0 == child.pid) => {
                let settled = || kernel.now().0 >= child.started + SETTLES + 2 * MS;
                !state.asked && state.ready.unwrap_or_else(settled)
            }
            _ => false,
        }
    }

    /// Nobody waits in vain.
    pub(super) fn late(&mut self, kernel: &Kernel) -> Check {
        let now = kernel.now().0;
        for (index, dir) in DIRS.iter().enumerate().take(self.services.len()) {
            let service = &self.services[index];
            let state = service.state(kernel, index).filter(|_| service.supervisor.is_some());
            let waits = state.is_some_and(|state| state.doing == Doing::Waiting);
            let there = service.entries.iter().filter(|entry| entry.is_there());
            let free = waits
                && there.clone().all(|entry| {
                    service.ignored.contains(&entry.name) || entry.to.is_some_and(|to| self.is_up(kernel, to))
                });
            let news =
                there.filter_map(|entry| entry.to).map(|to| self.services[to].begun).max().unwrap_or(0);
            let service = &mut self.services[index];
            service.waits = if waits { service.waits.or(Some(now)) } else { None };
            service.free = if free { service.free.or(Some(now)) } else { None };
            let bound = if service.changed.max(self.faulty) + UNSEEN > now {
                UNSEEN
            } else if kernel.machine.watches && news + 2_000 * MS < now {
                TOLD
            } else {
                UNTOLD
            };
            if service.free.is_some_and(|since| since.max(self.faulty) + bound < now) {
                return Err(format!("{dir} waits though all that it needs is up"));
            }
        }
        Ok(())
    }

    /// All that is wanted, and all that is needed for that, is up.
    pub(super) fn all_up(&self, kernel: &Kernel) -> Check {
        let mut wanted: Vec<usize> =
            (0..self.services.len()).filter(|index| !self.services[*index].wish_down).collect();
        let mut seen = Vec::new();
        while let Some(index) = wanted.pop() {
            if seen.contains(&index) {
                continue;
            }
            seen.push(index);
            let service = &self.services[index];
            if !self.is_up(kernel, index) {
                let state = service.state(kernel, index);
                return Err(format!("settled, but {} is not up: {state:?}", DIRS[index]));
            }
            // What came later, or was told to be down later, is not looked at before another start.
            let since = |to: usize| self.services[to].ordered;
            let needed = |entry: &&Entry| {
                let last = entry.added.max(entry.to.map_or(0, since));
                entry.is_there() && last <= service.spawned
            };
            wanted.extend(service.entries.iter().filter(needed).filter_map(|entry| entry.to));
        }
        Ok(())
    }

    /// What a service that waits says of it.
    pub(super) fn told(&self, kernel: &Kernel) -> Check {
        let now = kernel.now().0;
        for (index, service) in self.services.iter().enumerate() {
            let state = service.state(kernel, index).filter(|_| service.supervisor.is_some());
            let Some(need) = state.filter(|state| state.doing == Doing::Waiting).and_then(|state| state.need)
            else {
                continue;
            };
            let recent = service.changed.max(self.faulty) + FAULTY > now;
            let named = |entry: &&Entry| entry.name.as_bytes() == need.name();
            match service.entries.iter().find(named) {
                _ if recent => {}
                Some(entry) if entry.is_there() => {
                    let alone = entry.to.is_none_or(|to| self.services[to].supervisor.is_none());
                    let settled = entry.to.is_none_or(|to| self.services[to].begun + 2_000 * MS < now);
                    if settled && !alone && need.lack == Lack::Alone {
                        return Err(format!("{} says that {} has no supervisor", DIRS[index], entry.name));
                    }
                    let wall = kernel.wall().secs;
                    let state = entry.to.and_then(|to| self.services[to].state(kernel, to));
                    // A letter changes what it says, but not since when.
                    let bound = if kernel.machine.watches { TOLD } else { UNSEEN };
                    let settled = settled && entry.to.is_none_or(|to| self.services[to].heard + bound < now);
                    let rests = state.filter(|state| settled && !alone && state.since.secs + 2 < wall);
                    if rests
                        .is_some_and(|state| (state.doing == Doing::Failed) != (need.lack == Lack::Failed))
                    {
                        return Err(format!("{} says {:?} of {}", DIRS[index], need.lack, entry.name));
                    }
                }
                _ => return Err(format!("{} waits for {need:?}, which it does not need", DIRS[index])),
            }
        }
        Ok(())
    }
}
