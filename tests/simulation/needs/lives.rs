//! What the programs of the services do.
use super::rules::SAYS;
use platform::Signal;
use platform_sim::{Act, Deed, Life, Random};

/// `./run`: when it says that it is ready, and how it ends.
pub(super) fn run(random: &mut Random, pid: i32, oneshot: bool, calm: bool) -> Life {
    let says = [Act::Do(Deed::Mark(SAYS + pid.unsigned_abs())), Act::Write(3, b"\n".to_vec())];
    let mut acts = Vec::new();
    if calm {
        acts.push(Act::Pause(random.below(400)));
        acts.extend(says);
        acts.extend([Act::Pause(20), if oneshot { Act::Exit(0) } else { Act::Forever }]);
        return Life { acts, on: Vec::new() };
    }
    if random.chance(80) {
        acts.push(Act::Pause(if random.chance(50) { random.below(20) } else { random.below(1_500) }));
        acts.extend(says);
    }
    match random.below(10) {
        0..=2 => acts.extend([Act::Pause(random.below(3_000)), Act::Exit(random.below(2) as u8)]),
        3 => acts.push(Act::Exit(u8::from(random.chance(30)))),
        4 => return Life { acts, on: Vec::new() }.on(Signal::Terminate, &[]),
        5 | 6 if !oneshot => {
            acts.push(Act::Forever);
            let slow = [Act::Pause(random.below(3_000)), Act::Exit(0)];
            return Life { acts, on: Vec::new() }.on(Signal::Terminate, &slow);
        }
        _ if oneshot => acts.push(Act::Exit(0)),
        _ => acts.push(Act::Forever),
    }
    Life { acts, on: Vec::new() }
}
