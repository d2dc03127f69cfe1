//! Stories of runsvdir and what kernels tell of its directory.
use super::{Story, same};
use crate::watched::Check;
use platform::Signal;
use platform_sim::{Act, Deed, Life, Machine, Whom};

/// Seen on OpenBSD: a removal is told before the name is gone. Its service is ended soon all the same, not by the
/// look of five minutes later.
pub(super) fn told_before(system: Machine) -> Check {
    for ms in (5_000..5_400).step_by(10) {
        let mut story = Story::new(9, system, &[]).plan(&[
            (ms, Deed::Rename("/scan/a", "/gone")),
            (ms + 20_000, Deed::Signal(Whom::Program, Signal::Terminate)),
        ]);
        let _ = story.runsvdir("/scan");
        let ended = story.times("kill Terminate");
        let soon = ended.first().is_some_and(|at| *at < ms + 2_200);
        same(&format!("renamed at {ms}, ended soon (at {ended:?})"), &soon, &true)?;
    }
    Ok(())
}

/// ln(1) makes a link under a name of its own and renames it: that name is not the service's.
pub(super) fn passing_name(system: Machine) -> Check {
    for ms in (8_000..8_050).step_by(5) {
        let ln = [
            Act::Do(Deed::Link("/store/b", "/scan/CuXXXX")),
            Act::Do(Deed::Rename("/scan/CuXXXX", "/scan/b")),
        ];
        let mut story = Story::new(9, system, &[]).plan(&[
            (100, Deed::MakeDirectory("/store")),
            (100, Deed::MakeDirectory("/store/b")),
            (100, Deed::Create("/store/b/run", 0o755)),
            (ms, Deed::Begin(Life::of(&ln))),
            (ms + 20_000, Deed::Signal(Whom::Program, Signal::Terminate)),
        ]);
        let _ = story.runsvdir("/scan");
        let names = (story.times("for b").len(), story.times("for CuXXXX").len());
        same(&format!("made at {ms}, its supervisors"), &names, &(1, 0))?;
    }
    Ok(())
}

/// A package is taken out and put in again, its link stays: nothing changes in the scan directory.
pub(super) fn remade_behind_a_link(system: Machine) -> Check {
    // The supervisor holds the old directory, so its number is not free.
    let system = Machine { reuses_numbers: false, ..system };
    for pause in [0, 1, 20, 1_000] {
        let again = 20_000 + pause;
        let mut story = Story::new(9, system, &[]).plan(&[
            (100, Deed::MakeDirectory("/store")),
            (100, Deed::MakeDirectory("/store/b")),
            (100, Deed::Create("/store/b/run", 0o755)),
            (100, Deed::Link("/store/b", "/scan/b")),
            (20_000, Deed::Remove("/store/b")),
            (again, Deed::MakeDirectory("/store/b")),
            (again, Deed::Create("/store/b/run", 0o755)),
            (again + 20_000, Deed::Signal(Whom::Program, Signal::Terminate)),
        ]);
        let _ = story.runsvdir("/scan");
        let (starts, ends) = (story.times("for b"), story.times("kill Terminate"));
        let soon =
            starts.len() == 2 && ends.len() == 1 && starts.last().is_some_and(|at| *at < again + 3_000);
        same(
            &format!("gone for {pause} ms, replaced soon (starts {starts:?}, ends {ends:?})"),
            &soon,
            &true,
        )?;
    }
    Ok(())
}
