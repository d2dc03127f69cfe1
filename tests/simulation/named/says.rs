//! Stories of services whose directories say more.
use super::{Lives, Story, letter, quick, same};
use crate::watched::{Check, locked};
use platform::Signal;
use platform_sim::tree::ROOT;
use platform_sim::{Act, Deed, Faults, Life, Machine, Whom};
use runit::state::{Doing, State};
use runit::status::Want;

const FAILS: &str = "/service/x/finish-fails";
const DELAY: &str = "/service/x/restart-delay";

/// The supervisor is killed then; what it left tells how things stood.
fn until(ms: u64) -> (u64, Deed) {
    (ms, Deed::Signal(Whom::Program, Signal::Kill))
}

fn state(story: &Story) -> Result<State, String> {
    let line = story.sim.kernel.tree.contents(ROOT, b"/service/x/supervise/state");
    line.and_then(State::read).ok_or_else(|| "no state".into())
}

/// Found by the simulation: a second `t`, during `./finish`, made it forget the first, and the end that was asked
/// for counted as the service's own.
pub(super) fn found_asked_twice(system: Machine) -> Check {
    let lives: Lives<'_> = &[("./finish", &[Life::exits(500, 1)])];
    let mut story = Story::new(9, system, lives).plan(&[
        (0, Deed::Create("/service/x/finish", 0o755)),
        (0, Deed::Fill(FAILS, b"1\n")),
        letter(2_000, b't'),
        letter(2_200, b't'),
        until(9_000),
    ]);
    story.runsv(false);
    same("starts", &story.times("start ./run").len(), &2)?;
    same("state", &state(&story)?.doing, &Doing::Run)
}

/// Found by the simulation: one more start that `o` had asked for came after the service had failed.
pub(super) fn found_once_failed(system: Machine) -> Check {
    let lives: Lives<'_> = &[("./run", &[Life::exits(2_000, 1)]), ("./finish", &[Life::exits(500, 1)])];
    let mut story = Story::new(9, system, lives).plan(&[
        (0, Deed::Create("/service/x/finish", 0o755)),
        (0, Deed::Fill(FAILS, b"1\n")),
        letter(2_200, b'o'),
        letter(2_300, b'u'),
        until(9_000),
    ]);
    story.runsv(false);
    same("starts", &story.times("start ./run").len(), &1)?;
    same("state", &state(&story)?.doing, &Doing::Failed)
}

/// What `state` alone says anew is told too: others wait for it. Here it is that one which has failed is down since it was asked to be.
pub(super) fn told_of_state(system: Machine) -> Check {
    let lives: Lives<'_> = &[("./run", &[Life::exits(500, 1)]), ("./finish", &[Life::exits(100, 1)])];
    let mut story = Story::new(9, system, lives).plan(&[
        (0, Deed::Create("/service/x/finish", 0o755)),
        (0, Deed::Fill(FAILS, b"1\n")),
        letter(3_000, b'd'),
        until(4_000),
    ]);
    story.runsv(false);
    let state = state(&story)?;
    same("state", &(state.doing, state.want), &(Doing::Down, Want::Down))?;
    same("told", &story.times("rename status").iter().any(|ms| *ms >= 3_000), &true)
}

/// Found by the simulation: `state` told of a start that had failed, and before the first start of one that was
/// put off by the age of the system.
pub(super) fn found_next_start(system: Machine) -> Check {
    for (ms, seconds) in [(4_000, 5), (6_000, 10)] {
        let mut story = Story::new(9, system, &[]).plan(&[(0, Deed::Fill(DELAY, b"2500\n")), until(ms)]);
        story.sim.kernel.faults = Faults { fork: u32::MAX, ..Faults::NONE };
        story.runsv(false);
        let state = state(&story)?;
        let next = state.next.map(|next| next.secs - state.since.secs);
        same("next start", &next, &Some(seconds))?;
    }
    // It ended while a control script ran for it.
    let lives: Lives<'_> = &[("control/h", &[Life::exits(500, 0)])];
    let mut story = Story::new(9, system, lives).plan(&[
        (0, Deed::Fill(DELAY, b"2500\n")),
        (0, Deed::Create("/service/x/control/h", 0o755)),
        letter(1_000, b'h'),
        (1_100, Deed::Signal(Whom::In("/service/x", "./run"), Signal::Kill)),
        until(2_200),
    ]);
    story.runsv(false);
    same("state", &state(&story)?.doing, &Doing::PausedStart)
}

