//! One idea: the log of one service: its files, one after the other, and the one that grows.
use super::Head;
use super::file::{self, Lines};
use super::shelf::Shelf;
use platform::{Errno, Stamp};
use platform_host::growth::Growth;
use runit::sv::logs::shelf::{behind, label_of_read};
use runit::sv::logs::{Label, Stamped};
use std::collections::VecDeque;
use std::ffi::CString;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;

/// An old log that is to be read.
#[derive(Debug)]
struct Piece {
    label: Label,
    /// Opened early, before it can be deleted.
    file: Option<File>,
    start: Start,
}

/// Where to begin.
#[derive(Clone, Copy, Debug)]
enum Start {
    Offset(u64),
    /// Behind so many lines.
    Lines(u64),
}

/// What came of reading on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pulled {
    /// Nothing more for now.
    Idle,
    /// There may be more.
    More,
    /// What is read is no longer `current`, and was read to its end: [`Source::turn`].
    Turned,
}

/// So many old logs are opened early.
const EARLY: usize = 64;

/// So many labels of logs that are deleted are kept.
const GONE: usize = 10_000;

/// So much of two files is compared.
const BEGINNING: usize = 512;

/// The log of a service.
#[derive(Debug)]
pub struct Source<'a> {
    /// The service as it was typed.
    pub name: &'a [u8],
    /// Its number among the directories that are watched.
    pub number: usize,
    /// What went wrong, to be said.
    pub complaints: Vec<Vec<u8>>,
    pub failed: bool,
    /// Whether what happens in its directory is told.
    pub watched: bool,
    shelf: Shelf,
    /// The labels of the old logs that are older than what is read, and of some that were, sorted.
    known: Vec<Label>,
    /// The labels that were told, if all were.
    heard: Vec<Label>,
    lost: bool,
    queue: VecDeque<Piece>,
    reading: Option<Lines>,
    /// `current`, or what was that.
    held: Option<Lines>,
    /// What was `current` when the queue was made.
    next: Option<File>,
    /// It is not `current` any more, and is read to its end once more.
    replaced: bool,
    moment: Stamp,
    pulled: VecDeque<Head>,
}

