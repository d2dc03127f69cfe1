//! What is done to a log directory after what.
use super::*;
use Task::*;

const NOW: Instant = Instant(1_000_000_000);
const REFUSED: Answer = Answer::Refused { missing: false, holds: false };

/// What is asked for by an event.
fn step(life: &mut Life, event: Event, now: Instant) -> Option<Task> {
    let mut out = Out::new();
    life.step(event, now, &mut out);
    task(&mut out)
}

fn task(out: &mut Out) -> Option<Task> {
    loop {
        match out.take()? {
            Action::Do(task) => return Some(task),
            Action::Say | Action::Turn => {}
        }
    }
}

/// Answers that everything asked for is done, but fails what `fails` says.
fn finish(life: &mut Life, first: Option<Task>, fails: &[(Task, Answer)]) -> Vec<Task> {
    let mut asked = Vec::new();
    let mut next = first;
    while let Some(task) = next {
        asked.push(task);
        assert!(asked.len() < 20, "{asked:?}");
        let answer = fails.iter().find(|(what, _)| *what == task).map_or(Answer::Done, |(_, how)| *how);
        let mut out = Out::new();
        life.answer(answer, NOW, &mut out);
        next = self::task(&mut out);
    }
    asked
}

/// Hands in an event and does what follows.
fn run(life: &mut Life, event: Event, fails: &[(Task, Answer)]) -> Vec<Task> {
    let first = step(life, event, NOW);
    finish(life, first, fails)
}

fn opened() -> Life {
    let mut life = Life::new();
    assert_eq!(run(&mut life, Event::HangUp, &[]), [Open, Create]);
    assert!(life.is_ready());
    life
}

#[test]
fn an_ordinary_life() {
    let mut life = opened();
    assert_eq!(run(&mut life, Event::Owes, &[]), [Write]);
    assert_eq!(run(&mut life, Event::Due, &[]), [Sync, Mark, Rename, Create, Prune]);
    assert_eq!(run(&mut life, Event::HangUp, &[]), [Sync, Mark, Shut, Open, Create]);
    assert!(life.is_ready());
    assert_eq!(run(&mut life, Event::Terminate, &[]), [], "there may be more");
    assert_eq!(run(&mut life, Event::Ends, &[]), [Sync, Mark, Shut]);
    assert!(!life.is_used());
    assert_eq!(run(&mut life, Event::HangUp, &[]), []);
}

/// DEV-68: a full disk.
#[test]
fn paused() {
    let mut life = opened();
    assert_eq!(run(&mut life, Event::Owes, &[(Write, Answer::Failed)]), [Write]);
    let until = life.until().unwrap();
    assert_eq!(until, NOW.plus_ms(PAUSE));
    assert_eq!(step(&mut life, Event::Time, NOW), None);
    assert_eq!(step(&mut life, Event::Due, NOW), None);
    let mut on_time = life;
    let again = step(&mut on_time, Event::Time, until);
    assert_eq!(finish(&mut on_time, again, &[]), [Write]);
    assert!(on_time.is_ready());
    let mut renewed = life;
    assert_eq!(run(&mut renewed, Event::HangUp, &[]), [Leave, Open, Create]);
    assert!(renewed.is_ready(), "and the buffer is still to be written");
    // TERM only has it tried at once.
    assert_eq!(run(&mut life, Event::Terminate, &[(Write, Answer::Failed)]), [Write]);
    assert!(life.until().is_some());
    assert_eq!(run(&mut life, Event::Terminate, &[]), [Write]);
    assert!(life.is_ready());
    assert_eq!(run(&mut life, Event::Ends, &[(Sync, Answer::Failed)]), [Sync]);
    assert!(life.until().is_some());
    assert_eq!(run(&mut life, Event::Terminate, &[]), []);
    assert!(!life.is_used());
}

