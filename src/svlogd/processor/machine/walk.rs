//! Every state that a processor can reach, by every event and every answer, to closure.
use super::*;
use std::collections::HashSet;

const NAMES: [Name; 2] = [*b"@400000006b02f98f0aa7fd3c.u", *b"@400000006b02f9900aa7fd3c.u"];
const PID: Pid = Pid(77);
/// The walk's now; moments are moved so that every event happens then.
const NOW: Instant = Instant(1_000_000_000_000);

/// How far a log is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Log {
    /// It waits, or there is none.
    Waits,
    /// Its output is on disk, and marked.
    Synced,
    Marked,
    /// The log is gone, and its output has not its name yet.
    Removed,
    /// All is there.
    Renamed,
}

/// What lives outside the machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct World {
    machine: Processor,
    /// The process runs.
    runs: bool,
    /// It works: its output is of use.
    worked: bool,
    log: Log,
    /// Both kinds of end were asked for.
    told: bool,
    abandoned: bool,
}

impl World {
    /// Lets its moment come, and forgets differences that no decision sees.
    fn later(mut self, comes: bool) -> World {
        match &mut self.machine.state {
            State::Rests(until) | State::Stuck(_, until) if comes => *until = NOW,
            State::Rests(_) | State::Stuck(..) => {}
            State::Idle | State::Asked(_) | State::Runs(..) | State::Over => {}
        }
        // A log is as good as any other, but while it is busy.
        if self.machine.busy().is_none() {
            self.machine.name = NAMES[0];
        }
        // The pause grows up to its last, and with it nothing any more.
        self.machine.failures = self.machine.failures.min(8);
        self
    }

    fn after(self, event: Event) -> Vec<World> {
        let mut world = self;
        let mut out = Out::new();
        world.machine.step(event, NOW, &mut out);
        let worlds = world.go_on(out);
        let sleeps = |world: &World| world.machine.until().is_none_or(|until| until > NOW);
        assert!(event != Event::Time || worlds.iter().all(sleeps), "it does not sleep: {self:?}");
        worlds
    }

    /// All worlds that may follow from what is asked for, one for each way the answers can fall.
    fn go_on(self, out: Out) -> Vec<World> {
        let mut ready = Vec::new();
        let mut open = vec![(self, out)];
        while let Some((world, mut out)) = open.pop() {
            let Some(action) = out.take() else {
                world.check();
                ready.push(world);
                continue;
            };
            assert!(out.take().is_none(), "two things at once");
            let Some(answers) = world.perform(action) else {
                let stopped = World { runs: false, ..world };
                stopped.check();
                ready.push(stopped);
                continue;
            };
            // A question is open: no event does anything before its answer.
            for event in world.events() {
                let (mut other, mut none) = (world.machine, Out::new());
                other.step(event, NOW, &mut none);
                assert_eq!((other, none.take()), (world.machine, None), "{event:?}");
            }
            for (mut next, answer) in answers {
                let mut out = Out::new();
                next.machine.answer(answer, NOW, &mut out);
                assert_ne!(next.machine, world.machine, "the answer does not count: {answer:?}");
                open.push((next, out));
            }
        }
        ready
    }