impl<'a> Source<'a> {
    pub fn new(name: &'a [u8], number: usize, directory: CString) -> Source<'a> {
        Source {
            name,
            number,
            complaints: Vec::new(),
            failed: false,
            watched: false,
            shelf: Shelf::new(directory),
            known: Vec::new(),
            heard: Vec::new(),
            lost: false,
            queue: VecDeque::new(),
            reading: None,
            held: None,
            next: None,
            replaced: false,
            moment: Stamp::default(),
            pulled: VecDeque::new(),
        }
    }

    /// Has changes told, if they are not yet (`watched`). Whether that begins now: what was written before was not
    /// told, so it has to be looked at once more.
    pub fn watch(&mut self, growth: &mut Growth) -> bool {
        if self.watched {
            return false;
        }
        self.watched = growth.add(self.number, &self.shelf.path);
        self.lost = true;
        self.watched
    }

    /// Whether its directory has to be looked for.
    pub fn strays(&self) -> bool {
        !self.watched || self.shelf.strays()
    }

    /// Looks for it; `found`: where a search finds it. Whether it is elsewhere.
    pub fn seek(&mut self, found: Option<CString>) -> bool {
        let before = self.path();
        let moved = self.shelf.seek(found);
        if moved {
            (self.watched, self.lost) = (false, true);
        }
        if moved && self.shelf.strays() {
            self.complaints.push([&before, b" was renamed; read on".as_slice()].concat());
        }
        moved
    }

    /// Has what is written to `current` told, where the directory does not tell of it.
    pub fn hold(&self, growth: &mut Growth) {
        if let Some(current) = self.held.as_ref().and_then(Lines::file) {
            growth.hold(self.number, current.as_fd());
        }
    }

    /// Something was renamed in the directory.
    pub fn renamed(&mut self, name: &[u8]) {
        if let Some((label, _)) = Label::of(name) {
            self.heard.push(label);
        }
    }

    /// Not all renames were told.
    pub fn lost(&mut self) {
        self.lost = true;
    }

    /// Finds where to begin; `lines`: so many before the end, or all.
    pub fn begin(&mut self, lines: Option<u64>) -> Result<(), Vec<u8>> {
        let (current, labels) = self.shelf.survey(2).map_err(|errno| {
            let hint: &[u8] =
                if matches!(errno, Errno::ACCES | Errno::PERM) { b"; ask as root" } else { b"" };
            [b"unable to read ", self.shelf.path.to_bytes(), b": ", errno.text().bytes(), hint].concat()
        })?;
        self.lost = !self.watched;
        let mut need = lines.unwrap_or(u64::MAX);
        let mut start = 0;
        if let (Some(current), true) = (&current, lines.is_some()) {
            let (offset, found) = file::last_lines(current, need).unwrap_or_default();
            (start, need) = (offset, need.saturating_sub(found));
        }
        for label in labels.iter().rev() {
            if need == 0 {
                break;
            }
            if lines.is_none() {
                self.queue.push_front(Piece { label: *label, file: None, start: Start::Offset(0) });
            } else if let Some((piece, found)) = self.look_back(*label, need) {
                self.queue.push_front(piece);
                need = need.saturating_sub(found);
            }
        }
        if let Some(current) = current {
            let left = file::size(&current).saturating_sub(start);
            self.held = Lines::plain(current, start).ok();
            self.held.iter_mut().for_each(|held| held.left = left);
        }
        self.known = labels;
        Ok(())
    }

    /// An old log from its last lines on, and how many these are.
    fn look_back(&mut self, label: Label, need: u64) -> Option<(Piece, u64)> {
        let file = self.shelf.find(label).ok()?;
        let (start, found) = match file::tool(&file) {
            None => {
                let (offset, found) = file::last_lines(&file, need).ok()?;
                (Start::Offset(offset), found)
            }
            Some(_) => {
                let mut lines = self.lines(label, file.try_clone().ok()?, Start::Offset(0))?;
                let mut count: u64 = 0;
                while lines.next().or_else(|| lines.rest()).is_some() {
                    count = count.saturating_add(1);
                }
                (Start::Lines(count.saturating_sub(need)), count.min(need))
            }
        };
        Some((Piece { label, file: Some(file), start }, found))
    }

    /// The next line of what was there when sv came; `follows`: a line that is not complete is for later.
    pub fn old(&mut self, follows: bool) -> Option<Head> {
        let line = self.next_of_queue().or_else(|| {
            let held = self.held.as_mut()?;
            held.next().or_else(|| if follows { None } else { held.rest() })
        })?;
        Some(self.stamped(line))
    }

    /// A line without a stamp of its own goes with the one before.
    fn stamped(&mut self, line: Vec<u8>) -> Head {
        if let Some(stamped) = Stamped::of(&line) {
            self.moment = stamped.moment;
        }
        (self.moment, line)
    }

    fn next_of_queue(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(lines) = &mut self.reading {
                if let Some(line) = lines.next().or_else(|| lines.rest()) {
                    return Some(line);
                }
                if let Some(tool) = lines.failed() {
                    self.fail(&[tool.name().to_bytes(), b" failed on an old log in ", &self.path()]);
                }
                self.reading = None;
            }
            let piece = self.queue.pop_front()?;
            let file = piece.file.or_else(|| self.open(piece.label));
            self.reading = file.and_then(|file| self.lines(piece.label, file, piece.start));
        }
    }

    fn lines(&mut self, label: Label, file: File, start: Start) -> Option<Lines> {
        match (file::tool(&file), start) {
            (None, Start::Offset(offset)) => Lines::plain(file, offset).ok(),
            (None, Start::Lines(_)) => Lines::plain(file, 0).ok(),
            (Some(tool), start) => match Lines::made(&file, tool) {
                Ok(mut lines) => {
                    if let Start::Lines(skip) = start {
                        (0..skip).for_each(|_| drop(lines.next()));
                    }
                    Some(lines)
                }
                Err(_) => {
                    let name = label.name(b's');
                    self.fail(&[
                        b"it takes ",
                        tool.name().to_bytes(),
                        b" to read ",
                        &self.path(),
                        b"/",
                        &name,
                    ]);
                    None
                }
            },
        }
    }

    fn path(&self) -> Vec<u8> {
        self.shelf.path.to_bytes().to_vec()
    }

    fn fail(&mut self, parts: &[&[u8]]) {
        self.complaints.push(parts.concat());
        self.failed = true;
    }

    /// The same, with a complaint.
    fn open(&mut self, label: Label) -> Option<File> {
        match self.shelf.find(label) {
            Ok(file) => Some(file),
            Err(Errno::NOENT) => {
                self.fail(&[b"a log was deleted unread"]);
                None
            }
            Err(errno) => {
                let name = label.name(b's');
                self.fail(&[b"unable to open ", &self.path(), b"/", &name, b": ", errno.text().bytes()]);
                None
            }
        }
    }

    /// The moment of the first line that was read and not yet taken.
    pub fn waits(&self) -> Option<Stamp> {
        self.pulled.front().map(|head| head.0)
    }

