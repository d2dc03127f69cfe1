//! The service that keeps the record: when it started, which signals it got, that it is alive, when it ended.
use crate::judge::now;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsFd;
use std::process::ExitCode;

/// Between two beats, in milliseconds.
const BEAT: u16 = 10;

/// The record of a service, which its directory has; one write for a line.
fn record(what: &str) -> impl FnMut(&str) {
    let mut file: File = OpenOptions::new().create(true).append(true).open("record").expect("the record");
    let what = what.to_owned();
    move |event| {
        let line = format!("{} {} {what} {event}\n", now(), std::process::id());
        file.write_all(line.as_bytes()).expect("a line of the record");
    }
}

/// Notes everything and ends at TERM, INT and QUIT, now at once and now a moment later.
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
    ];
    all.into_iter().for_each(|signal| signals.add(signal));
    signals.thread_block().expect("blocked signals");
    let came = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK).expect("a descriptor");
    let mut note = record("run");
    note("start");
    loop {
        while let Ok(Some(signal)) = came.read_signal() {
            let signal = Signal::try_from(signal.ssi_signo as i32).expect("a signal");
            note(signal.as_str());
            if matches!(signal, Signal::SIGTERM | Signal::SIGINT | Signal::SIGQUIT) {
                let late = (now() / 1_000 % 3) as u32 * 7;
                std::thread::sleep(std::time::Duration::from_millis(late.into()));
                note("end");
                return ExitCode::SUCCESS;
            }
        }
        note("beat");
        let _ = poll(&mut [PollFd::new(came.as_fd(), PollFlags::POLLIN)], PollTimeout::from(BEAT));
    }
}

/// `finish` takes a moment.
pub(crate) fn finish() -> ExitCode {
    let mut note = record("finish");
    note("start");
    std::thread::sleep(std::time::Duration::from_millis(now() / 1_000 % 15));
    note("end");
    ExitCode::SUCCESS
}
