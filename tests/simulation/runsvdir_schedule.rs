//! Schedules for runsvdir: services that come, go, change their names, are being filled and share a
//! directory, a scan directory that vanishes or is switched, supervisors that die, and what the
//! system refuses meanwhile.
use crate::flood;
use crate::runsvdir_rules::Runsvdir;
use crate::saboteur::{Lie, Saboteur};
use crate::systems;
use crate::watched::{Report, watch};
use platform::{Pid, Signal};
use platform_sim::tree::Node;
use platform_sim::{Deed, Faults, Kernel, Machine, Random, Sim, Source, Whom, args};

/// Marks of a schedule.
pub(crate) mod mark {
    pub(crate) const CALM: u32 = 1;
    pub(crate) const SETTLED: u32 = 2;
    pub(crate) const LEAVE: u32 = 3;
    pub(crate) const GONE: u32 = 4;
    /// A new service should be up.
    pub(crate) const PROMPT: u32 = 5;
}

pub(crate) const SCAN: &str = "/scan";
/// The quiet time, in seconds.
pub(crate) const QUIET: u64 = 2000;

/// When nothing goes wrong any more, when all has settled, and when it is told to end, in milliseconds.
const CALM: u64 = 20_000;
const SETTLED: u64 = CALM + 330_000;
const LEAVE: u64 = SETTLED + QUIET * 1000;
/// What may never end.
const SOURCES: [Source; 3] = [Source::File("/all/.new"), Source::File("/all/new"), Source::Deaths];

/// Runs the schedule of a seed.
pub(crate) fn schedule(seed: u64, trace: bool, lie: Lie) -> Report {
    let mut random = Random::new(seed ^ 0x6469_7273);
    let system = systems::of(&mut random);
    let machine = Machine {
        watches: random.chance(60),
        // A directory that is removed and made anew between two looks, and gets the same number, is taken for
        // the same one, as by C runit.
        reuses_numbers: false,
        granule: if random.chance(20) { 1_000_000_000 } else { system.granule },
        ..system
    };
    let mut words = vec!["runsvdir"];
    if random.chance(50) {
        words.push("-P");
    }
    // A third of them are containers: drawn apart, so that the others stay what they are.
    let container = Random::new(seed ^ 0x636f_6e74).chance(33);
    if container {
        words.truncate(1);
        words.push("--container");
    }
    words.push(SCAN);
    let area = random.chance(30);
    if area {
        words.push("log: ............................................................");
    }
    let rules = Runsvdir::new(&mut random, machine.watches, container);
    watch(
        rules,
        trace,
        |world| {
            let mut sim = Sim::new(seed, Pid(50), machine, world);
            prepare(&mut sim.kernel, &mut random);
            plan(&mut sim.kernel, &mut random, container);
            if flood::is_flooded(seed) {
                flood::plan(&mut sim.kernel, &mut random, &SOURCES, LEAVE, CALM);
            }
            sim
        },
        |sim| match lie {
            Lie::None => runit::runsvdir::main(sim, args(&words)),
            lie => runit::runsvdir::main(&mut Saboteur::new(sim, lie), args(&words)),
        },
    )
}

fn prepare(kernel: &mut Kernel, random: &mut Random) {
    kernel.directory(b"/bin");
    kernel.file(b"/bin/runsv", 0o755);
    for dir in ["/all", "/other", "/sv", "/sv/one", "/sv/two", "/sv/three"] {
        kernel.directory(dir.as_bytes());
    }
    for run in ["/sv/one/run", "/sv/two/run", "/sv/three/run"] {
        if random.chance(80) {
            kernel.file(run.as_bytes(), 0o755);
        }
    }
    kernel.make(b"/scan", Node::Link(b"all".to_vec()), 0o777);
    kernel.directory(b"/other/b");
    kernel.directory(b"/all/.hidden");
    kernel.file(b"/all/plain", 0o644);
    for name in ["a", "b", "c", "d", "e"] {
        if random.chance(50) {
            kernel.directory(format!("/all/{name}").as_bytes());
            // What is there at the first scan is supervised, whatever is in it.
            if random.chance(80) {
                kernel.file(format!("/all/{name}/run").as_bytes(), 0o755);
            }
        }
    }
    kernel.file(b"/other/b/run", 0o755);
    if random.chance(40) {
        kernel.make(b"/all/x", Node::Link(b"/sv/one".to_vec()), 0o777);
        kernel.make(b"/all/y", Node::Link(b"../sv/one".to_vec()), 0o777);
        kernel.make(b"/other/z", Node::Link(b"/sv/two".to_vec()), 0o777);
        kernel.make(b"/all/dangling", Node::Link(b"/nowhere".to_vec()), 0o777);
    }
    if random.chance(15) {
        kernel.faults = faults(random);
    }
}

