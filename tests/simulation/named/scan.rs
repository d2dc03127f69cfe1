//! Stories of runsvdir and what kernels tell of its directory.
use super::{Story, same};
use crate::watched::Check;
use platform::Signal;
use platform_sim::{Deed, Machine, Whom};

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
