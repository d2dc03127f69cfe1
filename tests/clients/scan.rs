//! Services under runsvdir, as clients find them: a directory of links.
use runit_tests::place::{Output, Place, Running};
use runit_tests::programs::Programs;
use runit_tests::rig::{Rig, Service, masked};
use runit_tests::status::Status;
use runit_tests::tools;
use runit_tests::wait::{patiently, until};
use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

/// How many seconds the waiting commands get for what cannot happen.
const SHORT: &str = "1";

/// Service directories in `sv`, links to some of them in `scan`, and a runsvdir on these.
pub struct Scan {
    pub rig: Rig,
    runsvdir: RefCell<Option<Running>>,
    impatient: Cell<bool>,
}

impl Scan {
    /// Nothing is there yet, and runsvdir is not running.
    pub fn new() -> Scan {
        let rig = Rig::new();
        rig.place.dir("scan");
        Scan { rig, runsvdir: RefCell::new(None), impatient: Cell::new(false) }
    }

    pub fn place(&self) -> &Place {
        &self.rig.place
    }

    /// The directory in which clients look for services.
    pub fn dir(&self) -> PathBuf {
        self.place().path("scan")
    }

    pub fn link_path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// A service that is linked.
    pub fn service(&self, name: &str) -> Service<'_> {
        let service = self.rig.service(name);
        symlink(&service.dir, self.link_path(name)).expect("a link");
        service
    }

    /// Runs a command of python3.
    pub fn run_python(&self, command: &mut Command) -> Output {
        patiently(|| self.place().run(command))
    }

    /// A command that finds the programs under test before those of the system, and its services.
    pub fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = self.place().command(program.into());
        command.env("PATH", path()).env("SVDIR", self.dir()).env("HOME", self.place().root());
        if self.impatient.get() {
            command.env("SVWAIT", SHORT);
        }
        command
    }

    /// From now on commands wait for a short time: for what does not happen.
    pub fn hurry(&self) {
        self.impatient.set(true);
    }

    /// Starts runsvdir.
    pub fn start(&self) {
        let mut command = self.command(runit_tests::rig::program("runsvdir"));
        *self.runsvdir.borrow_mut() = Some(self.place().start(command.arg(self.dir())));
    }

    /// A service that runs, with its process.
    pub fn up(&self, name: &str) -> (Service<'_>, i32) {
        let service = self.service(name);
        service.probe();
        self.start();
        let pid = service.await_runs(1);
        service.await_stat("run");
        (service, pid)
    }

    /// A supervised service that is up and only notes TERM.
    pub fn stubborn(&self, name: &str) -> (Service<'_>, i32) {
        let service = self.service(name);
        service.stubborn();
        self.start();
        let pid = service.await_runs(1);
        service.await_stat("run");
        (service, pid)
    }

    /// A supervised service that is down and was never up.
    pub fn down(&self, name: &str) -> Service<'_> {
        let service = self.service(name);
        service.probe().file("down", "");
        self.start();
        service.await_ok();
        service.await_stat("down");
        service
    }

    /// A supervised service that is tried again and again, and ends before it does a thing.
    pub fn crashing(&self, name: &str) -> Service<'_> {
        let service = self.service(name);
        broken(&service);
        self.start();
        service.await_ok();
        until("a first try", || (!self.said().is_empty()).then_some(()));
        self.hurry();
        service
    }

    /// What runsvdir, the supervisors and the services have said on descriptor 2.
    pub fn said(&self) -> String {
        self.runsvdir.borrow().as_ref().map_or_else(String::new, Running::err)
    }

    /// What sv says of a service, without the numbers.
    pub fn status(&self, name: &str) -> String {
        masked(&self.sv(&["status", name]).out)
    }

    pub fn sv(&self, args: &[&str]) -> Output {
        self.place().run(self.command(runit_tests::rig::program("sv")).args(args))
    }
}

/// What C runit's sv fails to see only now and then: it takes a process for one that runs if it
/// looks in the very moment before its end. So with C one of several tries is enough.
pub fn seldom_missed(holds: fn()) {
    if Programs::get().ours() { holds() } else { in_some_try(holds) }
}

/// What sv status says of a process in the moment before its end is not wrong, but no news either.
/// One of several tries is enough.
pub fn in_some_try(holds: fn()) {
    const TRIES: usize = 4;
    if !(1..TRIES).any(|_| std::panic::catch_unwind(holds).is_ok()) {
        holds();
    }
}

/// The directories of programs: ours first.
pub fn path() -> OsString {
    tools::search_path_behind(Programs::get().dir())
}

/// Gives the service a `run` whose interpreter does not exist: it never lives long enough to be
/// taken for one that works.
pub fn broken(service: &Service<'_>) {
    service.rig.place.executable(service.path("run"), "#!/nonexistent/interpreter\n");
}

/// Whether it has no process and shall have none.
pub fn rests(service: &Service<'_>) -> bool {
    Status::read(&service.dir).is_some_and(|it| it.pid == 0 && it.state == 0 && it.want == b'd')
}

pub fn await_rest(service: &Service<'_>) {
    until("a service at rest", || rests(service).then_some(()));
}

pub fn is_link(path: &PathBuf) -> bool {
    fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink())
}
