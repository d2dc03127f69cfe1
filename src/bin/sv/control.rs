//! Commands: first all services are told, then sv waits for those that it shall wait for.
use crate::check::Check;
use crate::console::Console;
use crate::places::Places;
use crate::report::wall;
use crate::wait::Waiting;
use crate::{Fatal, supervise};
use platform::Stamp;
use platform_host::files;
use platform_host::notice::{Place, Watch};
use runit::sv::text::Sink;
use runit::sv::{Before, Invocation, Plan, Tally, Trouble};
use std::os::fd::OwnedFd;
use std::time::Instant;

/// Up to so many services are looked at a few times before changes are watched: ending a watch
/// takes Linux longer (15 ms and more) than most services need to obey.
const FEW: usize = 8;

/// The ends of so many supervisors are waited for; some systems give a program 256 descriptors.
const ENDS: usize = 64;

/// A service that was told and has not yet answered.
#[derive(Debug)]
pub struct Pending<'a> {
    /// Its name as it was typed.
    pub name: &'a [u8],
    /// What was known of it.
    pub before: Before,
    /// Its `supervise`, if changes there are told.
    pub place: Option<Place>,
    /// Whether the supervisor has read what it was sent.
    pub heard: bool,
    /// Its `./check`.
    pub check: Check,
    /// `ok`, if the supervisor is to end: it may be followed at once by another, which looks as if
    /// nothing had happened.
    pub ok: Option<OwnedFd>,
    /// The supervisor that was told to end has.
    pub gone: bool,
    /// When a reader of `ok` was seen to go away; a moment after that it is gone, if it was the
    /// supervisor.
    pub left: Option<Instant>,
}

/// Tells the services, waits if that is called for, and reports.
pub fn control(
    console: &mut Console,
    places: &mut Places,
    names: &[&[u8]],
    invocation: &Invocation,
) -> Result<Tally, Fatal> {
    let start = Instant::now();
    let time = wall();
    let plan = invocation.plan;
    let waits = plan.waits(invocation.asked);
    let watch = if waits && (names.len() > FEW || plan.ends_supervisor()) { Watch::new() } else { None };
    let mut tally = Tally::default();
    let mut pending = Vec::new();
    for name in names {
        let held = waits && plan.ends_supervisor() && pending.len() < ENDS;
        match tell(name, time, places, &plan, watch.as_ref(), (waits, held))? {
            Ok(service) if waits => pending.push(service),
            Ok(_) => {}
            Err(trouble) => failed(console, &mut tally, &plan, name, trouble),
        }
    }
    if waits {
        Waiting::new(console, places, plan, start, invocation.seconds).run(pending, watch, &mut tally)?;
    }
    Ok(tally)
}

/// Enters the directory and sends the command. The order matters: what the watch misses was there
/// before the record was read, and the record is older than the command.
fn tell<'a>(
    name: &'a [u8],
    time: Stamp,
    places: &mut Places,
    plan: &Plan,
    watch: Option<&Watch>,
    (waits, held): (bool, bool),
) -> Result<Result<Pending<'a>, Trouble>, Fatal> {
    if let Err(errno) = places.enter(name)? {
        return Ok(Err(Trouble::Directory(errno)));
    }
    let letters = plan.letters();
    let service = Pending {
        name,
        place: watch.and_then(|watch| watch.add(c"supervise")),
        before: Before { record: if waits { supervise::read().ok() } else { None }, time },
        heard: letters.is_empty(),
        check: Check::default(),
        ok: if held { files::open_write(c"supervise/ok").ok() } else { None },
        gone: false,
        left: None,
    };
    if letters.is_empty() {
        return Ok(Ok(service));
    }
    Ok(supervise::send(letters).map(|()| service))
}

/// Reports a service that cannot obey. That there is no supervisor is just right for who wanted
/// it to exit.
pub fn failed(console: &mut Console, tally: &mut Tally, plan: &Plan, name: &[u8], trouble: Trouble) {
    if trouble == Trouble::NotRunning && plan.ends_supervisor() {
        console.put_all(&[b"ok: ", name, b": runsv not running\n"]);
        return;
    }
    trouble.tell(console, &[name]);
    console.put(b"\n");
    tally.fail();
}
