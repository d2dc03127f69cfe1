//! Every state that a scan directory with one service can reach, by every event and every answer, to closure. It is a
//! container too, or none.
//!
//! One idea: what lives outside of the machine, and what must be true of both.
//!
//! Times are kept as what decisions see of them, always to the side from which more can happen: a moment to come
//! lies on the next of few distances, and a moment gone by on the last of few.
use super::container::Leave;
use super::machine::Machine;
use super::services::{Row, Services};
use super::state::{Scan, State};
use super::words::{Action, Actions, Answer, Contents, Event, Look};
use platform::{Ended, FileId, Instant, Os, Pid, Stamp};
use std::collections::HashSet;

const NOW: Instant = Instant(1_000_000_000_000);
const SERVICE: FileId = FileId { device: 1, inode: 2 };
const SUPERVISOR: Pid = Pid(10);
/// A child that is no supervisor, or none any more.
const STRANGER: Pid = Pid(11);
/// What the scan directory looks like, and what it looks like after a change.
const LOOKS: [Look; 2] = [look(1), look(2)];
const BOTH: [bool; 2] = [false, true];
/// How long the end of a container may take, in milliseconds.
const PATIENCE: u64 = 10_000;

const fn look(secs: u64) -> Look {
    Look { id: FileId { device: 1, inode: 1 }, changed: Stamp { secs, nanos: 0 } }
}

/// A moment to come, never earlier than it is.
fn ahead(time: Instant) -> Instant {
    let left = time.0.saturating_sub(NOW.0).div_ceil(1_000_000);
    NOW.plus_ms([0, 1, 1000, 6000].into_iter().find(|step| left <= *step).unwrap_or(300_000))
}

/// A moment gone by, never longer ago than it is.
fn ago(time: Instant) -> Instant {
    let age = NOW.ms_since(time);
    let step = [1000, 100, 0].into_iter().find(|step| age >= *step).unwrap_or(0);
    Instant(NOW.0 - step * 1_000_000)
}

/// All that the machine knows, to be compared.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Known {
    state: State,
    rows: Vec<Row>,
    seen: Option<Look>,
    under_way: Scan,
    flags: [bool; 7],
    look: Instant,
    scan: Option<Instant>,
    missing: (Instant, Instant),
    dangles: Instant,
    rested: Instant,
    leave: Leave,
}

impl Known {
    fn of(machine: &mut Machine, ms: u64) -> Known {
        let later = |time: Instant| Instant(time.0.saturating_sub(ms * 1_000_000));
        // A field that is new has to be named here.
        let Machine {
            state,
            ref mut services,
            under_way,
            seen,
            first,
            told,
            changed,
            follows,
            look,
            scan,
            examines,
            repeats,
            missing: (still, new),
            dangles,
            rested,
            sent,
            leave,
        } = *machine;
        let rows = services.rows(NOW, ms, state == State::Waiting);
        // What is set before it is looked at again is as good as forgotten.
        let scans = state != State::Waiting;
        let missing = scans || rows.iter().any(Row::is_missed);
        let (scan, look) = (scan.map(|time| ahead(later(time))), ahead(later(look)));
        let at = if leave.is_asked() { ahead(later(leave.at)) } else { leave.at };
        let leave = Leave { at, ..leave };
        // Nothing is scanned any more.
        if state == State::Ending {
            let never = Known::of(&mut Machine::new(), 0);
            return Known { state, rows, look, leave, ..never };
        }
        Known {
            state,
            rows,
            under_way: if scans { under_way } else { Scan::default() },
            seen: seen.map(|_| LOOKS[0]),
            flags: [first, told, changed, follows && scans, examines, repeats && scans, sent && scans],
            look: scan.map_or(look, |scan| look.min(scan)),
            scan,
            missing: if missing { (ago(later(still)), ago(later(new))) } else { (NOW, NOW) },
            dangles: if later(dangles) > NOW { NOW.plus_ms(6000) } else { NOW },
            rested: ahead(later(rested)),
            leave,
        }
    }

