//! What is done for the processor of a log directory.
use super::machine::{Action, Answer, Event, Out, Processor, Settle};
use crate::svlogd::context::Context;
use crate::svlogd::directory::name::{Name, c_name, with_letter};
use crate::svlogd::directory::place::{Failed as Unopened, NONE, Place, shut};
use crate::svlogd::directory::shelf::Shelf;
use crate::svlogd::select::settings::Settings;
use core::ffi::CStr;
use platform::{Child, Errno, Fd, Instant, Open, Pid, Platform, Result, Signal, Step, Target};

/// A failure, what it was about, and why.
type Failed = (&'static [u8], &'static [u8], Errno);

/// The processor of a log directory and where it works.
pub struct Worker {
    machine: Processor,
    /// The directory in which it works: the path may lead to another one meanwhile.
    workplace: Fd,
}

impl Worker {
    /// Nothing runs.
    pub const fn new() -> Worker {
        Worker { machine: Processor::new(), workplace: NONE }
    }

    /// What is decided.
    pub fn machine(&mut self) -> &mut Processor {
        &mut self.machine
    }

    /// The log that is being processed.
    pub fn busy(&self) -> Option<Name> {
        self.machine.busy()
    }

    /// When something is to happen without being asked for.
    pub fn until(&self) -> Option<Instant> {
        self.machine.until()
    }

    /// Hands an event in and does what follows from it.
    pub fn drive<P: Platform>(
        &mut self,
        p: &mut P,
        cx: &Context,
        event: Event,
        place: &Place,
        settings: &mut Settings,
        shelf: &mut Shelf,
    ) {
        let path = place.path();
        let mut out = Out::new();
        self.machine.step(event, p.now(), &mut out);
        while let Some(action) = out.take() {
            let name = self.machine.name();
            let answer = match action {
                Action::Find => match self.find(p, place, settings, shelf) {
                    Ok(name) => Answer::Found(name),
                    Err(errno) => {
                        let text: &[u8] = b"unable to open directory, want processor";
                        Context::trouble(p, b"warning", text, path, errno);
                        Answer::Failed
                    }
                },
                Action::Launch => match self.launch(p, cx, place, settings, &name) {
                    Ok(pid) => Answer::Launched(pid),
                    Err((how, what, errno)) => {
                        Context::trouble(p, how, what, path, errno);
                        shut(p, &mut self.workplace);
                        Answer::Failed
                    }
                },
                Action::Discard => {
                    Context::say(p, b"warning", &[b"processor failed, restart: ", path.to_bytes()]);
                    self.discard(p, path, &name);
                    shut(p, &mut self.workplace);
                    Answer::Done
                }
                Action::Settle(step) => self.settle(p, path, &name, step),
                Action::Finish => {
                    let done = with_letter(name, b's');
                    cx.info(p, &[b"processed: ", path.to_bytes(), b"/", &done]);
                    shut(p, &mut self.workplace);
                    Answer::Done
                }
                Action::Stop(pid) => {
                    let _ = p.kill(Target::One(pid), Signal::Terminate);
                    continue;
                }
            };
            self.machine.answer(answer, p.now(), &mut out);
        }
    }

    fn find<P: Platform>(
        &mut self,
        p: &mut P,
        place: &Place,
        settings: &mut Settings,
        shelf: &mut Shelf,
    ) -> Result<Option<Name>> {
        if !place.is_open() || settings.processor().is_none() {
            return Ok(None);
        }
        Ok(shelf.survey(p, place, self.busy())?.unprocessed)
    }

    fn launch<P: Platform>(
        &mut self,
        p: &mut P,
        cx: &Context,
        place: &Place,
        settings: &mut Settings,
        name: &Name,
    ) -> core::result::Result<Pid, Failed> {
        const WARNING: &[u8] = b"warning";
        const PAUSING: &[u8] = b"pausing";
        let (path, want): (_, &[u8]) =
            (place.path().to_bytes(), b"unable to change directory, want processor");
        self.workplace = p.openat(place.dir(), c".", Open::Read).map_err(|errno| (PAUSING, want, errno))?;
        let dir = self.workplace;
        let Some(command) = settings.processor() else {
            return Err((WARNING, want, Errno::NOENT));
        };
        let output = with_letter(*name, b't');
        // In this order: each has a greater number than the one before, so that none is closed
        // before it was put in its place.
        let mut fds = [NONE; 4];
        let opened = open_all(p, dir, &mut fds, name, &output);
        let spawned = opened.map_err(|(what, errno)| (WARNING, what, errno)).and_then(|()| {
            let [input, output, state, newstate] = fds;
            let why: &[&[u8]] = &[b"fatal: unable to move filedescriptor for processor: ", path];
            let onto = |from, to| Step::Onto { from, to: Fd(to), why };
            let steps = [
                Step::Directory { dir, path: c".", why: &[b"fatal: ", want, b": ", path] },
                onto(input, 0),
                onto(output, 1),
                onto(state, 4),
                onto(newstate, 5),
            ];
            let child = Child {
                prefix: &[b"svlogd: "],
                steps: &steps,
                path: c"/bin/sh",
                argv: &[c"sh", c"-c", command],
                variable: b"",
                console: None,
                search: false,
                why: &[b"fatal: unable to run processor: ", path],
                exit: 111,
            };
            cx.info(p, &[b"processing: ", path, b"/", name]);
            p.spawn(&child).map_err(|errno| (PAUSING, b"unable to fork for processor".as_slice(), errno))
        });
        fds.into_iter().filter(|fd| *fd != NONE).for_each(|fd| p.close(fd));
        if spawned.is_err() {
            let _ = p.unlinkat(dir, c_name(&output).as_c());
        }
        spawned
    }

