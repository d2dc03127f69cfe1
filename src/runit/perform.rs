//! Does what the machine decides, and tells it what happens.
use super::VOICE;
use super::machine::Machine;
use super::words::{Action, Actions, Answer, Ending, Event, Message, Outcome, Program, Stage};
use crate::{magic, paths};
use core::ffi::CStr;
use platform::{
    CROWD, Child, Console, Ended, Errno, Fd, How, Instant, Pid, Platform, Request, Signal, Step, Target,
};

/// What its children's messages begin with.
const RUNIT: &[u8] = b"- runit: ";

/// Process 1 and what it needs to know to act.
pub(super) struct Performer<'p, P> {
    p: &'p mut P,
    machine: Machine,
    /// The process of the stage.
    stage: Option<Pid>,
    /// The last one that ended, whose group may outlive it.
    ended: Option<Pid>,
    /// The process of `ctrlaltdel`.
    key: Option<Pid>,
    /// The process that makes the call that ends the system.
    power: Option<Pid>,
    /// What `reboot` should say, where it could not be made to.
    unwritten: Option<bool>,
    exit: Option<u8>,
}

impl<'p, P: Platform> Performer<'p, P> {
    pub(super) fn new(p: &'p mut P) -> Self {
        let machine = Machine::new();
        Performer {
            p,
            machine,
            stage: None,
            ended: None,
            key: None,
            power: None,
            unwritten: None,
            exit: None,
        }
    }

    pub(super) fn run(mut self) -> u8 {
        // More processes may have ended than one turn takes.
        let mut deaths = false;
        loop {
            self.feed(Event::Time);
            if let Some(code) = self.exit {
                return code;
            }
            let until = if deaths { Some(self.p.now()) } else { self.machine.until() };
            self.hear(until);
            deaths = true;
            for _ in 0..CROWD {
                let Some((pid, ended)) = self.p.reap() else {
                    deaths = false;
                    break;
                };
                let event = self.died(pid, ended);
                // What was asked before a death comes before it: a request that stage 1 makes with its
                // last breath is one of stage 1. And no crowd of orphans holds requests up.
                self.hear(Some(Instant(0)));
                if let Some(event) = event {
                    self.feed(event);
                }
            }
        }
    }

    /// Sleeps until something happens, at most so long, and answers requests.
    fn hear(&mut self, until: Option<Instant>) {
        let wake = self.p.wait(&[] as &[Fd], until);
        for (signal, request) in self.p.requests() {
            if wake.signals.has(*signal) {
                self.request(*request);
            }
        }
    }

    /// Hands an event to the machine, and does what it wants.
    fn feed(&mut self, event: Event) {
        let mut actions = Actions::new();
        let now = self.p.now();
        if P::NATIVE {
            self.machine.step(event, now, &mut actions);
        } else {
            self.machine.act(event, now, &mut actions);
        }
        while let Some(action) = actions.take() {
            if let Some(answer) = self.perform(action) {
                self.machine.answer(answer, now, &mut actions);
            }
        }
    }

    // Apart from the machine both are smaller.
    #[inline(never)]
    fn perform(&mut self, action: Action) -> Option<Answer> {
        match action {
            Action::Catch => return Some(self.catch()),
            Action::Say(message) => self.say(message),
            Action::Start(program) => return Some(Answer::Started(self.start(program))),
            Action::Terminate => self.signal(self.stage.map(Target::One), Signal::Terminate),
            Action::Kill => self.signal(self.stage.map(Target::One), Signal::Kill),
            Action::KillGroup => self.signal(self.ended.map(Target::Group), Signal::Kill),
            Action::KillAll => self.signal(Some(Target::All), Signal::Kill),
            Action::ResetStopit => {
                let changed = magic::clear(self.p, paths::STOPIT);
                let _ = self.failed(&changed);
            }
            Action::SetReboot => {
                let changed = magic::set(self.p, paths::REBOOT);
                self.unwritten = self.failed(&changed).then_some(true);
            }
            Action::Decide => {
                let reboot = self.unwritten.unwrap_or_else(|| magic::is_set(self.p, paths::REBOOT));
                return Some(Answer::Decided(reboot));
            }
            Action::Power(how) => return Some(Answer::Called(self.end_system(how))),
            Action::Exit(code) => self.exit = Some(code),
        }
        None
    }

