//! What must be true of runsv at every moment.
//!
//! One idea: a model of runsv, which hears each fact and knows what may come next; what it knows is in `known`.
use super::known::{Known, Role, Wish, lies, read_status, role};
use super::{DIR, mark};
use crate::watched::{Check, Pace, Rules, no_zombies};
use platform::{Child, Ended, Errno, Fd, Instant, Pid, Signal, Target};
use platform_sim::tree::ROOT;
use platform_sim::{Act, Deed, End, Exec, Fact, Kernel, Life, Outcome, Random};

/// The rules.
#[derive(Debug)]
pub(crate) struct Runsv {
    pub(crate) with_log: bool,
    random: Random,
    calm: bool,
    leaving: bool,
    main: Known,
    log: Known,
    script: Option<Pid>,
    /// A control script ran since the last sleep.
    scripted: bool,
    term: bool,
    first: bool,
    descriptors: usize,
    pipe_end: Option<Fd>,
    /// Somebody interfered with the log service: it may not get all.
    disturbed: bool,
    cancelled: bool,
    spawned: bool,
    pace: Pace,
    /// How often it had gone to sleep when all had settled.
    quiet: Option<u32>,
    /// When it last woke.
    woken: u64,
}

impl Runsv {
    pub(crate) fn new(random: &mut Random) -> Runsv {
        Runsv {
            with_log: random.chance(55),
            random: Random::new(random.next()),
            calm: false,
            leaving: false,
            main: Known::new(),
            log: Known::new(),
            script: None,
            scripted: false,
            term: false,
            first: true,
            descriptors: 0,
            pipe_end: None,
            disturbed: false,
            cancelled: false,
            spawned: false,
            pace: Pace::default(),
            quiet: None,
            woken: 5_000_000_000,
        }
    }

