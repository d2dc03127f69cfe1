//! What dead supervisors have left behind: there is one copy of a service, always.
use super::{OWN, Way, alone, contained, each, others, pids, prepare, start, stops};
use crate::told::Told;
use nix::sys::signal::Signal;
use runit_tests::process;
use runit_tests::rig::{Rig, Service, await_death, is_alive, search_path, send};
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait::until;
use std::fs;

/// A service that notes when another copy of it is there.
const ONE: &str = "exec 9>>held; flock -n 9 || echo beside >>trace
echo $$ >>copies
sleep 1000 & echo $! >>copies
(sleep 1000 & echo $! >>copies)
exec sleep 2000";

/// What is alive of its processes.
fn alive(service: &Service<'_>) -> Vec<i32> {
    pids(service, "copies", 3).into_iter().filter(|pid| is_alive(*pid)).collect()
}

/// In a user namespace of its own the next runsv may not see the environment of the processes.
fn needs_root() {
    if !nix::unistd::geteuid().is_root() {
        skip("not root");
    }
}

/// Without proc(5) nobody knows whether a process is the one that was recorded.
fn needs_proc(way: Way) {
    if way == Way::Group && OWN != Some(way) {
        skip("no proc(5) there");
    }
}

/// After so many starts there is one copy of three processes.
fn one_copy(service: &Service<'_>, starts: usize) {
    pids(service, "copies", 3 * starts);
    until("one copy", || (alive(service).len() == 3).then_some(()));
    assert_eq!(service.trace(), vec!["run"; starts]);
}

fn a_dead_runsv(way: Way) {
    needs_proc(way);
    contained(way, ONE, &[], |service, runsv| {
        for starts in 1..4 {
            one_copy(service, starts);
            let mut old = if starts == 1 { None } else { Some(()) };
            if old.take().is_none() {
                runsv.signal(Signal::SIGKILL);
                runsv.wait();
            }
            assert_eq!(alive(service).len(), 3, "they outlive it");
            let mut new = start(way, service);
            one_copy(service, starts + 1);
            new.signal(Signal::SIGKILL);
            new.wait();
        }
        let new = start(way, service);
        one_copy(service, 5);
        stops(service);
        alone(service.rig, &[&new]);
    });
}

/// The first process of the service is gone as well.
fn a_dead_runsv_and_run(way: Way) {
    needs_proc(way);
    if way == Way::Family {
        needs_root();
    }
    contained(way, ONE, &[], |service, runsv| {
        one_copy(service, 1);
        runsv.signal(Signal::SIGSTOP);
        let first = service.runs()[0];
        send(first, Signal::SIGKILL);
        runsv.signal(Signal::SIGKILL);
        runsv.wait();
        await_death(first);
        let left = alive(service);
        assert_eq!(left.len(), 2);
        let new = start(way, service);
        pids(service, "copies", 6);
        if way == Way::Group {
            // Nothing tells a process group without its leader from another of the same number.
            return left.into_iter().for_each(|pid| send(pid, Signal::SIGKILL));
        }
        until("one copy", || (alive(service).len() == 3).then_some(()));
        assert_eq!(service.trace(), ["run", "run"]);
        stops(service);
        alone(service.rig, &[&new]);
    });
}

/// A service with a daemon as in the book, which is out of its session and has lost its parents.
const DAEMON: &str = "exec 9>>held; flock -n 9 || echo beside >>trace
(setsid sh -c 'echo $$ >>copies; exec sleep 1000' &)
exec sleep 2000";

fn a_dead_runsv_and_its_daemon(way: Way) {
    daemon(way, false);
}

fn a_dead_runsv_and_run_and_their_daemon(way: Way) {
    daemon(way, true);
}

/// runsv is killed, or its service's process as well.
fn daemon(way: Way, both: bool) {
    needs_proc(way);
    if way == Way::Family {
        needs_root();
    }
    contained(way, DAEMON, &[], |service, runsv| {
        let daemon = pids(service, "copies", 1)[0];
        let first = service.runs()[0];
        runsv.signal(Signal::SIGSTOP);
        if both {
            send(first, Signal::SIGKILL);
        }
        runsv.signal(Signal::SIGKILL);
        runsv.wait();
        assert!(is_alive(daemon));
        let new = start(way, service);
        pids(service, "copies", 2);
        if way == Way::Group {
            // It is nobody's.
            return pids(service, "copies", 2).into_iter().for_each(|pid| send(pid, Signal::SIGKILL));
        }
        until("its end", || (!is_alive(daemon)).then_some(()));
        assert_eq!(service.trace(), ["run", "run"]);
        stops(service);
        alone(service.rig, &[&new]);
    });
}

/// It is not to be started, and what was is not to go on.
fn a_dead_runsv_of_one_that_is_down(way: Way) {
    needs_proc(way);
    contained(way, ONE, &[], |service, runsv| {
        one_copy(service, 1);
        runsv.signal(Signal::SIGKILL);
        runsv.wait();
        service.file("down", "");
        let new = start(way, service);
        service.await_line("down: foo: Ts");
        alone(service.rig, &[&new]);
        assert_eq!(service.trace(), ["run"]);
    });
}

