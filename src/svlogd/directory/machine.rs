//! The life of a log directory: what is done to it, in which order, and what happens when that
//! fails.
use crate::actions::Actions;
use platform::Instant;

/// Until what failed is tried again, in milliseconds.
pub const PAUSE: u64 = 3000;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The buffer has something for the file.
    Owes,
    /// The file is to be rotated.
    Due,
    /// ALRM: a new file is to be begun before the next line.
    Alarm,
    /// HUP: read everything anew.
    HangUp,
    /// TERM, or once more TERM.
    Terminate,
    /// The program ends, and nothing is left to be written.
    Ends,
    /// The same, and nothing is waited for: what could not be written was given up. `true`: the file ends within
    /// a line of that.
    Quits(bool),
    /// The moment of [`Life::until`] may have come.
    Time,
}

/// What came of a [`Task`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is done.
    Done,
    /// The directory is open, and wants a new file every so many seconds (0: never).
    Opened(u32),
    /// It failed, and may succeed later.
    Failed,
    /// It failed since `current` or its directory is not there any more.
    Gone,
    /// It failed, and that is final: the directory cannot be used.
    Refused {
        /// The directory is not there.
        missing: bool,
        /// Lines wait for it.
        holds: bool,
    },
}

/// What is done to a directory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Task {
    /// Write the buffer.
    Write,
    /// Flush the file to disk.
    Sync,
    /// Give it the mode of a finished one.
    Mark,
    /// Give it a name of its own.
    Rename,
    /// Begin a new `current`, or go on with the one that is there.
    Create,
    /// Delete what is too much.
    Prune,
    /// Leave the file, finished as it is.
    Shut,
    /// Leave it in the midst of trouble: finished if it can be.
    Leave,
    /// Look for the directory, lock it, read its config, see what is there.
    Open,
}

/// What is to be done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Do this, and say what came of it.
    Do(Task),
    /// Begin a new file before the next line, unless this one is empty.
    Turn,
    /// Say why the last task failed.
    Say,
}

/// Actions in order; the walk has seen no longer list.
pub type Out = Actions<Action, 2>;

/// What it is all for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Goal {
    /// Lines in the file.
    Write,
    /// A new file.
    Rotate,
    /// Opening again.
    Renew,
    /// Opening for the first time, or in the midst of trouble.
    Find,
    /// The end.
    Close,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum State {
    /// It cannot be used.
    Unused,
    /// Lines can be taken.
    Ready,
    /// For the answer to a task.
    Doing(Goal, Task),
    /// Until a task is tried again.
    Paused(Goal, Task, Instant),
    /// It is over.
    Closed,
}

/// The life of a log directory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Life {
    state: State,
    /// A new file is begun every so many seconds.
    every: u32,
    /// The next one.
    due: Option<Instant>,
    /// It is looked for since it vanished.
    lost: bool,
    /// It was said that the file or the directory is gone.
    warned: bool,
    /// The end does not wait.
    hurries: bool,
}

/// What follows a task that succeeded; `None`: the goal is reached.
fn after(goal: Goal, task: Task) -> Option<Task> {
    let way: &[Task] = match goal {
        Goal::Write => &[Task::Create, Task::Write],
        Goal::Rotate => &[Task::Sync, Task::Mark, Task::Rename, Task::Create, Task::Prune],
        Goal::Renew => &[Task::Sync, Task::Mark, Task::Shut, Task::Open, Task::Create],
        Goal::Find => &[Task::Leave, Task::Open, Task::Create],
        Goal::Close => &[Task::Sync, Task::Mark, Task::Shut],
    };
    way.iter().skip_while(|other| **other != task).nth(1).copied()
}

impl Life {
    /// It is not open yet: the first event is [`Event::HangUp`].
    pub const fn new() -> Life {
        Life { state: State::Unused, every: 0, due: None, lost: false, warned: false, hurries: false }
    }

    /// Whether lines can be taken.
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    /// Whether it is used at all, now or after a pause.
    pub fn is_used(&self) -> bool {
        !matches!(self.state, State::Unused | State::Closed)
    }

    /// Whether it is being opened.
    pub fn opens(&self) -> bool {
        matches!(self.state, State::Doing(Goal::Renew | Goal::Find, _))
    }

    /// When [`Event::Time`] is due.
    pub fn until(&self) -> Option<Instant> {
        match self.state {
            State::Paused(_, _, until) => Some(until),
            State::Ready => self.due,
            State::Unused | State::Doing(..) | State::Closed => None,
        }
    }

