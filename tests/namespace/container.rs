//! `runsvdir --container` as process 1, as `docker stop` and others stop a container.
use runit_tests::namespace::{End, How, Machine, System, demand};
use runit_tests::suite::{Case, case};
use runit_tests::wait;
use std::fs::File;
use std::io::Read as _;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use nix::sys::signal::Signal::SIGPWR;
use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGTERM};

/// Where there is none nothing of this runs, but it has to compile.
#[cfg(not(target_os = "linux"))]
const SIGPWR: Signal = SIGTERM;

pub const CASES: &[Case] = &[
    case("container_word_is_dropped_by_others", the_word_alone),
    case("container_ends_by_term", || stopped_by(SIGTERM)).ours(),
    case("container_ends_by_int", || stopped_by(SIGINT)).ours(),
    case("container_ends_by_pwr", || stopped_by(SIGPWR)).ours(),
    case("container_without_services", without_services).ours(),
    case("container_docker_stop", docker_stop).ours(),
    case("container_docker_stop_of_what_does_not_end", docker_stop_in_vain).ours(),
    case("container_stops_in_order", in_order).ours(),
    case("container_goes_on_without_what_hangs", goes_on).ours(),
    case("container_has_svwait", svwait).ours(),
    case("container_svwait_0", || at_once("SVWAIT=0")).ours(),
    case("container_svwait_is_no_number", || at_once("SVWAIT=x")).ours(),
    case("container_second_term", second_term).ours(),
    case("container_second_int", second_int).ours(),
    case("container_waits_for_finish", waits_for_finish).ours(),
    case("container_supervisor_hangs", supervisor_hangs).ours(),
    case("container_hup_as_ever", hup).ours(),
    case("container_hup_then_term", hup_then_term).ours(),
    case("container_last_words_are_on_disk", || last_words("exit 0", false)).ours(),
    case("container_last_words_of_what_is_killed", || last_words("while :; do sleep 0.05; done", true))
        .ours(),
];

/// A container with a scan directory, whose command has these words behind `--container`, after other shell commands.
pub fn container(before: &str, words: &str) -> System {
    demand(&["runsvdir", "runsv", "svlogd", "sv"]);
    let entry =
        format!("export PATH=/sbin:/bin:/usr/sbin:/usr/bin\n{before}\nexec runsvdir --container {words}");
    System::new().script("entry", &entry).before("/entry").prepare("mkdir -p /service")
}

/// Time enough for all that ends by itself.
pub const LONG: &str = "export SVWAIT=60";

/// Adds services.
pub trait Services {
    /// A program of a service.
    fn program(self, path: &str, script: &str) -> Self;
    /// A service that says when it has come, and does this when it is told to end.
    fn service(self, name: &str, term: &str) -> Self;
}

impl Services for System {
    fn program(self, path: &str, script: &str) -> System {
        self.script(&format!("service/{path}"), script)
    }

    fn service(self, name: &str, term: &str) -> System {
        let run = format!("trap '{term}' TERM\necho {name} is up\nwhile :; do sleep 100000 & wait $!; done");
        self.program(&format!("{name}/run"), &run)
    }
}

/// An ordinary service.
pub fn ordinary(name: &str) -> String {
    format!("echo {name} ends; exit 0")
}

pub const STUBBORN: &str = "echo I will not";

