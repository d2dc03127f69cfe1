//! A story of a log service that appears later, with each call that may fail failing in turn.
use super::{LOG_RUN, Lives, Story, same};
use crate::watched::Check;
use platform::{Pid, Signal};
use platform_sim::{Act, Deed, Faults, Life, Machine, Outcome, Whom};

/// The first look is at 1 s, with the fault, the next at 2 s, without. What its service writes from then on is read,
/// and nothing that failed is left open.
pub(super) fn appears(system: Machine) -> Check {
    let mut plain = None;
    for (name, faults) in faults() {
        let read = Life::of(&[Act::Do(Deed::Mark(7)), Act::ReadAll(0)]);
        let write = Life::of(&[Act::Write(1, b"a line\n".to_vec()), Act::Pause(1_000)]);
        let lives: Lives<'_> = &[("./run", &[write]), (LOG_RUN, &[read])];
        let mut story = Story::new(9, system, lives).plan(&[
            (500, Deed::MakeDirectory("/service/x/log")),
            (500, Deed::Create("/service/x/log/run", 0o755)),
            (600, Deed::Faults(faults)),
            (1_500, Deed::Faults(Faults::NONE)),
            (5_400, Deed::Signal(Whom::Program, Signal::Terminate)),
        ]);
        same(&format!("{name}: end"), &story.runsv(false), &Outcome::Returned(0))?;
        let begun = story.times("mark 7");
        match begun.as_slice() {
            [first] if (1_000..2_100).contains(first) => {}
            other => return Err(format!("{name}: the log service began at {other:?}")),
        }
        let open = story.sim.kernel.descriptors(Pid(9));
        same(&format!("{name}: descriptors"), &open, plain.get_or_insert(open))?;
        story.sim.kernel.program_ended();
        same(&format!("{name}: bytes lost"), &story.sim.kernel.lost, &0)?;
    }
    Ok(())
}

/// What may fail, by the number of times.
pub(super) fn faults() -> Vec<(String, Faults)> {
    const NONE: Faults = Faults::NONE;
    let mut all = vec![("nothing".to_owned(), NONE), ("full".to_owned(), Faults { full: true, ..NONE })];
    for count in 1..25 {
        for (name, faults) in [
            ("open", Faults { open: count, ..NONE }),
            ("stat", Faults { stat: count, ..NONE }),
            ("make", Faults { make: count, ..NONE }),
            ("readlink", Faults { readlink: count, ..NONE }),
            ("pipe", Faults { pipe: count, ..NONE }),
            ("rename", Faults { rename: count, ..NONE }),
            ("short write", Faults { short_write: count, ..NONE }),
        ] {
            all.push((format!("{name} {count}"), faults));
        }
    }
    all
}
