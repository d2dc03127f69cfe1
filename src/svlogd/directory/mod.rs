//! A log directory: its file, its old logs, its processor, and how lines get there.
mod file;
pub(super) mod machine;
pub(super) mod name;
mod perform;
pub(super) mod place;
pub(super) mod shelf;

use super::context::Context;
use super::processor::{Event as WorkEvent, Worker};
use super::select::config::Udp;
use super::select::lines::{Job, Lines, Need, lost};
use super::select::settings::Settings;
use core::ffi::CStr;
use file::Current;
use machine::{Action, Answer, Event, Life, Out};
use place::{Failed, Place};
use platform::{Errno, Fd, Instant, Pid, Platform};
use shelf::Shelf;

/// What all directories are told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told {
    /// Take what is ready, or as much as goes.
    Pump,
    /// What was read has to go, with what could not be taken.
    GiveWay,
    /// HUP.
    HangUp,
    /// ALRM.
    Alarm,
    /// TERM.
    Terminate,
    /// Do not wait for processors.
    Abandon,
    /// A process ended; `true`: by `exit 0`.
    Died(Pid, bool),
    /// The time.
    Time(Instant),
    /// Nothing more comes, and all is written; or what cannot be written now is given up.
    Ends,
}

/// A log directory.
pub(super) struct Directory {
    place: Place,
    settings: Settings,
    machine: Life,
    lines: Lines,
    file: Current,
    shelf: Shelf,
    worker: Worker,
    /// Why the last task failed.
    why: Failed,
}

impl Directory {
    pub(super) fn new(path: &'static CStr) -> Directory {
        Directory {
            place: Place::new(path),
            settings: Settings::new(),
            machine: Life::new(),
            lines: Lines::default(),
            file: Current::new(),
            shelf: Shelf::new(),
            worker: Worker::new(),
            why: (b"", Errno::NOENT),
        }
    }

    /// Whether it is used at all, now or after a pause.
    pub(super) fn is_used(&self) -> bool {
        self.machine.is_used()
    }

    /// Whether all that is ready is in the file, and as long as there may be more, that can be taken.
    fn is_done(&self, cx: &Context) -> bool {
        let takes = self.machine.is_ready() || cx.phase.ends();
        !self.is_used() || (takes && self.lines.is_done(cx.input.count()))
    }

    /// When something is to happen without being asked for.
    pub(super) fn until(&self) -> Option<Instant> {
        [self.machine.until(), self.worker.until()].into_iter().flatten().min()
    }

    /// The input begins anew behind what was ready.
    pub(super) fn restart(&mut self) {
        self.lines.restart();
    }

    /// Hands in an event and does what follows from it until there is nothing left but to wait.
    fn drive<P: Platform>(&mut self, p: &mut P, cx: &mut Context, buffer: &mut [u8], event: Event) {
        let mut out = Out::new();
        // The way of a line does not ask for the time: only pauses need it.
        let now = if event == Event::Time { p.now() } else { Instant(0) };
        self.machine.step(event, now, &mut out);
        while let Some(action) = out.take() {
            match action {
                Action::Do(task) => {
                    let answer = self.perform(p, cx, buffer, task);
                    let now = if answer == Answer::Done { Instant(0) } else { p.now() };
                    self.machine.answer(answer, now, &mut out);
                }
                Action::Turn => self.lines.rotate(self.file.size()),
                Action::Say => {
                    let (text, errno) = self.why;
                    Context::trouble(p, b"warning", text, self.place.path(), errno);
                }
            }
        }
    }

    /// Does what it is told. `true`: nothing is left to be done for that.
    pub(super) fn hear<P: Platform>(
        &mut self,
        p: &mut P,
        cx: &mut Context,
        input: &[u8],
        buffer: &mut [u8],
        told: Told,
    ) -> bool {
        match told {
            Told::Pump => {
                self.pump(p, cx, input, buffer, false);
                return self.is_done(cx);
            }
            Told::GiveWay => self.pump(p, cx, input, buffer, self.is_used()),
            Told::HangUp => {
                if self.is_used() {
                    self.drive(p, cx, buffer, Event::HangUp);
                    self.work(p, cx, WorkEvent::HangUp);
                } else if !cx.phase.ends() {
                    // It begins with what comes next.
                    self.lines = Lines::new(cx.input.count(), cx.input.ends_within(input));
                    self.drive(p, cx, buffer, Event::HangUp);
                }
            }
            Told::Alarm => self.drive(p, cx, buffer, Event::Alarm),
            Told::Terminate => self.drive(p, cx, buffer, Event::Terminate),
            Told::Abandon => self.work(p, cx, WorkEvent::Abandon),
            Told::Died(pid, well) => {
                if self.worker.machine().pid() == Some(pid) {
                    self.work(p, cx, WorkEvent::Died(well));
                }
            }
            Told::Time(now) => {
                if self.until().is_some_and(|until| now >= until) {
                    self.drive(p, cx, buffer, Event::Time);
                    self.work(p, cx, WorkEvent::Time);
                }
            }
            Told::Ends => {
                if cx.options.lossy {
                    self.quit(p, cx, input, buffer);
                } else {
                    self.drive(p, cx, buffer, Event::Ends);
                }
                if !self.is_used() {
                    self.work(p, cx, WorkEvent::Terminate);
                }
                return !self.is_used() && self.worker.machine().is_over();
            }
        }
        true
    }

