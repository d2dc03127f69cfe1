//! Stories of a log service at the end: what its service wrote last is not lost.
use super::{LOG_RUN, Lives, Story, letter, same};
use crate::watched::Check;
use platform::Signal;
use platform_sim::{Act, Deed, Faults, Life, Machine, Outcome, Whom};
use std::slice::from_ref;

/// Found by the simulation: what the service wrote last went down with the old pipe when the log
/// service could not be forked at an exit that was taken back.
pub(super) fn found_log_pipe(system: Machine) -> Check {
    let read = Life::of(&[Act::ReadAll(0)]);
    let write = Life::of(&[Act::Write(1, b"last words\n".to_vec()), Act::Forever]);
    // The log service is the first to be started, and dies before it reads.
    let lives: Lives<'_> = &[("./run", &[write]), (LOG_RUN, &[read])];
    let fork = Faults { fork: u32::MAX, ..Faults::NONE };
    let mut story = Story::new(9, system, lives).plan(&[
        (1_900, Deed::Faults(fork)),
        (2_000, Deed::Signal(Whom::In("/service/x/log", "./run"), Signal::Kill)),
        letter(3_000, b'x'),
        (3_500, Deed::Faults(Faults::NONE)),
        letter(4_000, b'u'),
        (30_000, Deed::Signal(Whom::Program, Signal::Terminate)),
        (40_000, Deed::Signal(Whom::Others, Signal::Kill)),
    ]);
    story.sim.kernel.faults = Faults { fork: 1, ..Faults::NONE };
    let _ = story.runsv(true);
    same("bytes lost", &story.sim.kernel.lost, &0)
}

/// Found by the lossless suite: what was in the pipe went down with it when the log service was told
/// to end just before its supervisor was.
pub(super) fn found_log_told_to_end(system: Machine) -> Check {
    let write = Life::of(&[Act::Write(1, b"last words\n".to_vec()), Act::Forever]);
    let busy = Life::of(&[Act::Pause(2_500)]);
    // In the second story it never reads: it has one more start, not many.
    for (last, lost) in [(Life::of(&[Act::ReadAll(0)]), 0), (Life::exits(10, 0), 11)] {
        let lives: Lives<'_> = &[("./run", from_ref(&write)), (LOG_RUN, &[busy.clone(), last])];
        let mut story = Story::new(9, system, lives).plan(&[letter(2_000, b'x')]);
        same("end", &story.runsv(true), &Outcome::Returned(0))?;
        same("starts", &story.times("start ./run").len(), &3)?;
        story.sim.kernel.program_ended();
        same("bytes lost", &story.sim.kernel.lost, &lost)?;
    }
    Ok(())
}

/// The same when somebody told the log service to be up meanwhile; it has one more start for each time.
pub(super) fn found_log_told_to_be_up(system: Machine) -> Check {
    let write = Life::of(&[Act::Write(1, b"last words\n".to_vec()), Act::Forever]);
    let busy = Life::of(&[Act::Pause(2_500)]);
    for (lives, starts, lost) in [
        (&[busy.clone(), Life::of(&[Act::ReadAll(0)])][..], 3, 0),
        (&[busy.clone(), Life::exits(1_000, 0), Life::exits(10, 0)], 4, 11),
    ] {
        let up = |ms| (ms, Deed::Send("/service/x/log/supervise/control", vec![b'u']));
        let lives: Lives<'_> = &[("./run", from_ref(&write)), (LOG_RUN, lives)];
        let mut story = Story::new(9, system, lives).plan(&[letter(2_000, b'x'), up(2_200), up(3_000)]);
        same("end", &story.runsv(true), &Outcome::Returned(0))?;
        same("starts", &story.times("start ./run").len(), &starts)?;
        story.sim.kernel.program_ended();
        same("bytes lost", &story.sim.kernel.lost, &lost)?;
    }
    Ok(())
}

/// An exit that was taken back is asked for again while there can be no new pipe.
pub(super) fn leaves_without_a_pipe(system: Machine) -> Check {
    let write = Life::of(&[Act::Write(1, b"last words\n".to_vec()), Act::Forever]);
    let busy = Life::of(&[Act::Pause(4_500)]);
    let lives: Lives<'_> = &[("./run", &[write]), (LOG_RUN, &[busy, Life::of(&[Act::ReadAll(0)])])];
    let none = Faults { pipe: u32::MAX, ..Faults::NONE };
    let mut story = Story::new(9, system, lives).plan(&[
        letter(2_000, b'x'),
        (2_500, Deed::Faults(none)),
        letter(3_000, b'u'),
        letter(4_000, b'x'),
        (4_600, Deed::Mark(1)),
    ]);
    same("end", &story.runsv(true), &Outcome::Returned(0))?;
    same("gone before", &story.times("mark 1").len(), &0)?;
    story.sim.kernel.program_ended();
    same("bytes lost", &story.sim.kernel.lost, &0)
}

/// DEV-42: a log service that was paused finds the end of its input all the same.
pub(super) fn dev_42(system: Machine) -> Check {
    let write = Life::of(&[Act::Write(1, b"last words\n".to_vec()), Act::Forever]);
    let read = Life::of(&[Act::Pause(1_000), Act::ReadAll(0)]);
    let mut story = Story::new(9, system, &[("./run", &[write]), (LOG_RUN, &[read])]).plan(&[
        (500, Deed::Send("/service/x/log/supervise/control", vec![b'p'])),
        letter(5_000, b'x'),
        (9_000, Deed::Mark(1)),
    ]);
    same("end", &story.runsv(true), &Outcome::Returned(0))?;
    // To the service after its TERM, then to the log service.
    same("continued", &story.times("kill Continue").len(), &2)?;
    same("gone before", &story.times("mark 1").len(), &0)?;
    story.sim.kernel.program_ended();
    same("bytes lost", &story.sim.kernel.lost, &0)
}
