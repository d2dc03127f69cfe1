//! Schedules and rules for svlogd: a service that writes lines of all lengths, signals, a clock that
//! is set back, processors that fail, disks that are full and calls that are refused. Every byte
//! that was read is in the files of each directory once and in order, and all complete lines are
//! there whenever svlogd waits for more. Where nothing fails, no log is left for a processor. All that holds
//! for directories that are renamed at any moment, and for what they are in ([`mover`]).
//!
//! In a quarter of the schedules it is `--lossy` ([`lossy`]): then it never waits for a directory, neither while
//! it reads nor at its end, and what is not in the files is said to be lost, to the line.
mod lossy;
mod mover;
mod rules;

use crate::flood;
use crate::saboteur::{Lie, Saboteur};
use crate::systems;
use crate::watched::{Pace, Report, watch};
use lossy::Lossy;
use mover::Mover;
use platform::{Child, Clock, Events, Fd, Files, Pid, Procs, Signal, Step};
use platform_sim::{Act, Deed, Faults, Kernel, Life, Random, Sim, Source, Whom, args};
use rules::Svlogd;

const DIRS: [&str; 2] = ["a", "b"];
/// When nothing goes wrong any more, and when it is told to end, in milliseconds.
const CALM: u64 = 20_000;
const LEAVE: u64 = 200_000;

/// From then on every directory has its name.
const MOVED: u32 = 1;

/// What may never end.
const SOURCES: [Source; 3] =
    [Source::Input(b"a line of a flood\nand another one, longer\n\n"), Source::Input(b"\n"), Source::Deaths];

/// Runs the schedule of a seed.
pub(crate) fn schedule(seed: u64, trace: bool, lie: Lie) -> Report {
    let mut random = Random::new(seed ^ 0x6c6f_6764);
    let system = systems::of(&mut random);
    let hangs_up = random.chance(50);
    let calm = random.chance(20);
    let moves = random.chance(50);
    // HUP finds only what has its name, and after a removal lines are lost with the directory.
    // Nor is what was lost with one counted.
    let is_lossy = seed % 4 == 1;
    let removes = moves && !hangs_up && !calm && !is_lossy;
    let relative = random.chance(50);
    let ends = random.chance(40);
    let rules = Svlogd {
        random: Random::new(random.next()),
        read: Vec::new(),
        pace: Pace::default(),
        worked: false,
        fed: false,
        refused: false,
        started: false,
        told: false,
        hangs_up,
        calm,
        terms: 0,
        ends,
        stays: !removes,
        mover: Mover::new(Random::new(random.next()), moves, removes, relative),
        lossy: is_lossy.then(Lossy::default),
    };
    let lines = writer(&mut random, ends, is_lossy);
    let mut words = vec!["svlogd", "-v"];
    if random.chance(50) {
        words.extend(["-l", "40", "-b", "50"]);
    }
    if is_lossy {
        words.push("--lossy");
    }
    let dirs = if relative { DIRS } else { ["/log/a", "/log/b"] };
    words.extend(dirs.iter().take(1 + random.below(2) as usize));
    watch(
        rules,
        trace,
        |world| {
            let mut sim = Sim::new(seed, Pid(50), system, world);
            prepare(&mut sim.kernel, &mut random, lines, is_lossy && flood::is_flooded(seed));
            plan(&mut sim.kernel, &mut random, hangs_up, calm);
            if is_lossy && !calm {
                lossy::plan(&mut sim.kernel, &mut random, CALM);
            }
            // Where nothing fails, nobody is killed either.
            if flood::is_flooded(seed) && !calm {
                flood::plan(&mut sim.kernel, &mut random, &SOURCES, LEAVE, CALM);
            }
            // None for the buffers, without which it does not start.
            sim.kernel.faults.memory = u32::from(!calm && random.chance(3));
            sim
        },
        |sim| {
            feed(sim);
            if relative {
                sim.chdir(c"/log").expect("a directory");
            }
            match lie {
                Lie::None => runit::svlogd::main(sim, args(&words)),
                lie => runit::svlogd::main(&mut Saboteur::new(sim, lie), args(&words)),
            }
        },
    )
}

/// The service: what it writes and when. It ends, or stays until svlogd is told to end. `much`: more than a
/// buffer holds.
fn writer(random: &mut Random, ends: bool, much: bool) -> Life {
    let mut acts = vec![Act::Pause(5)];
    let mut number = 0;
    for _ in 0..10 + random.below(30) {
        let mut text = Vec::new();
        for _ in 0..random.below(8) {
            let length = match random.below(100) {
                0..60 => random.below(30),
                60..90 => random.below(120),
                90..99 if !much => 900 + random.below(300),
                _ => random.below(20_000),
            };
            number += 1;
            text.extend(format!("{number} ").bytes());
            text.extend((0..length).map(|at| b'a' + (at % 26) as u8));
            text.push(b'\n');
        }
        // Not every write ends with a line.
        let cut = if random.chance(40) { random.below(text.len() as u64 + 1) as usize } else { text.len() };
        let rest = text.split_off(cut);
        for part in [text, rest].into_iter().filter(|part| !part.is_empty()) {
            acts.push(Act::Write(1, part));
            acts.push(Act::Pause(random.below(600)));
        }
    }
    if random.chance(40) {
        acts.push(Act::Write(1, b"no newline".to_vec()));
    }
    acts.push(if ends { Act::Exit(0) } else { Act::Forever });
    Life::of(&acts)
}

