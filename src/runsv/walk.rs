//! One idea: every state that a supervisor can reach, by every event and every answer, to closure.
use super::machine::{LogPipe, Machine};
use super::service::{NEVER, Outcome, Start};
use super::service::{Service, Stage, Then, Who};
use super::settings::{Limit, Settings};
use super::words::{Action, Actions, Answer, Event, Found, Needed};
use crate::protocol::{LETTERS, Letter};
use crate::status::{State, Want};
use platform::{Ended, Instant, Pid, Signal, Sweep};
use std::collections::HashSet;

mod kill;
mod waits;

const MAIN: Pid = Pid(10);
const SCRIPT: Pid = Pid(11);
const LOG: Pid = Pid(12);
const STRANGER: Pid = Pid(13);
/// The walk's now; moments are moved so that every event happens then.
const NOW: Instant = Instant(1_000_000_000_000);

/// What is left of a contained service.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Tree {
    Gone,
    Alive,
    Unkillable,
}

/// What lives outside the machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct World {
    machine: Machine,
    main: bool,
    script: bool,
    log: bool,
    write_end: bool,
    /// What the service has started, and its process.
    tree: Tree,
    /// What the directories say.
    settings: Settings,
    /// A log service may appear, of which this is wanted.
    late: Option<Want>,
    /// What is needed is watched; it was up when it was looked at last.
    watched: bool,
    met: bool,
}

impl World {
    /// Lets time pass, and forgets differences that no decision sees.
    fn later(mut self, ms: u64) -> World {
        let shift = |time: Instant| Instant(time.0.saturating_sub(ms * 1_000_000));
        let service = |service: &mut Service| {
            let started = shift(service.started);
            let longest = u64::from(service.settings.longest_delay.max(1000));
            service.started = if NOW.ms_since(started) >= longest { Instant(0) } else { started };
            let said = self.settings;
            service.patience.shift(said.longest_delay > said.delay, |end| {
                let end = shift(end);
                if NOW.ms_since(end) > 1000 { Instant(0) } else { end }
            });
            service.asked &= said.oneshot || said.limit.is_some() || said.finish_fails.is_some();
            if let Some(sweep) = &mut service.sweep {
                sweep.look = shift(sweep.look).max(NOW);
                sweep.looked = shift(sweep.looked);
                // Their growth decides of time alone.
                sweep.pause = sweep.pause.min(16);
                if sweep.limit != NEVER {
                    sweep.limit = shift(sweep.limit).max(NOW);
                }
            }
            if service.kill != NEVER {
                service.kill = shift(service.kill).max(NOW);
            }
            service.before_signal &= service.kill != NEVER;
            // A moment that has come is as good as any other that has.
            service.not_before = service.not_before.map(|time| shift(time).max(NOW));
            // How long it waits for another service changes nothing else.
            if matches!(service.start, Start::Waits(_)) {
                service.start = Start::Waits(20);
                service.not_before = service.not_before.map(|time| time.min(NOW.plus_ms(600)));
            }
            // Shown and passed on, never decided by.
            service.ended = Ended::Exit(0);
        };
        service(&mut self.machine.main);
        self.machine.log.iter_mut().for_each(service);
        // Nothing depends on this either.
        self.machine.main.paused = false;
        if let LogPipe::Wanted(Some(time)) = self.machine.pipe {
            self.machine.pipe = LogPipe::Wanted(Some(shift(time).max(NOW)));
        }
        self
    }

    /// All worlds that may follow from an event, one for each way the answers can fall.
    fn after(mut self, event: Event, longest: &mut usize) -> Vec<World> {
        let mut actions = Actions::new();
        self.machine.step(event, NOW, &mut actions);
        let (mut ready, mut open) = (Vec::new(), vec![(self, actions)]);
        while let Some((world, mut actions)) = open.pop() {
            let mut rest = actions;
            *longest = std::iter::from_fn(|| rest.take()).count().max(*longest);
            let Some(action) = actions.take() else {
                world.check();
                ready.push(world);
                continue;
            };
            for (mut world, answer) in world.perform(action) {
                let mut actions = actions;
                if let Some(answer) = answer {
                    world.machine.answer(answer, NOW, &mut actions);
                }
                open.push((world, actions));
            }
        }
        ready
    }

