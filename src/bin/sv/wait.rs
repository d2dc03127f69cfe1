//! Waiting for services to obey: a look at each of them now, and again whenever something changes
//! in its `supervise`.
use crate::check::later;
use crate::console::Console;
use crate::control::{Pending, failed};
use crate::places::Places;
use crate::report::{show, wall};
use crate::{Fatal, supervise};
use platform::Stamp;
use platform_host::notice::{self, Notice, Watch};
use runit::status::Record;
use runit::sv::text::Sink;
use runit::sv::{Letter, Plan, Sight, Tally, Trouble, Verdict, followed, judge};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// The pause after a look that may have come a moment too early; it doubles from look to look.
const SOON: Duration = Duration::from_micros(250);
/// For so long a few services are looked at often instead of being watched …
const EARLY: Duration = Duration::from_millis(100);
/// … with pauses up to this one.
const OFTEN: Duration = Duration::from_millis(4);
/// The longest pause between looks where changes are not told.
const POLL: Duration = Duration::from_millis(20);
/// The same where they are: in case one is lost.
const SAFETY: Duration = Duration::from_millis(500);
/// What even `-w 0` gives a service, and a `./check`.
const LEAST: Duration = Duration::from_millis(20);
const LEAST_CHECK: Duration = Duration::from_millis(420);

/// A service and when to look at it.
struct Entry<'a> {
    service: Pending<'a>,
    next: Instant,
    pause: Duration,
    done: bool,
}

/// What a look leads to.
enum Answer {
    Obeyed(Record, Option<Trouble>),
    Failed(Trouble),
    TimeIsUp(Record, Option<Trouble>),
    Later,
}

/// The second half of a command.
pub struct Waiting<'c> {
    console: &'c mut Console,
    places: &'c mut Places,
    plan: Plan,
    start: Instant,
    /// `None`: beyond the end of the clock.
    deadline: Option<Instant>,
}

impl<'c> Waiting<'c> {
    /// Waits until this many seconds after `start`.
    pub fn new(
        console: &'c mut Console,
        places: &'c mut Places,
        plan: Plan,
        start: Instant,
        seconds: u64,
    ) -> Self {
        let deadline = start.checked_add(Duration::from_secs(seconds).max(LEAST));
        Waiting { console, places, plan, start, deadline }
    }

    /// Reports every service once it has obeyed, or cannot, or the time is up.
    pub fn run(
        &mut self,
        services: Vec<Pending<'_>>,
        mut watch: Option<Watch>,
        tally: &mut Tally,
    ) -> Result<(), Fatal> {
        let mut tried = watch.is_some();
        let mut entries: Vec<Entry<'_>> = services
            .into_iter()
            .map(|service| Entry { service, next: self.start, pause: SOON, done: false })
            .collect();
        loop {
            let time = wall();
            if !tried && self.start.elapsed() >= EARLY {
                tried = true;
                watch = self.watch(&mut entries)?;
            }
            for entry in entries.iter_mut().filter(|entry| !entry.done) {
                let now = Instant::now();
                if now < entry.next && !self.is_up(&entry.service, now) {
                    continue;
                }
                match self.look(entry, now)? {
                    Answer::Later => continue,
                    Answer::Obeyed(record, unseen) => self.say(b"ok: ", entry, &record, unseen, time),
                    Answer::Failed(trouble) => {
                        failed(self.console, tally, &self.plan, entry.service.name, trouble);
                    }
                    Answer::TimeIsUp(record, unseen) => {
                        let next =
                            entry.service.heard && followed(&self.plan, &record, &entry.service.before);
                        let kills = self.plan.kills() && !next;
                        self.say(if kills { b"kill: " } else { b"timeout: " }, entry, &record, unseen, time);
                        if kills {
                            // Nobody waits for it, and the failure is reported already.
                            let _ = supervise::send(&[Letter::Kill]);
                        }
                        tally.fail();
                    }
                }
                entry.done = true;
                entry.service.check = Default::default();
                entry.service.ok = None;
            }
            self.console.flush();
            if !self.pause(&mut entries, watch.as_ref()) {
                return Ok(());
            }
        }
    }

