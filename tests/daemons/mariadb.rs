//! MariaDB: speaks sd_notify.
use crate::refused::{bad_configuration, port_taken};
use crate::world::{World, with};
use platform::Ended;
use runit_tests::suite::{Case, case};

const NAME: &str = "mariadb";
const CONF: &str = "/etc/mysql/mariadb.conf.d/50-tests.cnf";
const NOT_CLEAN: &str = "Starting crash recovery";
const READY: &str = "ready for connections";

pub const CASES: &[Case] = &[
    case("mariadb_start_returns_when_it_answers", || {
        let world = plan().down().boot();
        for start in 1..=3 {
            let done = world.sh("sv start mariadb >/dev/null && mariadb -Ne 'select 43' && date +%s.%N");
            let (answer, at) = done.split_once('\n').expect("two lines");
            assert_eq!(answer, "43");
            assert!(world.said_times(NAME, READY, start).own() <= at.parse().expect("a time"));
            world.sv("stop mariadb", "ok: down: mariadb: Ts");
        }
        assert_eq!(world.count(NAME, NOT_CLEAN), 0);
    }),
    // The commands of its init file come before all clients.
    case("mariadb_slow_start_is_not_ready", || {
        let world = plan()
            .down()
            .prepare(&format!("echo 'init-file=/tmp/init' >>{CONF}; echo 'do sleep(3);' >/tmp/init"));
        let world = world.boot();
        let mut start = world.start("sv start mariadb; date +%s.%N; mariadb -Ne 'select 43'");
        world.eventually("some age", "sv status mariadb | grep -E '\\) [1-9][0-9]*s'");
        world.sv("status mariadb", "run: mariadb: (pid p) Ts, normally down, not ready");
        assert_eq!((start.ended(), world.count(NAME, READY)), (None, 0));
        start.wait();
        let out = start.out();
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("ok: run: mariadb: ") && !lines[0].contains("not ready"), "{out}");
        assert!(world.said(NAME, READY).own() <= lines[1].parse().expect("a time"), "{out}");
        assert_eq!(lines[2], "43");
    }),
    case("mariadb_killed_is_ready_again_with_its_data", || {
        let world = up();
        world.sh("mariadb -e 'create database d; create table d.t (n int) engine=innodb; insert into d.t values (7)'");
        world.sh("kill -KILL $(cat /service/mariadb/supervise/pid)");
        let after = world.await_ready_start(NAME, 2);
        assert!(matches!(after.last, Some((Ended::Killed { signal: 9, .. }, _))), "{after:?}");
        assert_eq!(world.sh("mariadb -Ne 'select n from d.t'"), "7");
        assert!(world.said(NAME, NOT_CLEAN).at <= world.said_times(NAME, READY, 2).at);
    }),
    case("mariadb_stop_leaves_nothing_to_recover", || {
        let world = up();
        let mut client = world.start("mariadb -e 'select sleep(1000)'");
        world.eventually("a client", "mariadb -Ne 'show processlist' | grep -q 'sleep(1000)'");
        world.sv("stop mariadb", "ok: down: mariadb: Ts, normally up");
        client.wait();
        assert!(
            client.err().contains("ERROR") || client.out().contains('1'),
            "{} {}",
            client.out(),
            client.err()
        );
        world.said(NAME, "Shutdown complete");
        assert!(matches!(world.state(NAME).last, Some((Ended::Exit(0), _))));
        world.sh("sv start mariadb");
        assert_eq!(world.count(NAME, NOT_CLEAN), 0);
    }),
    case("mariadb_restart_returns_when_the_new_one_answers", || {
        let world = up();
        for start in 2..=3 {
            assert_eq!(world.sh("sv restart mariadb >/dev/null && mariadb -Ne 'select 43'"), "43");
            assert_eq!(world.state(NAME).starts, start);
        }
        assert_eq!(world.count(NAME, NOT_CLEAN), 0);
    }),
    // It takes TERM in a thread of its own, which is stopped like the others.
    case("mariadb_paused_ends_when_asked", || {
        let world = up();
        world.sv("-v pause mariadb", "ok: run: mariadb: (pid p) Ts, paused");
        world.sv("status mariadb", "run: mariadb: (pid p) Ts, paused");
        world.sv("stop mariadb", "ok: down: mariadb: Ts, normally up");
        world.said(NAME, "Shutdown complete");
    }),
    case("mariadb_refused_a_port", || port_taken(NAME, 3306, "Can't start server: Bind on TCP/IP port")),
    case("mariadb_refused_by_its_configuration", || {
        bad_configuration(NAME, "/etc/mysql/mariadb.cnf", "[mariadbd]\nno-such-word=1", "unknown variable");
    }),
];

fn plan() -> crate::world::Plan {
    with(&[NAME]).prepare(&format!(
        "printf '[mariadbd]\\nbind-address=127.0.0.1\\ninnodb-log-file-size=4M\\n' >{CONF}"
    ))
}

fn up() -> World {
    let world = plan().boot();
    world.await_ready(NAME);
    world
}