/// The places of lines, in the order in which they are asked for.
#[track_caller]
pub fn order(end: &End, lines: &[&str]) {
    let places: Vec<Option<usize>> =
        lines.iter().map(|line| end.lines.iter().position(|found| found == line)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{lines:?}: {places:?} in {end:#?}");
}

pub fn killed(end: &End, name: &str) -> bool {
    let warning = format!("runsvdir /service: warning: {name} does not end, it is killed");
    end.lines.contains(&warning)
}

/// Sends the signal, and says how long the end took.
pub fn stop(machine: Machine, signal: Signal) -> (End, Duration) {
    let asked = Instant::now();
    machine.signal(signal);
    let end = machine.end();
    (end, asked.elapsed())
}

fn the_word_alone() {
    let mut machine = container("", "/service").service("a", &ordinary("a")).boot();
    machine.line("a is up");
    assert_eq!(stop(machine, SIGTERM).0.how, How::Exited(0));
}

fn stopped_by(signal: Signal) {
    let mut machine =
        container(LONG, "/service").service("a", &ordinary("a")).service("b", &ordinary("b")).boot();
    both(&mut machine);
    let (end, _) = stop(machine, signal);
    order(&end, &["a ends"]);
    order(&end, &["b ends"]);
    assert_eq!(end.how, How::Exited(0), "{end:#?}");
}

/// Waits for two services.
pub fn both(machine: &mut Machine) {
    for what in ["one", "the other"] {
        machine.line_where(what, |line| line.ends_with(" is up"));
    }
}

fn without_services() {
    let machine = container(LONG, "/service").boot();
    let comm = || machine.status("Name");
    wait::until("runsvdir", || (comm() == "runsvdir").then_some(()));
    wait::until("its handlers", || (machine.status("SigBlk") != "0000000000000000").then_some(()));
    assert_eq!(stop(machine, SIGTERM).0.how, How::Exited(0));
}

/// TERM, ten seconds, KILL.
fn docker_stop_of(machine: Machine) -> End {
    let init = machine.init();
    machine.signal(SIGTERM);
    let gone = || nix::sys::signal::kill(init, None).is_err().then_some(());
    if wait::within(Duration::from_secs(10), gone).is_none() {
        let _ = nix::sys::signal::kill(init, Signal::SIGKILL);
    }
    machine.end()
}

fn docker_stop() {
    let system = container("", "/service").service("a", &ordinary("a")).service("b", &ordinary("b"));
    let mut machine = system.boot();
    both(&mut machine);
    let end = docker_stop_of(machine);
    order(&end, &["a ends"]);
    order(&end, &["b ends"]);
    assert_eq!(end.how, How::Exited(0), "{end:#?}");
}

/// The default leaves time to kill what does not end before docker does.
fn docker_stop_in_vain() {
    let mut machine = container("", "/service").service("a", STUBBORN).boot();
    machine.line("a is up");
    let end = docker_stop_of(machine);
    assert!(killed(&end, "a"), "{end:#?}");
    assert_eq!(end.how, How::Exited(0), "{end:#?}");
}

/// Three services, `web` needs `app`, and `app` needs `db`.
fn tiers(before: &str, web: &str) -> Machine {
    let system = container(before, "/service")
        .service("web", web)
        .service("app", &ordinary("app"))
        .service("db", &ordinary("db"))
        .file("service/web/needs/app", "")
        .file("service/app/needs/db", "");
    let mut machine = system.boot();
    machine.line("db is up");
    machine.line("app is up");
    machine.line("web is up");
    machine
}

fn in_order() {
    let (end, _) = stop(tiers(LONG, "sleep 1; echo web ends; exit 0"), SIGTERM);
    order(&end, &["web ends", "app ends", "db ends"]);
    assert_eq!(end.how, How::Exited(0), "{end:#?}");
}

/// A round that does not end leaves time for the others.
fn goes_on() {
    let (end, took) = stop(tiers("export SVWAIT=8", STUBBORN), SIGTERM);
    order(&end, &["I will not", "app ends", "db ends"]);
    assert!(killed(&end, "web") && !killed(&end, "db"), "{end:#?}");
    assert!(took > Duration::from_millis(6900), "after {took:?}");
    assert_eq!(end.how, How::Exited(0));
}

fn svwait() {
    let system = container("export SVWAIT=3", "/service");
    let mut machine = system.service("a", STUBBORN).service("b", &ordinary("b")).boot();
    both(&mut machine);
    let (end, took) = stop(machine, SIGTERM);
    order(&end, &["b ends"]);
    assert!(killed(&end, "a") && !killed(&end, "b"), "{end:#?}");
    assert!(took > Duration::from_millis(1900), "after {took:?}");
    assert_eq!(end.how, How::Exited(0));
}

fn at_once(variable: &str) {
    let mut machine = container(&format!("export {variable}"), "/service").service("a", STUBBORN).boot();
    machine.line("a is up");
    let (end, _) = stop(machine, SIGTERM);
    assert!(killed(&end, "a"), "{end:#?}");
    assert_eq!(end.how, How::Exited(0));
}

fn again(first: Signal, second: Signal) {
    let mut machine = container("export SVWAIT=1000", "/service").service("a", STUBBORN).boot();
    machine.line("a is up");
    machine.signal(first);
    machine.line("I will not");
    let (end, _) = stop(machine, second);
    assert!(killed(&end, "a"), "{end:#?}");
    assert_eq!(end.how, How::Exited(0));
}

fn second_term() {
    again(SIGTERM, SIGTERM);
}

fn second_int() {
    again(SIGPWR, SIGINT);
}

fn waits_for_finish() {
    let system = container(LONG, "/service").service("a", &ordinary("a"));
    let mut machine = system.program("a/finish", "sleep 1; echo a is finished").boot();
    machine.line("a is up");
    let (end, _) = stop(machine, SIGTERM);
    order(&end, &["a ends", "a is finished"]);
    assert_eq!(end.how, How::Exited(0));
}

/// A supervisor that does nothing is killed with its service.
fn supervisor_hangs() {
    let mut machine = container("export SVWAIT=2", "/service").service("a", &ordinary("a")).boot();
    machine.line("a is up");
    let stopped = machine.run(
        "for dir in /proc/[0-9]*; do
        read -r name <$dir/comm && [ \"$name\" = runsv ] && kill -STOP ${dir#/proc/} && echo one
    done 2>/dev/null; :",
    );
    assert_eq!(stopped.out, "one\n", "{stopped:?}");
    let (end, _) = stop(machine, SIGTERM);
    assert!(killed(&end, "a"), "{end:#?}");
    assert_eq!(end.how, How::Exited(0));
}

fn hup() {
    let mut machine = container(LONG, "/service").service("a", STUBBORN).boot();
    machine.line("a is up");
    // All are told at once, and it waits for none.
    assert_eq!(stop(machine, SIGHUP).0.how, How::Exited(111));
}

/// HUP stops in rounds; TERM then has them waited for.
fn hup_then_term() {
    let mut machine = tiers(LONG, "echo web waits; until [ -e /run/go ]; do sleep 0.02; done; exit 0");
    machine.signal(SIGHUP);
    machine.line("web waits");
    machine.signal(SIGTERM);
    wait::until("TERM to be taken", || (machine.status("ShdPnd") == "0000000000000000").then_some(()));
    assert_eq!(machine.run(": >/run/go").code, Some(0));
    let end = machine.end();
    order(&end, &["web waits", "app ends", "db ends"]);
    assert_eq!(end.how, How::Exited(0), "{end:#?}");
}

/// What a service writes while it ends is in its log, whether it ends or is killed.
fn last_words(end: &str, is_killed: bool) {
    let term = format!("i=0; while [ $i -lt 500 ]; do echo last words $i; i=$((i + 1)); done; {end}");
    // Nothing else has the pipe open: that would be waited for.
    let run = format!("trap \"{term}\" TERM\necho first words\nwhile :; do sleep 0.05; done")
        .replace("$i", "\\$i")
        .replace("$((", "\\$((");
    let system = container("export SVWAIT=5", "/service").program("a/run", &run);
    let log = "exec svlogd /var/log/a";
    let machine = system.program("a/log/run", log).prepare("mkdir -p /var/log/a").boot();
    let path = machine.path("/var/log/a/current");
    let mut file = wait::until("the log", || {
        let text = std::fs::read_to_string(&path).ok()?;
        text.contains("first words").then(|| File::open(&path).ok())?
    });
    let (end, _) = stop(machine, SIGTERM);
    let mut text = String::new();
    file.read_to_string(&mut text).expect("the log");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines.last()), (501, Some(&"last words 499")), "{end:#?}");
    assert_eq!(killed(&end, "a"), is_killed, "{end:#?}");
    assert_eq!(end.how, How::Exited(0));
}
