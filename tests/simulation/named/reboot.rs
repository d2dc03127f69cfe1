//! Stories of reboot(8) and halt(8) of the BSDs, which do all themselves and tell process 1 to stand still.
use super::process_1::{ONE, THREE};
use super::{Story, about, quick, same, stop};
use crate::watched::Check;
use platform::{How, Signal};
use platform_sim::{Act, Deed, End, Life, Machine, Outcome, PowerCall, Whom};

const TWO: &str = "/etc/runit/2";
const HOWS: [How; 3] = [How::Restart, How::Halt, How::PowerOff];

/// A stage 3 that waits until KILL comes, as one that has seen reboot(8) at work would.
fn patient() -> Life {
    Life::of(&[Act::Pause(120_000)])
}

fn begin(ms: u64, first: u64, how: How) -> (u64, Deed) {
    (ms, Deed::Begin(Machine::reboot(first, how)))
}

/// Whichever of them it is, the system ends as it says: with a stage 2 that obeys TERM, one that dies of it and
/// one that ignores it, in stage 3, and while `ctrlaltdel` runs.
pub(super) fn ends(system: Machine) -> Check {
    if !system.stands_still() {
        return Ok(());
    }
    let obeys = Life::forever().on(Signal::Terminate, &[Act::Exit(0)]);
    let ignores = Life::forever().on(Signal::Terminate, &[]);
    for how in HOWS {
        for two in [obeys.clone(), Life::forever(), ignores.clone()] {
            for before in [&[][..], &[(1_990, Deed::Key)], &stop(1_500, 0), &stop(1_990, 0o100)] {
                let lives = [(ONE, [quick()]), (TWO, [two.clone()]), (THREE, [patient()])];
                let lives: Vec<_> = lives.iter().map(|(path, lives)| (*path, &lives[..])).collect();
                let mut story = Story::new(1, system, &lives).plan(before).plan(&[begin(2_000, 0, how)]);
                let outcome = story.runit();
                same(&format!("{how:?} after {before:?}"), &outcome, &Outcome::Over(End::Power(how)))?;
                same("killed", &story.times("kill Kill").iter().filter(|ms| **ms > 2_010).count(), &0)?;
                let late = |path| story.times(path).iter().filter(|ms| **ms > 2_010).count();
                same("started", &(late("start /etc/runit/2") + late("start /etc/runit/3")), &0)?;
            }
        }
    }
    Ok(())
}

/// reboot(2) is refused: HUP says so, and all is as before. What KILL has ended is started again.
pub(super) fn fails(system: Machine) -> Check {
    if !system.stands_still() {
        return Ok(());
    }
    let machine = Machine { power: PowerCall::FailsFor(How::Restart), ..system };
    let lives = [(ONE, [quick()]), (THREE, [quick()])];
    let lives: Vec<_> = lives.iter().map(|(path, lives)| (*path, &lives[..])).collect();
    let deeds = [&[begin(2_000, 500, How::Restart)][..], &stop(30_000, 0)].concat();
    let mut story = Story::new(1, machine, &lives).plan(&deeds);
    same("end", &story.runit(), &Outcome::Over(End::Power(How::PowerOff)))?;
    about("stage 2", &story.times("start /etc/runit/2"), &[10, 14_500])?;
    about("stage 3", &story.times("start /etc/runit/3"), &[30_000])
}

/// The root was repaired in stage 1: the system restarts, and goes through no other stage.
pub(super) fn from_stage_1(system: Machine) -> Check {
    if !system.stands_still() {
        return Ok(());
    }
    let repairs = Life::of(&[Act::Fork(Machine::reboot(0, How::Restart)), Act::Pause(200), Act::Exit(1)]);
    let waits = Life::of(&[Act::Fork(Machine::reboot(0, How::Restart)), Act::Pause(120_000)]);
    for one in [repairs, waits] {
        let mut story = Story::new(1, system, &[(ONE, &[one])]);
        same("end", &story.runit(), &Outcome::Over(End::Power(How::Restart)))?;
        let others = story.times("start /etc/runit/2").len() + story.times("start /etc/runit/3").len();
        same("other stages", &others, &0)?;
    }
    Ok(())
}

/// The program that stopped process 1 may be dead: a request is obeyed all the same, and HUP starts stage 2 again.
pub(super) fn requests(system: Machine) -> Check {
    if !system.stands_still() {
        return Ok(());
    }
    let signal = |ms, signal| (ms, Deed::Signal(Whom::Program, signal));
    let kill = |ms| (ms, Deed::Signal(Whom::Running(TWO), Signal::Kill));
    let lives = [(ONE, [quick()]), (THREE, [quick()])];
    let lives: Vec<_> = lives.iter().map(|(path, lives)| (*path, &lives[..])).collect();
    let still = [signal(1_000, Signal::TerminalStop), kill(2_000)];
    let deeds = [&still[..], &[signal(60_000, Signal::Continue)], &stop(100_000, 0o100)].concat();
    let mut story = Story::new(1, system, &lives).plan(&deeds);
    same("end", &story.runit(), &Outcome::Over(End::Power(How::Restart)))?;
    same("stage 2", &story.times("start /etc/runit/2").len(), &1)?;
    about("stage 3", &story.times("start /etc/runit/3"), &[100_000])?;
    let deeds = [&still[..], &[signal(60_000, Signal::HangUp)], &stop(100_000, 0)].concat();
    let mut story = Story::new(1, system, &lives).plan(&deeds);
    same("end", &story.runit(), &Outcome::Over(End::Power(How::PowerOff)))?;
    about("stage 2", &story.times("start /etc/runit/2"), &[10, 65_000])
}
