//! Every state of a command on its way, by every event and every answer, to closure. Of time only its order
//! is kept: whatever is to come may have come with the next event.
use super::check::{Check, Outcome};
use super::pace::{COMES, EARLY, POLL, SOON, later};
use super::settings::Settings;
use super::*;
use crate::protocol::Letter;
use crate::state::{Doing, State as Told};
use crate::status::SETTLED;
use crate::status::State as Life;
use crate::sv::{Invocation, Plan};
use std::collections::HashSet;

const NOW: Instant = Instant(1_000_000_000_000);
/// Not yet come, and come.
const AHEAD: Instant = Instant(NOW.0 + 420_000_000);
const PAST: Instant = Instant(0);
/// Long after every record: a process that was seen may have settled.
const WALL: Stamp = Stamp { secs: 1000, nanos: 0 };

/// One word of each kind.
const WORDS: [&str; 11] = [
    "start",
    "stop",
    "restart",
    "once",
    "hup",
    "pause",
    "exit",
    "check",
    "force-stop",
    "force-restart",
    "force-shutdown",
];

fn record(life: Life, since: u64, pid: u32, want: u8, got_term: u8) -> Record {
    // One that has just begun has not settled; the others have.
    let secs = if since == 3 { WALL.secs } else { since };
    let since = Stamp { secs, nanos: 0 };
    Record { since, pid, paused: 0, want, got_term, state: Some(life), told: None, passing: None }
}

/// The same, of a supervisor that says more.
fn telling(record: Record, doing: Doing, ready: Option<bool>, starts: u32) -> Record {
    let told = Told::plain(doing, ready, starts, record.since);
    Record { told: Some(told), ..record }
}

/// What may be seen. The first four may have been there before.
fn records() -> Vec<Record> {
    let began = record(Life::Run, 3, 11, b'u', 0);
    let (up, down) = (record(Life::Down, 2, 0, b'u', 0), record(Life::Down, 2, 0, b'd', 0));
    vec![
        record(Life::Run, 1, 10, b'u', 0),
        record(Life::Down, 1, 0, b'd', 0),
        record(Life::Finish, 1, 12, b'u', 0),
        telling(record(Life::Down, 1, 0, b'd', 0), Doing::Failed, None, 1),
        telling(down, Doing::Failed, None, 2),
        telling(began, Doing::Run, Some(false), 2),
        telling(began, Doing::Run, Some(true), 2),
        telling(up, Doing::Done, Some(true), 2),
        record(Life::Run, 1, 10, b'u', 1),
        record(Life::Run, 3, 11, b'u', 0),
        record(Life::Run, 3, 11, b'd', 0),
        record(Life::Down, 2, 0, b'u', 0),
        record(Life::Down, 2, 0, b'd', 0),
        Record { state: None, ..record(Life::Run, 2, 11, b'u', 0) },
        Record { passing: Some(WALL), ..record(Life::Run, 1, 10, b'u', 0) },
    ]
}

const TROUBLES: [Trouble; 3] =
    [Trouble::NotRunning, Trouble::OpenControl(Errno::NOENT), Trouble::OpenControl(Errno::ACCES)];

fn answers(action: Action) -> Vec<Answer> {
    let both = [true, false];
    match action {
        Action::Open => [Ok(false), Ok(true), Err(Errno::NOENT)].map(Answer::Opened).to_vec(),
        Action::Watch => both.map(Answer::Watched).to_vec(),
        Action::Read => {
            let known = records().into_iter().take(4).map(|record| Answer::Recorded(Some(record)));
            known.chain([Answer::Recorded(None)]).collect()
        }
        Action::Hold => both.map(Answer::Held).to_vec(),
        Action::Send(_) => TROUBLES.into_iter().map(Err).chain([Ok(())]).map(Answer::Sent).collect(),
        Action::AskName(trouble) => both.map(|new| Answer::New(trouble, new)).to_vec(),
        Action::AskHeard => both.map(Answer::Heard).to_vec(),
        Action::Look => {
            let seen = records().into_iter().map(Sight::Seen);
            let unsure = Sight::Unsure(records()[0], Trouble::OpenOk(Errno::ACCES));
            let sights = seen.chain(TROUBLES.map(Sight::Trouble)).chain([unsure]);
            sights.map(|sight| Answer::Looked(sight, WALL)).collect()
        }
        Action::Collect(seen) => {
            let ends = [None, Some(Passed::Yes), Some(Passed::No), Some(Passed::Unable)];
            ends.map(|passed| Answer::Collected(seen, passed)).to_vec()
        }
        Action::Check(seen) => [Checked::Started, Checked::Absent, Checked::Failed]
            .map(|checked| Answer::Checked(seen, checked))
            .to_vec(),
        Action::Report(_) | Action::Kill => panic!("no question: {action:?}"),
    }
}

