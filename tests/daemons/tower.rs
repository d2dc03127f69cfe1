//! nginx needs php-fpm, which needs PostgreSQL, which needs a mount: up in that order from the bottom, down from the
//! top, with times.
use crate::times::seconds;
use crate::world::{Plan, World, with};
use platform::Ended;
use runit::state::{Doing, State};
use runit_tests::namespace::How;
use runit_tests::suite::{Case, case};

/// From the bottom.
const TOWER: [&str; 4] = ["volume", "postgresql", "php-fpm", "nginx"];
const PAGE: &str = "curl -s http://127.0.0.1/index.php";
const MOUNTED: &str = "mountpoint -q /var/lib/postgresql";
const READY: &str = "is ready to accept connections";

pub const CASES: &[Case] = &[
    case("tower_comes_up_in_order", || {
        let world = tower(TOWER).prepare(&slow_volume()).boot();
        world.await_state("volume", "runs", |state| state.doing == Doing::Run);
        let waits = |name: &str, below: &str| {
            let line = format!("down: {name}: Ts, normally up, want up, waits for {below}");
            world.eventually(&line, &format!("sv status {name} | grep -q 'waits for {below}'"));
            world.sv(&format!("status {name}"), &line);
            assert_eq!(world.state(name).starts, 0);
        };
        waits("postgresql", "volume");
        waits("php-fpm", "postgresql");
        waits("nginx", "php-fpm");
        let go: f64 = world.sh("date +%s.%N; touch /tmp/go").parse().expect("a time");
        serves(&world);
        in_order(&world, go);
    }),
    case("tower_comes_up_in_order_for_one_user", || {
        let world = tower(TOWER).alone().boot();
        serves(&world);
        in_order(&world, 0.0);
        down_in_order(&world, "sv stop /service/*");
    }),
    case("tower_started_by_its_top", || {
        let world = tower(TOWER).down().boot();
        assert_eq!(world.run(MOUNTED).code, Some(32));
        assert_eq!(world.sh(&format!("sv start nginx >/dev/null && {PAGE}")), "7 rows");
        in_order(&world, 0.0);
    }),
    case("tower_waits_for_recovery", || {
        let conf = "/srv/disk/15/main";
        let world = tower(TOWER)
            .prepare(&format!(
                "echo \"restore_command = 'while ! test -e /tmp/go; do sleep 0.05; done; false'\" >>{conf}/postgresql.conf
                touch {conf}/recovery.signal; own postgres {conf}/recovery.signal"
            ))
            .boot();
        world.said("postgresql", "database system was");
        world.eventually("some age", "sv status postgresql | grep -E '\\) [1-9][0-9]*s'");
        world.sv("status postgresql", "run: postgresql: (pid p) Ts, not ready");
        world.sv("status php-fpm", "down: php-fpm: Ts, normally up, want up, waits for postgresql");
        assert_eq!((world.state("php-fpm").starts, world.state("nginx").starts), (0, 0));
        let go: f64 = world.sh("date +%s.%N; touch /tmp/go").parse().expect("a time");
        serves(&world);
        assert!(world.log("php-fpm")[0].at >= go);
    }),
    case("tower_on_a_mount_that_fails", || {
        let world = tower(TOWER)
            .file("volume/restart-limit", "2 60\n")
            .prepare("mv /etc/fstab /etc/fstab.away")
            .boot();
        world.await_doing("volume", Doing::Failed);
        let line = "down: postgresql: Ts, normally up, want up, waits for volume, failed";
        world.eventually(line, "sv status postgresql | grep -q 'waits for volume, failed'");
        world.sv("status postgresql", line);
        world.sv("-w 1 start nginx", "timeout: down: nginx: Ts, normally up, want up, waits for php-fpm");
        for name in &TOWER[1..] {
            assert_eq!(world.state(name).starts, 0, "{name}");
        }
        world.sh("mv /etc/fstab.away /etc/fstab");
        world.sv("start volume", "ok: done: volume: Ts");
        serves(&world);
    }),
    case("tower_keeps_standing_when_the_database_is_killed", || {
        let world = up();
        let before = [world.state("php-fpm"), world.state("nginx"), world.state("volume")];
        world.sh("kill -KILL $(cat /service/postgresql/supervise/pid)");
        world.await_ready_start("postgresql", 2);
        serves(&world);
        assert_eq!([world.state("php-fpm"), world.state("nginx"), world.state("volume")], before);
    }),
    case("tower_keeps_standing_when_the_database_is_restarted", || {
        let world = up();
        let before = [world.state("php-fpm"), world.state("nginx"), world.state("volume")];
        world.sv("restart postgresql", "ok: run: postgresql: (pid p) Ts");
        serves(&world);
        assert_eq!([world.state("php-fpm"), world.state("nginx"), world.state("volume")], before);
        assert_eq!(world.count("postgresql", "was not properly shut down"), 0);
    }),
    // They are named in the wrong order.
    case("tower_stopped_by_sv", || {
        down_in_order(&up(), "sv stop volume postgresql php-fpm nginx");
    }),
    case("tower_stopped_by_shutdown", || {
        down_in_order(
            &up(),
            "sv shutdown /service/volume /service/postgresql /service/php-fpm /service/nginx",
        );
    }),
    case("tower_stopped_by_runsvdir", || {
        down_in_order(&up(), "kill -HUP $(pgrep -o runsvdir)");
    }),
    case("tower_stopped_by_power_off", || {
        // The last one tells on the console what it finds.
        let world = tower(TOWER).file(
            "volume/finish",
            "#!/bin/sh
            mountpoint -q /var/lib/postgresql || exit 0
            echo \"finish: $(pgrep -c -x nginx) $(pgrep -c php-fpm) $(pgrep -c postgres)\" >/dev/console
            umount /var/lib/postgresql && echo 'finish: unmounted' >/dev/console",
        );
        let world = world.boot();
        serves(&world);
        world.run("init 0");
        let end = world.machine.end();
        assert_eq!(end.how, How::PoweredOff, "{:#?}", end.lines);
        let told: Vec<&str> =
            end.lines.iter().map(String::as_str).filter(|line| line.starts_with("finish: ")).collect();
        assert_eq!(told, ["finish: 0 0 0", "finish: unmounted"], "{:#?}", end.lines);
    }),
    // Who is asked by somebody needs those below until it has answered.
    case("tower_finishes_a_request_while_it_stops", || {
        let world = up();
        let mut request = world.start("curl -s http://127.0.0.1/wait.php");
        world.eventually("a request", "test -e /tmp/asked");
        let mut stop = world.start("sv stop volume postgresql php-fpm nginx");
        world.eventually("that nginx ends", "grep -q 'want down' /service/nginx/supervise/stat");
        world.said("nginx", "gracefully shutting down");
        for name in &TOWER[..3] {
            assert_eq!((world.state(name).asked, world.state(name).starts), (false, 1), "{name}");
        }
        world.sh("touch /tmp/open");
        request.wait();
        assert_eq!(request.out(), "7 rows, finished");
        stop.wait();
        assert_eq!(stop.out().matches("ok: down: ").count(), 4, "{} {}", stop.out(), world.logs());
        assert_eq!(world.run(MOUNTED).code, Some(32));
    }),
    case("tower_is_built_again", || {
        let world = up();
        down_in_order(&world, "sv stop volume postgresql php-fpm nginx");
        assert_eq!(world.sh(&format!("sv start nginx >/dev/null && {PAGE}")), "7 rows");
        assert_eq!(world.count("postgresql", "was not properly shut down"), 0);
    }),
];

