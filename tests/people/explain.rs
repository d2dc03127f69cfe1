//! `sv --explain`: each mistake that people report is recognised, on real processes.
use crate::host::{on_terminal, run, supervised, sv};
use nix::sys::signal::Signal;
use runit_tests::place::Output;
use runit_tests::rig::{Rig, await_process_state};
use runit_tests::suite::{Case, case, needs_proc};
use runit_tests::wait::until;
use std::os::unix::fs::symlink;

/// Waits until this is said of a service, and holds the code against it.
fn says(rig: &Rig, name: &str, parts: &[&str], code: i32) -> Output {
    let mut last = None;
    until(&format!("{parts:?}"), || {
        let done = run(rig, &["--explain", name]);
        let good = parts.iter().all(|part| done.out.contains(part)) && done.code == Some(code);
        if !good && last.as_ref() != Some(&done) {
            eprintln!("{}", done.out);
            last = Some(done);
            return None;
        }
        good.then_some(done)
    })
}

/// Does with `run` what is said that is to be done, and sees it run.
fn mended(rig: &Rig, run: &str, part: &str) {
    rig.place.executable("sv/web/run", run);
    let _runsvdir = supervised(rig);
    // Without a supervisor, that comes first.
    let done = says(rig, "web", &[part, "\nDo: sed "], 1);
    let command = done.out.lines().find_map(|line| line.strip_prefix("Do: ")).expect("a command");
    let tried = rig.place.run(rig.place.command("sh").args(["-c", command]));
    assert_eq!(
        (tried.err.as_str(), tried.code, rig.place.text("sv/web/run").as_str()),
        ("", Some(0), RUN),
        "{command}"
    );
    says(rig, "web", &["web: It runs for "], 0);
}

/// The same of a service with this `run`, under a runsvdir.
fn with_run(run: &str, parts: &[&str], code: i32) {
    let rig = Rig::new();
    rig.place.executable("sv/web/run", run);
    let _runsvdir = supervised(&rig);
    says(&rig, "web", parts, code);
}

fn path(rig: &Rig, name: &str) -> String {
    rig.place.path(name).display().to_string()
}

const RUN: &str = "#!/bin/sh\nexec sleep 1000\n";

