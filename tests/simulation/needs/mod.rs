//! Schedules for services that need each other: several supervisors at once, each on its own thread of the kernel in
//! memory, which may be interrupted in any call. Chains, circles and whatever else the entries of `needs/` make,
//! which come and go; services that flap, fail, are told to end or are never ready; supervisors that are killed,
//! told to end and begin again, or come late; entries that are links, into another directory too, and names of
//! nothing.
//!
//! Faults put into runsv, and what was said of them in how many of 600 schedules:
//!
//! | fault | what was said | schedules |
//! |---|---|---|
//! | needs are not looked at | is started and has not looked at its needs | 532 |
//! | what is not up counts as up; what is about to settle does | is started though it is not up | 198, 75 |
//! | what is not ready counts as up; what has failed; what has no supervisor | the same | 140, 9, 28 |
//! | when the needs are up it starts without a second look | the same | 174 |
//! | what is down is not told to come up | settled, but it is not up | 101 |
//! | it is told again at each look | tells twice for one start | 12 |
//! | what it is told of is not looked at | waits though all that it needs is up | 144 |
//! | nothing is told, though it says so | the same | 149 |
//! | what settles is looked at seconds later | the same | 92 |
//! | where nothing is told the pause is ten seconds | says that it has no supervisor | 79 |
//! | nobody looks now and then | settled, but it is not up | 1 |
//! | a circle is not seen; one of two is | settled, but it is not up | 94, 50 |
//! | the first to wait opens it too | does without it, and others waited less | 22 |
//! | all that wait are a circle | does without it, which is no circle | 124 |
//! | what is done without is forgotten at once | says twice that it does without it | 107 |
//! | what was done without counts for the next start | is started though it is not up | 29 |
//! | what is watched, and what is followed, stays open | leak | 471, 135 |
//! | a one-shot that is done is not up | waits though all that it needs is up | 150 |
//! | readiness is not read | is started though it is not up | 104 |
//! | why it waits is told wrong; that it waits is not told | says that it has no supervisor | 188, 88 |
mod lives;
mod model;
mod rules;
mod waits;

use crate::saboteur::{Lie, Saboteur};
use crate::systems;
use crate::watched::{Report, watch_several};
use model::{DIRS, Service};
use platform::{Args, Pid, Signal};
use platform_sim::tree::Node;
use platform_sim::{Deed, Faults, Kernel, Random, Sim, Whom};
use rules::Needs;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// When nothing goes wrong any more, when all has settled, and when all are told to end, in milliseconds.
const CALM: u64 = 8_000;
const SETTLED: u64 = CALM + 25_000;
const LEAVE: u64 = SETTLED + 60_000;

/// What is started: the supervisors.
const WORDS: [&[&str]; DIRS.len()] = [
    &["runsv", DIRS[0]],
    &["runsv", DIRS[1]],
    &["runsv", DIRS[2]],
    &["runsv", DIRS[3]],
    &["runsv", DIRS[4]],
    &["runsv", DIRS[5]],
];

/// A path for a deed. There are few of them, and each is made once.
fn kept(path: String) -> &'static str {
    static ALL: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(path.as_str()) {
        return known;
    }
    let path: &'static str = path.leak();
    all.insert(path);
    path
}

/// Runs the schedule of a seed.
pub(crate) fn schedule(seed: u64, trace: bool, lie: Lie) -> Report {
    let mut random = Random::new(!seed ^ 0x6e65_6564);
    let services = model::services(&mut random);
    let mut plan = random.clone();
    watch_several(
        Needs::new(&mut random, services.clone()),
        trace,
        |world| {
            let machine = systems::of(&mut plan);
            let mut kernel = Sim::new(seed, Pid(100), machine, world).kernel;
            prepare(&mut kernel, &mut plan, &services);
            wild(&mut kernel, &mut plan, &services);
            end(&mut kernel, &mut plan, &services);
            kernel
        },
        move |sim: &mut Sim, args: Args| match lie {
            Lie::None => runit::runsv::main(sim, args),
            lie => runit::runsv::main(&mut Saboteur::new(sim, lie), args),
        },
    )
}