/// Its data are on the disk that is mounted.
fn tower(services: [&str; 4]) -> Plan {
    with(&services)
        .ordered()
        .prepare(
            "mkdir /srv; mv /var/lib/postgresql /srv/disk; mkdir /var/lib/postgresql
            echo '/srv/disk /var/lib/postgresql none bind 0 0' >/etc/fstab
            echo 'extension=pgsql.so' >/etc/php/8.2/fpm/conf.d/20-pgsql.ini
            printf '%s\\n' 'server {' 'listen 127.0.0.1:80;' 'root /var/www;' 'location ~ php$ {' 'include fastcgi.conf;' \
                'fastcgi_pass unix:/run/php/php8.2-fpm.sock;' '}' '}' >/etc/nginx/sites-enabled/default",
        )
        .file("/var/www/index.php", PHP)
        .file(
            "/var/www/wait.php",
            &format!(
                "<?php touch('/tmp/asked'); while (!file_exists('/tmp/open')) {{ clearstatcache(); usleep(50000); }} ?>{PHP}, finished"
            ),
        )
}

const PHP: &str = "<?php $db = @pg_connect('host=127.0.0.1 user=postgres') or die('no database');
echo pg_fetch_result(pg_query($db, 'select count(*) from generate_series(1, 7)'), 0), ' rows' ?>";

