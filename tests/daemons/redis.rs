//! Redis: speaks sd_notify when its data are loaded, saves them when it is told to end.
use crate::refused::{bad_configuration, port_taken};
use crate::world::{World, with};
use platform::Ended;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;

pub const CASES: &[Case] = &[
    case("redis_start_returns_when_it_answers", || {
        let world = with(&["redis"]).down().boot();
        for start in 1..=5 {
            assert_eq!(world.sh("sv start redis >/dev/null && redis-cli ping"), "PONG");
            assert_eq!(world.state("redis").starts, start);
            world.sv("stop redis", "ok: down: redis: Ts");
        }
    }),
    // While a large file is loaded it listens already, and answers that it does not serve yet.
    case("redis_slow_loading_is_not_ready", || {
        let world = with(&["redis"]).down().prepare(&conf("enable-debug-command local")).boot();
        world.sh("sv start redis; redis-cli debug populate 3000; sv stop redis");
        world.sh("printf '%s\\n' 'key-load-delay 1000' 'loading-process-events-interval-bytes 1024' >>/etc/redis/redis.conf");
        let mut start = world.start("sv start redis; date +%s.%N; redis-cli dbsize");
        world.eventually("that it loads", "redis-cli ping 2>&1 | grep LOADING");
        world.sv("status redis", "run: redis: (pid p) Ts, normally down, not ready");
        assert_eq!(world.state("redis").ready, Some(false));
        assert_eq!(start.ended(), None, "{}", start.out());
        start.wait();
        let out = start.out();
        let mut said = out.lines();
        let ok = said.next().unwrap_or("");
        assert!(ok.starts_with("ok: run: redis: ") && !ok.contains("not ready"), "{out}");
        let at: f64 = said.next().and_then(|time| time.parse().ok()).expect("a time");
        assert_eq!(said.next(), Some("3000"));
        let ready = world.said_times("redis", "Ready to accept connections", 2);
        assert!(ready.own() <= at, "{ready:?} after {at}");
    }),
    case("redis_killed_is_ready_again_with_its_data", || {
        let world = with(&["redis"]).prepare(&conf("appendonly yes\nappendfsync always")).boot();
        let before = world.await_ready("redis");
        world.sh("redis-cli set color green; kill -KILL $(cat /service/redis/supervise/pid)");
        let after = world.await_ready_start("redis", before.starts + 1);
        assert!(matches!(after.last, Some((Ended::Killed { signal: 9, .. }, _))), "{after:?}");
        assert_eq!(world.sh("redis-cli get color"), "green");
        assert!(world.said_times("redis", "Ready to accept", 2).at > world.ended("redis"));
    }),
    case("redis_hung_is_killed_in_time", || {
        let world = hung("2000");
        let took = world
            .sh("start=$(date +%s%N); sv stop redis >/dev/null; echo $((($(date +%s%N) - start) / 1000000))");
        let took: u64 = took.parse().expect("milliseconds");
        assert!((2000..20000).contains(&took), "{took} ms");
        assert!(matches!(world.state("redis").last, Some((Ended::Killed { signal: 9, .. }, _))));
    }),
    case("redis_hung_is_started_anew", || {
        let world = hung("60000");
        // Nothing is killed by a restart, but by one that says so.
        world.sv("-w 1 restart redis", "timeout: run: redis: (pid p) Ts, got TERM");
        world.sv("-w 1 force-restart redis", "kill: run: redis: (pid p) Ts, got TERM");
        world.await_ready_start("redis", 2);
        assert_eq!(world.sh("redis-cli ping"), "PONG");
    }),
    case("redis_paused_stays_ready_and_ends_when_asked", || {
        let world = with(&["redis"]).boot();
        world.await_ready("redis");
        world.sh("redis-cli set color green");
        world.sv("-v pause redis", "ok: run: redis: (pid p) Ts, paused");
        world.sv("status redis", "run: redis: (pid p) Ts, paused");
        assert_eq!(world.state("redis").ready, Some(true));
        // It is let go on, or it could not end.
        world.sv("stop redis", "ok: down: redis: Ts, normally up");
        assert!(matches!(world.state("redis").last, Some((Ended::Exit(0), _))));
        assert_eq!(world.sh("sv start redis >/dev/null; redis-cli get color"), "green");
    }),
    case("redis_stop_saves_though_clients_are_there", || {
        let world = with(&["redis"]).boot();
        world.await_ready("redis");
        world.sh("redis-cli set color green");
        let mut client = world.start("redis-cli subscribe news");
        world.eventually("a client", "redis-cli client list | grep -q subscribe");
        world.sv("stop redis", "ok: down: redis: Ts, normally up");
        until("the client's end", || client.ended());
        world.said("redis", "DB saved on disk");
        world.sh("sv start redis");
        assert_eq!(world.sh("redis-cli get color"), "green");
    }),
    case("redis_restart_returns_when_the_new_one_answers", || {
        let world = with(&["redis"]).boot();
        let mut before = world.await_ready("redis");
        for _ in 0..5 {
            let done = world.sh("sv restart redis >/dev/null && redis-cli info server");
            let after = world.state("redis");
            assert_eq!(after.starts, before.starts + 1);
            let pid = after.pid.expect("a process").0;
            assert!(done.lines().any(|line| line.trim() == format!("process_id:{pid}")), "{pid} {done}");
            before = after;
        }
    }),
    case("redis_refused_a_port", || port_taken("redis", 6379, "bind: Address already in use")),
    case("redis_refused_by_its_configuration", || {
        bad_configuration("redis", "/etc/redis/redis.conf", "no-such-word yes", "Bad directive");
    }),
];

/// Lines for its configuration.
fn conf(lines: &str) -> String {
    format!("cat >>/etc/redis/redis.conf <<end\n{lines}\nend")
}

/// One that does nothing any more, and has so long to end.
fn hung(patience: &str) -> World {
    let world = with(&["redis"]).file("redis/timeout-kill", patience).boot();
    world.await_ready("redis");
    world.sh("redis-cli eval 'while true do end' 0 >/dev/null 2>&1 & :");
    world.eventually("silence", "! timeout 0.5 redis-cli ping");
    world
}
