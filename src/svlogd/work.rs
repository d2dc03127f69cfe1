//! What is done for the processor of a log directory.
use super::context::Context;
use super::directory::{Directory, NONE};
use super::name::{Name, with_letter};
use super::processor::{Action, Event, Settle};
use super::rotate::{c_name, unable_to_unlink};
use core::ffi::CStr;
use platform::{Child, Errno, Fd, Open, Pid, Platform, Result, Signal, Step, Target};

/// A failure and what it was about.
type Failed = (&'static [u8], &'static [u8], Errno);

impl Directory {
    /// Hands an event in and does what follows from it.
    pub(super) fn work<P: Platform>(&mut self, p: &mut P, cx: &mut Context, event: Event) {
        let mut event = event;
        loop {
            let now = p.now();
            event = match self.processor.step(event, now) {
                Action::Wait => break,
                Action::Find => match self.find(p, cx) {
                    Ok(name) => Event::Found(name),
                    Err(errno) => {
                        let text: &[u8] = b"unable to open directory, want processor";
                        Context::trouble(p, b"warning", text, self.path, errno);
                        Event::Failed
                    }
                },
                Action::Launch(name) => match self.launch(p, cx, &name) {
                    Ok(pid) => Event::Launched(pid),
                    Err((how, what, errno)) => {
                        Context::trouble(p, how, what, self.path, errno);
                        self.leave_workplace(p);
                        Event::Failed
                    }
                },
                Action::Discard(name) => {
                    Context::say(p, b"warning", &[b"processor failed, restart: ", self.path.to_bytes()]);
                    self.discard(p, cx, &name);
                    self.leave_workplace(p);
                    Event::Done
                }
                Action::Settle(name, step) => self.settle(p, cx, &name, step),
                Action::Finish(name) => {
                    let done = with_letter(name, b's');
                    cx.info(p, &[b"processed: ", self.path.to_bytes(), b"/", &done]);
                    self.leave_workplace(p);
                    Event::Done
                }
                Action::Stop(pid) => {
                    let _ = p.kill(Target::One(pid), Signal::Terminate);
                    break;
                }
            };
        }
        let _ = cx.go_home(p);
    }

    fn leave_workplace<P: Platform>(&mut self, p: &mut P) {
        if self.workplace != NONE {
            p.close(core::mem::replace(&mut self.workplace, NONE));
        }
    }

    fn find<P: Platform>(&mut self, p: &mut P, cx: &mut Context) -> Result<Option<Name>> {
        if self.fd == NONE || self.config.processor(self.text.rows()).is_none() {
            return Ok(None);
        }
        cx.enter(p, self.fd)?;
        Ok(self.survey(p, false)?.unprocessed)
    }

    fn launch<P: Platform>(
        &mut self,
        p: &mut P,
        cx: &mut Context,
        name: &Name,
    ) -> core::result::Result<Pid, Failed> {
        const WARNING: &[u8] = b"warning";
        const PAUSING: &[u8] = b"pausing";
        let want: &[u8] = b"unable to change directory, want processor";
        cx.enter(p, self.fd).map_err(|errno| (PAUSING, want, errno))?;
        self.workplace = p.open(c".", Open::Read).map_err(|errno| (PAUSING, want, errno))?;
        let Some(command) = self.config.processor(self.text.rows()) else {
            return Err((WARNING, want, Errno::NOENT));
        };
        let output = with_letter(*name, b't');
        // In this order: each has a greater number than the one before, so that none is closed
        // before it was put in its place.
        let mut fds = [NONE; 4];
        let opened = open_all(p, &mut fds, name, &output);
        let spawned =
            opened.map_err(|(what, errno)| (WARNING, what, errno)).and_then(|()| {
                let [input, output, state, newstate] = fds;
                let why: &[&[u8]] =
                    &[b"fatal: unable to move filedescriptor for processor: ", self.path.to_bytes()];
                let steps = [(input, 0), (output, 1), (state, 4), (newstate, 5)]
                    .map(|(from, to)| Step::Onto { from, to: Fd(to), why });
                let child = Child {
                    prefix: &[b"svlogd: "],
                    steps: &steps,
                    path: c"/bin/sh",
                    argv: &[c"sh", c"-c", command],
                    variable: b"",
                    search: false,
                    why: &[b"fatal: unable to run processor: ", self.path.to_bytes()],
                    exit: 111,
                };
                cx.info(p, &[b"processing: ", self.path.to_bytes(), b"/", name]);
                p.spawn(&child).map_err(|errno| (PAUSING, b"unable to fork for processor".as_slice(), errno))
            });
        fds.into_iter().filter(|fd| *fd != NONE).for_each(|fd| p.close(fd));
        if spawned.is_err() {
            let _ = p.unlink(c_name(&output).as_c());
        }
        spawned
    }