    /// Performs an action and lists the answers; what must not be asked for is asserted here.
    fn perform(self, action: Action) -> Vec<(World, Option<Answer>)> {
        let mut world = self;
        match action {
            Action::ReadSettings(who) => {
                let mut answers = vec![(world, Some(Answer::Settings(who, world.settings)))];
                if let (Who::Main, None, Some(want)) = (who, &world.machine.log, world.late) {
                    let appeared = World { write_end: true, ..world };
                    answers.push((appeared, Some(Answer::LogAppeared(world.settings, want))));
                }
                answers
            }
            Action::LookAtNeeds => {
                assert!(world.settings.needs, "{world:?}");
                [Needed::Met, Needed::Settles(100), Needed::Told, Needed::Untold]
                    .map(|needed| {
                        let met = needed == Needed::Met;
                        (World { watched: !met, met, ..world }, Some(Answer::Needs(needed)))
                    })
                    .to_vec()
            }
            Action::StopWaiting => {
                assert!(world.watched, "{world:?}");
                world.watched = false;
                vec![(world, None)]
            }
            Action::Run(Who::Main) | Action::Finish(_) => {
                assert!(!world.main, "a second main process: {world:?}");
                assert!(!world.script, "started beside a control script: {world:?}");
                assert!(world.write_end || world.machine.log.is_none(), "without its pipe: {world:?}");
                let run = action == Action::Run(Who::Main);
                let needed = run && world.settings.needs;
                assert!(!needed || world.met, "started though a need is not up: {world:?}");
                assert!(!world.settings.contain || world.tree == Tree::Gone, "beside its rest: {world:?}");
                let started = World { main: true, tree: Tree::Alive, met: world.met && !run, ..world };
                vec![
                    (started, Some(Answer::Started(Who::Main, Some(MAIN)))),
                    (world, Some(Answer::Started(Who::Main, None))),
                ]
            }
            Action::Run(Who::Log) => {
                assert!(!world.log, "a second log process: {world:?}");
                let started = World { log: true, ..world };
                vec![
                    (started, Some(Answer::Started(Who::Log, Some(LOG)))),
                    (world, Some(Answer::Started(Who::Log, None))),
                ]
            }
            Action::LookForFinish(_) => {
                assert!(!world.settings.contain || world.tree == Tree::Gone, "before its rest: {world:?}");
                [Found::Finish, Found::Nothing, Found::NoDirectory]
                    .map(|found| (world, Some(Answer::Looked(found))))
                    .to_vec()
            }
            Action::Script(letter, pid) => {
                assert!(!world.script, "two control scripts: {world:?}");
                assert!(pid.is_none() || world.main, "the number of a process that is gone: {world:?}");
                let started = World { script: true, ..world };
                vec![
                    (started, Some(Answer::ScriptStarted(letter, Some(SCRIPT)))),
                    (world, Some(Answer::ScriptStarted(letter, None))),
                ]
            }
            Action::Sweep(how) => {
                assert!(!world.script, "beside a control script: {world:?}");
                assert!(world.tree != Tree::Gone, "asked again: {world:?}");
                let swept = |tree| (World { tree, ..world }, Some(Answer::Swept(tree != Tree::Gone)));
                match (how, world.tree) {
                    (_, Tree::Gone) => vec![],
                    (_, Tree::Unkillable) => vec![swept(Tree::Unkillable), swept(Tree::Gone)],
                    (Sweep::Kill, _) => vec![swept(Tree::Unkillable), swept(Tree::Gone)],
                    (Sweep::Look | Sweep::Terminate, tree) => vec![swept(tree), swept(Tree::Gone)],
                }
            }
            Action::TellStuck => {
                assert_eq!(world.tree, Tree::Unkillable, "{world:?}");
                vec![(world, None)]
            }
            Action::Signal(pid, _) | Action::SignalNumber(pid, _) => {
                let script = pid == SCRIPT && world.script;
                let alive = (pid == MAIN && world.main) || (pid == LOG && world.log) || script;
                assert!(!script || action == Action::Signal(SCRIPT, Signal::Kill), "a signal for a script");
                assert!(alive, "signalled a process that was reaped: {world:?}");
                vec![(world, None)]
            }
            Action::Ended(..) | Action::Stamp(_) | Action::Write(_) => vec![(world, None)],
            Action::ClosePipe => {
                assert!(world.write_end, "closed twice: {world:?}");
                world.write_end = false;
                vec![(world, None)]
            }
            Action::LookAtPipe => {
                assert!(!world.log && !world.write_end, "asked too early: {world:?}");
                [true, false].map(|holds| (world, Some(Answer::PipeHolds(holds)))).to_vec()
            }
            Action::OpenPipe => {
                let opened = World { write_end: true, ..world };
                vec![(opened, Some(Answer::PipeOpened(true))), (world, Some(Answer::PipeOpened(false)))]
            }
            Action::Exit => {
                assert!(!world.main && !world.script && !world.log, "left something behind: {world:?}");
                assert!(!world.settings.contain || world.tree == Tree::Gone, "left its rest: {world:?}");
                assert!(world.machine.exited);
                vec![(world, None)]
            }
        }
    }

