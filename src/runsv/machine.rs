//! The two services of a directory and the life of their supervisor.
use super::service::{NEVER, Service, Who};
use super::settings::Settings;
use super::words::{Action, Actions, Answer, Event};
use crate::protocol::Letter;
use crate::state::State;
use crate::status::{Status, Want};
use platform::{Ended, Instant, Pid, Stamp};

/// What is left for a log service that drains its pipe.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) enum Last {
    /// It runs. If it ends before it has read all, it gets one more start.
    Open,
    /// It ended; for the answer to `LookAtPipe`.
    Asked,
    /// It had its last start, or was not meant to run.
    Had,
}

/// The pipe from service to log service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) enum LogPipe {
    /// Both ends are open.
    Open,
    /// The writing end is closed: the log service drains what is left and ends; then the
    /// supervisor ends too.
    Draining(Last),
    /// The exit was taken back: a new pipe is needed, not before this moment.
    Wanted(Option<Instant>),
}

/// After a pipe could not be made.
const RETRY: u64 = 5000;

/// What the performer knows of a service, and no decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The last change, by both clocks.
    pub since: Stamp,
    /// The same moment.
    pub moment: Instant,
    /// How often `./run` was started.
    pub starts: u32,
    /// How it ended last, and when.
    pub last: Option<(Ended, Stamp)>,
}

/// A service, perhaps its log service, and their supervisor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
// What is small comes first: instructions that reach far into a record are longer.
#[repr(C)]
pub struct Machine {
    /// The wish for the log service from before the exit.
    log_want: Want,
    /// TERM came while commands had to wait.
    terminate: bool,
    pub(super) exited: bool,
    pub(super) pipe: LogPipe,
    pub(super) main: Service,
    pub(super) log: Option<Service>,
}

impl Machine {
    /// Nothing runs yet; `main` and `log` say what is wanted.
    #[must_use]
    pub fn new(main: Want, log: Option<Want>) -> Machine {
        Machine {
            main: Service::new(Who::Main, main),
            log: log.map(|want| Service::new(Who::Log, want)),
            pipe: LogPipe::Open,
            log_want: log.unwrap_or(Want::Down),
            terminate: false,
            exited: false,
        }
    }

    /// A supervisor that is dead has left something behind: that is ended first. To be called before all else.
    pub const fn adopt(&mut self) {
        self.main.adopt();
    }

    /// The children that are not of the service: its log service, and a control script.
    #[must_use]
    pub fn spare(&self) -> [Option<Pid>; 2] {
        [self.log.as_ref().and_then(|log| log.pid), self.main.script.map(|(_, pid)| pid)]
    }

    /// Takes an event and hands it to the service that it concerns; what follows from it is added to `out`.
    #[inline(never)]
    pub fn step(&mut self, event: Event, now: Instant, out: &mut Actions) {
        if self.exited {
            return;
        }
        match event {
            // Here for what is due after every event.
            Event::Time => {}
            Event::Control(who, letter) => {
                if let Some(service) = self.service(who) {
                    service.command(letter, now, out);
                }
            }
            Event::Terminate => self.terminate = true,
            Event::Died(pid, ended) => self.died(pid, ended, now, out),
            Event::Ready => self.main.say_ready(out),
            Event::Stirred => self.main.stirred(),
        }
        self.go_on(now, out);
    }

    /// Takes the answer to a question.
    #[inline(never)]
    pub fn answer(&mut self, answer: Answer, now: Instant, out: &mut Actions) {
        match answer {
            Answer::Started(who, pid) => {
                if let Some(service) = self.service(who) {
                    service.started(pid, now, out);
                }
            }
            Answer::Settings(who, settings) => {
                if let Some(service) = self.service(who) {
                    service.set(settings);
                }
            }
            Answer::LogAppeared(settings, want) => {
                self.main.set(settings);
                self.add_log(want);
            }
            Answer::Needs(needed) => self.main.needed(needed, now, out),
            Answer::ScriptStarted(letter, pid) => self.main.script_started(letter, pid, now, out),
            Answer::Looked(found) => self.main.looked(found, now, out),
            Answer::PipeOpened(true) => {
                self.pipe = LogPipe::Open;
                if let Some(log) = &mut self.log {
                    if matches!(log.want, Want::Exit) {
                        log.want = self.log_want;
                    }
                    log.once = false;
                    out.add(Action::Write(Who::Log));
                }
            }
            Answer::Swept(left) => self.main.swept(left, now, out),
            Answer::PipeOpened(false) => self.pipe = LogPipe::Wanted(Some(now.plus_ms(RETRY))),
            Answer::PipeHolds(holds) => {
                self.pipe = LogPipe::Draining(Last::Had);
                if let (Some(log), true) = (&mut self.log, holds) {
                    log.once = true;
                    log.hurry();
                }
            }
        }
        self.go_on(now, out);
    }

    /// There is a log service, of which this is wanted, and its pipe is open.
    #[inline(never)]
    pub(super) const fn add_log(&mut self, want: Want) {
        self.log = Some(Service::new(Who::Log, want));
        self.log_want = want;
    }

    fn service(&mut self, who: Who) -> Option<&mut Service> {
        match who {
            Who::Main => Some(&mut self.main),
            Who::Log => self.log.as_mut(),
        }
    }

    fn died(&mut self, pid: Pid, ended: Ended, now: Instant, out: &mut Actions) {
        if self.main.pid == Some(pid) {
            return self.main.died(ended, now, out);
        }
        if let Some((letter, number)) = self.main.script {
            if number == pid {
                return self.main.script_died(letter, ended, now, out);
            }
        }
        match self.log.as_mut().filter(|log| log.pid == Some(pid)) {
            Some(log) => log.died(ended, now, out),
            // An orphan that came to this process: reaped, and no service's, but it may be what was waited for.
            None => self.main.look_soon(),
        }
    }

