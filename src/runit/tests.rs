//! The tables of the specification.
use super::machine::{Machine, PAUSE, RESTART_REFUSED};
use super::words::{Action, Actions, Answer, Ending, Event, Message as M, Outcome, Program, Stage, State};
use Program::CtrlAltDel as KEY;
use platform::{How, Instant};

const NOW: Instant = Instant(1_000_000_000);
pub(super) const OUTCOMES: [Outcome; 5] =
    [Outcome::Exit(0), Outcome::Exit(1), Outcome::Exit(100), Outcome::Exit(111), Outcome::Crash];

fn stage(stage: Stage) -> Program {
    Program::Stage(stage)
}

/// What a machine asks for at once, before any answer.
fn step(machine: &mut Machine, event: Event, now: Instant) -> Vec<Action> {
    let mut actions = Actions::new();
    machine.step(event, now, &mut actions);
    std::iter::from_fn(|| actions.take()).collect()
}

fn answer(machine: &mut Machine, answer: Answer) -> Vec<Action> {
    let mut actions = Actions::new();
    machine.answer(answer, NOW, &mut actions);
    std::iter::from_fn(|| actions.take()).collect()
}

/// What it does when its moment has come.
fn due(machine: &mut Machine) -> Vec<Action> {
    machine.until().map_or(vec![], |until| step(machine, Event::Time, until))
}

/// A machine led by events, all at the same moment.
fn at(events: &[Event]) -> Machine {
    let mut machine = Machine::new();
    answer(&mut machine, Answer::Caught { again: false });
    for event in events {
        step(&mut machine, *event, NOW);
    }
    machine
}

const OK: Event = Event::StageEnded(Outcome::Exit(0));
const STOP: Event = Event::Stop(How::PowerOff);
const REBOOT: Event = Event::Stop(How::Restart);
const FINGERS: Event = Event::Key;
const KEY_DONE: Event = Event::KeyEnded { crash: false, stopit: false };

/// The table "End of a stage process".
#[test]
fn ends_of_stages() {
    let (one, two, three) = (stage(Stage::One), stage(Stage::Two), stage(Stage::Three));
    let (say, start) = (Action::Say, Action::Start);
    for outcome in OUTCOMES {
        let how_it_ended = |which: Stage| match outcome {
            Outcome::Exit(0) => vec![],
            Outcome::Exit(_) => vec![say(M::Failed(which))],
            Outcome::Crash => vec![say(M::Crashed(stage(which)))],
        };
        let mut wanted = how_it_ended(Stage::One);
        wanted.push(say(M::Leave(one)));
        wanted.extend(match outcome {
            Outcome::Exit(100) | Outcome::Crash => vec![say(M::Skipping), start(three)],
            Outcome::Exit(_) => vec![start(two)],
        });
        assert_eq!(step(&mut at(&[]), Event::StageEnded(outcome), NOW), wanted);

        let mut wanted = how_it_ended(Stage::Two);
        let again = matches!(outcome, Outcome::Exit(111) | Outcome::Crash);
        wanted.extend(match again {
            true => [say(M::Killing), Action::KillGroup],
            false => [say(M::Leave(two)), start(three)],
        });
        let mut machine = at(&[OK]);
        assert_eq!(step(&mut machine, Event::StageEnded(outcome), NOW), wanted);
        if again {
            assert_eq!(machine.until(), Some(NOW.plus_ms(5_000)));
            assert_eq!(due(&mut machine), [say(M::Restarting), start(two)]);
        }

        let mut wanted = how_it_ended(Stage::Three);
        wanted.extend([say(M::Leave(three)), say(M::KillAll), Action::KillAll, Action::Decide]);
        assert_eq!(step(&mut at(&[OK, OK]), Event::StageEnded(outcome), NOW), wanted);
    }
}

#[test]
fn a_stop_in_stage_two() {
    let mut machine = at(&[OK]);
    assert_eq!(step(&mut machine, STOP, NOW), [Action::ResetStopit, Action::Terminate]);
    assert_eq!(machine.until(), Some(NOW.plus_ms(5_000)));
    assert_eq!(due(&mut machine), [Action::Say(M::SendingKill), Action::Kill]);
    assert_eq!(machine.until(), None, "KILL needs no patience");
    let left = [Action::Say(M::Leave(stage(Stage::Two))), Action::Start(stage(Stage::Three))];
    assert_eq!(step(&mut machine, Event::StageEnded(Outcome::Crash), NOW), left);
    let mut obedient = at(&[OK, STOP]);
    assert_eq!(step(&mut obedient, Event::StageEnded(Outcome::Crash), NOW), left);
}