    fn spawned(&mut self, kernel: &Kernel, pid: Pid, child: &Child<'_>) -> Check {
        let now = kernel.now().0;
        self.spawned = true;
        let what = role(child);
        if what == Role::Script {
            if let Some(other) = self.script {
                return Err(format!("two control scripts, {} and {}", other.0, pid.0));
            }
            self.script = Some(pid);
            self.scripted = true;
            return Ok(());
        }
        if what != Role::Log && self.script.is_some() {
            return Err(format!("{what:?} beside a control script"));
        }
        // At the exit the log service gets what is in the pipe without waiting.
        let exits = !matches!(self.main.wish, Wish::Up | Wish::Down)
            || self.main.unread.contains(&b'x')
            || self.term
            || self.pipe_end.is_none();
        let known = if what == Role::Log { &mut self.log } else { &mut self.main };
        if let Some((other, role)) = known.child {
            return Err(format!("two at once: {what:?} {} beside {role:?} {}", pid.0, other.0));
        }
        match (what, known.owes_finish.take()) {
            (Role::Run, Some(_)) => return Err("run is started though finish was not".into()),
            (Role::Run, None) if known.ended.is_some() => {
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
            _ => {}
        }
        let free = known.commanded || (what == Role::Log && exits) || !known.unread.is_empty();
        if what != Role::Finish {
            let early = known.started.is_some_and(|then| now.saturating_sub(then) < 999_000_000);
            if early && !free {
                return Err("throttle: started again within a second".into());
            }
            // Its clock is the moment it woke at; what it read and has not obeyed yet may hurry it.
            known.started = Some(self.woken);
            known.commanded = !known.unread.is_empty();
        }
        let early = known.refused.take().is_some_and(|then| now.saturating_sub(then) < 4_990_000_000);
        if early && !free {
            return Err("fork is tried again at once".into());
        }
        known.child = Some((pid, what));
        known.term = false;
        Ok(())
    }

    fn reaped(&mut self, pid: Pid, ended: Ended) {
        if self.script == Some(pid) {
            self.script = None;
        }
        for known in [&mut self.main, &mut self.log] {
            if let Some((_, what)) = known.child.filter(|(child, _)| *child == pid) {
                known.child = None;
                known.corpse = self.script.map(|_| (pid, known.term));
                known.term = false;
                if what == Role::Run {
                    known.ended = Some(ended);
                }
                if what == Role::Log && ended != Ended::Exit(0) {
                    self.disturbed = true;
                }
            }
        }
    }

    fn kill(&mut self, whom: Target, signal: Signal) -> Check {
        let Target::One(pid) = whom else { return Err(format!("a signal for {whom:?}")) };
        for known in [&mut self.main, &mut self.log] {
            match known.child {
                Some((child, Role::Finish)) if child == pid => return Err("finish is signalled".into()),
                Some((child, _)) if child == pid => {
                    known.term |= signal == Signal::Terminate;
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(format!("{signal:?} for a process that is no child: {}", pid.0))
    }

    /// It goes to sleep: everything that was read is done, everything that is to be done is
    /// under way.
    fn sleeps(&mut self, kernel: &mut Kernel, until: Option<Instant>) -> Check {
        self.pace.sleeps(kernel)?;
        no_zombies(kernel, until)?;
        let count = kernel.descriptors(kernel.own());
        if self.first {
            self.descriptors = count;
            self.first = false;
            for (known, down) in [(&mut self.main, "down"), (&mut self.log, "log/down")] {
                known.wish = if there(kernel, down.as_bytes()) { Wish::Down } else { Wish::Up };
            }
        }
        let least = self.descriptors - usize::from(self.with_log);
        if count > self.descriptors || count < least {
            return Err(format!("leak: {count} descriptors, {} at first", self.descriptors));
        }
        self.log.obey(true);
        if self.script.is_none() {
            let letters = self.main.unread.iter().any(|letter| b"udox".contains(letter));
            self.main.obey(false);
            if std::mem::take(&mut self.term) {
                let mixed = letters && (self.scripted || self.main.wish != Wish::Exit);
                self.main.wish = if mixed { Wish::Unclear } else { Wish::Exit };
            }
            self.scripted = false;
        }
        let now = kernel.now().0;
        let soon = until.is_some_and(|until| until.0 <= now + 5_100_000_000);
        let wish = self.main.wish;
        let idle = self.main.child.is_none() && self.script.is_none();
        if self.script.is_none() && idle && wish == Wish::Up && !soon {
            return Err("asleep though the service is wanted up".into());
        }
        if idle && self.main.owes_finish.is_some() && !soon {
            return Err("asleep though finish is to run".into());
        }
        let draining = self.pipe_end.is_none();
        if self.with_log && self.log.child.is_none() && self.log.wish == Wish::Up && !draining && !soon {
            return Err("asleep though the log service is wanted up".into());
        }
        if idle && wish == Wish::Exit && self.log.child.is_none() && !soon {
            return Err("asleep though nothing is left but to exit".into());
        }
        self.check_status(kernel, false, until)?;
        if self.with_log {
            self.check_status(kernel, true, until)?;
        }
        Ok(())
    }

    /// The files tell the truth, or will soon.
    fn check_status(&mut self, kernel: &Kernel, log: bool, until: Option<Instant>) -> Check {
        let place = if log { "/service/x/log/supervise/" } else { "/service/x/supervise/" };
        // While it drains the wish for the log service is that it ends.
        let settled = if log { self.pipe_end.is_some() } else { self.script.is_none() };
        let (known, name) = if log { (&mut self.log, "log") } else { (&mut self.main, "service") };
        let truth = match read_status(kernel, place) {
            Ok(None) => Err("no status".into()),
            Ok(Some(record)) => lies(known, record, settled),
            Err(wrong) => return Err(wrong),
        };
        let waits = known.corpse.filter(|_| !settled && known.owes_finish.is_some());
        let pid = known.child.map(|(pid, _)| pid).or(waits.map(|(pid, _)| pid));
        let pid = pid.map_or(String::new(), |pid| format!("{}\n", pid.0));
        let file = kernel.tree.contents(ROOT, format!("{place}pid").as_bytes());
        let truth = truth.and_then(|()| match file {
            Some(found) if found == pid.as_bytes() => Ok(()),
            found => Err(format!("pid says {found:?}, it is {pid:?}")),
        });
        match (truth, known.unsaved) {
            (Ok(()), _) if settled || log => known.unsaved = None,
            (Ok(()), _) => {}
            (Err(_), Some(then)) if until.is_some_and(|until| until.0 <= then + 5_100_000_000) => {}
            (Err(wrong), _) => return Err(format!("status of the {name}: {wrong}")),
        }
        Ok(())
    }

    fn mark(&mut self, kernel: &Kernel, mark: u32) -> Check {
        match mark {
            mark::CALM => self.calm = true,
            mark::SETTLED => {
                self.quiet = Some(self.pace.total);
                let runs = matches!(self.main.child, Some((_, Role::Run)));
                if self.main.wish == Wish::Up && !runs {
                    return Err("settled, but the service that is wanted up is not".into());
                }
                if self.main.unsaved.is_some() || (self.with_log && self.log.unsaved.is_some()) {
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
            // Whoever sends a letter after TERM takes it back.
            mark::GONE if self.cancelled => {}
            mark::GONE => return Err(format!("TERM lost: still there at {}", kernel.now().0)),
            _ => {}
        }
        Ok(())
    }
}

/// Whether a file of the service directory is there.
fn there(kernel: &Kernel, name: &[u8]) -> bool {
    let path = [DIR.as_bytes(), b"/", name].concat();
    kernel.tree.existing(ROOT, &path, true).is_ok()
}

impl Rules for Runsv {
    fn life(&mut self, kernel: &mut Kernel, exec: &Exec<'_>) -> Life {
        let random = &mut self.random;
        if self.calm {
            return match exec.path {
                b"./run" if kernel.tree.existing(ROOT, DIR.as_bytes(), true) == Ok(exec.directory) => {
                    Life::forever()
                }
                b"./run" => Life::of(&[Act::ReadAll(0)]).on(Signal::Terminate, &[]),
                _ => Life::exits(random.below(50), 0),
            };
        }
        match exec.path {
            b"./run" if kernel.tree.existing(ROOT, DIR.as_bytes(), true) == Ok(exec.directory) => {
                run_life(random)
            }
            b"./run" => match random.below(10) {
                0 => Life::exits(random.below(3000), 1),
                1 => Life::of(&[Act::ReadAll(0)]),
                _ => Life::of(&[Act::ReadAll(0)]).on(Signal::Terminate, &[]),
            },
            b"./finish" => match random.below(12) {
                0 => Life::forever().on(Signal::Terminate, &[]),
                1 => Life::exits(2000, 0),
                2 => Life::of(&[Act::Raise(Signal::Kill)]),
                _ => Life::exits(random.below(200), random.below(4) as u8),
            },
            _ => match random.below(10) {
                0 => Life::forever(),
                1 => Life::exits(random.below(1500), 0),
                2 => Life::of(&[Act::Raise(Signal::Quit)]),
                3 | 4 => Life::exits(random.below(50), 1),
                _ => Life::exits(random.below(50), 0),
            },
        }
    }

    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        if let Fact::Opened { .. } | Fact::Wrote { .. } | Fact::Renamed { .. } = fact {
            read_status(kernel, "/service/x/supervise/")?;
            read_status(kernel, "/service/x/log/supervise/")?;
        }
        match *fact {
            Fact::Spawned { pid, child } => self.spawned(kernel, pid, child),
            Fact::NotSpawned { child, .. } => {
                let known = if role(child) == Role::Log { &mut self.log } else { &mut self.main };
                if role(child) != Role::Script {
                    known.refused = Some(self.woken);
                }
                Ok(())
            }
            Fact::Executed { pid, .. } if kernel.descriptors(pid) != 3 => {
                Err(format!("leak: a child with {} descriptors", kernel.descriptors(pid)))
            }
            Fact::NotExecuted { path: b"./run", .. } => {
                self.disturbed = true;
                Ok(())
            }
            Fact::Reaped { pid, ended } => {
                self.reaped(pid, ended);
                Ok(())
            }
            Fact::Kill { whom, signal, .. } => self.kill(whom, signal),
            Fact::Opened { path: b"supervise/control", fd } => {
                self.main.control.get_or_insert(fd);
                Ok(())
            }
            Fact::Opened { path: b"log/supervise/control", fd } => {
                self.log.control.get_or_insert(fd);
                Ok(())
            }
            Fact::Read { fd, bytes } => {
                let known = if self.log.control == Some(fd) { &mut self.log } else { &mut self.main };
                known.unread.extend(bytes);
                known.commanded = true;
                self.cancelled |= self.leaving && bytes.iter().any(|letter| b"udo".contains(letter));
                self.disturbed |= self.log.control == Some(fd) && bytes.iter().any(|letter| *letter != b'u');
                Ok(())
            }
            Fact::Opened { path: b"./finish", .. } => {
                self.main.owes_finish = self.main.ended.take();
                Ok(())
            }
            Fact::NotOpened { path: b"./finish", errno } => {
                let ended = self.main.ended.take();
                // It is run though it could not be looked into.
                let there =
                    errno == Errno::MFILE && kernel.tree.contents(ROOT, b"/service/x/finish").is_some();
                self.main.owes_finish = ended.filter(|_| there);
                Ok(())
            }
            Fact::NotOpened { path, .. } | Fact::NotRenamed { to: path, .. } => {
                let log = path.starts_with(b"log/") || path.starts_with(b"/service/x/log/");
                let known = if log { &mut self.log } else { &mut self.main };
                known.unsaved = Some(kernel.now().0);
                Ok(())
            }
            Fact::NotWritten { .. } => {
                // Which of the two is not said here.
                self.main.unsaved = Some(kernel.now().0);
                self.log.unsaved = Some(kernel.now().0);
                Ok(())
            }
            Fact::Piped { write, .. } => {
                self.pipe_end = Some(write);
                Ok(())
            }
            Fact::Closing { fd } if self.pipe_end == Some(fd) => {
                self.pipe_end = None;
                match self.main.child {
                    Some(child) => Err(format!("the log's pipe is closed while {child:?} runs")),
                    None => Ok(()),
                }
            }
            Fact::Woke { wake } => {
                self.woken = kernel.now().0;
                self.term |= wake.signals.has(Signal::Terminate);
                if wake.signals.has(Signal::Terminate) {
                    self.main.commanded = true;
                }
                Ok(())
            }
            Fact::Waits { until, .. } => self.sleeps(kernel, until),
            Fact::Done { deed: Deed::Mark(number), .. } => self.mark(kernel, *number),
            _ => Ok(()),
        }
    }

    fn end(&mut self, kernel: &mut Kernel, outcome: &Outcome) -> Check {
        match outcome {
            Outcome::Returned(111) if self.first && !self.spawned => return Ok(()),
            Outcome::Returned(0) => {}
            Outcome::Over(End::Quiet) if self.cancelled => return Ok(()),
            Outcome::Over(End::Killed(Signal::Terminate)) if self.first => return Ok(()),
            other => return Err(format!("an end that was not asked for: {other:?}")),
        }
        if self.main.child.is_some() || self.script.is_some() || self.log.child.is_some() {
            return Err(format!(
                "exited and left something behind: {:?} {:?}",
                self.main.child, self.log.child
            ));
        }
        self.log.obey(true);
        let asked = self.main.unread.contains(&b'x') || self.term;
        if !asked && !matches!(self.main.wish, Wish::Exit | Wish::Unclear) {
            return Err(format!("exited though it was wanted {:?}", self.main.wish));
        }
        kernel.program_ended();
        let later = kernel.now().plus_ms(5_000);
        kernel.run_until(later);
        if self.with_log && !self.disturbed && kernel.lost > 0 && self.log.wish == Wish::Up {
            return Err(format!("the log service did not get {} bytes", kernel.lost));
        }
        Ok(())
    }
}

fn run_life(random: &mut Random) -> Life {
    let mut acts = Vec::new();
    if random.chance(50) {
        for line in 0..random.below(6) {
            acts.push(Act::Write(1, format!("line {line}\n").into_bytes()));
            acts.push(Act::Pause(random.below(400)));
        }
    }
    if random.chance(4) {
        acts.push(Act::Do(Deed::Send("supervise/control", b"d".to_vec())));
    }
    let bye = Act::Write(1, b"bye\n".to_vec());
    match random.below(12) {
        0..=3 => acts.push(Act::Forever),
        4..=6 => {
            acts.push(Act::Forever);
            let life = Life { acts, on: Vec::new() };
            return life.on(
                Signal::Terminate,
                &[bye, Act::Pause(random.below(800)), Act::Exit(random.below(3) as u8)],
            );
        }
        7 | 8 => acts.extend([Act::Pause(random.below(3000)), bye, Act::Exit(random.below(3) as u8)]),
        9 => acts.push(Act::Exit(0)),
        10 => acts.push(Act::Raise(Signal::Quit)),
        _ => {
            acts.push(Act::Forever);
            return Life { acts, on: Vec::new() }.on(Signal::Terminate, &[]);
        }
    }
    Life { acts, on: Vec::new() }
}
