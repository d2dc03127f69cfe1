//! `./check`, which says whether a running service is ready.
use super::later;
use crate::status::Record;
use core::time::Duration;
use platform::Instant;

/// The pauses between two runs, and between two looks at a run that does not tell of its end.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(250);
/// Its end may come a moment after the descriptor that tells of it was closed.
const MUTE: Duration = Duration::from_millis(2);

/// How a run of `./check` ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Passed {
    /// With 0.
    Yes,
    /// Otherwise, or it was lost sight of.
    No,
    /// It could not be executed.
    Unable,
}

/// What came of starting it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Checked {
    /// It runs.
    Started,
    /// There is none.
    Absent,
    /// It could not be started.
    Failed,
}

/// What is known of a service's readiness.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) enum Readiness {
    /// `./check` passed.
    Ready,
    /// Not yet, or no answer yet.
    NotYet,
    /// There is no `./check` that could say; the age of the process has to do.
    Unknown,
}

/// The `./check` of a service. Its answer is good for the record it was asked under.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) struct Check {
    pub(super) run: Option<Run>,
    pub(super) answer: Option<(Record, Outcome)>,
    pub(super) pause: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) struct Run {
    pub(super) under: Record,
    pub(super) since: Instant,
    /// It gave up the descriptor that tells of its end.
    mute: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(super) enum Outcome {
    Passed,
    Unable,
    /// To be asked again then.
    Failed(Instant),
}

impl Check {
    /// Not asked yet.
    pub(super) const fn new() -> Check {
        Check { run: None, answer: None, pause: SHORTEST }
    }

    pub(super) const fn runs(&self) -> bool {
        self.run.is_some()
    }

    /// What is known under this record; `None`: it has to be started. When the time is over, one that has
    /// not passed is not asked again.
    pub(super) fn known(&self, record: &Record, now: Instant, late: bool) -> Option<Readiness> {
        if self.run.is_some() {
            return Some(Readiness::NotYet);
        }
        let (under, outcome) = self.answer?;
        match outcome {
            Outcome::Passed if under == *record => Some(Readiness::Ready),
            Outcome::Unable if under == *record => Some(Readiness::Unknown),
            Outcome::Failed(again) if under == *record && now < again => Some(Readiness::NotYet),
            Outcome::Passed | Outcome::Unable | Outcome::Failed(_) => late.then_some(Readiness::NotYet),
        }
    }

    /// It was to be started.
    pub(super) fn started(&mut self, record: Record, now: Instant, checked: Checked) -> Readiness {
        match checked {
            Checked::Absent => return Readiness::Unknown,
            Checked::Started => self.run = Some(Run { under: record, since: now, mute: false }),
            Checked::Failed => self.fail(record, now, LONGEST),
        }
        Readiness::NotYet
    }

    /// It ended.
    pub(super) fn ended(&mut self, passed: Passed, now: Instant) {
        let Some(Run { under, since, .. }) = self.run.take() else { return };
        match passed {
            Passed::Yes => self.answer = Some((under, Outcome::Passed)),
            Passed::Unable => self.answer = Some((under, Outcome::Unable)),
            Passed::No => self.fail(under, now, Duration::from_nanos(now.0.saturating_sub(since.0))),
        }
    }

    /// The descriptor that tells of its end has ended.
    pub(super) const fn mute(&mut self) {
        if let Some(run) = &mut self.run {
            run.mute = true;
        }
    }

    /// When somebody has to ask again.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        match (&self.run, self.answer) {
            (Some(run), _) => Some(later(now, if run.mute { MUTE } else { LONGEST })),
            (None, Some((_, Outcome::Failed(again)))) => Some(again),
            (None, Some((_, Outcome::Passed | Outcome::Unable)) | None) => None,
        }
    }

    /// A check that takes long is not asked more often than it takes.
    fn fail(&mut self, under: Record, now: Instant, took: Duration) {
        self.answer = Some((under, Outcome::Failed(later(now, self.pause.max(took)))));
        self.pause = self.pause.saturating_mul(2).min(LONGEST);
    }
}
