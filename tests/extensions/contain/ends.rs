//! What is left of a service that ends.
use super::{Way, alone, cgroup_of, contained, each, others, pids, prepare, start, stops};
use crate::told::{Told, timed, warnings};
use nix::sys::signal::Signal;
use runit_tests::rig::{Rig, await_process_state, is_alive, send};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;
use std::time::Duration;

/// Does nothing for long, and is told to end like that.
const WAITS: &str = "exec sleep 2000";

fn a_child(way: Way) {
    contained(way, &format!("sleep 1000 & echo $! >left\n{WAITS}"), &[], |service, runsv| {
        let left = pids(service, "left", 1);
        stops(service);
        assert!(!is_alive(left[0]));
        alone(service.rig, &[runsv]);
    });
}

fn a_bomb(way: Way) {
    let run = "i=0; trap '' TERM
while [ $i -lt 200 ]; do sleep 1000 & echo $! >>left; i=$((i+1)); done
trap - TERM; exec sleep 2000";
    contained(way, run, &[], |service, runsv| {
        pids(service, "left", 200);
        stops(service);
        alone(service.rig, &[runsv]);
    });
}

/// Processes that go on forking while they are killed.
fn a_bomb_at_work(way: Way) {
    let run = "cat >again <<'END'
trap '' TERM
echo $$ >>left
n=$1
[ $n -lt 7 ] || exec sleep 1000
sh again $((n+1)) &
sh again $((n+1)) &
wait
END
sh again 0 &
exec sleep 2000";
    contained(way, run, &[], |service, runsv| {
        pids(service, "left", 40);
        stops(service);
        alone(service.rig, &[runsv]);
    });
}

fn a_double_fork(way: Way) {
    contained(way, &format!("(sleep 1000 & echo $! >left)\n{WAITS}"), &[], |service, runsv| {
        let left = pids(service, "left", 1);
        stops(service);
        assert!(!is_alive(left[0]));
        alone(service.rig, &[runsv]);
    });
}

/// A daemon as in the book. A process group does not have it any more.
fn a_daemon(way: Way) {
    let run = format!("(setsid sh -c 'sleep 1000 & echo $! >left' &)\n{WAITS}");
    contained(way, &run, &[], |service, runsv| {
        let left = pids(service, "left", 1);
        stops(service);
        if way == Way::Group {
            assert!(is_alive(left[0]));
            assert_eq!(warnings(runsv), ["contain: only the process group can be ended here"]);
            return send(left[0], Signal::SIGKILL);
        }
        assert_eq!(warnings(runsv), Vec::<String>::new());
        assert!(!is_alive(left[0]));
        alone(service.rig, &[runsv]);
    });
}

fn nohup(way: Way) {
    contained(
        way,
        &format!("nohup sleep 1000 >/dev/null 2>&1 & echo $! >left\n{WAITS}"),
        &[],
        |service, runsv| {
            pids(service, "left", 1);
            stops(service);
            alone(service.rig, &[runsv]);
        },
    );
}

/// It has a second, and no more.
fn one_that_ignores_term(way: Way) {
    let run = format!("{{ trap '' TERM; exec sleep 1000; }} & echo $! >left\n{WAITS}");
    contained(way, &run, &[], |service, runsv| {
        pids(service, "left", 1);
        let ((), time) = timed(|| stops(service));
        assert!(time > Duration::from_millis(950), "{time:?}");
        alone(service.rig, &[runsv]);
    });
}

/// Nobody has to wait for what ends at once.
fn one_that_heeds_term(way: Way) {
    let run =
        format!("(trap 'echo bye >>trace; exit' TERM; while :; do sleep 0.1; done) & echo $! >left\n{WAITS}");
    contained(way, &run, &[], |service, runsv| {
        pids(service, "left", 1);
        stops(service);
        assert_eq!(service.trace(), ["run", "bye"]);
        alone(service.rig, &[runsv]);
    });
}

