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

use crate::flood;
use crate::saboteur::{Lie, Saboteur};
use crate::systems;
use crate::watched::{Check, Pace, Report, Rules, no_zombies, watch};
use lossy::Lossy;
use mover::Mover;
use platform::{Child, Clock, Events, Fd, Files, Pid, Procs, Signal, Step};
use platform_sim::tree::Ino;
use platform_sim::{Act, Deed, Exec, Fact, Faults, Kernel, Life, Outcome, Random, Sim, Source, Whom, args};
use std::collections::BTreeMap;

const DIRS: [&str; 2] = ["a", "b"];
/// When nothing goes wrong any more, and when it is told to end, in milliseconds.
const CALM: u64 = 20_000;
const LEAVE: u64 = 200_000;

/// From then on every directory has its name.
const MOVED: u32 = 1;

/// What may never end.
const SOURCES: [Source; 3] =
    [Source::Input(b"a line of a flood\nand another one, longer\n\n"), Source::Input(b"\n"), Source::Deaths];

struct Svlogd {
    random: Random,
    /// Everything it read from descriptor 0.
    read: Vec<u8>,
    pace: Pace,
    /// Something was read or written since it last slept.
    worked: bool,
    /// It has read since it last slept: once is enough, or whoever writes without end holds up the rest.
    fed: bool,
    /// It was refused memory, and it waits for lines.
    refused: bool,
    started: bool,
    /// TERM was sent.
    told: bool,
    /// HUP is among what happens: then not every refusal is harmless.
    hangs_up: bool,
    /// Nothing fails: then no log is left that was not processed.
    calm: bool,
    /// How often TERM was sent; a second one, or one behind the end of the input, does not wait for processors.
    terms: u32,
    /// The input ends before TERM.
    ends: bool,
    /// No directory is removed.
    stays: bool,
    mover: Mover,
    lossy: Option<Lossy>,
}

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

impl Svlogd {
    /// What the files of a directory have, in the order of their labels.
    fn contents(kernel: &Kernel, ino: Ino) -> Vec<u8> {
        let Ok(names) = kernel.tree.names(ino) else { return Vec::new() };
        let mut files: BTreeMap<Vec<u8>, &[u8]> = BTreeMap::new();
        for (name, file) in names {
            let marked = kernel.tree.at(*file).mode == 0o744;
            let label = match name.as_slice() {
                b"current" => b"current".to_vec(),
                [b'@', .., b'.', b's' | b'u'] => name[..25].to_vec(),
                // Whole, and what it was made of is gone or about to go.
                [b'@', .., b'.', b't'] if marked => name[..25].to_vec(),
                _ => continue,
            };
            if let Some(bytes) = kernel.tree.contents(ino, name) {
                files.insert(label, bytes);
            }
        }
        files.values().copied().collect::<Vec<_>>().concat()
    }

    fn unprocessed(kernel: &Kernel, ino: Ino) -> bool {
        let names = kernel.tree.names(ino);
        names.is_ok_and(|names| names.keys().any(|name| name.starts_with(b"@") && name.ends_with(b"u")))
    }

    /// Complete lines are in the files before it waits for more.
    fn kept_up(&self, kernel: &Kernel) -> Check {
        let complete = self.read.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        for (dir, ino, _) in self.mover.used(kernel).into_iter().filter(|(_, _, whole)| *whole) {
            let found = Svlogd::contents(kernel, ino);
            if !found.starts_with(&self.read[..complete]) || !self.read.starts_with(&found) {
                return Err(differs(&found, &self.read, &format!("{dir}: it waits for more")));
            }
        }
        Ok(())
    }

    /// What is there is what was read, but for lines that are said to be lost.
    fn in_order(&self, kernel: &Kernel) -> Check {
        for (dir, ino, _) in self.mover.used(kernel) {
            lossy::order(dir, &Svlogd::contents(kernel, ino), &self.read)?;
        }
        Ok(())
    }
}

fn differs(found: &[u8], wanted: &[u8], what: &str) -> String {
    let at = found.iter().zip(wanted).position(|(one, other)| one != other);
    let at = at.unwrap_or(found.len().min(wanted.len()));
    let part = |bytes: &[u8]| bytes[at..bytes.len().min(at + 40)].escape_ascii().to_string();
    format!(
        "{what}, lines are lost, doubled or mixed up: {} of {} bytes, at {at} \"{}\" for \"{}\"",
        found.len(),
        wanted.len(),
        part(found),
        part(wanted)
    )
}