/// One command, and what was done for it so far.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct World {
    machine: Machine,
    /// The command was taken.
    sent: bool,
    reported: bool,
}

impl World {
    /// Forgets differences that no decision sees.
    fn plain(mut self) -> World {
        let machine = &mut self.machine;
        let ahead = |time: Instant| if time > NOW { AHEAD } else { PAST };
        let after = |time: Instant, pause| if later(time, pause) > NOW { NOW } else { PAST };
        // A look may come at any time.
        (machine.next, machine.pause) = (PAST, SOON);
        machine.watched = machine.watched.map(|_| true);
        machine.settings.start = after(machine.settings.start, EARLY);
        // It is to come, is over now, or was over before a process began that may still settle.
        machine.settings.deadline = machine.settings.deadline.map(|deadline| match deadline {
            deadline if deadline > NOW => AHEAD,
            deadline => after(deadline, SETTLED),
        });
        machine.alone = if machine.expected { after(machine.alone, COMES) } else { PAST };
        let ends = machine.settings.plan.ends_supervisor();
        machine.left = machine.left.filter(|_| ends).map(|left| after(left, POLL));
        machine.settles = machine.settles.map(|(process, settled)| (process, ahead(settled)));
        let check = &mut machine.check;
        check.pause = SOON;
        check.answer = check.answer.map(|(under, outcome)| {
            let outcome = match outcome {
                Outcome::Failed(again) => Outcome::Failed(ahead(again)),
                Outcome::Passed | Outcome::Unable => outcome,
            };
            (under, outcome)
        });
        check.forget_start();
        self
    }

    /// What is to come may have come: each alone, since the others may follow.
    fn later(self) -> Vec<World> {
        let mut worlds = vec![self; 7];
        worlds[0].machine.settings.start = PAST;
        worlds[1].machine.settings.deadline = self.machine.settings.deadline.map(|end| end.min(NOW));
        worlds[6].machine.settings.deadline = self.machine.settings.deadline.map(|_| PAST);
        worlds[2].machine.alone = PAST;
        worlds[3].machine.left = self.machine.left.map(|_| PAST);
        worlds[4].machine.settles = self.machine.settles.map(|(process, _)| (process, PAST));
        let answer = &mut worlds[5].machine.check.answer;
        *answer = answer.map(|(under, outcome)| match outcome {
            Outcome::Failed(_) => (under, Outcome::Failed(PAST)),
            Outcome::Passed | Outcome::Unable => (under, outcome),
        });
        worlds
    }

    /// All worlds that may follow from an event, one for each way in which the answers can fall.
    fn after(self, event: Event) -> Vec<World> {
        let mut actions = Actions::new();
        let mut world = self;
        world.machine.step(event, NOW, &mut actions);
        let (mut ready, mut open) = (Vec::new(), vec![(world, actions)]);
        while let Some((mut world, mut actions)) = open.pop() {
            match actions.take() {
                None => {
                    world.check(event);
                    ready.push(world.plain());
                }
                Some(Action::Report(report)) => {
                    world.judge(&report);
                    world.reported = true;
                    open.push((world, actions));
                }
                Some(Action::Kill) => {
                    let machine = &world.machine;
                    assert!(world.reported && machine.settings.plan.kills() && !machine.inside, "{world:?}");
                    open.push((world, actions));
                }
                Some(action) => {
                    assert!(!world.reported, "asked after the end: {action:?} {world:?}");
                    for answer in answers(action) {
                        let (mut world, mut actions) = (world, actions);
                        world.look_at(action, answer);
                        world.machine.answer(answer, NOW, &mut actions);
                        open.push((world, actions));
                    }
                }
            }
        }
        ready
    }

    fn look_at(&mut self, action: Action, answer: Answer) {
        let plan = &self.machine.settings.plan;
        if let Action::Send(letters) = action {
            let rest = plan.to_the_next();
            let known = if self.sent { Some(letters) == rest } else { letters == plan.letters() };
            assert!(known && !letters.is_empty(), "{letters:?} of {self:?}");
            self.sent |= answer == Answer::Sent(Ok(()));
        }
    }

