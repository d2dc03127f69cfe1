//! Waiting for services to obey: a look at each of them now, and again whenever something changes
//! in its `supervise`.
use crate::check::{Check, Readiness, later};
use crate::console::Console;
use crate::control::{Pending, failed, may_pass};
use crate::places::Places;
use crate::report::{show, wall};
use crate::{Fatal, supervise};
use platform::Stamp;
use platform_host::notice::{self, Notice, Watch};
use runit::protocol::Letter;
use runit::service_directory::SUPERVISE;
use runit::status::Record;
use runit::sv::text::Sink;
use runit::sv::{Plan, SETTLED, Sight, Tally, Trouble, Verdict, followed, judge, unsettled};
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
/// A supervisor that may be about to come is waited for as long as this, and longer if the name is new.
const COMES: Duration = Duration::from_secs(2);
/// What a service has whose supervisor waits for the caller: nothing will change.
const INSIDE: Duration = SETTLED;

/// A service and when to look at it.
struct Entry<'a> {
    service: Pending<'a>,
    next: Instant,
    pause: Duration,
    /// The process that is to settle, by label and number, and when it will have.
    settles: Option<((Stamp, u32), Instant)>,
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
    /// Waits until so long after `start`.
    pub fn new(
        console: &'c mut Console,
        places: &'c mut Places,
        plan: Plan,
        start: Instant,
        patience: Duration,
    ) -> Self {
        Waiting { console, places, plan, start, deadline: start.checked_add(patience) }
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
            .map(|service| Entry { service, next: self.start, pause: SOON, settles: None, done: false })
            .collect();
        loop {
            let time = wall();
            if !tried && self.start.elapsed() >= EARLY {
                tried = true;
                watch = self.watch(&mut entries)?;
            }
            for entry in entries.iter_mut().filter(|entry| !entry.done) {
                let now = Instant::now();
                if now < entry.next && !self.is_up(entry, now) {
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
                        let kills = self.plan.kills() && !next && !entry.service.inside;
                        self.say(if kills { b"kill: " } else { b"timeout: " }, entry, &record, unseen, time);
                        if kills {
                            // Nobody waits for it, and the failure is reported already.
                            let _ = supervise::send(&[Letter::Kill]);
                        }
                        tally.fail();
                    }
                }
                entry.done = true;
                entry.service.check = Check::new();
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
                entry.service.place = watch.add(SUPERVISE.directory);
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
        if !service.met && !self.plan.letters().is_empty() {
            if let Err(trouble) = service.tell(&self.plan) {
                return Ok(self.without_supervisor(entry, trouble, now));
            }
        }
        let up = self.is_over(service, now);
        // As long as the command has not been read, no record can be the answer to it.
        if !service.heard && !service.inside {
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
            Sight::Trouble(trouble) => return Ok(self.without_supervisor(entry, trouble, now)),
        };
        service.met = true;
        let newer = service.before.record.is_some_and(|old| old.since != record.since);
        let left = service.left.is_some_and(|left| now >= later(left, POLL));
        if self.plan.ends_supervisor() && service.heard && newer && left {
            return Ok(Answer::Failed(Trouble::NotRunning));
        }
        let verdict = if service.heard || service.inside {
            judge(&self.plan, &record, &service.before)
        } else {
            Verdict::NotYet
        };
        let readiness = match verdict {
            Verdict::NotYet | Verdict::Met => Readiness::NotYet,
            Verdict::WhenTimeIsUp | Verdict::IfReady => {
                service.check.ask(&record, now, up, service.name, self.console)
            }
            Verdict::IfSettled => Readiness::Unknown,
        };
        let ready = match readiness {
            Readiness::Ready => true,
            Readiness::NotYet => false,
            Readiness::Unknown => entry.has_settled(&record, now),
        };
        if readiness != Readiness::Unknown {
            entry.settles = None;
        }
        let obeyed = match verdict {
            Verdict::NotYet => false,
            Verdict::WhenTimeIsUp => ready && up,
            Verdict::IfReady | Verdict::IfSettled => ready,
            Verdict::Met => true,
        };
        Ok(if obeyed {
            Answer::Obeyed(record, unseen)
        } else if self.is_up(entry, now) {
            Answer::TimeIsUp(record, unseen)
        } else {
            entry.again(now, self.start);
            Answer::Later
        })
    }

    /// A supervisor that has not been met may be about to come, and one that is gone may be followed by
    /// another, which is told what is left to be done.
    fn without_supervisor(&self, entry: &mut Entry<'_>, trouble: Trouble, now: Instant) -> Answer {
        let service = &mut entry.service;
        if service.met && self.plan.to_the_next().is_some() {
            (service.met, service.expected, service.alone, service.followed) = (false, true, now, true);
        }
        let awaited = now < later(service.alone, COMES) || self.places.is_new(service.name);
        let late = !awaited || self.is_over(service, now);
        if service.met || !service.expected || late || !may_pass(trouble) {
            return Answer::Failed(trouble);
        }
        entry.again(now, self.start);
        Answer::Later
    }

    /// When the time is over for a service. `None`: beyond the end of the clock.
    fn over(&self, service: &Pending<'_>) -> Option<Instant> {
        if service.inside {
            return Some(self.deadline.map_or(self.start, |end| end.min(later(self.start, INSIDE))));
        }
        self.deadline
    }

    fn is_over(&self, service: &Pending<'_>, now: Instant) -> bool {
        self.over(service).is_some_and(|end| now >= end)
    }

    /// The same, but a process that is there may settle.
    fn limit(&self, entry: &Entry<'_>) -> Option<Instant> {
        let settled = entry.settles.map_or(self.start, |(_, settled)| settled);
        self.over(&entry.service).map(|end| end.max(settled))
    }

    fn is_up(&self, entry: &Entry<'_>, now: Instant) -> bool {
        self.limit(entry).is_some_and(|limit| now >= limit)
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
        let wakes = open().flat_map(|entry| [Some(entry.next), self.limit(entry)]);
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
            // The end of a supervisor is no change in its directory.
            Some(_) if self.service.heard && (notice::TELLS_ENDS || self.service.ok.is_none()) => SAFETY,
            None if now.saturating_duration_since(start) < EARLY => OFTEN,
            Some(_) | None => POLL,
        };
        self.next = later(now, self.pause.min(longest));
        self.pause = self.pause.saturating_mul(2).min(longest);
        let settled = self.settles.map(|(_, settled)| settled).filter(|settled| *settled > now);
        self.next =
            [self.service.check.due(now), settled].into_iter().flatten().fold(self.next, Instant::min);
    }

    /// Whether the process of the record is old enough. Once it has been seen, the clock that is never
    /// set decides.
    fn has_settled(&mut self, record: &Record, now: Instant) -> bool {
        let process = (record.since, record.pid);
        let settled = match self.settles {
            Some((known, settled)) if known == process => settled,
            Some(_) | None => later(now, unsettled(record, wall())),
        };
        self.settles = Some((process, settled));
        now >= settled
    }
}
