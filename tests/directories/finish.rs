//! What people do in `finish`.
use crate::host::{Host, SLEEPER};
use runit_tests::suite::{Case, case};
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("finish_takes_itself_down", finish_takes_itself_down),
    case("finish_takes_many_down", finish_takes_many_down),
    case("finish_calls_sv_that_reports", finish_calls_sv_that_reports),
    case("finish_starts_another_once", finish_starts_another_once),
    case("finish_removes_the_pid_file", finish_removes_the_pid_file),
    case("finish_tells_exit_codes_apart", finish_tells_exit_codes_apart),
    case("finish_sleeps_between_crashes", finish_sleeps_between_crashes),
    case("finish_is_waited_for_by_stop", finish_is_waited_for_by_stop),
    case("finish_disables_the_service", finish_disables_the_service),
    case("finish_stops_services_of_a_user", finish_stops_services_of_a_user),
];

/// Code 100 means: it makes no sense to try again. Code 1 does.
fn finish_takes_itself_down() {
    let mut host = Host::new();
    let run = "echo web run >>$T\nmkdir tried 2>/dev/null && exit 1\nexit 100";
    let finish = "echo web finish $1 >>$T\ntest \"$1\" != 100 || sv down .";
    host.service("web", &[("run", run), ("finish", finish)]);
    host.boot();
    host.await_line("web finish 100");
    host.await_down("web");
    let said = host.sv(&["status", "web"]).out;
    assert!(said.starts_with("down: web: ") && said.contains("normally up"), "{said}");
    assert_eq!(host.trace(), ["web run", "web finish 1", "web run", "web finish 100"]);
}

/// Jobs that take longer than the pause between two starts: what `finish` has said before its end
/// is obeyed before there is another start.
fn finish_takes_many_down() {
    let mut host = Host::new();
    let jobs: Vec<String> = (0..16).map(|number| format!("job{number}")).collect();
    for job in &jobs {
        host.service(job, &[("run", "echo ${PWD##*/} run >>$T\nsleep 1.1"), ("finish", "exec sv down .")]);
    }
    host.boot();
    for job in &jobs {
        host.await_line(&format!("{job} run"));
        host.await_down(job);
    }
    assert_eq!(host.trace().len(), jobs.len(), "{:?}", host.trace());
}

/// `-v` from within: C answers at once what is true at once.
fn finish_calls_sv_that_reports() {
    let mut host = Host::new();
    let finish = "sv -v hup . >/dev/null\nsv status . >/dev/null\necho web finish >>$T";
    host.service("web", &[("run", SLEEPER), ("finish", finish)]);
    host.boot();
    host.await_line("web run");
    host.await_up("web");
    let start = Instant::now();
    host.sv_ok(&["term", "web"], "");
    host.await_line("web finish");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    host.await_lines("web run", 2);
}

/// A report by mail, say.
fn finish_starts_another_once() {
    let mut host = Host::new();
    host.service("web", &[("run", SLEEPER), ("finish", "sv once ../../sd/report")]);
    host.service("report", &[("down", ""), ("run", "echo report run >>$T")]);
    host.boot();
    host.await_line("web run");
    host.await_supervisor("report");
    host.await_up("web");
    host.sv_ok(&["term", "web"], "");
    host.await_line("report run");
    host.await_lines("web run", 2);
    host.await_down("report");
    assert_eq!(host.count("report run"), 1);
}

fn finish_removes_the_pid_file() {
    let mut host = Host::new();
    let run = "test ! -e web.pid || { echo web stale >>$T; exit 1; }
echo $$ >web.pid\necho web run >>$T\nexec sleep 100000";
    host.service("web", &[("run", run), ("finish", "rm -f web.pid")]);
    host.boot();
    for count in 1..3 {
        host.await_lines("web run", count);
        host.await_up("web");
        host.sv_ok(&["kill", "web"], "");
    }
    host.await_lines("web run", 3);
    assert_eq!(host.count("web stale"), 0);
    host.sv_ok(&["stop", "web"], "ok: down: web: ");
    assert!(!host.place.path("etc/web/web.pid").exists());
}