pub const CASES: &[Case] = &[
    case("explain_what_is_as_wanted", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", RUN);
        let _runsvdir = supervised(&rig);
        let done = says(&rig, "web", &["web: It runs for ", " s, as process "], 0);
        assert!(!done.out.contains("Do: ") && done.err.is_empty(), "{done:?}");
        run(&rig, &["stop", "web"]);
        says(&rig, "web", &["web: It is down for ", ", as it was told. It will be up after a boot."], 0);
    }),
    case("explain_run_not_executable", || {
        let rig = Rig::new();
        rig.place.file("sv/web/run", RUN);
        let _runsvdir = supervised(&rig);
        let chmod = format!("\nDo: chmod +x {}/run\n", path(&rig, "sv/web"));
        says(&rig, "web", &["though it shall be up. Its run is not executable.", &chmod], 1);
        // What it says to do helps.
        rig.place.chmod("sv/web/run", 0o755);
        says(&rig, "web", &["It runs"], 0);
    }),
    case("explain_a_daemon_that_goes_to_the_background", || {
        with_run(
            "#!/bin/sh\nsleep 1000 &\nexit 0\n",
            &["with exit code 0: a program that goes to the background", "Do: ${EDITOR:-vi} "],
            1,
        );
    }),
    case("explain_run_without_exec", || {
        needs_proc();
        let part = "Its process is the shell of run";
        with_run("#!/bin/sh\nsleep 1000\n", &[part, "should begin with exec", "Do: ${EDITOR:-vi} "], 0);
    }),
    case("explain_carriage_returns", || {
        mended(&Rig::new(), &RUN.replace('\n', "\r\n"), "carriage return");
    }),
    case("explain_a_wrong_interpreter", || {
        with_run(
            "#!/bin/bahs\nexec sleep 1000\n",
            &["begins with #!/bin/bahs, and there is no such program."],
            1,
        );
        with_run("exec sleep 1000\n", &["does not begin with #! and the path of an interpreter"], 1);
    }),
    case("explain_a_wrong_path", || {
        with_run(
            "#!/bin/sh\nexec /no/such/daemon\n",
            &["with exit code 127: a shell says so of a command that is not there"],
            1,
        );
    }),
    case("explain_a_user_that_is_not_there", || {
        with_run("#!/bin/sh\nexec chpst -u nosuchuser sleep 1000\n", &["with exit code 111: chpst"], 1);
    }),
    case("explain_a_fault_of_the_program", || {
        with_run("#!/bin/sh\nkill -SEGV $$\n", &["by signal 11: a fault of the program itself"], 1);
        with_run("#!/bin/sh\nkill -KILL $$\n", &["by signal 9, KILL: somebody sent it, or the kernel"], 1);
    }),
    case("explain_an_address_in_use_by_the_last_lines", || {
        let rig = Rig::new();
        rig.place.executable(
            "sv/web/run",
            "#!/bin/sh\necho one; echo two; echo 'bind: Address already in use'; exit 1\n",
        );
        rig.place.executable("sv/web/log/run", "#!/bin/sh\nexec svlogd ./main\n");
        rig.place.dir("sv/web/log/main");
        let _runsvdir = supervised(&rig);
        let last = "The last lines of its log:\n  one\n  two\n  bind: Address already in use\nDo: sv --log -n 50 web\n";
        says(&rig, "web", &["with exit code 1. By its log, an address is in use", last], 1);
    }),
    case("explain_a_name_that_is_not_linked", || {
        let rig = Rig::new();
        rig.place.executable("available/web/run", RUN);
        let link = format!(
            "nobody has linked it.\nDo: ln -s {} {}/\n",
            path(&rig, "available/web"),
            path(&rig, "sv")
        );
        says(&rig, "web", &["There is no service of that name in ", &link], 1);
        says(&rig, "nobody", &["There is no service of that name in ", "Do: ls "], 1);
    }),
    case("explain_a_link_that_dangles", || {
        let rig = Rig::new();
        symlink("/no/such/service", rig.place.path("sv/web")).expect("a link");
        says(&rig, "web", &["leads to /no/such/service, which is not there.", "Do: rm "], 1);
    }),
    case("explain_what_is_no_directory", || {
        let rig = Rig::new();
        rig.place.file("sv/web", "");
        says(&rig, "web", &[" is not a directory, and a service is one"], 1);
    }),
    case("explain_a_file_down", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", RUN);
        rig.place.file("sv/web/down", "");
        let _runsvdir = supervised(&rig);
        // It is what it was arranged to be.
        says(
            &rig,
            "web",
            &["the file down in its directory keeps it from being started", "Do: sv up web\n"],
            0,
        );
    }),
    case("explain_no_runsvdir", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", RUN);
        says(
            &rig,
            "web",
            &["Nobody supervises it", "no runsvdir runs on that directory", "Do: runsvdir "],
            1,
        );
    }),
    case("explain_a_runsv_that_cannot_start", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", RUN);
        rig.place.executable("sv/other/run", RUN);
        // Not a FIFO: stale, of something else.
        rig.place.file("sv/web/supervise", "");
        let _runsvdir = supervised(&rig);
        says(&rig, "web", &["Nobody supervises it", "its runsv cannot start", "Do: runsv "], 1);
    }),
    case("explain_log_run_not_executable", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", RUN);
        rig.place.file("sv/web/log/run", "#!/bin/sh\nexec svlogd ./main\n");
        let _runsvdir = supervised(&rig);
        let chmod = format!("Do: chmod +x {}/log/run\n", path(&rig, "sv/web"));
        says(&rig, "web", &["It runs", "Its log/run is not executable.", "waits in a pipe", &chmod], 1);
    }),
    case("explain_a_log_service_that_is_down", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", RUN);
        rig.place.executable("sv/web/log/run", "#!/bin/sh\nexec cat\n");
        rig.place.file("sv/web/log/down", "");
        let _runsvdir = supervised(&rig);
        says(&rig, "web", &["Its log service is down, as it was told", "Do: sv up web/log\n"], 0);
    }),
    case("explain_a_finish_that_takes_long", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", "#!/bin/sh\nexit 3\n");
        rig.place.executable("sv/web/finish", RUN);
        let _runsvdir = supervised(&rig);
        says(
            &rig,
            "web",
            &[
                "Its finish runs for ",
                "after run ended with exit code 3",
                "not started again before it ends",
                "Do: sv kill web\n",
            ],
            1,
        );
    }),
    case("explain_a_pause", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", RUN);
        let _runsvdir = supervised(&rig);
        says(&rig, "web", &["It runs"], 0);
        run(&rig, &["pause", "web"]);
        says(&rig, "web", &["It was paused", "Do: sv cont web\n"], 1);
    }),
    case("explain_one_that_does_not_end", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", "#!/bin/sh\ntrap '' TERM\nexec sleep 1000\n");
        let _runsvdir = supervised(&rig);
        says(&rig, "web", &["It runs"], 0);
        run(&rig, &["down", "web"]);
        says(&rig, "web", &["It was asked to end and has not done so.", "Do: sv kill web\n"], 1);
    }),
    case("explain_one_that_was_given_up", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", "#!/bin/sh\nexit 7\n");
        rig.place.file("sv/web/restart-limit", "1 60");
        let _runsvdir = supervised(&rig);
        says(&rig, "web", &["was given up after its last end with exit code 7", "/sv/web && ./run\n"], 1);
    }),
    case("explain_one_that_waits", || {
        let rig = Rig::new();
        rig.place.executable("sv/db/run", "#!/bin/sh\nexit 7\n");
        rig.place.file("sv/db/restart-limit", "1 60");
        rig.service("web").probe();
        rig.place.file("sv/web/needs/db", "");
        let _runsvdir = supervised(&rig);
        says(&rig, "web", &["It needs db, which was given up, and waits", "Do: sv --explain db\n"], 1);
    }),
    case("explain_the_next_start", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", "#!/bin/sh\nexit 7\n");
        rig.place.file("sv/web/restart-delay", "60000");
        let _runsvdir = supervised(&rig);
        says(&rig, "web", &["with exit code 7.", "The next start is in ", "Do: sv "], 1);
    }),
    case("explain_commands_that_nobody_reads", || {
        let rig = Rig::new();
        let service = rig.service("web");
        rig.place.executable("sv/web/run", RUN);
        let runsv = service.supervise();
        runsv.signal(Signal::SIGSTOP);
        await_process_state(runsv.pid(), 'T');
        service.control("h");
        says(&rig, "web", &["Its supervisor has not read the last commands"], 1);
        runsv.signal(Signal::SIGCONT);
        says(&rig, "web", &["It runs"], 0);
    }),
    case("explain_to_who_may_not_look", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", RUN);
        let _runsvdir = supervised(&rig);
        says(&rig, "web", &["It runs"], 0);
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let mut command = rig.unprivileged("sv", &["--explain", "web"]);
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")));
        assert!(
            done.out.contains("You may not") && done.out.contains("Do: sudo sv --explain web\n"),
            "{done:?}"
        );
    }),
    case("explain_several_on_a_terminal", || {
        let rig = Rig::new();
        for name in ["a", "b"] {
            rig.place.executable(format!("sv/{name}/run"), RUN);
        }
        let shown = on_terminal(&rig, &mut sv(&rig, &["--explain", "a", "b"]), 40);
        assert_eq!(shown.code, Some(2));
        let (text, count) = (&shown.text, shown.text.matches("\n\n").count());
        assert!(count == 1 && text.starts_with("a: ") && text.contains("\n\nb: "), "{text}");
        let long = |line: &&str| line.len() > 40 && !line.starts_with("Do: ");
        assert!(!text.lines().any(|line| long(&line)), "{text}");
    }),
    case("explain_wrong_calls", || {
        let rig = Rig::new();
        for args in [&["--explain"] as &[&str], &["--explain", "-v", "web"], &["--explain", "--json", "web"]]
        {
            let done = run(&rig, args);
            assert_eq!((done.out.as_str(), done.code), ("", Some(100)), "{args:?}");
            assert!(done.err.starts_with("usage: sv "), "{done:?}");
        }
    }),
    case("explain_run_is_a_directory", || {
        let rig = Rig::new();
        rig.place.dir("sv/web/run");
        let _runsvdir = supervised(&rig);
        let look = format!("Do: ls -ld {}/run\n", path(&rig, "sv/web"));
        says(&rig, "web", &["Its run is a directory, or something else that is no program.", &look], 1);
    }),
    case("explain_a_byte_order_mark", || {
        mended(&Rig::new(), &format!("\u{feff}{RUN}"), "Its run begins with a byte order mark");
    }),
    case("explain_a_limit_that_is_too_low", || {
        with_run(
            "#!/bin/sh\nulimit -c 0\nkill -SEGV $$\n",
            &["by signal 11: a fault of the program, or a limit that run sets is too low"],
            1,
        );
    }),
    case("explain_a_log_without_a_directory", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", RUN);
        rig.place.executable("sv/web/log/run", "#!/bin/sh\nexec svlogd ./nowhere\n");
        let _runsvdir = supervised(&rig);
        says(
            &rig,
            "web",
            &[
                "Its log service does not run: it ended with exit code 111, as svlogd does that has no directory",
            ],
            1,
        );
    }),
    case("explain_a_check", || {
        let rig = Rig::new();
        rig.place.executable("sv/web/run", RUN);
        rig.place.executable("sv/web/check", "#!/bin/sh\nexit 1\n");
        let _runsvdir = supervised(&rig);
        says(&rig, "web", &["Its check decides when it is ready for sv start and its like"], 0);
    }),
    case("explain_instances_that_share_a_supervise", || {
        let rig = Rig::new();
        rig.place.executable("web@/run", RUN);
        for name in ["web@a", "web@b"] {
            symlink("../web@", rig.place.path("sv").join(name)).expect("a link");
        }
        let _runsvdir = supervised(&rig);
        let command = format!("Do: ln -s /run/runit.supervise {}/.supervise\n", path(&rig, "sv"));
        says(&rig, "web@b", &["Or web@a does, with which it shares a supervise directory", &command], 1);
    }),
];
