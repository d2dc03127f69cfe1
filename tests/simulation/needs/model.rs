//! The services of a schedule, and what is known of each of them from what its supervisor does.
use platform::Stamp;
use platform_sim::tree::ROOT;
use platform_sim::{Kernel, Random};
use runit::state::State;

/// Their directories. The last has no name in the scan directory of the others.
pub(super) const DIRS: [&str; 6] =
    ["/service/a", "/service/b", "/service/c", "/service/d", "/service/e", "/other/f"];

/// What counts as up without saying so, in nanoseconds; times are told in milliseconds.
pub(super) const SETTLES: u64 = 420_000_000;
const TICK: u64 = 1_000_000;

/// An entry of `needs/`.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Which service it is; none has its name.
    pub(super) to: Option<usize>,
    /// It is a link.
    is_link: bool,
    /// When it came, and went.
    pub(super) added: u64,
    pub(super) removed: Option<u64>,
}

impl Entry {
    /// Where it leads, if it is a link.
    pub(super) fn link(&self) -> Option<String> {
        let to = self.to.filter(|_| self.is_link)?;
        // Both ways of saying it.
        Some(if self.name.len() % 2 == 0 { DIRS[to].into() } else { format!("../../..{}", DIRS[to]) })
    }

    pub(super) fn is_there(&self) -> bool {
        self.added != u64::MAX && self.removed.is_none()
    }
}

/// `./run` or `./finish`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Child {
    pub(super) pid: i32,
    pub(super) started: u64,
    pub(super) finish: bool,
    /// It has said that it is ready.
    pub(super) said: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    pub(super) notification: bool,
    pub(super) oneshot: bool,
    pub(super) down: bool,
    /// Nobody does anything to it but those that need it.
    pub(super) immune: bool,
    /// When its `needs/` was made, if there is one: 0, from the beginning; 1, perhaps later.
    pub(super) made: Option<u64>,
    pub(super) entries: Vec<Entry>,
    /// When the entries changed last.
    pub(super) changed: u64,
    /// The supervisor that has the lock, and since when.
    pub(super) supervisor: Option<i32>,
    pub(super) begun: u64,
    pub(super) child: Option<Child>,
    pub(super) done: bool,
    pub(super) wish_down: bool,
    /// It was told something since its start after which it is not done.
    pub(super) told: bool,
    /// It was sent TERM, and shall be down.
    pub(super) asked: bool,
    /// When it was up last, if it is not.
    pub(super) was_up: u64,
    /// Its last process ended, or its supervisor began.
    pub(super) ended: u64,
    /// Its `./run` was started last.
    pub(super) spawned: u64,
    /// It was told to be down last.
    pub(super) ordered: u64,
    /// A letter came last.
    pub(super) heard: u64,
    /// When its needs were looked at last.
    pub(super) looked: Option<u64>,
    /// Since when it says that it waits.
    pub(super) waits: Option<u64>,
    /// Whom it has waited for, since when, and when it was seen to.
    pub(super) hops: Vec<(usize, Stamp, u64)>,
    /// Since when it need not wait any more.
    pub(super) free: Option<u64>,
    /// Those that it has told to come up, for this start.
    pub(super) tells: Vec<usize>,
    /// Entries that it has said it does without.
    pub(super) ignored: Vec<String>,
    /// It has said that it cannot know what it needs.
    pub(super) unreadable: bool,
    /// When all was quiet it had gone to sleep so often.
    pub(super) sleeps: u32,
    pub(super) descriptors: usize,
}

impl Service {
    /// Whether it is up, as far as can be seen of its process.
    pub(super) fn may_be_up(&self, now: u64) -> bool {
        if self.supervisor.is_none() || self.asked && self.wish_down {
            return false;
        }
        let runs = self.child.filter(|child| !child.finish).is_some_and(|child| match self.notification {
            true => child.said,
            false => !self.oneshot && now + TICK >= child.started + SETTLES,
        });
        runs || self.done
    }

    /// The line of its state.
    pub(super) fn state(&self, kernel: &Kernel, index: usize) -> Option<State> {
        let path = format!("{}/supervise/state", DIRS[index]);
        State::read(kernel.tree.contents(ROOT, path.as_bytes())?)
    }
}

/// The services of a schedule and what they need.
pub(super) fn services(random: &mut Random) -> Vec<Service> {
    let count = 2 + usize::try_from(random.below(DIRS.len() as u64 - 1)).unwrap_or(0);
    let mut services: Vec<Service> = (0..count)
        .map(|_| {
            let down = random.chance(20);
            Service {
                notification: random.chance(60),
                oneshot: random.chance(15),
                down,
                wish_down: down,
                immune: down && random.chance(50),
                ..Service::default()
            }
        })
        .collect();
    // Somebody has to be there for things to be done to.
    services[0].immune = false;
    let shape = random.below(5);
    for (index, service) in services.iter_mut().enumerate() {
        for (to, dir) in DIRS.iter().enumerate().take(count) {
            let needs = match shape {
                // A chain, a circle, a star, anything.
                0 => to == index + 1,
                1 => to == (index + 1) % count,
                2 => index == 0 && to > 0,
                3 => to > index && random.chance(40),
                _ => random.chance(30),
            };
            if needs {
                let is_link = to == DIRS.len() - 1 || random.chance(25);
                let name = match dir.rsplit('/').next() {
                    Some(name) if !is_link => name.to_owned(),
                    name => format!("to-{}{}", name.unwrap_or("x"), "y".repeat(random.below(2) as usize)),
                };
                let added = if random.chance(85) { 0 } else { u64::MAX };
                service.entries.push(Entry { name, to: Some(to), is_link, added, removed: None });
            }
        }
        if random.chance(5) {
            let name = "ghost".to_owned();
            service.entries.push(Entry { name, to: None, is_link: false, added: 0, removed: None });
        }
        // Without a name in its scan directory.
        if index == DIRS.len() - 1 {
            service.entries.retain(|entry| entry.is_link);
        }
        service.made = (!service.entries.is_empty()).then(|| u64::from(random.chance(10)));
        if service.made == Some(1) {
            service.entries.iter_mut().for_each(|entry| entry.added = u64::MAX);
        }
    }
    services
}
