//! What a processor does after what.
use super::*;

const NAME: Name = *b"@400000006b02f98f0aa7fd3c.u";
const PID: Pid = Pid(77);

fn running() -> (Processor, Instant) {
    let (mut it, now) = (Processor::new(), Instant(0));
    assert_eq!(it.step(Event::Work, now), Action::Find);
    assert_eq!(it.step(Event::Found(Some(NAME)), now), Action::Launch(NAME));
    assert_eq!(it.step(Event::Launched(PID), now), Action::Wait);
    assert_eq!((it.pid(), it.busy()), (Some(PID), Some(NAME)));
    (it, now)
}

#[test]
fn success() {
    let (mut it, now) = running();
    let mut action = it.step(Event::Died(true), now);
    for step in [Settle::Sync, Settle::Mark, Settle::Remove, Settle::Rename, Settle::State] {
        assert_eq!(action, Action::Settle(NAME, step));
        assert_eq!(it.step(Event::Failed, now), Action::Wait, "tried again after a while");
        assert_eq!((it.deadline(), it.busy()), (Some(now.plus_ms(AGAIN)), Some(NAME)));
        assert_eq!(it.step(Event::Time, now), Action::Wait);
        assert_eq!(it.step(Event::Time, now.plus_ms(AGAIN)), Action::Settle(NAME, step));
        action = it.step(Event::Done, now);
    }
    assert_eq!(action, Action::Finish(NAME));
    assert_eq!(it.step(Event::Done, now), Action::Find, "there may be more");
    assert_eq!(it.step(Event::Found(None), now), Action::Wait);
    assert_eq!((it.pid(), it.busy(), it.deadline()), (None, None, None));
}

/// DEV-65, DEV-66.
#[test]
fn failure() {
    let (mut it, mut now) = running();
    for pause in [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000] {
        assert_eq!(it.step(Event::Died(false), now), Action::Discard(NAME));
        assert_eq!(it.step(Event::Done, now), Action::Wait);
        assert_eq!(it.deadline(), Some(now.plus_ms(pause)));
        assert_eq!(it.step(Event::Work, now), Action::Wait, "a rotation does not shorten it");
        now = now.plus_ms(pause);
        assert_eq!(it.step(Event::Time, now), Action::Find);
        assert_eq!(it.step(Event::Found(Some(NAME)), now), Action::Launch(NAME));
        assert_eq!(it.step(Event::Launched(PID), now), Action::Wait);
    }
    it.step(Event::Died(false), now);
    it.step(Event::Done, now);
    assert_eq!(it.step(Event::HangUp, now), Action::Find, "who changed the processor says so");
    assert_eq!(it.step(Event::Found(Some(NAME)), now), Action::Launch(NAME));
    assert_eq!(it.step(Event::Failed, now), Action::Wait);
    assert_eq!(it.deadline(), Some(now.plus_ms(FIRST)), "counted anew");
}

#[test]
fn nobody_could_look() {
    let mut it = Processor::new();
    let now = Instant(7);
    assert_eq!(it.step(Event::Work, now), Action::Find);
    assert_eq!(it.step(Event::Failed, now), Action::Wait);
    assert_eq!(it.deadline(), Some(now.plus_ms(FIRST)));
    assert_eq!(it.step(Event::Time, now.plus_ms(FIRST)), Action::Find);
}

#[test]
fn what_it_wrote_is_gone() {
    let (mut it, now) = running();
    it.step(Event::Died(true), now);
    let mut later = it;
    assert_eq!(it.step(Event::Gone, now), Action::Discard(NAME));
    assert_eq!(it.step(Event::Done, now), Action::Wait);
    assert_eq!(it.deadline(), Some(now.plus_ms(FIRST)), "it has failed");
    assert_eq!(later.step(Event::Done, now), Action::Settle(NAME, Settle::Mark));
    assert_eq!(later.step(Event::Gone, now), Action::Discard(NAME));
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
    it.step(Event::Died(false), now);
    it.step(Event::Done, now);
    for (waiting, keep) in [(9, 0), (257, 0), (100_000, 0), (300, 10)] {
        assert!(!it.holds_up(waiting, keep), "{waiting} {keep}");
    }
    // It works again.
    it.step(Event::Time, now.plus_ms(FIRST));
    it.step(Event::Found(Some(NAME)), now);
    it.step(Event::Launched(PID), now);
    assert!(!it.holds_up(300, 0), "it may fail again");
    let mut action = it.step(Event::Died(true), now);
    while action != Action::Find {
        action = it.step(Event::Done, now);
    }
    it.step(Event::Found(Some(NAME)), now);
    it.step(Event::Launched(PID), now);
    assert!(!it.holds_up(299, 0) && it.holds_up(300, 0) && it.holds_up(11, 10));
    assert!(!Processor::new().holds_up(1000, 0), "there is none");
}

#[test]
fn the_end() {
    let (mut it, now) = running();
    assert_eq!(it.step(Event::Terminate, now), Action::Wait);
    assert!(!it.is_over());
    let mut late = it;
    assert_eq!(late.step(Event::Abandon, now), Action::Stop(PID));
    assert!(late.is_over());
    let mut failing = it;
    assert_eq!(failing.step(Event::Died(false), now), Action::Discard(NAME));
    assert_eq!(failing.step(Event::Done, now), Action::Wait);
    assert!(failing.is_over());
    assert_eq!(it.step(Event::Died(true), now), Action::Settle(NAME, Settle::Sync));
    let mut more = it;
    assert_eq!(it.step(Event::Failed, now), Action::Wait);
    assert!(it.is_over(), "the log that was read is still there, or what became of it");
    for step in [Settle::Mark, Settle::Remove, Settle::Rename, Settle::State] {
        assert_eq!(more.step(Event::Done, now), Action::Settle(NAME, step));
    }
    assert_eq!(more.step(Event::Done, now), Action::Finish(NAME));
    assert_eq!(more.step(Event::Done, now), Action::Find, "others may be waiting");
    let mut none = more;
    assert_eq!(none.step(Event::Found(None), now), Action::Wait);
    assert!(none.is_over());
    assert_eq!(more.step(Event::Found(Some(NAME)), now), Action::Launch(NAME));
    let mut never = more;
    assert_eq!(never.step(Event::Failed, now), Action::Wait);
    assert!(never.is_over());
    assert_eq!(more.step(Event::Launched(PID), now), Action::Wait);
    assert!(!more.is_over());
    assert_eq!(more.step(Event::Abandon, now), Action::Stop(PID), "once more TERM");
    assert!(more.is_over());
    let mut idle = Processor::new();
    assert_eq!(idle.step(Event::Terminate, now), Action::Wait);
    assert!(idle.is_over());
}
