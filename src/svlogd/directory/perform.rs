//! What is done to a log directory, one task each.
use super::Directory;
use super::file::cut_line;
use super::machine::{Answer, Task};
use crate::fixed::Text;
use crate::svlogd::context::Context;
use crate::svlogd::processor::Event as WorkEvent;
use platform::{Errno, Open, Platform};

impl Directory {
    pub(super) fn perform<P: Platform>(
        &mut self,
        p: &mut P,
        cx: &mut Context,
        buffer: &mut [u8],
        task: Task,
    ) -> Answer {
        match task {
            Task::Write => self.write(p, buffer),
            Task::Sync => self.done(p, |it, p| it.file.sync(p), b"unable to fsync current logfile"),
            Task::Mark => self.done(p, |it, p| it.file.mark(p), b"unable to set mode of current"),
            Task::Rename => self.rename(p, cx),
            Task::Create => self.create(p, cx),
            Task::Prune => {
                self.prune(p, cx);
                self.work(p, cx, WorkEvent::Work);
                Answer::Done
            }
            Task::Shut => self.close(p, cx),
            Task::Leave => {
                self.file.leave(p, cx.options.lossy && self.lines.is_torn());
                self.close(p, cx)
            }
            Task::Open => self.open(p, cx),
        }
    }

    fn pausing<P: Platform>(&self, p: &mut P, text: &[u8], errno: Errno) -> Answer {
        Context::trouble(p, b"pausing", text, self.place.path(), errno);
        Answer::Failed
    }

    fn done<P: Platform>(
        &self,
        p: &mut P,
        act: fn(&Self, &mut P) -> platform::Result<()>,
        text: &[u8],
    ) -> Answer {
        match act(self, p) {
            Ok(()) => Answer::Done,
            Err(errno) => self.pausing(p, text, errno),
        }
    }

    /// It is not there any more; what is to be said of that is kept until it is asked for.
    fn gone(&mut self, text: &'static [u8]) -> Answer {
        self.why = (text, Errno::NOENT);
        Answer::Gone
    }

    fn write<P: Platform>(&mut self, p: &mut P, buffer: &mut [u8]) -> Answer {
        if self.file.is_deleted(p) {
            return self.gone(b"current was deleted");
        }
        while self.lines.owed() > 0 {
            let owed = buffer.get(..self.lines.owed()).unwrap_or_default();
            let errno = match self.file.write(p, owed) {
                Ok(count) => {
                    self.lines.written(buffer, count);
                    continue;
                }
                Err(errno) => errno,
            };
            let busy = self.worker.busy();
            if errno != Errno::NOSPC || !self.shelf.make_room(p, &self.place, busy, self.settings.config()) {
                return self.pausing(p, b"unable to write to current", errno);
            }
        }
        Answer::Done
    }

    fn rename<P: Platform>(&mut self, p: &mut P, cx: &Context) -> Answer {
        let letter = if self.settings.processor().is_some() { b'u' } else { b's' };
        match self.shelf.add(p, self.place.dir(), letter) {
            Ok(name) => {
                let mut size = Text::<24>::new();
                size.add_number(self.file.size());
                let path = self.place.path().to_bytes();
                cx.info(p, &[b"rename: ", path, b"/current ", &name, b" ", size.bytes()]);
                self.file.close(p);
                Answer::Done
            }
            Err(Errno::NOENT) => {
                self.file.close(p);
                self.gone(b"unable to rename current")
            }
            Err(errno) => self.pausing(p, b"unable to rename current", errno),
        }
    }