    /// What is said must be so.
    fn judge(&self, report: &Report) {
        let Machine { settings, heard, inside, .. } = &self.machine;
        let plan = &settings.plan;
        assert!(!self.reported, "twice: {report:?} {self:?}");
        match report {
            Report::Obeyed(seen) => {
                let record = &seen.record;
                assert!(*heard || *inside, "nobody had read the command: {self:?}");
                assert!(record.passing.is_none(), "of a moment that is over: {seen:?}");
                let runs = record.pid != 0 && record.state == Some(Life::Run);
                let down = record.pid == 0 && record.state == Some(Life::Down) && !record.is_done();
                let up = (runs && record.is_ready() != Some(false)) || record.is_done();
                match plan.letters() {
                    [Letter::Up] => assert!(up && record.want == b'u', "{seen:?}"),
                    [Letter::Down] => assert!(down && record.want == b'd', "{seen:?}"),
                    [Letter::Term, .., Letter::Up] => {
                        assert!(up && record.want == b'u' && record.got_term == 0, "{seen:?}");
                        assert_ne!(Some(*record), self.machine.before.record, "the old process");
                    }
                    [Letter::Exit, ..] => panic!("there is a supervisor: {seen:?}"),
                    _ => {}
                }
            }
            Report::Gone => assert!(plan.ends_supervisor(), "{self:?}"),
            Report::Failed(trouble) => assert!(
                !plan.ends_supervisor() || *trouble != Trouble::NotRunning,
                "that is what was asked for: {self:?}"
            ),
            Report::GivenUp(seen) => {
                let old = self.machine.before.record.is_some_and(|old| old == seen.record);
                let asks = plan.letters().is_empty();
                assert!(seen.record.has_failed() && (asks || !old), "{seen:?}");
                assert!(asks || *heard || *inside, "nobody had read the command: {self:?}");
                assert!(plan.wants_process() || plan.letters().contains(&Letter::Term), "{seen:?}");
            }
            Report::TimeIsUp(_) => assert!(self.machine.is_over(NOW), "too early: {self:?}"),
            Report::Killed(seen) => {
                assert!(self.machine.is_over(NOW) && plan.kills() && !inside, "{self:?}");
                // As long as the command was not read, it is the same supervisor's.
                let next = *heard && followed(plan, &seen.record, &self.machine.before);
                assert!(!next, "the next one: {self:?}");
            }
        }
    }

    /// What is true whenever nothing is asked.
    fn check(&self, event: Event) {
        let machine = &self.machine;
        match machine.state {
            State::Done => {
                let silent = !machine.settings.waits && self.sent;
                assert!(self.reported || silent, "it said nothing: {self:?}");
            }
            State::Waits => {
                assert!(machine.settings.waits && !self.reported, "{self:?}");
                let until = machine.until().expect("a moment");
                // A process that began a moment ago may settle when the time is over; nothing else may.
                let settles = machine.settles.is_some_and(|(_, settled)| settled > NOW);
                let stays = event == Event::Time && machine.is_over(NOW) && !settles && until <= NOW;
                let long = event == Event::Time && machine.settings.deadline == Some(PAST);
                assert!(!stays && !long, "it waits beyond its time: {self:?}");
            }
            State::New | State::Tells | State::Looks => panic!("a question is open: {self:?}"),
        }
    }

    fn events(&self) -> Vec<Event> {
        // Those that change nothing but the moment of the next look are tried elsewhere.
        let mut events = vec![Event::Time, Event::ReaderGone];
        events.extend(self.machine.held.then_some(Event::Ended));
        events
    }
}

impl Check {
    /// How long a run takes decides about a pause only.
    fn forget_start(&mut self) {
        if let Some(run) = &mut self.run {
            run.since = NOW;
        }
    }
}

fn walk(word: &str, services: usize, asked: bool) -> HashSet<World> {
    let goal = word.strip_prefix("--wait ").and_then(|goal| Plan::to_wait_for(goal.as_bytes()));
    let plan = goal.or_else(|| Plan::of(word.as_bytes(), false)).expect("a word");
    let invocation = Invocation::new(plan, asked);
    let mut seen = HashSet::new();
    let mut open = Vec::new();
    let settings = Settings::new(&invocation, services, true, NOW, WALL);
    let machine = Machine::new(settings);
    open.extend(World { machine, sent: false, reported: false }.after(Event::Begin));
    while let Some(world) = open.pop() {
        if world.machine.is_done() || !seen.insert(world) {
            continue;
        }
        open.extend(world.later());
        for event in world.events() {
            open.extend(world.after(event));
        }
    }
    seen
}

#[test]
fn every_state_of_every_command() {
    let mut count = 0;
    // Several are watched from the beginning.
    let goals = ["--wait up", "--wait down", "--wait ready", "--wait done", "--wait failed"];
    let words = WORDS.into_iter().chain(goals).map(|word| (word, 1));
    for (word, services) in words.chain([("stop", 9), ("restart", 9)]) {
        let seen = walk(word, services, true);
        assert!(!seen.is_empty(), "{word}");
        count += seen.len();
    }
    println!("sv, all commands: {count} states");
    assert!(count > 1000, "{count} states");
}

#[test]
fn a_command_that_does_not_wait_is_over_once_it_is_told() {
    for word in ["up", "down", "once", "term", "kill", "exit", "1"] {
        assert!(walk(word, 1, false).is_empty(), "{word}");
    }
}
