//! Commands: first all services are told, then sv waits for those that it shall wait for.
use crate::caller::Caller;
use crate::check::Check;
use crate::console::Console;
use crate::places::Places;
use crate::report::wall;
use crate::wait::Waiting;
use crate::{Fatal, supervise};
use platform::{Errno, Stamp};
use platform_host::notice::{Place, Watch};
use platform_host::{files, limits};
use runit::service_directory::SUPERVISE;
use runit::sv::text::Sink;
use runit::sv::{Before, Invocation, Plan, Tally, Trouble};
use std::os::fd::OwnedFd;
use std::time::Instant;

/// Up to so many services are looked at a few times before changes are watched: ending a watch
/// takes Linux longer (15 ms and more) than most services need to obey.
const FEW: usize = 8;

/// The ends of so many supervisors are waited for; some systems give a program few descriptors.
const ENDS: usize = 64;

/// A service may take as many descriptors: its supervisor's end, its `./check`, and what watches it.
const EACH: u64 = 16;

/// A service that a command is for and that has not yet answered.
#[derive(Debug)]
pub struct Pending<'a> {
    /// Its name as it was typed.
    pub name: &'a [u8],
    /// What was known of it.
    pub before: Before,
    /// Its `supervise`, if changes there are told.
    pub place: Option<Place>,
    /// Its supervisor has taken the command or shown a record. Before that it may be about to come.
    pub met: bool,
    /// Whether a supervisor that is not there yet is waited for.
    pub expected: bool,
    /// Since when it has none.
    pub alone: Instant,
    /// The supervisor that was told is gone, and another one is to be told.
    pub followed: bool,
    /// Whether the supervisor has read what it was sent.
    pub heard: bool,
    /// The supervisor waits for the control script that sv was called by, and reads nothing meanwhile.
    pub inside: bool,
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
    if waits && names.len() > FEW {
        let count = u64::try_from(names.len().min(ENDS)).unwrap_or_default();
        limits::make_room(EACH.saturating_mul(count).saturating_add(EACH));
    }
    let caller = Caller::find();
    let mut tally = Tally::default();
    let mut pending = Vec::new();
    for name in names {
        let mut service = Pending::new(name, time, start);
        let held = plan.ends_supervisor() && pending.len() < ENDS;
        match service.enter_and_tell(places, &plan, watch.as_ref(), (waits, waits && held))? {
            Ok(()) if waits => {}
            Ok(()) => continue,
            Err(trouble) => {
                let expected = waits && !plan.ends_supervisor() && may_pass(trouble);
                if !expected || !(plan.wants_process() || places.is_new(name)) {
                    failed(console, &mut tally, &plan, name, trouble);
                    continue;
                }
            }
        }
        service.expected = plan.wants_process() || !service.met;
        service.inside = caller.as_ref().is_some_and(Caller::supervises_here);
        pending.push(service);
    }
    if waits {
        Waiting::new(console, places, plan, start, invocation.patience()).run(pending, watch, &mut tally)?;
    }
    Ok(tally)
}

/// Whether the trouble may be over in a moment: a supervisor that was started just now has not made
/// its named pipes yet.
pub const fn may_pass(trouble: Trouble) -> bool {
    matches!(
        trouble,
        Trouble::NotRunning
            | Trouble::OpenControl(Errno::NOENT)
            | Trouble::OpenOk(Errno::NOENT)
            | Trouble::OpenStatus(Errno::NOENT)
    )
}

impl<'a> Pending<'a> {
    const fn new(name: &'a [u8], time: Stamp, start: Instant) -> Self {
        Pending {
            name,
            before: Before { record: None, time },
            place: None,
            met: false,
            expected: false,
            alone: start,
            followed: false,
            heard: false,
            inside: false,
            check: Check::new(),
            ok: None,
            gone: false,
            left: None,
        }
    }

    fn enter_and_tell(
        &mut self,
        places: &mut Places,
        plan: &Plan,
        watch: Option<&Watch>,
        (waits, held): (bool, bool),
    ) -> Result<Result<(), Trouble>, Fatal> {
        if let Err(errno) = places.enter(self.name)? {
            return Ok(Err(Trouble::Directory(errno)));
        }
        // What the watch misses was there before the record was read, and record and supervisor are older
        // than the command: after it, `ok` may be that of the next one.
        self.place = watch.and_then(|watch| watch.add(SUPERVISE.directory));
        self.before.record = if waits { supervise::read().ok() } else { None };
        self.ok = if held { files::open_write(SUPERVISE.ok).ok() } else { None };
        Ok(self.tell(plan))
    }

    /// Sends the command, or what is left of it, to the supervisor of the current directory.
    pub fn tell(&mut self, plan: &Plan) -> Result<(), Trouble> {
        let letters = if self.followed { plan.to_the_next().unwrap_or_default() } else { plan.letters() };
        self.heard = letters.is_empty();
        if !self.heard {
            supervise::send(letters)?;
            self.met = true;
        }
        Ok(())
    }
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