/// What a start costs: calls of the platform from one start of `./run` that ends at once to the next. Two of them
/// open, overwrite and close `state`; of the others one is there for what the directory may say beyond runit.
pub(super) fn calls_of_a_start(system: Machine) -> Check {
    let made = |files: &[(u64, Deed)], ms| {
        let lives: Lives<'_> = &[("./run", &[quick()])];
        let mut story = Story::new(9, system, lives).plan(files).plan(&[until(ms)]);
        story.runsv(false);
        story.sim.kernel.made
    };
    let costs = |files: &[(u64, Deed)]| made(files, 21_500) - made(files, 20_500);
    let none = costs(&[]);
    same("calls of a start", &none, &CALLS)?;
    // Each file that is there is opened, read and closed.
    let limit = (0, Deed::Fill("/service/x/restart-limit", b"32 1\n"));
    same("calls of a start with a file", &costs(&[limit]), &(CALLS + 3))
}

/// In the order they come in: wait, clock, reap, one letter, clock, `./finish`, clock; `state` (3), `pid` (3: it is
/// empty), `stat` (4), `status` (4); reap; wait, clock, the directory, `control/u`, fork, clock; `state` (3), `pid`,
/// `stat` and `status` (4 each).
const CALLS: u64 = 43;

/// `./run` may look for its own number: `pid` is the first that tells of it. What a life before left in `pid` is gone
/// before anybody can ask, and a log service is told of before there is anything to log.
pub(super) fn told_first(system: Machine) -> Check {
    let mut story = Story::new(9, system, &[]).plan(&[letter(1_500, b't'), until(3_000)]);
    story.sim.kernel.file(b"/service/x/log/supervise/pid", 0o644);
    story.sim.kernel.file(b"/service/x/supervise/pid", 0o644);
    story.runsv(true);
    let diary = locked(&story.diary);
    let words = diary.iter().filter_map(|(_, word)| {
        let named = ["rename ", "write ", "start "].iter().find_map(|verb| word.strip_prefix(verb))?;
        Some(if word.starts_with("write") { "line" } else { named })
    });
    let words: Vec<&str> = words.collect();
    let (plain, first) = (["pid", "stat", "status"], ["./run", "pid", "stat", "line", "state", "status"]);
    // While `./run` has been sent TERM its number is the same; it is replaced where it was.
    let again = ["stat", "line", "status", "./run", "pid", "stat", "line", "status"];
    same("what is told", &words, &[plain.as_slice(), &plain, &first, &first, &again].concat())
}

/// Each newline is read at once, whoever of the service's processes says it, and none counts for the next start.
pub(super) fn newlines(system: Machine) -> Check {
    let fill = (0, Deed::Fill("/service/x/notification-fd", b"5\n"));
    let says = Act::Write(5, b"\n".to_vec());
    let child = |ms| Act::Fork(Life::of(&[Act::Pause(ms), says.clone(), Act::Forever]));
    for (first, ready) in [
        (Life::of(&[Act::Pause(500), says.clone(), Act::Forever]), true),
        (Life::of(&[child(500), Act::Forever]), true),
        (Life::of(&[child(5_000), Act::Forever]), false),
        (Life::of(&[Act::CloseAllBut(vec![0, 1, 2]), says.clone(), Act::Forever]), false),
        // The newline comes from a child of the start before.
        (Life::of(&[child(2_500), Act::Pause(1_500), Act::Exit(0)]), false),
    ] {
        let lives: Lives<'_> = &[("./run", &[first, Life::forever()])];
        let mut story = Story::new(9, system, lives).plan(&[fill.clone(), until(4_000)]);
        story.runsv(false);
        same("ready", &state(&story)?.ready, &Some(ready))?;
    }
    Ok(())
}

