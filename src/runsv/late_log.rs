//! A `log/` that was not there when runsv began: looked for before a start of `./run`, and from then on as if it had
//! been there from the beginning.
use super::Refusal;
use super::perform::{Runsv, wanted};
use super::service::{Service, Who};
use super::supervise::Supervise;
use super::words::Answer;
use crate::service_directory::{LOG, LOG_DOWN};
use crate::status::Want;
use platform::{Errno, Kind, Platform, Stamp};

impl Runsv<'_> {
    /// What the directory says of the start of `./run` that comes. If it has changed since the last look, it may have
    /// a `log` by now; what is needed for that is made first. Where that fails the service starts without, and the
    /// next start tries again.
    pub(super) fn settings<P: Platform>(&mut self, p: &mut P) -> Answer {
        let settings = self.main.extras.read(p, self.voice, self.main.facts.since);
        let looks = self.log.is_none() && (self.main.extras.changed || self.log_failed);
        match if looks { self.late_log(p) } else { None } {
            Some(want) => Answer::LogAppeared(settings, want),
            None => Answer::Settings(Who::Main, settings),
        }
    }

    fn late_log<P: Platform>(&mut self, p: &mut P) -> Option<Want> {
        self.log_failed = false;
        let want = self.look_for_log(p)?;
        self.log_failed = true;
        let since = p.wall();
        self.make_log(p, Refusal { voice: self.voice, how: b"warning: " }, want, since)?;
        self.log_failed = false;
        self.unsaved = true;
        Some(want)
    }

    /// Makes the log pipe, and sets up the supervise directory: a client that can open `ok` finds the rest there.
    #[inline(never)]
    pub(super) fn make_log<P: Platform>(
        &mut self,
        p: &mut P,
        refusal: Refusal<'_>,
        want: Want,
        since: Stamp,
    ) -> Option<()> {
        let made = p.pipe();
        let (read, write) = refusal.or_tell(p, made, b"unable to create log pipe")?;
        let log = self.log.insert(Supervise::new(Who::Log, since, self.now));
        let status = Service::new(Who::Log, want).status(since);
        if log.set_up(p, refusal, self.scan, status).is_none() {
            log.close(p);
            p.close(read);
            p.close(write);
            self.log = None;
            return None;
        }
        self.pipe = Some((read, Some(write)));
        Some(())
    }

    /// Whether there is a log service, and what is wanted of it. What is there and is no directory is told once.
    pub(super) fn look_for_log<P: Platform>(&mut self, p: &mut P) -> Option<Want> {
        let (text, why): (&[u8], _) = match p.stat(LOG) {
            Ok(found) if found.kind == Kind::Directory => return Some(wanted(p, LOG_DOWN)),
            Ok(_) => (b"./log: not a directory.", None),
            Err(Errno::NOENT) => {
                self.log_told = false;
                return None;
            }
            Err(errno) => (b"unable to stat() ./log: ", Some(errno)),
        };
        if !core::mem::replace(&mut self.log_told, true) {
            self.voice.warn(p, &[text], why);
        }
        None
    }
}
