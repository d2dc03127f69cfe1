//! The services of a scan directory and their supervisors.
use platform::{Ended, FileId, Instant, Memory, Pid, Result, Table};

/// A supervisor is started again at most this often, in milliseconds; and one that has ended as it was
/// told after this time, so that a client that waits for its end sees it.
pub const AGAIN: u64 = 1000;
/// A supervisor that lived so long has not failed to start.
const STARTED: u64 = 5000;

/// One service: 24 bytes for as long as it is in the directory. Which directory its name leads to: that, and
/// not the name, is the service.
#[derive(Clone, Copy, Default, Debug)]
struct Service {
    id: FileId,
    /// When it was found, or last had nothing to start; then when its supervisor was started last or ended
    /// as it was told.
    since: Tick,
    supervisor: Supervisor,
}

impl Service {
    /// When the supervisor may be started; `None`: now.
    fn again(&self, now: Instant) -> Option<Instant> {
        self.since.plus(self.supervisor.pause(), now)
    }
}

/// A point in time in milliseconds, which begin anew every 49 days: so long after a start, it seems for
/// some time as if it had just been.
#[derive(Clone, Copy, Default, Debug)]
struct Tick(u32);

impl Tick {
    const fn of(time: Instant) -> Tick {
        #[allow(clippy::cast_possible_truncation, reason = "that is the point")]
        Tick(time.ms_since(Instant(0)) as u32)
    }

    /// How many milliseconds ago it was.
    const fn age(self, now: Instant) -> u64 {
        Tick::of(now).0.wrapping_sub(self.0) as u64
    }

    /// The moment so many milliseconds later; `None` if it is over. The part of a millisecond that is
    /// not known counts as not over.
    fn plus(self, ms: u64, now: Instant) -> Option<Instant> {
        let left = ms.saturating_add(1).checked_sub(self.age(now)).filter(|left| *left > 0)?;
        Some(now.plus_ms(left))
    }
}

/// What is known of a supervisor, in 32 bits: its number, which on all systems takes 24 at most, 0 for
/// none; how often in a row it has failed to start, or had nothing to start; whether the last scan did not
/// meet the service; whether it was ever started; whether this scan has met the service.
#[derive(Clone, Copy, Default, Debug)]
struct Supervisor(u32);

const SEEN: u32 = 1;
const STARTED_ONCE: u32 = 2;
const MISSED: u32 = 4;
const FAILURES: u32 = 0xf8;
const FAILURE: u32 = 8;
const PID_SHIFT: u32 = 8;
/// Once all are to end and nothing is scanned any more, three of them mean something else: another that is left needs
/// it; it was told to end; it has had its time for that.
const NEEDED: u32 = SEEN;
const ASKED: u32 = MISSED;
const GIVEN_UP: u32 = FAILURE;

impl Supervisor {
    const fn pid(self) -> Pid {
        Pid((self.0 >> PID_SHIFT) as i32)
    }

    const fn is_left(self) -> bool {
        self.pid().0 != NONE.0 && !self.has(ASKED)
    }

