//! `supervise/state` tells the truth, or is not there.
use super::model::Model;
use crate::runsv::known::{Role, Wish, lies, read_status};
use crate::watched::Check;
use platform::{Ended, Stamp};
use platform_sim::Kernel;
use platform_sim::tree::ROOT;
use runit::state::{Doing, LENGTH, State};
use runit::status::Want;

/// What is remembered of one supervise directory.
#[derive(Debug, Default)]
pub(super) struct Truth {
    /// Something about `state` failed, and what it would have said.
    failed: bool,
    missing: Option<State>,
}

/// Where it is: in the service's directory, if it was made there because `.supervise` could not be looked at.
fn place(kernel: &Kernel, log: bool) -> &'static str {
    let inside = if log { "/service/x/log/supervise/" } else { "/service/x/supervise/" };
    let name = inside.trim_end_matches('/').as_bytes();
    if kernel.tree.existing(ROOT, name, false).is_ok() { inside } else { super::KEPT[usize::from(log)] }
}

/// The line, if there is one: it is whole.
pub(super) fn read(kernel: &Kernel, log: bool) -> Result<Option<State>, String> {
    let path = format!("{}state", place(kernel, log));
    let Some(line) = kernel.tree.contents(ROOT, path.as_bytes()) else { return Ok(None) };
    match State::read(line) {
        Some(state) if line.len() == LENGTH => Ok(Some(state)),
        _ => Err(format!("a torn state: {}", line.escape_ascii())),
    }
}

impl Truth {
    /// It could not be written, or was removed by others.
    pub(super) fn disturb(&mut self) {
        self.failed = true;
    }

    /// Whether what it says is so. Times are compared with each other, not with a clock.
    fn lies(found: &State, model: &Model, log: bool, until: Option<u64>) -> Check {
        let doing = match model.known.child {
            Some((_, Role::Finish)) => Doing::Finish,
            Some(_) => Doing::Run,
            None if model.known.owes_finish.is_some() => Doing::Finish,
            None if model.done => Doing::Done,
            None if model.failed => Doing::Failed,
            None if model.said.delay.is_some() && until.is_some() => Doing::PausedStart,
            None => Doing::Down,
        };
        if !model.waits && matches!(found.doing, Doing::Down | Doing::PausedStart) {
            return Ok(());
        }
        if found.doing != doing {
            return Err(format!("it says {:?}, it is {doing:?}", found.doing));
        }
        let says = model.said.notification.is_some() || model.said.oneshot;
        let ready = (says && !log).then_some(model.ready || model.done);
        if found.ready != ready {
            return Err(format!("it says ready: {:?}, it is {ready:?}", found.ready));
        }
        let last = found.last.map(|last| last.0);
        let core = |ended: Ended| match ended {
            Ended::Killed { signal, .. } => Ended::Killed { signal, core: false },
            exit @ Ended::Exit(_) => exit,
        };
        if (found.starts, last) != (model.starts, model.last.map(core)) {
            return Err(format!(
                "it says {} starts, last {last:?}; it was {}, {:?}",
                found.starts, model.starts, model.last
            ));
        }
        let (limit, window) = model.said.limit.unwrap_or((0, 0));
        let counted = (usize::from(found.ends), found.limit, found.window);
        if counted != (model.ends.len(), limit, window) {
            return Err(format!(
                "it says {counted:?} ends, it is {:?}",
                (model.ends.len(), model.said.limit)
            ));
        }
        let want = match found.want {
            Want::Up => Wish::Up,
            Want::Down => Wish::Down,
            Want::Exit => Wish::Exit,
        };
        if want != model.known.wish {
            return Err(format!("it says {want:?}, it is wanted {:?}", model.known.wish));
        }
        let ms = |stamp: Stamp| stamp.secs * 1000 + u64::from(stamp.nanos / 1_000_000);
        let next = found.next.map(|next| ms(next).saturating_sub(ms(found.since)));
        let expected = until.filter(|_| doing == Doing::PausedStart);
        let expected = expected.map(|until| until.saturating_sub(model.moment) / 1_000_000);
        if next != expected {
            return Err(format!("its next start comes after {next:?} ms, it is {expected:?}"));
        }
        Ok(())
    }

    /// The files tell the truth, or will soon.
    pub(super) fn check(
        &mut self,
        kernel: &Kernel,
        model: &mut Model,
        log: bool,
        settled: bool,
        until: Option<u64>,
    ) -> Check {
        let name = if log { "log" } else { "service" };
        let record = read_status(kernel, place(kernel, log))?;
        let found = read(kernel, log)?;
        let path = format!("{}state", place(kernel, log));
        let line = kernel.tree.contents(ROOT, path.as_bytes()).unwrap_or_default();
        let truth = match (record, found) {
            (None, _) => Err("no status".into()),
            (Some(record), Some(found)) if record.with(line).told.is_none() => {
                Err(format!("{record:?} beside {found:?}"))
            }
            (Some(record), _) => lies(&model.known, record, settled),
        };
        match (truth, model.known.unsaved) {
            (Ok(()), _) if settled || log => model.known.unsaved = None,
            (Ok(()), _) => {}
            (Err(_), Some(then)) if until.is_some_and(|until| until <= then + 5_100_000_000) => {}
            (Err(wrong), _) => return Err(format!("status of the {name}: {wrong}")),
        }
        if !settled {
            return Ok(());
        }
        let failed = std::mem::take(&mut self.failed);
        match found {
            Some(found) => {
                Truth::lies(&found, model, log, model.next())
                    .map_err(|wrong| format!("state of the {name}: {wrong}"))?;
                self.missing = None;
            }
            // Until something changes.
            None if failed => self.missing = Some(self.now(model)),
            None if self.missing == Some(self.now(model)) => {}
            None => return Err(format!("state of the {name}: it is not there")),
        }
        Ok(())
    }

    /// What differs when something has changed.
    fn now(&self, model: &Model) -> State {
        State {
            doing: Doing::Down,
            ready: Some(model.ready),
            asked: false,
            pid: model.known.child.map(|(pid, _)| pid),
            want: match model.known.wish {
                Wish::Up => Want::Up,
                Wish::Exit => Want::Exit,
                Wish::Down | Wish::Unclear => Want::Down,
            },
            since: Stamp { secs: model.moment, nanos: 0 },
            starts: model.starts,
            last: None,
            ends: 0,
            limit: 0,
            window: 0,
            next: None,
            need: None,
        }
    }
}
