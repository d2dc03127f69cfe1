//! Stories of process 1: requests, stages, powers, keys.
use super::{Lives, Story, about, quick, same, stop};
use crate::watched::Check;
use platform::{Clock, Files, How, Request, Signal};
use platform_sim::tree::Node;
use platform_sim::{
    Act, Deed, End, FREEBSD, Faults, Life, Machine, OPENBSD, Outcome, PowerCall, SUNOS, Whom, args,
};

pub(super) const ONE: &str = "/etc/runit/1";
pub(super) const THREE: &str = "/etc/runit/3";

pub(super) fn boot(machine: Machine, deeds: &[(u64, Deed)]) -> (Story, Outcome) {
    let lives: Lives<'_> =
        &[(ONE, &[quick()]), (THREE, &[quick()]), ("/etc/runit/ctrlaltdel", &[Life::exits(3_000, 0)])];
    let mut story = Story::new(1, machine, lives).plan(deeds);
    let outcome = story.runit();
    (story, outcome)
}

/// The BSDs and illumos start process 1 without descriptors: its last words must find the console.
pub(super) fn init_without_runit(_: Machine) -> Check {
    let mut story = Story::new(1, FREEBSD, &[]);
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
pub(super) fn dev_02(system: Machine) -> Check {
    for power in [PowerCall::ReturnsFor(How::PowerOff), PowerCall::FailsFor(How::PowerOff)] {
        let (story, outcome) = boot(Machine { power, ..system }, &stop(1_000, 0));
        same("end", &outcome, &Outcome::Over(End::Power(How::Halt)))?;
        about("power off", &story.times("power PowerOff"), &[1_010])?;
        about("halt", &story.times("power Halt"), &[3_010])?;
    }
    let (story, outcome) = boot(Machine { power: PowerCall::Returns, ..system }, &stop(1_000, 0));
    same("end", &outcome, &Outcome::Over(End::Quiet))?;
    same("halts", &story.times("power Halt").len(), &1)
}

/// DEV-05: sleeps until something happens.
pub(super) fn dev_05(system: Machine) -> Check {
    let day = 86_400_000;
    let deeds =
        [&[(2_000, Deed::Mark(1)), (2_000 + day, Deed::Mark(2))][..], &stop(3_000 + day, 0o100)].concat();
    let (story, outcome) = boot(system, &deeds);
    same("end", &outcome, &Outcome::Over(End::Power(How::Restart)))?;
    let asleep = story.times("sleep").into_iter().filter(|ms| (2_000..2_000 + day).contains(ms)).count();
    same("sleeps on a quiet day", &asleep, &0)
}

/// DEV-06: a pause is a timer; requests and deaths are noticed meanwhile.
pub(super) fn dev_06(system: Machine) -> Check {
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
pub(super) fn dev_08(system: Machine) -> Check {
    for (signal, request) in system.requests {
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
        let (_, outcome) = boot(system, &[(1_000, Deed::Signal(Whom::Program, *signal))]);
        same(&format!("{signal:?}"), &outcome, &Outcome::Over(End::Power(how)))?;
    }
    // One that comes while `ctrlaltdel` runs and the files cannot be written.
    let full = Faults { full: true, ..Faults::NONE };
    let halt = Deed::Signal(Whom::Program, Signal::User1);
    let (story, outcome) = boot(FREEBSD, &[(1_000, Deed::Key), (1_500, Deed::Faults(full)), (2_000, halt)]);
    same("halt on a full disk", &outcome, &Outcome::Over(End::Power(How::Halt)))?;
    about("stage 3 after ctrlaltdel", &story.times("start /etc/runit/3"), &[4_000])?;
    // A restart counts where `reboot` cannot say so; a later request in the files counts more.
    for (later, how) in [(&[][..], How::Restart), (&stop(1_005, 0)[..], How::PowerOff)] {
        let restart = Deed::Signal(Whom::Program, Signal::Arithmetic);
        let deeds = [&[(900, Deed::Faults(full)), (1_000, restart)][..], later].concat();
        let (_, outcome) = boot(SUNOS, &deeds);
        same("restart on a full disk", &outcome, &Outcome::Over(End::Power(how)))?;
    }
    Ok(())
}

/// DEV-07: a request that stage 1 makes with its last breath skips stage 2.
pub(super) fn dev_07(system: Machine) -> Check {
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
pub(super) fn dev_11(_: Machine) -> Check {
    let keys: Vec<(u64, Deed)> = (1..6).map(|second| (second * 1_000, Deed::Key)).collect();
    let (story, outcome) = boot(OPENBSD, &[keys, stop(20_000, 0).to_vec()].concat());
    same("end", &outcome, &Outcome::Over(End::Power(How::PowerOff)))?;
    same("armed", &story.times("armed").len(), &7)?;
    // Without it the second time is lost.
    about("ctrlaltdel", &story.times("start /etc/runit/ctrlaltdel"), &[1_000, 5_000])
}

/// The console need not be there, and time passes for who asks.
pub(super) fn no_console(system: Machine) -> Check {
    let (story, outcome) = boot(system, &[&[(0, Deed::Remove("/dev/console"))][..], &stop(100, 0)].concat());
    same("end", &outcome, &Outcome::Over(End::Power(How::PowerOff)))?;
    let mut sim = story.sim;
    sim.kernel.make(b"/dev/console", Node::Console, 0o600);
    let before = sim.kernel.now();
    same("time", &(sim.now() > before), &true)
}