/// DEV-06: a stop in the pause before stage 2 starts again does not wait for it.
#[test]
fn a_stop_in_the_pause() {
    let mut machine = at(&[OK, Event::StageEnded(Outcome::Crash)]);
    let to_three = [Action::ResetStopit, Action::Say(M::Skipping), Action::Start(stage(Stage::Three))];
    assert_eq!(step(&mut machine, STOP, NOW), to_three);
    assert_eq!(machine.until(), None);
    let mut machine = at(&[OK]);
    answer(&mut machine, Answer::Started(false));
    assert_eq!(step(&mut machine, STOP, NOW), to_three);
}

/// DEV-07: what is asked for in stage 1 happens when it ends, and a restart stays one though
/// stage 1 resets `reboot`.
#[test]
fn requests_in_stage_one() {
    let skipped = |middle: &[Action]| {
        let mut all = vec![Action::Say(M::Leave(stage(Stage::One))), Action::Say(M::Skipping)];
        all.extend(middle);
        all.push(Action::Start(stage(Stage::Three)));
        all
    };
    assert_eq!(step(&mut at(&[STOP]), OK, NOW), skipped(&[Action::ResetStopit]));
    assert_eq!(step(&mut at(&[REBOOT]), OK, NOW), skipped(&[Action::ResetStopit, Action::SetReboot]));
    assert_eq!(step(&mut at(&[REBOOT, STOP]), OK, NOW), skipped(&[Action::ResetStopit]), "the last counts");

    let mut machine = at(&[FINGERS]);
    let key = [Action::Say(M::Leave(stage(Stage::One))), Action::Say(M::CtrlAltDel), Action::Start(KEY)];
    assert_eq!(step(&mut machine, OK, NOW), key);
    let on = [Action::Say(M::Leave(KEY)), Action::Start(stage(Stage::Two))];
    assert_eq!(step(&mut machine, KEY_DONE, NOW), on, "a script that does not ask for a stop");
    let mut machine = at(&[FINGERS, OK]);
    let end = Event::KeyEnded { crash: false, stopit: true };
    let off = [Action::ResetStopit, Action::Say(M::Skipping), Action::Start(stage(Stage::Three))];
    assert_eq!(step(&mut machine, end, NOW)[1..], off);
}

/// DEV-09: stage 2 may end while `ctrlaltdel` runs; what follows waits for it.
#[test]
fn ctrl_alt_del() {
    let mut machine = at(&[OK]);
    assert_eq!(step(&mut machine, FINGERS, NOW), [Action::Say(M::CtrlAltDel), Action::Start(KEY)]);
    assert_eq!(step(&mut machine, FINGERS, NOW), [], "it runs already");
    let mut beside = machine;
    assert_eq!(step(&mut beside, KEY_DONE, NOW), [Action::Say(M::Leave(KEY))]);
    assert_eq!(beside.state, State::Two);
    let crashed = Event::KeyEnded { crash: true, stopit: true };
    assert_eq!(
        step(&mut machine.clone(), crashed, NOW),
        [Action::Say(M::Crashed(KEY)), Action::Say(M::Leave(KEY)), Action::ResetStopit, Action::Terminate]
    );
    step(&mut machine, Event::StageEnded(Outcome::Crash), NOW);
    assert_eq!(machine.until(), None, "nothing starts beside ctrlaltdel");
    step(&mut machine, KEY_DONE, NOW);
    assert_eq!((machine.state, machine.until()), (State::Restarts, Some(NOW.plus_ms(5_000))));
}

/// DEV-01 and DEV-02.
#[test]
fn the_end() {
    let end = |reboot, call| {
        let mut machine = at(&[OK, OK, OK]);
        answer(&mut machine, Answer::Decided(reboot));
        let said = answer(&mut machine, Answer::Called(Some(call)));
        let mut later = at(&[OK, OK, OK]);
        answer(&mut later, Answer::Decided(reboot));
        answer(&mut later, Answer::Called(None));
        assert_eq!((step(&mut later, Event::PowerEnded(call), NOW), later), (said.clone(), machine));
        (machine, said)
    };
    let halt = [Action::Say(M::Ending(How::Halt)), Action::Power(How::Halt)];
    let exit = |code| vec![Action::Say(M::Forbidden), Action::Exit(code)];
    assert_eq!(end(false, Ending::Forbidden).1, exit(0));
    assert_eq!(end(true, Ending::Forbidden).1, exit(RESTART_REFUSED));
    for call in [Ending::Returned, Ending::Failed] {
        let (mut machine, said) = end(false, call);
        assert_eq!((said, due(&mut machine)), (vec![], halt.to_vec()));
        assert_eq!(answer(&mut machine.clone(), Answer::Called(Some(Ending::Forbidden))), exit(0));
        assert_eq!(answer(&mut machine, Answer::Called(Some(call))), []);
        assert_eq!((machine.until(), step(&mut machine, STOP, NOW)), (None, vec![]));
        let (machine, said) = end(true, call);
        assert_eq!((said, machine.until()), (vec![], None));
    }

    // The last word counts: the system's own request to halt, unless `reboot` is set after it.
    let mut machine = at(&[OK, Event::Stop(How::Halt), OK, OK]);
    assert_eq!(answer(&mut machine.clone(), Answer::Decided(false)), halt);
    answer(&mut machine, Answer::Decided(true));
    assert_eq!((machine.state, machine.how), (State::Ends, How::Restart));
    // To switch the power off and on again is a kind of restart, unless `reboot` was reset after it.
    for (reboot, how) in [(true, How::PowerCycle), (false, How::PowerOff)] {
        let mut machine = at(&[OK, Event::Stop(How::PowerCycle), OK, OK]);
        answer(&mut machine, Answer::Decided(reboot));
        assert_eq!((machine.state, machine.how), (State::Ends, how));
    }
}

