//! A system with daemons: Debian's programs, our process 1 with the stages that come with it, and services from
//! docs/daemons.md. It is made of namespaces and memory; nothing of the real one changes.
use crate::data;
use crate::page;
use crate::times::{Line, Seconds, lines, seconds};
use runit::state::{Doing, State};
use runit_tests::namespace::{Machine, System, demand, eventually};
use runit_tests::place::{Output, Running};
use runit_tests::rig::masked;
use runit_tests::suite::skip;
use runit_tests::wait::{patience, set_patience, until, within};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Daemons with much to do start slowly on a busy machine.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Everybody whom Debian's packages make when they are installed.
const USERS: [(&str, u32); 9] = [
    ("root", 0),
    ("www-data", 33),
    ("redis", 901),
    ("postgres", 902),
    ("mysql", 903),
    ("haproxy", 904),
    ("_chrony", 905),
    ("messagebus", 906),
    ("nobody", 65534),
];

/// Where `ci/daemons` has put the programs; a case without them is skipped.
pub fn base() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/daemons/root");
    path.canonicalize().unwrap_or_else(|_| skip("no daemons (see ci/daemons)"))
}

/// A system before its start.
pub struct Plan {
    services: Vec<String>,
    files: BTreeMap<String, String>,
    prepare: String,
    alone: bool,
}

/// With these services, which start by themselves unless they are told otherwise.
pub fn with(services: &[&str]) -> Plan {
    let services = services.iter().map(|&name| name.to_owned()).collect();
    Plan { services, files: page::files(), prepare: String::new(), alone: false }
}

impl Plan {
    /// Another file of a service, `SERVICE/FILE`, or of the system, `/FILE`.
    pub fn file(mut self, name: &str, text: &str) -> Plan {
        self.files.insert(name.to_owned(), text.to_owned());
        self
    }

    /// With the section of the page about order.
    pub fn ordered(mut self) -> Plan {
        self.files.extend(page::order());
        self
    }

    /// Nothing starts by itself.
    pub fn down(mut self) -> Plan {
        for name in &self.services {
            self.files.insert(format!("{name}/down"), String::new());
        }
        self
    }

    /// Commands of the shell before process 1 is there.
    pub fn prepare(mut self, script: &str) -> Plan {
        self.prepare.push_str(script);
        self.prepare.push('\n');
        self
    }

    /// Everybody is one user, as whoever may make namespaces can have it without being root.
    pub fn alone(mut self) -> Plan {
        self.alone = true;
        self
    }

    /// Starts it, and waits for the supervisors.
    pub fn boot(self) -> World {
        let names = self.services.clone();
        let world = self.bare();
        for name in &names {
            world.eventually(
                name,
                &format!(
                    "dd if=/dev/null of=/service/{name}/supervise/ok oflag=nonblock conv=nocreat,notrunc"
                ),
            );
        }
        world
    }

    /// The same with no regard for services.
    pub fn bare(self) -> World {
        demand(&["runit", "runit-init", "runsvdir", "runsv", "sv", "svlogd", "chpst"]);
        set_patience(PATIENCE);
        let alone = self.alone || !nix::unistd::geteuid().is_root();
        let mut system = System::new().on(base());
        if !alone {
            system = system.with_users();
        }
        let list = |line: &dyn Fn(&str, u32) -> String| -> String {
            USERS.iter().map(|(name, id)| line(name, *id)).collect()
        };
        system = system
            .file("etc/passwd", &list(&|name, id| format!("{name}:x:{id}:{id}::/:/bin/sh\n")))
            .file("etc/group", &list(&|name, id| format!("{name}:x:{id}:\n")))
            .file("etc/hosts", "127.0.0.1 localhost\n");
        for stage in ["1", "2", "3"] {
            system = system.copy(&format!("etc/linux/{stage}"), &format!("etc/runit/{stage}"));
        }
        let mut prepare = WORDS.to_owned();
        for (path, text) in &self.files {
            let paths = match (path.strip_prefix('/'), path.strip_prefix("*/")) {
                (Some(path), _) => vec![path.to_owned()],
                (None, Some(file)) => {
                    self.services.iter().map(|name| format!("etc/sv/{name}/{file}")).collect()
                }
                (None, None) => vec![format!("etc/sv/{path}")],
            };
            for path in paths {
                if text.starts_with("#!") {
                    prepare.push_str(&format!("chmod 755 '/{path}'\n"));
                }
                system = system.file(&path, text);
            }
        }
        if alone {
            system = system.file("opt/chpst", ALONE);
            prepare.push_str("chmod 755 /opt/chpst; ln -s /opt/chpst /sbin/chpst\n");
        } else {
            prepare.push_str("ln -s /opt/programs/chpst /sbin/chpst\n");
        }
        for name in &self.services {
            prepare.push_str(&data::preparation(name, alone));
            prepare.push_str(&format!("ln -s '/etc/sv/{name}' /service/\n"));
        }
        prepare.push_str(&self.prepare);
        let mut machine = system.prepare(&prepare).before("SVWAIT=60").boot();
        // Before that, what is run in it may find the root of this system.
        let up = |line: &String| line.ends_with("enter stage: /etc/runit/2");
        within(patience(), || (!machine.up() || machine.lines().iter().any(up)).then_some(()));
        assert!(machine.up(), "it does not boot; the console: {:#?}", machine.lines());
        World { machine }
    }
}