    const fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }

    const fn set(&mut self, bit: u32, on: bool) {
        self.0 = self.0 & !bit | if on { bit } else { 0 };
    }

    fn set_pid(&mut self, pid: Pid) {
        debug_assert!(pid.0.unsigned_abs() < 1 << (u32::BITS - PID_SHIFT), "the number does not fit");
        self.0 = (pid.0 as u32) << PID_SHIFT | self.0 & !(u32::MAX << PID_SHIFT);
    }

    /// Counts a failure; the count stays at its end.
    const fn failed(&mut self) {
        if self.0 & FAILURES != FAILURES {
            self.0 = self.0.wrapping_add(FAILURE);
        }
    }

    const fn failures(self) -> u32 {
        (self.0 & FAILURES) / FAILURE
    }

    /// How long after its last start it may be started again: ever later, and not later than half as
    /// long again as it has been failing.
    const fn pause(self) -> u64 {
        const DOUBLES: u32 = 4;
        const MOST: u64 = 60_000;
        let pause = AGAIN << (self.failures() / DOUBLES);
        if pause < MOST { pause } else { MOST }
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
    /// It has never had a supervisor, and was found, or last had nothing to start, so many milliseconds
    /// ago.
    New(u64),
    /// Its supervisor is not to be started before this.
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

    /// Before a service is told of with [`Services::found`]: it may be new. Without memory `found` says so.
    pub fn make_room<M: Memory>(&mut self, m: &mut M) {
        let _ = self.table.make_room(m);
    }

    /// A scan begins: none was seen yet.
    pub fn begin(&mut self) {
        self.hint = 0;
        for service in self.table.rows() {
            service.supervisor.set(SEEN, false);
        }
    }

    /// The directory leads to this service.
    ///
    /// # Errors
    /// Out of memory: it is as if it were not there, and a later scan finds it.
    pub fn found(&mut self, id: FileId, now: Instant) -> Result<Found> {
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
                self.table.push(Service { id, since: Tick::of(now), ..Service::default() })?;
                index
            }
        };
        self.hint = index.saturating_add(1);
        let Some(service) = self.table.rows().get_mut(index) else { return Ok(Found::Runs) };
        let seen = service.supervisor.has(SEEN);
        service.supervisor.set(SEEN, true);
        // A second name of a service that this scan has met already changes nothing.
        if service.supervisor.pid() != NONE || seen {
            return Ok(Found::Runs);
        }
        if !service.supervisor.has(STARTED_ONCE) {
            return Ok(Found::New(service.since.age(now)));
        }
        Ok(service.again(now).map_or(Found::Start, Found::Wait))
    }

    /// The supervisor of the service found last was started.
    pub fn started(&mut self, pid: Pid, now: Instant) {
        let last = self.hint.checked_sub(1);
        if let Some(service) = last.and_then(|index| self.table.rows().get_mut(index)) {
            service.supervisor.set_pid(pid);
            if !service.supervisor.has(STARTED_ONCE) {
                service.supervisor.set(STARTED_ONCE, true);
                service.supervisor.set(FAILURES, false);
            }
            service.since = Tick::of(now);
        }
    }

    /// The service found last has nothing to start yet. How often that has been so, and for how many
    /// milliseconds it need not be looked at again.
    pub fn unfinished(&mut self, now: Instant) -> (u32, u64) {
        let last = self.hint.checked_sub(1);
        let Some(service) = last.and_then(|index| self.table.rows().get_mut(index)) else {
            return (0, AGAIN);
        };
        let pause = service.supervisor.pause();
        service.supervisor.failed();
        service.since = Tick::of(now);
        (service.supervisor.failures(), pause)
    }

    /// A child ended. If it was a supervisor: when it may be started again.
    pub fn died(&mut self, pid: Pid, ended: Ended, now: Instant) -> Option<Instant> {
        let service = self.table.rows().iter_mut().find(|service| service.supervisor.pid() == pid)?;
        service.supervisor.set_pid(NONE);
        match ended {
            Ended::Exit(code) if code != 0 && service.since.age(now) < STARTED => service.supervisor.failed(),
            Ended::Exit(0) => {
                service.supervisor.set(FAILURES, false);
                service.since = Tick::of(now);
            }
            Ended::Exit(_) | Ended::Killed { .. } => service.supervisor.set(FAILURES, false),
        }
        Some(service.again(now).unwrap_or(now))
    }

    /// What has failed so far may be tried again now.
    pub fn forgive(&mut self) {
        for service in self.table.rows() {
            service.supervisor.set(FAILURES, false);
        }
    }

    /// The end of a scan: whether services are missing that the scan before missed too, and others.
    pub fn missing(&mut self) -> (bool, bool) {
        let (mut still, mut new) = (false, false);
        for service in self.table.rows() {
            let seen = service.supervisor.has(SEEN);
            still |= !seen && service.supervisor.has(MISSED);
            new |= !seen && !service.supervisor.has(MISSED);
            service.supervisor.set(MISSED, !seen);
        }
        (still, new)
    }

    /// Forgets services that the scan did not see, up to one that has a supervisor; `None`: there is none.
    pub fn forget(&mut self) -> Option<Pid> {
        loop {
            let index = self.table.rows().iter().position(|service| !service.supervisor.has(SEEN))?;
            let pid = self.table.rows().get(index).map_or(NONE, |service| service.supervisor.pid());
            self.table.swap_remove(index);
            if pid != NONE {
                return Some(pid);
            }
        }
    }

    /// Nothing is scanned any more, and all are to end: none was told so yet.
    pub fn begin_stop(&mut self) {
        for service in self.table.rows() {
            service.supervisor.set(ASKED | GIVEN_UP, false);
        }
    }

    /// Those that were told to end have had their time: they are not waited for any more.
    pub fn give_up(&mut self) {
        for service in self.table.rows() {
            let asked = service.supervisor.has(ASKED);
            service.supervisor.set(GIVEN_UP, asked);
        }
    }

    /// A round begins: none is known to be needed.
    pub fn begin_round(&mut self) {
        for service in self.table.rows() {
            service.supervisor.set(NEEDED, false);
        }
    }

    fn known(&mut self, id: FileId) -> Option<&mut Service> {
        self.table.rows().iter_mut().find(|service| service.id == id)
    }

    /// Whether a service has a supervisor.
    pub fn is_running(&mut self, id: FileId) -> bool {
        self.known(id).is_some_and(|service| service.supervisor.pid() != NONE)
    }

    /// Whether a service has a supervisor that was not told to end.
    pub fn is_left(&mut self, id: FileId) -> bool {
        self.known(id).is_some_and(|service| service.supervisor.is_left())
    }

    /// A service is needed by one that is left.
    pub fn need(&mut self, id: FileId) {
        if let Some(service) = self.known(id) {
            service.supervisor.set(NEEDED, true);
        }
    }

    /// The next that is left and not needed; from now on it was told to end.
    pub fn next_free(&mut self) -> Option<Pid> {
        let free = |service: &&mut Service| service.supervisor.is_left() && !service.supervisor.has(NEEDED);
        let service = self.table.rows().iter_mut().find(free)?;
        service.supervisor.set(ASKED, true);
        Some(service.supervisor.pid())
    }

    /// Whether any are left that were not told to end.
    pub fn are_left(&mut self) -> bool {
        self.table.rows().iter().any(|service| service.supervisor.is_left())
    }

    /// Whether any have a supervisor.
    pub fn are_running(&mut self) -> bool {
        self.table.rows().iter().any(|service| service.supervisor.pid() != NONE)
    }

    /// Forgets a supervisor, which is the result; `None`: there is none.
    pub fn next_running(&mut self) -> Option<Pid> {
        let mut rows = self.table.rows().iter_mut();
        let service = rows.find(|service| service.supervisor.pid() != NONE)?;
        let pid = service.supervisor.pid();
        service.supervisor.set_pid(NONE);
        Some(pid)
    }

    /// Whether one that was told to end is still there.
    pub fn are_awaited(&mut self) -> bool {
        let awaited = |service: &Service| {
            let supervisor = service.supervisor;
            supervisor.has(ASKED) && !supervisor.has(GIVEN_UP) && supervisor.pid() != NONE
        };
        self.table.rows().iter().any(awaited)
    }
}