    /// Puts it into a machine, which keeps its memory.
    fn fill(&self, machine: &mut Machine) {
        machine.services.fill(&self.rows);
        let services = std::mem::take(&mut machine.services);
        *machine = Machine { services, ..self.plain() };
    }

    /// The machine without its services.
    fn plain(&self) -> Machine {
        let [first, told, changed, follows, examines, repeats, sent] = self.flags;
        Machine {
            state: self.state,
            services: Services::new(),
            under_way: self.under_way,
            seen: self.seen,
            first,
            told,
            changed,
            follows,
            look: self.look,
            scan: self.scan,
            examines,
            repeats,
            missing: self.missing,
            dangles: self.dangles,
            rested: self.rested,
            sent,
            leave: self.leave,
        }
    }
}

/// The machine and what lives outside it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct World {
    known: Known,
    /// The supervisor lives.
    lives: bool,
    /// It is a container, and once that is to end, its exit code.
    container: Option<Option<u8>>,
    /// In that end the supervisor was told to end, and its service was killed.
    told: bool,
    killed: bool,
    /// The question that is open.
    asked: Option<Action>,
    turn: Turn,
}

/// What has happened since the last event.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Turn {
    looked: bool,
    opened: bool,
    /// The scan has met the service; twice, by two names.
    met: u8,
    /// Everything was read.
    complete: bool,
    /// HUP came, or TERM.
    ends: Option<u8>,
}

impl World {
    /// What the machine makes of an event or an answer.
    fn after(
        mut self,
        machine: &mut Machine,
        longest: &mut usize,
        step: impl FnOnce(&mut Machine, &mut Actions),
    ) -> World {
        let mut actions = Actions::new();
        self.known.fill(machine);
        step(machine, &mut actions);
        self.asked = None;
        let mut count = 0;
        while let Some(action) = actions.take() {
            count += 1;
            assert_eq!(self.asked, None, "asked before the rest is done: {self:?}");
            self.perform(action);
        }
        *longest = count.max(*longest);
        self.known = Known::of(machine, 0);
        if self.asked.is_none() {
            self.check();
            self.turn = Turn::default();
        }
        self
    }

    /// Performs an action; what must not be asked for is asserted here.
    fn perform(&mut self, action: Action) {
        let turn = self.turn;
        match action {
            Action::Look => assert!(!turn.looked, "looks again: {self:?}"),
            Action::Open => assert!(turn.looked && !turn.opened, "{self:?}"),
            Action::Next { .. } => assert!(turn.opened, "reads what is not open: {self:?}"),
            Action::Examine | Action::Start => {
                assert!(turn.met == 1 && !self.lives, "a second supervisor: {self:?}");
            }
            Action::Terminate(pid) => {
                assert!(pid == SUPERVISOR && self.lives, "TERM for a process that is gone: {self:?}");
                let gone = turn.complete && turn.met == 0;
                let ends = turn.ends == Some(111) || self.leaves().is_some();
                assert!(ends || gone, "a service that is there is ended: {self:?}");
                if self.leaves().is_some() {
                    assert!(!self.told, "twice: {self:?}");
                    self.told = true;
                } else {
                    self.lives = false;
                }
            }
            Action::Kill => {
                assert!(self.told && self.lives && !self.killed, "{self:?}");
                self.killed = true;
            }
            Action::KillGroup(pid) => {
                assert!(pid == SUPERVISOR && self.lives && self.killed, "{self:?}");
                self.lives = false;
            }
            Action::Close => {
                assert!(turn.opened, "closed twice: {self:?}");
                self.turn.opened = false;
                return;
            }
            Action::Exit(code) => {
                assert_eq!(self.leaves().or(turn.ends), Some(code), "{self:?}");
                assert!(turn.ends == Some(0) || !self.lives, "left alone: {self:?}");
                return;
            }
            Action::Mark => assert!(turn.ends == Some(111) || self.leaves().is_some(), "{self:?}"),
            Action::NoRun => {
                assert!(turn.met == 1 && !self.lives, "{self:?}");
                return;
            }
            Action::NoMemory => {
                let known = &self.known.rows;
                assert!(turn.met == 0 && known.is_empty() && !self.lives, "there is memory: {self:?}");
                return;
            }
        }
        self.asked = Some(action);
    }

