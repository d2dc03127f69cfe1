//! One idea: what was found, as sentences, each with what helps.
use super::advice::Advice;
use super::{Entry, Facts, Fault, Half, Supervisor};
use crate::fixed::Text;
use crate::need::Lack;
use crate::state::Doing;
use crate::status::{Record, State};
use crate::sv::text::Sink;
use platform::Ended;

/// One that lives shorter than that ends at once.
const AT_ONCE: u64 = 3;

/// So long `./finish` may take before it is told.
const SLOW: u64 = 5;

/// Writes a paragraph, and a line with one command if there is something to be done.
pub fn explain(out: &mut impl Sink, facts: &Facts<'_>) {
    let mut said = Said { out, facts, advice: Advice::None };
    said.all();
    let advice = said.advice;
    out.put(b"\n");
    if !facts.lines.is_empty() && !facts.is_as_wanted() {
        out.put(b"The last lines of its log:\n");
        for line in facts.lines {
            out.put_all(&[b"  ", line.strip_suffix(b"\n").unwrap_or(line), b"\n"]);
        }
    }
    if advice != Advice::None {
        out.put(b"Do: ");
        advice.tell(out, facts);
        out.put(b"\n");
    }
}

struct Said<'o, 'f, S> {
    out: &'o mut S,
    facts: &'f Facts<'f>,
    advice: Advice,
}

impl<S: Sink> Said<'_, '_, S> {
    fn say(&mut self, parts: &[&[u8]]) {
        self.out.put_all(parts);
    }

    /// The first advice is the one that helps first.
    fn advise(&mut self, advice: Advice) {
        if self.advice == Advice::None {
            self.advice = advice;
        }
    }

    fn all(&mut self) {
        let facts = self.facts;
        self.say(&[facts.name, b": "]);
        match facts.entry {
            Entry::Directory => {}
            entry => return self.no_entry(entry),
        }
        match facts.service.supervisor {
            Supervisor::Gone => return self.no_supervisor(),
            Supervisor::Denied if facts.service.record.is_none() => {
                self.say(&[b"You may not look into its supervise directory."]);
                return self.advise(Advice::AskAsRoot);
            }
            Supervisor::Denied => {
                self.say(&[
                    b"You may not see whether its supervisor is still there; this is what it said last. ",
                ]);
                self.advise(Advice::AskAsRoot);
            }
            Supervisor::Alive => {}
        }
        match facts.service.record {
            Some(record) => self.state(&record),
            None => {
                self.say(&[b"Its supervisor has not said yet what it does."]);
                self.advise(Advice::Wait);
            }
        }
        if facts.unread {
            self.say(&[b" Its supervisor has not read the last commands: a script in control/ hangs, or it is stopped."]);
            self.advise(Advice::Edit(b"control"));
        }
        self.log();
    }

    fn no_entry(&mut self, entry: Entry<'_>) {
        let facts = self.facts;
        match entry {
            Entry::Directory => {}
            Entry::Missing(from) => {
                self.say(&[b"There is no service of that name in ", facts.svdir, b"."]);
                if let Some(from) = from {
                    self.say(&[b" It is in ", from, b", but nobody has linked it."]);
                }
                self.advise(Advice::Link);
            }
            Entry::Dangling(to) => {
                self.say(&[b"The link ", facts.path, b" leads to ", to, b", which is not there."]);
                self.advise(Advice::Unlink);
            }
            Entry::NoDirectory => {
                self.say(&[
                    facts.path,
                    b" is not a directory, and a service is one, with a program run in it.",
                ]);
                self.advise(Advice::Unlink);
            }
            Entry::Trouble(errno) => {
                self.say(&[b"Its directory cannot be looked into: ", errno.text().bytes(), b"."]);
                self.advise(Advice::AskAsRoot);
            }
        }
    }

