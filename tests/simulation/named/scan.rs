//! Stories of runsvdir and what kernels tell of its directory.
use super::{Story, same};
use crate::watched::{Check, locked};
use platform::{Ended, Pid, Signal};
use platform_sim::tree::{Ino, ROOT};
use platform_sim::{Act, Deed, Exec, Fact, Kernel, Life, Machine, Outcome, Sim, Whom, World, args};
use std::sync::{Arc, Mutex};

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
    // Where a rename is told before it happens, it takes up to three times as long here as the program waits.
    let system = Machine { told_before: false, ..system };
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

/// Moves what is above the scan directory while that is read.
struct Mover {
    scans: u32,
    /// What is done in the middle of this scan.
    deeds: Vec<Deed>,
    /// Where a supervisor was started: the directory that was read, not the one that has its name by then.
    places: Arc<Mutex<Vec<Ino>>>,
}

impl World for Mover {
    fn life(&mut self, _: &mut Kernel, exec: &Exec<'_>) -> Life {
        locked(&self.places).push(exec.directory);
        Life::forever()
    }
    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        if let Fact::DirectoryOpened { .. } = fact {
            self.scans += 1;
            if self.scans == 1 {
                self.deeds.drain(..).for_each(|deed| kernel.plan(0, deed));
            }
        }
        match fact {
            Fact::Kill { .. } => Err(format!("a signal: {fact:?}")),
            _ => Ok(()),
        }
    }
}

/// The scan directory, its parent and its parent's parent are renamed, replaced and removed in the middle of a scan:
/// the scan goes on in the directory that it began in.
pub(super) fn moved_away(system: Machine) -> Check {
    let anew = |parent: &'static str, scan: &'static str, service: &'static str| {
        vec![Deed::MakeDirectory(parent), Deed::MakeDirectory(scan), Deed::MakeDirectory(service)]
    };
    let moves: [Vec<Deed>; 4] = [
        vec![Deed::Rename("/p/q/scan", "/p/q/away"), Deed::MakeDirectory("/p/q/scan")],
        [vec![Deed::Rename("/p/q", "/p/r")], anew("/p/q", "/p/q/scan", "/p/q/scan/a")].concat(),
        vec![Deed::Rename("/p", "/r"), Deed::MakeDirectory("/p"), Deed::MakeDirectory("/p/q")],
        vec![Deed::Rename("/p/q/scan", "/s"), Deed::Remove("/p/q"), Deed::Remove("/p")],
    ];
    for deeds in moves {
        for dir in ["/p/q/scan", "p/q/scan"] {
            let places = Arc::default();
            let world = Mover { scans: 0, deeds: deeds.clone(), places: Arc::clone(&places) };
            let mut sim = Sim::new(7, Pid(9), system, Box::new(world));
            let kernel = &mut sim.kernel;
            for dir in ["/bin", "/p", "/p/q", "/p/q/scan", "/p/q/scan/a", "/p/q/scan/b"] {
                kernel.directory(dir.as_bytes());
            }
            kernel.file(b"/bin/runsv", 0o755);
            let scan = kernel.tree.existing(ROOT, b"/p/q/scan", true).unwrap_or(ROOT);
            kernel.plan(90, Deed::Signal(Whom::Program, Signal::Terminate));
            let outcome = sim.run(|sim| runit::runsvdir::main(sim, args(&["runsvdir", dir])));
            same(&format!("{deeds:?}: the end"), &outcome, &Outcome::Returned(0))?;
            same(&format!("{deeds:?}: started in"), &*locked(&places), &vec![scan, scan])?;
        }
    }
    Ok(())
}

/// What writes to the log area goes on when runsvdir has ended: what drains the pipe takes it until the last writer has
/// ended, whatever signals come. Where it could not be forked, the next word is a writer's last.
pub(super) fn writers_outlive_the_log_area(system: Machine) -> Check {
    let word = Act::Write(2, vec![b'x'; 100_000]);
    let hup = Act::Do(Deed::Signal(Whom::Others, Signal::HangUp));
    let life = Life::of(&[Act::Pause(2_000), hup, word.clone(), Act::Pause(2_000), word, Act::Exit(7)]);
    for (fork, last) in [(0, Ended::Exit(7)), (1, Ended::Killed { signal: 13, core: false })] {
        let mut story = Story::new(9, system, &[("runsv", &[life.clone().on(Signal::HangUp, &[])])])
            .plan(&[(1_000, Deed::Signal(Whom::Program, Signal::Terminate))]);
        story.sim.kernel.faults.fork = fork;
        let words = ["runsvdir", "/scan", "log: ..............................."];
        same("end", &story.runsvdir_with(&words), &Outcome::Returned(0))?;
        story.sim.kernel.program_ended();
        let later = story.sim.kernel.now().plus_ms(20_000);
        story.sim.kernel.run_until(later);
        same("the writer's end", &story.times(&format!("died {last:?}")).len(), &1)?;
        // runsvdir, and the drain if there was one.
        same(
            "other ends",
            &story.times(&format!("died {:?}", Ended::Exit(0))).len(),
            &(1 + usize::from(fork == 0)),
        )?;
    }
    Ok(())
}