    /// Opens `current`, new or old.
    fn create<P: Platform>(&mut self, p: &mut P, cx: &Context) -> Answer {
        let first = self.machine.opens();
        let old = p.fstatat(self.place.dir(), c"current").is_ok();
        match self.file.open(p, self.place.dir()) {
            Ok(()) => {
                self.lines.renewed();
                if first {
                    let what: &[u8] = if old { b"append: " } else { b"new: " };
                    cx.info(p, &[what, self.place.path().to_bytes(), b"/current"]);
                }
                Answer::Done
            }
            Err(Errno::NOENT) => self.gone(b"unable to create new current"),
            Err(errno) if first => self.pausing(p, b"unable to open current", errno),
            Err(errno) => self.pausing(p, b"unable to create new current", errno),
        }
    }

    fn prune<P: Platform>(&mut self, p: &mut P, cx: &Context) {
        self.shelf.prune(p, cx, &self.place, self.worker.busy(), self.settings.config().keep);
    }

    /// Leaves the file. Directory and lock stay until the directory is opened again.
    fn close<P: Platform>(&mut self, p: &mut P, cx: &Context) -> Answer {
        self.file.close(p);
        cx.info(p, &[b"close: ", self.place.path().to_bytes()]);
        Answer::Done
    }

    /// The directory cannot be used.
    fn refused<P: Platform>(&mut self, p: &mut P, cx: &Context, why: (&'static [u8], Errno)) -> Answer {
        self.place.give_up(p);
        self.why = why;
        let holds = !self.lines.is_done(cx.input.count());
        Answer::Refused { missing: why.1 == Errno::NOENT, holds }
    }

    /// Finds the directory, locks it, reads its config, and puts aside what a crash left.
    fn open<P: Platform>(&mut self, p: &mut P, cx: &mut Context) -> Answer {
        match self.place.find(p, cx.home) {
            Ok(false) => {}
            Ok(true) => self.settings.forget(),
            Err(why) => return self.refused(p, cx, why),
        }
        let path = self.place.path();
        if let Err(why) = self.place.secure(p) {
            cx.info(p, &[b"close: ", path.to_bytes()]);
            return self.refused(p, cx, why);
        }
        self.settings.load(p, cx, self.place.dir(), path);
        // For the labels that are there already.
        if let Err(errno) = self.shelf.survey(p, &self.place, self.worker.busy()) {
            Context::trouble(p, b"warning", b"unable to read directory", path, errno);
        }
        if let Err(answer) = self.recover(p, cx) {
            return answer;
        }
        self.work(p, cx, WorkEvent::HangUp);
        Answer::Opened(self.settings.config().every)
    }

    /// A `current` that was not closed properly gets a name of its own. So does a link, to which nothing
    /// else is done: what it leads to may be anybody's.
    fn recover<P: Platform>(&mut self, p: &mut P, cx: &Context) -> core::result::Result<(), Answer> {
        let dir = self.place.dir();
        let opened = p.openat(dir, c"current", Open::Update);
        if opened.is_ok() || p.readlinkat(dir, c"current", &mut [0]).is_err() {
            let found = match opened {
                Ok(fd) => p.fstat(fd),
                Err(_) => p.fstatat(dir, c"current"),
            };
            let ended = match found {
                // No crash but this very process left it, and goes on where it stopped.
                Ok(found) if self.file.was_left(&found) => Ok(0),
                Ok(found) if found.owner_executes() => Ok(0),
                Ok(found) => opened.and_then(|fd| cut_line(p, fd, found.size)),
                Err(_) => Ok(0),
            };
            if let Ok(fd) = opened {
                p.close(fd);
            }
            match (found, ended) {
                (Err(Errno::NOENT), _) | (Ok(_), Ok(0)) => return Ok(()),
                (Err(errno), _) => return Err(self.refused(p, cx, (b"unable to stat current", errno))),
                (Ok(_), Ok(_)) => {}
                (Ok(_), Err(errno)) => {
                    Context::trouble(p, b"warning", b"unable to end current", self.place.path(), errno);
                }
            }
        }
        match self.shelf.add(p, dir, b'u') {
            Ok(_) => {
                self.prune(p, cx);
                Ok(())
            }
            Err(errno) => Err(self.pausing(p, b"unable to rename current", errno)),
        }
    }
}
