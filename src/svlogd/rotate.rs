//! What is done to the file of a log directory, one step each.
use super::context::Context;
use super::directory::{Directory, NONE};
use super::life::Event;
use super::name::{Kind, Label, Name, Survey, with_letter};
use crate::fixed::Text;
use core::ffi::CStr;
use platform::{Errno, Fd, Open, Platform, Result};

/// A name with the NUL behind it.
pub(super) fn c_name(name: &[u8]) -> Text<32> {
    Text::of(&[name])
}

impl Directory {
    fn pausing<P: Platform>(&self, p: &mut P, text: &[u8], errno: Errno) -> Event {
        Context::trouble(p, b"pausing", text, self.path, errno);
        Event::Failed
    }

    pub(super) fn sync<P: Platform>(&mut self, p: &mut P) -> Event {
        match p.fsync(self.current) {
            // EINVAL: what it is on cannot be flushed, and need not.
            Ok(()) | Err(Errno::INVAL) => Event::Done,
            Err(errno) => self.pausing(p, b"unable to fsync current logfile", errno),
        }
    }

    pub(super) fn mark<P: Platform>(&mut self, p: &mut P) -> Event {
        match p.fchmod(self.current, 0o744) {
            Ok(()) => Event::Done,
            Err(errno) => self.pausing(p, b"unable to set mode of current", errno),
        }
    }

    fn close_current<P: Platform>(&mut self, p: &mut P) {
        if self.current != NONE {
            p.close(core::mem::replace(&mut self.current, NONE));
        }
    }

    /// A name that no file has, with a label behind all that were seen (DEV-64).
    pub(super) fn free_name<P: Platform>(&mut self, p: &mut P, letter: u8) -> Result<Name> {
        let mut label = Label::of(p.wall()).max(self.newest.next());
        loop {
            let name = label.name(letter);
            match p.stat(c_name(&name).as_c()) {
                Err(Errno::NOENT) => {
                    self.newest = label;
                    return Ok(name);
                }
                Ok(_) => label = label.next(),
                Err(errno) => return Err(errno),
            }
        }
    }

    pub(super) fn rename<P: Platform>(&mut self, p: &mut P, cx: &mut Context) -> Event {
        if let Err(errno) = cx.enter(p, self.fd) {
            return self.pausing(p, b"unable to change directory, want rotate", errno);
        }
        let processed = self.config.processor(self.text.rows()).is_some();
        let renamed = self.free_name(p, if processed { b'u' } else { b's' }).and_then(|name| {
            p.rename(c"current", c_name(&name).as_c())?;
            Ok(name)
        });
        match renamed {
            Ok(name) => {
                let mut size = Text::<24>::new();
                size.add_number(self.size);
                let path = self.path.to_bytes();
                cx.info(p, &[b"rename: ", path, b"/current ", &name, b" ", size.bytes()]);
                self.made = Some(name);
                self.close_current(p);
                Event::Done
            }
            Err(Errno::NOENT) => {
                self.say_gone(p, b"unable to rename current");
                self.close_current(p);
                Event::Gone
            }
            Err(errno) => self.pausing(p, b"unable to rename current", errno),
        }
    }

    /// Opens `current`, new or old.
    pub(super) fn create<P: Platform>(&mut self, p: &mut P, cx: &mut Context) -> Event {
        let first = self.opening;
        if let Err(errno) = cx.enter(p, self.fd) {
            return self.pausing(p, b"unable to change directory, want rotate", errno);
        }
        let old = p.stat(c"current").is_ok();
        let opened = p.open(c"current", Open::Append);
        let event = match opened.and_then(|fd| self.take_up(p, fd)) {
            Ok(()) => {
                if first {
                    let what: &[u8] = if old { b"append: " } else { b"new: " };
                    cx.info(p, &[what, self.path.to_bytes(), b"/current"]);
                }
                Event::Done
            }
            Err(Errno::NOENT) => {
                self.lost = true;
                self.say_gone(p, b"unable to create new current");
                Event::Gone
            }
            Err(errno) if first => self.pausing(p, b"unable to open current", errno),
            Err(errno) => self.pausing(p, b"unable to create new current", errno),
        };
        if event == Event::Done {
            (self.opening, self.warned, self.lost, self.left) = (false, false, false, None);
            let _ = cx.go_home(p);
        }
        event
    }

    fn take_up<P: Platform>(&mut self, p: &mut P, fd: Fd) -> Result<()> {
        let found = p.fchmod(fd, 0o644).and_then(|()| p.fstat(fd));
        match found {
            Ok(found) => {
                self.close_current(p);
                self.current = fd;
                self.size = found.size;
                self.lines.renewed();
                Ok(())
            }
            Err(errno) => {
                p.close(fd);
                Err(errno)
            }
        }
    }

