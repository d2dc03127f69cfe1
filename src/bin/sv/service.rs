//! One service: does what its machine asks for.
use crate::caller::Caller;
use crate::console::Console;
use crate::home::{Home, OK};
use crate::places::Places;
use crate::report::{show, wall};
use crate::see::see;
use crate::show::Array;
use crate::supervise;
use platform::{Errno, Instant};
use platform_host::check::{self, Running};
use platform_host::notice::{Place, Watch};
use runit::protocol::Letter;
use runit::service_directory::CHECK;
use runit::sv::machine::{Action, Actions, Answer, Checked, Event, Machine, Passed, Report, Seen};
use runit::sv::text::Sink;
use runit::sv::{Sight, Tally};
use std::os::fd::{BorrowedFd, OwnedFd};

/// What the services have in common.
#[derive(Debug)]
pub struct Common<'c> {
    pub console: &'c mut Console,
    pub places: &'c Places,
    pub caller: Option<Caller>,
    /// Made for the first that asks; the inner one is missing if the system has none.
    pub watch: Option<Option<Watch>>,
    pub tally: Tally,
    /// Outcomes are told in another format.
    pub array: Option<Array>,
}

/// A service that a command is for.
#[derive(Debug)]
pub struct Service<'a> {
    /// Its name as it was typed.
    name: &'a [u8],
    /// Which of the services it is.
    pub number: usize,
    pub machine: Machine,
    /// Whether it may have descriptors for as long as it is waited for.
    holds: bool,
    home: Option<Home<'a>>,
    /// Its `supervise`, if changes there are told.
    pub place: Option<Place>,
    /// `ok`, to be told of the end of its reader.
    pub ok: Option<OwnedFd>,
    check: Option<Running>,
    /// It has not yet told of its end.
    listens: bool,
}

impl<'a> Service<'a> {
    pub const fn new(name: &'a [u8], number: usize, machine: Machine, holds: bool) -> Service<'a> {
        Service {
            name,
            number,
            machine,
            holds,
            home: None,
            place: None,
            ok: None,
            check: None,
            listens: false,
        }
    }

    /// What becomes readable when `./check` ends, once.
    pub fn check(&self) -> Option<BorrowedFd<'_>> {
        self.check.as_ref().filter(|_| self.listens).map(Running::fd)
    }

    /// Hands in one event and does all that follows.
    pub fn step(&mut self, event: Event, now: Instant, common: &mut Common<'a>) {
        let mut actions = Actions::new();
        self.listens &= event != Event::CheckEnded;
        self.machine.step(event, now, &mut actions);
        while let Some(action) = actions.take() {
            if let Some(answer) = self.perform(action, common) {
                self.machine.answer(answer, now, &mut actions);
            }
        }
    }

    /// Does one thing; the answer, if it is a question.
    fn perform(&mut self, action: Action, common: &mut Common<'a>) -> Option<Answer> {
        match action {
            Action::Open => return Some(Answer::Opened(self.open(common))),
            Action::Watch => {
                let watch = common.watch.get_or_insert_with(Watch::new).as_ref();
                let path = self.home.as_ref().and_then(Home::supervise);
                self.place = watch.zip(path).and_then(|(watch, path)| watch.add(&path));
                return Some(Answer::Watched(self.place.is_some()));
            }
            Action::AskName(trouble) => {
                return Some(Answer::New(trouble, common.places.is_new(self.name)));
            }
            Action::Report(report) => {
                self.report(report, common);
                return None;
            }
            Action::Read
            | Action::Hold
            | Action::Send(_)
            | Action::AskHeard
            | Action::Look
            | Action::Collect(_)
            | Action::Check(_)
            | Action::Kill => {}
        }
        // The first question is for it, and nothing but a report follows if it was not found.
        let home = self.home.as_ref()?;
        match action {
            Action::Read => Some(Answer::Recorded(supervise::read(home).ok())),
            Action::Hold => {
                self.ok = if self.holds { home.open_write(OK).ok() } else { None };
                Some(Answer::Held(self.ok.is_some()))
            }
            Action::Send(letters) => Some(Answer::Sent(supervise::send(home, letters))),
            // Nothing waits for a supervisor that is gone.
            Action::AskHeard => Some(Answer::Heard(home.unread() == 0)),
            Action::Look => Some(Answer::Looked(supervise::look(home), wall())),
            Action::Collect(seen) => {
                let passed = self.check.as_mut().map_or(Ok(Some(check::Passed::No)), Running::passed);
                let passed = passed.unwrap_or_else(|why| {
                    complain(common.console, b"wait for child", self.name, why);
                    Some(check::Passed::No)
                });
                if passed.is_some() {
                    self.check = None;
                }
                Some(Answer::Collected(seen, passed.map(ended)))
            }
            Action::Check(seen) => {
                let (checked, running) = start(home, self.name, common.console);
                (self.listens, self.check) = (true, running);
                Some(Answer::Checked(seen, checked))
            }
            // Nobody waits for it, and the failure is reported already.
            Action::Kill => {
                let _ = supervise::send(home, &[Letter::Kill]);
                None
            }
            Action::Open | Action::Watch | Action::AskName(_) | Action::Report(_) => None,
        }
    }