/// Found by the simulation: the clock was set back after the service had gone down, and a directory that had changed a
/// moment ago seemed to be at rest since long before.
pub(super) fn found_set_back(system: Machine) -> Check {
    // The dates of files are whole seconds: one look before the change and one after it, in the same second.
    let system = Machine { granule: 1_000_000_000, ..system };
    let lives: Lives<'_> = &[("./run", &[Life::forever(), Life::exits(400, 0)])];
    let mut story = Story::new(9, system, lives).plan(&[
        letter(1_000, b'd'),
        (3_000, Deed::Step(-100)),
        (10_000, Deed::Fill(FAILS, b"1\n")),
        letter(10_100, b'u'),
        (10_200, Deed::Fill("/service/x/oneshot", b"")),
        until(24_000),
    ]);
    story.runsv(false);
    super::about("starts", &story.times("start ./run"), &[0, 10_100, 11_100])?;
    same("state", &state(&story)?.doing, &Doing::Done)
}

/// A newline is heard at once, whatever happens to the service meanwhile.
pub(super) fn newlines_in_every_state(system: Machine) -> Check {
    let says = Life::of(&[Act::Pause(1_500), Act::Write(5, b"\n".to_vec()), Act::Forever]);
    let run = Life::of(&[Act::Fork(says), Act::Forever]).on(Signal::Terminate, &[]);
    let killed = (1_000, Deed::Fill("/service/x/timeout-kill", b"60000\n"));
    for deed in [
        letter(1_000, b'p'),
        letter(1_000, b'd'),
        letter(1_000, b'x'),
        letter(1_000, b'o'),
        letter(1_000, b't'),
        // Its script takes its time.
        letter(1_000, b'h'),
        (1_000, Deed::Signal(Whom::Program, Signal::Terminate)),
        (1_000, Deed::Step(-5_000)),
        killed,
    ] {
        let lives: Lives<'_> = &[("./run", std::slice::from_ref(&run)), ("control/h", &[Life::forever()])];
        let mut story = Story::new(9, system, lives).plan(&[
            (0, Deed::Fill("/service/x/notification-fd", b"5\n")),
            (0, Deed::Create("/service/x/control/h", 0o755)),
            deed.clone(),
            until(1_600),
        ]);
        story.runsv(false);
        same(&format!("ready, {deed:?}"), &state(&story)?.ready, &Some(true))?;
    }
    Ok(())
}

/// KILL is sent again until it was heard: it may be lost, and what waits for a disk does not hear it either. Nothing
/// more is sent to a service that is wanted again.
pub(super) fn kills_until_it_is_gone(system: Machine) -> Check {
    let lost = |first: u64| if system.exec_loses { vec![first, first + 1_000] } else { vec![first] };
    let deaf = |acts: &[Act]| Life::of(acts).on(Signal::Terminate, &[]);
    let executes = |before| deaf(&[Act::Pause(before), Act::Execute(500), Act::Forever]);
    let hangs = deaf(&[Act::Pause(1_000), Act::Hang(3_500), Act::Forever]);
    let exits = Life::exits(0, 1);
    let kill = [letter(900, b'd')];
    let again = [letter(900, b'd'), letter(1_300, b'u')];
    for (run, finish, letters, kills) in [
        (executes(1_000), &exits, &kill[..], lost(1_200)),
        (executes(1_000), &exits, &again[..], vec![1_200]),
        (exits.clone(), &executes(0), &[], lost(300)),
        (hangs, &exits, &kill[..], vec![1_200, 2_200, 3_200, 4_200]),
    ] {
        let lives: Lives<'_> =
            &[("./run", &[run, Life::forever()]), ("./finish", &[finish.clone(), Life::forever()])];
        let mut story = Story::new(9, system, lives).plan(&[
            (0, Deed::Create("/service/x/finish", 0o755)),
            (0, Deed::Fill("/service/x/timeout-kill", b"300\n")),
            (0, Deed::Fill("/service/x/timeout-finish", b"300\n")),
        ]);
        story = story.plan(letters).plan(&[until(5_000)]);
        story.runsv(false);
        let told = story.times("kill Kill");
        let told: Vec<u64> = told.into_iter().filter(|ms| *ms < 4_990).collect();
        super::about(&format!("KILL, {letters:?}"), &told, &kills)?;
    }
    Ok(())
}
