//! What a machine has asked for and its performer has not done yet.

/// Actions in order, at most `ROOM` of them. What follows from an answer comes after what was asked before it.
#[derive(Clone, Copy, Debug)]
pub struct Actions<Action, const ROOM: usize> {
    ring: [Option<Action>; ROOM],
    first: usize,
    len: usize,
}

impl<Action: Copy, const ROOM: usize> Actions<Action, ROOM> {
    /// How many fit: more than any schedule of the tests ever fills, which they assert.
    pub const ROOM: usize = ROOM;

    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Actions { ring: [const { None }; ROOM], first: 0, len: 0 }
    }

    /// Adds one at the end.
    // Not inlined: a call in the place of each would be a tenth of process 1.
    #[inline(never)]
    pub fn add(&mut self, action: Action) {
        debug_assert!(self.len < ROOM, "more actions than fit");
        let at = self.first.wrapping_add(self.len).checked_rem(ROOM);
        if let Some(slot) = at.and_then(|at| self.ring.get_mut(at)) {
            *slot = Some(action);
            self.len = self.len.saturating_add(1);
        }
    }

    /// Takes the first.
    pub fn take(&mut self) -> Option<Action> {
        self.len = self.len.checked_sub(1)?;
        let action = self.ring.get(self.first).copied().flatten();
        self.first = self.first.wrapping_add(1).checked_rem(ROOM)?;
        action
    }
}

impl<Action: Copy, const ROOM: usize> Default for Actions<Action, ROOM> {
    fn default() -> Self {
        Actions::new()
    }
}