    fn discard<P: Platform>(&mut self, p: &mut P, cx: &mut Context, name: &Name) {
        let output = with_letter(*name, b't');
        let removed = cx.enter(p, self.workplace).and_then(|()| p.unlink(c_name(&output).as_c()));
        if !matches!(removed, Ok(()) | Err(Errno::NOENT)) {
            unable_to_unlink(p, self.path, &output);
        }
    }

    fn settle<P: Platform>(&mut self, p: &mut P, cx: &mut Context, name: &Name, step: Settle) -> Event {
        let (what, done): (&[u8], _) = match step {
            Settle::Sync => (b"unable to fsync processed", self.keep(p, cx, name, step)),
            Settle::Rename => (b"unable to rename processed", self.keep(p, cx, name, step)),
            Settle::Mark => (b"unable to set mode of processed", self.keep(p, cx, name, step)),
            Settle::Remove => (b"", self.keep(p, cx, name, step)),
            Settle::State => (b"unable to rename state", self.keep(p, cx, name, step)),
        };
        match (done, step) {
            (Ok(()), _) => Event::Done,
            // Who tidied up in between did what was to be done.
            (Err(Errno::NOENT), Settle::Remove | Settle::Rename | Settle::State) => Event::Done,
            (Err(Errno::NOENT), Settle::Sync | Settle::Mark) => Event::Gone,
            (Err(_), Settle::Remove) => {
                unable_to_unlink(p, self.path, name);
                Event::Failed
            }
            (Err(errno), Settle::Sync | Settle::Rename | Settle::Mark | Settle::State) => {
                Context::trouble(p, b"pausing", what, self.path, errno);
                Event::Failed
            }
        }
    }

    fn keep<P: Platform>(&mut self, p: &mut P, cx: &mut Context, name: &Name, step: Settle) -> Result<()> {
        cx.enter(p, self.workplace)?;
        let (output, done) = (c_name(&with_letter(*name, b't')), c_name(&with_letter(*name, b's')));
        match step {
            Settle::Sync | Settle::Mark => {
                let fd = p.open(output.as_c(), Open::Write)?;
                let done = if step == Settle::Sync { p.fsync(fd) } else { p.fchmod(fd, 0o744) };
                p.close(fd);
                // What it is on cannot be flushed, and need not.
                if done == Err(Errno::INVAL) { Ok(()) } else { done }
            }
            Settle::Rename => p.rename(output.as_c(), done.as_c()),
            Settle::Remove => p.unlink(c_name(name).as_c()),
            Settle::State => p.rename(c"newstate", c"state"),
        }
    }
}

type Unopened = (&'static [u8], Errno);

/// Input, output, old and new state of a processor.
fn open_all<P: Platform>(
    p: &mut P,
    fds: &mut [Fd; 4],
    name: &Name,
    output: &Name,
) -> core::result::Result<(), Unopened> {
    let [read, write, state, newstate] = fds;
    let (name, output) = (c_name(name), c_name(output));
    // A processor that was left behind may still write to these.
    let _ = p.unlink(output.as_c());
    let _ = p.unlink(c"newstate");
    *read = open(p, name.as_c(), Open::Read, b"unable to open input for processor")?;
    *write = open(p, output.as_c(), Open::New, b"unable to open output for processor")?;
    *state = match p.open(c"state", Open::Read) {
        Err(Errno::NOENT) => {
            let empty = open(p, c"state", Open::New, b"unable to create empty state for processor")?;
            p.close(empty);
            open(p, c"state", Open::Read, b"unable to open state for processor")?
        }
        Err(errno) => return Err((b"unable to open state for processor", errno)),
        Ok(fd) => fd,
    };
    *newstate = open(p, c"newstate", Open::New, b"unable to open newstate for processor")?;
    Ok(())
}

fn open<P: Platform>(
    p: &mut P,
    path: &CStr,
    how: Open,
    what: &'static [u8],
) -> core::result::Result<Fd, Unopened> {
    p.open(path, how).map_err(|errno| (what, errno))
}
