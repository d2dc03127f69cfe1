//! What daemons leave behind when they are killed, or their supervisors: with `contain` nothing, without it what the
//! page says.
use crate::page;
use crate::php;
use crate::world::{Plan, World, with};
use platform::Ended;
use runit::state::Doing;
use runit_tests::suite::{Case, case};

const TWO: &str = "2 60\n";

pub const CASES: &[Case] = &[
    case("left_by_php_nothing", || {
        let world = php::plan().boot();
        world.await_ready("php-fpm");
        let workers = children(&world, "php-fpm");
        kill(&world, "php-fpm");
        world.await_ready_start("php-fpm", 2);
        gone(&world, &workers);
        world.eventually("an answer", &format!("{} | grep -q 'colour: red'", php::ask("color")));
    }),
    // Why there is a `contain`.
    case("left_by_php_its_socket", || {
        let world =
            php::plan().file("php-fpm/restart-limit", "3 60\n").prepare("rm /etc/sv/php-fpm/contain").boot();
        world.await_ready("php-fpm");
        kill(&world, "php-fpm");
        world.await_doing("php-fpm", Doing::Failed);
        world.said("php-fpm", "Another FPM instance seems to already listen");
    }),
    case("left_by_nginx_nothing", || {
        let world = with(&["nginx"]).boot();
        world.eventually("an answer", "curl -s http://127.0.0.1/");
        let workers = children(&world, "nginx");
        kill(&world, "nginx");
        world.await_state("nginx", "runs again", |state| state.starts == 2 && state.doing == Doing::Run);
        world.sv("start nginx", "ok: run: nginx: (pid p) Ts");
        gone(&world, &workers);
        assert_eq!(world.state("nginx").starts, 2);
    }),
    case("left_by_nginx_its_port", || {
        let world =
            with(&["nginx"]).file("nginx/restart-limit", "3 60\n").prepare("rm /etc/sv/nginx/contain").boot();
        world.eventually("an answer", "curl -s http://127.0.0.1/");
        kill(&world, "nginx");
        world.await_doing("nginx", Doing::Failed);
        world.said("nginx", "bind() to 127.0.0.1:80 failed (98: Address already in use)");
    }),
    case("left_by_nginx_killed_in_time_nothing", || {
        let slow = "head -c 40000 /dev/zero >/var/www/slow
            sed -i 's,^root .*,&\\nlimit_rate 1000;,' /etc/nginx/sites-enabled/default";
        let world = with(&["nginx"]).file("nginx/timeout-kill", "1000").prepare(slow).boot();
        world.eventually("an answer", "curl -s http://127.0.0.1/");
        let mut client = world.start("curl -s http://127.0.0.1/slow");
        world.eventually("a connection", "ss -Htn state established sport = :80 | grep -q .");
        world.sv("stop nginx", "ok: down: nginx: Ts, normally up");
        assert!(matches!(world.state("nginx").last, Some((Ended::Killed { signal: 9, .. }, _))));
        world.sh("! pgrep -x nginx");
        client.wait();
    }),
    // One of its processes hangs, and does not notice that the server is gone.
    case("left_by_postgresql_nothing", || {
        let world = with(&["postgresql"]).boot();
        world.await_ready("postgresql");
        let others = children(&world, "postgresql");
        let hung = hang(&world);
        kill(&world, "postgresql");
        world.await_ready_start("postgresql", 2);
        gone(&world, &others);
        gone(&world, &[hung]);
        assert_eq!(world.sh("psql -U postgres -Atc 'select 42'"), "42");
        assert_eq!(world.count("postgresql", "shared memory block"), 0);
        assert_eq!(world.state("postgresql").starts, 2);
    }),
    case("left_by_postgresql_its_memory", || {
        let world = with(&["postgresql"])
            .file("postgresql/restart-limit", TWO)
            .prepare("rm /etc/sv/postgresql/contain");
        let world = world.boot();
        world.await_ready("postgresql");
        let hung = hang(&world);
        kill(&world, "postgresql");
        world.await_doing("postgresql", Doing::Failed);
        world.said("postgresql", "pre-existing shared memory block");
        // When that is gone, it may start.
        world.sh(&format!("kill -KILL {hung}"));
        world.sv("start postgresql", "ok: run: postgresql: (pid p) Ts");
    }),
    case("left_by_a_supervisor_nothing", || {
        let names = ["redis", "postgresql", "mariadb", "php-fpm", "haproxy", "nginx"];
        let mut plan: Plan = with(&names);
        for name in names {
            plan = plan.file(&format!("{name}/contain"), "").file(&format!("{name}/restart-limit"), TWO);
        }
        let world = plan.boot();
        let start = |name: &str| world.sv(&format!("start {name}"), &format!("ok: run: {name}: (pid p) Ts"));
        names.into_iter().for_each(start);
        let before = names.map(|name| world.pid(name));
        let supervisor = |pid: i32| world.sh(&format!("ps -o ppid= -p {pid}"));
        let supervisors = before.map(supervisor);
        world.sh(&format!("kill -KILL {}", supervisors.join(" ")));
        for (name, old) in names.into_iter().zip(before) {
            let now = world.await_state(name, "has another supervisor", |state| {
                state.doing == Doing::Run
                    && state.ready != Some(false)
                    && state.pid.is_some_and(|pid| pid.0 != old)
            });
            // None of them was refused by what was there before.
            assert_eq!(now.starts, 1, "{name} {}", world.logs());
            start(name);
            gone(&world, &[old.to_string()]);
        }
        assert_eq!(
            world.sh("redis-cli ping; curl -s http://127.0.0.1:8080/; curl -s http://127.0.0.1/"),
            "PONG\nhellohello"
        );
    }),
    // Why there is a `contain`, again: the next supervisor starts another one, which is refused.
    case("left_by_a_supervisor_its_daemon", || {
        let world = with(&["redis"]).file("redis/restart-limit", TWO).boot();
        world.await_ready("redis");
        let old = world.pid("redis");
        world.sh(&format!("kill -KILL $(ps -o ppid= -p {old})"));
        // Nor is its log written: the old one's has the directory until the old one ends.
        let state = world.await_doing("redis", Doing::Failed);
        assert!(matches!(state.last, Some((Ended::Exit(1), _))), "{state:?}");
        assert_eq!(world.sh("redis-cli ping"), "PONG");
        world.sh(&format!("kill {old}; while kill -0 {old}; do sleep 0.05; done"));
        world.sv("start redis", "ok: run: redis: (pid p) Ts");
        world.said_times("redis", "Ready to accept connections", 2);
    }),
    // A daemon that goes to the background by itself: done, and ended with what it left.
    case("left_by_a_oneshot_until_it_is_undone", || {
        let run =
            "#!/bin/sh\nexec 2>&1\nexec redis-server --daemonize yes --dir /var/lib/redis --save '3600 1'\n";
        let world = with(&["redis"])
            .file("redis/run", run)
            .file("redis/oneshot", "")
            .file("redis/contain", "")
            .prepare("rm /etc/sv/redis/notification-fd")
            .boot();
        world.await_doing("redis", Doing::Done);
        world.eventually("an answer", "redis-cli ping && redis-cli set color green");
        world.sv("stop redis", "ok: down: redis: Ts, normally up");
        assert_ne!(world.run("redis-cli ping").code, Some(0));
        world.sh("! pgrep redis-server; sv start redis");
        world.eventually("its data", "test \"$(redis-cli get color)\" = green");
    }),
    case("left_by_all_nothing", || {
        let names: Vec<&str> =
            page::rows().iter().map(|row| row[0]).filter(|name| *name != "chrony").collect();
        let mut plan = with(&names);
        for name in &names {
            plan = plan.file(&format!("{name}/contain"), "");
        }
        let world = plan.boot();
        for name in &names {
            world.sv(&format!("start {name}"), &format!("ok: run: {name}: (pid p) Ts"));
        }
        world.sh("sv stop /service/*");
        // Process 1, runsvdir and its log, a runsv and a svlogd for each, and the two that look.
        let left =
            world.sh("ps -e -o comm= | grep -vxE 'runit|runsvdir|logdrain|runsv|svlogd|ps|grep|sh'; :");
        assert_eq!(left, "");
    }),
];

/// The processes below that of `run`.
fn children(world: &World, name: &str) -> Vec<String> {
    let pids = world.sh(&format!("pgrep -P {}", world.pid(name)));
    pids.lines().map(str::to_owned).collect()
}

fn kill(world: &World, name: &str) {
    world.sh(&format!("kill -KILL {}", world.pid(name)));
}

fn gone(world: &World, pids: &[String]) {
    for pid in pids {
        assert_ne!(world.run(&format!("kill -0 {pid}")).code, Some(0), "{pid}: {}", world.logs());
    }
}

/// Stops a process that serves a client, and returns its number.
fn hang(world: &World) -> String {
    world.sh("psql -U postgres -c 'select pg_sleep(1000)' >/dev/null 2>&1 & :");
    let find =
        "psql -U postgres -Atc \"select pid from pg_stat_activity where query = 'select pg_sleep(1000)'\"";
    world.eventually("a client", &format!("{find} | grep -q ."));
    let pid = world.sh(find);
    world.sh(&format!("kill -STOP {pid}"));
    pid
}
