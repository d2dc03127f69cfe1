//! vsv: a table of services, and sv behind it.
use crate::fetched::client;
use crate::scan::{Scan, await_rest, broken, in_some_try, seldom_missed};
use nix::sys::signal::Signal;
use runit_tests::place::Output;
use runit_tests::rig::{await_death, is_alive, masked, send};
use runit_tests::status::Status;
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, until_equal};
use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime};

const HOUR: Duration = Duration::from_secs(3600);

pub const CASES: &[Case] = &[
    case("vsv_status_of_an_up_one", || {
        let scan = Scan::new();
        let (_service, pid) = scan.up("web");
        let row = row(&scan, "web");
        assert_eq!(row[..4], ["✔", "run", "true", &pid.to_string()], "{row:?}");
        assert_eq!(row.last().map(String::as_str), Some("seconds"), "{row:?}");
    }),
    case("vsv_status_of_a_down_one", || {
        let scan = Scan::new();
        let _service = scan.down("web");
        let row = row(&scan, "web");
        assert_eq!(row[..5], ["X", "down", "false", "---", "---"], "{row:?}");
    }),
    case("vsv_status_of_a_crashing_one", || {
        let scan = Scan::new();
        let _service = scan.crashing("web");
        let wanted = ["X", "down", "true", "---"].map(str::to_owned);
        until_equal("the row", &wanted.to_vec(), || row(&scan, "web")[..4].to_vec());
    }),
    case("vsv_status_of_a_finishing_one", || {
        let scan = Scan::new();
        let service = scan.service("web");
        service.probe().long_finish();
        scan.start();
        service.await_runs(1);
        service.tell("exit 0");
        service.await_trace("finish 0 0");
        service.await_stat("finish");
        assert_eq!(row(&scan, "web")[..3], ["X", "finish", "true"]);
    }),
    case("vsv_status_with_logs", || {
        let scan = Scan::new();
        let service = scan.service("web");
        service.probe().log();
        scan.start();
        service.await_runs(1);
        service.await_stat("run");
        service.await_log_stat("run");
        let done = vsv(&scan, &["status", "-l", "web"]);
        let log = done.out.lines().find(|line| line.contains("- log")).expect("a row for the log");
        assert!(log.contains("✔") && log.contains(&service.log_runs()[0].to_string()), "{log}");
    }),
    case("vsv_shows_how_long_it_is_up", || {
        let scan = Scan::new();
        let (service, _) = scan.up("web");
        older(&service.path("supervise/stat"));
        assert_eq!(row(&scan, "web")[5..], ["1", "hour"]);
    }),
    case("vsv_shows_a_new_time_after_a_crash", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        // One that has lived for a second is started again without a pause.
        let age = |it: &Status| Status::now(0, 0, 0).secs.saturating_sub(it.secs);
        until("two seconds of life", || (age(&service.status()) > 1).then_some(()));
        older(&service.path("supervise/stat"));
        send(pid, Signal::SIGKILL);
        let new = service.await_runs(2);
        service.await_stat("run");
        let row = row(&scan, "web");
        assert_eq!(
            (row[3].as_str(), row.last().expect("a unit").as_str()),
            (&*new.to_string(), "seconds"),
            "{row:?}"
        );
    }),
    case("vsv_shows_a_new_time_after_restart", || {
        let scan = Scan::new();
        let (service, _) = scan.up("web");
        older(&service.path("supervise/stat"));
        service.await_age();
        ok(&vsv(&scan, &["restart", "web"]));
        service.await_runs(2);
        assert_eq!(row(&scan, "web").last().map(String::as_str), Some("seconds"));
    }),
    case("vsv_shows_how_long_it_is_down", || {
        let scan = Scan::new();
        let (service, _) = scan.up("web");
        older(&service.path("supervise/stat"));
        ok(&vsv(&scan, &["stop", "web"]));
        assert_eq!(row(&scan, "web").last().map(String::as_str), Some("seconds"));
    }),
    case("vsv_keeps_the_time_when_nothing_happens", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        older(&service.path("supervise/stat"));
        // A signal is neither a new state nor a new process.
        ok(&vsv(&scan, &["reload", "web"]));
        service.await_trace("HUP");
        ok(&vsv(&scan, &["up", "web"]));
        assert_eq!((service.runs(), row(&scan, "web")[5..].join(" ")), (vec![pid], "1 hour".into()));
    })
    .dev("DEV-40"),
    case("vsv_start_a_down_one", || {
        let scan = Scan::new();
        let service = scan.down("web");
        let done = vsv(&scan, &["start", "web"]);
        ok(&done);
        let pid = service.await_runs(1);
        assert!(done.out.contains(&format!("ok: run: web: (pid {pid}) ")), "{done:?}");
    }),
    case("vsv_start_an_up_one", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        ok(&vsv(&scan, &["start", "web"]));
        assert_eq!(service.runs(), [pid]);
    }),
    case("vsv_start_several", || {
        let scan = Scan::new();
        let services = ["web", "mail", "name"].map(|name| scan.service(name));
        for service in &services {
            service.probe().file("down", "");
        }
        scan.start();
        services.iter().for_each(|service| service.await_ok());
        ok(&vsv(&scan, &["start", "web", "mail", "name"]));
        for service in services {
            assert_eq!(service.stat(), "run");
        }
    }),
    case("vsv_start_a_crashing_one", || {
        seldom_missed(|| {
            let scan = Scan::new();
            let _service = scan.crashing("web");
            let done = vsv(&scan, &["start", "web"]);
            failed(&done);
            assert!(done.out.contains("timeout: "), "{done:?}");
        })
    }),
    // C runit's sv may look just when it runs. Where much else is to do, a shell needs half a second to end, and then it did run.
    case("vsv_start_one_that_ends_at_once", || in_some_try(|| ends_soon("start", "exit 1"))).ours(),
    case("vsv_start_one_that_ends_soon", || in_some_try(|| ends_soon("start", "sleep 0.1; exit 1"))).ours(),
    case("vsv_check_one_that_ends_soon", || in_some_try(|| ends_soon("check", "sleep 0.1; exit 1"))).ours(),
    case("vsv_start_one_with_a_long_finish", || {
        seldom_missed(|| {
            let scan = Scan::new();
            let service = scan.service("web");
            service.script("run", "echo try >>trace").script("finish", "sleep 3");
            scan.start();
            service.await_trace("try");
            scan.hurry();
            failed(&vsv(&scan, &["start", "web"]));
        })
    }),
    case("vsv_start_one_that_is_not_there", || {
        let scan = Scan::new();
        scan.start();
        let done = vsv(&scan, &["start", "web"]);
        failed(&done);
        let line = "fail: web: unable to change to service directory: file does not exist";
        assert!(done.out.contains(line), "{done:?}");
    }),
    case("vsv_check_a_crashing_one", || {
        seldom_missed(|| {
            let scan = Scan::new();
            let _service = scan.crashing("web");
            failed(&vsv(&scan, &["check", "web"]));
        })
    }),
    case("vsv_check_an_up_one", || {
        let scan = Scan::new();
        let _up = scan.up("web");
        ok(&vsv(&scan, &["check", "web"]));
    }),
    case("vsv_stop", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        let done = vsv(&scan, &["stop", "web"]);
        ok(&done);
        assert!(masked(&done.out).contains("ok: down: web: Ts, normally up\n") && !is_alive(pid), "{done:?}");
        await_rest(&service);
    }),
    case("vsv_stop_a_stubborn_one", || {
        let scan = Scan::new();
        let (service, pid) = scan.stubborn("web");
        scan.hurry();
        let done = vsv(&scan, &["stop", "web"]);
        failed(&done);
        assert!(done.out.contains(&format!("timeout: run: web: (pid {pid}) ")), "{done:?}");
        assert!(done.out.contains(", want down, got TERM"), "{done:?}");
        // A stronger word ends it, though that says that it did not.
        failed(&vsv(&scan, &["force-stop", "web"]));
        await_death(pid);
        await_rest(&service);
    }),
    case("vsv_restart", || {
        let scan = Scan::new();
        let (service, old) = scan.up("web");
        service.await_age();
        let done = vsv(&scan, &["restart", "web"]);
        ok(&done);
        let new = service.await_runs(2);
        assert!(done.out.contains(&format!("ok: run: web: (pid {new}) ")) && !is_alive(old), "{done:?}");
    }),
    case("vsv_restart_into_a_broken_one", || {
        in_some_try(|| {
            let scan = Scan::new();
            let (service, old) = scan.up("web");
            service.await_age();
            broken(&service);
            scan.hurry();
            let done = vsv(&scan, &["restart", "web"]);
            failed(&done);
            assert!(done.out.contains("timeout: ") && !is_alive(old), "{done:?}");
        })
    }),
    case("vsv_disable_and_enable", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        ok(&vsv(&scan, &["disable", "web"]));
        assert!(service.path("down").exists());
        assert_eq!(row(&scan, "web")[1..3], ["run", "false"]);
        ok(&vsv(&scan, &["enable", "web"]));
        assert!(!service.path("down").exists());
        // Neither is for now, only for the next boot.
        assert_eq!((service.runs(), row(&scan, "web")[1..3].join(" ")), (vec![pid], "run true".into()));
    }),
    case("vsv_enable_one_that_is_not_there", || {
        let scan = Scan::new();
        scan.start();
        assert_eq!(vsv(&scan, &["enable", "web"]).code, Some(1));
    }),
];

