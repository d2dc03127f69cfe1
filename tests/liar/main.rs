//! The liar: two to twelve clients at a time send random commands to one runsv, and to several under
//! runsvdir. The services keep a record of what happens to them; whatever sv says, above all `ok:`, is held
//! against that. So is its exit code: 0 if every line says ok.
//!
//! `LIAR_SECONDS` is how long this takes, `LIAR_SEED` which command comes when.
mod judge;
mod service;

use judge::{Claim, Record, now};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use platform_sim::Random;
use runit_tests::place::{Place, write_fifo};
use runit_tests::programs::Programs;
use runit_tests::status::Status;
use runit_tests::tools;
use runit_tests::wait;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const SECONDS: u64 = 3;
/// One has nothing but `run`, one `finish`, one control scripts, one all of it; the last is alone with its
/// supervisor, the others are below runsvdir.
const SERVICES: [(&str, bool, bool); 5] = [
    ("plain", false, false),
    ("finish", true, false),
    ("control", false, true),
    ("both", true, true),
    ("alone", true, true),
];
const CLIENTS: usize = 12;
const WORDS: [&str; 24] = [
    "start",
    "stop",
    "restart",
    "restart",
    "up",
    "down",
    "once",
    "hup",
    "hup",
    "alarm",
    "1",
    "2",
    "term",
    "interrupt",
    "quit",
    "kill",
    "reload",
    "status",
    "check",
    "force-stop",
    "force-restart",
    "try-restart",
    "restart",
    "start",
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Services whose directories keep a record.
fn prepare(place: &Place) {
    let own = std::env::current_exe().expect("the path of this program");
    let own = own.display();
    for (name, finish, control) in SERVICES {
        let dir = Path::new(if name == "alone" { "other" } else { "sv" }).join(name);
        place.script(dir.join("run"), &format!("exec {own} run"));
        if finish {
            place.script(dir.join("finish"), &format!("exec {own} finish"));
        }
        if control {
            // They take a moment, and leave the signal to runsv.
            for letter in ["h", "t", "u"] {
                place.script(dir.join("control").join(letter), "sleep 0.0$(($$ % 4))\nexit 1");
            }
        }
    }
}

struct Stage<'p> {
    place: &'p Place,
    claims: Mutex<Vec<(&'static str, Claim)>>,
    wrong: Mutex<Vec<String>>,
    /// So many clients are at work.
    active: AtomicUsize,
    end: Instant,
}

impl Stage<'_> {
    fn dir(&self, name: &str) -> std::path::PathBuf {
        self.place.path(if name == "alone" { "other" } else { "sv" }).join(name)
    }

    fn lie(&self, text: String) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// One client: a command after the other.
    fn client(&self, number: usize, mut random: Random) {
        while Instant::now() < self.end {
            if number >= self.active.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(20));
            } else if random.chance(25) {
                self.letters(&mut random);
            } else {
                self.sv(&mut random);
            }
        }
    }

    /// Letters from somebody who asks nothing.
    fn letters(&self, random: &mut Random) {
        let (name, ..) = SERVICES[random.below(SERVICES.len() as u64) as usize];
        let all: [&[u8]; 10] = [b"h", b"hh12", b"t", b"u", b"d", b"o", b"k", b"pc", b"ua", b"du"];
        let letters = all[random.below(all.len() as u64) as usize];
        drop(write_fifo(&self.dir(name).join("supervise/control"), letters));
    }

    fn sv(&self, random: &mut Random) {
        let word = WORDS[random.below(WORDS.len() as u64) as usize];
        let first = random.below(SERVICES.len() as u64) as usize;
        let count = if SERVICES[first].0 == "alone" { 1 } else { 1 + random.below(3) as usize };
        let names: Vec<&'static str> =
            SERVICES.iter().map(|(name, ..)| *name).filter(|name| *name != "alone").collect();
        let names: Vec<&'static str> = match SERVICES[first].0 {
            "alone" => vec!["alone"],
            _ => (0..count.min(names.len())).map(|at| names[(first + at) % names.len()]).collect(),
        };
        let mut command = self.place.command(Programs::get().path("sv"));
        command.args(["-v", "-w", "3", word]).args(names.iter().map(|name| self.dir(name)));
        let begin = now();
        let done = command.stderr(Stdio::piped()).output().expect("sv");
        let end = now();
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let fine = lines.iter().all(|line| line.starts_with("ok: "));
        let asks = matches!(word, "status");
        if !asks && (done.status.code() == Some(0)) != (fine && lines.len() == names.len()) {
            self.lie(format!("sv {word} {names:?}: {:?}, but {text:?}", done.status));
        }
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        for line in lines {
            // After the path and a colon.
            let of = |name: &&&str| line.contains(&format!("{}: ", self.dir(name).display()));
            if let Some(name) = names.iter().find(of) {
                let scripts = SERVICES.iter().any(|(other, _, control)| other == name && *control);
                let script = scripts && matches!(word, "hup" | "reload" | "term");
                claims.push((
                    *name,
                    Claim { word: word.to_owned(), line: line.to_owned(), begin, end, script },
                ));
            }
        }
    }

    /// Whoever looks, at whatever time, sees a whole status.
    fn watch(&self, mut random: Random) {
        while Instant::now() < self.end {
            let (name, ..) = SERVICES[random.below(SERVICES.len() as u64) as usize];
            let path = self.dir(name).join("supervise/status");
            match std::fs::read(&path) {
                Ok(bytes) if Status::of(&bytes).is_some_and(|status| status.state < 3) => {}
                seen => self.lie(format!("{name}: {seen:?}")),
            }
            if random.chance(5) {
                self.active.store(2 + random.below(CLIENTS as u64 - 1) as usize, Ordering::Relaxed);
            }
            thread::sleep(Duration::from_millis(3));
        }
    }
}

