//! `sv --watch`: a line for each service, and another one for each change.
use crate::Fatal;
use crate::console::Console;
use crate::everyone;
use crate::places::Places;
use crate::report::wall;
use crate::see::see;
use crate::show::{one, style};
use platform::Stamp;
use platform_host::changes::{Changes, Of, Place};
use platform_host::directory::joined;
use platform_host::{links, notice};
use runit::service_directory::{LOG, OK};
use runit::sv::found::{Found, Look};
use runit::sv::row::Row;
use runit::sv::table::{PLAIN, paint};
use runit::sv::text::Sink;
use runit::sv::{Show, Sight};
use std::ffi::{CStr, CString};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// Where nothing tells of changes, they are looked for as often.
const POLL: Duration = Duration::from_secs(1);
/// Longer than anybody waits.
const FOR_EVER: Duration = Duration::from_secs(1 << 31);
/// An event may come a moment before the fact: it is looked again after this time, and after twice as long …
const SOON: Duration = Duration::from_millis(2);
/// … so many times.
const AGAIN: u32 = 8;

/// So often it is tried to hear of all links on the way.
const TRIES: u32 = 8;

/// A service that is watched.
struct Watched {
    name: Vec<u8>,
    /// What was told of it last, without ages.
    last: Vec<u8>,
    places: Vec<Place>,
    /// It is to be looked at.
    due: bool,
    /// Not all of it can be watched.
    deaf: bool,
    /// When to look again, and how many times.
    again: Option<(Instant, u32)>,
}

/// So much later.
fn after(pause: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(pause).unwrap_or(now)
}

impl Watched {
    const fn new(name: Vec<u8>) -> Watched {
        Watched { name, last: Vec::new(), places: Vec::new(), due: true, deaf: true, again: None }
    }

    /// What can tell of a change of it. What has come anew is watched too, and what is gone is no more.
    fn listen(&mut self, changes: Option<&Changes>, places: &Places) {
        let Some(changes) = changes else { return };
        self.places.clear();
        let mut add = |path: Option<CString>, of| {
            let place = path.and_then(|path| changes.add(&path, of));
            self.places.extend(place);
            place.is_some()
        };
        // A directory that is not there yet comes under a name in one that is.
        let itself = add(places.path_in(&self.name, c"."), Of::Names);
        if let Ok(home) = places.find(&self.name, true) {
            add(home.scan_supervise(), Of::Names);
            for supervise in [home.supervise(), home.log().ok().and_then(|log| log.supervise())] {
                let ok = supervise.as_ref().map(|path| joined(path, OK));
                if add(supervise, Of::Contents) {
                    add(ok, Of::Readers);
                }
            }
        }
        add(places.path_in(&self.name, LOG), Of::Names);
        let mut deaf = !itself;
        for link in places.links_to(&self.name) {
            deaf |= !add(Some(link), Of::Link);
        }
        self.deaf = deaf;
    }

    /// Looks, and tells if there is something new.
    fn look(&mut self, console: &mut Console, places: &Places, show: &Show) {
        let found = see(places, &self.name, wall());
        if is_passing(&found.own) || found.log.as_ref().is_some_and(is_passing) {
            // Its supervisor is between two files.
            self.again.get_or_insert((after(SOON), AGAIN));
            return;
        }
        let ageless = text(places, &Found { now: Stamp::default(), ..found }, show);
        if ageless != self.last {
            console.put(&text(places, &found, show));
            self.last = ageless;
        }
    }

    /// Whether it is due; the next time is settled.
    fn is_due(&mut self) -> bool {
        if let Some((_, times)) = self.again.filter(|(at, _)| *at <= Instant::now()) {
            let pause = SOON.saturating_mul(1 << AGAIN.saturating_sub(times));
            self.again = times.checked_sub(1).filter(|left| *left > 0).map(|left| (after(pause), left));
            self.due = true;
        }
        std::mem::take(&mut self.due)
    }

    /// Something happened to it.
    fn stir(&mut self) {
        (self.due, self.again) = (true, Some((after(SOON), AGAIN)));
    }
}

fn is_passing(look: &Result<Look, platform::Errno>) -> bool {
    matches!(look, Ok(Look { sight: Sight::Seen(record), .. }) if record.passing.is_some())
}

/// The directory of services, and the links that lead to it.
#[derive(Default)]
struct Home {
    place: Option<Place>,
    links: Vec<Place>,
}