fn prepare(kernel: &mut Kernel, random: &mut Random, services: &[Service]) {
    for dir in ["/service", "/other"] {
        kernel.directory(dir.as_bytes());
    }
    for (service, dir) in services.iter().zip(DIRS) {
        kernel.directory(dir.as_bytes());
        let mut file = |name: &str, text: &[u8]| {
            kernel.make(format!("{dir}/{name}").as_bytes(), Node::File(text.to_vec()), 0o755);
        };
        file("run", b"");
        for (name, is_there) in [
            ("notification-fd", service.notification),
            ("oneshot", service.oneshot),
            ("down", service.down),
            ("finish", random.chance(20)),
        ] {
            if is_there {
                file(name, b"3\n");
            }
        }
        match random.below(4) {
            0 => file("restart-delay", b"100\n"),
            1 => file("restart-delay", b"200 1600\n"),
            _ => {}
        }
        if !service.immune && random.chance(15) {
            file("restart-limit", b"2 4\n");
        }
        if random.chance(10) {
            kernel.directory(format!("{dir}/control").as_bytes());
            kernel.file(format!("{dir}/control/u").as_bytes(), 0o755);
        }
        if service.made == Some(0) {
            kernel.directory(format!("{dir}/needs").as_bytes());
        }
    }
    for (service, dir) in services.iter().zip(DIRS) {
        for entry in service.entries.iter().filter(|entry| entry.added == 0) {
            let node = match entry.link() {
                Some(link) => Node::Link(link.into_bytes()),
                None => Node::File(Vec::new()),
            };
            kernel.make(format!("{dir}/needs/{}", entry.name).as_bytes(), node, 0o777);
        }
    }
}

/// One of those that things are done to.
fn one(random: &mut Random, services: &[Service]) -> usize {
    let able: Vec<usize> = (0..services.len()).filter(|index| !services[*index].immune).collect();
    able[usize::try_from(random.below(able.len() as u64)).unwrap_or(0)]
}

fn control(index: usize) -> &'static str {
    kept(format!("{}/supervise/control", DIRS[index]))
}

/// Up to the calm.
fn wild(kernel: &mut Kernel, random: &mut Random, services: &[Service]) {
    for words in WORDS.into_iter().take(services.len()) {
        let at = if random.chance(80) { random.below(30) } else { random.below(6_000) };
        kernel.plan(at, Deed::Start(words));
    }
    let mut at = 0;
    for _ in 0..random.below(12) {
        at = match random.below(4) {
            0 => at + random.below(3),
            1 => at + random.below(400),
            _ => random.below(CALM - 200),
        };
        let index = one(random, services);
        let dir = DIRS[index];
        let deed = match random.below(16) {
            0..=4 => {
                let letters: &[&[u8]] = &[b"u", b"d", b"t", b"o", b"du", b"ud", b"k", b"x", b"p", b"c"];
                let letters = letters[usize::try_from(random.below(letters.len() as u64)).unwrap_or(0)];
                Deed::Send(control(index), letters.to_vec())
            }
            5..=7 => Deed::Signal(Whom::In(dir, "./run"), Signal::Kill),
            8 | 9 => {
                let most = if random.chance(50) { 30 } else { 2_000 };
                let later = at + 1 + random.below(most);
                kernel.plan(later, Deed::Start(WORDS[index]));
                let signal = if random.chance(70) { Signal::Kill } else { Signal::Terminate };
                Deed::Signal(Whom::In(dir, "runsv"), signal)
            }
            10..=13 => match change(random, index, services) {
                Some(deed) => deed,
                None => continue,
            },
            14 => Deed::Faults(faults(random)),
            _ => Deed::Faults(Faults::NONE),
        };
        kernel.plan(at.min(CALM - 100), deed);
    }
    if random.chance(10) {
        kernel.faults = faults(random);
    }
}

