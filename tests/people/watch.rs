//! `--watch`: a line for each service, and one for each change.
use crate::host::{
    available, await_lines, await_out, fake, now, parsed, run, six, state, supervised, sv, tell,
};
use nix::sys::signal::Signal;
use runit::state::{Doing, State};
use runit_tests::place::Running;
use runit_tests::rig::{Rig, masked};
use runit_tests::status::{DOWN, RUN, Status};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;

/// Watches, and waits until so many services were shown.
fn watching(rig: &Rig, args: &[&str], services: usize) -> Running {
    let mut all = vec!["--watch"];
    all.extend(args);
    let running = rig.place.start(&mut sv(rig, &all));
    await_lines(&running, services);
    running
}

/// `--watch` where `service` leads to `current` and that to `one`, after its first line.
fn watching_through_links(rig: &Rig, args: &[&str]) -> Running {
    turn(rig, "one");
    let _ = symlink("current", rig.place.path("service"));
    let args = [&["--watch"], args].concat();
    let running = rig.place.start(sv(rig, &args).env("SVDIR", rig.place.path("service")));
    await_lines(&running, 1);
    running
}

/// `current` leads there, from one moment to the next.
fn turn(rig: &Rig, to: &str) {
    symlink(to, rig.place.path("current.new")).unwrap();
    fs::rename(rig.place.path("current.new"), rig.place.path("current")).unwrap();
}

/// The line after so many others.
fn next(running: &Running, before: usize) -> String {
    masked(&await_lines(running, before + 1)[before])
}

/// What is shown when a record follows another.
fn change(from: Status, to: Status, line: &str) {
    let rig = Rig::new();
    let (_service, fake) = fake(&rig, "foo", from);
    let watch = watching(&rig, &["foo"], 1);
    fake.set(to);
    assert_eq!(next(&watch, 1), line);
}

