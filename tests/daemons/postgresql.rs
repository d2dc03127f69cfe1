//! PostgreSQL: speaks sd_notify after recovery; INT is its fast way down.
use crate::refused::{bad_configuration, port_taken};
use crate::times::stamp;
use crate::world::{World, with};
use platform::Ended;
use runit::state::Doing;
use runit_tests::suite::{Case, case};

const NAME: &str = "postgresql";
const CONF: &str = "/var/lib/postgresql/15/main/postgresql.conf";
const NOT_CLEAN: &str = "was not properly shut down; automatic recovery in progress";

pub const CASES: &[Case] = &[
    case("postgresql_start_returns_when_it_answers", || {
        let world = with(&[NAME]).down().boot();
        for start in 1..=3 {
            let done = world
                .sh("sv start postgresql >/dev/null && psql -U postgres -Atc 'select 42' && date +%s.%N");
            let (answer, at) = done.split_once('\n').expect("two lines");
            assert_eq!(answer, "42");
            // Its own time, which is that of the event; the log's own is a little later.
            let line = world.said_times(NAME, "is ready to accept connections", start);
            let ready = stamp(&line.text).expect("a time");
            assert!(ready <= line.at + 0.001 && ready <= at.parse().expect("a time"), "{line:?} {at}");
            world.sv("stop postgresql", "ok: down: postgresql: Ts");
        }
        assert_eq!(world.count(NAME, NOT_CLEAN), 0);
    }),
    // It waits for its archive, as one that has much to recover waits for its disk.
    case("postgresql_slow_recovery_is_not_ready", || {
        let world = with(&[NAME])
            .down()
            .prepare(&conf("restore_command = 'while ! test -e /tmp/open; do sleep 0.05; done; false'"));
        let world = world
            .prepare("touch /var/lib/postgresql/15/main/recovery.signal; own postgres /var/lib/postgresql/15/main/recovery.signal")
            .boot();
        let mut start = world.start("sv start postgresql; date +%s.%N; psql -U postgres -Atc 'select 42'");
        world.said(NAME, "database system was shut down at");
        // Old enough to count as up, if it were not one that says so itself.
        world.eventually("some age", "sv status postgresql | grep -E '\\) [1-9][0-9]*s'");
        world.sv("status postgresql", "run: postgresql: (pid p) Ts, normally down, not ready");
        assert!(world.run("psql -U postgres -c 'select 1'").err.contains("the database system is"));
        assert_eq!((start.ended(), world.state(NAME).ready), (None, Some(false)));
        let opened: f64 = world.sh("date +%s.%N; touch /tmp/open").parse().expect("a time");
        start.wait();
        let out = start.out();
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("ok: run: postgresql: ") && !lines[0].contains("not ready"), "{out}");
        assert_eq!(lines[2], "42");
        // In archive recovery it serves those who read first, and that counts.
        let ready = world.said(NAME, "is ready to accept");
        assert!(opened <= ready.at && ready.own() <= lines[1].parse().expect("a time"), "{ready:?} {out}");
    }),
    case("postgresql_killed_is_ready_again_with_its_data", || {
        let world = up();
        world.sh("psql -U postgres -c 'create table t (n int)' -c 'insert into t values (7)'");
        world.sh("kill -KILL $(cat /service/postgresql/supervise/pid)");
        let after = world.await_ready_start(NAME, 2);
        assert!(after.last.is_some(), "{after:?}");
        assert_eq!(query(&world, "select n from t"), "7");
        let recovery = world.said(NAME, NOT_CLEAN);
        assert!(recovery.at <= world.said_times(NAME, "is ready to accept connections", 2).at);
    }),
    // The server itself starts its processes anew; its supervisor has nothing to do.
    case("postgresql_one_process_killed", || {
        let world = up();
        let before = world.state(NAME);
        world.run("psql -U postgres -Atc \"copy (select 1) to program 'kill -KILL \\$PPID'\"");
        world.said_times(NAME, "is ready to accept connections", 2);
        assert_eq!(world.state(NAME), before);
        world.eventually("an answer", "psql -U postgres -c 'select 1'");
    }),
    case("postgresql_stop_is_fast_though_clients_are_there", || {
        let world = up();
        let mut client = busy(&world);
        let took = world.sh(
            "start=$(date +%s%N); sv stop postgresql >/dev/null; echo $((($(date +%s%N) - start) / 1000000))",
        );
        assert!(took.parse::<u64>().expect("milliseconds") < 30_000, "{took} ms");
        client.wait();
        assert!(
            client.err().contains("terminating connection due to administrator command"),
            "{}",
            client.err()
        );
        let state = world.state(NAME);
        assert!(matches!(state.last, Some((Ended::Exit(0), _))), "{state:?}");
        let asked = stamp(&world.said(NAME, "received fast shutdown request").text).expect("a time");
        let down = stamp(&world.said(NAME, "database system is shut down").text).expect("a time");
        assert!(asked <= down && down <= world.ended(NAME) + 0.001);
        world.sh("sv start postgresql");
        world.said(NAME, "database system was shut down at");
        assert_eq!(world.count(NAME, NOT_CLEAN), 0);
    }),
    // Why there is a `down-signal`.
    case("postgresql_term_waits_for_its_clients", || {
        let world = with(&[NAME]).prepare("rm /etc/sv/postgresql/down-signal").boot();
        world.await_ready(NAME);
        let mut client = busy(&world);
        world.sv("-w 2 stop postgresql", "timeout: run: postgresql: (pid p) Ts, want down, got TERM");
        world.said(NAME, "received smart shutdown request");
        assert_eq!(client.ended(), None);
        // INT helps later, too.
        world.sv("interrupt postgresql", "");
        world.await_doing(NAME, Doing::Down);
        client.wait();
    }),
    case("postgresql_killed_in_time_has_to_recover", || {
        let world = with(&[NAME])
            .prepare("rm /etc/sv/postgresql/down-signal")
            .file("postgresql/timeout-kill", "1500");
        let world = world.boot();
        world.await_ready(NAME);
        let _client = busy(&world);
        world.sv("stop postgresql", "ok: down: postgresql: Ts, normally up");
        assert!(matches!(world.state(NAME).last, Some((Ended::Killed { signal: 9, .. }, _))));
        world.sv("start postgresql", "ok: run: postgresql: (pid p) Ts");
        world.said(NAME, NOT_CLEAN);
    }),
    case("postgresql_paused_ends_when_asked", || {
        let world = up();
        world.sv("-v pause postgresql", "ok: run: postgresql: (pid p) Ts, paused");
        world.sv("status postgresql", "run: postgresql: (pid p) Ts, paused");
        world.sv("stop postgresql", "ok: down: postgresql: Ts, normally up");
        world.said(NAME, "database system is shut down");
    }),
    case("postgresql_hup_loads_its_configuration", || {
        let world = up();
        let pid = world.pid(NAME);
        query(&world, "alter system set work_mem = '7MB'");
        world.sv("hup postgresql", "");
        world.eventually("the new value", "test \"$(psql -U postgres -Atc 'show work_mem')\" = 7MB");
        assert_eq!((world.pid(NAME), world.state(NAME).ready), (pid, Some(true)));
    }),
    case("postgresql_restart_returns_when_the_new_one_answers", || {
        let world = up();
        let _client = busy(&world);
        let before = world.pid(NAME);
        let answer = world.sh(
            "sv restart postgresql >/dev/null && psql -U postgres -Atc 'select pg_postmaster_start_time()'",
        );
        assert!(stamp(&answer).expect("a time") >= world.ended(NAME), "{answer}");
        assert_ne!(world.pid(NAME), before);
        assert_eq!((world.state(NAME).starts, world.count(NAME, NOT_CLEAN)), (2, 0));
    }),
    case("postgresql_refused_a_port", || port_taken(NAME, 5432, "could not create any TCP/IP sockets")),
    case("postgresql_refused_by_its_configuration", || {
        bad_configuration(NAME, CONF, "no_such_word = 1", "unrecognized configuration parameter");
    }),
];

fn conf(line: &str) -> String {
    format!("cat >>{CONF} <<'end'\n{line}\nend")
}

fn up() -> World {
    let world = with(&[NAME]).boot();
    world.await_ready(NAME);
    world
}

fn query(world: &World, text: &str) -> String {
    world.sh(&format!("psql -U postgres -Atc \"{text}\""))
}

/// A client that does not end by itself.
fn busy(world: &World) -> runit_tests::place::Running {
    let client = world.start("psql -U postgres -c 'begin; select pg_sleep(1000)'");
    world.eventually(
        "a client",
        "psql -U postgres -Atc 'select query from pg_stat_activity' | grep -q '^begin'",
    );
    client
}
