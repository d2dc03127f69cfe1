//! Stories of what a killed supervisor has left behind.
use super::{Story, about, same};
use crate::runsv::{self, DIR};
use crate::watched::Check;
use platform::Signal;
use platform_sim::tree::Node;
use platform_sim::{Act, Deed, Finds, Life, Machine, Outcome, Whom, args};

/// runsv and `./run` were killed, and a process that ignores TERM is left: where it is known for the service's, it gets
/// KILL before `./run` starts. A process group without its leader may be anybody's.
pub(super) fn crowd(system: Machine) -> Check {
    for leads in [true, false] {
        let stubborn = |acts: &[Act]| Life::of(acts).on(Signal::Terminate, &[]);
        let rest = Act::Fork(stubborn(&[Act::Forever]));
        let mut story =
            Story::new(9, system, &[]).plan(&[(9_000, Deed::Signal(Whom::Program, Signal::Terminate))]);
        let kernel = &mut story.sim.kernel;
        runsv::directory(kernel, false);
        kernel.directory(b"/service/x/supervise");
        for (path, text) in [("contain", &b""[..]), ("supervise/contained", b"9 50\n")] {
            kernel.make(format!("{DIR}/{path}").as_bytes(), Node::File(text.to_vec()), 0o644);
        }
        kernel.leave_contained(stubborn(&[rest, if leads { Act::Forever } else { Act::Exit(1) }]));
        let until = kernel.now().plus_ms(1_000);
        kernel.run_until(until);
        same(
            "end",
            &story.sim.run(|sim| runit::runsv::main(sim, args(&["runsv", DIR]))),
            &Outcome::Returned(0),
        )?;
        let found = match system.finds {
            Finds::Left => true,
            Finds::Led => leads,
            Finds::Nothing => false,
        };
        // So long it was asked to end before.
        about("start", &story.times("start ./run"), &[if found { 2_000 } else { 1_000 }])?;
        let left = story.sim.kernel.others().any(|process| process.ended.is_none());
        same("left", &left, &!found)?;
    }
    Ok(())
}