    /// What is true whenever the machine waits.
    fn check(&self) {
        let machine = &self.machine;
        if machine.exited {
            return;
        }
        let main = &machine.main;
        assert_eq!(matches!(main.start, Start::Waits(_)), self.watched, "{self:?}");
        assert!(!self.watched || (main.state == State::Down && machine.until().is_some()), "{self:?}");
        assert_eq!(main.pid.is_some(), self.main, "{self:?}");
        assert_eq!(machine.log.as_ref().is_some_and(|log| log.pid.is_some()), self.log, "{self:?}");
        assert_eq!(main.script.is_some(), self.script, "{self:?}");
        assert!(!main.asked_to_end || self.main, "{self:?}");
        assert!(main.state != State::Run || self.main, "{self:?}");
        assert!(main.state != State::Down || !self.main, "{self:?}");
        assert!(!main.ready || main.state == State::Run, "ready without a process: {self:?}");
        let given_up = main.outcome == Outcome::Failed;
        assert!(!given_up || (main.want != Want::Up && !main.once), "given up, and to be started: {self:?}");
        let done = main.outcome == Outcome::Done;
        let undone = main.sweep.is_some_and(|sweep| sweep.then == Then::Undo);
        assert!(!done || (main.state == State::Down && (undone || main.want != Want::Exit)), "{self:?}");
        let down = main.is_down() && !done && self.settings.contain;
        assert!(!down || self.tree == Tree::Gone, "down, and not all of it: {self:?}");
        let sweeps = main.sweep.is_some();
        let stuck = main.sweep.is_some_and(|sweep| matches!(sweep.stage, Stage::Killed | Stage::Stuck));
        assert!(!stuck || self.tree == Tree::Unkillable, "killed, and not: {self:?}");
        assert!(!done || self.settings.oneshot, "{self:?}");
        assert!(
            main.state != State::Finish || sweeps || main.patience.has_pause(),
            "a pause was lost: {self:?}"
        );
        let told = main.kill == NEVER || self.main || self.script;
        assert!(told, "a time to kill nothing: {self:?}");
        assert!(machine.until().is_none_or(|time| time > NOW), "does not sleep: {self:?}");
        let waits = machine.until().is_some() || self.script;
        for service in [Some(main), machine.log.as_ref()].into_iter().flatten() {
            let due = service.want == Want::Up || service.once || service.state == State::Finish;
            let due = due && service.outcome != Outcome::Done;
            assert!(!due || service.pid.is_some() || waits, "forgot to start: {self:?}");
        }
        let leaving = main.want == Want::Exit && main.is_down();
        assert!(!leaving || self.log || machine.until().is_some(), "does not end: {self:?}");
        assert!(!leaving || !self.write_end || machine.log.is_none(), "the log never ends: {self:?}");
    }

