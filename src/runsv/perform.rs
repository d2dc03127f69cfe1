//! Performs what the machine asks for.
use super::Refusal;
use super::machine::Machine;
use super::needs::Needs;
use super::scan::Scan;
use super::service::Who;
use super::supervise::Supervise;
use super::words::{Action, Actions, Answer, Event};
use crate::fixed::Text;
use crate::protocol::Letter;
use crate::scan_directory::NAME;
use crate::service_directory::DOWN;
use crate::state::Doing;
use crate::status::Want;
use crate::voice::Voice;
use core::ffi::CStr;
use platform::{Fd, Files, Instant, Pid, Platform, Target};

/// After the status could not be written.
const RETRY: u64 = 5000;

/// So much of what a service writes to its notification descriptor is read in one turn.
const NOTIFICATION: usize = 64;

/// So many commands are taken in one turn: a client that writes without end does not hold up the rest.
const TURN: usize = 16;

/// A supervisor at work.
// What is small comes first: instructions that reach far into a record are longer.
#[repr(C)]
pub(super) struct Runsv<'a> {
    pub(super) unsaved: bool,
    /// What is there as `log` could not be used: it is looked at again before the next start.
    pub(super) log_failed: bool,
    /// That what is there as `log` is no directory has been told.
    pub(super) log_told: bool,
    /// The last child that was reaped: its number may be another process's.
    pub(super) reaped: Option<Pid>,
    /// The read end of the pipe on which `./run` says that it is ready.
    pub(super) notification: Option<Fd>,
    /// Read and write end, while there is a log service.
    pub(super) pipe: Option<(Fd, Option<Fd>)>,
    /// The time of the last wake-up: all that follows from it happens then.
    pub(super) now: Instant,
    /// Something was not written: when to try again.
    retry: Option<Instant>,
    /// Where its entry is.
    pub(super) scan: Scan<'a>,
    pub(super) voice: &'a Voice<'a>,
    pub(super) machine: Machine,
    pub(super) main: Supervise<'a>,
    pub(super) log: Option<Supervise<'a>>,
    pub(super) needs: Needs,
    /// Which instance of a template it is; empty: none.
    pub(super) instance: Text<NAME>,
}

