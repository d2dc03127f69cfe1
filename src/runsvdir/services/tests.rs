use super::*;

const ID: FileId = FileId { device: u64::MAX, inode: u64::MAX };

const PID: Pid = Pid((1 << 24) - 1);

fn supervisors(services: &mut Services) -> Vec<Pid> {
    services.table.rows().iter().map(|service| service.supervisor.pid()).filter(|pid| *pid != NONE).collect()
}

fn starts(services: &mut Services, now: Instant) {
    services.make_room(&mut platform::Os::new());
    services.begin();
    assert!(matches!(services.found(ID, now), Ok(Found::New(_) | Found::Start)));
    services.started(PID, now);
    assert_eq!(supervisors(services), [PID]);
    assert_eq!(services.found(ID, now), Ok(Found::Runs));
}

/// A supervisor that is killed at once, at all parts of a millisecond and of the time there is.
#[test]
fn once_a_second() {
    for begin in [0, 1, 999_999, 1_000_000, 4_294_967_295_999_999, 4_294_967_296_000_001, u64::MAX / 2] {
        let now = Instant(begin);
        let mut services = Services::new();
        starts(&mut services, now);
        let again = services.died(PID, Ended::Killed { signal: 9, core: false }, now).unwrap();
        assert!((1_000_000_000..=1_001_000_000).contains(&(again.0 - begin)), "{}", again.0 - begin);
        assert_eq!(supervisors(&mut services), []);
        services.begin();
        let early = Instant(again.0 - 1_000_000);
        assert!(matches!(services.found(ID, early), Ok(Found::Wait(time)) if time.0 - early.0 <= 2_000_000));
        services.begin();
        assert_eq!(services.found(ID, again), Ok(Found::Start));
    }
}

#[test]
fn the_pause_depends_on_how_it_ended() {
    const OLD: u64 = 10_000;
    let pause = |ended, lived| {
        let (begin, mut services) = (Instant(0), Services::new());
        starts(&mut services, begin);
        let end = begin.plus_ms(lived);
        services.died(PID, ended, end).unwrap().ms_since(end)
    };
    let killed = Ended::Killed { signal: 9, core: false };
    assert_eq!((pause(killed, OLD), pause(killed, 400)), (0, 601));
    assert_eq!((pause(Ended::Exit(0), OLD), pause(Ended::Exit(0), 1)), (1001, 1001));
    assert_eq!((pause(Ended::Exit(111), OLD), pause(Ended::Exit(111), 1)), (0, 1000));
}

#[test]
fn what_cannot_be_started_is_tried_ever_more_rarely() {
    let (mut now, mut services) = (Instant(0), Services::new());
    let mut pauses = Vec::new();
    for _ in 0..100 {
        starts(&mut services, now);
        let again = services.died(PID, Ended::Exit(111), now).unwrap();
        pauses.push(again.ms_since(now) / 1000);
        now = again;
    }
    assert_eq!(pauses[..9], [1, 1, 1, 2, 2, 2, 2, 4, 4]);
    let total = |count: usize| pauses[..count].iter().sum::<u64>();
    assert!((1..100).all(|at| pauses[at] <= 2.max(total(at) / 2)), "{pauses:?}");
    assert_eq!(pauses[99], 60);
    services.forgive();
    services.begin();
    assert_eq!(services.found(ID, now), Ok(Found::Start));
    services.started(PID, now);
    assert_eq!(services.died(PID, Ended::Exit(111), now).map(|again| again.ms_since(now)), Some(1001));
}

#[test]
fn what_is_missing_is_missed_once() {
    let mut services = Services::new();
    starts(&mut services, Instant(0));
    assert_eq!(services.missing(), (false, false));
    for wanted in [(false, true), (true, false)] {
        services.begin();
        assert_eq!(services.missing(), wanted);
    }
    services.begin();
    assert_eq!((services.found(ID, Instant(0)), services.missing()), (Ok(Found::Runs), (false, false)));
    services.begin();
    assert_eq!((services.missing(), services.forget()), ((false, true), Some(PID)));
    assert_eq!((services.missing(), services.forget()), ((false, false), None));
}

#[test]
fn a_new_one_is_new_until_it_is_started() {
    let mut services = Services::new();
    assert_eq!(services.found(ID, Instant(7)), Err(platform::Errno::NOMEM), "there is no room");
    services.make_room(&mut platform::Os::new());
    for seconds in 0..3 {
        services.begin();
        let now = Instant(7).plus_ms(seconds * 1000);
        assert_eq!(services.found(ID, now), Ok(Found::New(seconds * 1000)));
        assert_eq!(services.found(ID, now), Ok(Found::Runs), "a second name");
    }
    assert_eq!(supervisors(&mut services), []);
}

#[test]
fn a_row_is_small() {
    assert_eq!(size_of::<Service>(), 24);
}
