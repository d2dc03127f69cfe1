//! What a processor does after what.
use super::*;

const NAME: Name = *b"@400000006b02f98f0aa7fd3c.u";
const PID: Pid = Pid(77);

fn step(it: &mut Processor, event: Event, now: Instant) -> Option<Action> {
    let mut out = Out::new();
    it.step(event, now, &mut out);
    out.take()
}

fn answer(it: &mut Processor, answer: Answer, now: Instant) -> Option<Action> {
    let mut out = Out::new();
    it.answer(answer, now, &mut out);
    out.take()
}

fn running() -> (Processor, Instant) {
    let (mut it, now) = (Processor::new(), Instant(0));
    assert_eq!(step(&mut it, Event::Work, now), Some(Action::Find));
    assert_eq!(answer(&mut it, Answer::Found(Some(NAME)), now), Some(Action::Launch));
    assert_eq!(answer(&mut it, Answer::Launched(PID), now), None);
    assert_eq!((it.pid(), it.busy()), (Some(PID), Some(NAME)));
    (it, now)
}

#[test]
fn success() {
    let (mut it, now) = running();
    let mut action = step(&mut it, Event::Died(true), now);
    for part in [Settle::Sync, Settle::Mark, Settle::Remove, Settle::Rename, Settle::State] {
        assert_eq!(action, Some(Action::Settle(part)));
        assert_eq!(answer(&mut it, Answer::Failed, now), None, "tried again after a while");
        assert_eq!((it.until(), it.busy()), (Some(now.plus_ms(AGAIN)), Some(NAME)));
        assert_eq!(step(&mut it, Event::Time, now), None);
        assert_eq!(step(&mut it, Event::Time, now.plus_ms(AGAIN)), Some(Action::Settle(part)));
        action = answer(&mut it, Answer::Done, now);
    }
    assert_eq!(action, Some(Action::Finish));
    assert_eq!(answer(&mut it, Answer::Done, now), Some(Action::Find), "there may be more");
    assert_eq!(answer(&mut it, Answer::Found(None), now), None);
    assert_eq!((it.pid(), it.busy(), it.until()), (None, None, None));
}

/// DEV-65, DEV-66.
#[test]
fn failure() {
    let (mut it, mut now) = running();
    for pause in [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000] {
        assert_eq!(step(&mut it, Event::Died(false), now), Some(Action::Discard));
        assert_eq!(answer(&mut it, Answer::Done, now), None);
        assert_eq!(it.until(), Some(now.plus_ms(pause)));
        assert_eq!(step(&mut it, Event::Work, now), None, "a rotation does not shorten it");
        now = now.plus_ms(pause);
        assert_eq!(step(&mut it, Event::Time, now), Some(Action::Find));
        assert_eq!(answer(&mut it, Answer::Found(Some(NAME)), now), Some(Action::Launch));
        assert_eq!(answer(&mut it, Answer::Launched(PID), now), None);
    }
    step(&mut it, Event::Died(false), now);
    answer(&mut it, Answer::Done, now);
    assert_eq!(step(&mut it, Event::HangUp, now), Some(Action::Find), "who changed the processor says so");
    assert_eq!(answer(&mut it, Answer::Found(Some(NAME)), now), Some(Action::Launch));
    assert_eq!(answer(&mut it, Answer::Failed, now), None);
    assert_eq!(it.until(), Some(now.plus_ms(FIRST)), "counted anew");
}

#[test]
fn nobody_could_look() {
    let mut it = Processor::new();
    let now = Instant(7);
    assert_eq!(step(&mut it, Event::Work, now), Some(Action::Find));
    assert_eq!(answer(&mut it, Answer::Failed, now), None);
    assert_eq!(it.until(), Some(now.plus_ms(FIRST)));
    assert_eq!(step(&mut it, Event::Time, now.plus_ms(FIRST)), Some(Action::Find));
}

#[test]
fn what_it_wrote_is_gone() {
    let (mut it, now) = running();
    step(&mut it, Event::Died(true), now);
    let mut later = it;
    assert_eq!(answer(&mut it, Answer::Gone, now), Some(Action::Discard));
    assert_eq!(answer(&mut it, Answer::Done, now), None);
    assert_eq!(it.until(), Some(now.plus_ms(FIRST)), "it has failed");
    assert_eq!(answer(&mut later, Answer::Done, now), Some(Action::Settle(Settle::Mark)));
    assert_eq!(answer(&mut later, Answer::Gone, now), Some(Action::Discard));
}

