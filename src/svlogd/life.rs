//! The life of a log directory: what is done to it, in which order, and what happens when that
//! fails.
use platform::Instant;

/// Until what failed is tried again, in milliseconds.
pub const PAUSE: u64 = 3000;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The buffer has something for the file.
    Owes,
    /// The file is to be rotated.
    Due,
    /// HUP: read everything anew.
    HangUp,
    /// TERM, or once more TERM.
    Terminate,
    /// The program ends, and nothing is left to be written.
    Ends,
    /// Nothing; time may have passed.
    Time,
    /// What was asked for is done.
    Done,
    /// It failed, and may succeed later.
    Failed,
    /// It failed since `current` or its directory is not there any more.
    Gone,
    /// It failed, and that is final: the directory cannot be used. `true`: it holds lines.
    Refused(bool),
}

/// What is to be done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Nothing.
    Wait,
    /// Write the buffer.
    Write,
    /// Flush the file to disk.
    Sync,
    /// Give it the mode of a finished one.
    Mark,
    /// Give it a name of its own.
    Rename,
    /// Begin a new `current`, or go on with the one that is there.
    Create,
    /// Delete what is too much.
    Prune,
    /// Leave the file, finished as it is.
    Shut,
    /// Leave it in the midst of trouble: finished if it can be.
    Leave,
    /// Look for the directory, lock it, read its config, see what is there.
    Open,
}

/// What it is all for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Goal {
    /// Lines in the file.
    Write,
    /// A new file.
    Rotate,
    /// Opening, again or for the first time.
    Renew,
    /// The end.
    Close,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// It cannot be used.
    Unused,
    /// Lines can be taken.
    Ready,
    /// For the answer to an action.
    Doing(Goal, Action),
    /// Until an action is tried again.
    Paused(Goal, Action, Instant),
    /// It is over.
    Closed,
}

/// The life of a log directory.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    state: State,
}

/// What follows an action that succeeded; `None`: the goal is reached.
const fn after(goal: Goal, action: Action) -> Option<Action> {
    match (goal, action) {
        (Goal::Rotate | Goal::Renew | Goal::Close, Action::Sync) => Some(Action::Mark),
        (Goal::Rotate, Action::Mark) => Some(Action::Rename),
        (Goal::Rotate, Action::Rename) => Some(Action::Create),
        (Goal::Rotate, Action::Create) => Some(Action::Prune),
        (Goal::Renew | Goal::Close, Action::Mark) => Some(Action::Shut),
        (Goal::Renew, Action::Shut | Action::Leave) => Some(Action::Open),
        (Goal::Renew, Action::Open) => Some(Action::Create),
        (Goal::Renew, Action::Create | Action::Write | Action::Prune | Action::Rename | Action::Wait)
        | (
            Goal::Rotate,
            Action::Prune | Action::Write | Action::Shut | Action::Leave | Action::Open | Action::Wait,
        )
        | (
            Goal::Close,
            Action::Shut
            | Action::Leave
            | Action::Write
            | Action::Rename
            | Action::Create
            | Action::Prune
            | Action::Open
            | Action::Wait,
        )
        | (
            Goal::Write,
            Action::Write
            | Action::Sync
            | Action::Mark
            | Action::Rename
            | Action::Prune
            | Action::Shut
            | Action::Leave
            | Action::Open
            | Action::Wait,
        ) => None,
        (Goal::Write, Action::Create) => Some(Action::Write),
    }
}

impl Life {
    /// It is not open yet: the first event is [`Event::HangUp`].
    #[must_use]
    pub const fn new() -> Life {
        Life { state: State::Unused }
    }

    /// Whether lines can be taken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    /// Whether it is used at all, now or after a pause.
    #[must_use]
    pub fn is_used(&self) -> bool {
        !matches!(self.state, State::Unused | State::Closed)
    }

