//! Schedules for runit as process 1: stages that end in every way, orphans, requests at any
//! moment, three fingers, fork failures, kernels that do not end. When all is well again it is
//! asked to stop, and must end the system the way it was asked to.
use crate::flood;
use crate::runit_rules::{Runit, mark};
use crate::saboteur::{Lie, Saboteur};
use crate::systems;
use crate::watched::{Report, watch};
use platform::{How, Pid, Signal};
use platform_sim::{
    Deed, FREEBSD, Faults, Kernel, MACOS, Machine, PowerCall, Random, Sim, Source, Whom, args,
};
use runit::paths;
use std::ffi::CStr;

/// A path of the build as a deed takes it.
pub(crate) fn text(path: &'static CStr) -> &'static str {
    path.to_str().unwrap_or_default()
}

/// When nothing goes wrong any more, when all has settled, and when it is asked to stop, in milliseconds.
const CALM: u64 = 15_000;
const SETTLED: u64 = CALM + 20_000;
const LEAVE: u64 = SETTLED + 100_000;

/// Runs the schedule of a seed.
pub(crate) fn schedule(seed: u64, trace: bool, lie: Lie) -> Report {
    let mut random = Random::new(seed ^ 0x7069_6431);
    let machine = machine(&mut random);
    let rules = Runit::new(&mut random, machine);
    watch(
        rules,
        trace,
        |world| {
            let mut sim = Sim::new(seed, Pid(1), machine, world);
            prepare(&mut sim.kernel, &mut random);
            plan(&mut sim.kernel, &mut random, machine);
            if flood::is_flooded(seed) {
                flood::plan(&mut sim.kernel, &mut random, &[Source::Deaths], LEAVE, CALM);
            }
            sim
        },
        |sim| match lie {
            Lie::None => runit::runit::main(sim, args(&["runit"])),
            lie => runit::runit::main(&mut Saboteur::new(sim, lie), args(&["runit"])),
        },
    )
}

fn machine(random: &mut Random) -> Machine {
    let power = match random.below(12) {
        0 => PowerCall::ReturnsFor(How::PowerOff),
        1 => PowerCall::FailsFor(How::PowerOff),
        2 => PowerCall::Forbidden,
        3 => PowerCall::Returns,
        4 => PowerCall::FailsFor(How::Restart),
        _ => PowerCall::Works,
    };
    // macOS has another process 1.
    let base = Some(systems::of(random)).filter(|system| system.name != MACOS.name).unwrap_or(FREEBSD);
    Machine { power, again: random.chance(5), ..base }
}

/// The directory of the stages.
pub(crate) fn directory(kernel: &mut Kernel) {
    let mut path = String::new();
    for name in paths::ETC.split('/').filter(|name| !name.is_empty()) {
        path = format!("{path}/{name}");
        kernel.directory(path.as_bytes());
    }
    for stage in [paths::STAGE_1, paths::STAGE_2, paths::STAGE_3] {
        kernel.file(stage.to_bytes(), 0o755);
    }
}

fn prepare(kernel: &mut Kernel, random: &mut Random) {
    directory(kernel);
    if random.chance(80) {
        kernel.file(paths::CTRLALTDEL.to_bytes(), if random.chance(80) { 0o755 } else { 0o644 });
    }
    if random.chance(50) {
        kernel.file(paths::STOPIT.to_bytes(), 0);
        kernel.file(paths::REBOOT.to_bytes(), if random.chance(20) { 0o100 } else { 0 });
    }
    if random.chance(10) {
        kernel.file(paths::NOSYNC.to_bytes(), 0o644);
    }
    if random.chance(15) {
        kernel.faults = faults(random);
    }
}

fn faults(random: &mut Random) -> Faults {
    let mut faults = Faults::NONE;
    match random.below(6) {
        0 | 1 => faults.fork = 1 + u32::try_from(random.below(3)).unwrap_or(0),
        2 => faults.fork = u32::MAX,
        3 => faults.full = true,
        4 => faults.spurious = 20,
        _ => faults.catch = 1 + u32::try_from(random.below(2)).unwrap_or(0),
    }
    if random.chance(10) {
        faults.stall = 3;
    }
    faults.console = random.chance(20);
    faults
}

fn plan(kernel: &mut Kernel, random: &mut Random, machine: Machine) {
    let calm = CALM;
    let mut at = 0;
    // What was decided once cannot be seen twice: some schedules leave the stop to the end.
    let stops = random.chance(50);
    for _ in 0..random.below(10) {
        at = match random.below(4) {
            0 => at,
            1 => at + random.below(5),
            2 => at + random.below(400),
            _ => random.below(calm - 500),
        };
        let at = at.min(calm - 1);
        deeds(random, stops, machine).into_iter().for_each(|deed| kernel.plan(at, deed));
    }
    kernel.plan(calm, Deed::Mark(mark::CALM));
    kernel.plan(calm, Deed::Faults(Faults::NONE));
    kernel.plan(calm, Deed::Signal(Whom::Others, Signal::Continue));
    let hanging = [paths::STAGE_1, paths::STAGE_3, paths::CTRLALTDEL];
    for at in [calm, calm + 1_000, calm + 3_000, calm + 6_000, calm + 8_000, calm + 12_000] {
        for path in hanging {
            kernel.plan(at, Deed::Signal(Whom::Running(text(path)), Signal::Kill));
        }
    }
    let settled = SETTLED;
    kernel.plan(settled, Deed::Mark(mark::SETTLED));
    let leave = LEAVE;
    kernel.plan(leave, Deed::Mark(mark::LEAVE));
    let reboot = if random.chance(50) { 0o100 } else { 0 };
    kernel.plan(leave, Deed::Create(text(paths::REBOOT), reboot));
    kernel.plan(leave, Deed::Create(text(paths::STOPIT), 0o100));
    kernel.plan(leave, Deed::Signal(Whom::Program, Signal::Continue));
    kernel.plan(leave + 40_000, Deed::Mark(mark::GONE));
}

fn deeds(random: &mut Random, stops: bool, machine: Machine) -> Vec<Deed> {
    let cont = Deed::Signal(Whom::Program, Signal::Continue);
    match random.below(14) {
        0..=2 if stops => {
            // As runit-init does it.
            let reboot = if random.chance(50) { 0o100 } else { 0 };
            vec![Deed::Create(text(paths::STOPIT), 0o100), Deed::Create(text(paths::REBOOT), reboot), cont]
        }
        3 if stops && machine.requests.len() > 2 => {
            let (signal, _) = machine.requests[random.below(machine.requests.len() as u64) as usize];
            vec![Deed::Signal(Whom::Program, signal)]
        }
        12 if machine.stands_still() && stops => {
            let how = [How::Restart, How::Halt, How::PowerOff][random.below(3) as usize];
            let first = if random.chance(70) { 0 } else { random.below(4_000) };
            vec![Deed::Begin(Machine::reboot(first, how))]
        }
        4 => vec![cont],
        5 | 6 => vec![Deed::Key],
        7 => vec![Deed::Faults(faults(random))],
        8 => vec![Deed::Faults(Faults::NONE)],
        9 => vec![Deed::Signal(Whom::Running(text(paths::STAGE_2)), Signal::Kill)],
        10 => {
            vec![Deed::Signal(Whom::Others, if random.chance(50) { Signal::Terminate } else { Signal::Stop })]
        }
        11 => vec![Deed::Step(i64::try_from(random.below(200_000)).unwrap_or(0) - 100_000)],
        12 => vec![Deed::Remove(if random.chance(50) { "/dev/console" } else { text(paths::CTRLALTDEL) })],
        _ => vec![Deed::Signal(Whom::Program, Signal::Child), Deed::Signal(Whom::Program, Signal::HangUp)],
    }
}
