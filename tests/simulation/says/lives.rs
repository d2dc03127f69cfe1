//! What the programs of such a service do.
use super::model::Model;
use platform::{Procs, SIGNALS, Signal};
use platform_sim::{Act, Deed, Life, Random, Sim};

/// A mark of this number and more: the process of the start that is counted on from here says a newline now.
pub(super) const SAYS: u32 = 1000;

/// How many milliseconds before something: often a moment.
fn pause(random: &mut Random, most: u64) -> Act {
    Act::Pause(if random.chance(40) { random.below(20) } else { random.below(most) })
}

/// `./run`: what it says, and how it ends.
pub(super) fn run(random: &mut Random, model: &Model, calm: bool) -> Life {
    let fd = model.said.notification.unwrap_or(3);
    let says = Act::Do(Deed::Mark(SAYS + model.starts));
    let write = |text: &[u8]| Act::Write(fd, text.to_vec());
    if calm {
        let end = if model.said.oneshot && random.chance(60) { Act::Exit(0) } else { Act::Forever };
        return Life::of(&[pause(random, 500), says, write(b"\n"), Act::Pause(50), end]);
    }
    let mut acts = Vec::new();
    match random.below(12) {
        0 | 1 => acts.extend([says, write(b"\n")]),
        2 | 3 => acts.extend([pause(random, 2_000), says, write(b"up\n")]),
        4 => acts.extend([
            write(b"i am "),
            pause(random, 800),
            write(b"he"),
            pause(random, 300),
            says,
            write(b"re\n"),
        ]),
        // It goes on after its newline, into a pipe that nobody reads.
        5 => acts.extend([says, write(b"\n\n"), pause(random, 300), write(b"again\n")]),
        6 => acts.extend([Act::CloseAllBut([0, 1, 2].to_vec()), pause(random, 300), write(b"\n")]),
        7 => {
            for _ in 0..10 + random.below(40) {
                acts.extend([write(&[b'x'; 150]), Act::Pause(random.below(8))]);
            }
        }
        8 | 9 => {
            let mut late = vec![pause(random, 3_000)];
            if random.chance(60) {
                late.extend([says, write(b"\n")]);
            }
            late.push(if random.chance(50) { Act::Forever } else { Act::Exit(0) });
            acts.push(Act::Fork(Life::of(&late)));
        }
        _ => {}
    }
    // It may say what its supervisor does next.
    if random.chance(4) {
        acts.push(Act::Do(Deed::Send(
            super::CONTROL,
            vec![[b'd', b't', b'u', b'o'][random.below(4) as usize]],
        )));
    }
    let code = [0, 0, 0, 1, 1, 100, 111, 125][random.below(8) as usize];
    match random.below(10) {
        0..=2 => acts.push(Act::Exit(code)),
        3 | 4 => acts.extend([pause(random, 3_000), Act::Exit(code)]),
        5 => acts.extend([pause(random, 300), Act::Raise(Signal::Quit)]),
        _ => acts.push(Act::Forever),
    }
    ends(random, Life { acts, on: Vec::new() }, model)
}

/// How it takes being asked to end.
fn ends(random: &mut Random, life: Life, model: &Model) -> Life {
    let down = |signal: &Signal| Sim::signal_number(*signal) == model.said.down();
    let asked = SIGNALS.into_iter().find(down).unwrap_or(Signal::Terminate);
    match random.below(6) {
        0 | 1 => life.on(asked, &[]),
        2 => life.on(asked, &[Act::Pause(random.below(2_000)), Act::Exit(random.below(2) as u8)]),
        3 => life.on(Signal::Terminate, &[]).on(Signal::Interrupt, &[Act::Exit(0)]),
        _ => life,
    }
}

/// `./run` of the log service.
pub(super) fn log(random: &mut Random, model: &Model, calm: bool) -> Life {
    let reads = Life::of(&[Act::ReadAll(0)]);
    if calm {
        return reads.on(Signal::Terminate, &[]);
    }
    match random.below(8) {
        0 | 1 => Life::exits(random.below(1_500), random.below(2) as u8),
        2 => Life::exits(0, 0),
        _ => ends(random, reads, model),
    }
}

/// `./finish`.
pub(super) fn finish(random: &mut Random, model: &Model, calm: bool) -> Life {
    let fails = model.said.finish_fails.unwrap_or(125);
    if calm {
        return Life::exits(random.below(50), if random.chance(10) { fails } else { 77 });
    }
    match random.below(10) {
        0 | 1 => Life::forever().on(Signal::Terminate, &[]),
        2 => Life::exits(random.below(2_000), fails),
        3 => Life::of(&[Act::Raise(Signal::Kill)]),
        4 | 5 => Life::exits(random.below(100), fails),
        _ => Life::exits(random.below(200), random.below(4) as u8),
    }
}

/// A control script.
pub(super) fn script(random: &mut Random, calm: bool) -> Life {
    match random.below(10) {
        _ if calm => Life::exits(random.below(50), 0),
        0..=2 => Life::forever(),
        3 => Life::exits(random.below(1_500), 0),
        4 => Life::of(&[Act::Raise(Signal::Quit)]),
        5 | 6 => Life::exits(random.below(50), 1),
        _ => Life::exits(random.below(50), 0),
    }
}
