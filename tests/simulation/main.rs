//! The programs that run for ever, on a kernel in memory that seeds drive.
//!
//! A schedule is what a seed makes of it: the service directory or the stages, the lives of all
//! children, what clients, administrators and the clock do, and what the system refuses. After a
//! while nothing goes wrong any more; then the program must come to rest, tell the truth, stay
//! asleep, and end when it is told to. The rules are checked at every fact, most of them whenever
//! the program goes to sleep. They know nothing of the engine's machines: only what it read, whom
//! it started and reaped, and what is on disk.
//!
//! `SIM_SEED=n SIM_PROGRAM=runsv` repeats one schedule and shows what happened in it;
//! `SIM_PROGRAM` alone runs one program, `SIM_PROGRAM=stories` the named stories; `SIM_SYSTEM=openbsd` runs all
//! on that system's kernel; `SIM_SCHEDULES=n` runs another number of them; `SHOW=n` names more failing seeds than five.
//!
//! # Do the rules bite?
//!
//! Each [`saboteur::Lie`] of the platform must call forth its complaint in [`LIED`] schedules, in
//! every run of this test. Faults put into the engine, and which rule saw them in 20,000 schedules
//! (6,000 of runsvdir):
//!
//! | fault | what was said |
//! |---|---|
//! | runsv drops TERM | status of the service; asleep though nothing is left but to exit; TERM lost |
//! | the log's pipe stays open at the exit | status of the log: it is wanted Up |
//! | `got TERM` outlives the process | status of the service: it was sent TERM: false |
//! | no pause between two starts of `./run` | throttle: started again within a second |
//! | one death is reaped per wake-up | zombie: was not reaped before going to sleep |
//! | stage 2 gets KILL right after TERM | stage 2 is killed without patience |
//! | a stop in the pause before stage 2 is ignored | request lost: stage 2 is started |
//! | `reboot` is not looked at | PowerOff, but reboot says true |
//! | runsvdir restarts a supervisor at once | throttle: started again within a second |
//! | runsv reads its FIFO until that is empty | late: signals are not taken |
//! | everybody who has died is reaped in one turn | late: it does not come to an end with what woke it |
//! | a directory that was read in part counts as read | services are ended after a scan that failed |
//! | sv takes a record for an answer before the command was read | nobody had read the command |
//! | sv takes a newer record for the end of the supervisor | there was a supervisor all the time |
//! | sv waits for a supervisor when the time is over | it waits beyond its time |
//!
//! sv is no program of the kernel in memory: its machine is performed by `sv::client`, against the true runsv.
mod contain;
mod flood;
mod named;
mod needs;
mod runit_rules;
mod runit_schedule;
mod runsv;
mod runsvdir_rules;
mod runsvdir_schedule;
mod saboteur;
mod says;
mod sv;
mod svlogd;
mod systems;
mod watched;

use saboteur::Lie;
use std::env;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use watched::Report;

/// A program, how many schedules it gets, and how one is run.
struct Program {
    name: &'static str,
    schedules: u64,
    schedule: fn(u64, bool, Lie) -> Report,
    /// Lies, and the complaint that each must call forth.
    lies: &'static [(Lie, &'static str)],
}

