//! Whether what sv said can be true, given the record of what happened.
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970: the clock of the record and of the clients.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}

/// The life of one process of a service.
#[derive(Clone, Debug, Default)]
struct Life {
    pid: i32,
    start: u64,
    /// The last that it noted.
    last: u64,
    beats: Vec<u64>,
    signals: Vec<(String, u64)>,
}

/// What happened to a service.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// `./run`, one after the other.
    runs: Vec<Life>,
    finishes: Vec<Life>,
}

/// What sv said about a service, and when: it was called after `begin`, and had ended by `end`.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) word: String,
    pub(crate) line: String,
    pub(crate) begin: u64,
    pub(crate) end: u64,
    /// The signal has a control script: sv says ok when that runs, and the signal follows at its end.
    pub(crate) script: bool,
}

impl Record {
    /// Reads it: lines of time, process, program and event.
    pub(crate) fn of(text: &str) -> Record {
        let mut record = Record::default();
        let mut open: BTreeMap<(i32, &str), usize> = BTreeMap::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let [time, pid, what, event] = words[..] else { continue };
            let (Ok(time), Ok(pid)) = (time.parse(), pid.parse()) else { continue };
            let lives = if what == "run" { &mut record.runs } else { &mut record.finishes };
            if event == "start" {
                open.insert((pid, what), lives.len());
                lives.push(Life { pid, start: time, ..Life::default() });
            }
            let Some(life) = open.get(&(pid, what)).and_then(|at| lives.get_mut(*at)) else { continue };
            life.last = time;
            match event {
                "start" | "end" => {}
                "beat" => life.beats.push(time),
                signal => life.signals.push((signal.to_owned(), time)),
            }
        }
        record
    }

    /// How often the last process has said since then that it is alive.
    pub(crate) fn beats_after(&self, time: u64) -> usize {
        self.runs.last().map_or(0, |life| life.beats.iter().filter(|beat| **beat > time).count())
    }

    pub(crate) fn lives(&self) -> usize {
        self.runs.len()
    }

    /// Two processes of one service at once: the first notes something after the second has begun.
    pub(crate) fn twice(&self) -> Option<String> {
        let pairs = self.runs.windows(2);
        let wrong = pairs.filter(|pair| pair[0].last > pair[1].start);
        wrong.map(|pair| format!("two at once: {} and {}", pair[0].pid, pair[1].pid)).next()
    }

    /// Why a claim is a lie; `None` if it may be true.
    pub(crate) fn judge(&self, claim: &Claim) -> Option<String> {
        let said = claim.line.strip_prefix("ok: ").unwrap_or(&claim.line);
        let wanted = match claim.word.as_str() {
            "stop" | "down" | "force-stop" => "ok: down: ",
            "start" | "up" | "restart" | "force-restart" => "ok: run: ",
            _ => "ok: ",
        };
        if claim.line.starts_with("ok: ") && !claim.line.starts_with(wanted) {
            return Some(format!("it is not what was asked for: {wanted}"));
        }
        if said.starts_with("down: ") {
            return self.judge_down(claim);
        }
        let pid: i32 = said.strip_prefix("run: ")?.split_once("(pid ")?.1.split_once(')')?.0.parse().ok()?;
        // The last of that number that had begun: it may note its start a little after sv has seen it.
        let at = self.runs.iter().rposition(|life| life.pid == pid && life.start < claim.end + SOON);
        // It may have been killed before it noted anything.
        let at = at?;
        let life = &self.runs[at];
        if let Some(next) = self.runs.get(at + 1).filter(|next| next.start < claim.begin) {
            return Some(format!("{pid} had given way to {} before sv was called", next.pid));
        }
        if !claim.line.starts_with("ok: ") {
            return None;
        }
        // From here on `ok` has to mean something.
        let old = life.start < claim.begin;
        let signal = match claim.word.as_str() {
            "restart" | "force-restart" if old => return Some(format!("{pid} ran before sv was called")),
            "hup" | "reload" => "SIGHUP",
            "alarm" => "SIGALRM",
            "interrupt" => "SIGINT",
            "quit" => "SIGQUIT",
            "term" => "SIGTERM",
            "1" => "SIGUSR1",
            "2" => "SIGUSR2",
            _ => return None,
        };
        // What came before its second beat after sv was noted before that.
        let sent = claim.end + if claim.script { SCRIPT } else { 0 };
        let mut later = life.beats.iter().filter(|beat| **beat > sent);
        let beat = later.nth(1).filter(|_| old)?;
        let came = life.signals.iter().any(|(name, at)| name == signal && *at > claim.begin && at < beat);
        (!came).then(|| format!("{pid} goes on and got no {signal}"))
    }

    /// One process was alive all the time.
    fn judge_down(&self, claim: &Claim) -> Option<String> {
        let all = |life: &&Life| life.start < claim.begin && life.last > claim.end;
        let alive = self.runs.iter().chain(&self.finishes).find(all)?;
        Some(format!("{} ran all the time", alive.pid))
    }
}

/// A process that sv has seen notes its start within this time, in nanoseconds, also on a busy machine.
const SOON: u64 = 10_000_000_000;

/// So long a control script takes at most.
const SCRIPT: u64 = 3_000_000_000;

/// The judge knows lies from what may be true: what is wrong with it.
pub(crate) fn wrong() -> Vec<String> {
    let record = Record::of(
        "100 7 run start\n110 7 run beat\n120 7 run SIGHUP\n130 7 run beat\n140 7 run SIGTERM\n150 7 run end\n\
         160 8 finish start\n170 8 finish end\n200 9 run start\n210 9 run beat\n220 9 run beat\n230 9 run beat\n",
    );
    let cases = [
        ("hup", "ok: run: x: (pid 7) 0s", 112, 122, false),
        ("hup", "ok: run: x: (pid 9) 0s", 201, 215, true),
        ("hup", "ok: run: x: (pid 9) 0s", 199, 215, false),
        ("down", "ok: down: x: 0s", 102, 149, true),
        ("down", "ok: down: x: 0s", 102, 151, false),
        ("down", "ok: down: x: 0s", 161, 165, true),
        ("restart", "ok: run: x: (pid 9) 0s", 190, 215, false),
        ("restart", "ok: run: x: (pid 9) 0s", 205, 215, true),
        ("start", "ok: run: x: (pid 7) 0s", 155, 158, false),
        ("stop", "ok: run: x: (pid 7) 0s", 102, 149, true),
        ("start", "ok: down: x: 0s", 151, 158, true),
        ("start", "ok: run: x: (pid 7) 0s", 205, 208, true),
        ("status", "run: x: (pid 7) 0s", 205, 208, true),
        ("restart", "timeout: run: x: (pid 9) 0s, got TERM", 205, 215, false),
    ];
    let mut wrong = Vec::new();
    for (word, line, begin, end, lie) in cases {
        let claim = Claim { word: word.to_owned(), line: line.to_owned(), begin, end, script: false };
        if record.judge(&claim).is_some() != lie {
            wrong.push(format!("the judge, who should call it a lie ({lie}): {claim:?}"));
        }
    }
    wrong
}
