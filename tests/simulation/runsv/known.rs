//! What the rules know of a service, and whether its record on disk agrees.
use crate::watched::Check;
use platform::{Child, Ended, Fd, Pid, Step};
use platform_sim::Kernel;
use platform_sim::tree::ROOT;
use runit::status::{Record, SIZE, State};
use std::collections::VecDeque;

/// What a child is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Run,
    Finish,
    Log,
    Script,
}

pub(crate) fn role(child: &Child<'_>) -> Role {
    let below = child.steps.iter().any(|step| matches!(step, Step::Directory { .. }));
    match child.path.to_bytes() {
        b"./run" if below => Role::Log,
        b"./run" => Role::Run,
        b"./finish" => Role::Finish,
        _ => Role::Script,
    }
}

/// What the last command wished for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wish {
    Up,
    Down,
    Exit,
    /// TERM and a letter came together: either may count.
    Unclear,
}

/// What is known of one of the two services from its children and from what was read.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) control: Option<Fd>,
    pub(crate) unread: VecDeque<u8>,
    pub(crate) wish: Wish,
    pub(crate) child: Option<(Pid, Role)>,
    pub(crate) term: bool,
    /// What ended while a control script ran, and whether it had been sent TERM.
    pub(crate) corpse: Option<(Pid, bool)>,
    /// The last start, and whether a command came since.
    pub(crate) started: Option<u64>,
    pub(crate) commanded: bool,
    /// fork failed then.
    pub(crate) refused: Option<u64>,
    /// Writing the status failed then.
    pub(crate) unsaved: Option<u64>,
    /// It has ended, and nobody has looked for `./finish` yet.
    pub(crate) ended: Option<Ended>,
    /// There is one.
    pub(crate) owes_finish: Option<Ended>,
}

impl Known {
    pub(crate) fn new() -> Known {
        Known {
            control: None,
            unread: VecDeque::new(),
            wish: Wish::Unclear,
            child: None,
            term: false,
            corpse: None,
            started: None,
            commanded: false,
            refused: None,
            unsaved: None,
            ended: None,
            owes_finish: None,
        }
    }

    /// All that was read has been handed in.
    pub(crate) fn obey(&mut self, log: bool) {
        while let Some(letter) = self.unread.pop_front() {
            match letter {
                b'u' => self.wish = Wish::Up,
                b'd' | b'o' => self.wish = Wish::Down,
                b'x' if !log => self.wish = Wish::Exit,
                _ => {}
            }
        }
    }
}

/// The record on disk: whole or absent.
pub(crate) fn read_status(kernel: &Kernel, place: &str) -> Result<Option<Record>, String> {
    let Some(bytes) = kernel.tree.contents(ROOT, format!("{place}status").as_bytes()) else {
        return Ok(None);
    };
    let record = <&[u8; SIZE]>::try_from(bytes).map_err(|_| format!("torn status: {} bytes", bytes.len()))?;
    let record = Record::decode(record);
    if record.state.is_none() || !matches!(record.want, b'u' | b'd') {
        return Err(format!("a status nobody understands: {record:?}"));
    }
    Ok(Some(record))
}

/// What a record says that is not so.
pub(crate) fn lies(known: &Known, record: Record, settled: bool) -> Check {
    let mut term = known.term;
    let (pid, state) = match (known.child, known.corpse) {
        (Some((pid, Role::Finish)), _) => (pid.0.unsigned_abs(), Some(State::Finish)),
        (Some((pid, _)), _) => (pid.0.unsigned_abs(), Some(State::Run)),
        // As long as the script runs that `./finish` waits for, it is as if `./run` had not ended.
        (None, Some((pid, sent))) if !settled && known.owes_finish.is_some() => {
            term = sent;
            (pid.0.unsigned_abs(), Some(State::Run))
        }
        (None, _) => (0, record.state.filter(|state| *state != State::Run)),
    };
    if (record.pid, record.state) != (pid, state) {
        return Err(format!("{record:?}, it is {:?}", known.child));
    }
    if (record.got_term != 0) != (term && state == Some(State::Run)) {
        return Err(format!("{record:?}, it was sent TERM: {term}"));
    }
    let want = match known.wish {
        Wish::Up => b'u',
        Wish::Down | Wish::Exit => b'd',
        Wish::Unclear => record.want,
    };
    if settled && record.want != want {
        return Err(format!("{record:?}, it is wanted {:?}", known.wish));
    }
    Ok(())
}
