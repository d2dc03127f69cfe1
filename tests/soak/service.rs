//! The service of the soak: it writes numbered lines, notes how many it has written, and crashes now and
//! then. While the file `calm` is there, it does neither.
use crate::tree::CALM;
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use platform_sim::Random;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{ExitCode, exit};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A third of the services take their time to end after TERM, and do not mind other signals.
const KINDS: u64 = 3;
/// A write of so many bytes is not divided by a pipe.
const MOST: u64 = 3_000;

struct Service {
    name: String,
    count: u64,
    noted: File,
    random: Random,
}

impl Service {
    /// One line, one write: a kill comes before or after it.
    fn line(&mut self) {
        let most = if self.random.chance(4) { MOST } else { 120 };
        let length = self.random.below(most) as usize;
        let line = format!("{} {} {:.<length$}\n", self.name, self.count, "");
        match nix::unistd::write(io::stdout(), line.as_bytes()) {
            Ok(written) if written == line.len() => {}
            // Nobody reads: the supervisor and the log service are gone.
            _ => exit(1),
        }
        self.count += 1;
        self.noted.write_all_at(&self.count.to_le_bytes(), 0).expect("a note of the progress");
    }

    fn lines(&mut self) {
        let count = if self.random.chance(2) { 150 } else { 1 + self.random.below(3) };
        (0..count).for_each(|_| self.line());
    }

    fn crash(&mut self) {
        match self.random.below(120) {
            0 => exit(self.random.below(120) as i32),
            1 => drop(raise(Signal::SIGSEGV)),
            2 => drop(raise(Signal::SIGKILL)),
            _ => {}
        }
    }
}

/// Writes until a signal ends it.
pub(crate) fn serve(root: &Path, number: &str) -> ExitCode {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
    let name = format!("{nanos}-{}", std::process::id());
    let notes = root.join("progress").join(number);
    let new = notes.join(".new").with_extension(&name);
    fs::write(&new, 0_u64.to_le_bytes()).expect("a note of the progress");
    fs::rename(&new, notes.join(&name)).expect("its name");
    let noted = File::options().write(true).open(notes.join(&name)).expect("the note again");
    let mut random = Random::new(nanos ^ u64::from(std::process::id()));
    let slow = number.parse::<u64>().is_ok_and(|number| number % KINDS == 0);
    let mut signals = SigSet::empty();
    let taken = [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGALRM, Signal::SIGUSR1];
    if slow {
        taken.into_iter().for_each(|signal| signals.add(signal));
        signals.thread_block().expect("blocked signals");
    }
    let pending = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK).expect("a descriptor");
    let late = random.below(1_500);
    let mut service = Service { name, count: 0, noted, random };
    loop {
        while let Ok(Some(signal)) = pending.read_signal() {
            if signal.ssi_signo == Signal::SIGTERM as u32 {
                sleep(Duration::from_millis(late));
                service.line();
                return ExitCode::SUCCESS;
            }
        }
        if root.join(CALM).exists() {
            sleep(Duration::from_millis(250));
            continue;
        }
        service.lines();
        service.crash();
        sleep(Duration::from_millis(100 + service.random.below(1_200)));
    }
}