/// The mount waits for a file.
fn slow_volume() -> String {
    "sed -i 's/^mountpoint/while ! test -e \\/tmp\\/go; do sleep 0.05; done\\n&/' /etc/sv/volume/run"
        .to_owned()
}

fn up() -> World {
    let world = tower(TOWER).boot();
    serves(&world);
    world
}

fn serves(world: &World) {
    world.eventually("a page", &format!("test \"$({PAGE})\" = '7 rows'"));
}

/// Each was started once, when the one below was ready: by the supervisors' times, and the daemons' own.
fn in_order(world: &World, go: f64) {
    let mounted = world.state("volume");
    assert_eq!(mounted.doing, Doing::Done);
    for name in TOWER {
        assert_eq!(world.state(name).starts, 1, "{name}; {}", world.logs());
    }
    let times = [
        ("the word to go", go),
        ("a mount", seconds(mounted.since)),
        ("the start of PostgreSQL", seconds(world.state("postgresql").since)),
        ("that it is ready", world.said("postgresql", READY).own()),
        ("the start of php-fpm", seconds(world.state("php-fpm").since)),
        ("the start of nginx", seconds(world.state("nginx").since)),
    ];
    for pair in times.windows(2) {
        // Its own times are in milliseconds.
        assert!(pair[0].1 <= pair[1].1 + 0.001, "{pair:?} of {times:?}");
    }
    // In whole seconds.
    assert!(world.said("php-fpm", "NOTICE: fpm is running").own() <= times[5].1, "{times:?}");
}

/// A command takes it down from the top; nothing is left in use.
fn down_in_order(world: &World, command: &str) {
    world.sh(command);
    let down = |state: &State| state.doing == Doing::Down && state.pid.is_none();
    for name in TOWER {
        world.await_state(name, "is down", down);
    }
    for name in &TOWER[1..] {
        let state = world.state(name);
        assert!(matches!(state.last, Some((Ended::Exit(0), _))), "{name}: {state:?}");
    }
    let nginx = world.ended("nginx");
    // What is read from a log may be late, and may not be early.
    assert!(nginx <= world.said("php-fpm", "Finishing ...").at);
    let times = [
        ("the end of nginx", nginx),
        ("the end of php-fpm", world.ended("php-fpm")),
        ("the signal for PostgreSQL", world.said("postgresql", "received fast shutdown request").own()),
        ("the end of PostgreSQL", world.ended("postgresql")),
        ("the end of the mount", seconds(world.state("volume").since)),
    ];
    for pair in times.windows(2) {
        assert!(pair[0].1 <= pair[1].1 + 0.001, "{pair:?} of {times:?}");
    }
    assert_eq!(world.run(MOUNTED).code, Some(32), "{}", world.logs());
    assert_eq!(world.count("volume", "busy"), 0);
}
