//! Schedules for contained services: what `./run` and `./finish` leave behind forks, leads sessions, ignores TERM, waits
//! for a disk where KILL does not reach it, or was left by a supervisor that was killed.
//!
//! Faults put into runsv, and what was said of them in how many of 2,000 schedules:
//!
//! | fault | what was said | schedules |
//! |---|---|---|
//! | nothing is left when it was looked once | started beside, exited, it says down, asleep | 1,555 |
//! | what `./finish` leaves is not looked for | started beside, exited, asleep | 717 |
//! | what another supervisor has left is not looked for | started beside, exited, asleep | 440 |
//! | KILL comes before TERM | killed, and not asked to end before | 1,855 |
//! | nobody looks again | TERM lost, asleep | 449 |
//! | KILL comes after half a second, after four | killed so many ms before its time; KILL is so many ms late | – |
//! | KILL never comes | left for ever, TERM lost | 414 |
//! | KILL comes once | left for ever, TERM lost | 129 |
//! | a one-shot is undone without looking | started beside, exited, asleep | 108 |
//! | what is still being ended does not keep runsv from exiting | exited | 28 |
//! | the service is down when its process has ended | it says down | 224 |
use crate::flood;
use crate::runsv::known::{Role, read_status, role};
use crate::runsv::{self, CONTROL, DIR, mark};
use crate::saboteur::{Lie, Saboteur};
use crate::systems;
use crate::watched::{Check, Report, Rules, watch};
use platform::{Pid, Signal, Sweep};
use platform_sim::tree::{Node, ROOT};
use platform_sim::{Act, Deed, End, Exec, Fact, Kernel, Life, Outcome, Random, Sim, Whom, args};
use runit::status::State;

/// As `runsv` has them.
const CALM: u64 = 10_000;
const LEAVE: u64 = CALM + 125_000;
const PROGRAM: Pid = Pid(100);
/// So long after the end of all faults what is on disk is true.
const TRUE: u64 = 6_000;
/// The longest time that a process waits for a disk, and TERM and KILL take as well.
const PATIENCE: u64 = 12_000;

struct Contain {
    random: Random,
    /// When nothing goes wrong any more.
    calm: Option<u64>,
    /// All were asked to end since something of theirs was started.
    asked: bool,
    /// There has been nothing but what is left, since then; and the last of it that has begun.
    alone: Option<u64>,
    newest: i32,
    /// When KILL is due for what was asked to end, and how long calls had taken when that was known.
    due: Option<(u64, u64)>,
    /// The time as runsv was told it last.
    now: u64,
}

/// A second, and how late KILL may be, in nanoseconds.
const GRACE: u64 = 1_000_000_000;
const LATE: u64 = 100_000_000;

/// What is left behind.
fn rest(random: &mut Random, depth: u32) -> Life {
    let mut acts = Vec::new();
    if random.chance(40) {
        acts.push(Act::Session);
    }
    if depth < 4 {
        for _ in 0..random.below(3) {
            acts.push(Act::Fork(rest(random, depth + 1)));
        }
    }
    match random.below(8) {
        0 => acts.push(Act::Exit(0)),
        1 => acts.push(Act::Hang(random.below(8_000))),
        2 => acts.push(Act::Pause(random.below(3_000))),
        3 => acts.extend([Act::Pause(random.below(500)), Act::Raise(Signal::Stop), Act::Forever]),
        // It goes on forking for a while.
        4 if depth < 2 => {
            for _ in 0..20 {
                acts.extend([
                    Act::Fork(Life::forever().on(Signal::Terminate, &[])),
                    Act::Pause(random.below(40)),
                ]);
            }
        }
        _ => acts.push(Act::Forever),
    }
    let life = Life { acts, on: Vec::new() };
    match random.below(4) {
        0 => life,
        1 => life.on(Signal::Terminate, &[Act::Pause(random.below(400)), Act::Exit(0)]),
        _ => life.on(Signal::Terminate, &[]),
    }
}

/// `./run` and `./finish`, which leave something or nothing.
fn leaves(random: &mut Random, end: &[Act]) -> Life {
    let mut acts: Vec<Act> = (0..random.below(4)).map(|_| Act::Fork(rest(random, 0))).collect();
    acts.extend_from_slice(end);
    Life { acts, on: Vec::new() }
}

