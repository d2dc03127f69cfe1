//! Single stories with a known end: the deviations that a simulation can show, and what it found.
mod last_words;
mod late_log;
mod leaderless;
mod log;
mod places;
mod process_1;
mod reboot;
mod removed;
mod says;
mod scan;

use crate::runit_schedule::{directory, text};
use crate::runsv::{self, DIR};
use crate::systems;
use crate::watched::{Check, locked};
use platform::{Pid, Signal};
use platform_sim::tree::ROOT;
use platform_sim::{Deed, Exec, Fact, Faults, Kernel, Life, Machine, Outcome, Sim, Whom, World, args};
use runit::paths;
use runit::state::LENGTH;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What happened: milliseconds since the start, and a word for it.
type Diary = Arc<Mutex<Vec<(u64, String)>>>;

struct Diarist {
    diary: Diary,
    lives: BTreeMap<&'static str, Vec<Life>>,
}

impl World for Diarist {
    fn life(&mut self, kernel: &mut Kernel, exec: &Exec<'_>) -> Life {
        let log = kernel.tree.existing(ROOT, b"/service/x/log", true) == Ok(exec.directory);
        let name = if log { Ok(LOG_RUN) } else { std::str::from_utf8(exec.path) };
        let lives = name.ok().and_then(|name| self.lives.get_mut(name));
        match lives {
            Some(lives) if lives.len() > 1 => lives.remove(0),
            Some(lives) => lives.first().cloned().unwrap_or_default(),
            None => Life::forever(),
        }
    }

    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        let word = match fact {
            Fact::Spawned { child, .. } => format!("start {}", child.path.to_string_lossy()),
            Fact::NotSpawned { child, .. } => format!("refused {}", child.path.to_string_lossy()),
            Fact::Kill { signal, .. } => format!("kill {signal:?}"),
            Fact::Power { how, .. } => format!("power {how:?}"),
            Fact::Waits { .. } => "sleep".into(),
            Fact::Reaped { .. } => "reap".into(),
            Fact::Died { ended, .. } => format!("died {ended:?}"),
            Fact::Armed => "armed".into(),
            Fact::Said { text, .. } => format!("say {}", String::from_utf8_lossy(text).trim_end()),
            Fact::Failed { what, .. } => format!("failed {what}"),
            Fact::Renamed { to, .. } => format!("rename {}", String::from_utf8_lossy(to)),
            Fact::Wrote { bytes, .. } if bytes.len() == LENGTH => "write state".into(),
            Fact::Done { deed: Deed::Mark(number), .. } => format!("mark {number}"),
            _ => return Ok(()),
        };
        let ms = (kernel.now().0 - 5_000_000_000) / 1_000_000;
        locked(&self.diary).push((ms, word));
        if let Fact::Spawned { child, .. } = fact {
            let named = child.argv.iter().skip(1).map(|name| (ms, format!("for {}", name.to_string_lossy())));
            locked(&self.diary).extend(named);
        }
        Ok(())
    }
}

/// `./run` of the log service.
const LOG_RUN: &str = "log/run";
/// The lives of programs by their path, one after the other; the last is lived again.
type Lives<'a> = &'a [(&'static str, &'a [Life])];

struct Story {
    sim: Sim,
    diary: Diary,
}

impl Story {
    fn new(own: i32, machine: Machine, lives: Lives<'_>) -> Story {
        let diary = Diary::default();
        let lives = lives.iter().map(|(path, lives)| (*path, lives.to_vec())).collect();
        let world = Diarist { diary: Arc::clone(&diary), lives };
        Story { sim: Sim::new(7, Pid(own), machine, Box::new(world)), diary }
    }

    fn plan(mut self, deeds: &[(u64, Deed)]) -> Story {
        deeds.iter().for_each(|(ms, deed)| self.sim.kernel.plan(*ms, deed.clone()));
        self
    }

    /// The times of a word.
    fn times(&self, word: &str) -> Vec<u64> {
        locked(&self.diary).iter().filter(|(_, found)| found == word).map(|(ms, _)| *ms).collect()
    }

    fn runit(&mut self) -> Outcome {
        directory(&mut self.sim.kernel);
        self.sim.kernel.file(paths::CTRLALTDEL.to_bytes(), 0o755);
        self.sim.run(|sim| runit::runit::main(sim, args(&["runit"])))
    }

    fn runsv(&mut self, log: bool) -> Outcome {
        runsv::directory(&mut self.sim.kernel, log);
        self.sim.run(|sim| runit::runsv::main(sim, args(&["runsv", DIR])))
    }

    fn runsvdir(&mut self, dir: &'static str) -> Outcome {
        self.runsvdir_with(&["runsvdir", dir])
    }

