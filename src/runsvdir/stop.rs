//! HUP, and what stops a container: all supervisors are ended, in rounds if services need each other: those that none of the others needs come
//! first, and what they need when they have ended.
use super::machine::Machine;
use super::state::State;
use super::words::{Action, Actions, Event};
use platform::Instant;

/// A round takes no longer, in milliseconds: sv gives a service seven seconds, and its supervisor waits for its log
/// service too.
pub const ROUND: u64 = 10_000;

impl Machine {
    /// Another round: which of those that are left are needed?
    pub(super) fn mark(&mut self, out: &mut Actions) {
        self.state = State::Marking;
        self.sent = false;
        self.services.begin_round();
        out.add(Action::Mark);
    }

    /// The next supervisor of the round is sent TERM; then it is waited for.
    pub(super) fn stop(&mut self, now: Instant, out: &mut Actions) {
        self.state = State::Stopping;
        let mut free = self.services.next_free();
        if free.is_none() && !self.sent {
            // Those that are left need each other.
            self.services.begin_round();
            free = self.services.next_free();
        }
        match free {
            Some(pid) => {
                self.sent = true;
                out.add(Action::Terminate(pid));
            }
            None if self.services.are_left() => {
                self.state = State::Ending;
                self.look = now.plus_ms(self.leave.round(now));
                self.go_on(now, out);
            }
            None if self.leave.is_asked() => self.wait_for_all(now, out),
            None => self.end(111, out),
        }
    }

    /// Something happens while a round has to end.
    pub(super) fn ending(&mut self, event: Event, now: Instant, out: &mut Actions) {
        match event {
            Event::Time => self.go_on(now, out),
            Event::Died(pid, ended) => {
                self.services.died(pid, ended, now);
                self.go_on(now, out);
            }
            // Asked again: now, and all of them.
            Event::HangUp => {
                self.services.begin_round();
                self.stop(now, out);
            }
            Event::Terminate => self.end(0, out),
            Event::Stop => self.stop_again(now, out),
            // Nothing is started any more, and what it ends with is settled.
            Event::Changed | Event::Alarm | Event::MainIsDown(_) => {}
        }
    }

