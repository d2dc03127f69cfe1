//! php-fpm: speaks sd_notify; QUIT has requests finished, USR2 has it execute itself anew.
use crate::refused::{bad_configuration, port_taken_by};
use crate::world::{Plan, World, with};
use platform::Ended;
use runit_tests::place::Running;
use runit_tests::suite::{Case, case, skip};

const NAME: &str = "php-fpm";
const POOL: &str = "/etc/php/8.2/fpm/pool.d/www.conf";
const RUNNING: &str = "NOTICE: fpm is running";

pub const CASES: &[Case] = &[
    case("php_start_returns_when_it_answers", || {
        let world = plan().down().boot();
        for start in 1..=3 {
            let done =
                world.sh(&format!("sv start php-fpm >/dev/null && {} && echo && date +%s.%N", ask("color")));
            let (answer, at) = done.rsplit_once('\n').expect("two lines");
            assert!(answer.ends_with("colour: red"), "{answer}");
            assert!(world.said_times(NAME, RUNNING, start).own() <= at.parse().expect("a time"));
            world.sv("stop php-fpm", "ok: down: php-fpm: Ts");
        }
    }),
    // What is to be loaded before the first request is loaded before it is ready.
    case("php_slow_start_is_not_ready", || {
        if !nix::unistd::geteuid().is_root() {
            skip("PHP does not preload as root, and here is nobody else");
        }
        let world = plan().down().prepare(
            "printf '%s\\n' zend_extension=opcache.so opcache.preload=/var/www/preload.php opcache.preload_user=www-data >/etc/php/8.2/fpm/conf.d/10-opcache.ini
            echo '<?php while (!file_exists(\"/tmp/open\")) { clearstatcache(); usleep(50000); }' >/var/www/preload.php",
        );
        let world = world.boot();
        let mut start = world.start(&format!("sv start php-fpm; {}", ask("color")));
        world.eventually("some age", "sv status php-fpm | grep -E '\\) [1-9][0-9]*s'");
        world.sv("status php-fpm", "run: php-fpm: (pid p) Ts, normally down, not ready");
        assert_eq!((start.ended(), world.count(NAME, RUNNING)), (None, 0));
        let opened: f64 = world.sh("date +%s.%N; touch /tmp/open").parse().expect("a time");
        start.wait();
        let out = start.out();
        assert!(out.starts_with("ok: run: php-fpm: ") && !out.contains("not ready"), "{out}");
        assert!(out.trim_end().ends_with("colour: red") && world.said(NAME, RUNNING).at >= opened, "{out}");
    }),
    case("php_stop_lets_a_request_finish", || {
        let world = up();
        let mut request = waiting(&world);
        let mut stop = world.start("sv stop php-fpm");
        world.said(NAME, "Finishing ...");
        // Whoever asks now is not served any more.
        world.eventually("no answer", &format!("! timeout 1 sh -c '{}' | grep -q colour", ask("color")));
        assert_eq!((request.ended(), stop.ended()), (None, None));
        world.sh("touch /tmp/open");
        request.wait();
        assert!(request.out().ends_with("finished"), "{} {}", request.out(), request.err());
        stop.wait();
        assert!(stop.out().starts_with("ok: down: php-fpm: "), "{}", stop.out());
        assert!(matches!(world.state(NAME).last, Some((Ended::Exit(0), _))));
        assert!(world.said(NAME, "exiting, bye-bye!").at >= world.said(NAME, "Finishing ...").at);
    }),
    // Its own limit comes first, so that nothing of it is left.
    case("php_stop_ends_a_request_that_does_not", || {
        let limit = "sed -i 's/^process_control_timeout.*/process_control_timeout = 1s/' /etc/php/8.2/fpm/supervised.conf";
        let world = plan().prepare(limit).boot();
        world.await_ready(NAME);
        let mut request = waiting(&world);
        world.sv("stop php-fpm", "ok: down: php-fpm: Ts, normally up");
        assert!(matches!(world.state(NAME).last, Some((Ended::Exit(0), _))));
        request.wait();
        assert!(!request.out().contains("finished"));
        world.eventually("the end of all", "! pgrep php-fpm");
    }),
    case("php_usr2_loads_its_configuration", || {
        let world = up();
        let before = world.state(NAME);
        let mut request = waiting(&world);
        world.sh(&format!("sed -i 's/red/green/' {POOL}"));
        world.sv("2 php-fpm", "");
        world.said(NAME, "Reloading in progress");
        world.sh("touch /tmp/open");
        request.wait();
        assert!(request.out().ends_with("finished"), "{} {}", request.out(), request.err());
        world.said_times(NAME, RUNNING, 2);
        world.eventually("the new one", &format!("{} | grep -q 'colour: green'", ask("color")));
        // It is the same process, and was never less ready.
        assert_eq!(world.state(NAME), before);
    }),
    case("php_one_process_killed", || {
        let world = up();
        let before = world.state(NAME);
        world.sh(&format!("kill -KILL $(pgrep -P {})", world.pid(NAME)));
        world.said(NAME, "exited on signal 9 (SIGKILL)");
        world.eventually("an answer", &format!("{} | grep -q 'colour: red'", ask("color")));
        assert_eq!(world.state(NAME), before);
    }),
    case("php_restart_returns_when_the_new_one_answers", || {
        let world = up();
        for start in 2..=4 {
            let answer = world.sh(&format!("sv restart php-fpm >/dev/null && {}", ask("color")));
            assert!(answer.ends_with("colour: red"), "{answer}");
            assert_eq!(world.state(NAME).starts, start);
        }
    }),
    case("php_refused_a_port", || {
        let listen = format!("sed -i 's,^listen = .*,listen = 127.0.0.1:9000,' {POOL}");
        port_taken_by(plan().prepare(&listen), NAME, 9000, "unable to bind listening socket");
    }),
    case("php_refused_by_its_configuration", || {
        bad_configuration(NAME, POOL, "no_such_word = 1", "unknown entry 'no_such_word'");
    }),
];

/// With two pages: one that says what the pool's configuration has, and one that waits for a file.
pub fn plan() -> Plan {
    with(&[NAME])
        .prepare(&format!("echo 'env[COLOR] = red' >>{POOL}"))
        .file("/var/www/color.php", "<?php echo 'colour: ' . getenv('COLOR');")
        .file(
            "/var/www/wait.php",
            "<?php touch('/tmp/asked'); while (!file_exists('/tmp/open')) { clearstatcache(); usleep(50000); } echo 'finished';",
        )
}

fn up() -> World {
    let world = plan().boot();
    world.await_ready(NAME);
    world
}

/// The command that asks for a page.
pub fn ask(page: &str) -> String {
    format!(
        "SCRIPT_FILENAME=/var/www/{page}.php REQUEST_METHOD=GET cgi-fcgi -bind -connect /run/php/php8.2-fpm.sock"
    )
}

/// A request that is being worked on.
fn waiting(world: &World) -> Running {
    let request = world.start(&ask("wait"));
    world.eventually("a request", "test -e /tmp/asked");
    request
}