pub const CASES: &[Case] = &[
    case("watch_shows_what_is", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let watch = watching(&rig, &[], 6);
        let lines: Vec<String> = await_lines(&watch, 6).iter().map(|line| masked(line)).collect();
        let status = masked(&run(&rig, &["status"]).out);
        assert_eq!(lines, status.lines().collect::<Vec<_>>(), "the lines of status");
    }),
    case("watch_up", || change(now(DOWN, 0, b'd'), now(RUN, 7, b'u'), "run: foo: (pid p) Ts")),
    case("watch_down", || change(now(RUN, 7, b'u'), now(DOWN, 0, b'd'), "down: foo: Ts, normally up")),
    case("watch_want", || change(now(RUN, 7, b'u'), now(RUN, 7, b'd'), "run: foo: (pid p) Ts, want down")),
    case("watch_paused", || {
        let paused = Status { paused: 1, ..now(RUN, 7, b'u') };
        change(now(RUN, 7, b'u'), paused, "run: foo: (pid p) Ts, paused");
    }),
    case("watch_another_process", || {
        change(now(RUN, 7, b'u'), now(RUN, 8, b'u'), "run: foo: (pid p) Ts");
    }),
    case("watch_the_same_again_is_no_change", || {
        let rig = Rig::new();
        let status = now(RUN, 7, b'u');
        let (_service, fake) = fake(&rig, "foo", status);
        let watch = watching(&rig, &["foo"], 1);
        fake.set(status);
        fake.set(status);
        fake.set(now(DOWN, 0, b'd'));
        assert_eq!(next(&watch, 1), "down: foo: Ts, normally up");
    }),
    case("watch_ready", || {
        let rig = Rig::new();
        let status = now(RUN, 7, b'u');
        let (service, _fake) = fake(&rig, "foo", status);
        let ready = |ready| State { ready: Some(ready), ..state(&status, Doing::Run) };
        tell(&service, &ready(false));
        let watch = watching(&rig, &["foo"], 1);
        assert_eq!(masked(&watch.out()), "run: foo: (pid p) Ts, not ready\n");
        // In place, as a supervisor does it.
        let file = fs::OpenOptions::new().write(true).open(service.path("supervise/state")).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &ready(true).line(2), 0).unwrap();
        assert_eq!(next(&watch, 1), "run: foo: (pid p) Ts");
    }),
    case("watch_normally_down", || {
        let rig = Rig::new();
        let (service, _fake) = fake(&rig, "foo", now(RUN, 7, b'u'));
        let watch = watching(&rig, &["foo"], 1);
        service.file("down", "");
        assert_eq!(next(&watch, 1), "run: foo: (pid p) Ts, normally down");
        fs::remove_file(service.path("down")).unwrap();
        assert_eq!(next(&watch, 2), "run: foo: (pid p) Ts");
    }),
    case("watch_the_log", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", now(RUN, 7, b'u')).1;
        let (_log, log) = fake(&rig, "foo/log", now(RUN, 8, b'u'));
        let watch = watching(&rig, &["foo"], 1);
        log.set(now(DOWN, 0, b'd'));
        assert_eq!(next(&watch, 1), "run: foo: (pid p) Ts; down: log: Ts, normally up");
    }),
    case("watch_the_end_of_a_supervisor", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let _runsv = service.up();
        let watch = watching(&rig, &["foo"], 1);
        assert_eq!(run(&rig, &["-w", "20", "exit", "foo"]).code, Some(0));
        await_out(&watch, "fail: foo: runsv not running\n");
    }),
    case("watch_a_killed_supervisor_and_the_next", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let runsv = service.up();
        let watch = watching(&rig, &["foo"], 1);
        runsv.signal(Signal::SIGKILL);
        await_out(&watch, "fail: foo: runsv not running\n");
        let _next = service.supervise();
        until("it again", || {
            let out = watch.out();
            out.lines().last().is_some_and(|line| line.starts_with("run: foo: ")).then_some(())
        });
    }),
    case("watch_a_service_of_ours", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let _runsv = service.up();
        let watch = watching(&rig, &["foo"], 1);
        assert_eq!(run(&rig, &["-w", "20", "stop", "foo"]).code, Some(0));
        await_out(&watch, "down: foo: ");
        assert_eq!(run(&rig, &["-w", "20", "start", "foo"]).code, Some(0));
        until("up", || (masked(&watch.out()).ends_with("run: foo: (pid p) Ts\n")).then_some(()));
    }),
    case("watch_one_that_comes", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", now(RUN, 7, b'u')).1;
        let watch = watching(&rig, &[], 1);
        let _other = fake(&rig, "../other", now(RUN, 8, b'u')).1;
        symlink("../other", rig.place.path("sv/bar")).unwrap();
        assert_eq!(next(&watch, 1), "run: bar: (pid p) Ts");
    }),
    case("watch_one_that_goes", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", now(RUN, 7, b'u')).1;
        let _other = fake(&rig, "../other", now(RUN, 8, b'u')).1;
        symlink("../other", rig.place.path("sv/bar")).unwrap();
        let watch = watching(&rig, &[], 2);
        fs::remove_file(rig.place.path("sv/bar")).unwrap();
        assert_eq!(next(&watch, 2), "fail: bar: unable to change to service directory: file does not exist");
    }),
    case("watch_one_that_goes_and_comes_back", || {
        let rig = Rig::new();
        let _other = fake(&rig, "../other", now(RUN, 8, b'u')).1;
        let link = || symlink("../other", rig.place.path("sv/bar")).unwrap();
        link();
        let watch = watching(&rig, &[], 1);
        fs::remove_file(rig.place.path("sv/bar")).unwrap();
        next(&watch, 1);
        link();
        assert_eq!(next(&watch, 2), "run: bar: (pid p) Ts");
    }),
    case("watch_one_that_leads_elsewhere", || {
        let rig = Rig::new();
        let _one = fake(&rig, "../one", now(RUN, 8, b'u')).1;
        let _two = fake(&rig, "../two", now(DOWN, 0, b'd')).1;
        symlink("../one", rig.place.path("sv/bar")).unwrap();
        let watch = watching(&rig, &[], 1);
        symlink("../two", rig.place.path("sv/.bar")).unwrap();
        fs::rename(rig.place.path("sv/.bar"), rig.place.path("sv/bar")).unwrap();
        assert_eq!(next(&watch, 1), "down: bar: Ts, normally up");
    }),
    case("watch_a_directory_that_is_turned", || {
        let rig = Rig::new();
        let _web = fake(&rig, "../one/web", now(RUN, 8, b'u')).1;
        let _other = fake(&rig, "../two/web", now(DOWN, 0, b'd')).1;
        let _cron = fake(&rig, "../two/cron", now(RUN, 9, b'u')).1;
        let watches = [watching_through_links(&rig, &[]), watching_through_links(&rig, &["web"])];
        turn(&rig, "two");
        for (watch, cron) in watches.iter().zip([true, false]) {
            until("web", || masked(&watch.out()).contains("down: web: Ts, normally up\n").then_some(()));
            assert_eq!(
                until("cron", || (watch.out().contains("run: cron: (pid 9)") == cron).then_some(())),
                ()
            );
        }
        turn(&rig, "one");
        for watch in &watches {
            until("back", || masked(&watch.out()).ends_with("run: web: (pid p) Ts\n").then_some(()));
        }
        let gone = "fail: cron: unable to change to service directory: file does not exist\n";
        await_out(&watches[0], gone);
        assert!(!watches[1].out().contains(gone));
    }),
    case("watch_a_directory_that_is_turned_by_another_link", || {
        let rig = Rig::new();
        let _web = fake(&rig, "../one/web", now(RUN, 8, b'u')).1;
        let _other = fake(&rig, "../two/web", now(DOWN, 0, b'd')).1;
        let watch = watching_through_links(&rig, &[]);
        // Not atomically: for a moment there is no directory.
        fs::remove_file(rig.place.path("service")).unwrap();
        symlink("two", rig.place.path("service")).unwrap();
        until("web", || masked(&watch.out()).contains("down: web: Ts, normally up\n").then_some(()));
    }),
    case("watch_runsvchdir", || {
        let rig = Rig::new();
        let _web = fake(&rig, "../all/one/web", now(RUN, 8, b'u')).1;
        let _other = fake(&rig, "../all/two/db", now(RUN, 9, b'u')).1;
        symlink("one", rig.place.path("all/current")).unwrap();
        symlink("all/current", rig.place.path("service")).unwrap();
        let watch = rig.place.start(sv(&rig, &["--watch"]).env("SVDIR", rig.place.path("service")));
        await_lines(&watch, 1);
        let mut command = rig.command("runsvchdir", &["two"]);
        let done = rig.place.run(command.env("RUNSVDIR", rig.place.path("all")));
        assert_eq!(done.code, Some(0), "{done:?}");
        until("both", || {
            let out = masked(&watch.out());
            out.ends_with("fail: web: unable to change to service directory: file does not exist\nrun: db: (pid p) Ts\n")
                .then_some(())
        });
    }),
    case("watch_a_link_behind_a_link", || {
        let rig = Rig::new();
        let _one = fake(&rig, "../one", now(RUN, 8, b'u')).1;
        let _two = fake(&rig, "../two", now(DOWN, 0, b'd')).1;
        symlink("one", rig.place.path("web")).unwrap();
        symlink("../web", rig.place.path("sv/web")).unwrap();
        let path = rig.place.path("web").to_str().unwrap().to_owned();
        let watches = [watching(&rig, &[], 1), watching(&rig, &["web"], 1), watching(&rig, &[&path], 1)];
        symlink("two", rig.place.path("web.new")).unwrap();
        fs::rename(rig.place.path("web.new"), rig.place.path("web")).unwrap();
        for watch in &watches {
            assert!(next(watch, 1).starts_with("down: "));
        }
    }),
    case("watch_a_link_that_leads_nowhere_yet", || {
        let rig = Rig::new();
        symlink("../later", rig.place.path("sv/bar")).unwrap();
        let watch = watching(&rig, &[], 1);
        let _later = fake(&rig, "../later", now(RUN, 8, b'u')).1;
        until("it", || masked(&watch.out()).ends_with("run: bar: (pid p) Ts\n").then_some(()));
    }),
    case("watch_nothing_yet", || {
        let rig = Rig::new();
        let watch = rig.place.start(&mut sv(&rig, &["--watch"]));
        let _fake = fake(&rig, "../foo", now(RUN, 7, b'u')).1;
        symlink("../foo", rig.place.path("sv/foo")).unwrap();
        assert_eq!(next(&watch, 0), "run: foo: (pid p) Ts");
    }),
    case("watch_under_runsvdir", || {
        let rig = Rig::new();
        let _runsvdir = supervised(&rig);
        let watch = rig.place.start(&mut sv(&rig, &["--watch"]));
        symlink(available(&rig, "web"), rig.place.path("sv/web")).unwrap();
        await_out(&watch, "run: web: (pid ");
        fs::remove_file(rig.place.path("sv/web")).unwrap();
        await_out(&watch, "fail: web: unable to change to service directory: file does not exist\n");
    }),
    case("watch_where_supervise_is_beside", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let _runsvdir = supervised(&rig);
        let watch = rig.place.start(&mut sv(&rig, &["--watch"]));
        available(&rig, "web");
        rig.place.script("available/web/log/run", "exec cat >/dev/null");
        symlink(rig.place.path("available/web"), rig.place.path("sv/web")).unwrap();
        until("both", || {
            masked(&watch.out()).ends_with("run: web: (pid p) Ts; run: log: (pid p) Ts\n").then_some(())
        });
        assert_eq!(run(&rig, &["-w", "20", "stop", "web"]).code, Some(0));
        await_out(&watch, "down: web: ");
    }),
    case("watch_some_only", || {
        let rig = Rig::new();
        let (_a, a) = fake(&rig, "a", now(RUN, 7, b'u'));
        let (_b, b) = fake(&rig, "b", now(RUN, 8, b'u'));
        let watch = watching(&rig, &["b"], 1);
        a.set(now(DOWN, 0, b'd'));
        b.set(now(DOWN, 0, b'd'));
        assert_eq!(next(&watch, 1), "down: b: Ts, normally up");
    }),
    case("watch_by_path", || {
        let rig = Rig::new();
        let (service, fake) = fake(&rig, "../elsewhere/foo", now(RUN, 7, b'u'));
        let path = service.dir.canonicalize().unwrap();
        let watch = watching(&rig, &[path.to_str().unwrap()], 1);
        fake.set(now(DOWN, 0, b'd'));
        assert!(next(&watch, 1).starts_with(&format!("down: {}: ", path.display())));
    }),
    case("watch_json", || {
        let rig = Rig::new();
        let (_service, fake) = fake(&rig, "foo", now(RUN, 7, b'u'));
        let watch = watching(&rig, &["--json", "foo"], 1);
        fake.set(now(DOWN, 0, b'd'));
        let states: Vec<_> =
            await_lines(&watch, 2).iter().map(|line| parsed(line)["state"].clone()).collect();
        assert_eq!(states, ["run", "down"]);
    }),
    case("watch_json_all", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let watch = watching(&rig, &["--json", "--all"], 6);
        let names: Vec<_> = await_lines(&watch, 6).iter().map(|line| parsed(line)["name"].clone()).collect();
        assert_eq!(names, ["cron", "gone", "mount", "slow", "ssh", "web"]);
    }),
    case("watch_colours_only_if_asked_for", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", now(RUN, 7, b'u')).1;
        assert!(!watching(&rig, &[], 1).out().contains('\x1b'));
        let watch = watching(&rig, &["--color=always"], 1);
        assert!(watch.out().starts_with("\x1b[32mrun\x1b[0m: foo: (pid 7)"), "{:?}", watch.out());
    }),
    case("watch_ends_with_its_reader", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", now(RUN, 7, b'u')).1;
        let mut child = sv(&rig, &["--watch"]).stdout(Stdio::piped()).spawn().expect("sv");
        let mut line = [0; 8];
        let mut out = child.stdout.take().expect("a pipe");
        std::io::Read::read_exact(&mut out, &mut line).expect("a line");
        drop(out);
        let code = until("the end", || child.try_wait().expect("wait"));
        assert_eq!(code.code(), Some(0));
    }),
    case("watch_ends_with_term", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", now(RUN, 7, b'u')).1;
        let mut watch = watching(&rig, &[], 1);
        watch.signal(Signal::SIGTERM);
        let status = watch.wait();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
    }),
    case("watch_no_directory", || {
        let rig = Rig::new();
        fs::remove_dir(rig.place.path("sv")).unwrap();
        let done = run(&rig, &["--watch"]);
        assert!(
            done.err.starts_with("fatal: unable to open directory: ") && done.code == Some(100),
            "{done:?}"
        );
    }),
    case("watch_a_hundred", || {
        let rig = Rig::new();
        let fakes: Vec<_> =
            (0..100).map(|at| fake(&rig, &format!("s{at:03}"), now(RUN, at + 1, b'u')).1).collect();
        let watch = watching(&rig, &[], 100);
        for fake in &fakes {
            fake.set(now(DOWN, 0, b'd'));
        }
        let lines = await_lines(&watch, 200);
        for at in 0..100 {
            let begin = format!("down: s{at:03}: ");
            assert_eq!(lines[100..].iter().filter(|line| line.starts_with(&begin)).count(), 1, "{begin}");
        }
    }),
];