impl Contain {
    /// Whether `./run`, `./finish` or a control script is there, before which nothing is ended.
    fn has_child(kernel: &Kernel) -> bool {
        let own = kernel.own().0;
        kernel.others().any(|process| {
            let main = process.program == b"./run" || process.program == b"./finish";
            let script = process.program.starts_with(b"control/");
            process.parent == own
                && (process.contained == main && (main || script) || process.program.is_empty())
        })
    }

    fn state(kernel: &Kernel) -> Option<runit::state::State> {
        runit::state::State::read(kernel.tree.contents(ROOT, b"/service/x/supervise/state")?)
    }

    fn sleeps(&mut self, kernel: &Kernel, until: bool) -> Check {
        let left = kernel.found().len();
        let done = Contain::state(kernel).is_some_and(|state| state.doing == runit::state::Doing::Done);
        let since = self.calm.map_or(0, |calm| (kernel.now().0 - calm) / 1_000_000);
        if since < TRUE || left == 0 || done || Contain::has_child(kernel) {
            self.alone = None;
            return Ok(());
        }
        if !until {
            return Err(format!("asleep, and {left} processes are left"));
        }
        let newest = kernel.found().into_iter().max().unwrap_or(0);
        if std::mem::replace(&mut self.newest, newest) < newest {
            self.alone = None;
        }
        let alone = *self.alone.get_or_insert(kernel.now().0);
        let record = read_status(kernel, "/service/x/supervise/")?;
        if record.is_some_and(|record| record.state == Some(State::Down)) {
            return Err(format!("it says down, and {left} processes are left"));
        }
        if kernel.now().0 - alone > PATIENCE * 1_000_000 {
            return Err(format!("{left} processes are left for ever"));
        }
        Ok(())
    }
}

/// When KILL comes.
impl Contain {
    /// All were asked to end.
    fn asked(&mut self, kernel: &Kernel) {
        let now = self.now;
        self.asked = true;
        let is_there =
            |name: &str| kernel.tree.existing(ROOT, format!("{DIR}/{name}").as_bytes(), true).is_ok();
        // A control script has its own time, and so has what was to be killed before.
        let otherwise = ["timeout-kill", "control/t", "control/d"].into_iter().any(is_there);
        self.due = (!otherwise).then_some((now + GRACE, kernel.stalled));
    }

    fn letters(&mut self, kernel: &Kernel, bytes: &[u8]) {
        if bytes.contains(&b'k') && self.due.is_some() {
            self.due = Some((self.now, kernel.stalled));
        }
    }

    fn killed(&mut self) -> Check {
        if !self.asked {
            return Err("killed, and not asked to end before".into());
        }
        match self.due.take() {
            Some((due, _)) if due > self.now => {
                Err(format!("killed {} ms before its time", (due - self.now) / 1_000_000))
            }
            _ => Ok(()),
        }
    }

    fn late(&self, kernel: &Kernel) -> Check {
        let late = |(due, stalled)| kernel.now().0.saturating_sub(due + kernel.stalled - stalled);
        match self.due.map(late) {
            Some(late) if late > LATE && !kernel.found().is_empty() => {
                Err(format!("KILL is {} ms late", late / 1_000_000))
            }
            _ => Ok(()),
        }
    }
}

impl Rules for Contain {
    fn life(&mut self, _kernel: &mut Kernel, exec: &Exec<'_>) -> Life {
        let random = &mut self.random;
        match exec.path {
            b"./run" if random.chance(30) => {
                leaves(random, &[Act::Pause(random.clone().below(300)), Act::Exit(0)])
            }
            b"./run" => leaves(random, &[Act::Forever]),
            b"./finish" => leaves(random, &[Act::Exit(0)]),
            _ => Life::exits(random.below(300), 0),
        }
    }

    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        match *fact {
            Fact::Spawned { child, .. } if matches!(role(child), Role::Run | Role::Finish) => {
                let left = kernel.found().len();
                if left > 0 {
                    return Err(format!("started beside {left} processes that are left"));
                }
                (self.asked, self.due) = (false, None);
            }
            Fact::Told { now } => self.now = now.0,
            Fact::Swept { how: Sweep::Terminate, .. } => self.asked(kernel),
            Fact::Swept { how: Sweep::Kill, .. } => return self.killed(),
            Fact::Read { bytes, .. } => self.letters(kernel, bytes),
            Fact::Waits { until, .. } => {
                // What is due is done at once.
                if until.is_none_or(|until| until > kernel.now()) {
                    self.late(kernel)?;
                }
                return self.sleeps(kernel, until.is_some());
            }
            Fact::Done { deed: Deed::Mark(mark::CALM), .. } => self.calm = Some(kernel.now().0),
            Fact::Done { deed: Deed::Mark(mark::GONE), .. } => return Err("TERM lost: still there".into()),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, kernel: &mut Kernel, outcome: &Outcome) -> Check {
        match outcome {
            Outcome::Returned(0) if kernel.found().is_empty() => Ok(()),
            Outcome::Returned(0) => Err(format!("exited, and {} processes are left", kernel.found().len())),
            Outcome::Returned(111) | Outcome::Over(End::Killed(Signal::Terminate)) => Ok(()),
            other => Err(format!("an end that was not asked for: {other:?}")),
        }
    }
}

