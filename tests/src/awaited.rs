//! What a case waits for in a service.
use crate::place::write_fifo;
use crate::rig::Service;
use crate::status::{self, Status};
use crate::wait::{patience, until, until_equal, within};

impl Service<'_> {
    /// Waits until runsv answers.
    pub fn await_ok(&self) {
        until("a supervisor", || write_fifo(&self.dir.join("supervise/ok"), b"").ok());
    }

    /// The status record.
    ///
    /// # Panics
    /// If there is none, or not one of 20 bytes.
    pub fn status(&self) -> Status {
        Status::read(&self.dir).expect("a status of 20 bytes")
    }

    /// `stat` without its newline.
    pub fn stat(&self) -> String {
        let text = self.text("supervise/stat");
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }

    /// Waits until `stat` and the record say this.
    pub fn await_stat(&self, text: &str) {
        until_equal("the state", &text.to_owned(), || self.stat());
        until("its record", || says(&self.status(), text).then_some(()));
    }

    /// The same of the log service.
    pub fn await_log_stat(&self, text: &str) {
        until_equal("the log's state", &format!("{text}\n"), || self.text("log/supervise/stat"));
        let record = || Status::read(&self.dir.join("log")).expect("a status of 20 bytes");
        until("its record", || says(&record(), text).then_some(()));
    }

    /// What happened, without the numbers of processes.
    pub fn trace(&self) -> Vec<String> {
        self.text("trace").lines().map(without_pid).collect()
    }

    /// Makes the shells go on that noted a signal in the moment before they began to wait for a
    /// line: they act on it when the line is there.
    fn nudge(&self) {
        for pipe in ["hold", "hold-finish", "log/hold"] {
            let _ = write_fifo(&self.dir.join(pipe), b"\n");
        }
    }

    /// Looks like [`until`] does, and nudges now and then.
    pub fn await_scripts<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let mut looks = 0;
        let seen = within(patience(), || {
            looks += 1;
            if looks % 100 == 0 {
                self.nudge();
            }
            look()
        });
        seen.unwrap_or_else(|| panic!("in vain: {what}; the trace is {:?}", self.trace()))
    }

    /// Waits for a line in the trace.
    pub fn await_trace(&self, line: &str) {
        self.await_scripts(line, || self.trace().iter().any(|said| said == line).then_some(()));
    }

    /// Waits until the trace is this, and nothing else.
    pub fn await_traces(&self, lines: &[&str]) {
        self.await_scripts(&format!("{lines:?} in the trace"), || (self.trace() == lines).then_some(()));
    }

    /// The numbers of all the processes of `run` so far.
    pub fn runs(&self) -> Vec<i32> {
        pids(&self.text("trace"))
    }

    /// The same of the log service.
    pub fn log_runs(&self) -> Vec<i32> {
        pids(&self.text("log/trace"))
    }

    /// Waits until `run` was started so many times, and for the record of the last.
    pub fn await_runs(&self, count: usize) -> i32 {
        let last = self.await_scripts(&format!("start {count}"), || self.runs().get(count - 1).copied());
        // The record is written last.
        until_equal("the number of the process", &Some(last), || Status::read(&self.dir).map(|it| it.pid));
        last
    }

    /// Waits until another second than that of the last change has begun. The C sv sees no
    /// difference within one.
    pub fn await_age(&self) {
        let secs = self.status().secs;
        until("the next second", || (Status::now(0, 0, 0).secs > secs).then_some(()));
    }

    /// Waits for a record with these four bytes: state, wish, paused, got TERM.
    pub fn await_record(&self, state: u8, want: u8, paused: u8, got_term: u8) {
        until_equal("the record", &(state, want, paused, got_term), || {
            let record = self.status();
            (record.state, record.want, record.paused, record.got_term)
        });
    }

    /// Waits until a line is in the trace so many times.
    pub fn await_count(&self, line: &str, count: usize) {
        let found = || self.trace().iter().filter(|said| *said == line).count();
        self.await_scripts(line, || (found() == count).then_some(()));
    }

    /// Commands were read up to here, and the state is this; nothing was signalled or started.
    pub fn nothing_happened(&self, stat: &str) {
        let (trace, pid) = (self.trace(), self.status().pid);
        self.control("p");
        until("read", || self.stat().contains(", paused").then_some(()));
        self.control("c");
        self.await_stat(stat);
        assert_eq!((self.trace(), self.status().pid), (trace, pid));
    }

    /// Lets a control script go on that reads a line from `go-LETTER`.
    pub fn release(&self, letter: &str) {
        let path = self.path(&format!("go-{letter}"));
        until("a reader", || write_fifo(&path, b"go\n").ok());
    }

    /// What happened to the log service, without the numbers of processes.
    pub fn log_trace(&self) -> Vec<String> {
        let text = self.text("log/trace");
        text.lines().map(|line| if line.starts_with("run ") { "run".into() } else { line.into() }).collect()
    }

    /// Waits until something was appended to a file.
    pub fn await_more(&self, name: &str) {
        let before = self.text(name).len();
        until(name, || (self.text(name).len() > before).then_some(()));
    }
}

fn pids(trace: &str) -> Vec<i32> {
    trace.lines().filter_map(|line| line.strip_prefix("run ")?.parse().ok()).collect()
}

fn without_pid(line: &str) -> String {
    line.strip_prefix("run ").map_or_else(|| line.to_owned(), |_| "run".into())
}

/// Whether the record, which is written last, says the same as the text of `stat`.
fn says(record: &Status, text: &str) -> bool {
    let mut words = text.split(", ");
    let state = match words.next() {
        Some("run") => status::RUN,
        Some("finish") => status::FINISH,
        _ => status::DOWN,
    };
    let want = match words.find_map(|word| word.strip_prefix("want ")) {
        Some("up") => Some(b'u'),
        Some(_) => Some(b'd'),
        None => None,
    };
    record.state == state && want.is_none_or(|want| record.want == want)
}