    /// Walks along the names of the current directory. What processors left behind is removed if
    /// `clean`.
    pub(super) fn survey<P: Platform>(&mut self, p: &mut P, clean: bool) -> Result<Survey> {
        let mut survey = Survey::default();
        let mut dir = p.open_dir(Fd::CWD, c".")?;
        loop {
            let name = match p.next_name(&mut dir) {
                Ok(Some(name)) => name,
                Ok(None) => break,
                Err(errno) => {
                    let text: &[u8] = b"unable to read directory";
                    Context::trouble(p, b"warning", text, self.path, errno);
                    break;
                }
            };
            let bytes = name.to_bytes();
            let kind = survey.see(bytes, self.processor.busy(), self.made);
            if kind == Kind::Leftover && !complete(p, bytes) && clean {
                let name = c_name(bytes);
                if let Err(errno) = p.unlink(name.as_c()) {
                    let text: &[u8] = b"unable to unlink processor leftover";
                    Context::trouble(p, b"warning", text, name.as_c(), errno);
                }
            }
        }
        p.close_dir(dir);
        (self.newest, self.waiting) = (self.newest.max(survey.newest), survey.waiting);
        Ok(survey)
    }

    fn delete<P: Platform>(&self, p: &mut P, name: &Name) -> bool {
        match p.unlink(c_name(name).as_c()) {
            Ok(()) => true,
            Err(errno) => {
                let text: &[u8] = b"unable to unlink oldest logfile";
                Context::trouble(p, b"warning", text, self.path, errno);
                false
            }
        }
    }

    /// Deletes one log if there are too many. In the current directory.
    pub(super) fn prune<P: Platform>(&mut self, p: &mut P, cx: &Context) {
        match self.survey(p, true) {
            Ok(Survey { count, oldest: Some(oldest), .. })
                if self.config.keep != 0 && count > self.config.keep =>
            {
                cx.info(p, &[b"delete: ", self.path.to_bytes(), b"/", &oldest]);
                self.delete(p, &oldest);
            }
            Ok(_) => {}
            // Lines matter more: the next rotation tries again.
            Err(errno) => {
                let text: &[u8] = b"unable to open directory, want rotate";
                Context::trouble(p, b"warning", text, self.path, errno);
            }
        }
    }

    pub(super) fn prune_after_rotation<P: Platform>(&mut self, p: &mut P, cx: &mut Context) -> Event {
        if cx.enter(p, self.fd).is_ok() {
            self.prune(p, cx);
        }
        let _ = cx.go_home(p);
        self.work(p, cx, super::processor::Event::Work);
        Event::Done
    }

    /// The disk is full: deletes the oldest log if more than `N` are there. `true`: it did.
    pub(super) fn make_room<P: Platform>(&mut self, p: &mut P, cx: &mut Context) -> bool {
        if self.config.least >= self.config.keep {
            return false;
        }
        if let Err(errno) = cx.enter(p, self.fd) {
            let text: &[u8] = b"unable to change directory, want remove old logfile";
            Context::trouble(p, b"warning", text, self.path, errno);
            return false;
        }
        let made = core::mem::take(&mut self.made);
        let found = self.survey(p, false);
        self.made = made;
        let deleted = match found {
            Ok(Survey { all, oldest: Some(oldest), .. }) if all > self.config.least => {
                let path = self.path.to_bytes();
                Context::say(p, b"warning", &[b"out of disk space, delete: ", path, b"/", &oldest]);
                self.delete(p, &oldest)
            }
            Ok(_) => false,
            Err(errno) => {
                let text: &[u8] = b"unable to open directory, want remove old logfile";
                Context::trouble(p, b"warning", text, self.path, errno);
                false
            }
        };
        let _ = cx.go_home(p);
        deleted
    }

    /// Leaves the finished file. Directory and lock stay until the directory is opened again.
    pub(super) fn shut<P: Platform>(&mut self, p: &mut P, cx: &Context) -> Event {
        self.close_current(p);
        cx.info(p, &[b"close: ", self.path.to_bytes()]);
        Event::Done
    }

    /// The same in trouble: the file counts as finished only if it is on disk.
    pub(super) fn leave<P: Platform>(&mut self, p: &mut P, cx: &Context) -> Event {
        if self.current != NONE {
            self.left = p.fstat(self.current).ok().map(|found| (found.device, found.inode));
            if p.fsync(self.current).is_ok() {
                let _ = p.fchmod(self.current, 0o744);
            }
        }
        self.shut(p, cx)
    }

    /// Closes what [`Directory::open`] opened.
    pub(super) fn give_up<P: Platform>(&mut self, p: &mut P) {
        for fd in [&mut self.fd, &mut self.lock] {
            if *fd != NONE {
                p.close(core::mem::replace(fd, NONE));
            }
        }
    }
}

/// Gives what a processor wrote its final name if all is there: see [`super::processor::Settle`].
fn complete<P: Platform>(p: &mut P, name: &[u8]) -> bool {
    let Ok(name) = Name::try_from(name) else { return false };
    let [output, input, done] = [b't', b'u', b's'].map(|letter| c_name(&with_letter(name, letter)));
    let marked = p.stat(output.as_c()).is_ok_and(|found| found.owner_executes());
    marked
        && p.stat(input.as_c()).is_err_and(|errno| errno == Errno::NOENT)
        && p.rename(output.as_c(), done.as_c()).is_ok()
}

/// A message about a name in a directory.
pub(super) fn unable_to_unlink<P: Platform>(p: &mut P, dir: &CStr, name: &[u8]) {
    Context::say(p, b"warning", &[b"unable to unlink: ", dir.to_bytes(), b"/", name]);
}