    fn go_on(&mut self, now: Instant, out: &mut Actions) {
        if self.terminate && self.main.listens() {
            self.terminate = false;
            self.main.command(Letter::Exit, now, out);
        }
        self.main.kill_if_due(now, out);
        if let Some(log) = &mut self.log {
            log.kill_if_due(now, out);
        }
        self.settle(now, out);
    }

    /// What is due after every event: the end, the pipe, the starts. The log service first.
    fn settle(&mut self, now: Instant, out: &mut Actions) {
        let leaving = matches!(self.main.want, Want::Exit) && self.main.is_down();
        let Some(log) = &mut self.log else {
            if leaving {
                self.exit(out);
            } else {
                self.main.start_if_due(now, out);
            }
            return;
        };
        match self.pipe {
            LogPipe::Open => {
                if leaving {
                    self.log_want = log.want;
                    let runs = log.pid.is_some();
                    let wanted = matches!(log.want, Want::Up);
                    self.pipe = LogPipe::Draining(if runs && wanted { Last::Open } else { Last::Had });
                    // A log service that waits for its restart still gets what is in the pipe.
                    log.once = wanted && !runs;
                    log.want = Want::Exit;
                    if log.once {
                        log.hurry();
                    }
                    out.add(Action::Write(Who::Log));
                    out.add(Action::ClosePipe);
                    log.resume(out);
                }
                self.drain(now, out);
            }
            LogPipe::Draining(Last::Open | Last::Asked | Last::Had) => {
                // What is in the old pipe goes down with it unless somebody reads it: a log service
                // that could not be started yet comes first.
                if matches!(self.main.want, Want::Exit) || log.once {
                    self.drain(now, out);
                } else {
                    self.pipe = LogPipe::Wanted(None);
                    self.open_pipe(None, now, out);
                }
            }
            LogPipe::Wanted(time) => {
                if leaving {
                    // Back to where `u` called from.
                    log.want = Want::Exit;
                    let wanted = matches!(self.log_want, Want::Up);
                    self.pipe = LogPipe::Draining(if wanted { Last::Open } else { Last::Had });
                    out.add(Action::Write(Who::Log));
                    self.drain(now, out);
                } else {
                    self.open_pipe(time, now, out);
                }
            }
        }
        if matches!(self.pipe, LogPipe::Open) {
            self.main.start_if_due(now, out);
        }
    }

    fn exit(&mut self, out: &mut Actions) {
        self.exited = true;
        out.add(Action::Exit);
    }

    /// Starts the log service if it is due, and ends when it is not needed any more.
    fn drain(&mut self, now: Instant, out: &mut Actions) {
        let Some(log) = &mut self.log else { return };
        let over = log.is_down() && !log.once;
        // Unless somebody wants it down by now. Who wants it up wants it to read what is left.
        let again = match log.want {
            Want::Up => true,
            Want::Down => false,
            Want::Exit => matches!(self.pipe, LogPipe::Draining(Last::Open)),
        };
        match self.pipe {
            LogPipe::Draining(Last::Open | Last::Had) if over && again => {
                log.want = Want::Exit;
                self.pipe = LogPipe::Draining(Last::Asked);
                out.add(Action::LookAtPipe);
            }
            LogPipe::Draining(Last::Open | Last::Had) if over => self.exit(out),
            // The answer comes first.
            LogPipe::Draining(Last::Asked) => {}
            LogPipe::Draining(Last::Open | Last::Had) | LogPipe::Open | LogPipe::Wanted(_) => {
                log.start_if_due(now, out);
            }
        }
    }

    fn open_pipe(&mut self, time: Option<Instant>, now: Instant, out: &mut Actions) {
        if time.is_none_or(|time| time <= now) {
            self.pipe = LogPipe::Wanted(Some(now.plus_ms(RETRY)));
            out.add(Action::OpenPipe);
        }
    }

    /// Whether it is a child of theirs, and no orphan that came to this process.
    #[must_use]
    pub fn knows(&self, pid: Pid) -> bool {
        let is = |known: Option<Pid>| known == Some(pid);
        let [log, script] = self.spare();
        is(self.main.pid) || is(log) || is(script)
    }

    /// Whether the command of a byte may be handed in now; otherwise it stays in the FIFO.
    #[must_use]
    pub fn listens(&self, who: Who) -> bool {
        match who {
            Who::Main => self.main.listens(),
            Who::Log => true,
        }
    }

    /// When [`Event::Time`] is due.
    #[must_use]
    pub fn until(&self) -> Option<Instant> {
        let mut until = self.main.kill;
        if matches!(self.pipe, LogPipe::Open) {
            until = until.min(self.main.until());
        }
        if let Some(log) = &self.log {
            // Without the pipe neither of the two is started.
            let start = match self.pipe {
                LogPipe::Open | LogPipe::Draining(_) => log.until(),
                LogPipe::Wanted(time) => time.unwrap_or(NEVER),
            };
            until = until.min(log.kill).min(start);
        }
        (until != NEVER).then_some(until)
    }

    /// What its directory said at the last start.
    #[must_use]
    pub fn settings(&self, who: Who) -> Settings {
        match who {
            Who::Main => self.main.settings,
            Who::Log => self.log.as_ref().map_or_else(Settings::new, |log| log.settings),
        }
    }

    /// What the status files shall say.
    #[must_use]
    pub fn status(&self, who: Who, facts: &Facts) -> Option<(Status, State)> {
        let service = match who {
            Who::Main => Some(&self.main),
            Who::Log => self.log.as_ref(),
        }?;
        let status = service.status(facts.since);
        Some((status, service.state(&status, facts)))
    }
}
