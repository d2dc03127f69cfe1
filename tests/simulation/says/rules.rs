//! What must be true of a service that says more, at every moment: each fact is handed to the models of the two
//! services, and what they cannot explain is wrong.
use super::lives;
use super::model::Model;
use super::said::FILES;
use super::truth::Truth;
use crate::runsv::DIR;
use crate::runsv::known::{Role, Wish, role};
use crate::watched::{Check, Pace, Rules};
use platform::{Errno, Fd, Pid, Procs, Signal, Target};
use platform_sim::tree::ROOT;
use platform_sim::{Act, End, Exec, Fact, Kernel, Life, Outcome, Random, Sim};
use std::collections::BTreeMap;

/// The read end of the pipe on which `./run` says that it is ready.
#[derive(Debug)]
pub(super) struct Notification {
    pub(super) read: Fd,
    pub(super) write: Fd,
    /// A newline or the end was read from it.
    pub(super) over: bool,
    /// Since when a newline is in it, and how long calls had taken then.
    pub(super) said: Option<(u64, u64)>,
}

/// One of the files of one of the directories.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct File {
    /// The last change.
    pub(super) changed: u64,
    /// When it was looked for last.
    pub(super) looked: Option<u64>,
}

/// The rules.
#[derive(Debug)]
pub(super) struct Says {
    pub(super) with_log: bool,
    pub(super) random: Random,
    pub(super) first: bool,
    pub(super) calm: bool,
    pub(super) leaving: bool,
    pub(super) main: Model,
    pub(super) log: Model,
    pub(super) truth: [Truth; 2],
    pub(super) files: BTreeMap<String, File>,
    /// A file that is being read, and what was found in it.
    pub(super) reading: Option<(Fd, String, Option<Vec<u8>>)>,
    /// What the descriptors lead to that were opened for writing.
    pub(super) paths: BTreeMap<i32, Vec<u8>>,
    pub(super) script: Option<(u8, Pid)>,
    /// TERM came: in this turn, and before it.
    pub(super) term: (bool, bool),
    pub(super) notification: Option<Notification>,
    pub(super) pipe_end: Option<Fd>,
    /// The writing end was closed once: what the log service does from then on is another matter.
    pub(super) drained: bool,
    pub(super) descriptors: usize,
    pub(super) cancelled: bool,
    pub(super) spawned: bool,
    pub(super) pace: Pace,
    pub(super) quiet: Option<u32>,
    pub(super) begun: u64,
}

/// The paths of the files, from the service directory, and whether they are the log service's.
pub(super) fn paths() -> impl Iterator<Item = (String, &'static str, bool)> {
    let log = FILES.into_iter().filter(|file| file.1).map(|file| (format!("log/{}", file.0), file.0, true));
    FILES.into_iter().map(|file| (file.0.to_owned(), file.0, false)).chain(log)
}

impl Says {
    pub(super) fn new(random: &mut Random) -> Says {
        Says {
            with_log: random.chance(45),
            random: Random::new(random.next()),
            first: true,
            calm: false,
            leaving: false,
            main: Model::new(false),
            log: Model::new(true),
            truth: [Truth::default(), Truth::default()],
            files: BTreeMap::new(),
            reading: None,
            paths: BTreeMap::new(),
            script: None,
            term: (false, false),
            notification: None,
            pipe_end: None,
            drained: false,
            descriptors: 0,
            cancelled: false,
            spawned: false,
            pace: Pace::default(),
            quiet: None,
            begun: 0,
        }
    }

    pub(super) fn has_log(&self) -> bool {
        self.with_log
    }

    pub(super) fn model(&mut self, log: bool) -> &mut Model {
        if log { &mut self.log } else { &mut self.main }
    }

    /// Before anything happens.
    pub(super) fn begin(&mut self, kernel: &Kernel) {
        self.begun = kernel.now().0;
        for (model, down) in [(&mut self.main, "down"), (&mut self.log, "log/down")] {
            let path = format!("{DIR}/{down}");
            let there = kernel.tree.existing(ROOT, path.as_bytes(), true).is_ok();
            model.known.wish = if there { Wish::Down } else { Wish::Up };
        }
    }

    /// All that was read before has been obeyed; what was reaped then has ended.
    pub(super) fn bury(&mut self) {
        let script = self.script.is_some();
        self.main.bury(script);
        self.log.bury(false);
    }

    /// The same for one of the two: of the other one commands may still be read that came before its end.
    pub(super) fn bury_one(&mut self, log: bool) {
        let script = !log && self.script.is_some();
        self.model(log).bury(script);
    }

    /// TERM is obeyed once nothing is under way for the service.
    pub(super) fn terminate(&mut self, new: bool) {
        let due = self.term.1 || (new && self.term.0);
        if due && self.script.is_none() {
            self.term = (self.term.0 && !new, false);
            self.main.ask_down(Wish::Exit);
        }
    }

    /// TERM shows itself before the turn is over.
    pub(super) fn term_early(&mut self) {
        self.bury_one(false);
        self.terminate(true);
    }
}