fn faults(random: &mut Random) -> Faults {
    let mut faults = Faults::NONE;
    let few = |random: &mut Random| match random.below(4) {
        0 => u32::MAX,
        _ => 1 + u32::try_from(random.below(3)).unwrap_or(0),
    };
    match random.below(12) {
        0..=2 => faults.fork = few(random),
        3 => faults.open_dir = few(random),
        4 => faults.read_dir = few(random),
        5 | 6 => faults.stat = few(random),
        7 => faults.spurious = 20,
        8 => faults.pipe = few(random),
        9 | 10 => faults.memory = few(random),
        _ => faults.unnoticed = true,
    }
    if random.chance(10) {
        faults.stall = 2;
    }
    faults.console = random.chance(20);
    faults
}

fn deeds(random: &mut Random) -> Vec<Deed> {
    let names = ["/all/a", "/all/b", "/all/c", "/all/d", "/all/e", "/all/f", "/other/b", "/other/g"];
    let any = |random: &mut Random| names[usize::try_from(random.below(8)).unwrap_or(0)];
    match random.below(20) {
        0 => vec![Deed::MakeDirectory(any(random))],
        5..=7 => vec![Deed::Remove(any(random))],
        8 | 9 => vec![Deed::Rename(any(random), any(random))],
        10 => vec![Deed::Link(if random.chance(50) { "/sv/two" } else { "/sv/three" }, any(random))],
        11 => vec![Deed::Create(any(random), 0o755)],
        12 => {
            let to = if random.chance(50) { "all" } else { "other" };
            vec![Deed::Link(to, "/next"), Deed::Rename("/next", SCAN)]
        }
        13 => vec![Deed::Rename("/all", "/gone")],
        14 => vec![Deed::Rename("/gone", "/all")],
        15 | 16 => vec![Deed::Faults(faults(random))],
        17 => vec![Deed::Faults(Faults::NONE)],
        18 => vec![Deed::Signal(Whom::Running("runsv"), Signal::Kill)],
        1 => vec![Deed::Signal(Whom::Program, Signal::Alarm)],
        2 => vec![Deed::Create("/all/c/run", 0o755), Deed::Create("/all/d/run", 0o755)],
        3 | 4 => vec![Deed::Link("/sv/three", any(random))],
        _ if random.chance(20) => vec![Deed::Signal(Whom::Program, Signal::HangUp)],
        _ => vec![Deed::Step(i64::try_from(random.below(20_000)).unwrap_or(0) - 10_000)],
    }
}

/// Somebody fills a directory, in some order and with pauses.
fn fill(kernel: &mut Kernel, random: &mut Random, begin: u64, most: u64) {
    const PARTS: [[&str; 5]; 3] = [
        ["/all/a", "/all/a/down", "/all/a/run", "/all/a/log", "/all/a/log/run"],
        ["/all/f", "/all/f/run", "/all/f/log", "/all/f/log/run", "/all/f/down"],
        ["/other/g", "/other/g/log", "/other/g/log/run", "/other/g/run", "/other/g/down"],
    ];
    let parts = PARTS[usize::try_from(random.below(3)).unwrap_or(0)];
    let slow = random.chance(30);
    let mut at = begin;
    for part in parts {
        let directory = part.len() < 10 && !part.ends_with("run") || part.ends_with("log");
        let deed = if directory { Deed::MakeDirectory(part) } else { Deed::Create(part, 0o755) };
        kernel.plan(at.min(most), deed);
        at += random.below(if slow { 2500 } else { 700 });
    }
}

fn plan(kernel: &mut Kernel, random: &mut Random, container: bool) {
    let calm = CALM;
    let mut at = 0;
    for _ in 0..2 + random.below(14) {
        at = match random.below(4) {
            0 => at,
            1 => at + random.below(5),
            2 => at + random.below(1500),
            _ => random.below(calm - 500),
        };
        if random.chance(25) {
            fill(kernel, random, at, calm - 1);
        }
        for deed in deeds(random) {
            kernel.plan(at.min(calm - 1), deed);
        }
    }
    kernel.plan(calm, Deed::Rename("/gone", "/all"));
    kernel.plan(calm, Deed::Faults(Faults::NONE));
    kernel.plan(calm, Deed::Mark(mark::CALM));
    kernel.plan(calm + 10_000, Deed::MakeDirectory("/scan/late"));
    kernel.plan(calm + 10_500, Deed::Create("/scan/late/down", 0o644));
    kernel.plan(calm + 11_000, Deed::Create("/scan/late/run", 0o755));
    kernel.plan(calm + 13_500, Deed::Mark(mark::PROMPT));
    // What was not told is found by the safety net.
    let settled = SETTLED;
    kernel.plan(settled, Deed::Mark(mark::SETTLED));
    let leave = LEAVE;
    kernel.plan(leave, Deed::Mark(mark::LEAVE));
    let signal = match (random.chance(50), container) {
        (true, false) => Signal::HangUp,
        (true, true) => Signal::Interrupt,
        (false, _) => Signal::Terminate,
    };
    kernel.plan(leave, Deed::Signal(Whom::Program, signal));
    kernel.plan(leave + 10_000, Deed::Mark(mark::GONE));
}