impl Home {
    /// Listens to what is there now; it is not there if nothing can be heard.
    fn listen(changes: Option<&Changes>, directory: &CStr) -> Home {
        let Some(changes) = changes else { return Home::default() };
        let mut followed = links::followed(directory);
        // Where links never stop turning nothing can be heard.
        for _ in 0..TRIES {
            let links: Option<Vec<Place>> = followed.iter().map(|link| changes.add(link, Of::Link)).collect();
            let Some(links) = links else { return Home::default() };
            let place = changes.add(directory, Of::Names);
            // One that was turned meanwhile was not heard.
            let again = links::followed(directory);
            if again == followed {
                return Home { place, links };
            }
            followed = again;
        }
        Home::default()
    }
}

/// Watches services, or all of a directory, until nobody reads what is written.
pub fn watch(console: &mut Console, svdir: &[u8], names: &[&[u8]], show: &Show) -> Result<(), Fatal> {
    let places = Places::new(svdir.to_vec())?;
    let mut changes = Changes::new();
    // What is there before the watch begins is seen after it has begun.
    let directory = CString::new(svdir).unwrap_or_default();
    let mut home = Home::listen(changes.as_ref(), &directory);
    let all = names.is_empty();
    let first = if all { everyone::names(svdir)? } else { names.iter().map(|name| name.to_vec()).collect() };
    let mut services: Vec<Watched> = first.into_iter().map(Watched::new).collect();
    loop {
        for service in &mut services {
            if service.is_due() {
                service.listen(changes.as_ref(), &places);
                service.look(console, &places, show);
            }
        }
        console.flush();
        let deaf = home.place.is_none() || services.iter().any(|service| service.deaf);
        let again = services.iter().filter_map(|service| service.again).map(|again| again.0).min();
        let time = again.map_or(FOR_EVER, |again| again.saturating_duration_since(Instant::now()));
        let time = if deaf { time.min(POLL) } else { time };
        let out = std::io::stdout();
        let fds: Vec<_> = changes.iter().map(Changes::fd).collect();
        let ready = notice::wait_while_read(&fds, out.as_fd(), time);
        let Some(ready) = ready.filter(|_| !console.is_broken()) else { return Ok(()) };
        let mut at_home = home.place.is_none();
        let mut turned = false;
        if let Some(changes) = changes.as_ref().filter(|_| ready.contains(&true)) {
            changes.take(|place| {
                at_home |= place.is_none() || place == home.place;
                turned |= place.is_some_and(|place| home.links.contains(&place));
                let at = |service: &&mut Watched| place.is_none_or(|place| service.places.contains(&place));
                services.iter_mut().filter(at).for_each(Watched::stir);
            });
        }
        for service in &mut services {
            service.due |= service.deaf;
        }
        if at_home || turned {
            if turned {
                // Nothing of the directory that it was is to be heard any more.
                changes = Changes::new();
            }
            home = Home::listen(changes.as_ref(), &directory);
            if all {
                follow(console, &places, svdir, &mut services, show);
            } else {
                services.iter_mut().for_each(|service| service.due = true);
            }
        }
    }
}

/// Takes in services that have come, lets go of those that are gone, and looks where the other names lead now.
fn follow(console: &mut Console, places: &Places, svdir: &[u8], services: &mut Vec<Watched>, show: &Show) {
    let names = everyone::names(svdir).unwrap_or_default();
    services.retain_mut(|service| {
        service.due = names.binary_search(&service.name).is_ok();
        if !service.due {
            service.look(console, places, show);
        }
        service.due
    });
    for name in names {
        if !services.iter().any(|service| service.name == name) {
            services.push(Watched::new(name));
        }
    }
}

/// A line, or what a format has in its place.
fn text(places: &Places, found: &Found<'_>, show: &Show) -> Vec<u8> {
    let mut line = Vec::new();
    if let Some(format) = show.format {
        one(&mut crate::console::Gathered(&mut line), places, found, None, format);
    } else {
        found.line(&mut crate::console::Gathered(&mut line));
        if style(show).is_some_and(|style| style.colours) {
            let end = line.iter().position(|byte| *byte == b':').unwrap_or_default();
            let colour = paint(Row::of(found).state.1).unwrap_or_default();
            line.splice(end..end, PLAIN.iter().copied());
            line.splice(..0, colour.iter().copied());
        }
    }
    line.push(b'\n');
    line
}