fn liar(time: Duration, seed: u64) -> (usize, Vec<String>) {
    let programs = Programs::get();
    let place = Place::new();
    prepare(&place);
    let path = tools::search_path_behind(programs.dir());
    let mut scan = place.start(place.command(programs.path("runsvdir")).arg("sv").env("PATH", path));
    let mut runsv = place.start(place.command(programs.path("runsv")).arg("other/alone"));
    let stage = Stage {
        place: &place,
        claims: Mutex::default(),
        wrong: Mutex::default(),
        active: AtomicUsize::new(2),
        end: Instant::now() + time,
    };
    for (name, ..) in SERVICES {
        let status = || Status::read(&stage.dir(name)).filter(|status| status.pid > 0);
        wait::until("a service that runs", status);
    }
    let stage = Stage { end: Instant::now() + time, ..stage };
    thread::scope(|scope| {
        let mut random = Random::new(seed);
        for number in 0..CLIENTS {
            let random = Random::new(random.next());
            scope.spawn({
                let stage = &stage;
                move || stage.client(number, random)
            });
        }
        let random = Random::new(random.next());
        scope.spawn(|| stage.watch(random));
    });
    // The last claims are held against beats that are yet to come.
    let end = now();
    for (name, ..) in SERVICES {
        drop(write_fifo(&stage.dir(name).join("supervise/control"), b"cu"));
        let beats = || Record::of(&place.text(stage.dir(name).join("record"))).beats_after(end);
        wait::until("beats of a service", || (beats() > 2).then_some(()));
    }
    let mut wrong = stage.wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    let claims = stage.claims.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (mut said, mut lives) = (0, 0);
    for (name, ..) in SERVICES {
        let dir = place.path(if name == "alone" { "other" } else { "sv" }).join(name);
        let record = Record::of(&place.text(dir.join("record")));
        lives += record.lives();
        wrong.extend(record.twice().map(|why| format!("{name}: {why}")));
        for (_, claim) in claims.iter().filter(|(of, _)| *of == name) {
            said += usize::from(claim.line.starts_with("ok: "));
            if let Some(why) = record.judge(claim) {
                wrong.push(format!("{name}: sv {}: {:?}: {why}", claim.word, claim.line));
            }
        }
    }
    println!(
        "{} lines of sv, {said} of them ok, on {lives} lives of {} services",
        claims.len(),
        SERVICES.len()
    );
    scan.signal(Signal::SIGHUP);
    let _ = kill(Pid::from_raw(runsv.pid()), Signal::SIGTERM);
    scan.wait();
    runsv.wait();
    (claims.len(), wrong)
}

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("run") => return service::run(),
        Some("finish") => return service::finish(),
        _ => {}
    }
    let seed = number("LIAR_SEED").unwrap_or_else(|| now() ^ u64::from(std::process::id()));
    let mut wrong = judge::wrong();
    let (claims, lies) = liar(Duration::from_secs(number("LIAR_SECONDS").unwrap_or(SECONDS)), seed);
    wrong.extend(lies);
    wrong.iter().take(20).for_each(|wrong| println!("FAILED   {wrong}"));
    println!("LIAR_SEED={seed}");
    println!("liar: {} passed, {} failed", claims.saturating_sub(wrong.len()), wrong.len());
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