    fn events(&self) -> Vec<Event> {
        let mut events = vec![Event::Time, Event::Terminate, Event::Died(STRANGER, Ended::Exit(0))];
        if self.main && self.settings.notification.is_some() {
            events.push(Event::Ready);
        }
        // One that comes late says nothing.
        if self.settings.needs {
            events.push(Event::Stirred);
        }
        // One of each kind: `h i q 1 2` differ from `a` in the name of the signal only.
        let letters = || LETTERS.iter().copied().filter(|letter| !b"hiq12".contains(&letter.byte()));
        if self.machine.listens(Who::Main) {
            events.extend(letters().map(|letter| Event::Control(Who::Main, letter)));
        }
        events.extend(letters().map(|letter| Event::Control(Who::Log, letter)));
        for (alive, pid) in [(self.main, MAIN), (self.script, SCRIPT), (self.log, LOG)] {
            if alive {
                events.push(Event::Died(pid, Ended::Exit(0)));
                events.push(Event::Died(pid, Ended::Killed { signal: 9, core: false }));
            }
        }
        events
    }

    fn without(mut self, pid: Pid) -> World {
        match pid {
            MAIN => self.main = false,
            SCRIPT => self.script = false,
            LOG => self.log = false,
            _ => {}
        }
        self
    }
}

fn walk(log: Option<Want>) -> HashSet<World> {
    walk_with("nothing", Settings::new(), log)
}

fn walk_with(said: &str, settings: Settings, log: Option<Want>) -> HashSet<World> {
    walk_late(said, settings, log, None, &HashSet::new())
}

/// The log service appears later. What follows a state that is known need not be seen again.
fn walk_late(
    said: &str,
    settings: Settings,
    log: Option<Want>,
    late: Option<Want>,
    known: &HashSet<World>,
) -> HashSet<World> {
    let mut seen = HashSet::new();
    let (mut open, mut longest) = (Vec::new(), 0);
    for want in [Want::Up, Want::Down] {
        let machine = Machine::new(want, log);
        let write_end = log.is_some();
        let world = World {
            machine,
            main: false,
            script: false,
            log: false,
            write_end,
            tree: Tree::Gone,
            settings,
            late,
            watched: false,
            met: false,
        };
        open.extend(world.after(Event::Time, &mut longest));
        if settings.contain {
            // Another supervisor was killed.
            let mut world = World { tree: Tree::Alive, ..world };
            world.machine.adopt();
            open.extend(world.after(Event::Time, &mut longest));
        }
    }
    while let Some(world) = open.pop() {
        for world in [0, 600, 6000].map(|ms| world.later(ms)) {
            let is_known = known.contains(&World { late: None, ..world });
            if !seen.insert(world) || world.machine.exited || is_known {
                continue;
            }
            for event in world.events() {
                let before = match event {
                    Event::Died(pid, _) => world.without(pid),
                    _ => world,
                };
                open.extend(before.after(event, &mut longest).into_iter().map(|world| world.later(0)));
            }
        }
    }
    println!("runsv, log {log:?}, says {said}: {} states, {longest} actions at once", seen.len());
    assert!(longest < Actions::ROOM, "{longest}");
    seen
}

#[test]
fn every_state_of_a_service_alone() {
    let seen = walk(None);
    assert!(seen.len() > 100, "{} states", seen.len());
    assert!(seen.iter().any(|world| world.machine.exited));
}

