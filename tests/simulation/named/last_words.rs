//! What a process says before its end is heard before that.
use super::{CONTROL, Lives, Story, same};
use crate::watched::Check;
use platform::Signal;
use platform_sim::{Act, Deed, Faults, Life, Machine, Whom};

/// Found by a machine under load: `./finish` said `d` and ended between the look at the FIFO and the look for dead
/// children, and `./run` was started once more.
pub(super) fn of_finish(system: Machine) -> Check {
    let run = Life::exits(1_500, 0);
    let finish = Life::of(&[Act::Do(Deed::Send(CONTROL, b"d".to_vec()))]);
    let lives: Lives<'_> = &[("./run", &[run]), ("./finish", &[finish])];
    for seed in 0..400 {
        let mut story = Story::new(9, system, lives).plan(&[
            (10, Deed::Create("/service/x/finish", 0o755)),
            (8_000, Deed::Signal(Whom::Program, Signal::Terminate)),
        ]);
        story.sim.kernel.random = platform_sim::Random::new(seed);
        story.sim.kernel.faults = Faults { stall: 30, ..Faults::NONE };
        let _ = story.runsv(false);
        same(&format!("seed {seed}: starts of ./run"), &story.times("start ./run").len(), &1)?;
    }
    Ok(())
}
