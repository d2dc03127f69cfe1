//! All of them beside each other, and the page itself.
use crate::page;
use crate::times::seconds;
use crate::world::{Plan, World, with};
use runit::state::Doing;
use runit_tests::namespace::How;
use runit_tests::suite::{Case, case};
use std::collections::BTreeSet;

pub const CASES: &[Case] = &[
    case("all_ready_after_boot", || {
        let world = all(with(&names()));
        for name in names() {
            let (log, state) = (world.log(name), world.state(name));
            assert!(log.is_empty() || log[0].at >= seconds(state.since) - 0.1, "{name}: {state:?} {log:?}");
        }
    }),
    case("all_are_one_user", || {
        all(with(&names()).alone());
    }),
    case("all_stopped_by_shutdown", || {
        let world = all(with(&names()));
        let out = world.sh("sv shutdown /service/*");
        for name in names() {
            assert!(out.contains(&format!("ok: /service/{name}: runsv not running")), "{out}");
        }
        clean(&world);
    }),
    case("all_stopped_by_power_off", || {
        let world = all(with(&names()));
        world.run("init 0");
        let end = world.machine.end();
        assert_eq!(end.how, How::PoweredOff, "{:#?}", end.lines);
        for name in names() {
            let line = format!("ok: /service/{name}: runsv not running");
            assert!(end.lines.iter().any(|said| said.starts_with(&line)), "{name}: {:#?}", end.lines);
        }
    }),
    case("all_stopped_by_runsvdir", || {
        let world = all(with(&names()));
        world.sh("kill -HUP $(pgrep -o runsvdir)");
        for name in names() {
            world.await_doing(name, Doing::Down);
        }
        clean(&world);
    }),
    case("page_has_a_row_for_each_service", || {
        let files = page::files();
        let mut services: BTreeSet<&str> = files
            .keys()
            .filter_map(|path| path.strip_suffix("/run"))
            .filter(|name| !name.contains('/'))
            .collect();
        services.retain(|name| !name.starts_with('*') && !name.is_empty());
        let rows = page::rows();
        assert_eq!(rows.iter().map(|row| row[0]).collect::<BTreeSet<_>>(), services);
        for row in &rows {
            let file = |name: &str| files.get(&format!("{}/{name}", row[0])).map(|text| text.trim());
            assert_eq!(file("down-signal").unwrap_or("TERM"), row[2], "{}", row[0]);
            assert_eq!(row[1].contains("check"), file("check").is_some(), "{}", row[0]);
            assert_eq!(row[1].contains("check"), file("notification-fd").is_none(), "{}", row[0]);
        }
    }),
];

fn names() -> Vec<&'static str> {
    page::rows().iter().map(|row| row[0]).filter(|name| *name != "chrony").collect()
}

/// Boots, and waits until each of them is ready or answers.
fn all(plan: Plan) -> World {
    let world = plan.boot();
    for name in names() {
        world.sv(&format!("start {name}"), &format!("ok: run: {name}: (pid p) Ts"));
    }
    // Each of them with the first of its processes.
    for name in names() {
        let state = world.state(name);
        assert!(state.doing == Doing::Run && state.starts == 1, "{name}: {state:?} {}", world.logs());
    }
    world
}

/// Each of them has ended as it should.
fn clean(world: &World) {
    for (name, words) in [
        ("redis", "Redis is now ready to exit"),
        ("postgresql", "database system is shut down"),
        ("mariadb", "Shutdown complete"),
        ("php-fpm", "exiting, bye-bye!"),
        ("nginx", "gracefully shutting down"),
        ("haproxy", "All workers exited"),
    ] {
        let said = world.said(name, words);
        assert!(said.at <= world.ended(name) + 1.0, "{said:?}");
        assert_eq!(world.state(name).starts, 1, "{name}");
    }
}
