//! All of them beside each other, and the page itself.
use crate::page;
use crate::times::{seconds, stamp};
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
        clean(&world, 1);
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
        clean(&world, 1);
    }),
    // What hangs stays ready, for nobody asks it; a restart has it go on, so that it can end.
    case("all_hung_are_restarted", || {
        let world = all(with(&names()));
        for name in names() {
            let before = world.state(name);
            world.sh(&format!("kill -STOP {}", world.pid(name)));
            assert_eq!(world.state(name), before);
        }
        let hung = names().len().to_string();
        world.eventually(
            "all of them stand still",
            &format!("test $(ps -e -o stat= | grep -c ^T) -ge {hung}"),
        );
        world.sh("sv restart /service/*");
        for name in names() {
            let after = world.state(name);
            assert!(
                after.doing == Doing::Run && after.starts == 2 && after.ready != Some(false),
                "{name}: {after:?}"
            );
        }
        clean(&world, 2);
    }),
    case("logs_tell_times", || {
        for text in [
            "2026-11-30_06:57:11.25000 word",
            "2026-11-30 06:57:11.250 UTC [12] LOG:  word",
            "12:M 30 Nov 2026 06:57:11.250 * word 2001",
        ] {
            assert_eq!(stamp(text), Some(1_796_021_831.25), "{text}");
        }
        for text in [
            "[30-Nov-2026 06:57:11] NOTICE",
            "2026-11-30  6:57:11 0 [Note]",
            "2026/11/30 06:57:11 [notice] 2#2",
        ] {
            assert_eq!(stamp(text), Some(1_796_021_831.0), "{text}");
        }
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

/// Each of them has ended as it should, after so many starts.
fn clean(world: &World, starts: u32) {
    for (name, words) in [
        ("redis", "Redis is now ready to exit"),
        ("postgresql", "database system is shut down"),
        ("mariadb", "Shutdown complete"),
        ("php-fpm", "exiting, bye-bye!"),
        ("nginx", "gracefully shutting down"),
        ("haproxy", "All workers exited"),
    ] {
        world.said(name, words);
        assert_eq!(world.state(name).starts, starts, "{name}");
    }
}
