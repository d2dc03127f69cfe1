//! What must be true whenever runsv goes to sleep, and of what it writes.
use super::lives::SAYS;
use super::model::LATE;
use super::rules::Says;
use super::truth;
use crate::runsv::known::Wish;
use crate::runsv::mark;
use crate::watched::{Check, no_zombies};
use platform::{Fd, Instant};
use platform_sim::{Deed, Kernel};
use runit::state::State;

impl Says {
    /// What is late: KILL, and that a newline was read.
    pub(super) fn late(&self, kernel: &Kernel) -> Check {
        let now = kernel.now().0;
        let late = |since: u64, stalled: u64| now.saturating_sub(since + kernel.stalled - stalled);
        for model in [&self.main, &self.log] {
            let alive = model.known.child.is_some() || (self.script.is_some() && model.kill.is_some());
            if let Some(due) = model.kill.filter(|_| alive && model.dead.is_none()) {
                let late = late(due.at, due.stalled);
                if late > LATE {
                    return Err(format!("late: KILL, {} ms", late / 1_000_000));
                }
            }
        }
        let said = self.notification.as_ref().filter(|pipe| !pipe.over).and_then(|pipe| pipe.said);
        let late = said.map_or(0, |(said, stalled)| late(said, stalled));
        if late > LATE && self.main.dead.is_none() {
            return Err(format!("late: the newline of run, {} ms", late / 1_000_000));
        }
        Ok(())
    }

    /// It goes to sleep: everything that was read is done, everything that is to be done is under way.
    pub(super) fn sleeps(&mut self, kernel: &mut Kernel, fds: &[Fd], until: Option<Instant>) -> Check {
        self.pace.sleeps(kernel)?;
        no_zombies(kernel, until)?;
        self.bury();
        self.terminate(true);
        self.term = (false, self.term.0 || self.term.1);
        let count = kernel.descriptors(kernel.own()) - usize::from(self.notification.is_some());
        if self.first {
            self.descriptors = count;
            self.first = false;
        }
        let least = self.descriptors - usize::from(self.with_log);
        if count > self.descriptors || count < least {
            return Err(format!("leak: {count} descriptors, {} at first", self.descriptors));
        }
        if let Some(pipe) = &self.notification {
            if pipe.over || !self.main.runs() {
                return Err("leak: the pipe on which run was to say that it is ready".into());
            }
            if !fds.contains(&pipe.read) {
                return Err("it sleeps and does not hear that run is ready".into());
            }
        }
        let until = until.map(|until| until.0);
        let wakes = |due: u64| until.is_some_and(|until| until <= due.max(kernel.now().0));
        self.log.owed()?;
        let open = self.pipe_end.is_some() || !self.with_log;
        let settled = self.script.is_none();
        if settled {
            self.main.owed()?;
            if self.main.known.ended.is_some() {
                return Err("asleep though nobody has looked for finish".into());
            }
            if self.main.next().is_some_and(|due| open && !wakes(due)) {
                return Err("asleep though the service is wanted up".into());
            }
            if self.main.next_finish().is_some_and(|due| !wakes(due)) {
                return Err("asleep though finish is to run".into());
            }
            let log = self.with_log && !self.drained;
            if log && self.log.next().is_some_and(|due| open && !wakes(due)) {
                return Err("asleep though the log service is wanted up".into());
            }
            let idle = self.main.known.child.is_none() && !self.main.finishes();
            if idle && self.main.known.wish == Wish::Exit && self.log.known.child.is_none() && until.is_none()
            {
                return Err("asleep though nothing is left but to exit".into());
            }
        }
        for model in [&self.main, &self.log] {
            if model.kill.is_some_and(|due| !wakes(due.at)) {
                return Err("asleep though something is to be killed".into());
            }
        }
        // Without its pipe it is not started, and that is not the pause.
        self.main.waits = open;
        self.truth[0].check(kernel, &mut self.main, false, settled, until)?;
        if self.with_log && !self.drained {
            self.truth[1].check(kernel, &mut self.log, true, true, until)?;
        }
        Ok(())
    }

    /// It writes: never that the service is ready before it has said so.
    pub(super) fn writes(&mut self, kernel: &Kernel, bytes: &[u8]) -> Check {
        if State::read(bytes).is_some_and(|state| state.ready == Some(true)) {
            // It has heard of the ends of all that it reaped.
            self.bury_one(false);
            if !self.main.ready && !self.main.done {
                return Err("it is told to be ready before it has said so".into());
            }
        }
        self.whole(kernel)
    }

    /// What anybody could read just now is a line, if it is not from before.
    pub(super) fn whole(&self, kernel: &Kernel) -> Check {
        if self.first {
            return Ok(());
        }
        truth::read(kernel, false)?;
        truth::read(kernel, true)?;
        Ok(())
    }

    pub(super) fn mark(&mut self, kernel: &Kernel, mark: u32) -> Check {
        match mark {
            mark::CALM => self.calm = true,
            mark::SETTLED => {
                self.quiet = Some(self.pace.total);
                if self.main.known.wish == Wish::Up && !self.main.runs() && !self.main.done {
                    return Err("settled, but the service that is wanted up is not".into());
                }
                let log = self.with_log && !self.drained && self.log.known.unsaved.is_some();
                if self.main.known.unsaved.is_some() || log {
                    return Err("settled, but the status was never written".into());
                }
            }
            mark::LEAVE => {
                self.leaving = true;
                let before = self.quiet.unwrap_or(0);
                if self.pace.total != before {
                    return Err(format!("woke {} times with nothing to do", self.pace.total - before));
                }
            }
            // A letter after TERM takes it back.
            mark::GONE if self.cancelled => {}
            mark::GONE => return Err(format!("TERM lost: still there at {}", kernel.now().0)),
            says if says >= SAYS => {
                let same = says == SAYS + self.main.starts && self.main.runs();
                if let Some(pipe) = self.notification.as_mut().filter(|_| same) {
                    pipe.said.get_or_insert((kernel.now().0, kernel.stalled));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Somebody did something to the directory.
    pub(super) fn done(&mut self, kernel: &Kernel, deed: &Deed) -> Check {
        match deed {
            Deed::Mark(number) => return self.mark(kernel, *number),
            Deed::Fill(path, _) | Deed::Remove(path) | Deed::MakeDirectory(path) => {
                if let Some(path) = path.strip_prefix("/service/x/") {
                    self.files.entry(path.to_owned()).or_default().changed = kernel.now().0;
                }
                if *path == super::STATE {
                    self.truth[0].disturb();
                }
            }
            _ => {}
        }
        Ok(())
    }
}
