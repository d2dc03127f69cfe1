//! chpst, and its aliases envdir, envuidgid, pgrphack, setlock, setuidgid, softlimit: changes the
//! state of the process, then becomes another program. See chpst(8).
#![no_main]
mod environment;
mod fatal;
mod notify;
mod steps;

use environment::Environment;
use fatal::Fatal;
use platform::Args;
use platform_host::program::Words;
use platform_host::{console, program};
use runit::args::basename;
use runit::chpst::{CommandLine, Plan, Search, Step, Tool};
use runit::words;
use std::ffi::{CStr, CString};

platform_host::entry!(bare main);

fn main(args: Args) -> u8 {
    let argv0 = args.get(0).unwrap_or(c"").to_bytes();
    let (shown, tool) = Tool::of(argv0);
    let usage = |tool: Tool| [b"usage: ".as_slice(), shown, tool.usage().as_bytes(), b"\n\n"];
    let version: [&[u8]; 4] = [shown, b" ", runit::VERSION.as_bytes(), b"\n"];
    let mut wrong: Vec<&[u8]> = Vec::new();
    match CommandLine::of(tool, |at| args.get(at).map(CStr::to_bytes)) {
        CommandLine::Run(plan) => return run(args, &plan),
        CommandLine::Help => {
            let mut options = Vec::new();
            words::help(tool.words(), &mut |text| options.extend_from_slice(text));
            console::tell(&[&usage(tool), &[tool.about().as_bytes(), b"\n", &options][..]].concat());
            return 0;
        }
        CommandLine::Version => {
            console::tell(&version);
            return 0;
        }
        CommandLine::ShortVersion => {
            wrong.extend(version);
            wrong.extend(usage(tool));
            console::complain(&wrong);
        }
        CommandLine::Usage(complaint, tool) => {
            if let Some(complaint) = &complaint {
                wrong.push(basename(argv0));
                wrong.extend(complaint.parts());
                wrong.push(b"\n");
            }
            wrong.extend(usage(tool));
            console::complain(&wrong);
        }
    }
    100
}

/// Takes the steps, and then becomes the program: it is the only place where that is done.
fn run(args: Args, plan: &Plan<'_>) -> u8 {
    match start(args, plan) {
        Ok(fatal) => give_up(&fatal, plan.quiet),
        Err((step, fatal)) => give_up(&fatal, plan.quiet && matches!(step, Step::Lock { .. })),
    }
}

fn give_up(fatal: &Fatal, quiet: bool) -> u8 {
    if quiet {
        return 0;
    }
    fatal.tell();
    111
}

/// Becomes the program; returns only with the reason why not, or the step that failed.
fn start<'a>(args: Args, plan: &Plan<'a>) -> Result<Fatal, (Step<'a>, Fatal)> {
    let mut environment = Environment::default();
    let take = |step, environment: &mut Environment| {
        steps::take(step, args, plan.verbose, environment).map_err(|fatal| (step, fatal))
    };
    let mut steps = plan.steps().peekable();
    while let Some(step) = steps.next_if(|step| !matches!(step, Step::Limit(..))) {
        take(step, &mut environment)?;
    }
    // What needs memory is made before the limits are set: they may leave none, and they are the
    // program's. No later step edits the environment.
    let words: Vec<&CStr> = (plan.program..).map_while(|at| args.get(at)).collect();
    let name = words.first().map_or(b"".as_slice(), |word| word.to_bytes());
    let told = CString::new(plan.argv0.unwrap_or(name)).unwrap_or_default();
    let argv = Words::of(std::iter::once(told.as_c_str()).chain(words.iter().copied().skip(1)));
    let inherited = program::environment();
    let changed = std::mem::take(&mut environment).changed(&inherited);
    let entries = Words::of(changed.iter().map(AsRef::as_ref));
    let path = inherited.iter().find_map(|entry| entry.to_bytes().strip_prefix(b"PATH="));
    let mut search = Search::new(name, path);
    let places = places(search.clone());
    let fatal = Fatal::before(&[b"unable to run: ", told.to_bytes()]);
    for step in steps {
        take(step, &mut environment)?;
    }
    for place in &places {
        if search.place().is_none() {
            break;
        }
        search.failed(program::exec(place, &argv, &entries));
    }
    Ok(fatal.since(search.why()))
}

/// All places where the program may be.
fn places(mut search: Search<'_>) -> Vec<CString> {
    std::iter::from_fn(|| search.place()).map_while(|place| CString::new(place.concat()).ok()).collect()
}
