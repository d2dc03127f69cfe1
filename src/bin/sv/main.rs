//! sv: controls services and looks at them. See sv(8).
#![no_main]
mod arrange;
mod caller;
mod console;
mod control;
mod everyone;
mod explain;
mod home;
mod log;
mod make;
mod order;
mod places;
mod report;
mod see;
mod service;
mod show;
mod supervise;
mod user;
mod watch;

use arrange::Arrangement;
use console::Console;
use places::Places;
use runit::args::Opt;
use runit::paths::SERVICES;
use runit::sv::logs::Wish;
use runit::sv::text::Sink;
use runit::sv::{CommandLine, Defaults, Errand, Mode, Show, Tally, Task, What, help, invocation};
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
            help::version(&mut console);
            return 0;
        }
        CommandLine::Help => {
            help::help(&mut console, program, mode);
            return 0;
        }
        CommandLine::Platform => {
            for (what, text) in platform_host::about::rows() {
                console.put_all(&[format!("{what:<20} ").as_bytes(), text.as_bytes(), b"\n"]);
            }
            return 0;
        }
        CommandLine::ShortVersion => {
            help::version(&mut console::Gathered(&mut wrong));
            return misused(&mut console, wrong, program, mode);
        }
        CommandLine::Usage(complaint) => return complain(&mut console, complaint, program, mode),
        CommandLine::Log(behind) => {
            let mut names = Vec::new();
            match Wish::read(word, behind.first, |name| names.push(name)) {
                Ok(wish) if !names.is_empty() => {
                    let places = svdir(behind.user || wish.user).and_then(Places::new);
                    let done = places.map(|places| log::log(&mut console, &places, &wish, &names));
                    return ended(&mut console, done, mode);
                }
                Ok(_) => return misused(&mut console, wrong, program, mode),
                Err(complaint) => return complain(&mut console, complaint, program, mode),
            }
        }
        CommandLine::Explain(behind) => {
            let (mut user, mut names) = (behind.user, Vec::new());
            let known = runit::sv::explain::operands(word, behind.first, &mut user, |name| names.push(name));
            if !known || names.is_empty() {
                return misused(&mut console, wrong, program, mode);
            }
            let done = svdir(user).and_then(|svdir| {
                Places::new(svdir.clone()).map(|places| explain::tell(&mut console, &places, &svdir, &names))
            });
            return ended(&mut console, done, mode);
        }
        CommandLine::Wrong(why) => {
            help::blame(&mut console::Gathered(&mut wrong), program, why.at.and_then(word), why.why);
            return misused(&mut console, wrong, program, mode);
        }
        CommandLine::Errand(errand) => {
            let done = run(&mut console, &errand, &words);
            return ended(&mut console, done, mode);
        }
    };
    let svdir = match svdir(invocation.show.user) {
        Ok(svdir) => svdir,
        Err(fatal) => return ended(&mut console, Err(fatal), mode),
    };
    let mut found = Vec::new();
    let names: Vec<&[u8]> = match mode {
        Mode::Script => vec![program],
        Mode::Command if invocation.show.all => match everyone::names(&svdir) {
            Ok(all) => {
                found = all;
                found.iter().map(Vec::as_slice).collect()
            }
            Err(fatal) => return ended(&mut console, Err(fatal), mode),
        },
        Mode::Command => {
            let behind = words.iter().skip(invocation.first).copied();
            behind.filter(|word| invocation.is_service(word)).collect()
        }
    };
    let show = &invocation.show;
    let done = Places::new(svdir).map(|places| match invocation.plan.task {
        Task::Status => status(&mut console, &places, &names, show),
        Task::Check | Task::Control(..) | Task::Await(_) => {
            control::control(&mut console, &places, &names, &invocation)
        }
    });
    drop(found);
    ended(&mut console, done, mode)
}

/// The states, in the format that was asked for; otherwise in a table or in lines.
fn status(console: &mut Console, places: &Places, names: &[&[u8]], show: &Show) -> Tally {
    if let Some(format) = show.format {
        return show::array(console, places, names, format);
    }
    // Nothing is asked of the system where there can be no table.
    match show.is_table().then(|| show::style(show)).flatten() {
        Some(style) => show::table(console, places, names, style),
        None => report::report(console, places, names),
    }
}

/// The directory of services. What is said wins over what the environment says.
fn svdir(user: bool) -> Result<Vec<u8>, Fatal> {
    if user {
        return user::services();
    }
    Ok(std::env::var_os("SVDIR").map_or_else(|| SERVICES.into(), OsString::into_vec))
}

/// The exit code.
fn ended(console: &mut Console, done: Result<Tally, Fatal>, mode: Mode) -> u8 {
    match done {
        Ok(tally) => tally.code(mode),
        Err(fatal) => {
            console.complain(&[b"fatal: ", &fatal.what, b": ", fatal.errno.text().bytes(), b"\n"]);
            mode.fatal_code()
        }
    }
}

/// What runit has no command for.
fn run(console: &mut Console, errand: &Errand, words: &[&[u8]]) -> Result<Tally, Fatal> {
    let mut operands: Vec<&[u8]> = Vec::new();
    errand.operands(|at| words.get(at).copied(), |operand| operands.push(operand));
    let svdir = svdir(errand.show.user)?;
    match errand.what {
        What::Wait => {
            let all = if errand.show.all { everyone::names(&svdir)? } else { Vec::new() };
            operands.extend(all.iter().map(Vec::as_slice));
            let invocation = errand.invocation();
            Ok(control::control(console, &Places::new(svdir)?, &operands, &invocation))
        }
        What::Watch => watch::watch(console, &svdir, &operands, &errand.show).map(|()| Tally::default()),
        What::Enable | What::Disable | What::ListAvailable | What::New => {
            let all = Arrangement::new(svdir)?;
            match errand.what {
                What::Enable => arrange::enable(console, &all, &operands, errand),
                What::Disable => arrange::disable(console, &all, &operands, errand),
                What::New => make::make(console, &all, &operands, errand),
                What::ListAvailable | What::Watch | What::Wait => arrange::list(console, &all),
            }
        }
    }
}

fn complain(console: &mut Console, complaint: Option<Opt<'_>>, program: &[u8], mode: Mode) -> u8 {
    let mut text = Vec::new();
    if let Some(option) = complaint {
        help::complain(&mut console::Gathered(&mut text), program, option);
    }
    misused(console, text, program, mode)
}

fn misused(console: &mut Console, mut text: Vec<u8>, program: &[u8], mode: Mode) -> u8 {
    help::usage(&mut console::Gathered(&mut text), program, mode);
    console.complain(&[&text]);
    mode.usage_code()
}

/// What ends sv at once.
#[derive(Debug)]
pub struct Fatal {
    what: Vec<u8>,
    errno: platform::Errno,
}

/// One that is told in parts.
pub fn fatal(what: &[&[u8]], errno: platform::Errno) -> Fatal {
    Fatal { what: what.concat(), errno }
}
