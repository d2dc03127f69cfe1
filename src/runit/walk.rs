//! Every state that process 1 can reach, by every event and every answer, to closure.
use super::machine::{Machine, PAUSE};
use super::tests::OUTCOMES;
use super::words::{Action, Actions, Answer, Ending, Event, Program, Stage, State, Then};
use platform::{How, Instant};

const NOW: Instant = Instant(1_000_000_000);
const BOTH: [bool; 2] = [false, true];
const ENDINGS: [Ending; 3] = [Ending::Returned, Ending::Failed, Ending::Forbidden];

/// The machine and the world as it must be.
#[derive(Clone, Copy, PartialEq, Debug)]
struct World {
    machine: Machine,
    stage: Option<Stage>,
    key: bool,
    /// A process makes the call that ends the system.
    call: bool,
    three_began: bool,
    gone: bool,
}

impl World {
    /// What may happen, with what has gone by then.
    fn events(self) -> Vec<(World, Event)> {
        let mut all = vec![(self, Event::Catatonia), (self, Event::Resume)];
        // A request comes after `Resume`.
        if self.machine.catatonia.is_none() && self.machine.state != State::Deaf {
            all.push((self, Event::Key));
            let hows = [How::Restart, How::Halt, How::PowerOff, How::PowerCycle];
            all.extend(hows.map(|how| (self, Event::Stop(how))));
        }
        if self.machine.until().is_some() {
            let mut world = self;
            world.machine.until = Some(NOW);
            all.push((world, Event::Time));
        }
        if self.stage.is_some() {
            let world = World { stage: None, ..self };
            all.extend(OUTCOMES.map(|outcome| (world, Event::StageEnded(outcome))));
        }
        if self.key {
            let world = World { key: false, ..self };
            for (crash, stopit) in [(false, false), (false, true), (true, false), (true, true)] {
                all.push((world, Event::KeyEnded { crash, stopit }));
            }
        }
        if self.call {
            let world = World { call: false, ..self };
            all.extend(ENDINGS.map(|ending| (world, Event::PowerEnded(ending))));
        }
        all
    }

    /// All worlds that may follow from an event, one for each way the answers can fall.
    fn after(mut self, event: Event, longest: &mut usize) -> Vec<World> {
        let stood_still = self.machine.catatonia.is_some();
        let mut actions = Actions::new();
        self.machine.step(event, NOW, &mut actions);
        if stood_still && self.machine.catatonia.is_some() {
            assert_eq!(actions.take(), None, "reboot(8) is at work: {self:?} {event:?}");
        }
        let (mut ready, mut open) = (vec![], vec![(self, actions)]);
        while let Some((mut world, mut actions)) = open.pop() {
            let mut rest = actions;
            *longest = std::iter::from_fn(|| rest.take()).count().max(*longest);
            let mut answers = vec![];
            while let Some(action) = actions.take() {
                assert!(answers.is_empty(), "asked before the rest is done: {world:?} {event:?}");
                answers = world.perform(action);
            }
            if answers.is_empty() {
                ready.push(world);
            }
            for (mut world, answer) in answers {
                let mut actions = Actions::new();
                world.machine.answer(answer, NOW, &mut actions);
                open.push((world, actions));
            }
        }
        ready
    }

    /// Does what the machine wants, which must make sense, and lists the answers.
    fn perform(&mut self, action: Action) -> Vec<(World, Answer)> {
        let world = *self;
        match action {
            Action::Say(_) | Action::ResetStopit | Action::SetReboot => {}
            Action::Catch => {
                let mut answers = vec![(world, Answer::NotCaught)];
                answers.extend(BOTH.map(|again| (world, Answer::Caught { again })));
                return answers;
            }
            Action::Start(program) => {
                let started = match program {
                    Program::CtrlAltDel => {
                        assert!(!self.key && matches!(self.stage, None | Some(Stage::Two)), "{self:?}");
                        World { key: true, ..world }
                    }
                    Program::Stage(stage) => {
                        assert!(self.stage.is_none() && !self.key, "{self:?}");
                        assert!(!self.three_began || stage == Stage::Three, "back to {stage:?}");
                        self.three_began = stage == Stage::Three;
                        World { stage: Some(stage), three_began: self.three_began, ..world }
                    }
                };
                let mut failed = *self;
                failed.machine.answer(Answer::Started(false), NOW, &mut Actions::new());
                assert_eq!(failed.machine.until(), Some(NOW.plus_ms(PAUSE)), "{self:?}");
                return vec![(started, Answer::Started(true)), (*self, Answer::Started(false))];
            }
            Action::Terminate | Action::Kill => assert_eq!(self.stage, Some(Stage::Two)),
            Action::KillGroup => assert_eq!(self.stage, None),
            Action::KillAll => assert!(self.three_began && self.stage.is_none() && !self.key),
            Action::Decide => return BOTH.map(|reboot| (world, Answer::Decided(reboot))).to_vec(),
            Action::Power(how) => {
                assert!(!self.call && self.machine.how == how, "{self:?}");
                let mut answers = vec![(World { call: true, ..world }, Answer::Called(None))];
                answers.extend(ENDINGS.map(|ending| (world, Answer::Called(Some(ending)))));
                return answers;
            }
            Action::Exit(_) => self.gone = true,
        }
        vec![]
    }
}

#[test]
fn every_event_in_every_state() {
    let start = World {
        machine: Machine::new(),
        stage: None,
        key: false,
        call: false,
        three_began: false,
        gone: false,
    };
    let (mut seen, mut next, mut longest) = (vec![start], 0, 0);
    while let Some(world) = seen.get(next).copied() {
        next += 1;
        if world.gone {
            continue;
        }
        if world.machine.until().is_some_and(|until| until > NOW) {
            assert_eq!(world.after(Event::Time, &mut longest), [world], "too early");
        }
        let before = seen.len();
        let mut ways = 0;
        for (before, event) in world.events() {
            for after in before.after(event, &mut longest) {
                ways += usize::from(after != world);
                if !seen.contains(&after) {
                    seen.push(after);
                }
            }
        }
        assert!(
            seen.len() > before || ways > 0 || world.machine.state == State::Ends,
            "no way out of {world:?}"
        );
    }
    println!("runit: {} states, {longest} actions at once", seen.len());
    assert_eq!(longest + 1, Actions::ROOM, "the list has the room it needs");
    let thens = [Then::Runs, Then::Start, Then::Restart, Then::Skip, Then::Over];
    let states = [State::TwoPauses, State::Restarts, State::Stops, State::Three, State::Ends];
    for state in states.into_iter().chain(thens.map(State::Key)) {
        for pauses in BOTH {
            let is =
                |world: &World| world.machine.state == state && world.machine.until().is_some() == pauses;
            let never = matches!((state, pauses), (State::TwoPauses | State::Restarts, false));
            assert!(never || seen.iter().any(is), "{state:?}, {pauses}: is never reached");
        }
    }
    for how in [How::Restart, How::Halt, How::PowerOff, How::PowerCycle] {
        let ends = |world: &World| world.machine.state == State::Ends && world.machine.how == how;
        assert!(seen.iter().any(ends), "{how:?} is never reached");
    }
}
