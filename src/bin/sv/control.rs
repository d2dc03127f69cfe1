//! Commands: first all services are told, then sv waits for those that it shall wait for.
use crate::caller::Caller;
use crate::console::Console;
use crate::order::Queue;
use crate::places::Places;
use crate::report::wall;
use crate::service::{Common, Service};
use crate::show::Array;
use platform::Instant;
use platform_host::limits;
use platform_host::notice::{self, Notice, Watch};
use runit::sv::machine::{Event, Machine, Settings};
use runit::sv::{Invocation, Tally};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// So many services may have descriptors for as long as they are waited for; some systems give a program
/// few.
const HOLDING: usize = 64;

/// A service may take as many: its directory, its supervisor's end, its `./check`, and what watches it.
const EACH: u64 = 16;

/// Tells the services, waits if that is called for, and reports.
pub fn control(console: &mut Console, places: &Places, names: &[&[u8]], invocation: &Invocation) -> Tally {
    let clock = Clock(std::time::Instant::now());
    let start = clock.now();
    let settings = |time| Settings::new(invocation, names.len(), notice::TELLS_ENDS, time, wall());
    let first = settings(start);
    let cheap = if first.looks_often() { Watch::for_few() } else { None };
    let for_few = cheap.is_some();
    let settings = |time| if for_few { settings(time).watched() } else { settings(time) };
    let watch = cheap.map(Some);
    if first.needs_room(names.len()) {
        let count = u64::try_from(names.len().min(HOLDING)).unwrap_or_default();
        limits::make_room(EACH.saturating_mul(count).saturating_add(EACH));
    }
    let (caller, tally) = (Caller::find(), Tally::default());
    let array = invocation.show.format.map(Array::new);
    let mut common = Common { console, places, caller, watch, tally, array };
    let mut services: Vec<Service<'_>> = Vec::with_capacity(names.len());
    let waits = invocation.plan.waits(invocation.asked);
    let mut queue = Queue::new(places, names, invocation.plan.ends(), waits);
    let mut now = start;
    loop {
        // One that has to wait for others has its time from when it is told.
        while let Some((number, name)) = queue.next() {
            let holds = services.len() < HOLDING;
            let mut service = Service::new(name, number, Machine::new(settings(now)), holds);
            service.step(Event::Begin, now, &mut common);
            if service.machine.is_done() {
                queue.done(number);
            } else {
                services.push(service);
            }
        }
        if services.is_empty() {
            break;
        }
        for service in &mut services {
            service.step(Event::Time, clock.now(), &mut common);
        }
        services.retain(|service| {
            let done = service.machine.is_done();
            if done {
                queue.done(service.number);
            }
            !done
        });
        common.console.flush();
        if !queue.has_next() {
            rest(&clock, &mut services, &mut common);
        }
        now = clock.now();
    }
    if let Some(array) = &common.array {
        array.end(common.console);
    }
    common.tally
}

/// Until something happens to one of the services, or one of them is due to be looked at.
fn rest<'a>(clock: &Clock, services: &mut [Service<'a>], common: &mut Common<'a>) {
    let Some(until) = services.iter().filter_map(|service| service.machine.until()).min() else { return };
    let watch = common.watch.as_ref().and_then(Option::as_ref);
    let mut fds: Vec<BorrowedFd<'_>> = watch.map_or(Vec::new(), Watch::fds);
    let watched = fds.len();
    fds.extend(services.iter().filter_map(Service::check));
    let oks: Vec<_> = services.iter().filter_map(|service| service.ok.as_ref()).map(AsFd::as_fd).collect();
    let time = Duration::from_nanos(until.0.saturating_sub(clock.now().0));
    let (ready, ended) = notice::wait_for_ends(&fds, &oks, time);
    let (told, ready) = ready.split_at_checked(watched).unwrap_or_default();
    let mut happened = Vec::new();
    if let Some(watch) = watch.filter(|_| told.contains(&true)) {
        watch.notices("status", "ok", |notice| {
            happened.push(match notice {
                Notice::Renamed(place) => (Some(place), Event::Changed),
                Notice::ReaderGone(place) => (Some(place), Event::ReaderGone),
                Notice::Changed(place) => (Some(place), Event::Stirred),
                Notice::SomeRenamed => (None, Event::Changed),
                Notice::Lost => (None, Event::Stirred),
            });
        });
    }
    let (mut ready, mut ended) = (ready.iter(), ended.iter());
    let now = clock.now();
    for service in services {
        if service.check().is_some() && ready.next() == Some(&true) {
            service.step(Event::CheckEnded, now, common);
        }
        if service.ok.is_some() && ended.next() == Some(&true) {
            service.step(Event::Ended, now, common);
        }
        for (place, event) in &happened {
            if place.is_none() || *place == service.place {
                service.step(*event, now, common);
            }
        }
    }
}

/// The clock that is never set; it begins when sv begins.
struct Clock(std::time::Instant);

impl Clock {
    fn now(&self) -> Instant {
        Instant(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}
