//! The end of a container: all services are stopped in rounds, as by HUP, but they are waited for, and killed when
//! the time is up that whoever stops the container gives it.
use super::machine::Machine;
use super::state::State;
use super::stop::ROUND;
use super::words::{Action, Actions};
use platform::Instant;

/// What is kept back of the time, in milliseconds, to kill in, and for the log services to write what is left: the
/// caller of `docker stop` kills everything when the time is up.
const RESERVE: u64 = 1000;
/// So long the supervisors have for that.
const MOMENT: u64 = 750;

/// How far the end has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Phase {
    /// It is no container, or nobody has asked.
    Never,
    /// All are to end.
    Asked,
    /// The time is up: all are told to.
    Late,
    /// Their services were killed.
    Killed,
}

/// The end of a container.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Leave {
    /// How long it may take, in milliseconds.
    pub(super) patience: u64,
    /// The exit code.
    pub(super) code: u8,
    pub(super) phase: Phase,
    /// When the next phase begins.
    pub(super) at: Instant,
}

impl Leave {
    /// Before anybody asks.
    pub(super) const NEVER: Leave =
        Leave { patience: 0, code: 0, phase: Phase::Never, at: Instant(u64::MAX) };

    pub(super) fn is_asked(&self) -> bool {
        self.phase != Phase::Never
    }

    /// How long a round may take, in milliseconds: one that does not end leaves time for those that follow.
    pub(super) fn round(&self, now: Instant) -> u64 {
        if self.is_asked() { self.at.ms_since(now) / 2 } else { ROUND }
    }
}

impl Machine {
    /// In a container: how many milliseconds its end may take.
    pub const fn set_patience(&mut self, ms: u64) {
        self.leave.patience = ms;
    }

    /// All are to end.
    pub(super) fn stop_container(&mut self, code: u8, now: Instant, out: &mut Actions) {
        self.services.begin_stop();
        self.leave_with(code, now);
        self.mark(out);
    }

    fn leave_with(&mut self, code: u8, now: Instant) {
        let Leave { patience, .. } = self.leave;
        let at = now.plus_ms(patience.saturating_sub(RESERVE.min(patience / 2)));
        self.leave = Leave { patience, code, phase: Phase::Asked, at };
    }

    /// A stop was asked for while all are ending.
    pub(super) fn stop_again(&mut self, now: Instant, out: &mut Actions) {
        match self.leave.phase {
            // By HUP: from now on they are waited for.
            Phase::Never => {
                self.leave_with(0, now);
                self.go_on(now, out);
            }
            Phase::Asked => self.time_is_up(now, out),
            // It ends within a moment.
            Phase::Late | Phase::Killed => {}
        }
    }

    /// All of those that are left were told to end.
    pub(super) fn wait_for_all(&mut self, now: Instant, out: &mut Actions) {
        match self.leave.phase {
            Phase::Late => {
                self.state = State::Killing;
                out.add(Action::Kill);
            }
            Phase::Never | Phase::Asked | Phase::Killed => {
                self.state = State::Ending;
                self.look = self.leave.at;
                self.go_on(now, out);
            }
        }
    }

    /// All have ended, or their time is up.
    pub(super) fn time_is_up(&mut self, now: Instant, out: &mut Actions) {
        match self.leave.phase {
            Phase::Never | Phase::Asked if self.services.are_running() => {
                self.leave.phase = Phase::Late;
                self.services.begin_round();
                self.stop(now, out);
            }
            Phase::Never | Phase::Asked | Phase::Late | Phase::Killed => self.fell(out),
        }
    }

    /// The services were killed.
    pub(super) fn killed(&mut self, now: Instant, out: &mut Actions) {
        self.leave.phase = Phase::Killed;
        self.leave.at = now.plus_ms(MOMENT);
        self.wait_for_all(now, out);
    }