/// `large`: a buffer of many short lines is not to make many files.
fn prepare(kernel: &mut Kernel, random: &mut Random, lines: Life, large: bool) {
    for dir in ["/bin", "/log", "/log/a", "/log/b"] {
        kernel.directory(dir.as_bytes());
    }
    kernel.file(b"/bin/sh", 0o755);
    kernel.file(b"/bin/writer", 0o755);
    kernel.programs.insert(b"/bin/writer".to_vec(), lines);
    for dir in DIRS {
        let mut config = String::from("n0\n");
        let size = ["s0\n", "s50\n", "s300\n", "s2000\n", ""][random.below(5) as usize];
        config += if large && size.len() > 3 { "s2000\n" } else { size };
        config += ["t1\n", "t3\n", "", ""][random.below(4) as usize];
        if random.chance(60) {
            config += "!it\n";
        }
        if random.chance(40) {
            // More than is read without memory of its own.
            config += &"#".repeat(300);
        }
        let ino = kernel.file(format!("/log/{dir}/config").as_bytes(), 0o644);
        kernel.tree.at_mut(ino).node = platform_sim::tree::Node::File(config.into_bytes());
    }
}

/// Starts the writer with its end of a pipe and puts the other in the place of descriptor 0.
fn feed(sim: &mut Sim) {
    let faults = std::mem::replace(&mut sim.kernel.faults, Faults::NONE);
    let (read, write) = sim.pipe().expect("a pipe");
    let steps = [Step::Onto { from: write, to: Fd::STDOUT, why: &[] }];
    let path = c"/bin/writer";
    sim.spawn(&Child {
        prefix: &[],
        steps: &steps,
        path,
        argv: &[path],
        variable: b"",
        console: None,
        search: false,
        why: &[],
        exit: 111,
    })
    .expect("a process");
    sim.close(write);
    sim.dup2(read, Fd::STDIN).expect("a descriptor");
    sim.close(read);
    // The child has its descriptors once it has run.
    let until = sim.now().plus_ms(2);
    sim.wait(&[], Some(until));
    sim.kernel.faults = faults;
}

fn plan(kernel: &mut Kernel, random: &mut Random, hangs_up: bool, calm: bool) {
    for _ in 0..random.below(40) {
        let at = 10 + random.below(CALM - 10);
        let deed = match random.below(20) {
            0..=6 => Deed::Signal(Whom::Program, Signal::Alarm),
            7..=10 if hangs_up => Deed::Signal(Whom::Program, Signal::HangUp),
            11 if !calm => Deed::Signal(Whom::Running("/bin/sh"), Signal::Kill),
            12 => Deed::Step(random.below(4000) as i64 - 3000),
            _ if calm => continue,
            _ => Deed::Faults(faults(random, hangs_up)),
        };
        kernel.plan(at, deed);
    }
    kernel.plan(CALM, Deed::Faults(Faults::NONE));
    kernel.plan(CALM, Deed::Mark(MOVED));
    kernel.plan(LEAVE, Deed::Signal(Whom::Program, Signal::Terminate));
    kernel.plan(LEAVE + 30_000, Deed::Mark(0));
    if random.chance(20) {
        kernel.plan(LEAVE + random.below(3000), Deed::Signal(Whom::Program, Signal::Terminate));
    }
    if random.chance(15) {
        // In the midst of trouble.
        kernel.plan(random.below(CALM), Deed::Signal(Whom::Program, Signal::Terminate));
    }
}

fn faults(random: &mut Random, hangs_up: bool) -> Faults {
    let mut faults = Faults::NONE;
    let few = |random: &mut Random| 1 + random.below(4) as u32;
    match random.below(if hangs_up { 9 } else { 13 }) {
        0..=2 => faults.full = true,
        3 => faults.fork = few(random),
        4 => faults.sync = few(random),
        5 => faults.rename = few(random),
        6 => faults.short_write = few(random),
        7 => faults.short_read = 50,
        8 => faults.memory = few(random),
        9 => faults.open = few(random),
        10 => faults.stat = few(random),
        11 => faults.open_dir = few(random),
        _ => faults.read_dir = few(random),
    }
    faults.spurious = if random.chance(20) { 20 } else { 0 };
    faults.stall = if random.chance(10) { 2 } else { 0 };
    faults.console = random.chance(20);
    faults
}
