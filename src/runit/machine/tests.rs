//! Every event in every state that can be reached, and the tables of the specification.
use super::*;
use Message as M;
use Program::CtrlAltDel as KEY;

const NOW: Instant = Instant(1_000_000_000);
const OUTCOMES: [Outcome; 5] =
    [Outcome::Exit(0), Outcome::Exit(1), Outcome::Exit(100), Outcome::Exit(111), Outcome::Crash];
const HOWS: [How; 4] = [How::Restart, How::Halt, How::PowerOff, How::PowerCycle];
const BOTH: [bool; 2] = [false, true];

fn stage(stage: Stage) -> Program {
    Program::Stage(stage)
}

fn step(machine: &mut Machine, event: Event, now: Instant) -> Vec<Action> {
    let mut actions = Actions::new();
    machine.step(event, now, &mut actions);
    std::iter::from_fn(|| actions.take()).collect()
}

/// A machine led by events, all at the same moment.
fn at(events: &[Event]) -> Machine {
    let mut machine = Machine::new();
    step(&mut machine, Event::Caught { again: false }, NOW);
    for event in events {
        step(&mut machine, *event, NOW);
    }
    machine
}

const OK: Event = Event::StageEnded(Outcome::Exit(0));
const STOP: Event = Event::Control { stopit: true, how: How::PowerOff };
const REBOOT: Event = Event::Control { stopit: true, how: How::Restart };
const FINGERS: Event = Event::CtrlAltDel { script: true };
const KEY_DONE: Event = Event::KeyEnded { crash: false, stopit: false };

fn all_events() -> Vec<Event> {
    let mut all = vec![Event::NotCaught, Event::Timer, Event::NotStarted, Event::Catatonia, Event::Resume];
    all.extend(BOTH.map(|again| Event::Caught { again }));
    all.extend(BOTH.map(|script| Event::CtrlAltDel { script }));
    all.extend(BOTH.map(|reboot| Event::Decided { reboot }));
    all.extend(OUTCOMES.map(Event::StageEnded));
    all.extend([Answer::Returned, Answer::Failed, Answer::Forbidden].map(Event::Power));
    for stopit in BOTH {
        all.extend(HOWS.map(|how| Event::Control { stopit, how }));
        all.extend(BOTH.map(|crash| Event::KeyEnded { crash, stopit }));
    }
    all
}

/// The machine and the world as it must be.
#[derive(Clone, Copy, PartialEq, Debug)]
struct World {
    machine: Machine,
    stage: Option<Stage>,
    key: bool,
    /// The machine waits for the answer to this.
    asked: Option<Action>,
    three_began: bool,
    gone: bool,
}

impl World {
    fn possible(&self, event: Event) -> bool {
        // A request that asks for something comes after `Resume`.
        let asks = matches!(event, Event::Control { stopit: true, .. } | Event::CtrlAltDel { script: true });
        if asks && self.machine.catatonia.is_some() {
            return false;
        }
        if let Some(asked) = self.asked {
            return match asked {
                Action::Catch => matches!(event, Event::Caught { .. } | Event::NotCaught),
                Action::Decide => matches!(event, Event::Decided { .. }),
                // Its answer takes as long as it takes, unlike the others'.
                Action::Power(_) => {
                    matches!(
                        event,
                        Event::Power(_)
                            | Event::Control { .. }
                            | Event::CtrlAltDel { .. }
                            | Event::Catatonia
                            | Event::Resume
                    )
                }
                other => panic!("nobody answers {other:?}"),
            };
        }
        match event {
            Event::Timer => self.machine.until().is_some(),
            Event::Control { .. } | Event::CtrlAltDel { .. } | Event::Catatonia | Event::Resume => true,
            Event::StageEnded(_) => self.stage.is_some(),
            Event::KeyEnded { .. } => self.key,
            Event::NotStarted
            | Event::Caught { .. }
            | Event::NotCaught
            | Event::Decided { .. }
            | Event::Power(_) => false,
        }
    }