    /// Watches what is still waited for. A change before that is found by the look that follows.
    fn watch(&mut self, entries: &mut [Entry<'_>]) -> Result<Option<Watch>, Fatal> {
        let Some(watch) = Watch::new() else { return Ok(None) };
        for entry in entries.iter_mut().filter(|entry| !entry.done) {
            if self.places.enter(entry.service.name)?.is_ok() {
                entry.service.place = watch.add(c"supervise");
                entry.next = self.start;
                if entry.service.heard && entry.service.place.is_some() {
                    entry.pause = SAFETY;
                }
            }
        }
        Ok(Some(watch))
    }

    fn look(&mut self, entry: &mut Entry<'_>, now: Instant) -> Result<Answer, Fatal> {
        let service = &mut entry.service;
        if service.gone {
            return Ok(Answer::Failed(Trouble::NotRunning));
        }
        if let Err(errno) = self.places.enter(service.name)? {
            return Ok(Answer::Failed(Trouble::Directory(errno)));
        }
        let up = self.deadline.is_some_and(|deadline| now >= deadline);
        // As long as the command has not been read, no record can be the answer to it.
        if !service.heard {
            service.heard = supervise::has_read_all();
            if service.heard && service.place.is_some() {
                entry.pause = SAFETY;
            }
            if !service.heard && !up {
                entry.again(now, self.start);
                return Ok(Answer::Later);
            }
        }
        let (record, unseen) = match supervise::look() {
            Sight::Seen(record) => (record, None),
            Sight::Unsure(record, trouble) => (record, Some(trouble)),
            Sight::Trouble(trouble) => return Ok(Answer::Failed(trouble)),
        };
        let newer = service.before.record.is_some_and(|old| old.since != record.since);
        let left = service.left.is_some_and(|left| now >= later(left, POLL));
        if self.plan.ends_supervisor() && service.heard && newer && left {
            return Ok(Answer::Failed(Trouble::NotRunning));
        }
        let verdict =
            if service.heard { judge(&self.plan, &record, &service.before) } else { Verdict::NotYet };
        let obeyed = match verdict {
            Verdict::NotYet => false,
            Verdict::WhenTimeIsUp => service.check.ask(&record, now, up, service.name, self.console) && up,
            Verdict::IfCheckPasses => service.check.ask(&record, now, up, service.name, self.console),
            Verdict::Met => true,
        };
        Ok(if obeyed {
            Answer::Obeyed(record, unseen)
        } else if self.is_up(service, now) {
            Answer::TimeIsUp(record, unseen)
        } else {
            entry.again(now, self.start);
            Answer::Later
        })
    }

    /// When the time is up for a service.
    fn limit(&self, service: &Pending<'_>) -> Option<Instant> {
        match self.deadline {
            Some(deadline) if service.check.is_running() => {
                Some(deadline.max(later(self.start, LEAST_CHECK)))
            }
            deadline => deadline,
        }
    }

    fn is_up(&self, service: &Pending<'_>, now: Instant) -> bool {
        self.limit(service).is_some_and(|limit| now >= limit)
    }

    fn say(&mut self, what: &[u8], entry: &Entry<'_>, record: &Record, unseen: Option<Trouble>, time: Stamp) {
        self.console.put(what);
        show(self.console, record, entry.service.name, time);
        if let Some(trouble) = unseen {
            self.console.put(b"; ");
            trouble.tell(self.console, &[entry.service.name]);
        }
        self.console.put(b"\n");
    }

    /// Sleeps until one of the services deserves a look; `false` if there is none left.
    fn pause(&self, entries: &mut [Entry<'_>], watch: Option<&Watch>) -> bool {
        let open = || entries.iter().filter(|entry| !entry.done);
        let wakes = open().flat_map(|entry| [Some(entry.next), self.limit(&entry.service)]);
        let Some(next) = wakes.flatten().min() else { return false };
        let mut fds: Vec<BorrowedFd<'_>> = watch.map_or(Vec::new(), Watch::fds);
        let watched = fds.len();
        fds.extend(open().filter_map(|entry| entry.service.check.fd()));
        let oks: Vec<_> = open().filter_map(|entry| entry.service.ok.as_ref()).map(AsFd::as_fd).collect();
        let time = next.saturating_duration_since(Instant::now());
        let (ready, ended) = notice::wait_for_ends(&fds, &oks, time);
        let (told, ready) = ready.split_at_checked(watched).unwrap_or_default();
        let told = told.contains(&true);
        let (mut ready, mut ended) = (ready.iter(), ended.iter());
        let now = Instant::now();
        for entry in entries.iter_mut().filter(|entry| !entry.done) {
            if entry.service.check.fd().is_some() && ready.next() == Some(&true) {
                entry.service.check.ended();
                entry.next = now;
            }
            if entry.service.ok.is_some() && ended.next() == Some(&true) {
                entry.service.gone = true;
                entry.next = now;
            }
        }
        if let Some(watch) = watch.filter(|_| told) {
            watch.notices("status", "ok", |notice| {
                let (place, early) = match notice {
                    Notice::Renamed(place) => (Some(place), false),
                    Notice::ReaderGone(place) | Notice::Changed(place) => (Some(place), true),
                    Notice::Lost => (None, true),
                };
                for entry in entries.iter_mut() {
                    if place.is_none() || entry.service.place == place {
                        if let Notice::ReaderGone(_) = notice {
                            entry.service.left.get_or_insert(now);
                        }
                        entry.next = now;
                        if early {
                            entry.pause = SOON;
                        }
                    }
                }
            });
        }
        true
    }
}

impl Entry<'_> {
    /// Plans the next look.
    fn again(&mut self, now: Instant, start: Instant) {
        let longest = match self.service.place {
            Some(_) if self.service.heard => SAFETY,
            None if now.saturating_duration_since(start) < EARLY => OFTEN,
            Some(_) | None => POLL,
        };
        self.next = later(now, self.pause.min(longest));
        self.pause = self.pause.saturating_mul(2).min(longest);
        if let Some(due) = self.service.check.due(now) {
            self.next = self.next.min(due);
        }
    }
}