const PROGRAMS: [Program; 8] = [
    Program {
        name: "runsv",
        schedules: 20_000,
        schedule: runsv::schedule,
        lies: &[
            (Lie::LosesTerm, "TERM lost"),
            (Lie::LosesRequests, "TERM lost"),
            (Lie::SwallowsKill, "it was sent TERM: false"),
            (Lie::LosesReap, "asleep though"),
            (Lie::StartsTwice, "two at once"),
            (Lie::KeepsPipe, "status of the log"),
            (Lie::LosesStatus, "status of the service: no status"),
            (Lie::LosesCommands, "asleep though"),
            (Lie::LosesDeadline, "asleep though the service is wanted up"),
            (Lie::NeverSleeps, "busy"),
            (Lie::LeaksFiles, "leak"),
            (Lie::KillsAll, "a signal for All"),
            (Lie::KillsStranger, "for a process that is no child"),
            (Lie::TakesAll, "late: "),
        ],
    },
    Program {
        name: "says",
        schedules: 20_000,
        schedule: says::schedule,
        lies: &[
            (Lie::LosesTerm, "signal 15 lost: the service was not asked to end"),
            (Lie::SwallowsKill, "signal 15 lost: the service was not asked to end"),
            (Lie::LosesReap, "asleep though"),
            (Lie::StartsTwice, "two at once"),
            (Lie::LosesStatus, "status of the service: no status"),
            (Lie::LosesDeadline, "asleep though something is to be killed"),
            (Lie::NeverSleeps, "busy"),
            (Lie::LeaksFiles, "leak"),
            (Lie::KillsStranger, "for a process that is no child"),
            (Lie::TakesAll, "late: "),
            (Lie::Hurries, "ms after its start, its pause is"),
            (Lie::Hurries, "ms before its time"),
            (Lie::Hurries, "finish is signalled"),
            (Lie::Dawdles, "late: KILL"),
            (Lie::Dawdles, "late: the newline of run"),
            (Lie::HearsNewlines, "it does not listen to what run says"),
            (Lie::HearsNothing, "it sleeps and does not hear that run is ready"),
            (Lie::KeepsState, "state of the service: it says"),
            (Lie::LeavesState, "state of the service: it says"),
            (Lie::EndsWell, "nobody has looked for finish"),
            (Lie::SendsTerm, "which is asked to end by"),
            (Lie::MissesFiles, "is there and was not looked at"),
            (Lie::SeesNoChange, "is there and was not looked at"),
        ],
    },
    Program {
        name: "contain",
        schedules: 6_000,
        schedule: contain::schedule,
        lies: &[
            (Lie::SeesNobody, "started beside"),
            (Lie::SeesNobody, "exited, and"),
            (Lie::SwallowsKill, "are left for ever"),
            (Lie::LosesDeadline, "are left"),
            (Lie::LosesTerm, "TERM lost"),
        ],
    },
    Program {
        name: "needs",
        schedules: 1_200,
        schedule: needs::schedule,
        lies: &[
            (Lie::TellsNothing, "waits though all that it needs is up"),
            (Lie::LosesDeadline, "waits though all that it needs is up"),
            (Lie::KeepsState, "waits though all that it needs is up"),
            (Lie::LosesTerm, "TERM lost"),
            (Lie::StartsTwice, "two at once"),
            (Lie::LeaksFiles, "leak"),
            (Lie::NeverSleeps, "busy"),
        ],
    },
    Program {
        name: "runit",
        schedules: 20_000,
        schedule: runit_schedule::schedule,
        lies: &[
            (Lie::SwallowsKill, "request lost: stage 2 was not sent TERM"),
            (Lie::LosesRequests, "request lost: stage 2 is started"),
            (Lie::LosesReap, "asleep with nothing under way"),
            (Lie::StartsTwice, "two stages at once"),
            (Lie::LosesDeadline, "asleep with nothing under way"),
            (Lie::NeverSleeps, "busy"),
            (Lie::LeaksFiles, "leak"),
            (Lie::KillsAll, "everything is killed before the end"),
            (Lie::SeesReboot, "Restart, but reboot says false"),
            (Lie::KillsStranger, "a signal for nobody's child"),
            (Lie::TakesAll, "late: "),
        ],
    },
    Program {
        name: "runsvdir",
        schedules: 6_000,
        schedule: runsvdir_schedule::schedule,
        lies: &[
            (Lie::LosesTerm, "TERM lost: it still runs"),
            (Lie::LosesRequests, "TERM lost: it still runs"),
            (Lie::SwallowsKill, "settled: services"),
            (Lie::LosesReap, "settled: services"),
            (Lie::StartsTwice, "two supervisors"),
            (Lie::LosesDeadline, "asleep without a safety net"),
            (Lie::NeverSleeps, "busy"),
            (Lie::WatchesNothing, "a new service waits"),
            (Lie::SkipsNames, "settled: services"),
            (Lie::KillsStranger, "for a process that is no child"),
            (Lie::TakesAll, "late: "),
            (Lie::HasNoMemory, "settled: services"),
        ],
    },
    Program {
        name: "svlogd",
        schedules: 2_000,
        schedule: svlogd::schedule,
        lies: &[
            (Lie::LosesTerm, "TERM lost"),
            (Lie::LosesReap, "TERM lost"),
            (Lie::LosesDeadline, "TERM lost"),
            (Lie::NeverSleeps, "busy"),
            (Lie::StartsTwice, "two processors at once"),
            (Lie::DropsBytes, "lines are lost"),
            (Lie::DoublesBytes, "lines are lost, doubled"),
            (Lie::FollowsPaths, "a directory is missed that has another name"),
            (Lie::TakesAll, "two reads in one turn"),
            (Lie::HasNoMemory, "it does not end"),
        ],
    },
    Program {
        name: "sv",
        schedules: 6_000,
        schedule: sv::schedule,
        lies: &[
            (Lie::HearsAtOnce, "nobody had read the command"),
            (Lie::Hurries, "too early"),
            (Lie::Oversleeps, "beyond its time"),
            (Lie::ForgetsBefore, "ran before sv was called"),
        ],
    },
];

