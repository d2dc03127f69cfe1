//! `./check`, which says whether a running service is ready.
use crate::console::Console;
use platform_host::check::Running;
use platform_host::files;
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
    /// To be asked again then.
    Failed(Instant),
}

impl Default for Check {
    fn default() -> Self {
        Check { run: None, answer: None, pause: SHORTEST }
    }
}

impl Check {
    /// Whether `./check` of the current directory has passed under this record. If nobody knows,
    /// it is started, unless it is too late for that; the answer comes later.
    pub fn ask(
        &mut self,
        record: &Record,
        now: Instant,
        late: bool,
        name: &[u8],
        console: &mut Console,
    ) -> bool {
        self.collect(now, name, console);
        if self.run.is_some() {
            return false;
        }
        match self.answer {
            Some((under, Answer::Passed)) if under == *record => return true,
            Some((under, Answer::Failed(again))) if under == *record && now < again => return false,
            Some(_) if late => return false,
            Some(_) | None => {}
        }
        match files::exists(c"check") {
            Ok(false) => return true,
            Ok(true) => {
                let mut unable = |errno: platform::Errno| {
                    [b"warning: unable to run ", name, b"/check: ", errno.text().bytes(), b"\n"].concat()
                };
                match Running::start(c"check", c"./check", &mut unable) {
                    Ok(program) => {
                        self.run = Some(Run { program, under: *record, since: now, mute: false });
                        return false;
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
        false
    }

    /// When somebody has to ask again.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        match (&self.run, self.answer) {
            // Its end may come a moment after the descriptor was closed.
            (Some(run), _) if run.mute => Some(later(now, Duration::from_millis(2))),
            (Some(_), _) => Some(later(now, LONGEST)),
            (None, Some((_, Answer::Failed(again)))) => Some(again),
            (None, Some((_, Answer::Passed)) | None) => None,
        }
    }

    /// Whether it runs.
    pub const fn is_running(&self) -> bool {
        self.run.is_some()
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
            Ok(Some(true)) => self.answer = Some((under, Answer::Passed)),
            Ok(Some(false)) => self.fail(under, now, took),
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