impl Rules for Says {
    fn life(&mut self, kernel: &mut Kernel, exec: &Exec<'_>) -> Life {
        let (random, calm) = (&mut self.random, self.calm);
        let here = kernel.tree.existing(ROOT, DIR.as_bytes(), true) == Ok(exec.directory);
        match exec.path {
            b"./run" if here => {
                let mut life = lives::run(random, &self.main, calm);
                if self.with_log && random.chance(30) {
                    life.acts.insert(0, Act::Write(1, b"a line\n".to_vec()));
                }
                life
            }
            b"./run" => lives::log(random, &self.log, calm),
            b"./finish" => lives::finish(random, &self.main, calm),
            _ => lives::script(random, calm),
        }
    }

    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        if self.begun == 0 {
            self.begin(kernel);
        }
        self.late(kernel)?;
        match *fact {
            Fact::Told { now } => {
                for model in [&mut self.main, &mut self.log] {
                    model.told(now.0, kernel.stalled, self.first);
                }
            }
            Fact::Spawned { pid, child } => self.spawned(kernel, pid, child)?,
            Fact::NotSpawned { child, .. } if role(child) == Role::Script => {
                let letter = child.path.to_bytes().last().copied();
                if letter == Some(b't') && !self.main.owes {
                    self.term_early();
                }
            }
            Fact::NotSpawned { child, .. } => {
                self.bury_one(role(child) == Role::Log);
                let model = self.model(role(child) == Role::Log);
                model.refused = Some(model.now);
            }
            Fact::Executed { pid, path, .. } => {
                let says = path == b"./run" && self.main.known.child.is_some_and(|(main, _)| main == pid);
                let expected = 3 + usize::from(says && self.main.said.notification.is_some());
                let count = kernel.descriptors(pid);
                if count != expected {
                    return Err(format!("leak: a child with {count} descriptors, not {expected}"));
                }
            }
            Fact::Reaped { pid, ended } => self.reaped(pid, ended),
            Fact::Kill { whom, signal, .. } => {
                let pid = if let Target::One(pid) = whom { Some(pid) } else { None };
                self.signal(pid, Sim::signal_number(signal))?;
            }
            Fact::KillNumber { pid, number, .. } => self.signal(Some(pid), number)?,
            Fact::Opened {
                path: b"supervise/control" | b"/service/.supervise/x/control" | b"/run/places/x/control",
                fd,
            } => {
                self.main.known.control.get_or_insert(fd);
            }
            Fact::Opened {
                path:
                    b"log/supervise/control" | b"/service/.supervise/x.log/control" | b"/run/places/x.log/control",
                fd,
            } => {
                self.log.known.control.get_or_insert(fd);
            }
            Fact::Opened { path: b"./finish", .. } => {
                self.bury_one(false);
                if self.main.done {
                    self.terminate(true);
                }
                let ended = self.main.known.ended.take();
                self.main.known.owes_finish = ended;
                self.main.refused = None;
                if ended.is_none() {
                    return Err("finish is looked for though nothing ended".into());
                }
            }
            Fact::NotOpened { path: b"./finish", errno } => {
                self.bury_one(false);
                if self.main.done {
                    self.terminate(true);
                }
                let ended = self.main.known.ended.take();
                // It is run though it could not be looked into.
                let there =
                    errno == Errno::MFILE && kernel.tree.contents(ROOT, b"/service/x/finish").is_some();
                self.main.refused = None;
                if there {
                    self.main.known.owes_finish = ended;
                } else {
                    self.main.went_down();
                }
            }
            Fact::Opened { path, fd } => {
                self.looked(kernel, path, Some(fd));
                self.paths.insert(fd.0, path.to_vec());
            }
            Fact::NotOpened { path, .. } => {
                self.looked(kernel, path, None);
                if path.starts_with(b"/") {
                    self.failed(kernel, path);
                }
            }
            Fact::NotRenamed { to, .. } => self.failed(kernel, to),
            Fact::NotWritten { fd, .. } => {
                let path = self.paths.get(&fd.0).cloned().unwrap_or_default();
                self.failed(kernel, &path);
            }
            Fact::Wrote { bytes, .. } => self.writes(kernel, bytes)?,
            Fact::Renamed { .. } => self.whole(kernel)?,
            Fact::Read { fd, bytes } => self.read(fd, bytes)?,
            Fact::Piped { write, .. } if self.with_log && self.pipe_end.is_none() => {
                self.pipe_end = Some(write);
            }
            Fact::Piped { read, write } => {
                self.notification = Some(Notification { read, write, over: false, said: None });
            }
            Fact::Failed { what: "pipe", .. } if self.pipe_end.is_some() || !self.with_log => {
                self.bury_one(false);
                self.main.refused = Some(self.main.now);
            }
            Fact::Closing { fd } => self.closing(fd)?,
            Fact::Woke { wake } => self.term.0 |= wake.signals.has(Signal::Terminate),
            Fact::Waits { fds, until } => self.sleeps(kernel, fds, until)?,
            Fact::Done { deed, .. } => self.done(kernel, deed)?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, _kernel: &mut Kernel, outcome: &Outcome) -> Check {
        match outcome {
            Outcome::Returned(111) if self.first && !self.spawned => return Ok(()),
            Outcome::Returned(0) => {}
            Outcome::Over(End::Quiet) if self.cancelled => return Ok(()),
            Outcome::Over(End::Killed(Signal::Terminate)) if self.first => return Ok(()),
            other => return Err(format!("an end that was not asked for: {other:?}")),
        }
        self.bury();
        self.terminate(true);
        let left = (self.main.known.child, self.script, self.log.known.child);
        if left != (None, None, None) {
            return Err(format!("exited and left something behind: {left:?}"));
        }
        if self.main.known.wish != Wish::Exit {
            return Err(format!("exited though it was wanted {:?}", self.main.known.wish));
        }
        Ok(())
    }
}