    fn discard<P: Platform>(&self, p: &mut P, path: &CStr, name: &Name) {
        let output = with_letter(*name, b't');
        let removed = p.unlinkat(self.workplace, c_name(&output).as_c());
        if !matches!(removed, Ok(()) | Err(Errno::NOENT)) {
            unable_to_unlink(p, path, &output);
        }
    }

    fn settle<P: Platform>(&self, p: &mut P, path: &CStr, name: &Name, step: Settle) -> Answer {
        let what: &[u8] = match step {
            Settle::Sync => b"unable to fsync processed",
            Settle::Mark => b"unable to set mode of processed",
            Settle::Remove => b"",
            Settle::Rename => b"unable to rename processed",
            Settle::State => b"unable to rename state",
        };
        match (self.keep(p, name, step), step) {
            (Ok(()), _) => Answer::Done,
            // An administrator who tidied up in between did what was to be done.
            (Err(Errno::NOENT), Settle::Remove | Settle::Rename | Settle::State) => Answer::Done,
            (Err(Errno::NOENT), Settle::Sync | Settle::Mark) => Answer::Gone,
            (Err(_), Settle::Remove) => {
                unable_to_unlink(p, path, name);
                Answer::Failed
            }
            (Err(errno), Settle::Sync | Settle::Rename | Settle::Mark | Settle::State) => {
                Context::trouble(p, b"pausing", what, path, errno);
                Answer::Failed
            }
        }
    }

    fn keep<P: Platform>(&self, p: &mut P, name: &Name, step: Settle) -> Result<()> {
        let dir = self.workplace;
        let (output, done) = (c_name(&with_letter(*name, b't')), c_name(&with_letter(*name, b's')));
        match step {
            Settle::Sync | Settle::Mark => {
                let fd = p.openat(dir, output.as_c(), Open::Write)?;
                let done = if step == Settle::Sync { p.fsync(fd) } else { p.fchmod(fd, 0o744) };
                p.close(fd);
                // What it is on cannot be flushed, and need not.
                if done == Err(Errno::INVAL) { Ok(()) } else { done }
            }
            Settle::Rename => p.renameat(dir, output.as_c(), done.as_c()),
            Settle::Remove => p.unlinkat(dir, c_name(name).as_c()),
            Settle::State => p.renameat(dir, c"newstate", c"state"),
        }
    }
}

/// A message about a name in a directory.
fn unable_to_unlink<P: Platform>(p: &mut P, path: &CStr, name: &[u8]) {
    Context::say(p, b"warning", &[b"unable to unlink: ", path.to_bytes(), b"/", name]);
}

/// Input, output, old and new state of a processor.
fn open_all<P: Platform>(
    p: &mut P,
    dir: Fd,
    fds: &mut [Fd; 4],
    name: &Name,
    output: &Name,
) -> core::result::Result<(), Unopened> {
    const STATE: &[u8] = b"unable to open state for processor";
    let open = |p: &mut P, path: &CStr, how, what: &'static [u8]| {
        p.openat(dir, path, how).map_err(|errno| (what, errno))
    };
    let [read, write, state, newstate] = fds;
    let (name, output) = (c_name(name), c_name(output));
    // A processor that was left behind may still write to these.
    let _ = p.unlinkat(dir, output.as_c());
    let _ = p.unlinkat(dir, c"newstate");
    *read = open(p, name.as_c(), Open::Read, b"unable to open input for processor")?;
    *write = open(p, output.as_c(), Open::New, b"unable to open output for processor")?;
    *state = match open(p, c"state", Open::Read, STATE) {
        Err((_, Errno::NOENT)) => {
            let empty = open(p, c"state", Open::New, b"unable to create empty state for processor")?;
            p.close(empty);
            open(p, c"state", Open::Read, STATE)?
        }
        found => found?,
    };
    *newstate = open(p, c"newstate", Open::New, b"unable to open newstate for processor")?;
    Ok(())
}
