//! sv: controls services and looks at them. See sv(8).
#![no_main]
mod caller;
mod console;
mod control;
mod home;
mod places;
mod report;
mod service;
mod supervise;

use console::Console;
use places::Places;
use runit::paths::SERVICES;
use runit::sv::text::Sink;
use runit::sv::{CommandLine, Defaults, Mode, Task, invocation};
use std::ffi::{CStr, OsString};
use std::os::unix::ffi::OsStringExt;

platform_host::entry!(main);

fn main(args: platform::Args) -> u8 {
    let words: Vec<&[u8]> = (0..).map_while(|at| args.get(at)).map(CStr::to_bytes).collect();
    let word = |at: usize| words.get(at).copied();
    let (program, mode) = invocation::program(word(0).unwrap_or(b"sv"));
    let svwait = std::env::var_os("SVWAIT").map(OsString::into_vec);
    let defaults = Defaults { svwait: svwait.as_deref() };
    let mut console = Console::default();
    let mut wrong = Vec::new();
    let invocation = match CommandLine::of(mode, defaults, word) {
        CommandLine::Run(invocation) => invocation,
        CommandLine::Version => {
            invocation::version(&mut console);
            return 0;
        }
        CommandLine::Help => {
            invocation::help(&mut console, program, mode);
            return 0;
        }
        CommandLine::Platform => {
            for (what, text) in platform_host::about::rows() {
                console.put_all(&[format!("{what:<20} ").as_bytes(), text.as_bytes(), b"\n"]);
            }
            return 0;
        }
        CommandLine::ShortVersion => {
            invocation::version(&mut console::Gathered(&mut wrong));
            return misused(&mut console, wrong, program, mode);
        }
        CommandLine::Usage(complaint) => {
            if let Some(option) = complaint {
                invocation::complain(&mut console::Gathered(&mut wrong), program, option);
            }
            return misused(&mut console, wrong, program, mode);
        }
    };
    let svdir = std::env::var_os("SVDIR").map_or_else(|| SERVICES.into(), OsString::into_vec);
    let names: Vec<&[u8]> = match mode {
        Mode::Script => vec![program],
        Mode::Command => words.iter().skip(invocation.first).copied().collect(),
    };
    let done = Places::new(svdir).map(|places| match invocation.plan.task {
        Task::Status => report::report(&mut console, &places, &names),
        Task::Check | Task::Control(..) => control::control(&mut console, &places, &names, &invocation),
    });
    match done {
        Ok(tally) => tally.code(mode),
        Err(fatal) => {
            console.complain(&[b"fatal: ", fatal.what, b": ", fatal.errno.text().bytes(), b"\n"]);
            mode.fatal_code()
        }
    }
}

fn misused(console: &mut Console, mut text: Vec<u8>, program: &[u8], mode: Mode) -> u8 {
    invocation::usage(&mut console::Gathered(&mut text), program, mode);
    console.complain(&[&text]);
    mode.usage_code()
}

/// What ends sv at once.
#[derive(Debug)]
pub struct Fatal {
    what: &'static [u8],
    errno: platform::Errno,
}