/// Seeds that showed a fault when many more schedules ran than these: they run always.
const KNOWN: &[(&str, u64)] = &[
    // A need was told to come up a second time, between the look that found it up and the start.
    ("needs", 6053),
];

/// Schedules for each lie.
const LIED: u64 = 300;

/// At most so many failing seeds are shown.
const SHOWN: usize = 5;

/// Runs the schedules of a program on all processors. How many there were, and the failing seeds.
fn all(program: &Program, schedules: u64) -> (u64, Vec<(u64, String)>) {
    let known = KNOWN.iter().filter(|(name, seed)| *name == program.name && *seed >= schedules);
    let seeds: Vec<u64> = (0..schedules).chain(known.map(|(_, seed)| *seed)).collect();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(1, usize::from).min(8);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(wrong) = (program.schedule)(seed, false, Lie::None).wrong {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push((seed, wrong));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.sort();
    (seeds.len() as u64, failed)
}

/// Runs the program on a platform that lies: the rules must say what they are there to say.
fn bite(program: &Program) -> Vec<String> {
    let mut missed = Vec::new();
    for (lie, complaint) in program.lies {
        let heard: Vec<String> =
            (0..LIED).filter_map(|seed| (program.schedule)(seed, false, *lie).wrong).collect();
        if !heard.iter().any(|wrong| wrong.contains(complaint)) {
            let first = heard.first().map_or("nothing", String::as_str);
            missed
                .push(format!("{lie:?}: \"{complaint}\" was not said in {LIED} schedules, but \"{first}\""));
        }
    }
    missed
}

fn replay(seed: u64, name: &str) -> ExitCode {
    let Some(program) = PROGRAMS.iter().find(|program| program.name == name) else {
        eprintln!("SIM_PROGRAM: no such program: {name}");
        return ExitCode::FAILURE;
    };
    let report = (program.schedule)(seed, true, Lie::None);
    report.trace.iter().for_each(|line| println!("{line}"));
    println!("{name}, seed {seed}: {}", report.wrong.as_deref().unwrap_or("nothing is wrong"));
    if report.wrong.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn main() -> ExitCode {
    let name = env::var("SIM_PROGRAM");
    if let Some(seed) = env::var("SIM_SEED").ok().and_then(|seed| seed.parse().ok()) {
        return replay(seed, name.as_deref().unwrap_or("runsv"));
    }
    let shown = env::var("SHOW").ok().and_then(|count| count.parse().ok()).unwrap_or(SHOWN);
    let schedules = env::var("SIM_SCHEDULES").ok().and_then(|count| count.parse().ok());
    let (mut passed, mut failed) = (0, 0);
    for program in PROGRAMS.iter().filter(|program| name.as_ref().map_or(true, |name| name == program.name)) {
        let start = std::time::Instant::now();
        watched::LATEST.store(0, Ordering::Relaxed);
        let (schedules, wrong) = all(program, schedules.unwrap_or(program.schedules));
        println!(
            "{}: {} schedules, {} wrong, {:.1?}, nothing later than {:.1?}",
            program.name,
            schedules,
            wrong.len(),
            start.elapsed(),
            std::time::Duration::from_nanos(watched::LATEST.load(Ordering::Relaxed))
        );
        for (seed, why) in wrong.iter().take(shown) {
            println!("{}, seed {seed}: {why}", program.name);
        }
        let missed = bite(program);
        missed.iter().for_each(|missed| println!("{}: {missed}", program.name));
        passed += (program.lies.len() - missed.len()) as u64;
        failed += (wrong.len() + missed.len()) as u64;
        passed += schedules - wrong.len() as u64;
    }
    if name.as_ref().map_or(true, |name| name == "stories") {
        for system in systems::all() {
            for (story, tell) in named::STORIES {
                match tell(system) {
                    Ok(()) => passed += 1,
                    Err(wrong) => {
                        failed += 1;
                        println!("{story}, {} ... FAILED: {wrong}", system.name);
                    }
                }
            }
        }
    }
    println!("simulation: {passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