    fn open(&mut self, common: &Common<'a>) -> Result<bool, Errno> {
        let home = common.places.find(self.name, self.holds)?;
        let inside = common.caller.as_ref().is_some_and(|caller| caller.is_from(&home));
        self.home = Some(home);
        Ok(inside)
    }

    fn report(&self, report: Report, common: &mut Common<'_>) {
        if common.array.is_some() {
            return self.report_in_array(report, common);
        }
        let Common { console, tally, .. } = common;
        match report {
            Report::Obeyed(seen) => self.say(b"ok: ", &seen, console),
            Report::Gone => console.put_all(&[b"ok: ", self.name, b": runsv not running\n"]),
            Report::Failed(trouble) => {
                trouble.tell(*console, &[self.name]);
                console.put(b"\n");
                tally.fail();
            }
            Report::GivenUp(seen) => {
                self.say(b"fail: ", &seen, console);
                tally.fail();
            }
            Report::TimeIsUp(seen) => {
                self.say(b"timeout: ", &seen, console);
                tally.fail();
            }
            Report::Killed(seen) => {
                self.say(b"kill: ", &seen, console);
                tally.fail();
            }
        }
    }

    fn report_in_array(&self, report: Report, common: &mut Common<'_>) {
        let mut found = see(common.places, self.name, wall());
        let (outcome, seen) = match report {
            Report::Obeyed(seen) => ("ok", Some(seen)),
            Report::Gone => ("ok", None),
            Report::Failed(_) => ("fail", None),
            Report::GivenUp(seen) => ("fail", Some(seen)),
            Report::TimeIsUp(seen) => ("timeout", Some(seen)),
            Report::Killed(seen) => ("kill", Some(seen)),
        };
        // It may have changed since, and the outcome is that of what was seen.
        if let (Ok(look), Some(seen)) = (&mut found.own, seen) {
            look.sight = match seen.unseen {
                None => Sight::Seen(seen.record),
                Some(trouble) => Sight::Unsure(seen.record, trouble),
            };
        }
        if let (Ok(look), Report::Failed(trouble)) = (&mut found.own, report) {
            look.sight = match look.record() {
                Some(record) => Sight::Unsure(*record, trouble),
                None => Sight::Trouble(trouble),
            };
        }
        if outcome != "ok" {
            common.tally.fail();
        }
        if let Some(array) = &mut common.array {
            array.add(common.console, common.places, &found, Some(outcome));
        }
    }

    fn say(&self, what: &[u8], seen: &Seen, console: &mut Console) {
        console.put(what);
        if let Some(home) = &self.home {
            show(console, home, &seen.record, self.name, wall());
        }
        if let Some(trouble) = seen.unseen {
            console.put(b"; ");
            trouble.tell(console, &[self.name]);
        }
        console.put(b"\n");
    }
}

/// Starts `./check`.
fn start(home: &Home<'_>, name: &[u8], console: &mut Console) -> (Checked, Option<Running>) {
    let (what, why): (&[u8], _) = match home.directory.has(CHECK) {
        Ok(false) => return (Checked::Absent, None),
        Ok(true) => {
            let mut unable = |why: Errno| complaint(b"run", name, why);
            let instance = home.instance();
            let argv = [Some(c"./check"), instance.as_deref()];
            match Running::start(&home.directory, CHECK, argv, &mut unable) {
                Ok(running) => return (Checked::Started, Some(running)),
                Err(why) => (b"fork for", why),
            }
        }
        Err(why) => (b"stat", why),
    };
    complain(console, what, name, why);
    (Checked::Failed, None)
}

fn complain(console: &mut Console, what: &[u8], name: &[u8], why: Errno) {
    console.complain(&[&complaint(what, name, why)]);
}

fn complaint(what: &[u8], name: &[u8], why: Errno) -> Vec<u8> {
    [b"warning: unable to ", what, b" ", name, b"/check: ", why.text().bytes(), b"\n"].concat()
}

const fn ended(passed: check::Passed) -> Passed {
    match passed {
        check::Passed::Yes => Passed::Yes,
        check::Passed::No => Passed::No,
        check::Passed::Unable => Passed::Unable,
    }
}