impl<'a> Runsv<'a> {
    /// Looks at the service directory, which is the current one.
    // It cannot fail, and is not inlined: then the supervisor is made in its place, and not copied there.
    #[inline(never)]
    pub(super) fn new<P: Platform>(
        p: &mut P,
        voice: &'a Voice<'a>,
        scan: Scan<'a>,
        instance: &[u8],
    ) -> Runsv<'a> {
        let since = p.wall();
        let main = wanted(p, DOWN);
        let now = p.now();
        Runsv {
            voice,
            machine: Machine::new(main, None),
            reaped: None,
            now,
            scan,
            instance: Text::of(&[instance]),
            main: Supervise::new(Who::Main, since, now),
            log: None,
            log_failed: false,
            log_told: false,
            notification: None,
            pipe: None,
            retry: None,
            unsaved: true,
            needs: Needs::new(scan.fd),
        }
    }

    /// Sets up the supervise directories. A client that can open `ok` finds the rest there.
    pub(super) fn prepare<P: Platform>(&mut self, p: &mut P, refusal: Refusal<'a>) -> Option<()> {
        let log = self.look_for_log(p);
        self.main.lock(p, refusal, self.scan)?;
        if let Some(want) = log {
            self.make_log(p, refusal, want, self.main.facts.since)?;
            self.machine.add_log(want);
        }
        self.main.open_control(p, refusal)?;
        if self.adopts(p, refusal)? {
            self.machine.adopt();
        }
        if let Some((status, _)) = self.machine.status(Who::Main, &self.main.facts) {
            self.main.announce(p, self.voice, status);
        }
        self.main.open_ok(p, refusal)
    }

    /// The control FIFO, or a descriptor that is never ready.
    pub(super) fn control(&self, who: Who) -> Fd {
        match who {
            Who::Main => self.main.control,
            Who::Log => self.log.as_ref().map_or(Fd(-1), |log| log.control),
        }
    }

    /// When something is due without anything happening.
    pub(super) fn until(&self) -> Option<Instant> {
        match (self.machine.until(), self.retry) {
            (Some(machine), Some(retry)) => Some(machine.min(retry)),
            (until, retry) => until.or(retry),
        }
    }

    /// Writes the status files that are not up to date.
    pub(super) fn save<P: Platform>(&mut self, p: &mut P) {
        if !self.unsaved && self.retry.is_none_or(|time| time > self.now) {
            return;
        }
        let saved = self.save_one(p, Who::Main) & self.save_one(p, Who::Log);
        self.unsaved = false;
        self.retry = if saved { None } else { Some(self.now.plus_ms(RETRY)) };
    }

    /// Those of one of the two, if it is there; `false` if that failed.
    #[inline(never)]
    fn save_one<P: Platform>(&mut self, p: &mut P, who: Who) -> bool {
        let Some(supervise) = (match who {
            Who::Main => Some(&mut self.main),
            Who::Log => self.log.as_mut(),
        }) else {
            return true;
        };
        let Some((status, mut state)) = self.machine.status(who, &supervise.facts) else { return true };
        if state.doing == Doing::Waiting {
            state.need = self.needs.waits_for;
        }
        let saved = supervise.save_lines(p, self.voice, status);
        supervise.save_state(p, self.voice, &state);
        supervise.save_record(p, self.voice, status, saved)
    }

    /// Hands in the commands that are there, as far as the service listens. What it does not listen to
    /// stays in the FIFO, where clients see that nobody has read it yet.
    pub(super) fn commands<P: Platform>(&mut self, p: &mut P, who: Who) -> bool {
        let control = self.control(who);
        if control.0 < 0 {
            return false;
        }
        for _ in 0..TURN {
            let mut byte = [0];
            if !self.machine.listens(who) || p.read(control, &mut byte) != Ok(1) {
                return false;
            }
            let letter = Letter::from_byte(byte[0]);
            if letter.is_some_and(|letter| self.step(p, Event::Control(who, letter))) {
                return true;
            }
        }
        false
    }

    /// Hands in one event and performs all that follows. `true`: the supervisor's work is done.
    pub(super) fn step<P: Platform>(&mut self, p: &mut P, event: Event) -> bool {
        let mut actions = Actions::new();
        self.machine.step(event, self.now, &mut actions);
        while let Some(action) = actions.take() {
            if action == Action::Exit {
                self.save(p);
                return true;
            }
            if let Some(answer) = self.perform(p, action) {
                self.machine.answer(answer, self.now, &mut actions);
            }
        }
        false
    }

    /// `./run` has something to say: a newline means that it is ready, and then nothing more is heard of it.
    pub(super) fn notified<P: Platform>(&mut self, p: &mut P) -> bool {
        let Some(fd) = self.notification else { return false };
        let mut text = [0; NOTIFICATION];
        let ready = match p.read(fd, &mut text) {
            // The end, without a word.
            Ok(0) => false,
            Ok(len) if text.iter().take(len).any(|byte| *byte == b'\n') => true,
            Ok(_) | Err(_) => return false,
        };
        self.close_notification(p);
        ready && self.step(p, Event::Ready)
    }

    pub(super) fn close_notification<P: Platform>(&mut self, p: &mut P) {
        if let Some(fd) = self.notification.take() {
            p.close(fd);
        }
    }

    fn supervise(&mut self, who: Who) -> Option<&mut Supervise<'a>> {
        match who {
            Who::Main => Some(&mut self.main),
            Who::Log => self.log.as_mut(),
        }
    }

    // Apart, as step and answer of the machine: together they have too much at once for the registers.
    #[inline(never)]
    fn perform<P: Platform>(&mut self, p: &mut P, action: Action) -> Option<Answer> {
        match action {
            Action::ReadSettings(Who::Main) => return Some(self.settings(p)),
            Action::ReadSettings(Who::Log) => {
                let voice = self.voice;
                return self
                    .log
                    .as_mut()
                    .map(|log| Answer::Settings(Who::Log, log.extras.read(p, voice, log.facts.since)));
            }
            Action::LookAtNeeds => {
                let (voice, asks) = (self.voice, (self.main.place, self.main.facts.since));
                return Some(Answer::Needs(self.needs.look(p, voice, asks)));
            }
            Action::StopWaiting => {
                self.needs.end(p);
                self.needs.forget();
            }
            Action::Run(who) => {
                // What was started before it is told before it is there.
                if matches!(who, Who::Main) {
                    self.save_one(p, Who::Log);
                }
                let started = self.start(p, who);
                if matches!(who, Who::Main) {
                    self.needs.forget();
                }
                if let (Some(_), Some(supervise)) = (started, self.supervise(who)) {
                    supervise.facts.starts = supervise.facts.starts.wrapping_add(1);
                }
                return Some(Answer::Started(who, started));
            }
            Action::Finish(ended) => return Some(Answer::Started(Who::Main, self.finish(p, ended))),
            Action::LookForFinish(ended) => return Some(Answer::Looked(self.look_for_finish(p, ended))),
            Action::Script(letter, pid) => {
                // Of a process that was reaped there is nothing left to be told or signalled.
                let gone = pid.is_some() && pid == self.reaped;
                let script = letter.script().filter(|script| !gone && self.is_script(p, script));
                let child = script.and_then(|script| self.script(p, script, pid));
                return Some(Answer::ScriptStarted(letter, child));
            }
            Action::Sweep(how) => return Some(Answer::Swept(p.sweep(how, &self.machine.spare()))),
            Action::TellStuck => self.tell_stuck(p),
            Action::LookAtPipe => {
                let unread = self.pipe.map_or(Ok(0), |(read, _)| p.unread(read));
                return Some(Answer::PipeHolds(unread.is_ok_and(|count| count > 0)));
            }
            Action::OpenPipe => return Some(Answer::PipeOpened(self.open_pipe(p))),
            Action::Signal(pid, _) | Action::SignalNumber(pid, _) if self.reaped == Some(pid) => {}
            Action::Signal(pid, signal) => {
                let _ = p.kill(Target::One(pid), signal);
            }
            Action::SignalNumber(pid, number) => {
                let _ = p.kill_number(pid, number);
            }
            Action::Ended(who, ended) => {
                if matches!(who, Who::Main) {
                    self.close_notification(p);
                }
                let now = p.wall();
                if let Some(supervise) = self.supervise(who) {
                    supervise.facts.last = Some((ended, now));
                }
            }
            Action::Stamp(who) => {
                let (wall, now) = (p.wall(), self.now);
                if let Some(supervise) = self.supervise(who) {
                    // The clock was set back: the directory seemed to be at rest by a time to come.
                    if wall.secs < supervise.facts.since.secs {
                        supervise.extras.seen = None;
                    }
                    (supervise.facts.since, supervise.facts.moment) = (wall, now);
                }
            }
            Action::Write(_) => self.unsaved = true,
            Action::ClosePipe => {
                if let Some((read, Some(write))) = self.pipe {
                    p.close(write);
                    self.pipe = Some((read, None));
                }
            }
            // Ends the loop.
            Action::Exit => {}
        }
        None
    }

    fn open_pipe<P: Platform>(&mut self, p: &mut P) -> bool {
        let Some((read, write)) = self.make_pipe(p) else { return false };
        if let Some((old, rest)) = self.pipe.replace((read, Some(write))) {
            p.close(old);
            rest.into_iter().for_each(|end| p.close(end));
        }
        true
    }

    /// A pipe for a log service that the supervisor can do without.
    pub(super) fn make_pipe<P: Platform>(&self, p: &mut P) -> Option<(Fd, Fd)> {
        p.pipe().map_err(|errno| self.voice.warn(p, &[b"unable to create log pipe"], Some(errno))).ok()
    }
}

/// A `down` file, of whatever kind, is a wish.
pub(super) fn wanted(p: &mut impl Files, down: &CStr) -> Want {
    if p.stat(down).is_ok() { Want::Down } else { Want::Up }
}