    /// Kills the next of the supervisors that are left, with its group; then it ends.
    pub(super) fn fell(&mut self, out: &mut Actions) {
        match self.services.next_running() {
            Some(pid) => {
                self.state = State::Felling;
                out.add(Action::KillGroup(pid));
            }
            None => self.end(self.leave.code, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stop::tests::{NOW, died, told, with};
    use super::super::words::Event;
    use super::*;

    /// So many services in a container that has so many seconds to end.
    fn container(count: u8, seconds: u64) -> Machine {
        let mut machine = with(count);
        machine.set_patience(seconds * 1000);
        machine
    }

    #[test]
    fn all_are_waited_for() {
        let mut machine = container(3, 10);
        let mut step = |event| told(&mut machine, event, NOW, &[]);
        assert_eq!(step(Event::Stop), (vec![1, 2, 3], None));
        for event in
            [Event::Time, Event::Changed, Event::Alarm, Event::MainIsDown(7), died(2), died(99), died(1)]
        {
            assert_eq!(step(event), (vec![], None), "{event:?}");
        }
        assert_eq!(step(died(3)), (vec![], Some(0)));
        assert_eq!(told(&mut container(0, 10), Event::Stop, NOW, &[]), (vec![], Some(0)));
    }

    #[test]
    fn the_main_service_gives_the_code() {
        let mut machine = container(2, 10);
        assert_eq!(told(&mut machine, Event::MainIsDown(137), NOW, &[(1, 2)]), (vec![1], None));
        assert_eq!(told(&mut machine, died(1), NOW, &[]), (vec![2], None));
        assert_eq!(told(&mut machine, died(2), NOW, &[]), (vec![], Some(137)));
    }

    /// Who is told to end, and what is killed: 0 for the services, else the group of a supervisor.
    fn killed(machine: &mut Machine, event: Event, now: Instant) -> (Vec<u8>, Vec<u8>, Option<u8>) {
        let (told, code) = told(machine, event, now, &[]);
        let (killed, told): (Vec<u8>, Vec<u8>) = told.into_iter().partition(|number| *number >= 100);
        (told, killed.into_iter().map(|number| number - 100).collect(), code)
    }

    #[test]
    fn the_time_is_up() {
        for (seconds, ms) in [(10, 9000), (60, 59_000), (2, 1000), (1, 500), (0, 0)] {
            let mut machine = container(3, seconds);
            let (told, _, _) = killed(&mut machine, Event::Stop, NOW);
            assert_eq!(told, [1, 2, 3]);
            if ms > 0 {
                assert_eq!(machine.until(), Some(NOW.plus_ms(ms)), "{seconds}");
                let early = killed(&mut machine, Event::Time, NOW.plus_ms(ms - 1));
                assert_eq!(early, (vec![], vec![], None));
                assert_eq!(killed(&mut machine, Event::Time, NOW.plus_ms(ms)), (vec![], vec![0], None));
            }
            let last = NOW.plus_ms(ms + MOMENT);
            assert_eq!(machine.until(), Some(last));
            assert_eq!(killed(&mut machine, died(2), NOW.plus_ms(ms)), (vec![], vec![], None));
            assert_eq!(killed(&mut machine, Event::Stop, NOW.plus_ms(ms)), (vec![], vec![], None));
            assert_eq!(killed(&mut machine, Event::Time, last), (vec![], vec![1, 3], Some(0)));
        }
    }

    #[test]
    fn a_second_one_kills() {
        let mut machine = container(2, 1000);
        assert_eq!(told(&mut machine, Event::Stop, NOW, &[(1, 2)]), (vec![1], None));
        assert_eq!(killed(&mut machine, Event::Stop, NOW), (vec![2], vec![0], None));
        assert_eq!(killed(&mut machine, died(1), NOW), (vec![], vec![], None));
        assert_eq!(killed(&mut machine, died(2), NOW), (vec![], vec![], Some(0)));
    }

    #[test]
    fn a_round_leaves_time_for_the_others() {
        let needs = [(1, 2), (2, 3)];
        let mut machine = container(3, 61);
        assert_eq!(told(&mut machine, Event::Stop, NOW, &needs), (vec![1], None));
        assert_eq!(machine.until(), Some(NOW.plus_ms(30_000)));
        let mut machine = container(3, 9);
        assert_eq!(told(&mut machine, Event::Stop, NOW, &needs), (vec![1], None));
        assert_eq!(told(&mut machine, Event::Time, NOW.plus_ms(3999), &needs), (vec![], None));
        assert_eq!(told(&mut machine, Event::Time, NOW.plus_ms(4000), &needs), (vec![2], None));
        assert_eq!(told(&mut machine, Event::Time, NOW.plus_ms(6000), &needs), (vec![3], None));
        let up = killed(&mut machine, Event::Time, NOW.plus_ms(8000));
        assert_eq!(up, (vec![], vec![0], None));
    }

    /// A supervisor that ends by itself while another is waited for leaves nothing to be told.
    #[test]
    fn one_ends_by_itself() {
        let mut machine = container(2, 9);
        assert_eq!(told(&mut machine, Event::Stop, NOW, &[(1, 2)]), (vec![1], None));
        assert_eq!(told(&mut machine, died(2), NOW, &[]), (vec![], None));
        let half = NOW.plus_ms(4000);
        assert_eq!(told(&mut machine, Event::Time, half, &[]), (vec![], None));
        assert_eq!(machine.until(), Some(NOW.plus_ms(8000)), "it sleeps");
        assert_eq!(told(&mut machine, died(1), half, &[]), (vec![], Some(0)));
    }

    #[test]
    fn hup_before_and_after() {
        let needs = [(2, 1)];
        let mut machine = container(2, 10);
        assert_eq!(told(&mut machine, Event::HangUp, NOW, &needs), (vec![2], None));
        assert_eq!(told(&mut machine, Event::Stop, NOW, &needs), (vec![], None));
        assert_eq!(told(&mut machine, Event::HangUp, NOW, &needs), (vec![1], None));
        assert_eq!(told(&mut machine, died(1), NOW, &needs), (vec![], None));
        assert_eq!(told(&mut machine, died(2), NOW, &needs), (vec![], Some(0)));
        assert_eq!(told(&mut container(2, 10), Event::HangUp, NOW, &[]), (vec![1, 2], Some(111)));
    }
}