    /// Does what the machine wants and checks that it makes sense. The results: the world if all
    /// goes well, and the one where the fork failed.
    fn after(mut self, event: Event) -> Vec<World> {
        match event {
            Event::StageEnded(_) => self.stage = None,
            Event::KeyEnded { .. } => self.key = false,
            Event::Caught { .. } | Event::NotCaught | Event::Decided { .. } | Event::Power(_) => {
                self.asked = None;
            }
            Event::Timer
            | Event::Control { .. }
            | Event::CtrlAltDel { .. }
            | Event::NotStarted
            | Event::Catatonia
            | Event::Resume => {}
        }
        let stood_still = self.machine.catatonia.is_some();
        let actions = step(&mut self.machine, event, NOW);
        assert!(actions.len() < Actions::ROOM, "{self:?} {event:?}: {actions:?}");
        if stood_still && self.machine.catatonia.is_some() {
            assert_eq!(actions, [], "reboot(8) is at work: {self:?} {event:?}");
        }
        let mut forked = None;
        for (index, action) in actions.iter().enumerate() {
            let last = index + 1 == actions.len();
            match *action {
                Action::Say(_) | Action::ResetStopit | Action::SetReboot => {}
                Action::Start(program) => {
                    assert!(last, "{actions:?}");
                    forked = Some(program);
                }
                Action::Catch | Action::Decide | Action::Power(_) => {
                    assert!(last && self.asked.is_none(), "{actions:?}");
                    self.asked = Some(*action);
                }
                Action::Terminate | Action::Kill => assert_eq!(self.stage, Some(Stage::Two)),
                Action::KillGroup => assert_eq!(self.stage, None),
                Action::KillAll => assert!(self.three_began && self.stage.is_none() && !self.key),
                Action::Exit(_) => {
                    assert!(matches!(event, Event::Power(Answer::Forbidden)));
                    self.gone = true;
                }
            }
        }
        let Some(program) = forked else { return vec![self] };
        let mut failed = self;
        let said = step(&mut failed.machine, Event::NotStarted, NOW);
        assert!(said.is_empty() && failed.machine.until() == Some(NOW.plus_ms(PAUSE)), "{failed:?}");
        match program {
            Program::CtrlAltDel => {
                assert!(!self.key && matches!(self.stage, None | Some(Stage::Two)), "{self:?}");
                self.key = true;
            }
            Program::Stage(stage) => {
                assert!(self.stage.is_none() && !self.key, "{self:?} {event:?}");
                assert!(!self.three_began || stage == Stage::Three, "back to {stage:?}");
                self.stage = Some(stage);
                self.three_began |= stage == Stage::Three;
                failed.three_began |= stage == Stage::Three;
            }
        }
        vec![self, failed]
    }
}

/// Before signals can be caught nothing but the answer and the timer comes. And a machine that stands still
/// keeps every end for later.
fn machine_listens(world: &World, event: Event) -> bool {
    let kept = matches!(event, Event::StageEnded(_) | Event::KeyEnded { .. });
    world.machine.state() != State::Deaf && !(kept && world.machine.catatonia.is_some())
}

#[test]
fn every_event_in_every_state() {
    let start = World {
        machine: Machine::new(),
        stage: None,
        key: false,
        asked: Some(Action::Catch),
        three_began: false,
        gone: false,
    };
    let (mut seen, mut next) = (vec![start], 0);
    let mut longest = 0;
    while let Some(world) = seen.get(next).copied() {
        next += 1;
        if world.gone {
            continue;
        }
        let mut ways = 0;
        for event in all_events() {
            let mut machine = world.machine;
            let actions = step(&mut machine, event, NOW);
            longest = longest.max(actions.len());
            if world.possible(event) {
                for after in world.after(event) {
                    ways += usize::from(after != world);
                    if !seen.contains(&after) {
                        seen.push(after);
                    }
                }
            } else if event != Event::NotStarted && machine_listens(&world, event) {
                assert_eq!((machine, actions), (world.machine, vec![]), "{world:?} {event:?}");
            }
        }
        assert!(ways > 0 || world.machine.state() == State::Waits, "no way out of {world:?}");
    }
    assert_eq!(longest + 1, Actions::ROOM, "the list has the room it needs");
    for state in [
        State::OnePauses,
        State::TwoPauses,
        State::Restarts,
        State::KeyPauses(Then::Skip),
        State::Key(Then::Over),
        State::Key(Then::Restart),
        State::Key(Then::Start),
        State::Kills,
        State::ThreePauses,
        State::Lingers,
        State::Ends(How::Halt),
        State::Ends(How::Restart),
        State::Ends(How::PowerCycle),
        State::Waits,
    ] {
        assert!(seen.iter().any(|world| world.machine.state() == state), "{state:?} is never reached");
    }
}

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
            assert_eq!(step(&mut machine, Event::Timer, NOW), [say(M::Restarting), start(two)]);
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
    assert_eq!(
        step(&mut machine, Event::Timer, NOW.plus_ms(5_000)),
        [Action::Say(M::SendingKill), Action::Kill]
    );
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
    assert_eq!(step(&mut at(&[OK, Event::NotStarted]), STOP, NOW), to_three);
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
    assert_eq!(beside.state(), State::Two);
    let crashed = Event::KeyEnded { crash: true, stopit: true };
    assert_eq!(
        step(&mut machine.clone(), crashed, NOW),
        [Action::Say(M::Crashed(KEY)), Action::Say(M::Leave(KEY)), Action::ResetStopit, Action::Terminate]
    );
    step(&mut machine, Event::StageEnded(Outcome::Crash), NOW);
    assert_eq!(machine.until(), None, "nothing starts beside ctrlaltdel");
    step(&mut machine, KEY_DONE, NOW);
    assert_eq!((machine.state(), machine.until()), (State::Restarts, Some(NOW.plus_ms(5_000))));
}