    /// The answers to the question that is open.
    fn answers(&self, asked: Action) -> Vec<(World, Answer)> {
        let so = |answer| (self.clone(), answer);
        let with = |turn, answer| (World { turn, ..self.clone() }, answer);
        match asked {
            Action::Look => {
                let turn = Turn { looked: true, ..self.turn };
                let seen = LOOKS.into_iter().flat_map(|look| BOTH.map(|fresh| Some((look, fresh))));
                seen.chain([None]).map(|seen| with(turn, Answer::Seen(seen))).collect()
            }
            Action::Open => {
                let turn = Turn { opened: true, ..self.turn };
                let mut all = BOTH.map(|told| with(turn, Answer::Opened(Some(told)))).to_vec();
                all.push(so(Answer::Opened(None)));
                all
            }
            Action::Next { .. } => {
                let turn = Turn { complete: true, ..self.turn };
                let mut all =
                    BOTH.map(|dangling| with(turn, Answer::End { complete: true, dangling })).to_vec();
                all.push(so(Answer::End { complete: false, dangling: false }));
                if self.turn.met < 2 {
                    let turn = Turn { met: self.turn.met + 1, ..self.turn };
                    all.push(with(turn, Answer::Name(SERVICE)));
                }
                all
            }
            Action::Examine => [Contents::NoRun, Contents::Quiet(0), Contents::Quiet(1000)]
                .map(|contents| so(Answer::Examined(contents)))
                .to_vec(),
            Action::Start => {
                let started = World { lives: true, ..self.clone() };
                vec![so(Answer::Started(None)), (started, Answer::Started(Some(SUPERVISOR)))]
            }
            Action::Terminate(_) | Action::KillGroup(_) => vec![so(Answer::Sent)],
            Action::Mark | Action::Kill => vec![so(Answer::Marked)],
            Action::NoRun | Action::NoMemory | Action::Close | Action::Exit(_) => vec![],
        }
    }

    /// What the end of the container is to tell, once that is asked for.
    fn leaves(&self) -> Option<u8> {
        self.container.flatten()
    }

    /// What is true whenever the machine waits.
    fn check(&self) {
        if self.known.state == State::Over {
            return assert!(self.leaves().or(self.turn.ends).is_some(), "{self:?}");
        }
        let until = self.known.plain().until();
        if self.leaves().is_some() {
            assert!(self.known.state == State::Ending && self.lives && self.told, "{self:?}");
            return assert!(until.is_some_and(|until| until <= ahead(NOW.plus_ms(PATIENCE))), "{self:?}");
        }
        assert_eq!(self.turn.ends, None, "{self:?}");
        assert!(self.known.state == State::Waiting && !self.turn.opened, "{self:?}");
        assert!(until.is_some_and(|until| until <= NOW.plus_ms(300_000)), "no safety net: {self:?}");
        let rows = &self.known.rows;
        assert_eq!(rows.iter().any(Row::has_supervisor), self.lives, "{self:?}");
        if let [row] = rows[..] {
            let due = row.was_started() && !row.has_supervisor();
            assert!(!due || self.known.scan.is_some() || self.known.seen.is_none(), "forgot it: {self:?}");
        }
    }

