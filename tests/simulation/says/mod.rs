//! Schedules for services whose directories say more than runit knows of: readiness, stop signals, limits to
//! stopping, pauses, giving up, one-shots. The directories change between starts, good and bad contents mixed.
//!
//! Each lie of the platform calls forth its complaint, as for the other programs. Faults put into runsv, and which
//! rule saw them in 6,000 schedules, with the number of these:
//!
//! | fault | what was said | schedules |
//! |---|---|---|
//! | ends that were asked for count | state: so many ends; ready before it has said so | 343 |
//! | ends count for ever | asleep though the service is wanted up; state | 77 |
//! | `./finish` gives up by any code | asleep though the service is wanted up | 193 |
//! | the pause is not doubled | state: its next start; so many ms after its start | 128 |
//! | another `d` puts KILL off | asleep though something is to be killed | 23 |
//! | `u` does not take KILL back | a signal for which nobody asked; KILL before its time | 26 |
//! | `control/t` has no time of its own | asleep though something is to be killed | 99 |
//! | what is done is not undone | asleep though nobody has looked for finish | 428 |
//! | `./finish` has half of its time | finish is signalled too early | 290 |
//! | KILL comes a tenth too early | KILL before its time | 244 |
//! | KILL comes 150 ms too late | asleep though something is to be killed | 835 |
//! | ready from the start on | it is told to be ready before it has said so | 1,872 |
//! | ready outlives the process | the same | 1,258 |
//! | that it is ready is not written | state: it says ready: false | 1,155 |
//! | the pipe stays open at the end of `./run` | leak: the pipe | 257 |
//! | TERM in the place of the down signal | signal 15, which is asked to end by another | 935 |
//! | `got TERM` after another signal | status of the service | 853 |
//! | a `state` that cannot be written stays | state of the service | 233 |
//! | the files are read once | is there and was not looked at | 3,414 |
//! | a one-shot is done however it ends | ready before it has said so | 1,122 |
//! | `u` does not end the pause | asleep though the service is wanted up | 807 |
//! | `u` does not forget the ends | state: so many ends; asleep | 575 |
//! | what has failed stays wanted up | status; the service has failed and is started | 373 |
//!
//! The same in 2,000 schedules:
//!
//! | fault | what was said | schedules |
//! |---|---|---|
//! | one end more than too many | status: it is wanted up | 81 |
//! | what is done is started again | the service is done and is started | 197 |
//! | any byte is a newline | it does not listen to what run says | 121 |
//! | `./finish` is never killed | asleep though something is to be killed | 250 |
//! | no CONT after the down signal | may be stopped and was not told to go on | 1,184 |
//! | the pause counts from the end | asleep though the service is wanted up | 1,056 |
//! | no pause | so many ms after its start, its pause is | 880 |
mod hears;
mod lives;
mod model;
mod rests;
mod rules;
mod said;
mod truth;
mod turns;

use crate::flood;
use crate::runsv::{self, DIR};
use crate::saboteur::{Lie, Saboteur};
use crate::systems;
use crate::watched::{Report, watch};
use platform::{Pid, Signal};
use platform_sim::tree::{Node, ROOT};
use platform_sim::{Deed, Faults, Kernel, Random, Sim, Whom, args};
use rules::Says;
use said::FILES;

/// As [`runsv`] has them.
const CALM: u64 = 10_000;
const SETTLED: u64 = CALM + 25_000;
const LEAVE: u64 = SETTLED + 100_000;
const PROGRAM: Pid = Pid(100);

/// Links to the supervise directories, which are in the service's directory or in `.supervise`.
pub(super) const KEPT: [&str; 2] = ["/run/kept/", "/run/kept-log/"];
const CONTROL: &str = "/run/kept/control";
const LOG_CONTROL: &str = "/run/kept-log/control";
const STATE: &str = "/run/kept/state";

