//! A virtual machine that runs: its console, its channel, its events, its keys.
use crate::pattern::Stream;
use crate::qmp::{self, Message};
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// QEMU itself is there within this time.
const START: Duration = Duration::from_secs(60);
/// What was written before an event may be read after it.
const LATE: Duration = Duration::from_secs(3);
/// A machine that resets itself in more than one way tells of each, on a busy host one by one: so long after the other,
/// or as long as its console has said nothing.
const AGAIN: Duration = Duration::from_secs(1);

/// Why a step did not go well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fail {
    /// The time was over.
    Deadline(String),
    /// The system's kernel panicked.
    Panic(String),
    /// Something else than was wanted.
    Other(String),
}

impl fmt::Display for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fail::Deadline(what) => write!(f, "in vain, until its deadline: {what}"),
            Fail::Panic(line) => write!(f, "kernel panic: {line}"),
            Fail::Other(what) => f.write_str(what),
        }
    }
}

enum News {
    Console(Vec<u8>),
    Channel(Vec<u8>),
    Protocol(String),
    Over,
}

/// The machine. Dropping it ends it; so does the end of this process, whatever brings it.
#[derive(Debug)]
pub struct Machine {
    qemu: Child,
    keyboard: Option<ChildStdin>,
    control: UnixStream,
    port: Option<UnixStream>,
    news: Receiver<News>,
    start: Instant,
    /// The serial console.
    pub console: Stream,
    /// The second serial line, on which the agent of the system listens.
    pub channel: Stream,
    /// Hears each line of the console, with the machine's age.
    pub watch: Option<fn(Duration, &str)>,
    panics: Vec<String>,
    panicked: Option<String>,
    checked: usize,
    events: Vec<(String, String)>,
    last: Option<(String, String, Instant, usize)>,
    over: bool,
    logs: [Option<File>; 3],
}

impl Machine {
    /// Starts QEMU with what `words` say, the console on `chardev:console` and the channel on
    /// `chardev:channel`. Everything that it says is kept in `dir`. A console line like one of `panics` is
    /// its end.
    ///
    /// # Errors
    /// A text that says what is wrong.
    pub fn start(words: &[String], dir: &Path, panics: &[String]) -> Result<Machine, String> {
        let sockets = Sockets::new(dir);
        let mut command = guarded(&words[0]);
        command.args(&words[1..]).args(["-display", "none", "-monitor", "none", "-S"]);
        command.arg("-qmp").arg(format!("unix:{},server=on,wait=off", sockets.path("qmp").display()));
        command.args(["-chardev", "stdio,id=console,signal=off", "-chardev"]);
        command
            .arg(format!("socket,id=channel,path={},server=on,wait=off", sockets.path("channel").display()));
        let said = File::create(dir.join("qemu")).map_err(|why| format!("{}: {why}", dir.display()))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(said);
        let mut qemu = command.spawn().map_err(|why| format!("{}: {why}", words[0]))?;
        let (tell, news) = channel();
        let (keyboard, output) = (qemu.stdin.take(), qemu.stdout.take());
        let connected = sockets.connect("qmp", &mut qemu).and_then(|control| {
            let port = sockets.connect("channel", &mut qemu)?;
            let events = control.try_clone().map_err(|why| why.to_string())?;
            let reader = port.try_clone().map_err(|why| why.to_string())?;
            Ok((control, port, events, reader))
        });
        let (control, port, events, reader) = match connected {
            Ok(connected) => connected,
            Err(why) => {
                let _ = qemu.kill();
                let _ = qemu.wait();
                let said = fs::read_to_string(dir.join("qemu")).unwrap_or_default();
                return Err(format!("{why} {}", said.trim()));
            }
        };
        if let Some(output) = output {
            listen(output, tell.clone(), News::Console);
        }
        listen(reader, tell.clone(), News::Channel);
        thread::spawn(move || {
            for line in BufReader::new(events).lines().map_while(Result::ok) {
                let _ = tell.send(News::Protocol(line));
            }
            let _ = tell.send(News::Over);
        });
        let log = |name: &str| File::create(dir.join(name)).ok();
        let mut machine = Machine {
            qemu,
            keyboard,
            control,
            port: Some(port),
            news,
            start: Instant::now(),
            console: Stream::default(),
            channel: Stream::default(),
            watch: None,
            panics: panics.to_vec(),
            panicked: None,
            checked: 0,
            events: Vec::new(),
            last: None,
            over: false,
            logs: [log("console"), log("channel"), log("qmp")],
        };
        // The first instructions run after all is connected: nothing is lost.
        machine.order(&qmp::order("qmp_capabilities"))?;
        machine.order(&qmp::order("cont"))?;
        Ok(machine)
    }