    fn no_supervisor(&mut self) {
        let facts = self.facts;
        self.say(&[b"Nobody supervises it: it has no runsv."]);
        if facts.read_only {
            self.say(&[b" Its directory is on a file system that is read-only, where runsv cannot make its supervise \
                directory; a directory .supervise beside the services takes its place, or a link to one."]);
            self.advise(Advice::MoveSupervise);
        } else if crate::args::basename(facts.path).starts_with(b".") {
            self.say(&[b" Its name begins with a dot, and runsvdir leaves such names alone."]);
        } else if facts.others {
            self.say(&[
                b" Others in ",
                facts.svdir,
                b" have one, so either this was added a moment ago, or its runsv cannot \
                start and says why where the output of runsvdir goes (ps shows it behind runsvdir's name).",
            ]);
            self.advise(Advice::Supervise);
        } else {
            self.say(&[
                b" Nor does it any other in ",
                facts.svdir,
                b": it seems that no runsvdir runs on that directory.",
            ]);
            self.advise(Advice::StartRunsvdir);
        }
        self.fault(facts.service.run, b"run");
    }

    fn number(&mut self, number: u64) {
        self.out.put(Text::<24>::of(&[]).also(number).bytes());
    }

    /// `for N s`, or that the clock was set.
    fn age(&mut self, record: &Record) {
        let (now, since) = (self.facts.now.secs, record.since.secs);
        match now.checked_sub(since) {
            Some(age) => {
                self.say(&[b" for "]);
                self.number(age);
                self.say(&[b" s"]);
            }
            None => self.say(&[b" (since a time to come: the clock was set back)"]),
        }
    }

    fn state(&mut self, record: &Record) {
        match record.state {
            Some(State::Run) => self.running(record),
            Some(State::Finish) => self.finishing(record),
            Some(State::Down) => self.down(record),
            None => self.say(&[b"Its supervisor speaks of a state that is not known here."]),
        }
    }

    fn running(&mut self, record: &Record) {
        self.say(&[b"It runs"]);
        self.age(record);
        self.say(&[b", as process "]);
        self.number(record.pid.into());
        self.say(&[b"."]);
        if record.paused != 0 {
            self.say(&[b" It was paused and does nothing until it is continued."]);
            self.advise(Advice::Cont);
        }
        if record.is_asked_to_end() {
            self.say(&[b" It was asked to end and has not done so."]);
            self.shell();
            self.advise(Advice::Kill);
        } else if record.want == b'd' {
            self.say(&[b" It will not be started again when it ends."]);
        }
        if record.is_ready() == Some(false) {
            self.say(&[b" It has not said yet that it is ready, by a newline on the descriptor that notification-fd \
                names."]);
            self.advise(Advice::Wait);
        }
        if let Some(other) = self.facts.shares {
            self.say(&[
                b" Or ",
                other,
                b" does, with which it shares a supervise directory: instances of a template need a .supervise in ",
                self.facts.svdir,
                b", and no supervise in their directory.",
            ]);
            self.advise(Advice::MoveSupervise);
        }
        if self.ends_early(record) {
            self.ended(record);
        } else {
            self.shell();
        }
        if self.facts.check {
            self.say(&[b" Its check decides when it is ready for sv start and its like: as soon as that exits with 0."]);
        }
    }

    /// That TERM does not reach the program.
    fn shell(&mut self) {
        if self.facts.shell {
            self.say(&[b" Its process is the shell of run, which waits for the program that it has started: a signal for \
                the service reaches the shell alone. The last command in run should begin with exec."]);
            self.advise(Advice::Edit(b"run"));
        }
    }

    fn finishing(&mut self, record: &Record) {
        self.say(&[b"Its finish runs"]);
        self.age(record);
        self.say(&[b", after run ended"]);
        self.how(record);
        self.say(&[b"."]);
        if self.facts.now.secs.saturating_sub(record.since.secs) >= SLOW {
            self.say(&[b" The service is not started again before it ends; timeout-finish can bound it."]);
            self.advise(Advice::Kill);
        }
    }