/// While they are being ended the service is not down.
fn what_is_said_of_them(way: Way) {
    needs_proc(way);
    let run = "{ trap '' TERM; exec sleep 1000; } & echo $! >left\nexec sleep 2000";
    contained(way, run, &[], |service, runsv| {
        pids(service, "left", 1);
        runsv.signal(Signal::SIGKILL);
        runsv.wait();
        service.file("down", "");
        let new = start(way, service);
        stops(service);
        alone(service.rig, &[&new]);
    });
}

/// A one-shot that is done: what it has left is its service.
fn those_of_a_one_shot(way: Way) {
    needs_proc(way);
    if way == Way::Family {
        needs_root();
    }
    contained(
        way,
        &format!("{}\nexit 0", ONE.trim_end_matches("exec sleep 2000")),
        &[("oneshot", "")],
        |service, runsv| {
            service.await_line("done: foo: Ts");
            pids(service, "copies", 3);
            runsv.signal(Signal::SIGKILL);
            runsv.wait();
            let left = alive(service);
            assert_eq!(left.len(), 2);
            let new = start(way, service);
            if way == Way::Group {
                return left.into_iter().for_each(|pid| send(pid, Signal::SIGKILL));
            }
            pids(service, "copies", 6);
            until("one copy", || (alive(service).len() == 2).then_some(()));
            assert_eq!(service.trace(), ["run", "run"]);
            stops(service);
            alone(service.rig, &[&new]);
        },
    );
}

/// runsvdir and runsv, one of them or both, or all but the service.
fn a_dead_runsvdir(way: Way) {
    needs_proc(way);
    let rig = Rig::new();
    let service = rig.service("foo");
    prepare(&service, ONE, &[]);
    let dir = rig.place.path("sv");
    let begin = || {
        let mut command = way.command(&rig, "runsvdir", &[dir.to_str().expect("a path")]);
        command.env("PATH", search_path());
        rig.place.start(&mut command)
    };
    let runsv = || {
        let runs = |pid: &i32| process::arguments(*pid).starts_with("runsv ");
        others(&rig, &[]).into_iter().find(runs)
    };
    let mut runsvdir = begin();
    one_copy(&service, 1);
    // The runsv alone: it is started again.
    send(until("runsv", runsv), Signal::SIGKILL);
    one_copy(&service, 2);
    // Both.
    runsvdir.signal(Signal::SIGKILL);
    runsvdir.wait();
    send(until("runsv", runsv), Signal::SIGKILL);
    until("their end", || runsv().is_none().then_some(()));
    let mut runsvdir = begin();
    one_copy(&service, 3);
    // All at once.
    runsvdir.signal(Signal::SIGKILL);
    send(until("runsv", runsv), Signal::SIGKILL);
    runsvdir.wait();
    let runsvdir = begin();
    one_copy(&service, 4);
    runsvdir.signal(Signal::SIGHUP);
    until("their end", || alive(&service).is_empty().then_some(()));
}

pub const EACH: &[Case] = each! {
    a_dead_runsv a_dead_runsv_and_run a_dead_runsv_and_its_daemon a_dead_runsv_and_run_and_their_daemon
    a_dead_runsv_of_one_that_is_down what_is_said_of_them those_of_a_one_shot
    a_dead_runsvdir
};

/// What is not a record, and a process that has the number by chance.
const RECORDS: [&str; 8] = [
    "",
    "p",
    "p 1 1\n",
    "p 99999999999999999999 1\n",
    "p -1 5\n",
    "c /nowhere/runsv-1-1\n",
    "c \n",
    "\u{0}\u{1}\u{2}",
];

pub const CASES: &[Case] = &[
    case("contain_spares_a_stranger_of_the_same_number", || {
        for way in [Way::Cgroup, Way::Family] {
            let rig = Rig::new();
            let service = rig.service("foo");
            prepare(&service, "exec sleep 2000", &[("down", "")]);
            let stranger = rig.place.start(rig.place.command("sleep").arg("1000"));
            fs::create_dir(service.path("supervise")).unwrap();
            service.file("supervise/contained", &format!("p {} 12345\n", stranger.pid()));
            let _runsv = start(way, &service);
            service.await_line("down: foo: Ts");
            assert!(is_alive(stranger.pid()));
        }
    }),
    case("contain_and_records_that_are_none", || {
        for record in RECORDS {
            let rig = Rig::new();
            let service = rig.service("foo");
            prepare(&service, "exec sleep 2000", &[]);
            fs::create_dir(service.path("supervise")).unwrap();
            service.file("supervise/contained", record);
            let runsv = start(Way::Cgroup, &service);
            service.await_trace("run");
            assert_eq!(runsv.err(), "", "{record:?}");
            stops(&service);
        }
    }),
];
