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

/// One service: 24 bytes for as long as it is in the directory.
#[derive(Clone, Copy, Default, Debug)]
struct Service {
    id: Id,
    /// When its supervisor was started last.
    started: Tick,
    supervisor: Supervisor,
}

/// A point in time in milliseconds, which begin anew every 49 days: so long after a start, it seems for
/// a second as if it had just been.
#[derive(Clone, Copy, Default, Debug)]
struct Tick(u32);

impl Tick {
    const fn of(time: Instant) -> Tick {
        #[allow(clippy::cast_possible_truncation, reason = "that is the point")]
        Tick(time.ms_since(Instant(0)) as u32)
    }

    /// When something that was done then may be done again. The part of a millisecond that is not known
    /// counts as not over.
    fn again(self, now: Instant) -> Option<Instant> {
        let over = u64::from(Tick::of(now).0.wrapping_sub(self.0));
        let left = AGAIN.saturating_add(1).checked_sub(over).filter(|left| *left > 0)?;
        Some(now.plus_ms(left))
    }
}

/// The number of a supervisor, 0 for none, and behind it one bit: this scan has met the service.
#[derive(Clone, Copy, Default, Debug)]
struct Supervisor(u32);

impl Supervisor {
    const fn pid(self) -> Pid {
        Pid((self.0 >> 1) as i32)
    }

    const fn seen(self) -> bool {
        self.0 & 1 != 0
    }

    const fn set(&mut self, pid: Pid, seen: bool) {
        self.0 = (pid.0 as u32) << 1 | seen as u32;
    }
}

/// No process.
const NONE: Pid = Pid(0);

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
        for service in self.table.rows() {
            service.supervisor.set(service.supervisor.pid(), false);
        }
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
        let (pid, seen) = (service.supervisor.pid(), service.supervisor.seen());
        service.supervisor.set(pid, true);
        // A second name of a service that this scan has met already changes nothing.
        if pid != NONE || seen {
            return Ok(Found::Runs);
        }
        let again = if known.is_none() { None } else { service.started.again(now) };
        Ok(again.map_or(Found::Start, Found::Wait))
    }

    /// The supervisor of the service found last was started.
    pub fn started(&mut self, pid: Pid, now: Instant) {
        let last = self.hint.checked_sub(1);
        if let Some(service) = last.and_then(|index| self.table.rows().get_mut(index)) {
            service.supervisor.set(pid, true);
            service.started = Tick::of(now);
        }
    }

    /// A child ended. If it was a supervisor: when it may be started again.
    pub fn died(&mut self, pid: Pid, now: Instant) -> Option<Instant> {
        let service = self.table.rows().iter_mut().find(|service| service.supervisor.pid() == pid)?;
        service.supervisor.set(NONE, service.supervisor.seen());
        Some(service.started.again(now).unwrap_or(now))
    }

    /// Forgets one service that the scan did not see. `None`: there is no other; `Some(None)`: it
    /// had no supervisor.
    pub fn forget(&mut self) -> Option<Option<Pid>> {
        let index = self.table.rows().iter().position(|service| !service.supervisor.seen())?;
        let pid = self.table.rows().get(index).map_or(NONE, |service| service.supervisor.pid());
        self.table.swap_remove(index);
        Some(Some(pid).filter(|pid| *pid != NONE))
    }

    /// Every supervisor.
    pub fn supervisors(&mut self) -> impl Iterator<Item = Pid> {
        self.table.rows().iter().map(|service| service.supervisor.pid()).filter(|pid| *pid != NONE)
    }
}

impl Default for Services {
    fn default() -> Self {
        Services::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Id = Id { device: u64::MAX, inode: u64::MAX };

    /// Starts a supervisor that ends at once, at all parts of a millisecond and of the time there is.
    #[test]
    fn once_a_second() {
        for begin in [0, 1, 999_999, 1_000_000, 4_294_967_295_999_999, 4_294_967_296_000_001, u64::MAX / 2] {
            let now = Instant(begin);
            let mut services = Services::new();
            services.begin();
            assert_eq!(services.found(ID, now), Ok(Found::Start));
            services.started(Pid(i32::MAX), now);
            assert_eq!(services.supervisors().collect::<Vec<_>>(), [Pid(i32::MAX)]);
            let again = services.died(Pid(i32::MAX), now).unwrap();
            assert!((1_000_000_000..=1_001_000_000).contains(&(again.0 - begin)), "{}", again.0 - begin);
            assert_eq!(services.supervisors().next(), None);
            services.begin();
            let early = Instant(again.0 - 1_000_000);
            assert!(
                matches!(services.found(ID, early), Ok(Found::Wait(time)) if time.0 - early.0 <= 2_000_000)
            );
            services.begin();
            assert_eq!(services.found(ID, again), Ok(Found::Start));
        }
    }

    #[test]
    fn a_row_is_small() {
        assert_eq!(size_of::<Service>(), 24);
    }
}