    fn catch(&mut self) -> Answer {
        let mut caught = self.p.catch(&[Signal::Child]);
        for (signal, _) in self.p.requests() {
            caught = caught.and_then(|()| self.p.catch(&[*signal]));
        }
        match caught {
            Ok(()) => {
                self.p.arm_ctrl_alt_del();
                Answer::Caught { again: self.p.boot_already_done() }
            }
            Err(errno) => {
                self.speak(b"fatal: ", &[b"unable to create selfpipe, pausing"], Some(errno));
                Answer::NotCaught
            }
        }
    }

    fn request(&mut self, request: Request) {
        let how = match request {
            Request::Nothing => return,
            Request::CtrlAltDel => {
                let script = magic::is_set(self.p, paths::CTRLALTDEL);
                return self.ask(script.then_some(Event::Key));
            }
            Request::Control => None,
            Request::Reboot => Some(How::Restart),
            Request::Halt => Some(How::Halt),
            Request::PowerOff => Some(How::PowerOff),
            Request::PowerCycle => Some(How::PowerCycle),
            Request::Catatonia if P::NATIVE => return self.feed(Event::Catatonia),
            Request::Resume if P::NATIVE => return self.feed(Event::Resume),
            Request::Catatonia | Request::Resume => return,
        };
        let stop = match how {
            // The system's own request becomes what runit-init would have made of it; it is not
            // lost where the files cannot be written.
            Some(how) if P::NATIVE => {
                let reboot = matches!(how, How::Restart | How::PowerCycle);
                let changed = magic::request(self.p, reboot);
                self.unwritten = self.failed(&changed).then_some(reboot);
                Some(how)
            }
            Some(_) | None if magic::is_set(self.p, paths::STOPIT) => {
                self.unwritten = None;
                let reboot = magic::is_set(self.p, paths::REBOOT);
                Some(if reboot { How::Restart } else { How::PowerOff })
            }
            Some(_) | None => None,
        };
        self.ask(stop.map(Event::Stop));
    }

    /// A request, if it asks for anything. Then it ends a standstill: reboot(8) may have died half-way, and a
    /// system that cannot be stopped would be worse than two attempts at once.
    fn ask(&mut self, request: Option<Event>) {
        if let Some(request) = request {
            if P::NATIVE {
                self.feed(Event::Resume);
            }
            self.feed(request);
        }
        self.p.arm_ctrl_alt_del();
    }

    /// Whose death it is; from here on no signal goes to that number any more.
    fn died(&mut self, pid: Pid, ended: Ended) -> Option<Event> {
        let outcome = match ended {
            Ended::Exit(code) => Outcome::Exit(code),
            Ended::Killed { .. } => Outcome::Crash,
        };
        let who = Some(pid);
        if who == self.stage {
            self.ended = self.stage.take();
            return Some(Event::StageEnded(outcome));
        }
        if who == self.key {
            self.key = None;
            let stopit = magic::is_set(self.p, paths::STOPIT);
            return Some(Event::KeyEnded { crash: outcome == Outcome::Crash, stopit });
        }
        if who == self.power {
            self.power = None;
            return Some(Event::PowerEnded(match outcome {
                Outcome::Exit(0) | Outcome::Crash => Ending::Returned,
                Outcome::Exit(code) => refused(Errno(code.into())),
            }));
        }
        None
    }

