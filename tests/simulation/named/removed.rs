//! Stories of a directory that is removed while a program is in it.
use super::{Lives, Story, about, same};
use crate::watched::Check;
use platform::Signal;
use platform_sim::{Deed, Life, Machine, Outcome, Whom};

/// DEV-43: a supervisor whose service directory was removed ends when it is to start `./run` again, for one of
/// the new directory to take its place. On OpenBSD there is no `.` any more that it could look at.
pub(super) fn dev_43(system: Machine) -> Check {
    let lives: Lives<'_> = &[("./run", &[Life::forever()])];
    let mut story = Story::new(9, system, lives).plan(&[
        (2_000, Deed::Remove("/service/x")),
        (3_000, Deed::Signal(Whom::Running("./run"), Signal::Kill)),
        (9_000, Deed::Mark(1)),
        (10_000, Deed::Signal(Whom::Program, Signal::Terminate)),
    ]);
    same("end", &story.runsv(false), &Outcome::Returned(0))?;
    // The second of them finds no script.
    about("starts", &story.times("start ./run"), &[0, 3_000])?;
    same("gone before", &story.times("mark 1").len(), &0)
}
