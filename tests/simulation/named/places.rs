//! A story of a supervise directory beside its service, with each call of the start failing in turn.
use super::{Story, late_log, same};
use crate::watched::{Check, locked};
use platform::Signal;
use platform_sim::tree::{Node, ROOT};
use platform_sim::{Deed, Faults, Machine, Outcome, Whom};

/// Either the service runs, and its state is where it is looked for, or nothing was started.
pub(super) fn begins(system: Machine) -> Check {
    for (link, place) in [(None, "/service/.supervise"), (Some("/run/places"), "/run/places")] {
        for (name, faults) in late_log::faults() {
            let mut story = Story::new(9, system, &[]).plan(&[
                (100, Deed::Faults(Faults::NONE)),
                (9_000, Deed::Signal(Whom::Program, Signal::Terminate)),
            ]);
            let kernel = &mut story.sim.kernel;
            kernel.directory(b"/service");
            match link {
                None => kernel.directory(b"/service/.supervise"),
                Some(target) => {
                    kernel.directory(b"/run");
                    kernel.make(b"/service/.supervise", Node::Link(target.into()), 0o777)
                }
            };
            kernel.faults = faults;
            let end = story.runsv(false);
            let starts = story.times("start ./run").len();
            let exists = |path: String| story.sim.kernel.tree.existing(ROOT, path.as_bytes(), true).is_ok();
            let (beside, inside) =
                (exists(format!("{place}/x/status")), exists("/service/x/supervise/status".into()));
            match end {
                Outcome::Returned(0) => {
                    same(&format!("{name}: starts"), &starts, &1)?;
                    same(&format!("{name}: one state"), &(beside != inside), &true)?;
                    let warned =
                        |(_, word): &(u64, String)| word.contains("warning: unable to stat .supervise: ");
                    let told = locked(&story.diary).iter().any(warned);
                    same(&format!("{name}: told that it is not beside"), &told, &inside)?;
                }
                Outcome::Returned(111) => {
                    same(&format!("{name}: starts"), &starts, &0)?;
                    let fatal = |(_, word): &(u64, String)| word.contains("fatal: ");
                    same(&format!("{name}: told why"), &locked(&story.diary).iter().any(fatal), &true)?;
                }
                other => return Err(format!("{name}: {other:?}")),
            }
        }
    }
    Ok(())
}