    fn start(&mut self, program: Program) -> bool {
        let path = path(program);
        let name = path.to_bytes();
        let warn: &[&[u8]] = &[b"warning: unable to open /dev/console"];
        let one = program == Program::Stage(Stage::One);
        let entering: &[&[u8]] = &[RUNIT, b"enter stage: ", name, b"\n"];
        let steps: &[_] = if program == Program::CtrlAltDel { &[] } else { &[Step::Session] };
        if program == Program::Stage(Stage::Two) {
            self.p.enter_multiuser();
        }
        let child = Child {
            prefix: &[RUNIT],
            steps,
            console: Some(Console { control: one, warn: if one { warn } else { &[] }, say: entering }),
            path,
            argv: &[path],
            variable: b"",
            search: false,
            why: &[b"fatal: unable to start child: ", name],
            exit: 0,
        };
        match self.p.spawn(&child) {
            Ok(pid) => {
                match program {
                    Program::Stage(_) => self.stage = Some(pid),
                    Program::CtrlAltDel => self.key = Some(pid),
                }
                true
            }
            Err(errno) => {
                self.speak(b"fatal: ", &[b"unable to fork for \"", name, b"\" pausing"], Some(errno));
                false
            }
        }
    }

    fn end_system(&mut self, how: How) -> Option<Ending> {
        let sync = self.p.stat(paths::NOSYNC).is_err();
        match self.p.power(how, sync) {
            Ok(None) => Some(Ending::Returned),
            Err(errno) => Some(refused(errno)),
            Ok(child) => {
                self.power = child;
                None
            }
        }
    }

    fn signal(&mut self, whom: Option<Target>, signal: Signal) {
        if let Some(whom) = whom {
            // A process that is gone already needs no signal.
            let _ = self.p.kill(whom, signal);
        }
    }

    /// What became of changing the magic files; process 1 goes on whether it can or not. `true` if
    /// it could not.
    fn failed(&mut self, changed: &Result<(), magic::Failed>) -> bool {
        let Err(failed) = changed else { return false };
        self.speak(b"warning: ", &[failed.what, failed.path.to_bytes()], Some(failed.errno));
        true
    }

    fn say(&mut self, message: Message) {
        let text: &[u8] = match message {
            Message::Booting => concat!("runit ", env!("CARGO_PKG_VERSION"), ": booting.").as_bytes(),
            Message::BootedBefore => b"warning: the system is up, skipping stage 1...",
            Message::Failed(_) => b"warning: child failed: ",
            Message::Crashed(_) => b"warning: child crashed: ",
            Message::Leave(_) => b"leave stage: ",
            Message::Skipping => b"warning: skipping stage 2...",
            Message::Killing => b"warning: killing all processes in stage 2...",
            Message::Restarting => b"warning: restarting.",
            Message::CtrlAltDel => b"ctrl-alt-del request...",
            Message::SendingKill => b"warning: stage 2 not terminated, sending sigkill...",
            Message::Noted(_) => b"request noted, waiting for ",
            Message::Stopping => b"warning: stopping already.",
            Message::KillAll => b"sending KILL signal to all processes...",
            Message::Ending(How::Restart | How::PowerCycle) => b"system reboot.",
            Message::Ending(How::Halt) => b"system halt.",
            Message::Ending(How::PowerOff) => b"power off...",
            Message::Forbidden => b"no permission to end the system, exiting.",
            Message::Catatonia | Message::Resuming if !P::NATIVE => b"",
            Message::Catatonia => b"warning: reboot(8) is at work, nothing is started until HUP...",
            Message::Resuming => b"warning: going on.",
        };
        let name = match message {
            Message::Failed(stage) => path(Program::Stage(stage)).to_bytes(),
            Message::Crashed(program) | Message::Leave(program) | Message::Noted(program) => {
                path(program).to_bytes()
            }
            _ => b"",
        };
        let end: &[u8] = match message {
            Message::Noted(_) => b"...",
            _ => b"",
        };
        self.speak(b"", &[text, name, end], None);
    }

    /// Says it on the console as it is by now.
    fn speak(&mut self, how: &[u8], text: &[&[u8]], why: Option<Errno>) {
        self.p.console();
        VOICE.say(self.p, how, text, why);
    }
}

fn refused(errno: Errno) -> Ending {
    if errno == Errno::PERM { Ending::Forbidden } else { Ending::Failed }
}

fn path(program: Program) -> &'static CStr {
    match program {
        Program::Stage(Stage::One) => paths::STAGE_1,
        Program::Stage(Stage::Two) => paths::STAGE_2,
        Program::Stage(Stage::Three) => paths::STAGE_3,
        Program::CtrlAltDel => paths::CTRLALTDEL,
    }
}
