//! What runsv does is handed to the models: whom it starts, signals and reaps, what it reads and closes.
use super::rules::{Says, paths};
use crate::runsv::DIR;
use crate::runsv::known::{Role, Wish, role};
use crate::watched::Check;
use platform::{Child, Ended, Fd, Pid, Procs, Signal, Step};
use platform_sim::tree::ROOT;
use platform_sim::{Kernel, Sim};

impl Says {
    /// Whether each file that was there before the service went down was looked for since.
    pub(super) fn all_looked_at(&self, kernel: &Kernel, log: bool) -> Check {
        let model = if log { &self.log } else { &self.main };
        let down = model.moment.max(self.begun);
        for (path, _, _) in paths().filter(|(_, _, of_log)| *of_log == log) {
            let file = self.files.get(&path).copied().unwrap_or_default();
            let there = kernel.tree.existing(ROOT, format!("{DIR}/{path}").as_bytes(), true).is_ok();
            if there && file.changed < down && file.looked.is_none_or(|looked| looked < down) {
                return Err(format!("{path} is there and was not looked at"));
            }
        }
        Ok(())
    }

    pub(super) fn spawned(&mut self, kernel: &Kernel, pid: Pid, child: &Child<'_>) -> Check {
        self.spawned = true;
        let what = role(child);
        if what == Role::Script {
            let letter = child.path.to_bytes().last().copied().unwrap_or_default();
            if letter == b't' && !self.main.owes {
                self.term_early();
            }
            if let Some((_, other)) = self.script.replace((letter, pid)) {
                return Err(format!("two control scripts, {} and {}", other.0, pid.0));
            }
            self.main.script(letter);
            return Ok(());
        }
        let log = what == Role::Log;
        self.bury_one(log);
        if !log && self.script.is_some() {
            return Err(format!("{what:?} beside a control script"));
        }
        match (what, self.main.known.owes_finish.take()) {
            (Role::Run, Some(_)) => return Err("run is started though finish was not".into()),
            (Role::Run, None) if self.main.known.ended.is_some() => {
                return Err("run is started though nobody looked for finish".into());
            }
            (Role::Finish, Some(ended)) => {
                let code = match ended {
                    Ended::Exit(code) => code.to_string(),
                    Ended::Killed { .. } => "-1".into(),
                };
                if child.argv.get(1).map(|word| word.to_bytes()) != Some(code.as_bytes()) {
                    return Err(format!("finish is told {:?} of {ended:?}", child.argv));
                }
            }
            (Role::Finish, None) => return Err("finish runs twice".into()),
            (_, owed) => self.main.known.owes_finish = owed,
        }
        if what != Role::Finish {
            self.all_looked_at(kernel, log)?;
        }
        let onto = child.steps.iter().find_map(|step| match step {
            Step::Onto { from, to, .. } if to.0 > 2 => Some((*from, to.0)),
            _ => None,
        });
        let given = self.notification.as_ref().map(|pipe| pipe.write).zip(self.main.said.notification);
        let expected = given.filter(|_| what == Role::Run);
        if onto != expected {
            return Err(format!("{what:?} is given {onto:?} to say that it is ready, not {expected:?}"));
        }
        // At the exit the log service gets what is in the pipe without waiting.
        let free = log && (self.drained || self.main.known.wish == Wish::Exit || self.term != (false, false));
        self.model(log).start(pid, what, free)
    }

    pub(super) fn reaped(&mut self, pid: Pid, ended: Ended) {
        self.bury();
        self.terminate(false);
        if let Some((letter, _)) = self.script.filter(|(_, script)| *script == pid) {
            self.script = None;
            self.main.script_over(letter, ended);
            return;
        }
        for model in [&mut self.main, &mut self.log] {
            if let Some((child, what)) = model.known.child.filter(|(child, _)| *child == pid) {
                model.dead = Some((child, what, ended));
            }
        }
    }

