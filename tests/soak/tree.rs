//! The tree of services, and what it should be like.
use runit_tests::place::Place;
use runit_tests::programs::Programs;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// While this is there, services neither write nor crash.
pub(crate) const CALM: &str = "calm";

/// A service as it should be.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) number: usize,
    /// Its name in the scan directory.
    pub(crate) name: String,
    /// The scan directory has a link to it, not the directory itself.
    pub(crate) link: bool,
    /// It is in the scan directory.
    pub(crate) present: bool,
    pub(crate) up: bool,
    /// There is a file `down`.
    pub(crate) down: bool,
    /// Its state has to be asked for again, after `once`.
    pub(crate) again: bool,
    /// Its supervisor may have been another: no commands until all is calm. Then it is as it is, or as the
    /// file `down` says.
    pub(crate) unsure: bool,
    /// The last thing that may have ended its log service.
    pub(crate) log_touched: Instant,
    /// When it was last taken out of the scan directory.
    pub(crate) taken_out: Instant,
    /// The client that is at work on it.
    pub(crate) client: Option<i32>,
}

pub(crate) struct Tree {
    pub(crate) place: Place,
    pub(crate) services: Vec<Service>,
}

impl Tree {
    /// Services with numbers below `count`, made and not yet supervised.
    pub(crate) fn new(count: usize) -> Tree {
        let place = Place::below("/dev/shm");
        ["scan", "sv", "gone", "progress"].iter().for_each(|name| drop(place.dir(name)));
        let now = Instant::now();
        let own = std::env::current_exe().expect("the path of this program");
        let root = place.root().display().to_string();
        // One of each kind; the services have links to them.
        place.script(
            "kinds/run",
            &format!("exec {} serve {root} \"$(cat number)\" 2>>{root}/said", own.display()),
        );
        let svlogd = Programs::get().path("svlogd");
        for (name, option) in [("plain", ""), ("stamped", "-tt ")] {
            let text = format!("exec {} -b 2048 {option}../main", svlogd.display());
            place.script(format!("kinds/{name}"), &text);
        }
        place.script("kinds/finish", "exit 0");
        // TERM is left to the script.
        place.script("kinds/term", "kill -TERM $1");
        place.script("kinds/other", "exit 1");
        let services = (0..count)
            .map(|number| Service {
                number,
                name: format!("s{number}"),
                link: number % 2 == 0,
                present: false,
                up: true,
                down: false,
                again: false,
                unsure: false,
                log_touched: now,
                taken_out: now,
                client: None,
            })
            .collect();
        let mut tree = Tree { place, services };
        for number in 0..count {
            tree.make(number);
            tree.put_in(number);
        }
        tree
    }

    /// The directory while it is not itself in the scan directory.
    pub(crate) fn outside(&self, number: usize) -> PathBuf {
        self.place.path(if self.services[number].link { "sv" } else { "gone" }).join(number.to_string())
    }

    pub(crate) fn scanned(&self, number: usize) -> PathBuf {
        self.place.path("scan").join(&self.services[number].name)
    }

    /// Where it is now.
    pub(crate) fn dir(&self, number: usize) -> PathBuf {
        let service = &self.services[number];
        if service.present && !service.link { self.scanned(number) } else { self.outside(number) }
    }

    pub(crate) fn notes(&self, number: usize) -> PathBuf {
        self.place.path("progress").join(number.to_string())
    }

    /// Makes the directory of a service, outside of the scan directory.
    pub(crate) fn make(&mut self, number: usize) {
        let dir = self.outside(number);
        let kind = |name: &str| self.place.path("kinds").join(name);
        let to = |name: &str, at: &str| symlink(kind(name), dir.join(at)).expect("a link");
        ["log", "main", "control"].iter().for_each(|name| fs::create_dir_all(dir.join(name)).expect("mkdir"));
        fs::create_dir_all(self.notes(number)).expect("mkdir");
        fs::write(dir.join("number"), number.to_string()).expect("write");
        to("run", "run");
        to(if number % 4 < 2 { "plain" } else { "stamped" }, "log/run");
        if number % 5 < 3 {
            to("finish", "finish");
        }
        if number % 7 == 0 {
            to("term", "control/t");
        }
        if number % 7 < 3 {
            ["u", "d", "h"].iter().for_each(|name| to("other", &format!("control/{name}")));
        }
        self.services[number].down = false;
        configure(&dir, number, 6_000, 0);
    }

    pub(crate) fn put_in(&mut self, number: usize) {
        let (outside, scanned) = (self.outside(number), self.scanned(number));
        let done =
            if self.services[number].link { symlink(outside, scanned) } else { fs::rename(outside, scanned) };
        done.expect("a new name in the scan directory");
        let service = &mut self.services[number];
        (service.present, service.unsure) = (true, true);
    }

    pub(crate) fn take_out(&mut self, number: usize) {
        let (outside, scanned) = (self.outside(number), self.scanned(number));
        let done =
            if self.services[number].link { fs::remove_file(scanned) } else { fs::rename(scanned, outside) };
        done.expect("a name less in the scan directory");
        let service = &mut self.services[number];
        service.present = false;
        service.taken_out = Instant::now();
    }

    /// Gives it another name.
    pub(crate) fn rename(&mut self, number: usize, name: String) {
        let old = self.scanned(number);
        self.services[number].name = name;
        fs::rename(old, self.scanned(number)).expect("another name");
    }

    /// Whether its supervisor can be talked to.
    pub(crate) fn is_supervised(&self, number: usize) -> bool {
        runit_tests::place::write_fifo(&self.dir(number).join("supervise/ok"), b"").is_ok()
    }

    /// How many there are in the scan directory.
    pub(crate) fn present(&self) -> usize {
        self.services.iter().filter(|service| service.present).count()
    }
}

/// The configuration of svlogd; every tenth has a processor.
pub(crate) fn configure(dir: &Path, number: usize, size: u64, seconds: u64) {
    let processor = if number % 10 == 1 { "!exec cat\n" } else { "" };
    let new = dir.join("main/config.new");
    fs::write(&new, format!("s{size}\nn0\nt{seconds}\n{processor}")).expect("write");
    fs::rename(new, dir.join("main/config")).expect("rename");
}

/// Whether a file may be executed by its owner.
pub(crate) fn is_whole(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o100 != 0)
}
