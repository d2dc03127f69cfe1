//! How long things take, ours and C runit's beside it in the same run.
//!
//! `benches [--ours DIR] [--against DIR] [--limits FILE] [--quick] [WORD...]`: the words choose
//! benches by parts of their names. The exit code is 1 if a limit is exceeded three times over.
use benches::budget::{self, Budget, Figure, Verdict};
use benches::loggers::{self, Job};
use benches::process;
use benches::times::{median, spin};
use benches::tree::{self, LIVES, Set};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runit_tests::place::{Place, Running};
use runit_tests::wait;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// A measurement: the programs, how often; the median, in the unit of its budget.
type Bench = fn(&Set, usize) -> f64;

/// What ours is measured beside.
#[derive(Clone, Copy)]
enum Rival {
    /// C runit.
    C,
    /// C runit, whose polling makes it so slow that five times must do.
    Polling,
    /// Another program, which has the same to do.
    Other(fn(usize) -> f64),
}
use Rival::{C, Other, Polling};

/// Name in the table of budgets, how it is measured, how often at least (for the logger: megabytes),
/// and what stands beside it.
const BENCHES: &[(&str, Bench, usize, Rival)] = &[
    ("link to process", link_to_process, 50, Polling),
    ("taken out to dead", taken_out, 50, Polling),
    ("killed to anew", killed, 50, C),
    ("killed runsv to anew", killed_supervisor, 15, Polling),
    ("sv start", start, 50, Polling),
    ("sv stop", stop, 50, Polling),
    ("sv up", up, 200, C),
    ("sv status of one", status, 200, C),
    ("sv status of 1000", status_of_many, 20, C),
    ("sv stop of 1000", stop_of_many, 20, Polling),
    ("CPU of 1000 up", cpu_of_many, 5, C),
    ("CPU of a failed start", cpu_of_failure, 5, C),
    ("chpst added to an exec", added_by_chpst, 300, C),
    ("log plain", |set, count| loggers::svlogd(set, &job(&[], "s0\n", 60, count)).cpu, 100, C),
    ("log plain 400", |set, count| loggers::svlogd(set, &job(&[], "s0\n", 400, count)).cpu, 100, C),
    ("log -t", |set, count| loggers::svlogd(set, &job(&["-t"], "s0\n", 60, count)).cpu, 100, C),
    ("log -tt", |set, count| loggers::svlogd(set, &job(&["-tt"], "s0\n", 60, count)).cpu, 100, C),
    ("log -tt 400", |set, count| loggers::svlogd(set, &job(&["-tt"], "s0\n", 400, count)).cpu, 100, C),
    ("log pattern", |set, count| loggers::svlogd(set, &job(&[], "s0\n-*error*\n", 60, count)).cpu, 100, C),
    ("log rotation", |set, count| loggers::svlogd(set, &job(&[], "s1000000\nn5\n", 60, count)).cpu, 100, C),
    ("log wall", |set, count| loggers::svlogd(set, &job(&[], "s0\n", 60, count)).wall, 100, Other(cat)),
    ("log write to file", loggers::latency, 200, C),
    ("log calls per line", |set, _| loggers::calls(set, false).unwrap_or(f64::NAN), 5, C),
    ("log calls per lone line", |set, _| loggers::calls(set, true).unwrap_or(f64::NAN), 5, C),
];

fn job(options: &'static [&'static str], config: &'static str, line: usize, megabytes: usize) -> Job {
    Job { options, config, line, megabytes }
}

fn cat(count: usize) -> f64 {
    loggers::cat(&job(&[], "", 60, count)).wall
}

