//! nginx: cannot say that it is ready; QUIT has connections finished, HUP loads its configuration.
use crate::refused::{bad_configuration, port_taken};
use crate::world::{World, with};
use platform::Ended;
use runit_tests::place::Running;
use runit_tests::suite::{Case, case};

const NAME: &str = "nginx";
const SITE: &str = "/etc/nginx/sites-enabled/default";
const CONF: &str = "/etc/nginx/nginx.conf";
/// So many bytes come so slowly that much can happen meanwhile.
const SLOW: &str = "curl -s http://127.0.0.1/slow | wc -c";

pub const CASES: &[Case] = &[
    case("nginx_start_returns_when_it_answers", || {
        let world = with(&[NAME]).down().boot();
        for _ in 0..5 {
            assert_eq!(world.sh("sv start nginx >/dev/null && curl -s http://127.0.0.1/"), "hello");
            world.sv("stop nginx", "ok: down: nginx: Ts");
        }
    }),
    // It is there, but nobody answers: `check` says so, and sv with it.
    case("nginx_start_waits_for_an_answer", || {
        let world = with(&[NAME]).down().prepare(&format!("sed -i s/:80/:81/ {SITE}")).boot();
        world.sv("-w 3 start nginx", "timeout: run: nginx: (pid p) Ts, normally down");
        world.sh(&format!("sed -i s/:81/:80/ {SITE}"));
        world.sv("hup nginx", "");
        world.sv("start nginx", "ok: run: nginx: (pid p) Ts, normally down");
    }),
    case("nginx_stop_lets_connections_finish", || {
        let world = up();
        let mut slow = slow(&world);
        let mut stop = world.start("sv stop nginx");
        world.eventually("that nobody else is served", "! curl -s http://127.0.0.1/");
        assert_eq!((slow.ended(), stop.ended()), (None, None));
        slow.wait();
        assert_eq!(slow.out().trim(), "40000");
        stop.wait();
        assert!(stop.out().starts_with("ok: down: nginx: "), "{}", stop.out());
        assert!(matches!(world.state(NAME).last, Some((Ended::Exit(0), _))));
        assert!(world.said(NAME, "gracefully shutting down").own() <= world.ended(NAME));
    }),
    // Why there is a `down-signal`.
    case("nginx_term_cuts_connections_off", || {
        let world = with(&[NAME]).prepare(&format!("rm /etc/sv/nginx/down-signal\n{}", slowly())).boot();
        world.eventually("an answer", "curl -s http://127.0.0.1/");
        let mut slow = slow(&world);
        world.sv("stop nginx", "ok: down: nginx: Ts, normally up");
        slow.wait();
        assert_ne!(slow.out().trim(), "40000");
    }),
    case("nginx_killed_in_time", || {
        let world = with(&[NAME]).file("nginx/timeout-kill", "1000").prepare(&slowly()).boot();
        world.eventually("an answer", "curl -s http://127.0.0.1/");
        let _slow = slow(&world);
        world.sv("stop nginx", "ok: down: nginx: Ts, normally up");
        assert!(matches!(world.state(NAME).last, Some((Ended::Killed { signal: 9, .. }, _))));
    }),
    case("nginx_hup_loads_its_configuration", || {
        let world = up();
        let before = world.state(NAME);
        let mut slow = slow(&world);
        world.sh(&format!("sed -i 's,^root .*,return 200 changed;,' {SITE}"));
        world.sv("hup nginx", "");
        world.eventually("the new answer", "test \"$(curl -s http://127.0.0.1/)\" = changed");
        slow.wait();
        assert_eq!(slow.out().trim(), "40000");
        assert_eq!(world.state(NAME), before);
    }),
    case("nginx_hup_with_a_bad_configuration", || {
        let world = up();
        let before = world.state(NAME);
        world.sh(&format!("cp {CONF} /tmp/good; echo 'no_such_word;' >>{CONF}"));
        world.sv("hup nginx", "");
        world.said(NAME, "unknown directive \"no_such_word\"");
        assert_eq!(world.sh("curl -s http://127.0.0.1/"), "hello");
        assert_eq!(world.state(NAME), before);
    }),
    case("nginx_one_process_killed", || {
        let world = up();
        let before = world.state(NAME);
        world.sh(&format!("kill -KILL $(pgrep -P {})", world.pid(NAME)));
        world.said(NAME, "exited on signal 9");
        world.eventually("an answer", "curl -s http://127.0.0.1/");
        assert_eq!(world.state(NAME), before);
    }),
    case("nginx_restart_returns_when_the_new_one_answers", || {
        let world = up();
        for start in 2..=4 {
            assert_eq!(world.sh("sv restart nginx >/dev/null && curl -s http://127.0.0.1/"), "hello");
            assert_eq!(world.state(NAME).starts, start);
        }
    }),
    case("nginx_refused_a_port", || port_taken(NAME, 80, "bind() to 127.0.0.1:80 failed")),
    case("nginx_refused_by_its_configuration", || {
        bad_configuration(NAME, CONF, "no_such_word;", "unknown directive");
    }),
];

/// A file that takes four seconds.
fn slowly() -> String {
    format!(
        "head -c 40000 /dev/zero >/var/www/slow
        sed -i 's,^root .*,&\\nlocation /slow {{ root /var/www; limit_rate 10000; }},' {SITE}"
    )
}

fn up() -> World {
    let world = with(&[NAME]).prepare(&slowly()).boot();
    world.eventually("an answer", "sv check nginx && curl -s http://127.0.0.1/");
    world
}

/// Somebody who is being served.
fn slow(world: &World) -> Running {
    let slow = world.start(SLOW);
    world.eventually("a connection", "ss -Htn state established sport = :80 | grep -q .");
    slow
}