/// A service that does not stay up is none that runs.
fn ends_soon(word: &str, run: &str) {
    let scan = Scan::new();
    let service = scan.service("web");
    service.script("run", &format!("echo try >>trace\n{run}"));
    scan.start();
    service.await_trace("try");
    scan.hurry();
    failed(&vsv(&scan, &[word, "web"]));
}

fn vsv(scan: &Scan, words: &[&str]) -> Output {
    scan.place().run(scan.command(client("bin/vsv")).args(words))
}

/// The row of a service, without its name.
fn row(scan: &Scan, name: &str) -> Vec<String> {
    let done = vsv(scan, &["status"]);
    ok(&done);
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    let mut row = done.out.lines().map(words).find(|words| words.get(1).is_some_and(|word| word == name));
    let row = row.as_mut().unwrap_or_else(|| panic!("no row for {name}: {done:?}"));
    row.remove(1);
    row.clone()
}

fn ok(done: &Output) {
    assert_eq!(done.code, Some(0), "{done:?}");
}

/// sv failed, and vsv says so.
fn failed(done: &Output) {
    assert!(done.code == Some(1) && done.err.contains("call to sv failed"), "{done:?}");
}

/// Makes a file look as if it were written an hour ago.
fn older(path: &std::path::Path) {
    let then = SystemTime::now() - HOUR - Duration::from_secs(5);
    let file = File::options().write(true).open(path).expect("the file");
    file.set_times(FileTimes::new().set_modified(then)).expect("a date");
    until("the date", || (fs::metadata(path).ok()?.modified().ok()? == then).then_some(()));
}