/// Where the files are, for the service and for its log service.
const PATHS: [[&str; 2]; 8] = [
    ["/service/x/notification-fd", "/service/x/log/notification-fd"],
    ["/service/x/down-signal", "/service/x/log/down-signal"],
    ["/service/x/timeout-kill", "/service/x/log/timeout-kill"],
    ["/service/x/timeout-finish", "/service/x/log/timeout-finish"],
    ["/service/x/restart-delay", "/service/x/log/restart-delay"],
    ["/service/x/restart-limit", "/service/x/log/restart-limit"],
    ["/service/x/finish-fails", "/service/x/log/finish-fails"],
    ["/service/x/oneshot", "/service/x/log/oneshot"],
];

/// Runs the schedule of a seed.
pub(crate) fn schedule(seed: u64, trace: bool, lie: Lie) -> Report {
    let rules = Says::new(&mut Random::new(seed ^ 0x7361_7973));
    let log = rules.has_log();
    watch(
        rules,
        trace,
        |world| {
            let mut random = Random::new(!seed ^ 0x6d6f_7265);
            let mut sim = Sim::new(seed, PROGRAM, systems::of(&mut random), world);
            prepare(&mut sim.kernel, &mut random, log);
            plan(&mut sim.kernel, &mut random, log);
            // A lie is to be found out by what comes of it, and not by where things are.
            let mut places = Random::new(seed ^ 0x706c_6163);
            kept(&mut sim.kernel, Some(&mut places).filter(|_| lie == Lie::None));
            if flood::is_flooded(seed) {
                let sources = runsv::sources(CONTROL, LOG_CONTROL);
                let sources = if log { &sources[..] } else { &sources[..4] };
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

/// One of the files gets contents, is removed, or something else takes its name.
fn change(random: &mut Random, log: bool) -> Deed {
    let pick = usize::try_from(random.below(8)).unwrap_or(0);
    let path = PATHS[pick][usize::from(log && random.chance(30))];
    match random.below(10) {
        0..=2 => Deed::Remove(path),
        3 if random.chance(20) => Deed::MakeDirectory(path),
        _ => Deed::Fill(path, said::contents(random, FILES[pick].2)),
    }
}

fn prepare(kernel: &mut Kernel, random: &mut Random, log: bool) {
    runsv::prepare(kernel, random, log);
    let many = 20 + 20 * random.below(3);
    for (pick, (_, in_log, texts)) in FILES.into_iter().enumerate() {
        if random.chance(many) {
            put(kernel, PATHS[pick][0], said::contents(random, texts));
        }
        if log && random.chance(if in_log { many / 2 } else { 5 }) {
            put(kernel, PATHS[pick][1], said::contents(random, texts));
        }
    }
    // What a supervisor that died has left there.
    if random.chance(10) {
        kernel.directory(b"/service/x/supervise");
        put(kernel, "/service/x/supervise/state", b"1 0000000001 run\n");
    }
}

/// Where the supervise directories are, and one of the calls fails that make and find them.
fn kept(kernel: &mut Kernel, mut random: Option<&mut Random>) {
    let place = random.as_mut().and_then(|random| beside(kernel, random));
    let own = kernel.tree.existing(ROOT, b"/service/x/supervise", false).is_ok();
    for (link, name, inside, own) in
        [(KEPT[0], "x", "/service/x/supervise", own), (KEPT[1], "x.log", "/service/x/log/supervise", false)]
    {
        let target = match place {
            Some(place) if !own => format!("{place}/{name}"),
            _ => inside.to_owned(),
        };
        kernel.make(link.trim_end_matches('/').as_bytes(), Node::Link(target.into_bytes()), 0o777);
    }
    // One of the calls fails that make and find the supervise directories. (What stat(2) does not find, `down` among
    // it, is not there, which is another story.)
    if let Some(random) = random.take_if(|random| random.chance(20)) {
        let count = 1 + random.below(4) as u32;
        match random.below(3) {
            0 => kernel.faults.make = count,
            1 => kernel.faults.readlink = count,
            _ => kernel.faults.open = count,
        }
    }
}

/// In half of the schedules there is a `.supervise`, and in some of these something that is no place.
fn beside(kernel: &mut Kernel, random: &mut Random) -> Option<&'static str> {
    const PATH: &[u8] = b"/service/.supervise";
    let link = |kernel: &mut Kernel, target: &[u8]| kernel.make(PATH, Node::Link(target.to_vec()), 0o777);
    let _ = match random.below(20) {
        0..=4 => {
            kernel.directory(PATH);
            return Some("/service/.supervise");
        }
        5..=8 => {
            // It leads to what may be there or not.
            link(kernel, if random.chance(50) { b"/run/places" } else { b"../run/places" });
            if random.chance(50) {
                kernel.directory(b"/run/places");
            }
            return Some("/run/places");
        }
        9 => link(kernel, b"/nowhere/places"),
        10 => kernel.file(PATH, 0o644),
        _ => return None,
    };
    None
}

fn put(kernel: &mut Kernel, path: &str, text: &[u8]) {
    kernel.make(path.as_bytes(), Node::File(text.to_vec()), 0o644);
}

fn letters(random: &mut Random) -> Vec<u8> {
    let letter = |random: &mut Random| match random.below(20) {
        0..=4 => b'd',
        5..=8 => b'u',
        9 | 10 => b't',
        11 | 12 => b'o',
        13 => b'x',
        14 => b'k',
        15 => b'p',
        16 => b'c',
        17 => b'i',
        18 => b'h',
        _ => b"aq12"[random.below(4) as usize],
    };
    (0..1 + random.below(3)).map(|_| letter(random)).collect()
}

fn deed(random: &mut Random, log: bool) -> Deed {
    match random.below(30) {
        0..=9 => Deed::Send(CONTROL, letters(random)),
        10 if log => Deed::Send(LOG_CONTROL, letters(random)),
        10 | 11 => Deed::Signal(Whom::Program, Signal::Terminate),
        12..=14 => Deed::Signal(Whom::In(DIR, "./run"), Signal::Kill),
        15 => Deed::Signal(Whom::In("/service/x/log", "./run"), Signal::Kill),
        16 => Deed::Signal(
            Whom::In(DIR, "./run"),
            if random.chance(50) { Signal::Stop } else { Signal::Continue },
        ),
        17 => Deed::Signal(Whom::In(DIR, "./finish"), Signal::Kill),
        18 => Deed::Step(i64::try_from(random.below(20_000)).unwrap_or(0) - 10_000),
        19 => Deed::Faults(runsv::faults(random)),
        20 => Deed::Faults(Faults::NONE),
        21 => Deed::Create("/service/x/finish", 0o755),
        22 => Deed::Remove(STATE),
        23 => Deed::Create("/run/kept/state.new", 0o600),
        _ => change(random, log),
    }
}

fn plan(kernel: &mut Kernel, random: &mut Random, log: bool) {
    if random.chance(20) {
        kernel.faults = runsv::faults(random);
        if random.chance(70) {
            kernel.faults.open = 0;
            kernel.faults.pipe = 0;
        }
    }
    let mut at = 0;
    for _ in 0..2 + random.below(12) {
        at = match random.below(4) {
            0 => at,
            1 => at + random.below(5),
            2 => at + random.below(300),
            _ => random.below(CALM - 500),
        };
        kernel.plan(at.min(CALM - 1), deed(random, log));
    }
    // A descriptor that no process can have would end each start, for ever.
    let fd = if random.chance(50) { Deed::Fill(PATHS[0][0], b"4\n") } else { Deed::Remove(PATHS[0][0]) };
    kernel.plan(CALM, fd);
    runsv::plan_end(kernel, random, CONTROL);
}
