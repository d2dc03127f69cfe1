//! What clients, administrators and bad luck do to the tree.
use crate::procs;
use crate::tree::{CALM, Tree, configure};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use platform_sim::Random;
use runit_tests::place::write_fifo;
use runit_tests::programs::Programs;
use runit_tests::status::{RUN, Status};
use runit_tests::tools;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A client that takes longer hangs: sv waits for five seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// So long after what may have ended a log service, it runs again.
const LOGS_AGAIN: Duration = Duration::from_secs(4);
/// So much is remembered of what was done to a service.
const NOTES: usize = 30;
/// A log service that has run for more than so many seconds has its directory.
const SURE: u64 = 1;

/// What is to be done later.
#[derive(Clone, Copy, Debug)]
enum Later {
    /// The orphans of this supervisor of the service are told to end.
    Orphans(usize, Pid),
    /// All supervisors that the end of runsvdir has left over are told to end.
    Supervisors,
    /// A service is put back into the scan directory.
    Back(usize),
}

pub(crate) struct Trouble {
    pub(crate) tree: Tree,
    pub(crate) random: Random,
    pub(crate) runsvdir: i32,
    /// runsvdir ends as it was told; a new one follows.
    leaving: bool,
    /// No other runsvdir follows.
    over: bool,
    pub(crate) clients: BTreeMap<i32, (String, Instant)>,
    later: Vec<(Instant, Later)>,
    names: usize,
    pub(crate) events: u64,
    pub(crate) kills: [u64; 3],
    pub(crate) wrong: Vec<String>,
    /// What was done to each service.
    notes: Vec<Vec<String>>,
}

impl Trouble {
    /// Starts the tree.
    pub(crate) fn new(tree: Tree, seed: u64) -> Trouble {
        let notes = vec![Vec::new(); tree.services.len()];
        let mut trouble = Trouble {
            tree,
            random: Random::new(seed),
            runsvdir: 0,
            leaving: false,
            over: false,
            clients: BTreeMap::new(),
            later: Vec::new(),
            names: 0,
            events: 0,
            kills: [0; 3],
            wrong: Vec::new(),
            notes,
        };
        trouble.start();
        trouble
    }

    /// Starts a process; its end is seen by `reap`.
    pub(crate) fn run(&self, command: &mut Command) -> i32 {
        let said = OpenOptions::new().create(true).append(true).open(self.tree.place.path("said"));
        let said = said.expect("a file for what they say");
        let out = said.try_clone().map_or_else(|_| Stdio::null(), Stdio::from);
        command.stdout(out).stderr(said).spawn().expect("a process").id() as i32
    }

    fn start(&mut self) {
        let programs = Programs::get();
        let path = tools::search_path_behind(programs.dir());
        let mut command = self.tree.place.command(programs.path("runsvdir"));
        self.runsvdir = self.run(command.arg("scan").env("PATH", path));
        self.leaving = false;
    }