fn faults(random: &mut Random) -> Faults {
    let few = 1 + random.below(6) as u32;
    match random.below(8) {
        0 => Faults { fork: few, ..Faults::NONE },
        1 => Faults { open: few, ..Faults::NONE },
        2 => Faults { rename: few, ..Faults::NONE },
        3 => Faults { open_dir: few, ..Faults::NONE },
        4 => Faults { read_dir: few, ..Faults::NONE },
        5 => Faults { full: true, ..Faults::NONE },
        6 => Faults { stat: few, ..Faults::NONE },
        _ => Faults { short_read: 60, ..Faults::NONE },
    }
}

/// An entry comes or goes.
fn change(random: &mut Random, index: usize, services: &[Service]) -> Option<Deed> {
    let service = &services[index];
    let dir = DIRS[index];
    if service.entries.is_empty() || service.made.is_none() {
        return None;
    }
    let entry = &service.entries[usize::try_from(random.below(service.entries.len() as u64)).unwrap_or(0)];
    let path = kept(format!("{dir}/needs/{}", entry.name));
    Some(match (random.below(5), service.made) {
        (0, Some(1)) => Deed::MakeDirectory(kept(format!("{dir}/needs"))),
        (1 | 2, _) => Deed::Remove(path),
        _ => match entry.link() {
            Some(link) => Deed::Link(kept(link), path),
            None => Deed::Create(path, 0o644),
        },
    })
}

/// From the moment on at which nothing goes wrong any more.
fn end(kernel: &mut Kernel, random: &mut Random, services: &[Service]) {
    kernel.plan(CALM, Deed::Mark(rules::CALM));
    kernel.plan(CALM, Deed::Faults(Faults::NONE));
    // One that is paused may not have become its program yet.
    for later in [0, 40] {
        kernel.plan(CALM + later, Deed::Signal(Whom::Others, Signal::Continue));
        for path in ["./run", "./finish"] {
            kernel.plan(CALM + later, Deed::Signal(Whom::Running(path), Signal::Kill));
        }
    }
    for (index, service) in services.iter().enumerate() {
        for entry in service.entries.iter().filter(|entry| entry.to.is_none()) {
            kernel.plan(CALM, Deed::Remove(kept(format!("{}/needs/{}", DIRS[index], entry.name))));
        }
        // Where one is already, the other finds it.
        kernel.plan(CALM + 100 + random.below(2_000), Deed::Start(WORDS[index]));
        if service.immune && random.chance(50) {
            kernel.plan(CALM + 9_000, Deed::Send(control(index), b"d".to_vec()));
        }
        if !service.immune {
            for later in [50, 3_000] {
                kernel.plan(CALM + later, Deed::Send(control(index), b"u".to_vec()));
            }
            if random.chance(15) {
                let letters: &[u8] = if random.chance(50) { b"t" } else { b"du" };
                kernel.plan(CALM + 5_000 + random.below(3_000), Deed::Send(control(index), letters.to_vec()));
            }
        }
    }
    // All are started once more, and look at what they need.
    kernel.plan(CALM + 10_000, Deed::Signal(Whom::Running("./run"), Signal::Kill));
    kernel.plan(SETTLED, Deed::Mark(rules::SETTLED));
    kernel.plan(LEAVE, Deed::Mark(rules::LEAVE));
    for dir in DIRS.iter().take(services.len()) {
        kernel.plan(LEAVE, Deed::Signal(Whom::In(dir, "runsv"), Signal::Terminate));
    }
    for later in [500, 2_000, 5_000] {
        for path in ["./run", "./finish", "control/u"] {
            kernel.plan(LEAVE + later, Deed::Signal(Whom::Running(path), Signal::Kill));
        }
    }
    kernel.plan(LEAVE + 20_000, Deed::Mark(rules::GONE));
}