/// `own` is chown, where there is somebody else.
const WORDS: &str = "own() { chown \"$@\" 2>/dev/null || :; }
umask 022
chmod 1777 /tmp
mkdir -p /var/log /var/tmp /run/lock
ln -s /run /var/run
mount -t tmpfs -o mode=1777 shm /dev/shm 2>/dev/null || { mkdir /dev/shm; mount -t tmpfs -o mode=1777 shm /dev/shm; }
";

/// What a system with one user has for chpst: `-u` is a namespace in which that one is called so.
const ALONE: &str = "#!/bin/sh
user= words=
while :; do
	case $1 in
	-u)
		user=$2
		shift 2
		;;
	--*=*)
		words=\"$words $1\"
		shift
		;;
	*) break ;;
	esac
done
test -z \"$user\" ||
	set -- unshare --user --map-user=\"$(id -u \"$user\")\" --map-group=\"$(id -g \"$user\")\" \"$@\"
exec /opt/programs/chpst $words \"$@\"
";

/// A system that runs. Dropping it ends it and all that runs in it.
pub struct World {
    pub machine: Machine,
}

impl World {
    pub fn run(&self, script: &str) -> Output {
        self.machine.run(&format!("{INSIDE}\n{script}"))
    }

    pub fn start(&self, script: &str) -> Running {
        self.machine.start(&format!("{INSIDE}\n{script}"))
    }

    /// Runs what must not fail, and returns what it says.
    pub fn sh(&self, script: &str) -> String {
        let done = self.run(script);
        assert_eq!(done.code, Some(0), "{script}: {done:?}; the logs: {}", self.logs());
        done.out.trim_end().to_owned()
    }

    /// Runs sv, which must say this, numbers masked.
    pub fn sv(&self, words: &str, says: &str) {
        let done = self.run(&format!("sv {words}"));
        let said = masked(&done.out);
        // Of the log nothing is expected but that it is there.
        let said = said.trim_end().trim_end_matches("; run: log: (pid p) Ts");
        assert!(said == says, "sv {words}: {done:?}; the logs: {}", self.logs());
    }

    /// Waits until a script succeeds.
    pub fn eventually(&self, what: &str, script: &str) {
        let done = eventually(|looks| self.run(looks), script);
        assert!(done.code == Some(0), "in vain: {what}: {done:?}; the logs: {}", self.logs());
    }

    pub fn text(&self, path: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.machine.path(path)).unwrap_or_default()).into_owned()
    }

    /// What the supervisor of a service knows.
    pub fn state(&self, name: &str) -> State {
        let path = self.machine.path(&format!("/etc/sv/{name}/supervise/state"));
        until("a state", || State::read(&fs::read(&path).ok()?))
    }

    pub fn await_state(&self, name: &str, what: &str, is: impl Fn(&State) -> bool) -> State {
        let found = within(patience(), || Some(self.state(name)).filter(&is));
        found.unwrap_or_else(|| {
            panic!("in vain: {name} {what}: {:?}; the logs: {}", self.state(name), self.logs())
        })
    }

    /// Waits until it runs and has said that it is ready.
    pub fn await_ready(&self, name: &str) -> State {
        self.await_state(name, "is ready", |state| state.doing == Doing::Run && state.ready == Some(true))
    }

    /// Waits until it runs for the time so many and is ready.
    pub fn await_ready_start(&self, name: &str, starts: u32) -> State {
        self.await_state(name, "is ready again", |state| {
            state.doing == Doing::Run && state.ready == Some(true) && state.starts >= starts
        })
    }

    pub fn await_doing(&self, name: &str, doing: Doing) -> State {
        self.await_state(name, &format!("is {doing:?}"), |state| state.doing == doing)
    }

    /// The process of `run`, as it is called inside.
    pub fn pid(&self, name: &str) -> i32 {
        self.state(name).pid.map_or_else(|| panic!("{name} has no process"), |pid| pid.0)
    }

    pub fn log(&self, name: &str) -> Vec<Line> {
        lines(&self.text(&format!("/var/log/sv/{name}/current")))
    }

    /// Waits until the log has so many lines with these words, and returns the last of them.
    pub fn said_times(&self, name: &str, words: &str, count: usize) -> Line {
        let found = within(patience(), || {
            let mut lines = self.log(name);
            lines.retain(|line| line.text.contains(words));
            lines.into_iter().nth(count - 1)
        });
        found.unwrap_or_else(|| panic!("in vain: {words:?} of {name}; the logs: {}", self.logs()))
    }

    pub fn said(&self, name: &str, words: &str) -> Line {
        self.said_times(name, words, 1)
    }

    pub fn count(&self, name: &str, words: &str) -> usize {
        self.log(name).iter().filter(|line| line.text.contains(words)).count()
    }

    /// The ends of the logs, and of the console.
    pub fn logs(&self) -> String {
        let done =
            self.machine.run("tail -n 15 /var/log/sv/*/current; ps -e -o pid,ppid,stat,cmd | cut -c 1-120");
        format!("{}\nthe console: {:#?}", done.out, self.machine.lines())
    }

    /// When a service's `run` ended last.
    pub fn ended(&self, name: &str) -> Seconds {
        self.state(name).last.map_or_else(|| panic!("{name} has not ended"), |(_, at)| seconds(at))
    }
}

const INSIDE: &str = "export HOME=/root LC_ALL=C PATH=$PATH:/usr/lib/postgresql/15/bin SVWAIT=60";
