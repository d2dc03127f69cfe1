//! Every state that a log directory can reach, by every event and every answer, to closure.
use super::*;
use std::collections::HashSet;

/// The walk's now; moments are moved so that every event happens then.
const NOW: Instant = Instant(1_000_000_000_000);
/// Seconds between two rotations.
const EVERY: u32 = 5;

/// `current`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum File {
    /// It is not open.
    None,
    /// Lines go there.
    Open,
    /// It is on disk.
    Synced,
    /// It has the mode of a finished one.
    Marked,
    /// Somebody deleted it.
    Deleted,
}

/// What lives outside the machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct World {
    machine: Life,
    file: File,
    /// The buffer holds lines.
    owes: bool,
    /// It was said that something is gone, and there was no file since.
    warned: bool,
    /// The directory vanished, and there was no file since.
    lost: bool,
    /// The program ends.
    ended: bool,
    /// TERM came when the file was about to be closed, or nothing is waited for at all.
    hurried: bool,
    /// The file ends within a line of which the buffer has the rest.
    torn: bool,
}

impl World {
    /// Lets the moments come.
    fn later(mut self, paused: bool, due: bool) -> World {
        match &mut self.machine.state {
            State::Paused(_, _, until) if paused => *until = NOW,
            State::Paused(..) | State::Unused | State::Ready | State::Doing(..) | State::Closed => {}
        }
        self.machine.due = self.machine.due.map(|moment| if due { NOW } else { moment });
        self
    }

    fn after(self, event: Event) -> Vec<World> {
        let mut world = self;
        let mut out = Out::new();
        world.machine.step(event, NOW, &mut out);
        let worlds = world.go_on(out);
        // A rotation whose moment came in a pause is due once that is over.
        let sleeps = |world: &World| {
            let anew = world.machine.is_ready() && !self.machine.is_ready();
            anew || world.machine.until().is_none_or(|until| until > NOW)
        };
        assert!(event != Event::Time || worlds.iter().all(sleeps), "it does not sleep: {self:?}");
        let waits = |world: &World| world.machine.is_used();
        assert!(!matches!(event, Event::Quits(_)) || !worlds.iter().any(waits), "it waits: {self:?}");
        worlds
    }

    /// All worlds that may follow from what is asked for, one for each way the answers can fall.
    fn go_on(self, out: Out) -> Vec<World> {
        let mut ready = Vec::new();
        let mut open = vec![(self, out, 0)];
        while let Some((world, mut out, before)) = open.pop() {
            let Some(action) = out.take() else {
                world.check();
                ready.push(world);
                continue;
            };
            assert!(before < 10, "it never comes to rest: {world:?}");
            let task = match action {
                Action::Do(task) => task,
                Action::Turn => {
                    assert!(world.machine.is_used(), "{world:?}");
                    open.push((world, out, before));
                    continue;
                }
                Action::Say => {
                    open.push((world, out, before));
                    continue;
                }
            };
            assert!(out.take().is_none(), "something comes before the answer to {task:?}");
            for event in EVENTS {
                let (mut other, mut none) = (world.machine, Out::new());
                other.step(event, NOW, &mut none);
                assert_eq!((other, none.take()), (world.machine, None), "{event:?} before the answer");
            }
            world.may(task);
            for (mut next, answer) in world.perform(task) {
                // Not every write looks whether the file is still there.
                if task == Task::Write && answer == Answer::Gone && before > 0 {
                    continue;
                }
                let mut out = Out::new();
                next.machine.answer(answer, NOW, &mut out);
                next.heed(task, answer, out);
                open.push((next, out, before + 1));
            }
        }
        ready
    }