/// DEV-68.
#[test]
fn the_end_needs_no_new_file() {
    for fails in [Create, Open] {
        let mut life = opened();
        let event = if fails == Create { Event::Due } else { Event::HangUp };
        run(&mut life, event, &[(fails, Answer::Failed)]);
        assert!(life.until().is_some());
        assert_eq!(run(&mut life, Event::Ends, &[]), []);
        assert!(!life.is_used());
    }
    // One that is still open is finished.
    for fails in [Sync, Mark, Rename] {
        let mut life = opened();
        run(&mut life, Event::Due, &[(fails, Answer::Failed)]);
        assert_eq!(run(&mut life, Event::Ends, &[(Sync, Answer::Failed)]), [Sync]);
        assert_eq!(run(&mut life, Event::Ends, &[]), [], "at its time");
        let until = life.until().unwrap();
        let again = step(&mut life, Event::Time, until);
        assert_eq!(finish(&mut life, again, &[]), [Sync, Mark, Shut]);
        assert!(!life.is_used());
    }
}

/// With `--lossy` nothing is waited for at the end.
#[test]
fn it_quits() {
    let mut life = opened();
    assert_eq!(run(&mut life, Event::Quits(false), &[(Sync, Answer::Failed)]), [Sync]);
    assert!(!life.is_used());
    // Lines were given up: the file is finished all the same, but not within a line.
    for (torn, tasks) in [(false, vec![Sync, Mark, Shut]), (true, vec![])] {
        let mut life = opened();
        run(&mut life, Event::Owes, &[(Write, Answer::Failed)]);
        assert_eq!(run(&mut life, Event::Quits(torn), &[]), tasks);
        assert!(!life.is_used());
    }
    for (fails, tasks) in [(Mark, vec![Sync, Mark, Shut]), (Create, vec![])] {
        let mut life = opened();
        run(&mut life, Event::Due, &[(fails, Answer::Failed)]);
        assert_eq!(run(&mut life, Event::Quits(false), &[]), tasks);
        assert!(!life.is_used());
    }
}

#[test]
fn unusable() {
    let mut life = Life::new();
    assert_eq!(run(&mut life, Event::HangUp, &[(Open, REFUSED)]), [Open]);
    assert!(!life.is_used());
    assert_eq!(run(&mut life, Event::HangUp, &[]), [Open, Create]);
    assert!(life.is_ready());
    assert_eq!(run(&mut life, Event::HangUp, &[(Open, REFUSED)]), [Sync, Mark, Shut, Open]);
    assert!(!life.is_used());
    let mut life = opened();
    run(&mut life, Event::Owes, &[(Write, Answer::Failed)]);
    assert_eq!(
        run(&mut life, Event::HangUp, &[(Open, Answer::Refused { missing: true, holds: true })]),
        [Leave, Open]
    );
    assert!(life.until().is_some(), "it holds lines");
}

/// DEV-69.
#[test]
fn gone() {
    let mut life = opened();
    assert_eq!(run(&mut life, Event::Due, &[(Rename, Answer::Gone)]), [Sync, Mark, Rename, Create, Prune]);
    assert!(life.is_ready());
    let fails = [(Rename, Answer::Gone), (Create, Answer::Gone), (Open, Answer::Failed)];
    assert_eq!(run(&mut life, Event::Due, &fails), [Sync, Mark, Rename, Create, Open]);
    assert!(life.until().is_some());
    let until = life.until().unwrap();
    assert_eq!(step(&mut life, Event::Time, until), Some(Open));
}

#[test]
fn a_rotation_by_time() {
    let mut life = Life::new();
    let fails = [(Open, Answer::Opened(5))];
    assert_eq!(run(&mut life, Event::HangUp, &fails), [Open, Create]);
    assert_eq!(life.until(), Some(NOW.plus_ms(5000)));
    for (now, turns) in [(NOW, false), (NOW.plus_ms(5000), true), (NOW.plus_ms(5001), false)] {
        let mut out = Out::new();
        life.step(Event::Time, now, &mut out);
        assert_eq!(out.take() == Some(Action::Turn), turns);
    }
    assert_eq!(life.until(), Some(NOW.plus_ms(10_000)));
    // It is not minded while there is no room.
    run(&mut life, Event::Owes, &[(Write, Answer::Failed)]);
    assert_eq!(life.until(), Some(NOW.plus_ms(PAUSE)));
}
