//! What must be true of svlogd at every moment, and of its directories at its end.
use super::lossy::{self, Lossy};
use super::mover::Mover;
use super::{DIRS, MOVED};
use crate::watched::{Check, Pace, Rules, no_zombies};
use platform::{Fd, Signal};
use platform_sim::tree::Ino;
use platform_sim::{Act, Deed, Exec, Fact, Faults, Kernel, Life, Outcome, Random, Whom};
use std::collections::BTreeMap;

pub(super) struct Svlogd {
    pub(super) random: Random,
    /// Everything it read from descriptor 0.
    pub(super) read: Vec<u8>,
    pub(super) pace: Pace,
    /// Something was read or written since it last slept.
    pub(super) worked: bool,
    /// It has read since it last slept: once is enough, or a writer that never stops holds up the rest.
    pub(super) fed: bool,
    /// It was refused memory, and it waits for lines.
    pub(super) refused: bool,
    pub(super) started: bool,
    /// TERM was sent.
    pub(super) told: bool,
    /// HUP is among what happens: then not every refusal is harmless.
    pub(super) hangs_up: bool,
    /// Nothing fails: then no log is left that was not processed.
    pub(super) calm: bool,
    /// How often TERM was sent; a second one, or one behind the end of the input, does not wait for processors.
    pub(super) terms: u32,
    /// The input ends before TERM.
    pub(super) ends: bool,
    /// No directory is removed.
    pub(super) stays: bool,
    pub(super) mover: Mover,
    pub(super) lossy: Option<Lossy>,
}

impl Svlogd {
    /// What the files of a directory have, in the order of their labels.
    fn contents(kernel: &Kernel, ino: Ino) -> Vec<u8> {
        let Ok(names) = kernel.tree.names(ino) else { return Vec::new() };
        let mut files: BTreeMap<Vec<u8>, &[u8]> = BTreeMap::new();
        for (name, file) in names {
            let marked = kernel.tree.at(*file).mode == 0o744;
            let label = match name.as_slice() {
                b"current" => b"current".to_vec(),
                [b'@', .., b'.', b's' | b'u'] => name[..25].to_vec(),
                // Whole, and what it was made of is gone or about to go.
                [b'@', .., b'.', b't'] if marked => name[..25].to_vec(),
                _ => continue,
            };
            if let Some(bytes) = kernel.tree.contents(ino, name) {
                files.insert(label, bytes);
            }
        }
        files.values().copied().collect::<Vec<_>>().concat()
    }

    fn unprocessed(kernel: &Kernel, ino: Ino) -> bool {
        let names = kernel.tree.names(ino);
        names.is_ok_and(|names| names.keys().any(|name| name.starts_with(b"@") && name.ends_with(b"u")))
    }

    /// Complete lines are in the files before it waits for more.
    fn kept_up(&self, kernel: &Kernel) -> Check {
        let complete = self.read.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        for (dir, ino, _) in self.mover.used(kernel).into_iter().filter(|(_, _, whole)| *whole) {
            let found = Svlogd::contents(kernel, ino);
            if !found.starts_with(&self.read[..complete]) || !self.read.starts_with(&found) {
                return Err(differs(&found, &self.read, &format!("{dir}: it waits for more")));
            }
        }
        Ok(())
    }

    /// What is there is what was read, but for lines that are said to be lost.
    fn in_order(&self, kernel: &Kernel) -> Check {
        for (dir, ino, _) in self.mover.used(kernel) {
            lossy::order(dir, &Svlogd::contents(kernel, ino), &self.read)?;
        }
        Ok(())
    }
}

fn differs(found: &[u8], wanted: &[u8], what: &str) -> String {
    let at = found.iter().zip(wanted).position(|(one, other)| one != other);
    let at = at.unwrap_or(found.len().min(wanted.len()));
    let part = |bytes: &[u8]| bytes[at..bytes.len().min(at + 40)].escape_ascii().to_string();
    format!(
        "{what}, lines are lost, doubled or mixed up: {} of {} bytes, at {at} \"{}\" for \"{}\"",
        found.len(),
        wanted.len(),
        part(found),
        part(wanted)
    )
}

