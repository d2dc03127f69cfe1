//! Schedules for runsv: a service directory with everything it can have, whatever clients and
//! the administrator do, and what goes wrong meanwhile. After ten seconds all is well again; then
//! the rules ask for peace and truth, and at the end for an exit.
pub(crate) mod known;
mod rules;

use crate::flood;
use crate::saboteur::{Lie, Saboteur};
use crate::systems;
use crate::watched::{Report, watch};
use platform::{Pid, Signal};
use platform_sim::tree::Node;
use platform_sim::{Deed, Faults, Kernel, Random, Sim, Source, Whom, args};
pub(crate) use rules::Runsv;
use runit::protocol::LETTERS;

/// The service directory.
pub(crate) const DIR: &str = "/service/x";
pub(crate) const CONTROL: &str = "/service/x/supervise/control";
pub(crate) const LOG_CONTROL: &str = "/service/x/log/supervise/control";

/// Marks of a schedule.
pub(crate) mod mark {
    /// Nothing goes wrong any more.
    pub(crate) const CALM: u32 = 1;
    /// All should have settled: quiet from here.
    pub(crate) const SETTLED: u32 = 2;
    /// The quiet time is over, the program is asked to exit.
    pub(crate) const LEAVE: u32 = 3;
    /// It should be gone.
    pub(crate) const GONE: u32 = 4;
}

/// When nothing goes wrong any more, when all has settled, and when it is told to end, in milliseconds.
const CALM: u64 = 10_000;
const SETTLED: u64 = CALM + 25_000;
const LEAVE: u64 = SETTLED + 100_000;
/// What may never end; the last are for a log service.
const SOURCES: [Source; 6] = sources(CONTROL, LOG_CONTROL);
pub(crate) const fn sources(control: &'static str, log: &'static str) -> [Source; 6] {
    [
        Source::Fifo(control, &[b'z'; 64]),
        Source::Fifo(control, b"\n?za z h z1 zz2z"),
        Source::Fifo(control, b"z"),
        Source::Deaths,
        Source::Fifo(log, &[b'z'; 64]),
        Source::Fifo(log, b"z"),
    ]
}
const PROGRAM: Pid = Pid(100);

/// Runs the schedule of a seed.
pub(crate) fn schedule(seed: u64, trace: bool, lie: Lie) -> Report {
    let rules = Runsv::new(&mut Random::new(seed ^ 0x7275_6e73));
    let log = rules.with_log;
    watch(
        rules,
        trace,
        |world| {
            let mut random = Random::new(!seed);
            let mut sim = Sim::new(seed, PROGRAM, systems::of(&mut random), world);
            prepare(&mut sim.kernel, &mut random, log);
            plan(&mut sim.kernel, &mut random, log);
            if flood::is_flooded(seed) {
                let sources = if log { &SOURCES[..] } else { &SOURCES[..4] };
                flood::plan(&mut sim.kernel, &mut random, sources, LEAVE, CALM);
            }
            sim
        },
        |sim| match lie {
            Lie::None => runit::runsv::main(sim, args(&["runsv", DIR])),
            lie => runit::runsv::main(&mut Saboteur::new(sim, lie), args(&["runsv", DIR])),
        },
    )
}

/// The service directory.
pub(crate) fn directory(kernel: &mut Kernel, log: bool) {
    for dir in ["/service", DIR, "/service/x/control", "/run"] {
        kernel.directory(dir.as_bytes());
    }
    kernel.file(b"/service/x/run", 0o755);
    if log {
        kernel.directory(b"/service/x/log");
        kernel.file(b"/service/x/log/run", 0o755);
    }
}

pub(crate) fn prepare(kernel: &mut Kernel, random: &mut Random, log: bool) {
    directory(kernel, log);
    if random.chance(8) {
        kernel.make(b"/service/x/supervise", Node::Link(b"/run/sv-x".to_vec()), 0o777);
    }
    if random.chance(40) {
        kernel.file(b"/service/x/finish", if random.chance(90) { 0o755 } else { 0o644 });
    }
    if random.chance(15) {
        kernel.file(b"/service/x/down", 0o644);
    }
    if log && random.chance(10) {
        kernel.file(b"/service/x/log/down", 0o644);
    }
    if random.chance(5) {
        kernel.change_file(b"/service/x/run", 0o644);
    }
    for script in scripts() {
        if random.chance(10) {
            kernel.file(format!("/service/x/{script}").as_bytes(), 0o755);
        }
    }
}

pub(crate) fn faults(random: &mut Random) -> Faults {
    let mut faults = Faults::NONE;
    let few = |random: &mut Random| match random.below(4) {
        0 => u32::MAX,
        _ => 1 + u32::try_from(random.below(4)).unwrap_or(0),
    };
    for _ in 0..1 + random.below(2) {
        match random.below(9) {
            0 | 1 => faults.fork = few(random),
            2 => faults.open = few(random),
            3 => faults.full = true,
            4 => faults.short_write = few(random),
            5 => faults.rename = few(random),
            6 => faults.pipe = few(random),
            7 => faults.spurious = 20,
            _ => faults.short_read = 60,
        }
    }
    if random.chance(15) {
        faults.stall = 3;
    }
    faults.console = random.chance(20);
    faults
}