    pub(super) fn go_on(&mut self, now: Instant, out: &mut Actions) {
        if self.leave.is_asked() && (now >= self.leave.at || !self.services.are_running()) {
            return self.time_is_up(now, out);
        }
        let late = now >= self.look;
        if late {
            self.services.give_up();
        }
        if late || !self.services.are_awaited() {
            if self.leave.is_asked() && !self.services.are_left() {
                self.look = self.leave.at;
            } else {
                self.mark(out);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::words::{Answer, Event};
    use super::*;
    use platform::{Ended, FileId, Os, Pid};

    pub(crate) const NOW: Instant = Instant(1_000_000_000_000);

    fn id(number: u8) -> FileId {
        FileId { device: 1, inode: number.into() }
    }

    fn pid(number: u8) -> Pid {
        Pid(i32::from(number))
    }

    /// So many services under supervision.
    pub(crate) fn with(count: u8) -> Machine {
        let mut machine = Machine::new();
        for number in 1..=count {
            machine.services.make_room(&mut Os::new());
            machine.services.found(id(number), NOW).unwrap();
            machine.services.started(pid(number), NOW);
        }
        machine
    }

    /// Performs what is asked for: who is sent TERM, and the exit code. `needs`: who needs whom. That the services are
    /// killed is 100, that the group of a supervisor is, so many more.
    pub(crate) fn told(
        machine: &mut Machine,
        event: Event,
        now: Instant,
        needs: &[(u8, u8)],
    ) -> (Vec<u8>, Option<u8>) {
        let mut actions = Actions::new();
        machine.step(event, now, &mut actions);
        let (mut told, mut code) = (Vec::new(), None);
        while let Some(action) = actions.take() {
            let answer = match action {
                Action::Mark => {
                    for (who, whom) in needs {
                        if machine.services.is_left(id(*who)) {
                            machine.services.need(id(*whom));
                        }
                    }
                    Answer::Marked
                }
                Action::Terminate(pid) => {
                    told.push(u8::try_from(pid.0).unwrap());
                    Answer::Sent
                }
                Action::Kill => {
                    told.push(100);
                    Answer::Marked
                }
                Action::KillGroup(pid) => {
                    told.push(100 + u8::try_from(pid.0).unwrap());
                    Answer::Sent
                }
                Action::Exit(exit) => {
                    code = Some(exit);
                    continue;
                }
                other => panic!("{other:?}"),
            };
            machine.answer(answer, now, &mut actions);
        }
        (told, code)
    }

    pub(crate) fn died(number: u8) -> Event {
        Event::Died(pid(number), Ended::Exit(0))
    }

    #[test]
    fn without_needs_all_at_once() {
        assert_eq!(told(&mut with(3), Event::HangUp, NOW, &[]), (vec![1, 2, 3], Some(111)));
        assert_eq!(told(&mut with(0), Event::HangUp, NOW, &[]), (vec![], Some(111)));
    }

    #[test]
    fn in_rounds() {
        // 3 needs 2, which needs 1; 4 and 5 need 1.
        let needs = [(3, 2), (2, 1), (4, 1), (5, 1)];
        let mut machine = with(6);
        let mut step = |event| told(&mut machine, event, NOW, &needs);
        assert_eq!(step(Event::HangUp), (vec![3, 4, 5, 6], None));
        for event in [died(3), died(5), died(99), Event::Time, Event::Changed, Event::Alarm, died(6)] {
            assert_eq!(step(event), (vec![], None), "{event:?}");
        }
        assert_eq!(step(died(4)), (vec![2], None));
        assert_eq!(step(died(2)), (vec![1], Some(111)), "the last round is not waited for");
    }

    #[test]
    fn a_round_has_its_time() {
        let mut machine = with(3);
        let needs = [(3, 2), (2, 1)];
        assert_eq!(told(&mut machine, Event::HangUp, NOW, &needs), (vec![3], None));
        assert_eq!(machine.until(), Some(NOW.plus_ms(ROUND)));
        assert_eq!(told(&mut machine, Event::Time, NOW.plus_ms(ROUND - 1), &needs), (vec![], None));
        let later = NOW.plus_ms(ROUND);
        assert_eq!(told(&mut machine, Event::Time, later, &needs), (vec![2], None));
        let last = told(&mut machine, died(2), later, &needs);
        assert_eq!(last, (vec![1], Some(111)), "3 has had its time");
    }

    #[test]
    fn a_circle_and_what_it_needs() {
        let mut machine = with(4);
        // 1 and 2 need each other, and 3; 4 needs 1.
        let needs = [(1, 2), (2, 1), (1, 3), (4, 1)];
        assert_eq!(told(&mut machine, Event::HangUp, NOW, &needs), (vec![4], None));
        assert_eq!(told(&mut machine, died(4), NOW, &needs), (vec![1, 2, 3], Some(111)));
    }

    #[test]
    fn again_and_term() {
        let needs = [(2, 1)];
        let mut machine = with(3);
        assert_eq!(told(&mut machine, Event::HangUp, NOW, &needs), (vec![2, 3], None));
        assert_eq!(told(&mut machine, Event::HangUp, NOW, &needs), (vec![1], Some(111)));
        let mut machine = with(3);
        assert_eq!(told(&mut machine, Event::HangUp, NOW, &needs), (vec![2, 3], None));
        assert_eq!(told(&mut machine, Event::Terminate, NOW, &needs), (vec![], Some(0)));
    }

    #[test]
    fn whatever_needs_whom_it_ends() {
        // All ways in which four services can need each other, and themselves.
        for needs in 0..1_u32 << 16 {
            let pairs: Vec<(u8, u8)> = (0..16_u8)
                .filter(|bit| needs & (1 << bit) != 0)
                .map(|bit| (bit / 4 + 1, bit % 4 + 1))
                .filter(|(who, whom)| who != whom)
                .collect();
            let mut machine = with(4);
            let (mut all, mut event) = (Vec::new(), Event::HangUp);
            loop {
                let (told, code) = told(&mut machine, event, NOW, &pairs);
                all.extend(told);
                if code.is_some() {
                    break;
                }
                // The first that was told and lives ends.
                let next = all.iter().copied().find(|number| machine.services.is_running(id(*number)));
                event = died(next.expect("it waits for nothing"));
            }
            all.sort_unstable();
            assert_eq!(all, [1, 2, 3, 4], "{pairs:?}");
        }
    }
}
