//! Starts and ends of the two services, and what follows from them.
use super::model::{MS, Model, RETRY};
use crate::runsv::known::{Role, Wish};
use crate::watched::Check;
use platform::{Ended, Pid};

impl Model {
    /// Its process began.
    pub(super) fn start(&mut self, pid: Pid, role: Role, free: bool) -> Check {
        let name = self.name();
        if let Some((other, role)) = self.known.child {
            return Err(format!("two at once: {} beside {role:?} {}", pid.0, other.0));
        }
        let refused = self.refused.take();
        if refused.is_some_and(|then| self.now < then + RETRY) && !free {
            return Err("fork is tried again at once".into());
        }
        self.known.child = Some((pid, role));
        self.known.term = false;
        if role == Role::Finish {
            self.kill = self.due(self.said.timeout_finish, false);
            return Ok(());
        }
        if self.failed && !free {
            return Err(format!("the {name} has failed and is started"));
        }
        if self.done {
            return Err(format!("the {name} is done and is started"));
        }
        if !self.wants_more() && !self.once && !free {
            return Err(format!("the {name} is started though it is wanted {:?}", self.known.wish));
        }
        if let Some(started) = self.started.filter(|_| !free && !self.once) {
            let since = self.now - started;
            if since < self.pause * MS {
                let since = since / MS;
                return Err(format!("{name}: {since} ms after its start, its pause is {} ms", self.pause));
            }
        }
        self.started = Some(self.now);
        self.moment = self.now;
        self.starts += 1;
        (self.once, self.asked, self.ready, self.failed) = (false, false, false, false);
        Ok(())
    }

    /// What was read before it was reaped has been obeyed: it ended.
    pub(super) fn bury(&mut self, script: bool) {
        let Some((pid, role, ended)) = self.dead.take() else { return };
        self.known.child = None;
        self.known.corpse = script.then_some((pid, self.known.term));
        self.known.term = false;
        (self.owes, self.owes_cont, self.ready) = (false, false, false);
        self.asked_for.clear();
        if !script {
            self.kill = None;
        }
        if role == Role::Finish {
            if self.said.finish_fails.map(Ended::Exit) == Some(ended) && self.wants_more() && !self.asked {
                self.give_up();
            }
            return self.went_down();
        }
        self.last = Some(ended);
        let (least, most) = self.said.delay();
        let lived = (self.now - self.started.unwrap_or(0)) / MS;
        if self.asked {
            // As without the files, at most.
            self.pause = least.min(1000);
        } else {
            self.pause = if lived >= most { least } else { (2 * self.pause).min(most).max(least) };
            self.count(ended);
        }
        if self.done {
            self.known.corpse = None;
            self.moment = self.now;
        } else if self.log {
            self.went_down();
        } else {
            self.known.ended = Some(ended);
        }
    }

    /// It ended, and nobody had asked for it.
    fn count(&mut self, ended: Ended) {
        if self.said.oneshot && ended == Ended::Exit(0) {
            self.done = true;
            return;
        }
        let Some((count, seconds)) = self.said.limit.filter(|_| self.wants_more()) else { return };
        let window = u64::from(seconds) * 1000;
        self.ends.retain(|end| (self.now - end) / MS <= window);
        self.ends.push(self.now);
        // More than are too many need not be known.
        let old = self.ends.len().saturating_sub(count.into());
        self.ends.drain(..old);
        if self.ends.len() >= usize::from(count) {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        (self.failed, self.known.wish, self.once) = (true, Wish::Down, false);
    }

    pub(super) fn went_down(&mut self) {
        self.known.corpse = None;
        self.refused = None;
        self.moment = self.now;
    }

    /// When it is to be started, if it is.
    pub(super) fn next(&self) -> Option<u64> {
        let rests = self.known.child.is_none() && !self.finishes() && self.known.ended.is_none();
        if !rests || self.done || (!self.wants_more() && !self.once) {
            return None;
        }
        let started = self.started.filter(|_| !self.once);
        let pause = started.map_or(0, |started| started + self.pause * MS);
        Some(self.refused.map_or(pause, |then| then + RETRY))
    }

    /// When `./finish` is to be started, if it is.
    pub(super) fn next_finish(&self) -> Option<u64> {
        self.known.owes_finish.filter(|_| self.known.child.is_none())?;
        Some(self.refused.map_or(0, |then| then + RETRY))
    }

    /// What was to be sent and was not, when it goes to sleep and no control script runs.
    pub(super) fn owed(&mut self) -> Check {
        let owes_cont = std::mem::take(&mut self.owes_cont);
        if !self.hears() {
            return Ok(());
        }
        if owes_cont {
            return Err(format!("the {} may be stopped and was not told to go on", self.name()));
        }
        if self.owes {
            return Err(format!(
                "signal {} lost: the {} was not asked to end",
                self.said.down(),
                self.name()
            ));
        }
        match self.asked_for.first() {
            Some(signal) => Err(format!("signal {signal} lost: the {} was not sent it", self.name())),
            None => Ok(()),
        }
    }
}