    /// Performs an action and lists the answers; what must not be asked for is asserted here.
    fn perform(self, action: Action) -> Option<Vec<(World, Answer)>> {
        let failed = [(self, Answer::Failed), (self, Answer::Gone)];
        let with = |log| World { log, ..self };
        let done = |log| vec![(with(log), Answer::Done), failed[0], failed[1]];
        assert!(!self.machine.is_over() || matches!(action, Action::Stop(_)), "asked when over: {action:?}");
        Some(match action {
            Action::Find => {
                assert!(!self.runs, "looks for more while one runs");
                let fresh = World { worked: false, log: Log::Waits, ..self };
                let mut answers = NAMES.map(|name| (fresh, Answer::Found(Some(name)))).to_vec();
                // A log whose processing was not finished is found again, unless it is gone.
                answers.extend([(fresh, Answer::Found(None)), failed[0]]);
                answers
            }
            Action::Launch => {
                assert!(!self.runs, "two processors: {self:?}");
                assert_eq!(self.log, Log::Waits, "what became of the last one?");
                vec![(World { runs: true, ..self }, Answer::Launched(PID)), failed[0]]
            }
            Action::Discard => {
                assert!(!self.runs, "its output is thrown away while it writes");
                assert!(matches!(self.log, Log::Waits | Log::Synced), "a line is lost: {self:?}");
                vec![(with(Log::Waits), Answer::Done), failed[0]]
            }
            Action::Settle(step) => {
                assert!(!self.runs && self.worked, "half of its output is kept: {self:?}");
                let (before, log) = match step {
                    Settle::Sync => ([Log::Waits, Log::Waits], Log::Synced),
                    Settle::Mark => ([Log::Synced, Log::Synced], Log::Marked),
                    // Output that is neither on disk nor marked is thrown away at a start.
                    Settle::Remove => ([Log::Marked, Log::Marked], Log::Removed),
                    Settle::Rename => ([Log::Removed, Log::Removed], Log::Renamed),
                    Settle::State => ([Log::Renamed, Log::Renamed], Log::Renamed),
                };
                assert!(before.contains(&self.log), "{step:?} after {:?}", self.log);
                done(log)
            }
            Action::Finish => {
                assert_eq!(self.log, Log::Renamed, "finished too early: {self:?}");
                vec![(self, Answer::Done)]
            }
            Action::Stop(pid) => {
                assert!(self.runs && pid == PID, "stops another process: {self:?}");
                return None;
            }
        })
    }

    /// What is true whenever the machine waits.
    fn check(&self) {
        let machine = &self.machine;
        assert!(!matches!(machine.state, State::Asked(_)), "the answer is forgotten: {self:?}");
        assert_eq!(machine.pid().is_some(), self.runs, "{self:?}");
        assert!(!self.abandoned || machine.is_over(), "it does not let go: {self:?}");
        assert!(!self.told || self.runs || machine.is_over(), "nothing ends it: {self:?}");
        assert!(!self.runs || machine.busy().is_some(), "the log that it reads may be deleted: {self:?}");
        if let Some(until) = machine.until() {
            let (mut late, mut out) = (*machine, Out::new());
            late.step(Event::Time, until, &mut out);
            assert!(out.take().is_some(), "a pause does not end: {self:?}");
        }
    }

    fn events(&self) -> Vec<Event> {
        let mut events = vec![Event::Work, Event::HangUp, Event::Time, Event::Terminate, Event::Abandon];
        if self.runs {
            events.extend([Event::Died(true), Event::Died(false)]);
        }
        events
    }
}

#[test]
fn every_state() {
    let first = World {
        machine: Processor::new(),
        runs: false,
        worked: false,
        log: Log::Waits,
        told: false,
        abandoned: false,
    };
    let mut seen = HashSet::new();
    let mut open = vec![first];
    while let Some(world) = open.pop() {
        for world in [false, true].map(|comes| world.later(comes)) {
            if !seen.insert(world) {
                continue;
            }
            for event in world.events() {
                let mut before = world;
                match event {
                    Event::Died(worked) => (before.runs, before.worked) = (false, worked),
                    Event::Terminate => before.told = true,
                    Event::Abandon => before.abandoned = true,
                    Event::Work | Event::HangUp | Event::Time => {}
                }
                open.extend(before.after(event));
            }
        }
    }
    println!("svlogd, a processor: {} states", seen.len());
    assert!((100..1000).contains(&seen.len()), "{} states", seen.len());
    assert!(seen.iter().any(|world| world.machine.is_over()));
    for step in [Settle::Sync, Settle::Mark, Settle::Remove, Settle::Rename, Settle::State] {
        let stuck = |world: &World| matches!(world.machine.state, State::Stuck(at, _) if at == step);
        assert!(seen.iter().any(stuck), "{step:?}");
    }
}
