//! One sv: performs what its machine asks for, one thing after the other, with a moment between them.
use super::{CONTROL, Deed, Fact, Kernel, Lie, Random};
use platform::{Errno, Instant, Stamp};
use platform_sim::tree::ROOT;
use runit::status::{Record, SIZE};
use runit::sv::machine::{Action, Actions, Answer, Checked, Event, Machine, Passed, Report, Settings};
use runit::sv::{Invocation, Plan, Sight, Trouble};

const OK: &[u8] = b"/service/x/supervise/ok";
const STATUS: &[u8] = b"/service/x/supervise/status";
/// The marks of the clients.
const MARK: u32 = 1_000;

const WORDS: [&str; 16] = [
    "start",
    "stop",
    "restart",
    "start",
    "stop",
    "restart",
    "once",
    "hup",
    "exit",
    "shutdown",
    "check",
    "try-restart",
    "force-stop",
    "force-restart",
    "force-shutdown",
    "term",
];

/// What it said, and what it was told.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    word: &'static str,
    pub(super) plan: Plan,
    pub(super) begin: Instant,
    pub(super) deadline: Instant,
    /// How long the kernel had stalled when it began.
    pub(super) stalled: u64,
    /// How old a process has to be for its `./check`, in milliseconds.
    pub(super) ready: Option<u64>,
    pub(super) report: Report,
}

impl Claim {
    pub(super) fn text(&self) -> String {
        format!("sv {} of {:?}, until {:?}: {:?}", self.word, self.begin, self.deadline, self.report)
    }
}

/// One call of sv.
#[derive(Debug)]
pub(super) struct Client {
    number: u32,
    word: &'static str,
    invocation: Invocation,
    several: bool,
    watches: bool,
    tells_ends: bool,
    lie: Lie,
    ready: Option<u64>,
    /// When `./check` ends, and whether that was told.
    check: Option<(Instant, bool)>,
    begun: Option<(Instant, u64)>,
    machine: Option<Machine>,
    actions: Actions,
    watched: bool,
    held: bool,
    /// Its next turn.
    turn: Option<Instant>,
}

impl Client {
    pub(super) fn new(number: u32, random: &mut Random, lie: Lie) -> Client {
        let word = WORDS[random.below(WORDS.len() as u64) as usize];
        let plan = Plan::of(word.as_bytes(), false).unwrap_or_else(|| panic!("{word}"));
        Client {
            number: MARK + number,
            word,
            invocation: Invocation { seconds: random.below(5), ..Invocation::new(plan, true) },
            several: random.chance(20),
            watches: random.chance(70),
            tells_ends: random.chance(60),
            lie,
            ready: random.chance(40).then(|| random.below(900)),
            check: None,
            begun: None,
            machine: None,
            actions: Actions::new(),
            watched: false,
            held: false,
            turn: None,
        }
    }

    pub(super) fn plan(&self, kernel: &mut Kernel, random: &mut Random) {
        kernel.plan(random.below(10_000), Deed::Mark(self.number));
    }

    pub(super) fn is_done(&self) -> bool {
        self.machine.is_some_and(|machine| machine.is_done())
    }

    /// The clock of the client.
    fn now(&self, kernel: &Kernel) -> Instant {
        if self.lie == Lie::Hurries && self.machine.is_some() {
            kernel.now().plus_ms(1_000)
        } else {
            kernel.now()
        }
    }

    /// What happened to it. What it says.
    pub(super) fn fact(
        &mut self,
        kernel: &mut Kernel,
        random: &mut Random,
        fact: &Fact<'_>,
    ) -> Option<Claim> {
        match *fact {
            Fact::Done { deed: Deed::Mark(number), .. } if *number == self.number => {
                let ends = self.check.is_some_and(|(end, told)| !told && end <= kernel.now());
                if !ends && self.turn.is_some_and(|turn| turn > kernel.now()) {
                    return None;
                }
                self.check_ends(kernel);
                let said = self.turn(kernel);
                let next = self.next(kernel, random);
                self.turn = next;
                if let Some(time) = next {
                    kernel.plan_at(time, Deed::Mark(self.number));
                }
                return said;
            }
            Fact::Renamed { to, .. } if to.ends_with(b"status") && self.watched => {
                self.hear(kernel, random, Event::Changed);
            }
            // Those who look open `ok` as well, but for writing.
            Fact::Died { .. } if kernel.fifo(OK).is_ok_and(|(readers, _)| readers == 0) => {
                if self.watched {
                    self.hear(kernel, random, Event::ReaderGone);
                }
                if self.held && self.tells_ends {
                    self.hear(kernel, random, Event::Ended);
                }
            }
            _ => {}
        }
        None
    }

    /// `./check` has ended, and sv is told of it once.
    fn check_ends(&mut self, kernel: &Kernel) {
        let now = self.now(kernel);
        let Some(machine) = self.machine.as_mut().filter(|machine| machine.until().is_some()) else { return };
        if let Some((end, told)) = self.check.as_mut().filter(|(end, told)| !told && *end <= kernel.now()) {
            (*end, *told) = (kernel.now(), true);
            machine.step(Event::CheckEnded, now, &mut self.actions);
        }
    }

    /// An event between two turns, if nothing is asked.
    fn hear(&mut self, kernel: &mut Kernel, random: &mut Random, event: Event) {
        let now = self.now(kernel);
        let Some(machine) = &mut self.machine else { return };
        if machine.until().is_none() {
            return;
        }
        machine.step(event, now, &mut self.actions);
        let soon = Instant(kernel.now().0 + 1_000 + random.below(500_000));
        self.turn = Some(soon);
        kernel.plan_at(soon, Deed::Mark(self.number));
    }