impl Rules for Svlogd {
    fn life(&mut self, _: &mut Kernel, exec: &Exec<'_>) -> Life {
        if exec.path != b"/bin/sh" {
            return Life::exits(0, 0);
        }
        let pause = Act::Pause(self.random.below(300));
        Life::of(&match self.random.below(10) {
            0 | 1 if self.calm => vec![pause, Act::CopyAll(0, 1), Act::Exit(0)],
            0 => vec![pause, Act::Exit(1)],
            1 => vec![Act::Write(1, b"half of it".to_vec()), pause, Act::Raise(Signal::Kill)],
            _ => vec![pause, Act::CopyAll(0, 1), Act::Write(5, b"state".to_vec()), Act::Exit(0)],
        })
    }

    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        self.mover.look(kernel, &DIRS);
        self.started |= matches!(fact, Fact::Waits { fds, .. } if !fds.is_empty());
        if let Some(lossy) = &mut self.lossy {
            lossy.fact(kernel, fact, self.told)?;
        }
        match fact {
            Fact::Done { deed: Deed::Signal(Whom::Program, Signal::HangUp) | Deed::Mark(MOVED), .. } => {
                self.mover.rest(kernel);
            }
            Fact::Done { deed: Deed::Mark(_), .. } => return Err("TERM lost: it still runs".into()),
            // Now all directories are open.
            _ if !self.read.is_empty() => self.mover.fact(kernel),
            _ => {}
        }
        match fact {
            Fact::Read { fd: Fd::STDIN, bytes } => {
                if std::mem::replace(&mut self.fed, true) {
                    return Err("two reads in one turn".into());
                }
                self.read.extend(*bytes);
                self.worked = true;
            }
            Fact::Wrote { .. } => self.worked = true,
            Fact::Failed { what: "mmap", .. } => self.refused = true,
            Fact::Said { text, .. } if self.stays && text.ends_with(b": file does not exist\n") => {
                let text = text.escape_ascii();
                return Err(format!("a directory is missed that has another name: {text}"));
            }
            Fact::Done { deed: Deed::Signal(Whom::Program, Signal::Terminate), .. } => {
                self.told = true;
                self.terms += 1;
            }
            Fact::Spawned { child, .. } if child.path == c"/bin/sh" => {
                for (dir, ino, _) in self.mover.used(kernel) {
                    let here = kernel.others().filter(|other| {
                        other.directory == ino && other.ended.is_none() && other.parent == kernel.own().0
                    });
                    if here.count() > 1 {
                        return Err(format!("{dir}: two processors at once"));
                    }
                }
            }
            Fact::Waits { until, .. } if *until != Some(platform::Instant(0)) && self.fed => {
                self.fed = false;
                return self.fact(kernel, fact);
            }
            // A look is no sleep.
            Fact::Waits { until: Some(until), .. } if *until <= kernel.now() => {
                return if self.worked { Ok(()) } else { self.pace.sleeps(kernel) };
            }
            Fact::Waits { fds, until } => {
                let worked = std::mem::take(&mut self.worked);
                if !worked {
                    self.pace.sleeps(kernel)?;
                }
                no_zombies(kernel, *until)?;
                if worked && fds.first() == Some(&Fd::STDIN) {
                    match &self.lossy {
                        None => self.kept_up(kernel)?,
                        Some(_) => self.in_order(kernel)?,
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, kernel: &mut Kernel, outcome: &Outcome) -> Check {
        if self.refused && !self.started {
            let ends = *outcome == Outcome::Returned(111) && self.read.is_empty();
            return if ends { Ok(()) } else { Err(format!("it starts without its buffers: {outcome:?}")) };
        }
        if *outcome != Outcome::Returned(0) {
            let told = if self.told { "TERM lost: " } else { "" };
            return Err(format!("{told}it does not end: {outcome:?}"));
        }
        let mut wanted = self.read.clone();
        if wanted.last().is_some_and(|byte| *byte != b'\n') {
            wanted.push(b'\n');
        }
        for (dir, ino, whole) in self.mover.used(kernel) {
            let found = Svlogd::contents(kernel, ino);
            if let Some(lossy) = &self.lossy {
                lossy.adds_up(dir, &found, &wanted, kernel.faults == Faults::NONE)?;
                let current = kernel.tree.existing(ino, b"current", true);
                let finished = current.is_ok_and(|ino| kernel.tree.at(ino).mode == 0o744);
                if finished && found.last().is_some_and(|byte| *byte != b'\n') {
                    return Err(format!("{dir}: half a line counts as whole"));
                }
                continue;
            }
            if !wanted.ends_with(&found) || (whole && found.len() < wanted.len()) {
                return Err(differs(&found, &wanted, &format!("{dir}: at the end")));
            }
            if self.calm && self.terms + u32::from(self.ends) < 2 && Svlogd::unprocessed(kernel, ino) {
                return Err(format!("{dir}: a log was not processed"));
            }
            let current = kernel.tree.existing(ino, b"current", true);
            // Without any the new one could not be made, and nothing was left for it.
            let clean = current.is_err() || current.is_ok_and(|ino| kernel.tree.at(ino).mode == 0o744);
            // A second TERM does not wait for the disk.
            if !clean && kernel.faults == Faults::NONE && !self.hangs_up {
                return Err(format!("{dir}: current is not closed properly"));
            }
        }
        Ok(())
    }
}