    fn down(&mut self, record: &Record) {
        let facts = self.facts;
        if record.is_done() {
            self.say(&[b"It is done: a one-shot that is up without a process."]);
            return;
        }
        self.say(&[b"It is down"]);
        self.age(record);
        let told = record.told;
        if record.has_failed() {
            self.say(&[b", and was given up after its last end"]);
            self.how(record);
            self.say(&[b"; nothing starts it again but up or start."]);
            self.ended(record);
            return self.advise(Advice::Log);
        }
        if record.want != b'u' {
            let never = told.is_some_and(|told| told.starts == 0);
            if facts.service.down && never {
                self.say(&[
                    b": the file down in its directory keeps it from being started with its supervisor.",
                ]);
                return self.advise(Advice::Up);
            }
            self.say(&[b", as it was told."]);
            if facts.service.down {
                self.say(&[b" It would be down after a boot, too: there is a file down in its directory."]);
            } else {
                self.say(&[b" It will be up after a boot."]);
            }
            return;
        }
        self.say(&[b", though it shall be up."]);
        self.fault(facts.service.run, b"run");
        self.ended(record);
        if let Some(need) = told.as_ref().and_then(|told| told.need.as_ref()) {
            let lack: &[u8] = match need.lack {
                Lack::NotReady => b"is not up and ready",
                Lack::Failed => b"was given up",
                Lack::Alone => b"has no supervisor",
            };
            self.say(&[b" It needs ", need.name(), b", which ", lack, b", and waits for that."]);
            self.advise(Advice::Need);
        }
        if let Some(next) = told.and_then(|told| told.next) {
            self.say(&[b" The next start is in "]);
            self.number(next.secs.saturating_sub(facts.now.secs));
            self.say(&[b" s."]);
            self.advise(Advice::Up);
        }
        if told.is_some_and(|told| told.doing == Doing::Down && told.starts == 0)
            && facts.service.run.is_none()
        {
            self.say(&[b" It was not started yet."]);
            self.advise(Advice::Wait);
        }
        self.advise(Advice::Log);
    }

    /// ` with exit code 1`, or by a signal.
    fn how(&mut self, record: &Record) {
        match record.told.and_then(|told| told.last) {
            Some((Ended::Exit(code), _)) => {
                self.say(&[b" with exit code "]);
                self.number(code.into());
            }
            Some((Ended::Killed { signal, .. }, _)) => {
                self.say(&[b" by signal "]);
                self.number(signal.into());
            }
            None => {}
        }
    }

    /// Whether it was started several times and this time a moment ago.
    fn ends_early(&self, record: &Record) -> bool {
        let young = self.facts.now.secs.saturating_sub(record.since.secs) < AT_ONCE;
        record.told.is_some_and(|told| told.starts > 2 && told.last.is_some()) && young
    }

    /// What its last end says.
    fn ended(&mut self, record: &Record) {
        let Some(told) = record.told else { return };
        let Some((ended, _)) = told.last else { return };
        // The child that cannot execute run exits with 111; that is told already.
        if self.facts.service.run.is_some() {
            return;
        }
        self.say(&[b" It was started "]);
        self.number(told.starts.into());
        self.say(&[if told.starts == 1 { b" time".as_slice() } else { b" times" }, b", and ended last"]);
        self.how(record);
        match ended {
            Ended::Exit(0) if !self.facts.oneshot => {
                self.say(&[b": a program that goes to the background does that. It has to stay in the foreground (often an \
                    option such as -f, -F, -D, --foreground or --nodaemon), or needs a file oneshot."]);
                self.advise(Advice::Edit(b"run"));
            }
            Ended::Exit(127) => {
                self.say(&[
                    b": a shell says so of a command that is not there, by a wrong path or PATH, or whose \
                    interpreter or library is not there.",
                ]);
                self.advise(Advice::Edit(b"run"));
            }
            Ended::Exit(126) => {
                self.say(&[b": a shell says so of a command that it may not execute, or that is for another machine."]);
                self.advise(Advice::Edit(b"run"));
            }
            Ended::Exit(111 | 100) => {
                self.say(&[b": chpst and its like say so when they cannot do what they are told, such as for a user that is \
                    not there."]);
                self.advise(Advice::Edit(b"run"));
            }
            Ended::Exit(_) => self.say(&[b"."]),
            Ended::Killed { signal: 9, .. } => {
                self.say(&[
                    b", KILL: somebody sent it, or the kernel was short of memory, which its messages tell.",
                ]);
            }
            Ended::Killed { signal: 11 | 7 | 10 | 4 | 6 | 8, .. } if self.facts.limits => {
                self.say(&[b": a fault of the program, or a limit that run sets is too low for it."]);
                self.advise(Advice::Edit(b"run"));
            }
            Ended::Killed { signal: 11 | 7 | 10 | 4 | 6 | 8, .. } => {
                self.say(&[b": a fault of the program itself, or of a library."]);
            }
            Ended::Killed { .. } => self.say(&[b"."]),
        }
        if self.facts.lines.iter().any(|line| in_use(line)) {
            self.say(&[
                b" By its log, an address is in use: another process listens where it wants to, perhaps an \
                earlier one of its own that was left behind.",
            ]);
        }
        self.advise(Advice::Log);
    }

