//! What the cases need to say briefly: services that have some of the files, and what is told of them.
use runit::state::{Doing, State};
use runit::status::Want;
use runit_tests::place::{Output, Running};
use runit_tests::rig::{Rig, Service, masked};
use runit_tests::wait::{until, until_equal};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The files of a service: names and contents.
pub type Files<'a> = &'a [(&'a str, &'a str)];

/// Writes them.
pub fn files(service: &Service<'_>, files: Files<'_>) {
    for (name, text) in files {
        service.file(name, text);
    }
}

/// A service with these files that does what it is told, up, under a runsv.
pub fn with(said: Files<'_>, look: impl FnOnce(&Service<'_>, &mut Running)) {
    with_first("", said, look);
}

/// The same, and its script does something before.
pub fn with_first(first: &str, said: Files<'_>, look: impl FnOnce(&Service<'_>, &mut Running)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    files(service.probe_with(first), said);
    let mut runsv = service.up();
    look(&service, &mut runsv);
}

/// The same with a `finish` that notes how it is called.
pub fn with_finish(said: Files<'_>, look: impl FnOnce(&Service<'_>, &mut Running)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    files(service.probe().finish(), said);
    let mut runsv = service.up();
    look(&service, &mut runsv);
}

/// One that only notes TERM.
pub fn with_stubborn(said: Files<'_>, look: impl FnOnce(&Service<'_>, &mut Running)) {
    with_first("trap 'echo TERM >>trace' TERM", said, look);
}

/// A service of which `run` is this script, which notes its start before it does anything else; runsv answers.
pub fn with_run(run: &str, said: Files<'_>, look: impl FnOnce(&Service<'_>, &mut Running)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    files(service.script("run", &format!("echo run $$ >>trace\n{run}")).finish(), said);
    let mut runsv = service.supervise();
    look(&service, &mut runsv);
}

/// What is asked of a service here beyond what all suites ask.
pub trait Told {
    /// The line that its supervisor keeps, taken apart.
    fn state(&self) -> Option<State>;
    /// Waits until it is doing that.
    fn await_doing(&self, doing: Doing) -> State;
    /// Waits until it says so of readiness.
    fn await_ready(&self, ready: Option<bool>) -> State;
    /// What sv says of it: the line with letters in the place of numbers.
    fn line(&self) -> String;
    /// Waits until that is so.
    fn await_line(&self, line: &str);
    /// Runs sv with a word, and holds what it says, and its code, against these.
    fn obeys(&self, words: &[&str], line: &str, code: i32);
    /// So many starts so far.
    fn starts(&self) -> usize;
    /// Waits until commands were read that came before, and shows that the service is in that state then.
    fn stays(&self, stat: &str);
}

/// Takes the line of a `supervise` apart.
pub fn state_in(dir: &Path) -> Option<State> {
    State::read(&fs::read(dir.join("supervise/state")).ok()?)
}

impl Told for Service<'_> {
    fn state(&self) -> Option<State> {
        state_in(&self.dir)
    }

    fn await_doing(&self, doing: Doing) -> State {
        let what = format!("{doing:?} of {:?}", self.trace());
        let state = until(&what, || self.state().filter(|state| state.doing == doing));
        // The other files follow.
        until("the record of it", || {
            let status = self.status();
            let pid = state.pid.map_or(0, |pid| pid.0);
            let want = (status.want == b'u') == (state.want == Want::Up);
            (want && status.pid == pid && status.secs == state.since.secs).then_some(())
        });
        state
    }

    fn await_ready(&self, ready: Option<bool>) -> State {
        until(&format!("ready {ready:?}"), || self.state().filter(|state| state.ready == ready))
    }

    fn line(&self) -> String {
        let done = self.rig.sv(&["status", &self.name]);
        assert_eq!((done.err.as_str(), done.code), ("", Some(0)), "{done:?}");
        masked(done.out.trim_end_matches('\n'))
    }

    fn await_line(&self, line: &str) {
        until_equal("the line", &line.to_owned(), || self.line());
    }

    fn obeys(&self, words: &[&str], line: &str, code: i32) {
        let mut all = words.to_vec();
        all.push(&self.name);
        let done = self.rig.sv(&all);
        let line = if line.is_empty() { String::new() } else { format!("{line}\n") };
        let seen = (masked(&done.out), done.err.as_str(), done.code);
        assert_eq!(seen, (line, "", Some(code)), "{words:?}; the trace is {:?}", self.trace());
    }

    fn starts(&self) -> usize {
        self.runs().len()
    }

    fn stays(&self, stat: &str) {
        self.control("p");
        until("read", || self.status().paused.eq(&1).then_some(()));
        self.control("c");
        until("read", || self.status().paused.eq(&0).then_some(()));
        self.await_stat(stat);
    }
}

/// Runs something, and how long it took.
pub fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = what();
    (result, start.elapsed())
}

/// What runsv has said, without what it says in front.
pub fn warnings(runsv: &Running) -> Vec<String> {
    let text = runsv.err();
    let line = |line: &str| line.strip_prefix("runsv foo: warning: ").unwrap_or(line).to_owned();
    text.lines().map(line).collect()
}

/// Runs the sv of somebody else on the services here.
pub fn foreign_sv(rig: &Rig, sv: &Path, args: &[&str]) -> Output {
    let mut command = rig.place.command(sv);
    rig.place.run(command.args(args).env("SVDIR", rig.place.path("sv")))
}
