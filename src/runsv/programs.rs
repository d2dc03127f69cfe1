//! The programs of a service directory, and how they are started.
use super::CONTROL;
use super::perform::Runsv;
use super::service::Who;
use super::words::Found;
use crate::fixed::Text;
use crate::service_directory::{FINISH, LOG, RUN};
use core::ffi::CStr;
use platform::{Child, Ended, Errno, Fd, Files, Open, Pid, Platform, Step};

impl Runsv<'_> {
    // The instance comes last in each list of arguments.
    /// `./run` of the service or of its log service.
    pub(super) fn start<P: Platform>(&mut self, p: &mut P, who: Who) -> Option<Pid> {
        match who {
            Who::Main => self.run(p),
            Who::Log => {
                let (read, _) = self.pipe?;
                let steps = [
                    Step::Onto {
                        from: read,
                        to: Fd::STDIN,
                        why: &[b"unable to setup filedescriptor for ./log/run"],
                    },
                    Step::Directory {
                        dir: Fd::CWD,
                        path: LOG,
                        why: &[b"unable to change directory to ./log"],
                    },
                ];
                self.spawn(p, &steps, &[RUN, self.instance.as_c()], &[b"unable to start log/./run"], false)
            }
        }
    }

    /// `./run` of the service, with the descriptor on which it says that it is ready.
    pub(super) fn run<P: Platform>(&mut self, p: &mut P) -> Option<Pid> {
        let Some(to) = self.machine.settings(Who::Main).notification else {
            return self.program(p, &[], &[RUN, self.instance.as_c()]);
        };
        let (read, from) = match p.pipe() {
            Ok(ends) => ends,
            Err(errno) => {
                self.voice.warn(p, &[b"unable to create notification pipe"], Some(errno));
                return None;
            }
        };
        let step = Step::Onto { from, to, why: &[b"unable to setup notification filedescriptor for ./run"] };
        let started = self.program(p, &[step], &[RUN, self.instance.as_c()]);
        p.close(from);
        self.notification = Some(read);
        if started.is_none() {
            self.close_notification(p);
        }
        started
    }

    pub(super) fn look_for_finish<P: Platform>(&mut self, p: &mut P, ended: Ended) -> Found {
        match p.open(FINISH, Open::Read) {
            Ok(fd) => {
                p.close(fd);
                Found::Finish
            }
            // That nothing can be opened just now says nothing of the script.
            Err(Errno::MFILE | Errno::NFILE) if p.stat(FINISH).is_ok() => Found::Finish,
            // What cannot be started has the same code in a directory that was removed. One that was
            // made anew under the same name needs a supervisor of its own.
            Err(_) if ended == Ended::Exit(111) && is_removed(p) => {
                self.voice.warn(p, &[b"service directory was removed, exiting."], None);
                Found::NoDirectory
            }
            Err(_) => Found::Nothing,
        }
    }

    pub(super) fn finish<P: Platform>(&mut self, p: &mut P, ended: Ended) -> Option<Pid> {
        let (mut code, mut status) = (Text::<8>::new(), Text::<8>::new());
        match ended {
            Ended::Exit(number) => {
                code.add_number(number.into());
                status.add(b"0");
            }
            Ended::Killed { signal, core } => {
                code.add(b"-1");
                status.add_number((signal | if core { 0x80 } else { 0 }).into());
            }
        }
        // The script may read its own status.
        self.save(p);
        self.program(p, &[], &[FINISH, code.as_c(), status.as_c(), self.instance.as_c()])
    }

    /// A program of the service, which writes to its log.
    fn program<P: Platform>(&self, p: &mut P, more: &[Step<'_>], argv: &[&CStr]) -> Option<Pid> {
        let path = argv.first().copied().unwrap_or_default();
        let why: &[&[u8]] = &[b"unable to start ", path.to_bytes()];
        let Some((_, Some(from))) = self.pipe else {
            return self.kept(p, more, argv, why);
        };
        let log = Step::Onto { from, to: Fd::STDOUT, why: &[b"unable to setup filedescriptor for ./run"] };
        match more {
            [] => self.kept(p, &[log], argv, why),
            [last, ..] => self.kept(p, &[log, *last], argv, why),
        }
    }

    /// The same, kept together with all that it starts if the directory says so.
    #[inline(never)]
    fn kept<P: Platform>(&self, p: &mut P, steps: &[Step<'_>], argv: &[&CStr], why: &[&[u8]]) -> Option<Pid> {
        let contained = self.machine.settings(Who::Main).contain;
        self.spawn(p, steps, argv, why, contained)
    }

    fn spawn<P: Platform>(
        &self,
        p: &mut P,
        steps: &[Step<'_>],
        argv: &[&CStr],
        why: &[&[u8]],
        contained: bool,
    ) -> Option<Pid> {
        let spawned = if contained {
            self.contained(p, steps, argv, why)
        } else {
            self.child(p, steps, b"", argv, why)
        };
        spawned.map_err(|errno| self.voice.warn(p, &[b"unable to fork, sleeping"], Some(errno))).ok()
    }

    fn child<P: Platform>(
        &self,
        p: &mut P,
        steps: &[Step<'_>],
        variable: &[u8],
        argv: &[&CStr],
        why: &[&[u8]],
    ) -> platform::Result<Pid> {
        let prefix: &[&[u8]] = &[b"runsv ", self.voice.about, b": fatal: "];
        p.spawn(&Child { variable, ..plain(prefix, steps, argv, why) })
    }

    /// Whether there is a control script: the owner's execute bit counts, as for process 1.
    pub(super) fn is_script<P: Platform>(&self, p: &mut P, script: &CStr) -> bool {
        match p.stat(script) {
            Ok(found) => found.owner_executes(),
            Err(Errno::NOENT) => false,
            Err(errno) => {
                self.voice.warn(p, &[b"unable to stat ", script.to_bytes()], Some(errno));
                false
            }
        }
    }

    pub(super) fn script<P: Platform>(&mut self, p: &mut P, script: &CStr, pid: Option<Pid>) -> Option<Pid> {
        let mut number = Text::<16>::new();
        if let Some(pid) = pid {
            number.add_number(pid.0.unsigned_abs().into());
        }
        let why: &[&[u8]] = &[b"unable to setup stdout for ", script.to_bytes()];
        let mut variable = Text::<64>::of(&[CONTROL.to_bytes(), b"="]);
        if let Ok(here) = self.main.identity(p) {
            for number in [here.device, here.inode] {
                variable.add_number(number);
                variable.add(b":");
            }
        }
        let onto = |from| Step::Onto { from, to: Fd::STDOUT, why };
        let steps = self.pipe.and_then(|(_, write)| write).map(onto);
        // The script may read the status.
        self.save(p);
        let argv = [script, number.as_c(), self.instance.as_c()];
        let why: &[&[u8]] = &[b"unable to run control/?"];
        let spawned = self.child(p, steps.as_slice(), variable.bytes(), &argv, why);
        let fork: &[&[u8]] = &[b"unable to fork for ", script.to_bytes()];
        spawned.map_err(|errno| self.voice.warn(p, fork, Some(errno))).ok()
    }
}

/// Whether the current directory was removed: it has no name any more, and on OpenBSD and NetBSD none for itself
/// either.
fn is_removed(p: &mut impl Files) -> bool {
    p.stat(c".").map_or_else(|errno| errno == Errno::NOENT, |here| here.links == 0)
}

/// A program of the service.
pub(super) fn plain<'a>(
    prefix: &'a [&'a [u8]],
    steps: &'a [Step<'a>],
    argv: &'a [&'a CStr],
    why: &'a [&'a [u8]],
) -> Child<'a> {
    // The last argument is there for instances alone.
    let argv = match argv {
        [rest @ .., last] if last.is_empty() => rest,
        all => all,
    };
    let path = argv.first().copied().unwrap_or(c"");
    Child { prefix, steps, variable: b"", console: None, path, argv, search: false, why, exit: 111 }
}
