//! A virtual machine: its console, its events, its keys.
use crate::transcript::{Step, Transcript, alike};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A machine that says nothing for so long hangs.
const SILENCE: Duration = Duration::from_secs(120);

/// What comes out of a machine.
#[derive(Clone, PartialEq, Eq, Debug)]
enum News {
    /// Bytes of the console.
    Console(Vec<u8>),
    /// An event and its reason.
    Event(String, String),
    /// QEMU has ended.
    Over,
}

/// A machine that runs. Dropping it ends it.
#[derive(Debug)]
pub struct Machine {
    qemu: Child,
    control: UnixStream,
    news: Receiver<News>,
    start: Instant,
    deadline: Instant,
    console: Console,
    events: Vec<(String, String)>,
    /// The event that came last, if nothing was on the console since.
    last: Option<(String, String)>,
}

/// The serial console as lines.
#[derive(Debug, Default)]
struct Console {
    finished: Vec<String>,
    rest: Vec<u8>,
    /// Lines below this number are done with.
    seen: usize,
}

impl Machine {
    /// Starts QEMU with what `command` says, and a serial console and a control channel of its own.
    /// It may run until `limit`.
    ///
    /// # Errors
    /// A text that says what is wrong.
    pub fn start(command: &mut Command, dir: &Path, limit: Duration) -> Result<Machine, String> {
        let socket = dir.join("qmp");
        command.args(["-display", "none", "-monitor", "none", "-serial", "stdio", "-S", "-qmp"]);
        command.arg(format!("unix:{},server=on,wait=off", socket.display()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut qemu = command.spawn().map_err(|why| format!("qemu: {why}"))?;
        let start = Instant::now();
        let (tell, news) = channel();
        let output = qemu.stdout.take().ok_or("qemu: no console")?;
        listen(output, tell.clone());
        // The first instructions run after we have both: nothing is lost.
        let control = loop {
            if let Ok(control) = UnixStream::connect(&socket) {
                break control;
            }
            let ended = qemu.try_wait().map_err(|why| why.to_string())?;
            if ended.is_some() || start.elapsed() > Duration::from_secs(30) {
                let _ = qemu.kill();
                let _ = qemu.wait();
                return Err("qemu does not start".into());
            }
            thread::sleep(Duration::from_millis(20));
        };
        let events = control.try_clone().map_err(|why| why.to_string())?;
        thread::spawn(move || {
            for line in BufReader::new(events).lines().map_while(Result::ok) {
                if let Some(name) = field(&line, "event") {
                    let reason = field(&line, "reason").unwrap_or("").to_owned();
                    let _ = tell.send(News::Event(name.to_owned(), reason));
                }
            }
            let _ = tell.send(News::Over);
        });
        let console = Console::default();
        let mut machine = Machine {
            qemu,
            control,
            news,
            start,
            deadline: start + limit,
            console,
            events: Vec::new(),
            last: None,
        };
        machine.order(r#"{"execute":"qmp_capabilities"}"#)?;
        machine.order(r#"{"execute":"cont"}"#)?;
        Ok(machine)
    }

    fn order(&mut self, text: &str) -> Result<(), String> {
        writeln!(self.control, "{text}").map_err(|why| format!("qemu's control channel: {why}"))
    }

    /// Goes through the transcript. The result is how many of its steps were as they should be.
    ///
    /// # Errors
    /// What came instead.
    pub fn follow(
        &mut self,
        transcript: &Transcript,
        mut tell: impl FnMut(Duration, &str),
    ) -> Result<usize, String> {
        for step in &transcript.steps {
            let what = match step {
                Step::Press(keys) => {
                    self.press(keys)?;
                    format!("press {}", keys.join("-"))
                }
                Step::Line(pattern, unfinished) => self.line(pattern, *unfinished, &transcript.never)?,
                Step::Event(name, reason) => self.event(name, reason, &transcript.never)?,
            };
            tell(self.start.elapsed(), &what);
        }
        self.check_never(&transcript.never)?;
        Ok(transcript.steps.len() + transcript.never.len())
    }

    fn line(&mut self, pattern: &str, unfinished: bool, never: &[String]) -> Result<String, String> {
        loop {
            if let Some(found) = self.console.find(pattern, unfinished) {
                return Ok(found);
            }
            if !self.hear(never)? {
                return Err(format!("in vain: line {pattern}"));
            }
        }
    }

    fn event(&mut self, name: &str, reason: &str, never: &[String]) -> Result<String, String> {
        loop {
            if !self.events.is_empty() {
                let (found, why) = self.events.remove(0);
                // Others (NIC, RTC, STOP) are of no interest, but an end that is not the one wanted is.
                if found == name && why == reason {
                    return Ok(format!("event {name} {reason}"));
                }
                if ["RESET", "SHUTDOWN", "GUEST_PANICKED"].contains(&found.as_str()) {
                    return Err(format!("event {found} {why} instead of {name} {reason}"));
                }
                continue;
            }
            if !self.hear(never)? {
                return Err(format!("in vain: event {name} {reason}"));
            }
        }
    }

    /// Takes what comes next; `false` if nothing will.
    fn hear(&mut self, never: &[String]) -> Result<bool, String> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match self.news.recv_timeout(left.min(SILENCE)) {
            Ok(News::Console(bytes)) => {
                self.last = None;
                self.console.add(&bytes);
                self.check_never(never)?;
                Ok(true)
            }
            Ok(News::Event(name, reason)) => {
                // A machine that resets itself in more than one way tells of each.
                let event = (name, reason);
                if self.last.as_ref() != Some(&event) {
                    self.events.push(event.clone());
                    self.last = Some(event);
                }
                Ok(true)
            }
            Ok(News::Over) => Ok(!self.events.is_empty()),
            Err(RecvTimeoutError::Disconnected) => Ok(false),
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("silent, or no end in sight, after {:?}", self.start.elapsed()))
            }
        }
    }

    fn check_never(&self, never: &[String]) -> Result<(), String> {
        let bad = |line: &&String| never.iter().any(|pattern| alike(pattern, line));
        self.console.finished.iter().find(bad).map_or(Ok(()), |line| Err(format!("unwanted: {line}")))
    }

    fn press(&mut self, keys: &[String]) -> Result<(), String> {
        let key = |key: &String| format!(r#"{{"type":"qcode","data":"{key}"}}"#);
        let keys: Vec<String> = keys.iter().map(key).collect();
        let keys = keys.join(",");
        self.order(&format!(r#"{{"execute":"send-key","arguments":{{"keys":[{keys}],"hold-time":200}}}}"#))
    }

    /// The last lines of the console.
    #[must_use]
    pub fn last_lines(&self, count: usize) -> &[String] {
        let lines = &self.console.finished;
        &lines[lines.len().saturating_sub(count)..]
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

impl Console {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => {
                    self.finished.push(self.unfinished());
                    self.rest.clear();
                }
                byte => self.rest.push(*byte),
            }
        }
    }

    /// The line at the end, without what steers a terminal.
    fn unfinished(&self) -> String {
        let text = String::from_utf8_lossy(&self.rest);
        let mut plain = String::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if character == '\u{1b}' {
                if characters.next_if_eq(&'[').is_some() {
                    while characters.next().is_some_and(|next| !next.is_ascii_alphabetic()) {}
                } else {
                    characters.next();
                }
            } else if !character.is_control() || character == '\t' {
                plain.push(character);
            }
        }
        plain.trim_end().to_owned()
    }

    fn find(&mut self, pattern: &str, unfinished: bool) -> Option<String> {
        while let Some(line) = self.finished.get(self.seen) {
            self.seen += 1;
            if alike(pattern, line) {
                return Some(line.clone());
            }
        }
        let rest = self.unfinished();
        (unfinished && alike(pattern, &rest)).then_some(rest)
    }
}

fn listen(mut output: impl Read + Send + 'static, tell: Sender<News>) {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count) = output.read(&mut bytes) {
            if count == 0 || tell.send(News::Console(bytes[..count].to_vec())).is_err() {
                break;
            }
        }
    });
}

/// The value of a text field. QEMU's events have no quotes in their values.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let key = format!("\"{name}\":");
    let rest = line[line.find(&key)? + key.len()..].trim_start().strip_prefix('"')?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events() {
        let line = r#"{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}"#;
        assert_eq!((field(line, "event"), field(line, "reason")), (Some("SHUTDOWN"), Some("guest-shutdown")));
        assert_eq!(field(r#"{"return": {}}"#, "event"), None);
    }

    #[test]
    fn lines() {
        let mut console = Console::default();
        console.add(b"one\r\ntw");
        assert_eq!(console.find("tw*", false), None);
        assert_eq!(console.find("tw*", true).as_deref(), Some("tw"));
        console.add(b"o\r\n\x1b[2Jlogin: ");
        assert_eq!(console.finished, ["one", "two"]);
        assert_eq!(console.find("login:", true).as_deref(), Some("login:"));
        assert_eq!(console.find("one", false), None, "it is above");
    }
}