/// illumos runs process 1 again when it ended: stage 1 must not run on a live system.
#[test]
fn a_second_process_one() {
    let actions = answer(&mut Machine::new(), Answer::Caught { again: true });
    assert_eq!(
        actions,
        [Action::Say(M::Booting), Action::Say(M::BootedBefore), Action::Start(stage(Stage::Two))]
    );
}

#[test]
fn signals_cannot_be_caught() {
    let mut machine = Machine::new();
    assert_eq!(due(&mut machine), [Action::Catch]);
    assert_eq!(answer(&mut machine, Answer::NotCaught), []);
    assert_eq!(machine.until(), Some(NOW.plus_ms(5_000)));
    assert_eq!(due(&mut machine), [Action::Catch]);
}

/// DEV-08: reboot(8) sends TSTP, then kills everything. A stage 3 that it killed is no end of stage 3.
#[test]
fn nothing_is_done_while_reboot_is_at_work() {
    let crash = Event::StageEnded(Outcome::Crash);
    for before in [&[][..], &[OK], &[OK, FINGERS], &[OK, STOP], &[OK, OK]] {
        let mut machine = at(before);
        assert_eq!(step(&mut machine, Event::Catatonia, NOW), [Action::Say(M::Catatonia)]);
        assert_eq!(step(&mut machine, crash, NOW), [], "{before:?}");
        assert_eq!((machine.until(), due(&mut machine)), (None, vec![]), "{before:?}");
        assert_eq!(step(&mut machine, Event::Catatonia, NOW), []);
    }
    // A system that is being ended stands still for nobody.
    let mut machine = at(&[OK, OK, OK]);
    answer(&mut machine, Answer::Decided(false));
    answer(&mut machine, Answer::Called(Some(Ending::Failed)));
    assert_eq!(step(&mut machine, Event::Catatonia, NOW), []);
    assert_eq!(due(&mut machine), [Action::Say(M::Ending(How::Halt)), Action::Power(How::Halt)]);
}

/// HUP says that reboot(8) has failed: what it ended is started again, a way down goes on.
#[test]
fn after_a_reboot_that_failed() {
    let resumed = |before: &[Event], missed: &[Event]| {
        let mut machine = at(before);
        step(&mut machine, Event::Catatonia, NOW);
        missed.iter().for_each(|event| assert_eq!(step(&mut machine, *event, NOW), []));
        let mut said = step(&mut machine, Event::Resume, NOW);
        assert_eq!(said.remove(0), Action::Say(M::Resuming));
        (machine, said)
    };
    let (two, three) = (stage(Stage::Two), stage(Stage::Three));
    // All went on.
    for before in [&[][..], &[OK], &[OK, FINGERS], &[OK, STOP], &[OK, OK]] {
        assert_eq!(resumed(before, &[]), (at(before), vec![]));
    }
    for outcome in OUTCOMES {
        let ended = Event::StageEnded(outcome);
        let (mut machine, _) = resumed(&[], &[ended]);
        assert_eq!(machine.until(), Some(NOW.plus_ms(PAUSE)));
        assert_eq!(due(&mut machine), [Action::Start(stage(Stage::One))]);
        let (mut machine, said) = resumed(&[OK], &[ended]);
        assert_eq!(said[said.len() - 2..], [Action::Say(M::Killing), Action::KillGroup], "{outcome:?}");
        assert_eq!(machine.until(), Some(NOW.plus_ms(PAUSE)));
        assert_eq!(due(&mut machine), [Action::Say(M::Restarting), Action::Start(two)]);
        let (_, said) = resumed(&[OK, STOP], &[ended]);
        assert_eq!(said, [Action::Say(M::Leave(two)), Action::Start(three)], "{outcome:?}");
        let (_, said) = resumed(&[OK, OK], &[ended]);
        assert_eq!(said[said.len() - 2..], [Action::KillAll, Action::Decide], "{outcome:?}");
    }
    let (mut machine, said) = resumed(&[OK, FINGERS], &[Event::StageEnded(Outcome::Crash), KEY_DONE]);
    assert_eq!(said.last(), Some(&Action::Say(M::Leave(KEY))));
    assert_eq!(due(&mut machine), [Action::Say(M::Restarting), Action::Start(two)]);
}
