//! The old logs of a log directory.
use super::name::{Kind, Label, Name, Survey, c_name, with_letter};
use super::place::Place;
use crate::svlogd::context::Context;
use crate::svlogd::select::config::Config;
use platform::{Errno, Fd, Platform, Result};

/// What is known of them.
pub struct Shelf {
    /// The greatest label that was seen or given.
    newest: Label,
    /// How many logs wait for the processor.
    waiting: u64,
    /// The one that was put there last: it is never the oldest.
    made: Option<Name>,
}

impl Shelf {
    pub(super) fn new() -> Shelf {
        Shelf { newest: Label::default(), waiting: 0, made: None }
    }

    /// How many logs wait for the processor.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting
    }

    /// A name that no file has, with a label behind all that were seen (DEV-64).
    fn free_name<P: Platform>(&mut self, p: &mut P, dir: Fd, letter: u8) -> Result<Name> {
        let mut label = Label::of(p.wall()).max(self.newest.next());
        loop {
            let name = label.name(letter);
            match p.fstatat(dir, c_name(&name).as_c()) {
                Err(Errno::NOENT) => {
                    self.newest = label;
                    return Ok(name);
                }
                Ok(_) => label = label.next(),
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Puts `current` on the shelf.
    pub(super) fn add<P: Platform>(&mut self, p: &mut P, dir: Fd, letter: u8) -> Result<Name> {
        let name = self.free_name(p, dir, letter)?;
        p.renameat(dir, c"current", c_name(&name).as_c())?;
        self.made = Some(name);
        Ok(name)
    }

    /// Walks along the names of the directory: `busy` is being processed. What processors left behind is
    /// removed if `clean`.
    fn walk<P: Platform>(
        &mut self,
        p: &mut P,
        place: &Place,
        busy: Option<Name>,
        clean: bool,
    ) -> Result<Survey> {
        let made = self.made.filter(|_| clean);
        let mut survey = Survey::default();
        let mut names = p.open_dir(place.dir(), c".")?;
        loop {
            let name = match p.next_name(&mut names) {
                Ok(Some(name)) => name,
                Ok(None) => break,
                Err(errno) => {
                    Context::trouble(p, b"warning", b"unable to read directory", place.path(), errno);
                    break;
                }
            };
            let name = name.to_bytes();
            let kind = survey.see(name, busy, made);
            if kind == Kind::Leftover && !complete(p, place.dir(), name) && clean {
                let name = c_name(name);
                if let Err(errno) = p.unlinkat(place.dir(), name.as_c()) {
                    let text: &[u8] = b"unable to unlink processor leftover";
                    Context::trouble(p, b"warning", text, name.as_c(), errno);
                }
            }
        }
        p.close_dir(names);
        (self.newest, self.waiting) = (self.newest.max(survey.newest), survey.waiting);
        Ok(survey)
    }

    /// Sees what is there.
    pub fn survey<P: Platform>(&mut self, p: &mut P, place: &Place, busy: Option<Name>) -> Result<Survey> {
        self.walk(p, place, busy, false)
    }

    /// Deletes one log if there are too many.
    pub(super) fn prune<P: Platform>(
        &mut self,
        p: &mut P,
        cx: &Context,
        place: &Place,
        busy: Option<Name>,
        keep: u64,
    ) {
        match self.walk(p, place, busy, true) {
            Ok(Survey { count, oldest: Some(oldest), .. }) if keep != 0 && count > keep => {
                cx.info(p, &[b"delete: ", place.path().to_bytes(), b"/", &oldest]);
                delete(p, place, &oldest);
            }
            Ok(_) => {}
            // Lines matter more: the next rotation tries again.
            Err(errno) => {
                let text: &[u8] = b"unable to open directory, want rotate";
                Context::trouble(p, b"warning", text, place.path(), errno);
            }
        }
    }

    /// The disk is full: deletes the oldest log if more than `N` are there. `true`: it did.
    pub(super) fn make_room<P: Platform>(
        &mut self,
        p: &mut P,
        place: &Place,
        busy: Option<Name>,
        config: &Config,
    ) -> bool {
        if config.least >= config.keep {
            return false;
        }
        match self.survey(p, place, busy) {
            Ok(Survey { all, oldest: Some(oldest), .. }) if all > config.least => {
                let path = place.path().to_bytes();
                Context::say(p, b"warning", &[b"out of disk space, delete: ", path, b"/", &oldest]);
                delete(p, place, &oldest)
            }
            Ok(_) => false,
            Err(errno) => {
                let text: &[u8] = b"unable to open directory, want remove old logfile";
                Context::trouble(p, b"warning", text, place.path(), errno);
                false
            }
        }
    }
}

fn delete<P: Platform>(p: &mut P, place: &Place, name: &Name) -> bool {
    let done = p.unlinkat(place.dir(), c_name(name).as_c());
    if let Err(errno) = done {
        Context::trouble(p, b"warning", b"unable to unlink oldest logfile", place.path(), errno);
    }
    done.is_ok()
}

/// Gives what a processor wrote its final name if all is there: see `Settle` of the processor.
fn complete<P: Platform>(p: &mut P, dir: Fd, name: &[u8]) -> bool {
    let Ok(name) = Name::try_from(name) else { return false };
    let [output, input, done] = [b't', b'u', b's'].map(|letter| c_name(&with_letter(name, letter)));
    let marked = p.fstatat(dir, output.as_c()).is_ok_and(|found| found.owner_executes());
    marked
        && p.fstatat(dir, input.as_c()).is_err_and(|errno| errno == Errno::NOENT)
        && p.renameat(dir, output.as_c(), done.as_c()).is_ok()
}