/// A stopped process could not act on TERM.
fn one_that_is_stopped(way: Way) {
    let run = format!(
        "sh -c \"trap 'echo bye >>trace; exit' TERM; echo \\$\\$ >left; kill -STOP \\$\\$; exit\" &\n{WAITS}"
    );
    contained(way, &run, &[], |service, runsv| {
        let left = pids(service, "left", 1);
        await_process_state(left[0], 'T');
        stops(service);
        assert_eq!(service.trace(), ["run", "bye"]);
        alone(service.rig, &[runsv]);
    });
}

/// `./run` dies by itself: nothing is beside the next one.
fn the_rest_before_the_next_start(way: Way) {
    let run = "exec 9>>held; flock -n 9 || echo beside >>trace
{ trap '' TERM; exec sleep 1000; } & echo $! >left
exec sleep 2000";
    contained(way, run, &[("restart-delay", "50")], |service, runsv| {
        let first = pids(service, "left", 1);
        send(service.runs()[0], Signal::SIGKILL);
        service.await_runs(2);
        assert_eq!(service.trace(), ["run", "run"]);
        assert!(!is_alive(first[0]));
        until("a new child", || (pids(service, "left", 1) != first).then_some(()));
        let found = others(service.rig, &[runsv]);
        let names: Vec<String> = found.iter().map(|pid| runit_tests::process::arguments(*pid)).collect();
        assert_eq!(found.len(), 2, "{names:?}");
    });
}

fn the_rest_before_finish(way: Way) {
    let rig = Rig::new();
    let service = rig.service("foo");
    prepare(
        &service,
        "exec 9>>held; { trap '' TERM; exec sleep 1000; } & echo $! >left\nexec sleep 2000",
        &[],
    );
    service.script("finish", "exec 9>>held; flock -n 9 || echo beside >>trace\necho finish $* >>trace");
    let runsv = start(way, &service);
    pids(&service, "left", 1);
    stops(&service);
    assert_eq!(service.trace(), ["run", "finish -1 15"]);
    alone(&rig, &[&runsv]);
}

fn the_rest_of_finish(way: Way) {
    let rig = Rig::new();
    let service = rig.service("foo");
    prepare(&service, "exec sleep 2000", &[]);
    service.script("finish", "{ trap '' TERM; exec sleep 1000; } & echo $! >left\necho finish >>trace");
    let runsv = start(way, &service);
    service.await_trace("run");
    stops(&service);
    assert_eq!(service.trace(), ["run", "finish"]);
    assert!(!is_alive(pids(&service, "left", 1)[0]));
    alone(&rig, &[&runsv]);
}

fn the_end_of_runsv(way: Way) {
    for signal in [true, false] {
        contained(
            way,
            &format!("{{ trap '' TERM; exec sleep 1000; }} & echo $! >left\n{WAITS}"),
            &[],
            |service, runsv| {
                pids(service, "left", 1);
                if signal {
                    runsv.signal(Signal::SIGTERM);
                } else {
                    service.control("x");
                }
                assert_eq!(runsv.wait().code(), Some(0));
                alone(service.rig, &[]);
            },
        );
    }
}

/// Until all is gone it is what it was.
fn what_is_said_meanwhile(way: Way) {
    let run = format!("{{ trap '' TERM; exec sleep 1000; }} & echo $! >left\n{WAITS}");
    contained(way, &run, &[("timeout-kill", "600000")], |service, runsv| {
        pids(service, "left", 1);
        let pid = service.runs()[0];
        service.control("d");
        until("its end", || (!is_alive(pid)).then_some(()));
        let state =
            until("that it is not ready", || service.state().filter(|state| state.ready == Some(false)));
        assert_eq!((state.doing, state.pid.map(|pid| pid.0)), (runit::state::Doing::Run, Some(pid)));
        assert_eq!(service.line(), "run: foo: (pid p) Ts, want down, got TERM, not ready");
        // `k` is for those who do not want to wait.
        service.control("k");
        service.await_stat("down");
        alone(service.rig, &[runsv]);
    });
}