    /// Hands an event to the processor.
    fn work<P: Platform>(&mut self, p: &mut P, cx: &mut Context, event: WorkEvent) {
        self.worker.drive(p, cx, event, &self.place, &mut self.settings, &mut self.shelf);
    }

    /// Brings everything that is ready where it belongs, or as much as goes. `late`: nobody waits for the rest, and
    /// what the buffer has no room for is lost.
    fn pump<P: Platform>(
        &mut self,
        p: &mut P,
        cx: &mut Context,
        input: &[u8],
        buffer: &mut [u8],
        late: bool,
    ) {
        while self.machine.is_ready() || late {
            let keep = self.settings.config().keep;
            if !late && !cx.phase.leaves() && self.worker.machine().holds_up(self.shelf.waiting(), keep) {
                return;
            }
            let job = job(cx, input, &mut self.settings, self.file.size());
            let room = buffer.len().saturating_sub(cx.options.spared());
            let room = buffer.get_mut(..room).unwrap_or_default();
            let event = match self.lines.take(&job, room, late) {
                Need::Write => Event::Owes,
                Need::Rotate if self.lines.owed() > 0 => Event::Owes,
                Need::Rotate => Event::Due,
                Need::Nothing => return,
                Need::Copy { stderr, udp } => {
                    self.copy(p, cx, input, buffer, stderr, udp);
                    continue;
                }
            };
            self.drive(p, cx, buffer, event);
        }
    }

    /// Ends without waiting: all that was read is tried once more, and what cannot be written is lost, which
    /// is told as a message.
    fn quit<P: Platform>(&mut self, p: &mut P, cx: &mut Context, input: &[u8], buffer: &mut [u8]) {
        self.drive(p, cx, buffer, Event::Terminate);
        self.pump(p, cx, input, buffer, false);
        let torn = self.lines.is_torn();
        if !self.is_done(cx) {
            self.pump(p, cx, input, buffer, true);
            let count = self.lines.forsake(buffer);
            if count > 0 {
                let path = self.place.path().to_bytes();
                Context::say(p, b"warning", &[lost(count).bytes(), b": ", path]);
            }
        }
        self.drive(p, cx, buffer, Event::Quits(torn));
    }

    /// Copies a line to where it is wanted beside the file.
    fn copy<P: Platform>(
        &mut self,
        p: &mut P,
        cx: &mut Context,
        input: &[u8],
        buffer: &mut [u8],
        stderr: bool,
        udp: bool,
    ) {
        let socket = if udp { cx.socket(p) } else { None };
        let job = job(cx, input, &mut self.settings, self.file.size());
        let copy = self.lines.compose(&job, b"", buffer);
        if stderr && cx.options.lossy {
            p.tell(copy);
        } else if stderr {
            forward(p, copy);
        }
        let Some(Udp { ip, port }) = job.config.udp.filter(|_| udp) else { return };
        let note: &[u8] = match socket {
            None => b"warning: no udp socket available: ",
            Some(fd) if p.send(fd, ip, port, copy) == Ok(copy.len()) => return,
            Some(_) => b"warning: failure sending through udp: ",
        };
        let count = self.lines.compose(&job, note, buffer).len();
        self.lines.keep(&job, count, buffer.len().saturating_sub(cx.options.spared()));
    }
}

fn job<'a>(cx: &'a Context, input: &'a [u8], settings: &'a mut Settings, size: u64) -> Job<'a> {
    let (config, rules) = settings.parts();
    let (text, stamps) = (cx.input.ready(input), cx.stamps());
    Job { text, stamps, length: cx.options.length, config, rules, size, way: config.way(&cx.options) }
}

/// A line for descriptor 2. Unlike a message it is not dropped when that takes nothing for now.
fn forward<P: Platform>(p: &mut P, line: &[u8]) {
    let mut rest = line;
    while !rest.is_empty() {
        match p.write(Fd::STDERR, rest) {
            Ok(count) => rest = rest.get(count.max(1)..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