    /// How long it has been running.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.start.elapsed()
    }

    /// Gives QEMU an order.
    ///
    /// # Errors
    /// QEMU is gone.
    pub fn order(&mut self, text: &str) -> Result<(), String> {
        self.log(2, format!("> {text}\n").as_bytes());
        writeln!(self.control, "{text}").map_err(|why| format!("qemu's control channel: {why}"))
    }

    /// Types on the console.
    ///
    /// # Errors
    /// QEMU is gone.
    pub fn type_in(&mut self, text: &str) -> Result<(), String> {
        let keyboard = self.keyboard.as_mut().ok_or("no keyboard")?;
        let typed = keyboard.write_all(text.as_bytes()).and_then(|()| keyboard.flush());
        typed.map_err(|why| format!("the console: {why}"))
    }

    /// Sends a line to the agent.
    ///
    /// # Errors
    /// QEMU is gone.
    pub fn send(&mut self, line: &str) -> Result<(), String> {
        self.log(1, format!("> {line}\n").as_bytes());
        let port = self.port.as_mut().ok_or("no channel")?;
        writeln!(port, "{line}").map_err(|why| format!("the channel: {why}"))
    }

    /// Waits until `look` finds something. An end of the system is not waited over, but what was
    /// written before it is waited for.
    ///
    /// # Errors
    /// What came instead.
    pub fn wait<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut(&mut Machine) -> Option<T>,
    ) -> Result<T, Fail> {
        let deadline = Instant::now() + limit;
        let mut late = None;
        loop {
            if let Some(found) = look(self) {
                return Ok(found);
            }
            if let Some(line) = &self.panicked {
                return Err(Fail::Panic(line.clone()));
            }
            let now = Instant::now();
            if late.is_none() && (self.over || self.ending().is_some()) {
                late = Some(now + LATE);
            }
            let until = late.unwrap_or(deadline).min(deadline);
            if now >= until {
                return Err(match (late, self.ending()) {
                    (None, _) => Fail::Deadline(what.to_owned()),
                    (Some(_), Some((name, reason))) => {
                        Fail::Other(format!("event {name} {reason} instead of {what}"))
                    }
                    (Some(_), None) => Fail::Other(format!("qemu has ended, in vain: {what}")),
                });
            }
            self.hear(until - now);
        }
    }

    /// Takes an event out of those that came. Others are dropped, but not an end of another kind.
    pub fn event(&mut self, name: &str, reason: &str) -> Option<()> {
        let at = self.events.iter().position(|event| {
            event.0 == name && (reason.is_empty() || event.1 == reason) || is_end(&event.0)
        })?;
        let (found, why) = &self.events[at];
        if found != name || !(reason.is_empty() || why == reason) {
            return None;
        }
        self.events.drain(..=at);
        Some(())
    }

    fn ending(&self) -> Option<&(String, String)> {
        self.events.iter().find(|event| is_end(&event.0))
    }

    /// The line by which the system told of its panic.
    #[must_use]
    pub fn panic(&self) -> Option<&str> {
        self.panicked.as_deref()
    }

    /// Takes what comes within a time.
    fn hear(&mut self, time: Duration) {
        match self.news.recv_timeout(time) {
            Ok(News::Console(bytes)) => {
                self.log(0, &bytes);
                self.console.add(&bytes);
                if let Some(watch) = self.watch {
                    let age = self.age();
                    self.console.since(self.checked).iter().for_each(|line| watch(age, line));
                }
                if self.panicked.is_none() {
                    let found = self.console.like(&self.panics, self.checked).map(str::to_owned);
                    self.panicked = found;
                }
                self.checked = self.console.count();
            }
            Ok(News::Channel(bytes)) => {
                self.log(1, &bytes);
                self.channel.add(&bytes);
            }
            Ok(News::Protocol(line)) => {
                self.log(2, format!("{line}\n").as_bytes());
                if let Ok(Message::Event(name, reason)) = qmp::message(&line) {
                    self.note(name, reason);
                }
            }
            Ok(News::Over) => self.over = true,
            Err(RecvTimeoutError::Disconnected) => {
                self.over = true;
                thread::sleep(time.min(Duration::from_millis(50)));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }

    /// Keeps an event. Whether it is the same end once more, the time tells, since other events and lines of the
    /// console may come in between, or that none came: no machine restarts without a word.
    fn note(&mut self, name: String, reason: String) {
        let end = is_end(&name);
        let said = self.console.count();
        let same = |(what, why, at, lines): &(String, String, Instant, usize)| {
            *what == name && *why == reason && (at.elapsed() < AGAIN || *lines == said)
        };
        let again = end && self.last.as_ref().is_some_and(same);
        if end {
            self.last = Some((name.clone(), reason.clone(), Instant::now(), said));
        }
        if !again {
            self.events.push((name, reason));
        }
    }

    fn log(&mut self, which: usize, bytes: &[u8]) {
        if let Some(Some(file)) = self.logs.get_mut(which) {
            let _ = file.write_all(bytes);
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

fn is_end(event: &str) -> bool {
    ["RESET", "SHUTDOWN", "GUEST_PANICKED"].contains(&event)
}

/// A command that does not outlive this process, where the system can promise that. The signals of
/// a terminal reach it as well.
#[must_use]
pub fn guarded(program: &str) -> Command {
    let have = Command::new("setpriv").args(["--pdeathsig", "KILL", "true"]).output();
    if have.is_ok_and(|output| output.status.success()) {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", program]);
        return command;
    }
    Command::new(program)
}

fn listen(mut output: impl Read + Send + 'static, tell: Sender<News>, kind: fn(Vec<u8>) -> News) {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count) = output.read(&mut bytes) {
            if count == 0 || tell.send(kind(bytes[..count].to_vec())).is_err() {
                break;
            }
        }
    });
}

/// Sockets with short names, which are gone as soon as they are connected.
struct Sockets {
    dir: PathBuf,
}

impl Sockets {
    /// Below `work`, where nothing is left behind, unless that makes the names too long for sockets.
    fn new(work: &Path) -> Sockets {
        const LONGEST: usize = 100;
        let name = format!("s{}", std::process::id());
        let near = work.join(&name);
        let dir = if near.join("channel").as_os_str().len() < LONGEST {
            near
        } else {
            use std::sync::atomic::{AtomicUsize, Ordering};
            static NEXT: AtomicUsize = AtomicUsize::new(0);
            std::env::temp_dir().join(format!("vm-{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
        };
        let _ = fs::create_dir(&dir);
        Sockets { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn connect(&self, name: &str, qemu: &mut Child) -> Result<UnixStream, String> {
        let start = Instant::now();
        loop {
            if let Ok(stream) = UnixStream::connect(self.path(name)) {
                return Ok(stream);
            }
            let ended = qemu.try_wait().map_err(|why| why.to_string())?;
            if ended.is_some() || start.elapsed() > START {
                return Err("qemu does not start:".into());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}