fn letters(random: &mut Random) -> Vec<u8> {
    let count = 1 + random.below(3);
    (0..count).map(|_| pick(random, b"uuuuddddoooxxttkkpcahiq12\n?")).collect()
}

fn pick(random: &mut Random, from: &[u8]) -> u8 {
    let index = usize::try_from(random.below(from.len() as u64)).unwrap_or(0);
    from.get(index).copied().unwrap_or(b'u')
}

fn plan(kernel: &mut Kernel, random: &mut Random, log: bool) {
    if random.chance(20) {
        kernel.faults = faults(random);
        if random.chance(70) {
            kernel.faults.open = 0;
            kernel.faults.pipe = 0;
        }
    }
    let count = 2 + random.below(10);
    let mut at = 0;
    for _ in 0..count {
        // Often many things come at once, or nearly.
        at = match random.below(4) {
            0 => at,
            1 => at + random.below(5),
            2 => at + random.below(300),
            _ => random.below(CALM - 500),
        };
        kernel.plan(at.min(CALM - 1), deed(random, log));
    }
    plan_end(kernel, random, CONTROL);
}

/// From the moment on at which nothing goes wrong any more.
pub(crate) fn plan_end(kernel: &mut Kernel, random: &mut Random, control: &'static str) {
    let calm = CALM;
    for deed in [
        Deed::Mark(mark::CALM),
        Deed::Faults(Faults::NONE),
        Deed::Create("/service/x/run", 0o755),
        Deed::Signal(Whom::In(DIR, "./finish"), Signal::Kill),
    ] {
        kernel.plan(calm, deed);
    }
    for path in scripts() {
        // A script that hangs is killed; the next one in the queue may hang too.
        for later in [0, 300, 1500, 3000, 6000, 9000] {
            kernel.plan(calm + later, Deed::Signal(Whom::In(DIR, path), Signal::Kill));
        }
    }
    match random.below(5) {
        0 => kernel.plan(calm + 200, Deed::Send(control, b"u".to_vec())),
        1 => kernel.plan(calm + 200, Deed::Send(control, b"d".to_vec())),
        2 => kernel.plan(calm + 200, Deed::Send(control, b"o".to_vec())),
        _ => {}
    }
    let settled = SETTLED;
    kernel.plan(settled, Deed::Mark(mark::SETTLED));
    let leave = LEAVE;
    kernel.plan(leave, Deed::Mark(mark::LEAVE));
    kernel.plan(leave, Deed::Signal(Whom::Program, Signal::Terminate));
    // The stubborn, the stopped ones among them, are killed by hand; so are the hanging scripts.
    for later in [500, 2_000, 4_000, 8_000] {
        for path in ["./run", "./finish", "control/t", "control/x", "control/d", "control/u"] {
            kernel.plan(leave + later, Deed::Signal(Whom::In(DIR, path), Signal::Kill));
        }
    }
    kernel.plan(leave + 9_000, Deed::Signal(Whom::Others, Signal::Continue));
    kernel.plan(leave + 12_000, Deed::Signal(Whom::Others, Signal::Kill));
    kernel.plan(leave + 30_000, Deed::Mark(mark::GONE));
}

/// The paths of all control scripts.
fn scripts() -> impl Iterator<Item = &'static str> {
    LETTERS.iter().filter_map(|letter| letter.script()).map(|path| path.to_str().unwrap_or("control/t"))
}

fn deed(random: &mut Random, log: bool) -> Deed {
    match random.below(28) {
        0..=11 => Deed::Send(CONTROL, letters(random)),
        12 | 13 if log => Deed::Send(LOG_CONTROL, letters(random)),
        12..=14 => Deed::Signal(Whom::Program, Signal::Terminate),
        15 => Deed::Signal(Whom::In(DIR, "./run"), Signal::Kill),
        16 => Deed::Signal(Whom::In("/service/x/log", "./run"), Signal::Kill),
        17 => Deed::Signal(
            Whom::In(DIR, "./run"),
            if random.chance(50) { Signal::Stop } else { Signal::Continue },
        ),
        18 => Deed::Signal(Whom::In(DIR, "./finish"), Signal::Kill),
        19 => Deed::Step(i64::try_from(random.below(20_000)).unwrap_or(0) - 10_000),
        20 | 21 => Deed::Faults(faults(random)),
        22 => Deed::Faults(Faults::NONE),
        23 => Deed::Create("/service/x/finish", if random.chance(50) { 0o755 } else { 0o600 }),
        24 => Deed::Remove("/service/x/finish"),
        25 => Deed::Mode("/service/x/run", if random.chance(50) { 0o644 } else { 0o755 }),
        26 => Deed::Remove(if random.chance(50) { CONTROL } else { "/service/x/supervise/ok" }),
        _ => Deed::Create("/service/x/supervise/status.new", 0o600),
    }
}