    fn events(&self) -> Vec<(World, Event)> {
        let killed = Ended::Killed { signal: 9, core: false };
        let events =
            [Event::Time, Event::Changed, Event::Alarm, Event::HangUp, Event::Died(STRANGER, killed)];
        let mut all = events.map(|event| (self.clone(), event)).to_vec();
        match self.container {
            Some(_) => all.extend([Event::Stop, Event::MainIsDown(3)].map(|event| (self.clone(), event))),
            None => all.push((self.clone(), Event::Terminate)),
        }
        if self.lives {
            let world = World { lives: false, ..self.clone() };
            let ends = [Ended::Exit(0), Ended::Exit(111), killed];
            all.extend(ends.map(|ended| (world.clone(), Event::Died(SUPERVISOR, ended))));
        }
        for (world, event) in &mut all {
            world.turn.ends = match event {
                Event::HangUp => Some(111),
                Event::Terminate => Some(0),
                Event::Time
                | Event::Changed
                | Event::Alarm
                | Event::Died(..)
                | Event::Stop
                | Event::MainIsDown(_) => None,
            };
            let code = match event {
                Event::MainIsDown(code) => Some(*code),
                Event::Stop => Some(0),
                Event::Time
                | Event::Changed
                | Event::Alarm
                | Event::Died(..)
                | Event::HangUp
                | Event::Terminate => None,
            };
            world.container = world.container.map(|before| before.or(code));
        }
        all
    }
}

#[test]
fn every_state_of_a_scan_directory() {
    let mut machine = Machine::new();
    let known = Known::of(&mut machine, 0);
    let (mut seen, mut longest) = (HashSet::new(), 0);
    let world = World {
        known,
        lives: false,
        container: None,
        told: false,
        killed: false,
        asked: None,
        turn: Turn::default(),
    };
    machine.set_patience(PATIENCE);
    let known = Known::of(&mut machine, 0);
    let mut open = vec![World { known, container: Some(None), ..world.clone() }, world];
    while let Some(world) = open.pop() {
        if world.known.state == State::Over || !seen.insert(world.clone()) {
            continue;
        }
        if let Some(asked) = world.asked {
            for (before, answer) in world.answers(asked) {
                let answered = |machine: &mut Machine, out: &mut _| machine.answer(answer, NOW, out);
                if answer == Answer::Name(SERVICE) && world.known.rows.is_empty() {
                    // There is no memory for it: it is as if it had not been met.
                    let unmet = World { turn: world.turn, ..before.clone() };
                    open.push(unmet.after(&mut Machine::new(), &mut longest, answered));
                }
                if answer == Answer::Marked {
                    // It is said to be needed, as in a circle.
                    open.push(before.clone().after(&mut machine, &mut longest, |machine, out| {
                        machine.services.need(SERVICE);
                        answered(machine, out);
                    }));
                }
                open.push(before.after(&mut machine, &mut longest, |machine, out| {
                    machine.services.make_room(&mut Os::new());
                    answered(machine, out);
                }));
            }
            continue;
        }
        for (before, event) in world.events() {
            let happened = |machine: &mut Machine, out: &mut _| machine.step(event, NOW, out);
            let after = before.after(&mut machine, &mut longest, happened);
            let early = event == Event::Time && world.known.plain().until() > Some(NOW);
            assert!(!early || after == world, "too early: {world:?}");
            open.push(after);
        }
        for ms in [1, 100, 1000, 6000, 300_000] {
            world.known.fill(&mut machine);
            let known = Known::of(&mut machine, ms);
            open.push(World { known, ..world.clone() });
        }
    }
    let waits = seen.iter().filter(|world| world.asked.is_none());
    println!("runsvdir: {} states, {} of them at rest; {longest} actions at once", seen.len(), waits.count());
    assert!(longest < Actions::ROOM, "{longest}");
    let some = |what: fn(&World) -> bool| seen.iter().any(what);
    assert!(some(|world| world.killed) && some(|world| matches!(world.asked, Some(Action::KillGroup(_)))));
    assert!(some(|world| world.lives) && some(|world| matches!(world.asked, Some(Action::Terminate(_)))));
    assert!(some(|world| world.known.rows.iter().any(|row| !row.was_started())));
}
