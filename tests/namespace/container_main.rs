//! `runsvdir --container --main NAME`: the container ends when a service is down for good, as that did.
use crate::container::{LONG, Services, container, stop};
use nix::sys::signal::Signal::SIGTERM;
use runit_tests::namespace::{End, How, Machine, System};
use runit_tests::suite::{Case, case};
use runit_tests::wait;
use std::time::Duration;

pub const CASES: &[Case] = &[
    case("main_exits_0", || ends("exit 0", 0)).ours(),
    case("main_exits_3", || ends("exit 3", 3)).ours(),
    case("main_exits_255", || ends("exit 255", 255)).ours(),
    case("main_is_killed", || ends("kill -KILL $$", 137)).ours(),
    case("main_ends_by_a_signal", || ends("kill -USR1 $$", 138)).ours(),
    case("main_cannot_be_started", cannot_be_started).ours(),
    case("main_is_started_again", started_again).ours(),
    case("main_is_run_once", once).ours(),
    case("main_is_told_down", told_down).ours(),
    case("main_is_restarted_by_sv", restarted).ours(),
    case("main_supervisor_is_told_to_end", supervisor_told).ours(),
    case("main_supervisor_is_killed", supervisor_killed).ours(),
    case("main_is_done", done).ours(),
    case("main_finish_fails", finish_fails).ours(),
    case("main_ends_and_others_are_stopped", others_are_stopped).ours(),
    case("main_ends_while_the_container_is_stopped", while_stopped).ours(),
    case("main_comes_later", comes_later).ours(),
    case("main_never_comes", never_comes).ours(),
    case("main_of_the_container_before", container_before).ours(),
    case("main_wrong_calls", wrong_calls).ours(),
];

/// A container whose main service does this, and is given up at its first end.
fn main_service(run: &str) -> System {
    container(LONG, "--main main /service")
        .program("main/run", run)
        .file("service/main/restart-limit", "1 1\n")
}

fn ends(run: &str, code: i32) {
    let end = main_service(run).boot().end();
    assert_eq!(end.how, How::Exited(code), "{end:#?}");
}

/// One that says when it is up, and ends with this code when it is told to.
fn with_code(code: u8) -> System {
    container(LONG, "--main main /service").service("main", &format!("echo main ends; exit {code}"))
}

fn sv(machine: &Machine, words: &str) {
    let output = machine.run(&format!("sv {words}"));
    assert_eq!(output.code, Some(0), "{words}: {output:?}");
}

/// The main service is told to be down for good. What follows may be quicker than the answer: its supervisor is told
/// to end as soon as it is down, and sv is killed with the container or finds nobody there.
fn sv_to_the_end(machine: &Machine, words: &str) {
    let output = machine.run(&format!("sv {words}"));
    let gone = output.out.ends_with(": main: runsv not running\n");
    assert!(output.code == Some(0) || output.signal == Some(9) || gone, "{words}: {output:?}");
}

pub fn count(end: &End, line: &str) -> usize {
    end.lines.iter().filter(|found| *found == line).count()
}

fn cannot_be_started() {
    let end =
        main_service("").prepare("mkdir -p /service; echo '#!/no/such' >/service/main/run").boot().end();
    assert_eq!(end.how, How::Exited(111), "{end:#?}");
}

/// A main service without a limit is restarted as any other.
fn started_again() {
    let system = container(LONG, "--main main /service").program("main/run", "echo main is up; exit 4");
    let mut machine = system.boot();
    for _ in 0..3 {
        machine.line("main is up");
    }
    assert_eq!(stop(machine, SIGTERM).0.how, How::Exited(0));
}

fn once() {
    let mut machine = container(LONG, "--main main /service")
        .program("main/run", "echo main is up; exit 9")
        .file("service/main/down", "")
        .service("a", "exit 0")
        .boot();
    machine.line("a is up");
    wait::until("it", || (machine.run("sv status main").code == Some(0)).then_some(()));
    assert!(machine.up(), "it was not up yet");
    sv_to_the_end(&machine, "once main");
    let end = machine.end();
    assert_eq!((count(&end, "main is up"), end.how), (1, How::Exited(9)), "{end:#?}");
}

fn told_down() {
    let mut machine = with_code(7).boot();
    machine.line("main is up");
    sv_to_the_end(&machine, "down main");
    assert_eq!(machine.end().how, How::Exited(7));
}

fn restarted() {
    let mut machine = with_code(7).boot();
    machine.line("main is up");
    sv(&machine, "restart main");
    machine.line("main is up");
    let (end, _) = stop(machine, SIGTERM);
    assert_eq!((count(&end, "main ends"), end.how), (2, How::Exited(0)), "{end:#?}");
}