    /// What must not be asked for.
    fn may(&self, task: Task) {
        let open = matches!(self.file, File::Open | File::Synced | File::Marked);
        match task {
            Task::Write => assert!(self.owes && open, "nothing to write, or nowhere: {self:?}"),
            Task::Sync => assert!(open, "no file: {self:?}"),
            Task::Mark => {
                assert!(matches!(self.file, File::Synced), "not on disk: {self:?}");
                assert!(!self.torn || !self.ended, "half a line counts as whole: {self:?}");
            }
            Task::Rename => {
                assert_eq!(self.file, File::Marked, "one that is not finished is put aside: {self:?}");
                assert!(!self.owes, "its last lines are not in it: {self:?}");
            }
            Task::Create => assert!(!open, "it would be left as it is: {self:?}"),
            Task::Prune => assert_eq!(self.file, File::Open, "{self:?}"),
            Task::Shut => assert_eq!(self.file, File::Marked, "finished twice, or not at all: {self:?}"),
            Task::Leave => {}
            Task::Open => assert!(!open, "it is opened while its file is: {self:?}"),
        }
        assert!(!self.ended || self.owes || !matches!(task, Task::Prune), "{self:?}");
    }

    /// Performs a task and lists the answers.
    fn perform(self, task: Task) -> Vec<(World, Answer)> {
        let with = |file| World { file, ..self };
        let failed = (self, Answer::Failed);
        match task {
            Task::Write => vec![
                (World { owes: false, file: File::Open, torn: false, ..self }, Answer::Done),
                failed,
                (World { torn: true, ..self }, Answer::Failed),
                (with(File::Deleted), Answer::Gone),
            ],
            Task::Sync => vec![(with(File::Synced), Answer::Done), failed],
            Task::Mark => vec![(with(File::Marked), Answer::Done), failed],
            Task::Rename => {
                vec![(with(File::None), Answer::Done), failed, (with(File::None), Answer::Gone)]
            }
            Task::Create => {
                let created = World { file: File::Open, warned: false, lost: false, ..self };
                vec![(created, Answer::Done), failed, (World { lost: true, ..self }, Answer::Gone)]
            }
            Task::Prune => vec![(self, Answer::Done)],
            Task::Shut => vec![(with(File::None), Answer::Done)],
            Task::Leave => vec![(with(File::None), Answer::Done)],
            Task::Open => {
                let refused =
                    [true, false].map(|missing| (self, Answer::Refused { missing, holds: self.owes }));
                let opened = [0, EVERY].map(|every| (self, Answer::Opened(every)));
                [refused.to_vec(), opened.to_vec(), vec![failed]].concat()
            }
        }
    }

    /// What follows from an answer.
    fn heed(&mut self, task: Task, answer: Answer, mut out: Out) {
        let says = out.take() == Some(Action::Say);
        match answer {
            Answer::Gone => assert_eq!(says, !std::mem::replace(&mut self.warned, true), "{self:?}"),
            Answer::Refused { missing, holds } => {
                // Of a directory that is not there it is said once, as long as it is looked for.
                let looks = holds || self.lost;
                let once = missing && looks && std::mem::replace(&mut self.warned, true);
                assert_eq!(says, !once, "{self:?}");
                assert_eq!(self.machine.is_used(), looks, "{self:?}");
            }
            Answer::Done | Answer::Opened(_) | Answer::Failed => {
                assert!(!says, "{task:?} {answer:?}");
            }
        }
    }

    /// What is true whenever the machine waits.
    fn check(&self) {
        let machine = &self.machine;
        assert!(!matches!(machine.state, State::Doing(..)), "the answer is forgotten: {self:?}");
        if machine.is_ready() {
            assert!(!self.ended, "it does not end: {self:?}");
            assert_eq!((self.file, self.warned, self.lost), (File::Open, false, false), "{self:?}");
        }
        if !machine.is_used() {
            assert!(!self.owes, "lines are given up: {self:?}");
            assert!(!self.lost || self.ended, "a directory that vanished is given up: {self:?}");
            let left = matches!(self.file, File::Open | File::Synced | File::Marked);
            assert!(!left || self.hurried, "a file is left as it is: {self:?}");
        }
        if let State::Paused(_, _, until) = machine.state {
            assert_eq!(machine.until(), Some(until));
            let (mut late, mut out) = (*machine, Out::new());
            late.step(Event::Time, until, &mut out);
            assert!(matches!(out.take(), Some(Action::Do(_))), "a pause does not end: {self:?}");
        }
    }