    /// Takes an event; what follows from it is added to `out`.
    pub fn step(&mut self, event: Event, now: Instant, out: &mut Out) {
        use Event::{Alarm, Due, Ends, HangUp, Owes, Quits, Terminate, Time};
        match self.state {
            State::Unused => match event {
                HangUp => self.ask(Goal::Find, Task::Open, out),
                // It has no file, and takes no lines.
                Owes | Due | Alarm | Terminate | Ends | Quits(_) | Time => {}
            },
            State::Ready => match event {
                Owes => self.ask(Goal::Write, Task::Write, out),
                Due => self.ask(Goal::Rotate, Task::Sync, out),
                HangUp => self.ask(Goal::Renew, Task::Sync, out),
                Ends => self.ask(Goal::Close, Task::Sync, out),
                // A line without end is cut off at the next start, if the file is not finished.
                Quits(true) => self.state = State::Closed,
                Quits(false) => {
                    self.hurries = true;
                    self.ask(Goal::Close, Task::Sync, out);
                }
                Alarm => out.add(Action::Turn),
                Time if self.due.is_some_and(|due| now >= due) => {
                    self.wind(now);
                    out.add(Action::Turn);
                }
                // What was read comes first, and its end will be told; and a moment may come too early.
                Terminate | Time => {}
            },
            State::Paused(goal, task, until) => match event {
                Time if now >= until => self.ask(goal, task, out),
                HangUp if goal == Goal::Close => self.ask(goal, task, out),
                // An administrator who made room, or gave the directory another disk, says so by HUP.
                HangUp => self.ask(Goal::Find, Task::Leave, out),
                // All lines are in the file; that it could not be flushed shows in its mode.
                Terminate if goal == Goal::Close => self.state = State::Closed,
                Terminate => self.ask(goal, task, out),
                Alarm => out.add(Action::Turn),
                Ends => match goal {
                    // It is tried again in time; there is nothing but this to wait for.
                    Goal::Close | Goal::Write => {}
                    Goal::Rotate | Goal::Renew | Goal::Find => self.finish(task, out),
                },
                Quits(true) => self.state = State::Closed,
                Quits(false) if goal == Goal::Close => self.state = State::Closed,
                Quits(false) => {
                    self.hurries = true;
                    self.finish(task, out);
                }
                // While it waits for room it takes and begins nothing; and a moment may come too early.
                Owes | Due | Time => {}
            },
            // The answer comes first; and when it is over nothing comes.
            State::Doing(..) | State::Closed => match event {
                Owes | Due | Alarm | HangUp | Terminate | Ends | Quits(_) | Time => {}
            },
        }
    }

    /// Takes the answer to a task; what follows from it is added to `out`.
    pub fn answer(&mut self, answer: Answer, now: Instant, out: &mut Out) {
        let State::Doing(goal, task) = self.state else { return };
        match answer {
            Answer::Done => {}
            Answer::Opened(every) => {
                self.every = every;
                self.wind(now);
            }
            Answer::Failed => return self.pause(goal, task, now),
            Answer::Gone => {
                self.say_gone(out);
                match task {
                    // DEV-69: without the old file the new one is begun all the same; without its
                    // directory that is looked for anew.
                    Task::Rename | Task::Write => self.ask(goal, Task::Create, out),
                    Task::Create => {
                        self.lost = true;
                        match goal {
                            Goal::Write | Goal::Rotate | Goal::Close => self.ask(Goal::Find, Task::Open, out),
                            // It was opened just now.
                            Goal::Renew | Goal::Find => self.pause(Goal::Find, Task::Open, now),
                        }
                    }
                    Task::Sync | Task::Mark | Task::Prune | Task::Shut | Task::Leave | Task::Open => {
                        self.pause(goal, task, now);
                    }
                }
                return;
            }
            Answer::Refused { missing, holds } => {
                // A directory that holds lines is not given up, and of one that is not there it is said once.
                let holds = holds || self.lost;
                if missing && holds {
                    self.say_gone(out);
                } else {
                    out.add(Action::Say);
                }
                return if holds { self.pause(goal, task, now) } else { self.state = State::Unused };
            }
        }
        if task == Task::Create {
            (self.lost, self.warned) = (false, false);
        }
        match (after(goal, task), goal) {
            (Some(next), _) => self.ask(goal, next, out),
            (None, Goal::Close) => self.state = State::Closed,
            (None, Goal::Write | Goal::Rotate | Goal::Renew | Goal::Find) => self.state = State::Ready,
        }
    }

    fn ask(&mut self, goal: Goal, task: Task, out: &mut Out) {
        self.state = State::Doing(goal, task);
        out.add(Action::Do(task));
    }

    fn pause(&mut self, goal: Goal, task: Task, now: Instant) {
        self.state = if self.hurries && goal == Goal::Close {
            State::Closed
        } else {
            State::Paused(goal, task, now.plus_ms(PAUSE))
        };
    }

    /// Comes to its end after a task that failed.
    fn finish(&mut self, task: Task, out: &mut Out) {
        match task {
            Task::Write | Task::Sync | Task::Mark | Task::Rename => self.ask(Goal::Close, Task::Sync, out),
            // DEV-68: no room for a new file, and no need of one.
            Task::Create | Task::Prune | Task::Shut | Task::Leave | Task::Open => self.state = State::Closed,
        }
    }

    /// Sets the next rotation by time.
    fn wind(&mut self, now: Instant) {
        let every = u64::from(self.every).saturating_mul(1000);
        self.due = (every > 0).then(|| now.plus_ms(every));
    }

    /// Says once what is gone, until there is a file again.
    fn say_gone(&mut self, out: &mut Out) {
        if !core::mem::replace(&mut self.warned, true) {
            out.add(Action::Say);
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod walk;