    fn fault(&mut self, fault: Option<Fault<'_>>, file: &'static [u8]) {
        let Some(fault) = fault else { return };
        self.say(&[b" Its ", file]);
        match fault {
            Fault::Missing => {
                self.say(&[b" is not there."]);
                self.advise(Advice::Edit(file));
            }
            Fault::NoFile => {
                self.say(&[b" is a directory, or something else that is no program."]);
                self.advise(Advice::Look(file));
            }
            Fault::Mode => {
                self.say(&[b" is not executable."]);
                self.advise(Advice::Chmod(file));
            }
            Fault::NoExec => {
                self.say(&[b" is on a file system that is mounted noexec, where nothing can be executed."]);
                self.advise(Advice::Remount);
            }
            Fault::NoInterpreter => {
                self.say(&[b" does not begin with #! and the path of an interpreter, such as #!/bin/sh."]);
                self.advise(Advice::Edit(file));
            }
            Fault::Mark => {
                self.say(&[
                    b" begins with a byte order mark, as some editors on Windows write it, before its #!.",
                ]);
                self.advise(Advice::Mark(file));
            }
            Fault::Interpreter(path) => {
                self.say(&[b" begins with #!", path, b", and there is no such program."]);
                self.advise(Advice::Edit(file));
            }
            Fault::Carriage(path) => {
                self.say(&[b" has lines that end with a carriage return, as on Windows: the system looks for an interpreter \
                    of the name ", path, b" and a carriage return."]);
                self.advise(Advice::Carriages(file));
            }
        }
    }

    fn log(&mut self) {
        self.fault(self.facts.service.finish, b"finish");
        let Some(log) = self.facts.log else { return };
        let Half { supervisor, record, run, .. } = log;
        if run.is_some() {
            self.fault(run, b"log/run");
            return self.say(&[
                b" What the service writes waits in a pipe, and the service stops when that is full.",
            ]);
        }
        match (supervisor, record) {
            (Supervisor::Alive, Some(record)) if record.pid == 0 && record.want == b'u' => {
                self.say(&[b" Its log service does not run: it ended"]);
                self.how(&record);
                if record.told.is_some_and(|told| matches!(told.last, Some((Ended::Exit(111), _)))) {
                    self.say(&[b", as svlogd does that has no directory to write to"]);
                }
                self.say(&[
                    b". What the service writes waits in a pipe, and the service stops when that is full.",
                ]);
                self.advise(Advice::Edit(b"log/run"));
            }
            (Supervisor::Alive, Some(record)) if record.pid == 0 => {
                self.say(&[
                    b" Its log service is down, as it was told; the service stops when the pipe is full.",
                ]);
                self.advise(Advice::UpLog);
            }
            (Supervisor::Alive, Some(record))
                if record.told.is_some_and(|told| told.starts > 2) && self.ends_early(&record) =>
            {
                self.say(&[b" Its log service ends again and again, last"]);
                self.how(&record);
                self.say(&[b"."]);
                self.advise(Advice::Edit(b"log/run"));
            }
            (Supervisor::Gone, _) => {
                self.say(&[b" Its log service has no supervisor: log/ came after the service was started. It is taken at the \
                    next start of run."]);
                self.advise(Advice::Restart);
            }
            (Supervisor::Alive | Supervisor::Denied, _) => {}
        }
    }
}

/// Whether a line says that an address is taken.
fn in_use(line: &[u8]) -> bool {
    let has = |words: &[u8]| line.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words));
    has(b"already in use") || has(b"EADDRINUSE") || has(b"address in use")
}