#[test]
fn every_state_of_a_service_with_its_log() {
    let seen = walk(Some(Want::Up));
    assert!(seen.len() > 1000, "{} states", seen.len());
    for state in [State::Down, State::Run, State::Finish] {
        assert!(seen.iter().any(|world| world.machine.main.state == state && world.script));
    }
    assert!(seen.iter().any(|world| world.machine.exited));
    // A log service that appears later comes to no state that one from the beginning does not come to.
    let late = walk_late("a late log", Settings::new(), None, Some(Want::Up), &seen);
    let is_known = |world: &World| seen.contains(&World { late: None, ..*world });
    let strange = late.iter().find(|world| world.machine.log.is_some() && !is_known(world));
    assert!(strange.is_none(), "{strange:?}");
    assert!(late.iter().any(|world| world.machine.log.is_some()));
}

/// Every wish to stop reaches a running process as TERM, or its control script.
#[test]
fn term_is_never_lost() {
    for world in walk(None) {
        let main = &world.machine.main;
        if main.state != State::Run || !world.machine.listens(Who::Main) || world.machine.exited {
            continue;
        }
        for letter in [Letter::Down, Letter::Exit, Letter::Term] {
            let mut machine = world.machine;
            let mut actions = Actions::new();
            machine.step(Event::Control(Who::Main, letter), NOW, &mut actions);
            let mut done = Vec::new();
            while let Some(action) = actions.take() {
                done.push(action);
                if let Action::Script(script, _) = action {
                    machine.answer(Answer::ScriptStarted(script, None), NOW, &mut actions);
                }
            }
            assert!(done.contains(&Action::Script(Letter::Term, Some(MAIN))), "{world:?} {letter:?}");
            assert!(done.contains(&Action::Signal(MAIN, Signal::Terminate)), "{world:?} {letter:?}");
            assert!(machine.main.asked_to_end);
        }
    }
}

/// Each thing that a directory can say, alone and where two of them meet.
#[test]
fn every_state_of_a_service_that_says_something() {
    let new = Settings::new;
    let limit = Some(Limit { ends: 2, seconds: 1 });
    let oneshot = Settings { oneshot: true, ..new() };
    let contain = Settings { contain: true, ..new() };
    let killed = Settings { timeout_kill: 600, timeout_finish: 600, ..new() };
    for (said, settings) in [
        ("oneshot", oneshot),
        ("timeouts", killed),
        ("limit", Settings { limit, ..new() }),
        ("delay", Settings { delay: 300, longest_delay: 1200, delayed: true, ..new() }),
        ("notification", Settings { notification: Some(platform::Fd(3)), ..new() }),
        ("down-signal", Settings { down: Some(37), ..new() }),
        ("finish-fails", Settings { finish_fails: Some(0), ..new() }),
        ("needs", Settings { needs: true, ..new() }),
        ("needs, oneshot", Settings { needs: true, ..oneshot }),
        ("needs, limit, timeouts", Settings { needs: true, limit, ..killed }),
        ("contain", contain),
        ("contain, needs", Settings { needs: true, ..contain }),
        ("contain, oneshot", Settings { oneshot: true, ..contain }),
        ("contain, timeouts", Settings { contain: true, ..killed }),
        ("oneshot, limit", Settings { limit, ..oneshot }),
        ("oneshot, timeouts", Settings { oneshot: true, ..killed }),
        ("timeouts, limit, finish-fails", Settings { limit, finish_fails: Some(0), ..killed }),
    ] {
        let seen = walk_with(said, settings, None);
        let any = |what: fn(&World) -> bool| seen.iter().any(what);
        assert!(any(|world| world.machine.exited), "{said}");
        assert_eq!(any(|world| world.machine.main.outcome == Outcome::Done), settings.oneshot, "{said}");
        let fails = settings.limit.or(settings.finish_fails.map(|_| Limit { ends: 0, seconds: 0 }));
        assert_eq!(any(|world| world.machine.main.outcome == Outcome::Failed), fails.is_some(), "{said}");
        assert_eq!(any(|world| world.watched), settings.needs, "{said}");
        assert_eq!(any(|world| world.machine.main.ready), settings.notification.is_some(), "{said}");
        assert_eq!(any(|world| world.machine.main.kill != NEVER), settings.timeout_kill > 0, "{said}");
    }
}