    /// Does one thing.
    fn turn(&mut self, kernel: &mut Kernel) -> Option<Claim> {
        let now = self.now(kernel);
        let Some(mut machine) = self.machine else {
            self.begin(kernel);
            return None;
        };
        let mut said = None;
        match self.actions.take() {
            None => machine.step(Event::Time, now, &mut self.actions),
            Some(Action::Report(report)) => said = Some(report),
            Some(Action::Kill) => drop(kernel.write_fifo(CONTROL.as_bytes(), b"k")),
            Some(action) => {
                let answer = self.perform(kernel, action);
                machine.answer(answer, now, &mut self.actions);
            }
        }
        self.machine = Some(machine);
        let (begin, stalled) = self.begun?;
        let patience = u64::try_from(self.invocation.patience().as_millis()).unwrap_or(u64::MAX);
        let Client { word, ready, invocation: Invocation { plan, .. }, .. } = *self;
        let deadline = begin.plus_ms(patience);
        said.map(|report| Claim { word, plan, begin, deadline, stalled, ready, report })
    }

    fn begin(&mut self, kernel: &Kernel) {
        let services = if self.several { 9 } else { 1 };
        let time = if self.lie == Lie::ForgetsBefore { Stamp::default() } else { kernel.wall() };
        let now = kernel.now();
        let settings = Settings::new(&self.invocation, services, self.tells_ends, now, time);
        let mut machine = Machine::new(settings);
        machine.step(Event::Begin, now, &mut self.actions);
        self.machine = Some(machine);
        self.begun = Some((now, kernel.stalled));
    }

    /// When it does the next thing.
    fn next(&self, kernel: &Kernel, random: &mut Random) -> Option<Instant> {
        let soon = Instant(kernel.now().0 + 1_000 + random.below(500_000));
        let mut actions = self.actions;
        match (actions.take(), self.machine.and_then(|machine| machine.until())) {
            (Some(_), _) => Some(soon),
            (None, until) => until.map(|until| {
                let late = if self.lie == Lie::Oversleeps { 1_000 } else { 0 };
                until.plus_ms(late).max(Instant(kernel.now().0 + 1_000))
            }),
        }
    }

    fn perform(&mut self, kernel: &mut Kernel, action: Action) -> Answer {
        match action {
            Action::Open => Answer::Opened(Ok(false)),
            Action::Watch => {
                self.watched = self.watches;
                Answer::Watched(self.watched)
            }
            Action::Read if self.lie == Lie::ForgetsBefore => Answer::Recorded(None),
            Action::Read => Answer::Recorded(record(kernel).ok()),
            Action::Hold => {
                self.held = kernel.fifo(OK).is_ok_and(|(readers, _)| readers > 0);
                Answer::Held(self.held)
            }
            Action::Send(letters) => {
                let bytes: Vec<u8> = letters.iter().map(|letter| letter.byte()).collect();
                Answer::Sent(kernel.write_fifo(CONTROL.as_bytes(), &bytes).map_err(|errno| match errno {
                    Errno::NXIO => Trouble::NotRunning,
                    Errno::AGAIN => Trouble::WriteControl(errno),
                    other => Trouble::OpenControl(other),
                }))
            }
            Action::AskName(trouble) => Answer::New(trouble, false),
            Action::AskHeard => {
                let unread =
                    kernel.fifo(CONTROL.as_bytes()).is_ok_and(|(readers, unread)| readers > 0 && unread > 0);
                Answer::Heard(!unread || self.lie == Lie::HearsAtOnce)
            }
            Action::Look => {
                let sight = match kernel.fifo(OK) {
                    Ok((0, _)) => Sight::Trouble(Trouble::NotRunning),
                    Ok(_) => record(kernel).map_or_else(Sight::Trouble, Sight::Seen),
                    Err(errno) => Sight::Trouble(Trouble::OpenOk(errno)),
                };
                Answer::Looked(sight, kernel.wall())
            }
            Action::Collect(seen) => {
                let ended = self.check.take_if(|(end, _)| *end <= kernel.now());
                let (since, wall) = (seen.record.since, kernel.wall());
                let ms = |stamp: Stamp| stamp.secs * 1_000 + u64::from(stamp.nanos) / 1_000_000;
                let old = ms(wall).saturating_sub(ms(since)) > self.ready.unwrap_or(0);
                Answer::Collected(seen, ended.map(|_| if old { Passed::Yes } else { Passed::No }))
            }
            Action::Check(seen) if self.ready.is_none() => Answer::Checked(seen, Checked::Absent),
            Action::Check(seen) => {
                // Some are quick.
                let end = kernel.now().plus_ms(kernel.now().0 / 1_000 % 70);
                self.check = Some((end, false));
                kernel.plan_at(end, Deed::Mark(self.number));
                Answer::Checked(seen, Checked::Started)
            }
            Action::Report(_) | Action::Kill => unreachable!("no question: {action:?}"),
        }
    }
}

fn record(kernel: &Kernel) -> Result<Record, Trouble> {
    let bytes = kernel.tree.contents(ROOT, STATUS).ok_or(Trouble::OpenStatus(Errno::NOENT))?;
    let bytes: &[u8; SIZE] = bytes.try_into().map_err(|_| Trouble::BadFormat)?;
    Ok(Record::decode(bytes))
}