    /// With a disk that works it comes to its end.
    fn can_end(&self) {
        let mut world = *self;
        for _ in 0..6 {
            let event = match world.machine.state {
                State::Unused | State::Closed => return,
                State::Ready if world.owes => Event::Owes,
                State::Ready => Event::Ends,
                State::Paused(..) => Event::Time,
                State::Doing(..) => panic!("{self:?}"),
            };
            let mut out = Out::new();
            world.machine.step(event, NOW.plus_ms(PAUSE), &mut out);
            while let Some(action) = out.take() {
                let Action::Do(task) = action else { continue };
                let answers = world.perform(task);
                let works = |answer: &Answer| {
                    !matches!(answer, Answer::Failed | Answer::Gone | Answer::Refused { .. })
                };
                let (next, answer) =
                    answers.into_iter().find(|(_, answer)| works(answer)).expect("an answer");
                world = next;
                world.machine.answer(answer, NOW, &mut out);
            }
        }
        panic!("it does not end: {self:?}");
    }

    fn events(&self) -> Vec<Event> {
        let mut events = vec![Event::Alarm, Event::Terminate, Event::Time];
        // Only one that is ready takes lines, and only an empty buffer lets a file end.
        if self.machine.is_ready() {
            events.push(Event::Owes);
            events.extend((!self.owes).then_some(Event::Due));
        }
        events.extend((!self.owes).then_some(Event::Ends));
        // What could not be written is given up only here.
        events.push(Event::Quits(self.torn));
        // At the end no directory is begun.
        events.extend((self.machine.is_used() || !self.ended).then_some(Event::HangUp));
        events
    }
}

const EVENTS: [Event; 9] = [
    Event::Owes,
    Event::Due,
    Event::Alarm,
    Event::HangUp,
    Event::Terminate,
    Event::Ends,
    Event::Quits(false),
    Event::Quits(true),
    Event::Time,
];

fn walk() -> HashSet<World> {
    let first = World {
        machine: Life::new(),
        file: File::None,
        owes: false,
        warned: false,
        lost: false,
        ended: false,
        hurried: false,
        torn: false,
    };
    let mut seen = HashSet::new();
    let mut open = vec![first];
    while let Some(world) = open.pop() {
        let moments = [(false, false), (true, false), (false, true), (true, true)];
        for world in moments.map(|(paused, due)| world.later(paused, due)) {
            if !seen.insert(world) {
                continue;
            }
            world.can_end();
            for event in world.events() {
                let mut before = world;
                match event {
                    Event::Owes => before.owes = true,
                    Event::Ends => before.ended = true,
                    Event::Quits(_) => (before.owes, before.ended, before.hurried) = (false, true, true),
                    Event::Terminate => {
                        before.hurried |= matches!(world.machine.state, State::Paused(Goal::Close, ..));
                    }
                    Event::Due | Event::Alarm | Event::HangUp | Event::Time => {}
                }
                open.extend(before.after(event));
            }
        }
    }
    seen
}

#[test]
fn every_state() {
    let seen = walk();
    println!("svlogd, a log directory: {} states", seen.len());
    assert!((200..1000).contains(&seen.len()), "{} states", seen.len());
    let paused = |goal, task| {
        let there = |world: &World| matches!(world.machine.state, State::Paused(one, other, _) if (one, other) == (goal, task));
        seen.iter().any(there)
    };
    for (goal, task) in [
        (Goal::Write, Task::Write),
        (Goal::Write, Task::Create),
        (Goal::Rotate, Task::Sync),
        (Goal::Rotate, Task::Mark),
        (Goal::Rotate, Task::Rename),
        (Goal::Rotate, Task::Create),
        (Goal::Renew, Task::Sync),
        (Goal::Renew, Task::Open),
        (Goal::Find, Task::Open),
        (Goal::Find, Task::Create),
        (Goal::Close, Task::Sync),
        (Goal::Close, Task::Mark),
    ] {
        assert!(paused(goal, task), "{goal:?} {task:?}");
    }
    assert!(seen.iter().any(|world| world.machine.state == State::Closed));
}
