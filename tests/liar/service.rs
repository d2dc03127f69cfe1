//! The service that keeps the record: when it started, which signals it got, that it is alive, when it ended.
use crate::judge::now;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::getpid;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Between two beats.
const BEAT: Duration = Duration::from_millis(10);

/// The record of a service, which its directory has; one write for a line.
fn record(what: &str) -> impl FnMut(&str) {
    let mut file: File = OpenOptions::new().create(true).append(true).open("record").expect("the record");
    let what = what.to_owned();
    move |event| {
        let line = format!("{} {} {what} {event}\n", now(), std::process::id());
        file.write_all(line.as_bytes()).expect("a line of the record");
    }
}

/// The clock of the beats. It has a greater number than what is sent: Linux tells of it after that.
const TICK: Signal = Signal::SIGPROF;

/// Notes everything and ends at TERM, INT and QUIT, now at once and now a moment later.
///
/// A beat says that what had come before was noted, so one thread waits for both, however busy the machine is.
pub(crate) fn run() -> ExitCode {
    let mut signals = SigSet::empty();
    let all = [
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGALRM,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        TICK,
    ];
    all.into_iter().for_each(|signal| signals.add(signal));
    signals.thread_block().expect("blocked signals");
    let (ask, asked) = channel();
    // It has the mask of this thread.
    std::thread::spawn(move || {
        while asked.recv().is_ok() {
            std::thread::sleep(BEAT);
            kill(getpid(), TICK).expect("kill");
        }
    });
    let mut note = record("run");
    note("start");
    ask.send(()).expect("a clock");
    loop {
        let signal = signals.wait().expect("a signal");
        if signal == TICK {
            note("beat");
            ask.send(()).expect("a clock");
            continue;
        }
        note(signal.as_str());
        if matches!(signal, Signal::SIGTERM | Signal::SIGINT | Signal::SIGQUIT) {
            let late = (now() / 1_000 % 3) as u32 * 7;
            std::thread::sleep(Duration::from_millis(late.into()));
            note("end");
            return ExitCode::SUCCESS;
        }
    }
}

/// `finish` takes a moment.
pub(crate) fn finish() -> ExitCode {
    let mut note = record("finish");
    note("start");
    std::thread::sleep(Duration::from_millis(now() / 1_000 % 15));
    note("end");
    ExitCode::SUCCESS
}