    /// Whether it waits for better times.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        matches!(self.state, State::Paused(..))
    }

    /// When [`Event::Time`] is to be handed in.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Paused(_, _, until) => Some(until),
            State::Unused | State::Ready | State::Doing(..) | State::Closed => None,
        }
    }

    /// Takes an event and says what to do.
    pub fn step(&mut self, event: Event, now: Instant) -> Action {
        match (self.state, event) {
            (State::Ready, Event::Owes) => self.perform(Goal::Write, Action::Write),
            (State::Ready, Event::Due) => self.perform(Goal::Rotate, Action::Sync),
            (State::Ready, Event::HangUp) => self.perform(Goal::Renew, Action::Sync),
            (State::Ready, Event::Terminate | Event::Ends) => self.perform(Goal::Close, Action::Sync),
            (State::Unused, Event::HangUp) => self.perform(Goal::Renew, Action::Open),
            (State::Unused, Event::Terminate) => self.rest(State::Closed),

            (State::Doing(goal, action), Event::Done) => match (after(goal, action), goal) {
                (Some(next), _) => self.perform(goal, next),
                (None, Goal::Close) => self.rest(State::Closed),
                (None, Goal::Write | Goal::Rotate | Goal::Renew) => self.rest(State::Ready),
            },
            (State::Doing(goal, action), Event::Failed) => {
                self.rest(State::Paused(goal, action, now.plus_ms(PAUSE)))
            }
            // DEV-69: without the old file the new one is begun all the same; without its
            // directory that is looked for anew.
            (State::Doing(goal, Action::Rename | Action::Write), Event::Gone) => self.perform(goal, Action::Create),
            (State::Doing(_, Action::Create), Event::Gone) => self.perform(Goal::Renew, Action::Open),
            (State::Doing(goal, action), Event::Gone) => {
                self.rest(State::Paused(goal, action, now.plus_ms(PAUSE)))
            }
            // A directory that holds lines is not given up.
            (State::Doing(goal, action), Event::Refused(true)) => {
                self.rest(State::Paused(goal, action, now.plus_ms(PAUSE)))
            }
            (State::Doing(..), Event::Refused(false)) => self.rest(State::Unused),

            (State::Paused(goal, action, until), Event::Time) => {
                if now < until {
                    return Action::Wait;
                }
                self.perform(goal, action)
            }
            // Whoever made room, or gave the directory another disk, says so by HUP.
            (State::Paused(Goal::Write | Goal::Rotate | Goal::Renew, _, _), Event::HangUp) => {
                self.perform(Goal::Renew, Action::Leave)
            }
            (State::Paused(Goal::Close, action, _), Event::HangUp) => self.perform(Goal::Close, action),
            // All lines are in the file; that it could not be flushed shows in its mode.
            (State::Paused(Goal::Close, _, _), Event::Terminate) => self.rest(State::Closed),
            (State::Paused(goal, action, _), Event::Terminate) => self.perform(goal, action),

            // DEV-68: no room for a new file, and no need of one.
            (
                State::Paused(
                    Goal::Rotate | Goal::Renew,
                    Action::Create
                    | Action::Prune
                    | Action::Shut
                    | Action::Leave
                    | Action::Open
                    | Action::Write
                    | Action::Wait,
                    _,
                ),
                Event::Ends,
            ) => self.rest(State::Closed),
            (
                State::Paused(Goal::Rotate | Goal::Renew, Action::Sync | Action::Mark | Action::Rename, _),
                Event::Ends,
            ) => self.perform(Goal::Close, Action::Sync),
            // Tried again in time; there is nothing but this to wait for.
            (State::Paused(Goal::Close | Goal::Write, _, _), Event::Ends) => Action::Wait,

            // Not now: who waits for room rotates, takes and begins nothing.
            (State::Paused(..), Event::Owes | Event::Due)
            // Only one who asked gets an answer.
            | (
                State::Unused | State::Ready | State::Paused(..) | State::Closed,
                Event::Done | Event::Failed | Event::Gone | Event::Refused(_),
            )
            // Only one who waits is told these.
            | (
                State::Doing(..),
                Event::Owes | Event::Due | Event::HangUp | Event::Terminate | Event::Ends | Event::Time,
            )
            | (State::Ready | State::Unused | State::Closed, Event::Time)
            | (State::Unused | State::Closed, Event::Owes | Event::Due | Event::Ends)
            | (State::Closed, Event::HangUp | Event::Terminate) => Action::Wait,
        }
    }

    fn perform(&mut self, goal: Goal, action: Action) -> Action {
        self.state = State::Doing(goal, action);
        action
    }

    fn rest(&mut self, state: State) -> Action {
        self.state = state;
        Action::Wait
    }
}

