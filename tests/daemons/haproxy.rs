//! HAProxy: its master speaks sd_notify; USR1 has connections finished, USR2 loads its configuration.
use crate::refused::{bad_configuration, port_taken};
use crate::world::{World, with};
use platform::Ended;
use runit_tests::place::Running;
use runit_tests::suite::{Case, case};

const NAME: &str = "haproxy";
const CONF: &str = "/etc/haproxy/haproxy.cfg";
const ASK: &str = "curl -s http://127.0.0.1:8080/";

pub const CASES: &[Case] = &[
    case("haproxy_start_returns_when_it_answers", || {
        let world = with(&[NAME]).down().boot();
        for _ in 0..5 {
            assert_eq!(world.sh(&format!("sv start haproxy >/dev/null && {ASK}")), "hello");
            world.sv("stop haproxy", "ok: down: haproxy: Ts");
        }
    }),
    // What its configuration has it do before it listens.
    case("haproxy_slow_start_is_not_ready", || {
        let world = with(&[NAME])
            .down()
            .file("/tmp/slow.lua", "while not io.open('/tmp/open') do os.execute('sleep 0.05') end\n")
            .prepare(&format!("sed -i 's,^global,&\\n\\tlua-load /tmp/slow.lua,' {CONF}"))
            .boot();
        let mut start = world.start(&format!("sv start haproxy; {ASK}"));
        world.eventually("some age", "sv status haproxy | grep -E '\\) [1-9][0-9]*s'");
        world.sv("status haproxy", "run: haproxy: (pid p) Ts, normally down, not ready");
        assert_eq!((start.ended(), world.run(ASK).code), (None, Some(7)));
        let opened: f64 = world.sh("date +%s.%N; touch /tmp/open").parse().expect("a time");
        start.wait();
        let out = start.out();
        assert!(out.starts_with("ok: run: haproxy: ") && !out.contains("not ready"), "{out}");
        assert!(out.ends_with("hello") && world.said(NAME, "Loading success").at >= opened, "{out}");
    }),
    case("haproxy_stop_lets_connections_finish", || {
        let world = up();
        let mut upload = upload(&world);
        let mut stop = world.start("sv stop haproxy");
        world.eventually("that nobody else is served", &format!("! {ASK}"));
        assert_eq!((upload.ended(), stop.ended()), (None, None));
        world.sh("touch /tmp/open");
        upload.wait();
        assert_eq!(upload.out(), "hello");
        stop.wait();
        assert!(stop.out().starts_with("ok: down: haproxy: "), "{}", stop.out());
        assert!(matches!(world.state(NAME).last, Some((Ended::Exit(0), _))));
    }),
    case("haproxy_killed_in_time", || {
        let world = with(&[NAME]).file("haproxy/timeout-kill", "1000").prepare(&waits()).boot();
        world.await_ready(NAME);
        let mut upload = upload(&world);
        world.sv("stop haproxy", "ok: down: haproxy: Ts, normally up");
        assert!(matches!(world.state(NAME).last, Some((Ended::Killed { signal: 9, .. }, _))));
        // The worker sees that its master is gone.
        world.eventually("the end of all", "! pgrep -x haproxy");
        world.sh("touch /tmp/open");
        upload.wait();
        assert_eq!(upload.out(), "");
    }),
    case("haproxy_usr2_loads_its_configuration", || {
        let world = up();
        let before = world.state(NAME);
        let mut upload = upload(&world);
        world.sh(&format!("sed -i 's/string hello/string changed/' {CONF}"));
        world.sv("2 haproxy", "");
        world.eventually("the new answer", &format!("test \"$({ASK})\" = changed"));
        world.sh("touch /tmp/open");
        upload.wait();
        assert_eq!(upload.out(), "hello");
        world.eventually("the old worker's end", &format!("test $(pgrep -c -P {}) = 1", world.pid(NAME)));
        assert_eq!(world.state(NAME), before);
    }),
    case("haproxy_usr2_with_a_bad_configuration", || {
        let world = up();
        let before = world.state(NAME);
        world.sh(&format!("echo 'no-such-word' >>{CONF}"));
        world.sv("2 haproxy", "");
        world.said(NAME, "Loading failure!");
        assert_eq!(world.sh(ASK), "hello");
        assert_eq!(world.state(NAME), before);
    }),
    case("haproxy_killed_is_ready_again", || {
        let world = up();
        world.sh("kill -KILL $(cat /service/haproxy/supervise/pid)");
        world.await_ready_start(NAME, 2);
        assert_eq!(world.sh(ASK), "hello");
        assert!(world.said_times(NAME, "Loading success", 2).at >= world.ended(NAME));
    }),
    // A master without its worker ends.
    case("haproxy_worker_killed_is_ready_again", || {
        let world = up();
        world.sh(&format!("kill -KILL $(pgrep -P {})", world.pid(NAME)));
        let after = world.await_ready_start(NAME, 2);
        assert!(matches!(after.last, Some((Ended::Exit(137), _))), "{after:?}");
        assert_eq!(world.sh(ASK), "hello");
    }),
    case("haproxy_refused_a_port", || port_taken(NAME, 8080, "cannot bind socket")),
    case("haproxy_refused_by_its_configuration", || {
        bad_configuration(NAME, CONF, "no-such-word", "unknown keyword");
    }),
];

/// Whoever sends something is answered when all of it is here.
fn waits() -> String {
    format!(
        "echo '\thttp-request wait-for-body time 60s if METH_PUT' >/tmp/line; sed -i '/default_backend/r /tmp/line' {CONF}"
    )
}

fn up() -> World {
    let world = with(&[NAME]).prepare(&waits()).boot();
    world.await_ready(NAME);
    world
}

/// Somebody who sends, and is not done yet.
fn upload(world: &World) -> Running {
    let upload = world.start(
        "{ echo some; while ! test -e /tmp/open; do sleep 0.05; done; echo more; } | curl -s -T - http://127.0.0.1:8080/",
    );
    world.eventually("a connection", "ss -Htn state established sport = :8080 | grep -q .");
    upload
}