#[test]
fn who_is_waited_for() {
    let (mut it, now) = running();
    for (waiting, keep, holds) in [(8, 0, false), (9, 0, true), (9, 100, true), (2, 3, false)] {
        assert_eq!(it.holds_up(waiting, keep), holds, "{waiting} {keep}");
    }
    // Those that are left from before do not count, until they are processed.
    let (mut left, _) = running();
    for (waiting, holds) in [(300, false), (301, true), (300, false), (20, false), (21, true), (5, false)] {
        assert_eq!(left.holds_up(waiting, 0), holds, "{waiting}");
    }
    assert!(!left.holds_up(8, 0) && left.holds_up(9, 0) && !running().0.holds_up(9, 0));
    for (waiting, keep, holds) in [(3, 3, true), (1, 1, false), (2, 1, true)] {
        assert_eq!(it.holds_up(waiting, keep), holds, "{waiting} {keep}");
    }
    step(&mut it, Event::Died(false), now);
    answer(&mut it, Answer::Done, now);
    for (waiting, keep) in [(9, 0), (257, 0), (100_000, 0), (300, 10)] {
        assert!(!it.holds_up(waiting, keep), "{waiting} {keep}");
    }
    // It works again.
    step(&mut it, Event::Time, now.plus_ms(FIRST));
    answer(&mut it, Answer::Found(Some(NAME)), now);
    answer(&mut it, Answer::Launched(PID), now);
    assert!(!it.holds_up(300, 0), "it may fail again");
    let mut action = step(&mut it, Event::Died(true), now);
    while action != Some(Action::Find) {
        action = answer(&mut it, Answer::Done, now);
    }
    answer(&mut it, Answer::Found(Some(NAME)), now);
    answer(&mut it, Answer::Launched(PID), now);
    assert!(!it.holds_up(299, 0) && it.holds_up(300, 0) && it.holds_up(11, 10));
    assert!(!Processor::new().holds_up(1000, 0), "there is none");
}

#[test]
fn the_end() {
    let (mut it, now) = running();
    assert_eq!(step(&mut it, Event::Terminate, now), None);
    assert!(!it.is_over());
    let mut late = it;
    assert_eq!(step(&mut late, Event::Abandon, now), Some(Action::Stop(PID)));
    assert!(late.is_over());
    let mut failing = it;
    assert_eq!(step(&mut failing, Event::Died(false), now), Some(Action::Discard));
    assert_eq!(answer(&mut failing, Answer::Done, now), None);
    assert!(failing.is_over());
    assert_eq!(step(&mut it, Event::Died(true), now), Some(Action::Settle(Settle::Sync)));
    let mut more = it;
    assert_eq!(answer(&mut it, Answer::Failed, now), None);
    assert!(it.is_over(), "the log that was read is still there, or what became of it");
    for part in [Settle::Mark, Settle::Remove, Settle::Rename, Settle::State] {
        assert_eq!(answer(&mut more, Answer::Done, now), Some(Action::Settle(part)));
    }
    assert_eq!(answer(&mut more, Answer::Done, now), Some(Action::Finish));
    assert_eq!(answer(&mut more, Answer::Done, now), Some(Action::Find), "others may be waiting");
    let mut none = more;
    assert_eq!(answer(&mut none, Answer::Found(None), now), None);
    assert!(none.is_over());
    assert_eq!(answer(&mut more, Answer::Found(Some(NAME)), now), Some(Action::Launch));
    let mut never = more;
    assert_eq!(answer(&mut never, Answer::Failed, now), None);
    assert!(never.is_over());
    assert_eq!(answer(&mut more, Answer::Launched(PID), now), None);
    assert!(!more.is_over());
    assert_eq!(step(&mut more, Event::Abandon, now), Some(Action::Stop(PID)), "once more TERM");
    assert!(more.is_over());
    let mut idle = Processor::new();
    assert_eq!(step(&mut idle, Event::Terminate, now), None);
    assert!(idle.is_over());
}