/// Runs the schedule of a seed.
pub(crate) fn schedule(seed: u64, trace: bool, lie: Lie) -> Report {
    let random = Random::new(seed ^ 0x636f_6e74);
    watch(
        Contain { random, calm: None, asked: false, alone: None, newest: 0, due: None, now: 0 },
        trace,
        |world| {
            let mut random = Random::new(!seed ^ 0x6169_6e21);
            let mut sim = Sim::new(seed, PROGRAM, systems::of(&mut random), world);
            let log = random.chance(30);
            prepare(&mut sim.kernel, &mut random, log);
            plan(&mut sim.kernel, &mut random);
            if flood::is_flooded(seed) {
                flood::plan(
                    &mut sim.kernel,
                    &mut random,
                    &runsv::sources(CONTROL, runsv::LOG_CONTROL)[..4],
                    LEAVE,
                    CALM,
                );
            }
            sim
        },
        |sim| match lie {
            Lie::None => runit::runsv::main(sim, args(&["runsv", DIR])),
            lie => runit::runsv::main(&mut Saboteur::new(sim, lie), args(&["runsv", DIR])),
        },
    )
}

fn prepare(kernel: &mut Kernel, random: &mut Random, log: bool) {
    runsv::directory(kernel, log);
    let mut put = |path: &str, text: &[u8]| {
        kernel.make(format!("{DIR}/{path}").as_bytes(), Node::File(text.to_vec()), 0o755);
    };
    put("contain", b"");
    for (path, text, chance) in [
        ("finish", "", 50),
        ("down", "", 15),
        ("oneshot", "", 25),
        ("control/t", "", 20),
        ("control/d", "", 10),
        ("timeout-kill", "300\n", 20),
        ("timeout-finish", "500\n", 20),
        ("restart-limit", "2 10\n", 20),
        ("restart-delay", "100\n", 40),
    ] {
        if random.chance(chance) {
            put(path, text.as_bytes());
        }
    }
    // What a supervisor has left that was killed.
    if random.chance(25) {
        kernel.directory(b"/service/x/supervise");
        kernel.make(b"/service/x/supervise/contained", Node::File(b"9 50\n".to_vec()), 0o644);
        for _ in 0..1 + random.below(3) {
            let life = rest(random, 1);
            kernel.leave_contained(life);
        }
    }
}

fn letters(random: &mut Random) -> Vec<u8> {
    (0..1 + random.below(3)).map(|_| b"dduuottkkpcx"[random.below(12) as usize]).collect()
}

fn plan(kernel: &mut Kernel, random: &mut Random) {
    if random.chance(15) {
        kernel.faults = runsv::faults(random);
        (kernel.faults.open, kernel.faults.pipe) = (0, 0);
    }
    let mut at = 0;
    for _ in 0..2 + random.below(12) {
        at = match random.below(3) {
            0 => at + random.below(5),
            1 => at + random.below(300),
            _ => random.below(CALM - 500),
        };
        let deed = match random.below(10) {
            0..=5 => Deed::Send(CONTROL, letters(random)),
            6 => Deed::Signal(Whom::Program, Signal::Terminate),
            7 | 8 => Deed::Signal(Whom::In(DIR, "./run"), Signal::Kill),
            _ => Deed::Faults(runsv::faults(random)),
        };
        kernel.plan(at.min(CALM - 1), deed);
    }
    runsv::plan_end(kernel, random, CONTROL);
    for (later, letter) in [(8_000, b"d"), (22_000, b"u"), (23_000, b"t"), (24_000, b"d")] {
        if random.chance(60) {
            kernel.plan(CALM + later, Deed::Send(CONTROL, letter.to_vec()));
        }
    }
}