    /// That line, and the service.
    pub fn take(&mut self) -> Option<(&'a [u8], Vec<u8>)> {
        self.pulled.pop_front().map(|head| (self.name, head.1))
    }

    /// Reads on, about so many bytes.
    pub fn pull(&mut self, most: usize) -> Pulled {
        let mut taken: usize = 0;
        while taken < most {
            let line = self.next_of_queue().or_else(|| {
                if let Some(next) = self.next.take() {
                    self.held = Lines::plain(next, 0).ok();
                }
                let held = self.held.as_mut()?;
                held.left = u64::MAX;
                held.next()
            });
            if let Some(line) = line {
                taken = taken.saturating_add(line.len());
                let head = self.stamped(line);
                self.pulled.push_back(head);
                continue;
            }
            let now = self.shelf.id_of(b"current");
            let held = self.held.as_mut().and_then(|held| file::id(held.file()?));
            match (now, held) {
                // It is removed, or about to be made anew.
                (None, _) => return Pulled::Idle,
                (Some(now), Some(held)) if now == held => {
                    self.replaced = false;
                    if !self.was_cut() {
                        return Pulled::Idle;
                    }
                }
                (Some(_), Some(_)) if !self.replaced => self.replaced = true,
                (Some(_), _) => {
                    if let Some(line) = self.held.as_mut().and_then(Lines::rest) {
                        let head = self.stamped(line);
                        self.pulled.push_back(head);
                    }
                    return Pulled::Turned;
                }
            }
        }
        Pulled::More
    }

    /// Whether somebody has made `current` shorter than what was read; then it is read from its beginning.
    fn was_cut(&mut self) -> bool {
        let Some(held) = &mut self.held else { return false };
        let at = held.file().and_then(|mut file| std::io::Seek::stream_position(&mut file).ok());
        let cut = held.file().map(file::size) < at;
        if cut {
            held.rewind();
            self.complaints.push(b"current was cut; read from its beginning".to_vec());
        }
        cut
    }

    /// Goes on to the logs that came after the one that was read, and the new `current`.
    /// `false`: that cannot be done now.
    pub fn turn(&mut self, growth: &mut Growth) -> bool {
        let Ok((Some(current), labels)) = self.shelf.survey(if self.lost { 2 } else { 1 }) else {
            return false;
        };
        // What a walk missed was told.
        let is_new = |label: &Label| self.known.binary_search(label).is_err();
        self.heard.retain(is_new);
        let mut new: Vec<Label> =
            labels.iter().copied().filter(is_new).chain(self.heard.iter().copied()).collect();
        new.sort_unstable();
        new.dedup();
        let held = self.held.take();
        let was = held.as_ref().and_then(|held| {
            let file = held.file()?;
            let found = self.shelf.label_of(&new, file::id(file));
            let heard = self.heard.first().copied().filter(|_| !self.lost);
            label_of_read(found, heard, new.first().copied(), |first| self.begins_alike(file, first))
        });
        // It was deleted, and perhaps others before they were seen. What is empty is not known again.
        if was.is_none()
            && self.lost
            && held.as_ref().and_then(Lines::file).is_some_and(|file| file::size(file) > 0)
        {
            self.complaints.push(b"a log may have been deleted unread".to_vec());
        }
        for label in behind(&new, was) {
            let file = if self.queue.len() < EARLY { self.shelf.find(label).ok() } else { None };
            self.queue.push_back(Piece { label, file, start: Start::Offset(0) });
        }
        growth.hold(self.number, current.as_fd());
        self.heard.clear();
        self.known.extend(new);
        self.known.sort_unstable();
        // Those that were deleted long ago do not come back.
        let forgotten = self.known.len().saturating_sub(labels.len()).saturating_sub(GONE);
        self.known.drain(..forgotten);
        (self.next, self.replaced, self.lost) = (Some(current), false, !self.watched);
        true
    }

    /// Whether an old log begins as a file does.
    fn begins_alike(&self, read: &File, label: Label) -> bool {
        let other = self.shelf.find(label).ok();
        let mut one = [0; BEGINNING];
        let count = read.read_at(&mut one, 0).unwrap_or(0);
        let one = one.get(..count).unwrap_or_default();
        let one = one.iter().position(|byte| *byte == b'\n').and_then(|at| one.get(..=at)).unwrap_or(one);
        let mut lines = other.and_then(|file| match file::tool(&file) {
            Some(tool) => Lines::made(&file, tool).ok(),
            None => Lines::plain(file, 0).ok(),
        });
        lines.as_mut().and_then(Lines::next).is_some_and(|line| !one.is_empty() && line.starts_with(one))
    }
}
