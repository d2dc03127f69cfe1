//! The time after which a process is killed.
use super::*;

/// What is slow to end is killed, whatever it does, and again if it is there yet.
#[test]
fn the_time_to_kill_is_kept() {
    let settings = Settings { timeout_kill: 600, timeout_finish: 600, ..Settings::new() };
    for world in walk_with("timeouts", settings, None) {
        let main = &world.machine.main;
        let time = main.kill;
        if time == NEVER {
            continue;
        }
        assert!(world.machine.until().is_some_and(|until| until <= time), "sleeps on: {world:?}");
        let mut machine = world.machine;
        for time in [time, time.plus_ms(1000)] {
            let mut actions = Actions::new();
            machine.step(Event::Time, time, &mut actions);
            let sent: Vec<_> = std::iter::from_fn(|| actions.take()).collect();
            for pid in [main.pid, main.script.map(|(_, pid)| pid)].into_iter().flatten() {
                assert!(sent.contains(&Action::Signal(pid, Signal::Kill)), "{world:?}: {sent:?}");
            }
            let again = machine.until().is_some_and(|until| until <= time.plus_ms(1000));
            assert!(again, "KILL was lost, and it sleeps on: {machine:?}");
        }
    }
}
