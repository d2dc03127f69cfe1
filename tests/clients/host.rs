//! A machine on which clients are installed where they expect to be, with Debian's stages. It is
//! made of namespaces; nothing of the real one changes.
use crate::fetched::client;
use runit_tests::namespace::{Machine, System, demand, eventually};
use runit_tests::place::Output;
use runit_tests::wait::{patience, within};
use std::fs;

/// What each script may use: `service DIRECTORY [COMMANDS [WHERE]]` makes one, complete before it
/// is there. It notes its starts in a file, which is below WHERE.
const WORDS: &str = "
service() {
	mkdir -p \"${1%/*}\" \"$1.new\"
	printf '#!/bin/sh\\necho run $$ >>%strace\\n%s\\n' \"${3:+$3/}\" \"${2:-exec sleep 100000}\" >\"$1.new/run\"
	chmod 755 \"$1.new/run\"
	mv \"$1.new\" \"$1\"
}
";

pub struct Host {
    machine: Machine,
}

impl Host {
    /// Boots one with some of `target/clients` and whatever the script prepares; process 1 is
    /// the one under test.
    pub fn boot(clients: &[&str], prepare: &str) -> Host {
        demand(&["runit", "runit-init"]);
        let mut system = System::new();
        for name in ["helpers"].iter().chain(clients) {
            client(name);
            system = system.copy(&format!("target/clients/{name}"), &format!("clients/{name}"));
        }
        let prepare = format!("{WORDS}{}\n{prepare}", include_str!("merge.sh"));
        Host { machine: system.prepare(&prepare).boot() }
    }

    /// The same, and runsvdir is there.
    pub fn up(clients: &[&str], prepare: &str) -> Host {
        let mut host = Host::boot(clients, prepare);
        let up = |line: &String| line.contains("enter stage: /etc/runit/2");
        within(patience(), || (!host.machine.up() || host.machine.lines().iter().any(up)).then_some(()));
        assert!(host.machine.up(), "it does not boot; the console: {:#?}", host.machine.lines());
        host.eventually("runsvdir", "start-stop-daemon --status --name runsvdir");
        host
    }

    pub fn into_machine(self) -> Machine {
        self.machine
    }

    pub fn run(&self, script: &str) -> Output {
        self.machine.run(&format!("set -e\nexport HOME=/me TERM=linux LC_ALL=C\n{WORDS}\n{script}"))
    }

    /// Runs what must not fail, and returns what it says.
    pub fn sh(&self, script: &str) -> String {
        let done = self.run(script);
        assert_eq!(done.code, Some(0), "{script}: {done:?}; the console: {:#?}", self.machine.lines());
        done.out
    }

    /// Waits until a script succeeds.
    pub fn eventually(&self, what: &str, script: &str) {
        let done = eventually(|looks| self.run(looks), script);
        assert!(done.code == Some(0), "in vain: {what}: {done:?}; the console: {:#?}", self.machine.lines());
    }

    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.machine.path(path)).unwrap_or_default()
    }

    /// Whether it is there, be it a link to nothing.
    pub fn has(&self, path: &str) -> bool {
        fs::symlink_metadata(self.machine.path(path)).is_ok()
    }

    pub fn link(&self, path: &str) -> String {
        fs::read_link(self.machine.path(path)).map(|to| to.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The processes that the service has had.
    pub fn runs(&self, service: &str) -> Vec<String> {
        let text = self.text(&format!("{service}/trace"));
        text.lines().filter_map(|line| line.strip_prefix("run ")).map(str::to_owned).collect()
    }

    /// Waits until it was started so many times and its supervisor says so.
    pub fn await_runs(&self, service: &str, count: usize) -> String {
        let what = format!("start {count} of {service}");
        let found = within(patience(), || self.runs(service).get(count - 1).cloned());
        let pid =
            found.unwrap_or_else(|| panic!("in vain: {what}; the console: {:#?}", self.machine.lines()));
        self.eventually(&what, &format!("test \"$(cat {service}/supervise/pid)\" = {pid}"));
        pid
    }

    /// Waits until it was started so many times, whatever came of that.
    pub fn await_runs_of_any(&self, service: &str, count: usize) {
        let found = within(patience(), || (self.runs(service).len() >= count).then_some(()));
        assert!(found.is_some(), "in vain: start {count} of {service}");
    }

    /// Waits until `stat` says this.
    pub fn await_stat(&self, service: &str, stat: &str) {
        self.eventually(stat, &format!("test \"$(cat {service}/supervise/stat)\" = '{stat}'"));
    }

    /// Waits until it has no process and shall have none.
    pub fn await_rest(&self, service: &str) {
        self.await_stat(service, "down");
        // With a wish to be up the text of `stat` is longer; the record has one letter for it.
        self.eventually(
            "no wish to be up",
            &format!("test \"$(dd if={service}/supervise/status bs=1 skip=17 count=1 2>/dev/null)\" = d"),
        );
    }

    /// Waits until nobody supervises it.
    pub fn await_end(&self, service: &str) {
        // A pipe without a reader cannot be opened: the shell would wait, so dd does it.
        self.eventually(
            "the end of the supervisor",
            &format!(
                "! dd if=/dev/null of={service}/supervise/ok oflag=nonblock conv=nocreat,notrunc 2>/dev/null"
            ),
        );
    }

    pub fn alive(&self, pid: &str) -> bool {
        self.run(&format!("kill -0 {pid}")).code == Some(0)
    }

    /// Process 1 and runsvdir are what they were at the start of a case.
    pub fn runsvdir(&self) -> String {
        self.sh("for dir in /proc/[0-9]*; do read -r name <$dir/comm; test \"$name\" != runsvdir || echo ${dir##*/}; done | sort -n | head -n 1")
    }
}