/// It gets a new supervisor, and is up again.
fn supervisor_told() {
    let mut machine = with_code(7).boot();
    machine.line("main is up");
    sv(&machine, "exit main");
    machine.line("main is up");
    sv_to_the_end(&machine, "down main");
    assert_eq!(machine.end().how, How::Exited(7));
}

fn supervisor_killed() {
    let mut machine = with_code(7).boot();
    machine.line("main is up");
    let killed = machine.run(
        "for dir in /proc/[0-9]*; do
            read -r name <$dir/comm && [ \"$name\" = runsv ] && kill -KILL ${dir#/proc/}
        done 2>/dev/null; :",
    );
    assert_eq!(killed.code, Some(0));
    machine.line("main is up");
    sv_to_the_end(&machine, "-w 60 down main");
    assert_eq!(machine.end().how, How::Exited(7));
}

fn done() {
    let mut machine = container(LONG, "--main main /service")
        .program("main/run", "echo main is up; exit 0")
        .program("main/finish", "echo main is undone")
        .file("service/main/oneshot", "")
        .boot();
    machine.line("main is up");
    sv(&machine, "-w 60 start main");
    assert!(machine.up(), "done is not down");
    let (end, _) = stop(machine, SIGTERM);
    assert_eq!((count(&end, "main is undone"), end.how), (1, How::Exited(0)), "{end:#?}");
}

fn finish_fails() {
    let end = container(LONG, "--main main /service")
        .program("main/run", "exit 12")
        .program("main/finish", "exit 125")
        .file("service/main/finish-fails", "125\n")
        .boot()
        .end();
    assert_eq!(end.how, How::Exited(12), "{end:#?}");
}

fn others_are_stopped() {
    let mut machine = main_service("until [ -e /run/go ]; do sleep 0.02; done; exit 3")
        .service("web", "sleep 1; echo web ends; exit 0")
        .service("db", "echo db ends; exit 0")
        .file("service/web/needs/db", "")
        .boot();
    machine.line("db is up");
    machine.line("web is up");
    assert_eq!(machine.run(": >/run/go").code, Some(0));
    let end = machine.end();
    let place = |line: &str| end.lines.iter().position(|found| found == line);
    assert!(place("web ends").is_some() && place("web ends") < place("db ends"), "{end:#?}");
    assert_eq!(end.how, How::Exited(3));
}

/// Whoever stops the container does not ask for the exit code of a service.
fn while_stopped() {
    let mut machine = with_code(7).boot();
    machine.line("main is up");
    let (end, _) = stop(machine, SIGTERM);
    assert_eq!((count(&end, "main ends"), end.how), (1, How::Exited(0)), "{end:#?}");
}

fn comes_later() {
    let mut machine = container(LONG, "--main main /service")
        .service("a", "exit 0")
        .script("srv/main/run", "exit 8")
        .file("srv/main/restart-limit", "1 1\n")
        .boot();
    machine.line("a is up");
    assert_eq!(machine.run("ln -s /srv/main /service/main").code, Some(0));
    assert_eq!(machine.end().how, How::Exited(8));
}

fn never_comes() {
    let mut machine = container(LONG, "--main main /service").service("a", "exit 0").boot();
    machine.line("runsvdir /service: warning: main service main is missing");
    assert!(machine.uptime() > Duration::from_millis(8900), "after {:?}", machine.uptime());
    let (end, _) = stop(machine, SIGTERM);
    assert_eq!(end.how, How::Exited(0));
    assert_eq!(count(&end, "runsvdir /service: warning: main service main is missing"), 1, "{end:#?}");
}

/// What its supervisor left behind the last time counts for nothing.
fn container_before() {
    let before = "mkdir -p /service/main
        runsvdir --container --main main /service\necho code $?\n: >/run/again";
    let mut machine = container(&format!("{LONG}\n{before}"), "--main main /service")
        .program("main/run", "[ ! -e /run/again ] && exit 3\ntrap 'exit 5' TERM\necho main is up\nwhile :; do sleep 1000 & wait $!; done")
        .file("service/main/restart-limit", "1 1\n")
        .boot();
    machine.line("code 3");
    machine.line("main is up");
    sv_to_the_end(&machine, "down main");
    assert_eq!(machine.end().how, How::Exited(5));
}

fn wrong_calls() {
    let mut machine = container(LONG, "/service").service("a", "exit 0").boot();
    machine.line("a is up");
    for words in ["--container", "--container --main", "--container --main main"] {
        let output = machine.run(&format!("runsvdir {words}"));
        assert_eq!(output.code, Some(1), "{words}: {output:?}");
        assert_eq!(output.err, "usage: runsvdir [-P] dir\n\n", "{words}");
    }
    assert_eq!(stop(machine, SIGTERM).0.how, How::Exited(0));
}
