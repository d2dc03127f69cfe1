//! What can happen to a service that waits for another one.
use super::*;

/// Whoever waits is at rest at once when it is told so, and looks again when it is told to come up.
#[test]
fn waiting_ends_as_it_is_told() {
    for world in walk_with("needs", Settings { needs: true, ..Settings::new() }, None) {
        if !world.watched || world.machine.exited {
            continue;
        }
        for (event, answers) in [
            (Event::Control(Who::Main, Letter::Down), false),
            (Event::Control(Who::Main, Letter::Exit), false),
            (Event::Terminate, false),
            (Event::Control(Who::Main, Letter::Up), true),
            (Event::Control(Who::Main, Letter::Once), true),
            (Event::Stirred, true),
        ] {
            let (mut machine, mut actions) = (world.machine, Actions::new());
            machine.step(event, NOW, &mut actions);
            let asked: Vec<_> = std::iter::from_fn(|| actions.take()).collect();
            let looks = asked.contains(&Action::LookAtNeeds);
            assert_eq!(
                (looks, asked.contains(&Action::StopWaiting)),
                (answers, !answers),
                "{event:?} {world:?}"
            );
            assert!(answers || matches!(machine.main.start, Start::New));
        }
    }
}