fn finish_tells_exit_codes_apart() {
    let mut host = Host::new();
    let run = "echo web run >>$T\nread -r how <how || exec sleep 100000\neval \"$how\"";
    let finish = "case $1 in
0) echo web well >>$T;;
-1) echo web signal $2 >>$T;;
*) echo web code $1 >>$T;;
esac";
    let dir = host.service("web", &[("down", ""), ("run", run), ("finish", finish)]);
    host.boot();
    host.await_supervisor("web");
    for (how, sign) in [("exit 0", "web well"), ("exit 7", "web code 7"), ("kill -KILL $$", "web signal 9")] {
        host.place.file(dir.join("how"), format!("{how}\n"));
        host.await_down("web");
        host.must("sv once web");
        host.await_line(sign);
    }
    // A program that is not there is known by its code.
    host.await_down("web");
    host.must("rm etc/web/run; sv once web");
    host.await_line("web code 111");
    assert_eq!(host.count("web run"), 3);
}

/// A pause of the author's own against a loop of crashes.
fn finish_sleeps_between_crashes() {
    let mut host = Host::new();
    let finish = "sleep 2\necho web slept >>$T";
    host.service("web", &[("run", "echo web run >>$T\nexit 1"), ("finish", finish)]);
    host.boot();
    host.await_line("web run");
    let start = Instant::now();
    host.await_lines("web run", 2);
    assert!(start.elapsed() > Duration::from_millis(1500), "{:?}", start.elapsed());
    assert_eq!(host.trace(), ["web run", "web slept", "web run"]);
}

fn finish_is_waited_for_by_stop() {
    let mut host = Host::new();
    host.service("web", &[("run", SLEEPER), ("finish", "sleep 1\necho web unmounted >>$T")]);
    host.boot();
    host.await_line("web run");
    host.await_up("web");
    host.sv_ok(&["-w", "15", "stop", "web"], "ok: down: web: ");
    assert_eq!(host.trace(), ["web run", "web unmounted"]);
}

/// A service that takes its own link away when its work is done.
fn finish_disables_the_service() {
    let mut host = Host::new();
    let finish = "rm \"$SVDIR/setup\"\nsv exit .\necho setup finish >>$T";
    host.service("setup", &[("run", "echo setup run >>$T"), ("finish", finish)]);
    host.service("web", &[("run", SLEEPER)]);
    host.boot();
    host.await_line("setup finish");
    host.await_runsvs("setup", 0);
    host.await_up("web");
    assert_eq!((host.count("setup run"), host.runsvs("web")), (1, 1));
}

/// The services of a user below one of the system's: `finish` ends them in order.
fn finish_stops_services_of_a_user() {
    let mut host = Host::new();
    host.write("user/sd/mail", &[("run", SLEEPER), ("finish", "echo mail finish >>$T")]);
    host.write("user/sd/music", &[("run", SLEEPER), ("finish", "echo music finish >>$T")]);
    let finish = "sv -w 10 force-stop $P/user/sd/*\nsv exit $P/user/sd/*\necho user finish >>$T";
    host.service("user", &[("run", "exec 2>&1\nexec runsvdir $P/user/sd"), ("finish", finish)]);
    host.boot();
    host.await_line("mail run");
    host.await_line("music run");
    host.await_up("user");
    host.sv_ok(&["-w", "15", "stop", "user"], "ok: down: user: ");
    host.before("mail finish", "user finish");
    host.before("music finish", "user finish");
    host.await_runsvs("mail", 0);
    host.await_runsvs("music", 0);
    host.sv_ok(&["start", "user"], "ok: run: user: ");
    host.await_lines("mail run", 2);
}