    fn runsvdir_with(&mut self, words: &[&str]) -> Outcome {
        let kernel = &mut self.sim.kernel;
        for dir in ["/bin", "/scan", "/scan/a"] {
            kernel.directory(dir.as_bytes());
        }
        kernel.file(b"/bin/runsv", 0o755);
        self.sim.run(|sim| runit::runsvdir::main(sim, args(words)))
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Check {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}, expected {expected:?}")) }
}

/// Times in milliseconds, a few milliseconds later than expected at most.
fn about(what: &str, found: &[u64], expected: &[u64]) -> Check {
    let fits =
        found.iter().zip(expected).all(|(found, expected)| (*expected..*expected + 30).contains(found));
    if fits && found.len() == expected.len() {
        Ok(())
    } else {
        Err(format!("{what}: {found:?}, expected {expected:?}"))
    }
}

const CONTROL: &str = "/service/x/supervise/control";

fn quick() -> Life {
    Life::exits(10, 0)
}

fn letter(ms: u64, letter: u8) -> (u64, Deed) {
    (ms, Deed::Send(CONTROL, vec![letter]))
}

/// stopit, perhaps reboot, and CONT.
fn stop(ms: u64, reboot: u32) -> [(u64, Deed); 3] {
    [
        (ms, Deed::Create(text(paths::STOPIT), 0o100)),
        (ms, Deed::Create(text(paths::REBOOT), reboot)),
        (ms, Deed::Signal(Whom::Program, Signal::Continue)),
    ]
}

/// DEV-25: a directory that could not be opened and a fork that failed are tried again.
fn dev_25(system: Machine) -> Check {
    let leave = (30_000, Deed::Signal(Whom::Program, Signal::Terminate));
    for watches in [true, false] {
        for faults in [
            Faults { open_dir: 1, ..Faults::NONE },
            Faults { fork: 1, ..Faults::NONE },
            Faults { stat: 1, ..Faults::NONE },
        ] {
            let mut story =
                Story::new(9, Machine { watches, ..system }, &[]).plan(std::slice::from_ref(&leave));
            story.sim.kernel.faults = faults;
            same("end", &story.runsvdir("/scan"), &Outcome::Returned(0))?;
            // Where only the date tells, one that is fresh is looked at again after a second.
            let again = if faults.fork > 0 && !watches { 1_000 } else { 5_000 };
            about(&format!("{faults:?}"), &story.times("start runsv"), &[again])?;
        }
    }
    Ok(())
}

/// DEV-26: a supervisor that dies at once is started again each second, by timers: TERM is
/// obeyed in the pause.
fn dev_26(system: Machine) -> Check {
    let mut story = Story::new(9, system, &[("runsv", &[Life::exits(0, 111)])])
        .plan(&[(3_500, Deed::Signal(Whom::Program, Signal::Terminate)), (3_900, Deed::Mark(1))]);
    same("end", &story.runsvdir("/scan"), &Outcome::Returned(0))?;
    about("starts", &story.times("start runsv"), &[0, 1_000, 2_000, 3_000])?;
    same("it had not to be waited for", &story.times("mark 1").len(), &0)
}

/// DEV-30: the pause is the rest of the second since the start, and a command ends it.
fn dev_30(system: Machine) -> Check {
    let lives: Lives<'_> = &[("./run", &[Life::exits(300, 1)])];
    let mut story = Story::new(9, system, lives).plan(&[
        letter(2_500, b'u'),
        letter(3_100, b'd'),
        letter(5_000, b'x'),
        (9_000, Deed::Mark(1)),
    ]);
    same("end", &story.runsv(false), &Outcome::Returned(0))?;
    about("starts", &story.times("start ./run"), &[0, 1_000, 2_000, 2_500])?;
    same("gone before", &story.times("mark 1").len(), &0)
}

/// DEV-38: after fork failed commands are obeyed, and the next try is five seconds later.
fn dev_38(system: Machine) -> Check {
    let mut story = Story::new(9, system, &[]).plan(&[
        letter(7_000, b'd'),
        letter(8_000, b'u'),
        (20_000, Deed::Signal(Whom::Program, Signal::Terminate)),
    ]);
    story.sim.kernel.faults = Faults { fork: 1, ..Faults::NONE };
    same("end", &story.runsv(false), &Outcome::Returned(0))?;
    about("refused", &story.times("refused ./run"), &[0])?;
    about("starts", &story.times("start ./run"), &[5_000, 8_000])?;
    // A command does not wait for the five seconds.
    let mut story = Story::new(9, system, &[]).plan(&[letter(1_000, b'x'), (4_000, Deed::Mark(1))]);
    story.sim.kernel.faults = Faults { fork: 1, ..Faults::NONE };
    same("end", &story.runsv(false), &Outcome::Returned(0))?;
    same("gone before", &story.times("mark 1").len(), &0)
}

/// Found by the simulation: a scan directory that went away while its changes were told left
/// runsvdir awake.
fn found_busy_without_directory(system: Machine) -> Check {
    let mut story = Story::new(9, system, &[]).plan(&[
        (1_000, Deed::Rename("/scan", "/gone")),
        (12_000, Deed::Rename("/gone", "/scan")),
        (30_000, Deed::Signal(Whom::Program, Signal::Terminate)),
    ]);
    same("end", &story.runsvdir("/scan"), &Outcome::Returned(0))?;
    let sleeps = story.times("sleep").len();
    if sleeps > 12 { Err(format!("slept {sleeps} times in half a minute")) } else { Ok(()) }
}

/// Found by the simulation: after the clock was set back the directory was read every second.
fn found_date_ahead(system: Machine) -> Check {
    let mut story = Story::new(9, Machine { watches: false, ..system }, &[])
        .plan(&[(1, Deed::Step(-7_200)), (600_000, Deed::Signal(Whom::Program, Signal::Terminate))]);
    same("end", &story.runsvdir("/scan"), &Outcome::Returned(0))?;
    let sleeps = story.times("sleep").len();
    if sleeps > 130 { Err(format!("slept {sleeps} times in ten minutes")) } else { Ok(()) }
}

type Tell = fn(Machine) -> Check;

/// All stories with their names.
pub(crate) const STORIES: &[(&str, Tell)] = &[
    ("a supervise directory beside its service", places::begins),
    ("a log service that appears later", late_log::appears),
    ("runit-init tells why runit does not start", process_1::init_without_runit),
    ("DEV-02 power off falls back to halt, then waits", process_1::dev_02),
    ("DEV-05 no wake-up on a quiet day", process_1::dev_05),
    ("DEV-06 pauses are timers", process_1::dev_06),
    ("DEV-07 a request at the end of stage 1", process_1::dev_07),
    ("DEV-08 native signals", process_1::dev_08),
    ("DEV-08 reboot(8) of the BSDs ends the system", reboot::ends),
    ("DEV-08 reboot(8) of the BSDs fails", reboot::fails),
    ("DEV-08 fsck(8) asks for a restart", reboot::from_stage_1),
    ("DEV-08 a request ends a standstill", reboot::requests),
    ("DEV-11 three fingers are armed again", process_1::dev_11),
    ("DEV-25 opendir and fork are retried", dev_25),
    ("DEV-26 timers instead of sleep", dev_26),
    ("DEV-30 the pause is a timer", dev_30),
    ("DEV-38 after a failed fork", dev_38),
    ("the log service gets what was written", log::found_log_pipe),
    ("a log service that ends too early", log::found_log_told_to_end),
    ("a log service that is told to be up at the end", log::found_log_told_to_be_up),
    ("an exit without a new pipe", log::leaves_without_a_pipe),
    ("DEV-42 a paused log service", log::dev_42),
    ("the last words of ./finish", last_words::of_finish),
    ("DEV-43 a service directory that was removed", removed::dev_43),
    ("KILL until it is gone", says::kills_until_it_is_gone),
    ("what a killed supervisor has left", leaderless::crowd),
    ("a service that is asked to end twice", says::found_asked_twice),
    ("one more start of a service that has failed", says::found_once_failed),
    ("a next start that is put off again", says::found_next_start),
    ("newlines of all kinds of processes", says::newlines),
    ("newlines in every state", says::newlines_in_every_state),
    ("a directory that changes after the clock was set back", says::found_set_back),
    ("the calls of a start", says::calls_of_a_start),
    ("what a start is told of first", says::told_first),
    ("what only state says is told", says::told_of_state),
    ("no busy loop without a directory", found_busy_without_directory),
    ("a removal that is told before it happens", scan::told_before),
    ("a scan directory that is moved while it is read", scan::moved_away),
    ("a link that has another name first", scan::passing_name),
    ("a directory made anew behind its link", scan::remade_behind_a_link),
    ("what writes to the log area outlives runsvdir", scan::writers_outlive_the_log_area),
    ("a date ahead of the clock", found_date_ahead),
    ("no console", process_1::no_console),
    ("the same seed, the same trace", same_trace),
];

/// Two runs of a seed do not differ.
fn same_trace(system: Machine) -> Check {
    // The seeds choose the systems themselves.
    if systems::all().first().is_some_and(|first| first.name != system.name) {
        return Ok(());
    }
    for program in crate::PROGRAMS {
        for seed in 0..40 {
            let run = || (program.schedule)(seed, true, crate::Lie::None);
            let (first, second) = (run(), run());
            if first != second || first.trace.len() < 3 {
                return Err(format!("{}, seed {seed}: two runs differ", program.name));
            }
            let silent = (program.schedule)(seed, false, crate::Lie::None);
            same("watching changes nothing", &silent.print, &first.print)?;
        }
    }
    Ok(())
}
