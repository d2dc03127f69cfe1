//! `./check`, which says whether a running service is ready.
use crate::console::Console;
use platform_host::check::{Passed, Running};
use platform_host::files;
use runit::service_directory::CHECK;
use runit::status::Record;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// The pauses between two runs, and between two looks at a run that does not tell of its end.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(250);

/// The `./check` of a service. Its answer is good for the record it was asked under.
#[derive(Debug)]
pub struct Check {
    run: Option<Run>,
    answer: Option<(Record, Answer)>,
    pause: Duration,
}

#[derive(Debug)]
struct Run {
    program: Running,
    under: Record,
    since: Instant,
    /// It gave up the descriptor that tells of its end.
    mute: bool,
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    Passed,
    /// It could not be executed.
    Unable,
    /// To be asked again then.
    Failed(Instant),
}

/// What is known of a service's readiness.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readiness {
    /// `./check` passed.
    Ready,
    /// Not yet, or no answer yet.
    NotYet,
    /// There is no `./check` that could say; the age of the process has to do.
    Unknown,
}

impl Check {
    /// Not asked yet.
    pub const fn new() -> Check {
        Check { run: None, answer: None, pause: SHORTEST }
    }

    /// Whether `./check` of the current directory has passed under this record. If it was not asked
    /// yet, it is started, unless it is too late for that; the answer comes later.
    pub fn ask(
        &mut self,
        record: &Record,
        now: Instant,
        late: bool,
        name: &[u8],
        console: &mut Console,
    ) -> Readiness {
        self.collect(now, name, console);
        if self.run.is_some() {
            return Readiness::NotYet;
        }
        match self.answer {
            Some((under, Answer::Passed)) if under == *record => return Readiness::Ready,
            Some((under, Answer::Unable)) if under == *record => return Readiness::Unknown,
            Some((under, Answer::Failed(again))) if under == *record && now < again => {
                return Readiness::NotYet;
            }
            Some(_) if late => return Readiness::NotYet,
            Some(_) | None => {}
        }
        match files::exists(CHECK) {
            Ok(false) => return Readiness::Unknown,
            Ok(true) => {
                let mut unable = |errno: platform::Errno| {
                    [b"warning: unable to run ", name, b"/check: ", errno.text().bytes(), b"\n"].concat()
                };
                match Running::start(CHECK, c"./check", &mut unable) {
                    Ok(program) => {
                        self.run = Some(Run { program, under: *record, since: now, mute: false });
                        return Readiness::NotYet;
                    }
                    Err(errno) => {
                        console.complain(&[
                            b"warning: unable to fork for ",
                            name,
                            b"/check: ",
                            errno.text().bytes(),
                            b"\n",
                        ]);
                    }
                }
            }
            Err(errno) => {
                console.complain(&[
                    b"warning: unable to stat ",
                    name,
                    b"/check: ",
                    errno.text().bytes(),
                    b"\n",
                ]);
            }
        }
        self.fail(*record, now, LONGEST);
        Readiness::NotYet
    }

    /// When somebody has to ask again.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        match (&self.run, self.answer) {
            // Its end may come a moment after the descriptor was closed.
            (Some(run), _) if run.mute => Some(later(now, Duration::from_millis(2))),
            (Some(_), _) => Some(later(now, LONGEST)),
            (None, Some((_, Answer::Failed(again)))) => Some(again),
            (None, Some((_, Answer::Passed | Answer::Unable)) | None) => None,
        }
    }

    /// What becomes readable when it ends.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.run.as_ref().filter(|run| !run.mute).map(|run| run.program.fd())
    }

    /// It became readable.
    pub const fn ended(&mut self) {
        if let Some(run) = &mut self.run {
            run.mute = true;
        }
    }

    fn collect(&mut self, now: Instant, name: &[u8], console: &mut Console) {
        let Some(run) = &mut self.run else { return };
        let (under, took) = (run.under, now.saturating_duration_since(run.since));
        match run.program.passed() {
            Ok(None) => return,
            Ok(Some(Passed::Yes)) => self.answer = Some((under, Answer::Passed)),
            Ok(Some(Passed::Unable)) => self.answer = Some((under, Answer::Unable)),
            Ok(Some(Passed::No)) => self.fail(under, now, took),
            Err(errno) => {
                console.complain(&[
                    b"warning: unable to wait for child ",
                    name,
                    b"/check: ",
                    errno.text().bytes(),
                    b"\n",
                ]);
                self.fail(under, now, took);
            }
        }
        self.run = None;
    }

    /// A check that takes long is not asked more often than it takes.
    fn fail(&mut self, under: Record, now: Instant, took: Duration) {
        self.answer = Some((under, Answer::Failed(later(now, self.pause.max(took)))));
        self.pause = self.pause.saturating_mul(2).min(LONGEST);
    }
}

/// A moment after another.
pub fn later(now: Instant, pause: Duration) -> Instant {
    now.checked_add(pause).unwrap_or(now)
}