impl Default for Life {
    fn default() -> Self {
        Life::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Action::*;

    const NOW: Instant = Instant(1_000_000_000);

    /// Hands in an event and says that everything asked for is done, but fails what `fails` says.
    fn run(life: &mut Life, first: Event, fails: &[(Action, Event)]) -> Vec<Action> {
        let mut asked = Vec::new();
        let mut event = first;
        loop {
            let action = life.step(event, NOW);
            if action == Wait {
                return asked;
            }
            asked.push(action);
            assert!(asked.len() < 20, "{asked:?}");
            event = fails.iter().find(|(what, _)| *what == action).map_or(Event::Done, |(_, how)| *how);
        }
    }

    fn opened() -> Life {
        let mut life = Life::new();
        assert_eq!(run(&mut life, Event::HangUp, &[]), [Open, Create]);
        assert!(life.is_ready());
        life
    }

    #[test]
    fn an_ordinary_life() {
        let mut life = opened();
        assert_eq!(run(&mut life, Event::Owes, &[]), [Write]);
        assert_eq!(run(&mut life, Event::Due, &[]), [Sync, Mark, Rename, Create, Prune]);
        assert_eq!(run(&mut life, Event::HangUp, &[]), [Sync, Mark, Shut, Open, Create]);
        assert!(life.is_ready());
        assert_eq!(run(&mut life, Event::Terminate, &[]), [Sync, Mark, Shut]);
        assert!(!life.is_used());
        assert_eq!(run(&mut life, Event::HangUp, &[]), []);
    }

    /// DEV-68: a full disk.
    #[test]
    fn paused() {
        let mut life = opened();
        assert_eq!(run(&mut life, Event::Owes, &[(Write, Event::Failed)]), [Write]);
        let until = life.deadline().unwrap();
        assert_eq!(until, NOW.plus_ms(PAUSE));
        assert_eq!(life.step(Event::Time, NOW), Wait);
        assert_eq!(life.step(Event::Due, NOW), Wait);
        let mut on_time = life;
        assert_eq!(on_time.step(Event::Time, until), Write);
        assert_eq!(on_time.step(Event::Done, until), Wait);
        assert!(on_time.is_ready());
        let mut renewed = life;
        assert_eq!(run(&mut renewed, Event::HangUp, &[]), [Leave, Open, Create]);
        assert!(renewed.is_ready(), "and the buffer is still to be written");
        // TERM only has it tried at once.
        assert_eq!(run(&mut life, Event::Terminate, &[(Write, Event::Failed)]), [Write]);
        assert!(life.is_paused());
        assert_eq!(run(&mut life, Event::Terminate, &[]), [Write]);
        assert_eq!(run(&mut life, Event::Terminate, &[(Sync, Event::Failed)]), [Sync]);
        assert!(life.is_paused());
        assert_eq!(run(&mut life, Event::Terminate, &[]), []);
        assert!(!life.is_used());
    }

    /// DEV-68.
    #[test]
    fn the_end_needs_no_new_file() {
        for fails in [Create, Open] {
            let mut life = opened();
            let event = if fails == Create { Event::Due } else { Event::HangUp };
            run(&mut life, event, &[(fails, Event::Failed)]);
            assert!(life.is_paused());
            assert_eq!(run(&mut life, Event::Ends, &[]), []);
            assert!(!life.is_used());
        }
        // One that is still open is finished.
        for fails in [Sync, Mark, Rename] {
            let mut life = opened();
            run(&mut life, Event::Due, &[(fails, Event::Failed)]);
            assert_eq!(run(&mut life, Event::Ends, &[(Sync, Event::Failed)]), [Sync]);
            assert_eq!(run(&mut life, Event::Ends, &[]), [], "at its time");
            assert_eq!(life.step(Event::Time, life.deadline().unwrap()), Sync);
            assert_eq!(run(&mut life, Event::Done, &[]), [Mark, Shut]);
            assert!(!life.is_used());
        }
    }

    #[test]
    fn unusable() {
        let mut life = Life::new();
        assert_eq!(run(&mut life, Event::HangUp, &[(Open, Event::Refused(false))]), [Open]);
        assert!(!life.is_used());
        assert_eq!(run(&mut life, Event::HangUp, &[]), [Open, Create]);
        assert!(life.is_ready());
        assert_eq!(run(&mut life, Event::HangUp, &[(Open, Event::Refused(false))]), [Sync, Mark, Shut, Open]);
        assert!(!life.is_used());
        let mut life = opened();
        run(&mut life, Event::Owes, &[(Write, Event::Failed)]);
        assert_eq!(run(&mut life, Event::HangUp, &[(Open, Event::Refused(true))]), [Leave, Open]);
        assert!(life.is_paused(), "it holds lines");
    }

    /// DEV-69.
    #[test]
    fn gone() {
        let mut life = opened();
        assert_eq!(run(&mut life, Event::Due, &[(Rename, Event::Gone)]), [Sync, Mark, Rename, Create, Prune]);
        assert!(life.is_ready());
        let fails = [(Rename, Event::Gone), (Create, Event::Gone), (Open, Event::Failed)];
        assert_eq!(run(&mut life, Event::Due, &fails), [Sync, Mark, Rename, Create, Open]);
        assert!(life.is_paused());
        let until = life.deadline().unwrap();
        assert_eq!(life.step(Event::Time, until), Open);
    }

    /// Any events in any order: it is never stuck in a state that nothing leads out of, and what is
    /// paused tells until when.
    #[test]
    fn random_events() {
        use platform::Instant;
        let mut seed: u64 = 7;
        let mut random = |end: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % end
        };
        for _ in 0..2000 {
            let mut life = Life::new();
            let mut now = NOW;
            let mut asked = life.step(Event::HangUp, now);
            for _ in 0..60 {
                now = Instant(now.0 + random(2_000_000_000));
                let event = if asked == Wait {
                    assert_eq!(life.is_paused(), life.deadline().is_some());
                    [Event::Owes, Event::Due, Event::HangUp, Event::Time, Event::Terminate, Event::Ends]
                        [random(if life.is_ready() { 4 } else { 6 }) as usize]
                } else {
                    [Event::Done, Event::Done, Event::Failed, Event::Gone, Event::Refused(true)]
                        [random(5) as usize]
                };
                asked = life.step(event, now);
            }
            // Whatever happened: with a disk that works it can be ended.
            for _ in 0..20 {
                let event = if asked == Wait { Event::Terminate } else { Event::Done };
                asked = life.step(event, now);
            }
            assert!(!life.is_used());
        }
    }
}