    pub(super) fn signal(&mut self, pid: Option<Pid>, sent: u8) -> Check {
        let Some(pid) = pid else { return Err(format!("signal {sent} for more than a process")) };
        if self.script.is_some_and(|(_, script)| script == pid) {
            return self.main.signal(sent, true);
        }
        for log in [false, true] {
            let model = self.model(log);
            if model.known.child.is_none_or(|(child, _)| child != pid) {
                continue;
            }
            if !log && model.is_new(sent) {
                self.terminate(true);
            }
            // A log service that was stopped could not see the end of its input either.
            let resumed = log && sent == Sim::signal_number(Signal::Continue);
            return self
                .model(log)
                .signal(sent, false)
                .or_else(|wrong| if resumed { Ok(()) } else { Err(wrong) });
        }
        Err(format!("signal {sent} for a process that is no child: {}", pid.0))
    }

    /// A file of the directory was looked for: `None` if it could not be opened.
    pub(super) fn looked(&mut self, kernel: &Kernel, path: &[u8], fd: Option<Fd>) {
        let Ok(path) = std::str::from_utf8(path) else { return };
        let Some((path, name, log)) = paths().find(|(found, _, _)| found == path) else { return };
        self.bury_one(log);
        self.files.entry(path.clone()).or_default().looked = Some(kernel.now().0);
        match fd {
            Some(fd) => self.reading = Some((fd, path, None)),
            None => self.model(log).said.take(name, None),
        }
    }

    pub(super) fn closing(&mut self, fd: Fd) -> Check {
        self.paths.remove(&fd.0);
        if let Some((_, path, text)) = self.reading.take_if(|reading| reading.0 == fd) {
            if let Some((_, name, log)) = paths().find(|(found, _, _)| *found == path) {
                self.model(log).said.take(name, text.as_deref());
            }
            return Ok(());
        }
        if self.pipe_end == Some(fd) {
            self.pipe_end = None;
            self.drained = true;
            self.bury_one(false);
            return match self.main.known.child {
                Some(child) => Err(format!("the log's pipe is closed while {child:?} runs")),
                None => Ok(()),
            };
        }
        if let Some(pipe) = self.notification.take_if(|pipe| pipe.read == fd) {
            let refused = self.main.refused == Some(self.main.now);
            self.bury_one(false);
            if self.main.runs() && !pipe.over && !refused {
                return Err("it does not listen to what run says".into());
            }
        }
        Ok(())
    }

    pub(super) fn read(&mut self, fd: Fd, bytes: &[u8]) -> Check {
        if let Some(reading) = self.reading.as_mut().filter(|reading| reading.0 == fd) {
            reading.2.get_or_insert_default().extend(bytes);
            return Ok(());
        }
        if let Some(pipe) = self.notification.as_mut().filter(|pipe| pipe.read == fd) {
            pipe.over = bytes.is_empty() || bytes.contains(&b'\n');
            self.main.ready |= bytes.contains(&b'\n') && self.main.runs();
            self.pace.excuse();
            return Ok(());
        }
        let log = self.log.known.control == Some(fd);
        if !log && self.main.known.control != Some(fd) {
            return Ok(());
        }
        if !log && self.script.is_some() {
            return Err("a command is read while a control script runs".into());
        }
        self.cancelled |= self.leaving && bytes.iter().any(|letter| b"udo".contains(letter));
        for letter in bytes {
            self.model(log).letter(*letter);
        }
        Ok(())
    }

    pub(super) fn failed(&mut self, kernel: &Kernel, path: &[u8]) {
        let log =
            path.windows(5).any(|part| part == b"/log/") || path.windows(7).any(|part| part == b"/x.log/");
        if path.ends_with(b"/state") || path.ends_with(b"/state.new") {
            self.truth[usize::from(log)].disturb();
        } else {
            self.model(log).known.unsaved = Some(kernel.now().0);
        }
    }
}