fn main() -> ExitCode {
    let (mut ours, mut c) = (Set { dir: "target/release".into() }, None);
    let (mut limits, mut share, mut chosen) = (String::from("ci/budgets.tsv"), 1, Vec::new());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--ours" => ours = Set::new(&words.next().unwrap_or_default()),
            "--against" => c = Some(Set::new(&words.next().unwrap_or_default())),
            "--limits" => limits = words.next().unwrap_or_default(),
            "--quick" => share = 5,
            _ => chosen.push(word),
        }
    }
    ours = Set::new(&ours.dir.to_string_lossy());
    let budgets: Vec<Budget> = match std::fs::read_to_string(&limits)
        .map_err(|why| why.to_string())
        .and_then(|text| budget::parse(&text))
    {
        Ok(budgets) => budgets,
        Err(why) => {
            eprintln!("benches: {limits}: {why}");
            return ExitCode::from(111);
        }
    };
    println!("{}", budget::heading());
    let (mut passed, mut failed) = (0, 0);
    for (name, bench, count, rival) in BENCHES {
        if !chosen.is_empty() && !chosen.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let count = (count / share).max(5);
        let against = match rival {
            C => c.as_ref().map(|set| bench(set, count)),
            Polling => c.as_ref().map(|set| bench(set, 5)),
            Other(rival) => Some(rival(count)),
        };
        // Another process may have had the processor: the best of three, ours against the same C.
        let measure = || Figure { name: (*name).into(), ours: bench(&ours, count), c: against };
        let mut figure = measure();
        for _ in 0..2 {
            let c = figure.c.unwrap_or(f64::INFINITY);
            if budget::judge(&figure, &budgets) == Verdict::Over || figure.ours > c {
                let again = measure();
                if again.ours < figure.ours {
                    figure = again;
                }
            }
        }
        // Some have a limit of their own and one beside C runit's.
        let relative = Figure { name: format!("{name} against C"), ..figure.clone() };
        for figure in [figure, relative] {
            match budget::judge(&figure, &budgets) {
                Verdict::Unknown => continue,
                Verdict::Over => failed += 1,
                Verdict::Within | Verdict::Goal => passed += 1,
            }
            println!("{}", budget::line(&figure, &budgets));
        }
    }
    println!("benches: {passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

/// runsvdir on an empty directory, and a service beside it that is to be put in.
fn scanned(set: &Set) -> (Place, Running) {
    let place = Place::new();
    place.script("run", LIVES);
    let running = tree::runsvdir(set, &place, 0, false);
    tree::at_rest(running.pid());
    (place, running)
}

fn new_service(place: &Place, number: usize) -> PathBuf {
    let service = place.dir(format!("new-{number}"));
    symlink(place.path("run"), service.join("run")).expect("a link");
    service
}

fn link_to_process(set: &Set, count: usize) -> f64 {
    let (place, _scan) = scanned(set);
    let mut number = 0;
    let prepare = || {
        number += 1;
        (new_service(&place, number), number)
    };
    median(count, prepare, |(service, number)| {
        symlink(&service, place.path(format!("service/{number}"))).expect("a link");
        spin("a process", || tree::running(&service));
    })
}

fn taken_out(set: &Set, count: usize) -> f64 {
    let (place, _scan) = scanned(set);
    let mut number = 0;
    let prepare = || {
        number += 1;
        let (service, link) = (new_service(&place, number), place.path(format!("service/{number}")));
        symlink(&service, &link).expect("a link");
        (tree::up(&service), link)
    };
    median(count, prepare, |(pid, link)| {
        std::fs::remove_file(link).expect("the link");
        spin("the end", || kill(pid, None).is_err().then_some(()));
    })
}

/// A supervised service that has been up for more than a second, so that its restart is not put off.
fn aged(service: &std::path::Path) -> Pid {
    wait::until("a service older than a second", || {
        let status = runit_tests::status::Status::read(service)?;
        let pid = tree::running(service)?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
        let age = now.checked_sub(Duration::new(status.secs, status.nanos))?;
        (age > Duration::from_millis(1100)).then_some(pid)
    })
}

fn killed(set: &Set, count: usize) -> f64 {
    // Many services age together; each gives one figure.
    let place = Place::new();
    let _scan = tree::runsvdir(set, &place, count.min(50), false);
    let mut number = 0;
    let prepare = || {
        let service = place.path(format!("service/{}", number % count.min(50)));
        number += 1;
        (aged(&service), service)
    };
    median(count, prepare, |(pid, service)| {
        kill(pid, Signal::SIGKILL).expect("kill");
        spin("a new process", || tree::running(&service).filter(|new| *new != pid));
    })
}

/// A killed runsv is replaced at once, at most once a second; its service is started anew as soon
/// as the orphan of the old one has gone.
fn killed_supervisor(set: &Set, count: usize) -> f64 {
    let place = Place::new();
    let scan = tree::runsvdir(set, &place, count, false);
    for number in 0..count {
        aged(&place.path(format!("service/{number}")));
    }
    let mut supervisors = benches::process::children(scan.pid());
    let prepare = || supervisors.pop().expect("a supervisor");
    median(count, prepare, |supervisor| {
        let all: Vec<Option<Pid>> =
            (0..count).map(|number| tree::running(&place.path(format!("service/{number}")))).collect();
        kill(Pid::from_raw(supervisor), Signal::SIGKILL).expect("kill");
        spin("a new process", || {
            (0..count).find(|number| {
                let new = tree::running(&place.path(format!("service/{number}")));
                new.is_some() && new != all.get(*number).copied().flatten()
            })
        });
    })
}

fn one(set: &Set) -> (Place, Running) {
    let place = Place::new();
    let running = tree::runsvdir(set, &place, 1, false);
    (place, running)
}

fn sv(set: &Set, place: &Place, words: &[&str]) {
    let mut command = set.command(place, "sv");
    let status = command.args(words).stdout(std::process::Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "sv {words:?}");
}

/// Services that are all up, so long that a restart of each would not be put off.
fn several(set: &Set, count: usize) -> (Place, Running, Vec<String>) {
    let place = Place::new();
    let running = tree::runsvdir(set, &place, count, false);
    let names: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    for name in &names {
        aged(&place.path("service").join(name));
    }
    (place, running, names)
}

fn each_once(set: &Set, place: &Place, word: &str, names: &[String]) -> f64 {
    let mut left = names.iter();
    let prepare = || left.next().expect("another service");
    median(names.len(), prepare, |name| sv(set, place, &[word, name]))
}

fn start(set: &Set, count: usize) -> f64 {
    let (place, _scan, names) = several(set, count);
    let words: Vec<&str> = ["stop"].into_iter().chain(names.iter().map(String::as_str)).collect();
    sv(set, &place, &words);
    each_once(set, &place, "start", &names)
}

fn stop(set: &Set, count: usize) -> f64 {
    let (place, _scan, names) = several(set, count);
    each_once(set, &place, "stop", &names)
}

fn up(set: &Set, count: usize) -> f64 {
    let (place, _scan) = one(set);
    median(count, || (), |()| sv(set, &place, &["up", "0"]))
}

fn status(set: &Set, count: usize) -> f64 {
    let (place, _scan) = one(set);
    median(count, || (), |()| sv(set, &place, &["status", "0"]))
}

/// What a user, looked up by name, and a few variables cost, in us.
fn added_by_chpst(set: &Set, count: usize) -> f64 {
    let place = Place::new();
    for name in ["A", "B", "C", "D", "E"] {
        place.file(format!("e/{name}"), "value\n");
    }
    // Without rights the same is looked up, and put into the environment.
    let user = if nix::unistd::geteuid().is_root() { "-u" } else { "-U" };
    let run = |command: &mut Command| assert!(command.status().is_ok_and(|status| status.success()));
    let plain = median(count, || Command::new("/bin/true"), |mut command| run(&mut command));
    let chpst = || {
        let mut command = Command::new(set.dir.join("chpst"));
        command.args([user, "daemon", "-e"]).arg(place.path("e")).arg("/bin/true");
        command
    };
    (median(count, chpst, |mut command| run(&mut command)) - plain) * 1000.0
}

fn many(set: &Set) -> (Place, Running, Vec<String>) {
    let place = Place::new();
    let running = tree::runsvdir(set, &place, 1000, false);
    (place, running, (0..1000).map(|number| number.to_string()).collect())
}

fn status_of_many(set: &Set, count: usize) -> f64 {
    let (place, _scan, names) = many(set);
    let words: Vec<&str> = ["status"].into_iter().chain(names.iter().map(String::as_str)).collect();
    median(count, || (), |()| sv(set, &place, &words))
}

/// One of a thousand is stopped.
fn stop_of_many(set: &Set, count: usize) -> f64 {
    let (place, _scan, names) = many(set);
    each_once(set, &place, "stop", names.get(..count).unwrap_or(&names))
}

/// Processor time of runsvdir and all its runsv.
fn supervisors(scan: i32) -> f64 {
    let all = std::iter::once(scan).chain(process::children(scan));
    all.filter_map(process::cpu).sum()
}

fn least(count: usize, measure: impl FnMut() -> f64) -> f64 {
    std::iter::repeat_with(measure).take(count).fold(f64::INFINITY, f64::min)
}

/// Until a thousand services are up; the least of a few, in ms.
fn cpu_of_many(set: &Set, count: usize) -> f64 {
    least(count, || {
        let (_place, scan, _) = many(set);
        supervisors(scan.pid())
    })
}

/// A service that exits at once is started once a second: what that costs its supervisor, in us.
fn cpu_of_failure(set: &Set, count: usize) -> f64 {
    const SERVICES: usize = 100;
    const SECONDS: f64 = 4.0;
    least(count, || {
        let place = Place::new();
        let scan = tree::runsvdir(set, &place, SERVICES, true);
        place.script("run", "exit 1");
        let names: Vec<String> = (0..SERVICES).map(|number| number.to_string()).collect();
        let words: Vec<&str> = ["up"].into_iter().chain(names.iter().map(String::as_str)).collect();
        sv(set, &place, &words);
        let before = (supervisors(scan.pid()), Instant::now());
        let seconds = wait::until("the loop to go on", || {
            let seconds = before.1.elapsed().as_secs_f64();
            (seconds >= SECONDS).then_some(seconds)
        });
        (supervisors(scan.pid()) - before.0) * 1000.0 / SERVICES as f64 / seconds
    })
}