    /// Remembers what was done to a service.
    pub(crate) fn note(&mut self, number: usize, what: &str) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let notes = &mut self.notes[number];
        if notes.len() >= NOTES {
            notes.remove(0);
        }
        notes.push(format!("{}.{:03} {what}", now.as_secs(), now.subsec_millis()));
    }

    /// What was done to a service.
    pub(crate) fn notes(&self, number: usize) -> &[String] {
        &self.notes[number]
    }

    /// Takes the ends of children: clients, and orphans, which come to this process.
    pub(crate) fn reap(&mut self) {
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            let (pid, killed) = match status {
                WaitStatus::Exited(pid, _) => (pid.as_raw(), None),
                WaitStatus::Signaled(pid, signal, _) => (pid.as_raw(), Some(signal)),
                _ => break,
            };
            if pid == self.runsvdir {
                if !self.leaving {
                    self.wrong.push(format!("runsvdir ended: {status:?}"));
                }
                if !self.over {
                    // Only now has everything that it leaves behind come to this process.
                    let pause = Duration::from_millis(self.random.below(4_000));
                    self.later.push((Instant::now() + pause, Later::Supervisors));
                    self.start();
                }
            }
            if let Some((words, _)) = self.clients.remove(&pid) {
                if let Some(signal) = killed {
                    self.wrong.push(format!("sv {words} was killed: {signal}"));
                }
                let client = |service: &&mut crate::tree::Service| service.client == Some(pid);
                if let Some(service) = self.tree.services.iter_mut().find(client) {
                    service.client = None;
                }
            }
        }
        for (pid, (words, since)) in &self.clients {
            if since.elapsed() > PATIENCE {
                self.wrong.push(format!("sv {words}, process {pid}, does not come back"));
            }
        }
        let wrong = &self.wrong;
        self.clients.retain(|_, (_, since)| wrong.is_empty() || since.elapsed() <= PATIENCE);
    }

    pub(crate) fn busy(&self) -> bool {
        !self.clients.is_empty() || !self.later.is_empty() || self.leaving
    }

    /// One thing happens, and what was put off.
    pub(crate) fn happen(&mut self) {
        self.put_off();
        self.events += 1;
        let number = self.random.below(self.tree.services.len() as u64) as usize;
        let service = &self.tree.services[number];
        let (present, listens) =
            (service.present, service.present && !service.unsure && service.client.is_none());
        let dir = self.tree.dir(number);
        match self.random.below(100) {
            0..=29 if listens => self.client(number),
            30..=47 if listens => self.letter(number),
            48..=59 => self.log(number),
            60..=71 => {
                if let Some(pid) = Trouble::process(&dir) {
                    self.kills[0] += u64::from(kill(pid, Signal::SIGKILL).is_ok());
                    self.note(number, &format!("kill -9 {pid}"));
                }
            }
            72..=74 if listens => self.kill_runsv(number),
            75..=77 if present && self.settled(number) => {
                self.note(number, "taken out");
                self.tree.take_out(number);
            }
            75..=84 if !present && !self.is_put_off(number) => self.put_in(number),
            85 | 86 if present && self.settled(number) => {
                self.note(number, "taken out for a moment");
                // A moment without its name, on either side of what runsvdir takes for one.
                self.tree.take_out(number);
                let pause = Duration::from_millis(self.random.below(300));
                self.later.push((Instant::now() + pause, Later::Back(number)));
            }
            87..=92 if present => {
                self.names += 1;
                self.note(number, &format!("renamed n{}", self.names));
                self.tree.rename(number, format!("n{}", self.names));
            }
            93..=95 => {
                self.note(number, "svlogd: another configuration and HUP");
                let size = 2_500 + self.random.below(15_000);
                configure(&dir, number, size, self.random.below(4));
                if let Some(log) = Trouble::process(&dir.join("log")) {
                    let _ = kill(log, Signal::SIGHUP);
                }
            }
            96 if listens => {
                let down = &mut self.tree.services[number].down;
                *down = !*down;
                let path = dir.join("down");
                drop(if *down { File::create(path).map(drop) } else { fs::remove_file(path) });
            }
            97 => {
                let junk = self.tree.place.path("scan/junk");
                drop(if junk.exists() { fs::remove_file(junk) } else { File::create(junk).map(drop) });
            }
            _ => {}
        }
        self.glance(number);
    }

    /// The process of a service. Its number may be another's by now, unless it is where a service is.
    fn process(dir: &Path) -> Option<Pid> {
        let status = Status::read(dir).filter(|status| status.pid > 0)?;
        let here = procs::directory(status.pid)? == dir;
        here.then(|| Pid::from_raw(status.pid))
    }

    /// Nothing waits for its end.
    fn settled(&self, number: usize) -> bool {
        let service = &self.tree.services[number];
        service.client.is_none() && !service.unsure && !self.is_put_off(number)
    }

    fn is_put_off(&self, number: usize) -> bool {
        let concerns = |later: &Later| match later {
            Later::Orphans(other, _) | Later::Back(other) => *other == number,
            Later::Supervisors => false,
        };
        self.later.iter().any(|(_, later)| concerns(later))
    }

    /// A status can be read at any time.
    fn glance(&mut self, number: usize) {
        let path = self.tree.dir(number).join("supervise/status");
        if let Ok(bytes) = fs::read(&path) {
            if Status::of(&bytes).is_none_or(|status| status.state > 2 || status.paused > 1) {
                self.wrong.push(format!("{}: {bytes:?}", path.display()));
            }
        }
    }

    /// The supervisor dies; later somebody ends what it has left behind. What was written is safe with the
    /// log service, if that runs.
    fn kill_runsv(&mut self, number: usize) {
        let dir = self.tree.dir(number);
        let log = Trouble::process(&dir.join("log"));
        let service = &mut self.tree.services[number];
        let Some(log) = log.filter(|_| service.log_touched.elapsed() > LOGS_AGAIN) else { return };
        let Some(runsv) = procs::parent(log.as_raw()).filter(|runsv| procs::name(*runsv) == "runsv") else {
            return;
        };
        (service.unsure, service.log_touched) = (true, Instant::now());
        self.kills[1] += u64::from(kill(Pid::from_raw(runsv), Signal::SIGKILL).is_ok());
        self.note(number, &format!("kill -9 of runsv {runsv}"));
        let pause = Duration::from_millis(self.random.below(2_500));
        self.later.push((Instant::now() + pause, Later::Orphans(number, Pid::from_raw(runsv))));
    }

    /// Whether every log service has its directory. While the orphan of another has it, a log service
    /// cannot take what is left in its pipe when its supervisor is told to end.
    pub(crate) fn logs_run(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let runs = |service: &crate::tree::Service| {
            let status = Status::read(&self.tree.dir(service.number).join("log"));
            status.is_some_and(|status| status.state == RUN && status.secs + SURE < now)
        };
        let waits = self.later.iter().any(|(_, later)| matches!(later, Later::Orphans(..)));
        !waits && self.tree.services.iter().filter(|service| service.present).all(runs)
    }

    /// runsvdir dies, or is told to end all; what it has left behind is told so later.
    pub(crate) fn end_runsvdir(&mut self) {
        for service in &mut self.tree.services {
            service.unsure |= service.present;
            service.log_touched = Instant::now();
        }
        (0..self.notes.len()).for_each(|number| self.note(number, "the end of runsvdir"));
        self.leaving = true;
        self.events += 1;
        let deadly = self.random.chance(60);
        let signal = if deadly { Signal::SIGKILL } else { Signal::SIGHUP };
        self.kills[2] += u64::from(deadly);
        let _ = kill(Pid::from_raw(self.runsvdir), signal);
    }

    fn put_in(&mut self, number: usize) {
        self.note(number, "put in");
        // Now and then it is another one in the place of the last.
        let dir = self.tree.dir(number);
        if self.random.chance(20) && !self.tree.is_supervised(number) {
            let keeps = ["main", "log", "supervise"];
            for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
                if !keeps.iter().any(|name| entry.file_name() == *name) {
                    let path = entry.path();
                    drop(if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) });
                }
            }
            drop(fs::remove_file(dir.join("log/run")));
            self.tree.make(number);
        }
        self.tree.put_in(number);
    }

    /// Does what is due of what was put off.
    pub(crate) fn put_off(&mut self) {
        let now = Instant::now();
        let (due, later) = self.later.drain(..).partition(|(time, _)| *time <= now);
        self.later = later;
        let due: Vec<(Instant, Later)> = due;
        for (_, what) in due {
            match what {
                // As long as it is there they have not come to this process.
                Later::Orphans(_, runsv) if kill(runsv, None).is_ok() => {
                    self.later.push((now + Duration::from_millis(50), what));
                }
                Later::Orphans(number, _) => {
                    self.note(number, "orphans are told to end");
                    let dir = self.tree.dir(number);
                    self.end_orphans(|name, here| name != "svlogd" && here == dir);
                }
                Later::Supervisors => self.end_orphans(|name, _| name == "runsv"),
                Later::Back(number) => {
                    self.note(number, "put back");
                    self.tree.put_in(number);
                }
            }
        }
    }

    /// TERM for what has come to this process.
    fn end_orphans(&mut self, which: impl Fn(&str, &Path) -> bool) {
        let own = std::process::id() as i32;
        for orphan in procs::below(own).remove(&own).unwrap_or_default() {
            let here = procs::directory(orphan.pid).unwrap_or_default();
            if orphan.pid != self.runsvdir && which(&orphan.name, &here) {
                for signal in [Signal::SIGTERM, Signal::SIGCONT] {
                    let _ = kill(Pid::from_raw(orphan.pid), signal);
                }
            }
        }
    }

    /// From here on nothing happens; services that were paused go on, and are as they should be.
    pub(crate) fn calm_down(&mut self) {
        drop(File::create(self.tree.place.path(CALM)));
        drop(fs::remove_file(self.tree.place.path("scan/junk")));
    }

    /// Once all clients are done: asks for what may have been left undone.
    pub(crate) fn settle(&mut self) {
        for number in 0..self.tree.services.len() {
            let service = &mut self.tree.services[number];
            if !service.present || service.unsure {
                continue;
            }
            let want: &[u8] = if service.up { b"u" } else { b"d" };
            if std::mem::take(&mut service.again) {
                drop(write_fifo(&self.tree.dir(number).join("supervise/control"), want));
            }
        }
    }

    /// Lets go on what was paused.
    pub(crate) fn end_pauses(&self) {
        for service in &self.tree.services {
            let dir = self.tree.dir(service.number);
            if Status::read(&dir).is_some_and(|status| status.paused != 0) {
                drop(write_fifo(&dir.join("supervise/control"), b"c"));
            }
        }
    }

    /// What is left of orphans that nobody thought of.
    pub(crate) fn end_services_left_over(&mut self) {
        self.end_orphans(|name, _| name == "soak");
    }

    /// Goes on with what was found.
    pub(crate) fn go_on(&mut self) {
        for number in 0..self.tree.services.len() {
            let status = Status::read(&self.tree.dir(number));
            let (up, want) = status.map_or((false, 0), |status| (status.pid != 0, status.want));
            let service = &mut self.tree.services[number];
            if service.present && std::mem::take(&mut service.unsure) {
                service.up = up;
                // What `once` has started is not started again.
                service.again = up && want == b'd';
            }
        }
        drop(fs::remove_file(self.tree.place.path(CALM)));
    }

    /// Ends the tree.
    pub(crate) fn finish(&mut self) {
        (self.leaving, self.over) = (true, true);
        let _ = kill(Pid::from_raw(self.runsvdir), Signal::SIGHUP);
    }
}