/// DEV-01 and DEV-02.
#[test]
fn the_end() {
    let end = |reboot, answers: &[Event]| {
        let mut machine = at(&[OK, OK, OK, Event::Decided { reboot }]);
        answers.iter().map(|answer| step(&mut machine, *answer, NOW)).last().unwrap()
    };
    let [returned, failed, forbidden] =
        [Answer::Returned, Answer::Failed, Answer::Forbidden].map(Event::Power);
    let halt = [Action::Say(M::Ending(How::Halt)), Action::Power(How::Halt)];
    let exit = |code| vec![Action::Say(M::Forbidden), Action::Exit(code)];
    assert_eq!(end(false, &[forbidden]), exit(0));
    assert_eq!(end(true, &[forbidden]), exit(RESTART_REFUSED));
    assert_eq!(end(false, &[returned, Event::Timer]), halt);
    assert_eq!(end(false, &[failed, Event::Timer]), halt);
    assert_eq!(end(false, &[failed, Event::Timer, forbidden]), exit(0));
    assert_eq!(end(false, &[failed, Event::Timer, returned, Event::Timer, STOP]), []);
    assert_eq!(end(true, &[failed, Event::Timer]), []);

    // The last word counts: the system's own request to halt, unless `reboot` is set after it.
    let halted = Event::Control { stopit: true, how: How::Halt };
    let mut machine = at(&[OK, halted, OK, OK]);
    assert_eq!(step(&mut machine.clone(), Event::Decided { reboot: false }, NOW), halt);
    step(&mut machine, Event::Decided { reboot: true }, NOW);
    assert_eq!(machine.state(), State::Ends(How::Restart));
    // To switch the power off and on again is a kind of restart, unless `reboot` was reset after it.
    let cycle = Event::Control { stopit: true, how: How::PowerCycle };
    for (reboot, how) in [(true, How::PowerCycle), (false, How::PowerOff)] {
        let mut machine = at(&[OK, cycle, OK, OK]);
        step(&mut machine, Event::Decided { reboot }, NOW);
        assert_eq!(machine.state(), State::Ends(how));
    }
}

/// illumos runs process 1 again when it ended: stage 1 must not run on a live system.
#[test]
fn a_second_process_one() {
    let mut machine = Machine::new();
    let actions = step(&mut machine, Event::Caught { again: true }, NOW);
    assert_eq!(
        actions,
        [Action::Say(M::Booting), Action::Say(M::BootedBefore), Action::Start(stage(Stage::Two))]
    );
}

#[test]
fn signals_cannot_be_caught() {
    let mut machine = Machine::new();
    assert_eq!(step(&mut machine, Event::NotCaught, NOW), []);
    assert_eq!(machine.until(), Some(NOW.plus_ms(5_000)));
    assert_eq!(step(&mut machine, Event::Timer, NOW.plus_ms(5_000)), [Action::Catch]);
}

/// DEV-08: reboot(8) sends TSTP, then kills everything. A stage 3 that it killed is no end of stage 3.
#[test]
fn nothing_is_done_while_reboot_is_at_work() {
    let crash = Event::StageEnded(Outcome::Crash);
    for before in [&[][..], &[OK], &[OK, FINGERS], &[OK, STOP], &[OK, OK]] {
        let mut machine = at(before);
        assert_eq!(step(&mut machine, Event::Catatonia, NOW), [Action::Say(M::Catatonia)]);
        assert_eq!(step(&mut machine, crash, NOW), [], "{before:?}");
        assert_eq!((machine.until(), step(&mut machine, Event::Timer, NOW)), (None, vec![]), "{before:?}");
        assert_eq!(step(&mut machine, Event::Catatonia, NOW), []);
    }
    // A system that is being ended stands still for nobody.
    let mut machine = at(&[OK, OK, OK]);
    assert_eq!(step(&mut machine, Event::Catatonia, NOW), []);
    assert_eq!(step(&mut machine, Event::Decided { reboot: false }, NOW).len(), 2);
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
        assert_eq!(step(&mut machine, Event::Timer, NOW), [Action::Start(stage(Stage::One))]);
        let (mut machine, said) = resumed(&[OK], &[ended]);
        assert_eq!(said[said.len() - 2..], [Action::Say(M::Killing), Action::KillGroup], "{outcome:?}");
        assert_eq!(machine.until(), Some(NOW.plus_ms(PAUSE)));
        assert_eq!(step(&mut machine, Event::Timer, NOW), [Action::Say(M::Restarting), Action::Start(two)]);
        let (_, said) = resumed(&[OK, STOP], &[ended]);
        assert_eq!(said, [Action::Say(M::Leave(two)), Action::Start(three)], "{outcome:?}");
        let (_, said) = resumed(&[OK, OK], &[ended]);
        assert_eq!(said[said.len() - 2..], [Action::KillAll, Action::Decide], "{outcome:?}");
    }
    let (mut machine, said) = resumed(&[OK, FINGERS], &[Event::StageEnded(Outcome::Crash), KEY_DONE]);
    assert_eq!(said.last(), Some(&Action::Say(M::Leave(KEY))));
    assert_eq!(step(&mut machine, Event::Timer, NOW), [Action::Say(M::Restarting), Action::Start(two)]);
}
