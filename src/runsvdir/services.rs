//! The services of a scan directory and their supervisors.
use platform::{Instant, Pid, Result, Table};

/// A supervisor is started again at most this often, in milliseconds.
pub const AGAIN: u64 = 1000;

/// Which directory a name leads to: that, and not the name, is the service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Id {
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

/// One service: 32 bytes for as long as it is in the directory.
#[derive(Clone, Copy, Default, Debug)]
struct Service {
    id: Id,
    started: Instant,
    /// 0 for none.
    pid: i32,
    seen: bool,
}

/// What is to be done about a service that was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// Its supervisor runs.
    Runs,
    /// Its supervisor is to be started.
    Start,
    /// Its supervisor was started less than a second ago and is not to be started before this.
    Wait(Instant),
}

/// All services of the directory. There are as many as memory allows.
pub struct Services {
    table: Table<Service>,
    /// Where the last one was found: directories are read in the same order every time.
    hint: usize,
}

impl Services {
    /// None yet.
    #[must_use]
    pub const fn new() -> Services {
        Services { table: Table::new(), hint: 0 }
    }

    /// A scan begins: none was seen yet.
    pub fn begin(&mut self) {
        self.hint = 0;
        self.table.rows().iter_mut().for_each(|service| service.seen = false);
    }

    /// The directory leads to this service.
    ///
    /// # Errors
    /// Out of memory: it is as if it were not there, and a later scan finds it.
    pub fn found(&mut self, id: Id, now: Instant) -> Result<Found> {
        let rows = self.table.rows();
        let (before, after) = rows.split_at_checked(self.hint).unwrap_or_default();
        let known = match after.iter().position(|service| service.id == id) {
            Some(at) => Some(self.hint.saturating_add(at)),
            None => before.iter().position(|service| service.id == id),
        };
        let index = match known {
            Some(index) => index,
            None => {
                let index = rows.len();
                self.table.push(Service { id, ..Service::default() })?;
                index
            }
        };
        self.hint = index.saturating_add(1);
        let Some(service) = self.table.rows().get_mut(index) else { return Ok(Found::Runs) };
        // A second name of a service that this scan has met already changes nothing.
        if service.pid != 0 || core::mem::replace(&mut service.seen, true) {
            service.seen = true;
            return Ok(Found::Runs);
        }
        let again = service.started.plus_ms(AGAIN);
        Ok(if known.is_none() || again <= now { Found::Start } else { Found::Wait(again) })
    }

    /// The supervisor of the service found last was started.
    pub fn started(&mut self, pid: Pid, now: Instant) {
        let last = self.hint.checked_sub(1);
        if let Some(service) = last.and_then(|index| self.table.rows().get_mut(index)) {
            service.pid = pid.0;
            service.started = now;
        }
    }

    /// A child ended. If it was a supervisor: when it may be started again.
    pub fn died(&mut self, pid: Pid) -> Option<Instant> {
        let service = self.table.rows().iter_mut().find(|service| service.pid == pid.0)?;
        service.pid = 0;
        Some(service.started.plus_ms(AGAIN))
    }

    /// Forgets one service that the scan did not see. `None`: there is no other; `Some(None)`: it
    /// had no supervisor.
    pub fn forget(&mut self) -> Option<Option<Pid>> {
        let index = self.table.rows().iter().position(|service| !service.seen)?;
        let pid = self.table.rows().get(index).map_or(0, |service| service.pid);
        self.table.swap_remove(index);
        Some((pid != 0).then_some(Pid(pid)))
    }

    /// Every supervisor.
    pub fn supervisors(&mut self) -> impl Iterator<Item = Pid> {
        self.table.rows().iter().map(|service| Pid(service.pid)).filter(|pid| pid.0 != 0)
    }
}

impl Default for Services {
    fn default() -> Self {
        Services::new()
    }
}