impl Default for Services {
    fn default() -> Self {
        Services::new()
    }
}

/// A service as the walk keeps it.
#[cfg(test)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Row(FileId, u32, u32);

#[cfg(test)]
impl Row {
    pub(super) fn has_supervisor(&self) -> bool {
        Supervisor(self.2).pid() != NONE
    }
    pub(super) fn is_missed(&self) -> bool {
        Supervisor(self.2).has(MISSED)
    }
    pub(super) fn was_started(&self) -> bool {
        Supervisor(self.2).has(STARTED_ONCE)
    }
}

#[cfg(test)]
impl Services {
    /// The services so many milliseconds later, as far as decisions see the difference.
    pub(super) fn rows(&mut self, now: Instant, ms: u64, waits: bool) -> Vec<Row> {
        let row = |service: &Service| {
            let age = service.since.age(now) + ms;
            let age = [5000, 1001, 0].into_iter().find(|step| age >= *step).unwrap_or(0);
            let mut supervisor = service.supervisor;
            let failures = match supervisor.failures() {
                0 => 0,
                1..=7 => 7,
                _ => 8,
            };
            supervisor.0 = (supervisor.0 & !FAILURES) | (failures * FAILURE);
            supervisor.set(SEEN, supervisor.has(SEEN) && !waits);
            Row(service.id, Tick::of(now).0.wrapping_sub(age as u32), supervisor.0)
        };
        self.table.rows().iter().map(row).collect()
    }

    /// The same services again; the last one is the one found last.
    pub(super) fn fill(&mut self, rows: &[Row]) {
        self.hint = rows.len();
        self.table.clear();
        for Row(id, since, supervisor) in rows {
            let (since, supervisor) = (Tick(*since), Supervisor(*supervisor));
            self.make_room(&mut platform::Os::new());
            self.table.push(Service { id: *id, since, supervisor }).unwrap();
        }
    }
}

#[cfg(test)]
mod tests;
