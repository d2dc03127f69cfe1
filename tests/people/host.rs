//! What the cases need to say briefly: services in any state, terminals, JSON.
use nix::pty::{Winsize, openpty};
use platform::{Ended, Pid, Stamp};
use runit::state::{Doing, State};
use runit::status::Want;
use runit_tests::fake::Fake;
use runit_tests::place::{Output, Running};
use runit_tests::rig::{Rig, Service, search_path};
use runit_tests::status::{DOWN, RUN, Status};
use runit_tests::wait::until;
use serde_json::Value;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;

/// A moment that the label of a record keeps.
pub const NANOS: u32 = 123_456_500;

/// A record of this moment.
pub fn now(state: u8, pid: i32, want: u8) -> Status {
    Status { nanos: NANOS, ..Status::now(state, pid, want) }
}

/// A service with a supervisor that is none, in this state.
pub fn fake<'r>(rig: &'r Rig, name: &str, status: Status) -> (Service<'r>, Fake) {
    let service = rig.service(name);
    let fake = service.fake(status);
    (service, fake)
}

/// What a supervisor of ours tells beyond that record.
pub fn state(status: &Status, doing: Doing) -> State {
    State {
        doing,
        ready: None,
        asked: status.got_term != 0,
        pid: Some(status.pid).filter(|pid| *pid != 0).map(Pid),
        want: if status.want == b'u' { Want::Up } else { Want::Down },
        since: Stamp { secs: status.secs, nanos: status.nanos },
        starts: 1,
        last: None,
        ends: 0,
        limit: 0,
        window: 0,
        next: None,
        need: None,
    }
}

/// One that was given up.
pub fn failed(status: &Status) -> State {
    let at = Stamp { secs: status.secs, nanos: status.nanos };
    State { last: Some((Ended::Exit(1), at)), ends: 5, limit: 5, window: 60, ..state(status, Doing::Failed) }
}

/// Has it told.
pub fn tell(service: &Service<'_>, state: &State) {
    fs::write(service.path("supervise/state"), state.line(1)).expect("write");
}

/// The services of most cases: one in each state, with the supervisors that are none.
pub fn six(rig: &Rig) -> Vec<Fake> {
    let (run, down) = (now(RUN, 4711, b'u'), now(DOWN, 0, b'd'));
    let mut fakes = Vec::new();
    let mut add = |name: &str, status: Status, state: Option<State>| {
        let (service, it) = fake(rig, name, status);
        if let Some(state) = state {
            tell(&service, &state);
        }
        fakes.push(it);
    };
    add("ssh", run, None);
    add("ssh/log", now(RUN, 4712, b'u'), None);
    add("web", down, Some(failed(&down)));
    add("slow", run, Some(State { ready: Some(false), ..state(&run, Doing::Run) }));
    let done = now(DOWN, 0, b'u');
    add("mount", done, Some(State { ready: Some(true), ..state(&done, Doing::Done) }));
    add("cron", down, None);
    rig.place.file("sv/cron/down", "");
    rig.service("gone").script("run", "exit 0");
    fakes
}

/// runsvdir over the services.
pub fn supervised(rig: &Rig) -> Running {
    let mut command = rig.command("runsvdir", &[]);
    command.arg(rig.place.path("sv")).env("PATH", search_path());
    rig.place.start(&mut command)
}

/// sv on the services here, with a directory of services that can be enabled.
pub fn sv(rig: &Rig, args: &[&str]) -> Command {
    let mut command = rig.command("sv", args);
    command.env("SVDIR", rig.place.path("sv")).env("RUNIT_SERVICES", rig.place.path("available"));
    command
}

/// The same, run to its end.
pub fn run(rig: &Rig, args: &[&str]) -> Output {
    rig.place.run(&mut sv(rig, args))
}

/// A service that could be enabled, which does what a probe does.
pub fn available(rig: &Rig, name: &str) -> PathBuf {
    rig.place.script(format!("available/{name}/run"), "exec sleep 1000");
    rig.place.path(format!("available/{name}"))
}

/// What a command shows on a terminal, and its code.
pub struct Shown {
    pub text: String,
    pub code: Option<i32>,
}

impl Shown {
    pub fn lines(&self) -> Vec<&str> {
        self.text.lines().collect()
    }

    /// The words of the line of this service.
    pub fn row(&self, name: &str) -> Vec<&str> {
        let rows = self.text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut found = rows.filter(|words| words.get(1) == Some(&name));
        found.next().unwrap_or_else(|| panic!("no {name}: {}", self.text))
    }
}

/// Runs a command on a terminal so wide.
pub fn on_terminal(rig: &Rig, command: &mut Command, columns: u16) -> Shown {
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = openpty(&size, None).expect("a terminal");
    let mut running = rig.place.start_on(command, &pty.slave);
    // The command holds them too.
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut master = File::from(pty.master);
    let read = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // Its end is an error where it is none of the file.
        let _ = master.read_to_end(&mut bytes);
        bytes
    });
    let code = running.wait().code();
    // FreeBSD throws away what is not read within a second of the last close.
    let _ = nix::sys::termios::tcdrain(&pty.slave);
    drop(pty.slave);
    let bytes = read.join().expect("what it showed");
    Shown { text: String::from_utf8_lossy(&bytes).replace("\r\n", "\n"), code }
}

/// sv status on a terminal without colours.
pub fn table(rig: &Rig, args: &[&str], columns: u16) -> Shown {
    on_terminal(rig, sv(rig, args).env("NO_COLOR", "1"), columns)
}

/// The text as JSON.
pub fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

/// The array that a command shows.
pub fn array(rig: &Rig, args: &[&str]) -> Vec<Value> {
    let done = run(rig, args);
    assert_eq!(done.err, "", "{done:?}");
    match parsed(&done.out) {
        Value::Array(all) => all,
        other => panic!("no array: {other}"),
    }
}

/// The object of this service.
pub fn object<'a>(all: &'a [Value], name: &str) -> &'a Value {
    all.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("no {name}: {all:?}"))
}

/// Waits until a running command has shown this.
pub fn await_out(running: &Running, part: &str) {
    until(&format!("{part} in {:?}", running.out()), || running.out().contains(part).then_some(()));
}

/// The same for a number of lines; all lines.
pub fn await_lines(running: &Running, count: usize) -> Vec<String> {
    until(&format!("{count} lines"), || (running.out().lines().count() >= count).then_some(()));
    running.out().lines().map(str::to_owned).collect()
}
