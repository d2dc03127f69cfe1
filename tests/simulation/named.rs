//! Single stories with a known end: the deviations that a simulation can show, and what it found.
mod log;
mod reboot;
mod scan;

use crate::runit_schedule::{NATIVE, directory, text};
use crate::runsv::{self, DIR};
use crate::systems;
use crate::watched::Check;
use platform::{Clock, Files, How, Pid, Request, Signal};
use platform_sim::tree::Node;
use platform_sim::{
    Act, Deed, End, Exec, Fact, Faults, Kernel, Life, Machine, Outcome, PowerCall, Sim, Whom, World, args,
};
use runit::paths;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What happened: milliseconds since the start, and a word for it.
type Diary = Rc<RefCell<Vec<(u64, String)>>>;

struct Diarist {
    diary: Diary,
    lives: BTreeMap<&'static str, Vec<Life>>,
}

impl World for Diarist {
    fn life(&mut self, _: &mut Kernel, exec: &Exec<'_>) -> Life {
        let lives = std::str::from_utf8(exec.path).ok().and_then(|path| self.lives.get_mut(path));
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
            Fact::Armed => "armed".into(),
            Fact::Said { text, .. } => format!("say {}", String::from_utf8_lossy(text).trim_end()),
            Fact::Failed { what, .. } => format!("failed {what}"),
            Fact::Done { deed: Deed::Mark(number), .. } => format!("mark {number}"),
            _ => return Ok(()),
        };
        let ms = (kernel.now().0 - 5_000_000_000) / 1_000_000;
        self.diary.borrow_mut().push((ms, word));
        Ok(())
    }
}

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
        let world = Diarist { diary: Rc::clone(&diary), lives };
        Story { sim: Sim::new(7, Pid(own), machine, Box::new(world)), diary }
    }

    fn plan(mut self, deeds: &[(u64, Deed)]) -> Story {
        deeds.iter().for_each(|(ms, deed)| self.sim.kernel.plan(*ms, deed.clone()));
        self
    }

    /// The times of a word.
    fn times(&self, word: &str) -> Vec<u64> {
        self.diary.borrow().iter().filter(|(_, found)| found == word).map(|(ms, _)| *ms).collect()
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
        let kernel = &mut self.sim.kernel;
        for dir in ["/bin", "/scan", "/scan/a"] {
            kernel.directory(dir.as_bytes());
        }
        kernel.file(b"/bin/runsv", 0o755);
        self.sim.run(|sim| runit::runsvdir::main(sim, args(&["runsvdir", dir])))
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

const ONE: &str = "/etc/runit/1";
const THREE: &str = "/etc/runit/3";

fn boot(machine: Machine, deeds: &[(u64, Deed)]) -> (Story, Outcome) {
    let lives: Lives<'_> =
        &[(ONE, &[quick()]), (THREE, &[quick()]), ("/etc/runit/ctrlaltdel", &[Life::exits(3_000, 0)])];
    let mut story = Story::new(1, machine, lives).plan(deeds);
    let outcome = story.runit();
    (story, outcome)
}

/// The BSDs and illumos start process 1 without descriptors: its last words must find the console.
fn init_without_runit(_: Machine) -> Check {
    let mut story = Story::new(1, NATIVE, &[]);
    let outcome = story.sim.run(|sim| {
        for fd in [platform::Fd::STDIN, platform::Fd::STDOUT, platform::Fd::STDERR] {
            sim.close(fd);
        }
        runit::runit_init::main(sim, args(&["/sbin/runit-init", "-s"]))
    });
    same("end", &outcome, &Outcome::Returned(111))?;
    let fatal = "say init: fatal: unable to start runit: file does not exist";
    same("words on the console", &story.times(fatal).len(), &1)
}

/// DEV-02: power off falls back to halt, then waits.
fn dev_02(system: Machine) -> Check {
    for power in [PowerCall::ReturnsFor(How::PowerOff), PowerCall::FailsFor(How::PowerOff)] {
        for base in [system, NATIVE] {
            let (story, outcome) = boot(Machine { power, ..base }, &stop(1_000, 0));
            same("end", &outcome, &Outcome::Over(End::Power(How::Halt)))?;
            about("power off", &story.times("power PowerOff"), &[1_010])?;
            about("halt", &story.times("power Halt"), &[3_010])?;
        }
    }
    let (story, outcome) = boot(Machine { power: PowerCall::Returns, ..system }, &stop(1_000, 0));
    same("end", &outcome, &Outcome::Over(End::Quiet))?;
    same("halts", &story.times("power Halt").len(), &1)
}

/// DEV-05: sleeps until something happens.
fn dev_05(system: Machine) -> Check {
    let day = 86_400_000;
    let deeds =
        [&[(2_000, Deed::Mark(1)), (2_000 + day, Deed::Mark(2))][..], &stop(3_000 + day, 0o100)].concat();
    let (story, outcome) = boot(system, &deeds);
    same("end", &outcome, &Outcome::Over(End::Power(How::Restart)))?;
    let asleep = story.times("sleep").into_iter().filter(|ms| (2_000..2_000 + day).contains(ms)).count();
    same("sleeps on a quiet day", &asleep, &0)
}

/// DEV-06: a pause is a timer; requests and deaths are noticed meanwhile.
fn dev_06(system: Machine) -> Check {
    let fork = Faults { fork: u32::MAX, ..Faults::NONE };
    let orphan = Act::Fork(Life::exits(1_500, 0));
    let mut story =
        Story::new(1, system, &[(ONE, &[Life::of(&[orphan, Act::Pause(10)])]), (THREE, &[quick()])]).plan(
            &[&[(5, Deed::Faults(fork)), (2_500, Deed::Faults(Faults::NONE))][..], &stop(3_000, 0)].concat(),
        );
    let outcome = story.runit();
    same("end", &outcome, &Outcome::Over(End::Power(How::PowerOff)))?;
    about("stage 2 refused", &story.times("refused /etc/runit/2"), &[10])?;
    about("the orphan is reaped in the pause", &story.times("reap")[1..2], &[1_500])?;
    about("the stop is obeyed in the pause", &story.times("start /etc/runit/3"), &[3_000])?;
    same("stage 2", &story.times("start /etc/runit/2").len(), &0)
}

/// DEV-08: the native signals of a system.
fn dev_08(system: Machine) -> Check {
    for (machine, (signal, request)) in
        [system, NATIVE].iter().flat_map(|machine| machine.requests.iter().map(move |asks| (*machine, asks)))
    {
        let how = match request {
            Request::Reboot => How::Restart,
            Request::Halt => How::Halt,
            Request::PowerOff => How::PowerOff,
            Request::PowerCycle => How::PowerCycle,
            Request::Control
            | Request::CtrlAltDel
            | Request::Catatonia
            | Request::Resume
            | Request::Nothing => continue,
        };
        let (_, outcome) = boot(machine, &[(1_000, Deed::Signal(Whom::Program, *signal))]);
        same(&format!("{signal:?}"), &outcome, &Outcome::Over(End::Power(how)))?;
    }
    // One that comes while `ctrlaltdel` runs and the files cannot be written.
    let full = Faults { full: true, ..Faults::NONE };
    let halt = Deed::Signal(Whom::Program, Signal::User1);
    let (story, outcome) = boot(NATIVE, &[(1_000, Deed::Key), (1_500, Deed::Faults(full)), (2_000, halt)]);
    same("halt on a full disk", &outcome, &Outcome::Over(End::Power(How::Halt)))?;
    about("stage 3 after ctrlaltdel", &story.times("start /etc/runit/3"), &[4_000])?;
    // A restart counts where `reboot` cannot say so; a later request in the files counts more.
    for (later, how) in [(&[][..], How::Restart), (&stop(1_005, 0)[..], How::PowerOff)] {
        let restart = Deed::Signal(Whom::Program, Signal::Terminate);
        let deeds = [&[(900, Deed::Faults(full)), (1_000, restart)][..], later].concat();
        let (_, outcome) = boot(NATIVE, &deeds);
        same("restart on a full disk", &outcome, &Outcome::Over(End::Power(how)))?;
    }
    Ok(())
}

/// DEV-07: a request that stage 1 makes with its last breath skips stage 2.
fn dev_07(system: Machine) -> Check {
    let deeds: Vec<Act> = stop(0, 0o100).into_iter().map(|(_, deed)| Act::Do(deed)).collect();
    let mut story = Story::new(1, system, &[(ONE, &[Life::of(&deeds)]), (THREE, &[quick()])]);
    let outcome = story.runit();
    same("end", &outcome, &Outcome::Over(End::Power(How::Restart)))?;
    same("stage 2", &story.times("start /etc/runit/2").len(), &0)?;
    // Also if process 1 was awake by then, and slow: it takes in what it is asked and who is dead one
    // after the other.
    for moment in (0..3_000).step_by(20) {
        let orphan = |ms| Act::Fork(Life::of(&[Act::Fork(Life::exits(ms, 0))]));
        let mut acts: Vec<Act> = (0..40).map(|number| orphan(number * 70)).collect();
        acts.push(Act::Pause(moment));
        acts.extend(deeds.clone());
        let mut story = Story::new(1, system, &[(ONE, &[Life::of(&acts)]), (THREE, &[quick()])]);
        story.sim.kernel.faults = Faults { stall: 300, ..Faults::NONE };
        let _ = story.runit();
        same(&format!("stage 2, after {moment} ms"), &story.times("start /etc/runit/2").len(), &0)?;
    }
    Ok(())
}

/// DEV-11: three fingers are asked for again after each request.
fn dev_11(_: Machine) -> Check {
    let keys: Vec<(u64, Deed)> = (1..6).map(|second| (second * 1_000, Deed::Key)).collect();
    let (story, outcome) = boot(NATIVE, &[keys, stop(20_000, 0).to_vec()].concat());
    same("end", &outcome, &Outcome::Over(End::Power(How::PowerOff)))?;
    same("armed", &story.times("armed").len(), &7)?;
    // Without it the second time resets the machine.
    about("ctrlaltdel", &story.times("start /etc/runit/ctrlaltdel"), &[1_000, 5_000])
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

/// When there is no way back to the start, a service with the name of the directory is not taken for it.
fn no_way_home(system: Machine) -> Check {
    let lost = Faults { fchdir: u32::MAX, ..Faults::NONE };
    let mut story = Story::new(9, system, &[]).plan(&[
        (0, Deed::Faults(lost)),
        (2_000, Deed::MakeDirectory("/scan/b")),
        (2_000, Deed::Create("/scan/b/run", 0o755)),
        (20_000, Deed::Faults(Faults::NONE)),
        (30_000, Deed::Signal(Whom::Program, Signal::Terminate)),
    ]);
    story.sim.kernel.directory(b"/scan");
    story.sim.kernel.directory(b"/scan/scan");
    same("end", &story.runsvdir("scan"), &Outcome::Returned(0))?;
    same("killed", &story.times("kill Terminate").len(), &0)?;
    same("starts", &story.times("start runsv").len(), &3)
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

/// The console need not be there, and time passes for who asks.
fn no_console(system: Machine) -> Check {
    let (story, outcome) = boot(system, &[&[(0, Deed::Remove("/dev/console"))][..], &stop(100, 0)].concat());
    same("end", &outcome, &Outcome::Over(End::Power(How::PowerOff)))?;
    let mut sim = story.sim;
    sim.kernel.make(b"/dev/console", Node::Console, 0o600);
    let before = sim.kernel.now();
    same("time", &(sim.now() > before), &true)
}

type Tell = fn(Machine) -> Check;

/// All stories with their names.
pub(crate) const STORIES: [(&str, Tell); 27] = [
    ("runit-init tells why runit does not start", init_without_runit),
    ("DEV-02 power off falls back to halt, then waits", dev_02),
    ("DEV-05 no wake-up on a quiet day", dev_05),
    ("DEV-06 pauses are timers", dev_06),
    ("DEV-07 a request at the end of stage 1", dev_07),
    ("DEV-08 native signals", dev_08),
    ("DEV-08 reboot(8) of the BSDs ends the system", reboot::ends),
    ("DEV-08 reboot(8) of the BSDs fails", reboot::fails),
    ("DEV-08 fsck(8) asks for a restart", reboot::from_stage_1),
    ("DEV-08 a request ends a standstill", reboot::requests),
    ("DEV-11 three fingers are armed again", dev_11),
    ("DEV-25 opendir and fork are retried", dev_25),
    ("DEV-26 timers instead of sleep", dev_26),
    ("DEV-30 the pause is a timer", dev_30),
    ("DEV-38 after a failed fork", dev_38),
    ("the log service gets what was written", log::found_log_pipe),
    ("a log service that ends too early", log::found_log_told_to_end),
    ("a log service that is told to be up at the end", log::found_log_told_to_be_up),
    ("an exit without a new pipe", log::leaves_without_a_pipe),
    ("no way back to the start", no_way_home),
    ("DEV-42 a paused log service", log::dev_42),
    ("no busy loop without a directory", found_busy_without_directory),
    ("a removal that is told before it happens", scan::told_before),
    ("a scan directory that is moved while it is read", scan::moved_away),
    ("a date ahead of the clock", found_date_ahead),
    ("no console", no_console),
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