impl Rules for Svlogd {
    fn life(&mut self, _: &mut Kernel, exec: &Exec<'_>) -> Life {
        if exec.path != b"/bin/sh" {
            return Life::exits(0, 0);
        }
        let pause = Act::Pause(self.random.below(300));
        Life::of(&match self.random.below(10) {
            0 | 1 if self.calm => vec![pause, Act::CopyAll(0, 1), Act::Exit(0)],
            0 => vec![pause, Act::Exit(1)],
            1 => vec![Act::Write(1, b"half of it".to_vec()), pause, Act::Raise(Signal::Kill)],
            _ => vec![pause, Act::CopyAll(0, 1), Act::Write(5, b"state".to_vec()), Act::Exit(0)],
        })
    }

    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        self.mover.look(kernel, &DIRS);
        self.started |= matches!(fact, Fact::Waits { fds, .. } if !fds.is_empty());
        if let Some(lossy) = &mut self.lossy {
            lossy.fact(kernel, fact, self.told)?;
        }
        match fact {
            Fact::Done { deed: Deed::Signal(Whom::Program, Signal::HangUp) | Deed::Mark(MOVED), .. } => {
                self.mover.rest(kernel);
            }
            Fact::Done { deed: Deed::Mark(_), .. } => return Err("TERM lost: it still runs".into()),
            // Now all directories are open.
            _ if !self.read.is_empty() => self.mover.fact(kernel),
            _ => {}
        }
        match fact {
            Fact::Read { fd: Fd::STDIN, bytes } => {
                if std::mem::replace(&mut self.fed, true) {
                    return Err("two reads in one turn".into());
                }
                self.read.extend(*bytes);
                self.worked = true;
            }
            Fact::Wrote { .. } => self.worked = true,
            Fact::Failed { what: "mmap", .. } => self.refused = true,
            Fact::Said { text, .. } if self.stays && text.ends_with(b": file does not exist\n") => {
                let text = text.escape_ascii();
                return Err(format!("a directory is missed that has another name: {text}"));
            }
            Fact::Done { deed: Deed::Signal(Whom::Program, Signal::Terminate), .. } => {
                self.told = true;
                self.terms += 1;
            }
            Fact::Spawned { child, .. } if child.path == c"/bin/sh" => {
                for (dir, ino, _) in self.mover.used(kernel) {
                    let here = kernel.others().filter(|other| {
                        other.directory == ino && other.ended.is_none() && other.parent == kernel.own().0
                    });
                    if here.count() > 1 {
                        return Err(format!("{dir}: two processors at once"));
                    }
                }
            }
            Fact::Waits { until, .. } if *until != Some(platform::Instant(0)) && self.fed => {
                self.fed = false;
                return self.fact(kernel, fact);
            }
            // A look is no sleep.
            Fact::Waits { until: Some(until), .. } if *until <= kernel.now() => {
                return if self.worked { Ok(()) } else { self.pace.sleeps(kernel) };
            }
            Fact::Waits { fds, until } => {
                let worked = std::mem::take(&mut self.worked);
                if !worked {
                    self.pace.sleeps(kernel)?;
                }
                no_zombies(kernel, *until)?;
                if worked && fds.first() == Some(&Fd::STDIN) {
                    match &self.lossy {
                        None => self.kept_up(kernel)?,
                        Some(_) => self.in_order(kernel)?,
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, kernel: &mut Kernel, outcome: &Outcome) -> Check {
        if self.refused && !self.started {
            let ends = *outcome == Outcome::Returned(111) && self.read.is_empty();
            return if ends { Ok(()) } else { Err(format!("it starts without its buffers: {outcome:?}")) };
        }
        if *outcome != Outcome::Returned(0) {
            let told = if self.told { "TERM lost: " } else { "" };
            return Err(format!("{told}it does not end: {outcome:?}"));
        }
        let mut wanted = self.read.clone();
        if wanted.last().is_some_and(|byte| *byte != b'\n') {
            wanted.push(b'\n');
        }
        for (dir, ino, whole) in self.mover.used(kernel) {
            let found = Svlogd::contents(kernel, ino);
            if let Some(lossy) = &self.lossy {
                lossy.adds_up(dir, &found, &wanted, kernel.faults == Faults::NONE)?;
                let current = kernel.tree.existing(ino, b"current", true);
                let finished = current.is_ok_and(|ino| kernel.tree.at(ino).mode == 0o744);
                if finished && found.last().is_some_and(|byte| *byte != b'\n') {
                    return Err(format!("{dir}: half a line counts as whole"));
                }
                continue;
            }
            if !wanted.ends_with(&found) || (whole && found.len() < wanted.len()) {
                return Err(differs(&found, &wanted, &format!("{dir}: at the end")));
            }
            if self.calm && self.terms + u32::from(self.ends) < 2 && Svlogd::unprocessed(kernel, ino) {
                return Err(format!("{dir}: a log was not processed"));
            }
            let current = kernel.tree.existing(ino, b"current", true);
            // Without any the new one could not be made, and nothing was left for it.
            let clean = current.is_err() || current.is_ok_and(|ino| kernel.tree.at(ino).mode == 0o744);
            // A second TERM does not wait for the disk.
            if !clean && kernel.faults == Faults::NONE && !self.hangs_up {
                return Err(format!("{dir}: current is not closed properly"));
            }
        }
        Ok(())
    }
}
