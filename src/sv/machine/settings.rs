//! What the services of one call of sv have in common.
use super::super::{Invocation, Plan};
use platform::{Instant, Stamp};

/// More than so many services are watched from the beginning.
const FEW: usize = 8;

/// What is the same for all services of one call of sv.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Settings {
    pub(super) plan: Plan,
    /// Whether sv stays to see it obeyed.
    pub(super) waits: bool,
    /// Whether changes are watched from the beginning.
    pub(super) watched: bool,
    /// Whether the system tells who holds `ok` of the end of its reader.
    pub(super) tells_ends: bool,
    pub(super) start: Instant,
    pub(super) time: Stamp,
    /// `None`: beyond the end of the clock.
    pub(super) deadline: Option<Instant>,
}

impl Settings {
    /// For so many services, at a moment on both clocks.
    #[must_use]
    pub fn new(
        invocation: &Invocation,
        services: usize,
        tells_ends: bool,
        start: Instant,
        time: Stamp,
    ) -> Settings {
        let plan = invocation.plan;
        let patience = u64::try_from(invocation.patience().as_nanos()).ok();
        Settings {
            plan,
            waits: plan.waits(invocation.asked),
            watched: services > FEW || plan.ends_supervisor(),
            tells_ends,
            start,
            time,
            deadline: patience.and_then(|patience| start.0.checked_add(patience)).map(Instant),
        }
    }

    /// Whether it waits, and for so few that watching them is dear where ending a watch takes long.
    #[must_use]
    pub const fn looks_often(&self) -> bool {
        self.waits && !self.watched
    }

    /// The same, where a watch costs nothing: it is there from the beginning.
    #[must_use]
    pub const fn watched(self) -> Settings {
        Settings { watched: true, ..self }
    }

    /// Whether so many services are so many that sv needs more descriptors than it has.
    #[must_use]
    pub const fn needs_room(&self, services: usize) -> bool {
        self.waits && services > FEW
    }
}