/// No pause is made for nothing: of some tries one is quick, from the end of the process to the end of all, as runsv
/// tells both.
fn nothing(way: Way) {
    contained(way, WAITS, &[], |service, runsv| {
        let ms = |stamp: platform::Stamp| stamp.secs * 1000 + u64::from(stamp.nanos / 1_000_000);
        let quick = (0..8).any(|_| {
            stops(service);
            let state = service.await_doing(runit::state::Doing::Down);
            service.control("u");
            service.await_stat("run");
            state.last.is_some_and(|(_, ended)| ms(state.since) < ms(ended) + 900)
        });
        assert!(quick);
        stops(service);
        alone(service.rig, &[runsv]);
    });
}

/// A crowd of services with a rest each, which all have to be looked for at the same time. Where each runsv looks at
/// every process of the system, it is a smaller one.
fn many(way: Way) {
    let many = if way == Way::Family { 20 } else { 100 };
    let rig = Rig::new();
    let names: Vec<String> = (0..many).map(|number| format!("s{number}")).collect();
    let services: Vec<_> = names.iter().map(|name| rig.service(name)).collect();
    let begin = |service| {
        prepare(service, "{ trap '' TERM; exec sleep 1000; } & echo $! >left\nexec sleep 2000", &[]);
        rig.place.start(&mut way.command(&rig, "runsv", &[&service.name]))
    };
    let runsvs: Vec<_> = services.iter().map(begin).collect();
    services.iter().for_each(|service| drop(pids(service, "left", 1)));
    let words = ["-w", "120", "stop"].into_iter().chain(names.iter().map(String::as_str));
    let done = rig.sv(&words.collect::<Vec<_>>());
    assert_eq!((done.code, done.out.matches("ok: down: s").count()), (Some(0), many), "{done:?}");
    alone(&rig, &runsvs.iter().collect::<Vec<_>>());
}

pub const EACH: &[Case] = each! {
    many a_child a_bomb a_bomb_at_work a_double_fork a_daemon nohup one_that_ignores_term one_that_heeds_term
    one_that_is_stopped the_rest_before_the_next_start the_rest_before_finish the_rest_of_finish the_end_of_runsv
    what_is_said_meanwhile nothing
};

pub const CASES: &[Case] = &[
    case("contain_leaves_no_cgroup", || {
        contained(Way::Cgroup, &format!("sleep 1000 &\n{WAITS}"), &[], |service, runsv| {
            let dir = cgroup_of(service);
            let held = || fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default().lines().count();
            until("two processes", || (held() == 2).then_some(()));
            stops(service);
            assert!(!dir.exists());
            service.control("x");
            assert_eq!(runsv.wait().code(), Some(0));
            assert!(!dir.exists());
        });
    }),
    case("contain_ends_groups_within", || {
        let run = "here=$(sed -n 's/^0:://p' /proc/self/cgroup)
for root in /sys/fs/cgroup /sys/fs/cgroup/unified; do
    [ ! -e $root$here/cgroup.controllers ] || mkdir $root$here/a $root$here/b && dir=$root$here
done
sh -c 'echo $$ >$0/a/cgroup.procs && echo $$ >left; trap \"\" TERM; exec sleep 1000' $dir &
exec sleep 2000";
        contained(Way::Cgroup, run, &[], |service, runsv| {
            pids(service, "left", 1);
            stops(service);
            alone(service.rig, &[runsv]);
            assert!(!cgroup_of(service).exists());
        });
    }),
    case("contain_absent", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.script("run", "echo run $$ >>trace\nsleep 1000 & echo $! >left\nexec sleep 2000");
        let _runsv = service.supervise();
        let left = pids(&service, "left", 1);
        stops(&service);
        assert!(is_alive(left[0]) && !service.path("supervise/contained").exists());
        send(left[0], Signal::SIGKILL);
    }),
    case("contain_is_looked_for_at_each_start", || {
        contained(Way::Cgroup, &format!("sleep 1000 & echo $! >>left\n{WAITS}"), &[], |service, runsv| {
            pids(service, "left", 1);
            fs::remove_file(service.path("contain")).unwrap();
            stops(service);
            alone(service.rig, &[runsv]);
            service.control("u");
            let left = pids(service, "left", 2);
            service.control("d");
            service.await_stat("down");
            assert!(is_alive(left[1]));
            send(left[1], Signal::SIGKILL);
        });
    }),
];
