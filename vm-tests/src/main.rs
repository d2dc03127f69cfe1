//! `vm-tests`: see `vm-tests --help`.
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;
use vm_tests::binaries::is_c;
use vm_tests::machine::guarded;
use vm_tests::options::{Options, USAGE};
use vm_tests::prepare::{Kind, Plan, Unfit};
use vm_tests::report::{Entry, Outcome, Report};
use vm_tests::runner::{Runner, output, quote};
use vm_tests::scenario::{Change, Scenario};
use vm_tests::system::{self, System};
use vm_tests::{accel, doctor, fetch};

/// The exit code of a test that needs something that is not here.
const MISSING: u8 = 3;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let result = match Options::of(words) {
        Ok(options) => perform(&options),
        Err(why) => {
            eprint!("vm-tests: {why}\n{USAGE}");
            return ExitCode::from(100);
        }
    };
    match result {
        Ok(code) => code,
        Err(Unfit::Missing(what)) => {
            eprintln!("vm-tests: {what}");
            ExitCode::from(MISSING)
        }
        Err(Unfit::Wrong(what)) => {
            eprintln!("vm-tests: {what}");
            ExitCode::FAILURE
        }
    }
}

fn perform(options: &Options) -> Result<ExitCode, Unfit> {
    match options.command.as_str() {
        "list" => list(),
        "run" => run(options),
        "boot" => boot(options),
        "shell" => shell(options),
        "fetch" => fetch(options),
        _ => doctor(),
    }
}

fn list() -> Result<ExitCode, Unfit> {
    println!("systems:");
    let mut folders: Vec<System> = Vec::new();
    for name in system::names()? {
        let system = system::load(&name)?;
        println!("  {name:18} {}", system.title);
        if !folders.iter().any(|known| known.folder == system.folder) {
            folders.push(system);
        }
    }
    // Those that are the same for all come first.
    folders.sort_by_key(|system| system.folder != "scenarios");
    for system in folders {
        println!("{}:", system.folder);
        for scenario in system.scenarios()? {
            let dev = scenario.dev.map(|dev| format!(" ({dev})")).unwrap_or_default();
            println!("  {:18} {}{dev}", scenario.name, scenario.about);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The scenarios of the short run: one machine, and nearly all that can be seen on it.
const SHORT: [&str; 9] = [
    "boot",
    "status",
    "restart-service",
    "log",
    "orphans",
    "reboot",
    "ctrl-alt-del",
    "poweroff",
    "stage-1-fails",
];

/// Those that are wanted of a system's scenarios.
fn chosen(options: &Options, system: &System) -> Result<Vec<Scenario>, Unfit> {
    let wanted = |scenario: &Scenario| {
        (options.scenarios.is_empty() || options.scenarios.contains(&scenario.name))
            && (!options.short || SHORT.contains(&scenario.name.as_str()))
    };
    Ok(system.scenarios()?.into_iter().filter(wanted).collect())
}

/// Each scenario that was named is one of at least one of the systems.
fn known(options: &Options, systems: &[String]) -> Result<(), Unfit> {
    let mut all = Vec::new();
    for name in systems {
        all.extend(system::load(name)?.scenarios()?.into_iter().map(|scenario| scenario.name));
    }
    match options.scenarios.iter().find(|name| !all.contains(name)) {
        Some(name) => Err(Unfit::Wrong(format!("no scenario {name}; `vm-tests list` names them"))),
        None => Ok(()),
    }
}

fn run(options: &Options) -> Result<ExitCode, Unfit> {
    let names = if options.systems.is_empty() { system::names()? } else { options.systems.clone() };
    known(options, &names)?;
    let mut report = Report::default();
    let mut missing = None;
    for name in &names {
        let system = system::load(name)?;
        let chosen = chosen(options, &system)?;
        let plan = match Plan::new(&system, &options.given, options.dry) {
            Ok(plan) => plan,
            Err(Unfit::Missing(why)) => {
                println!("skipped  {name}: {why}");
                for scenario in &chosen {
                    let (system, scenario) = (name.clone(), scenario.name.clone());
                    let outcome = Outcome::Skipped(why.clone());
                    report.entries.push(Entry { system, scenario, outcome, time: Duration::ZERO });
                }
                missing = Some(why);
                continue;
            }
            Err(other) => return Err(other),
        };
        if options.dry {
            dry(&plan, &chosen)?;
            continue;
        }
        let c = !system.programs.is_empty() && is_c(&plan.bins);
        println!("{name}: {}{}", system.title, if c { ", with C runit" } else { "" });
        let mut runner = Runner::new(&plan, accel(options, &plan), c)?;
        runner.watch = watcher(options);
        report.entries.extend(runner.run(&chosen, tell));
    }
    if options.dry {
        return Ok(ExitCode::SUCCESS);
    }
    let _ = std::fs::create_dir_all(output());
    let junit = output().join("junit.xml");
    std::fs::write(&junit, report.junit()).map_err(|why| format!("{}: {why}", junit.display()))?;
    print!("\n{}\n{}\n", report.table(), report.line());
    let (passed, failed, _) = report.counts();
    match missing {
        // Nothing could be tried.
        Some(why) if passed + failed == 0 => Err(Unfit::Missing(why)),
        _ if failed > 0 => Ok(ExitCode::FAILURE),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn accel<'a>(options: &'a Options, plan: &Plan) -> &'a str {
    match options.accel.as_str() {
        "auto" if !plan.system.accel => "tcg",
        "auto" => accel::probe(&plan.system.qemu[0], &plan.kernel(), &output()),
        given => given,
    }
}

fn fetch(options: &Options) -> Result<ExitCode, Unfit> {
    let system = system::load(&options.systems[0])?;
    if system.images.is_empty() {
        println!("{}: nothing to fetch; {}", system.name, how(&system));
        return Ok(ExitCode::SUCCESS);
    }
    let dir = system::cache()?.join(&system.cache);
    for image in &system.images {
        if options.dry {
            println!("{} -> {}", image.url, dir.join(&image.name).display());
            continue;
        }
        let path = fetch::fetch(image, &dir, &mut |text| println!("{text}")).map_err(Unfit::Missing)?;
        println!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn how(system: &System) -> &str {
    system.needs.first().map_or("give --kernel and --root", |(_, how)| how)
}

fn doctor() -> Result<ExitCode, Unfit> {
    let fit = doctor::doctor(|line| println!("{line}"))?;
    Ok(if fit { ExitCode::SUCCESS } else { ExitCode::from(MISSING) })
}

/// Shows what comes of a scenario, and on a terminal what is under way.
fn tell(what: &str, entry: Option<&Entry>) {
    let terminal = std::io::stdout().is_terminal();
    if let Some(entry) = entry {
        if terminal {
            print!("\r\x1b[K");
        }
        let seconds = entry.time.as_secs_f64();
        match &entry.outcome {
            Outcome::Passed => println!("ok       {} ({seconds:.1} s)", entry.scenario),
            Outcome::Differs(why) => println!("differs  {}: {why} ({seconds:.1} s)", entry.scenario),
            Outcome::Failed(why) => println!("FAILED   {} ({seconds:.1} s): {why}", entry.scenario),
            Outcome::Skipped(why) => println!("skipped  {}: {why}", entry.scenario),
        }
    } else if terminal {
        print!("\r\x1b[K{what}");
    }
    let _ = std::io::stdout().flush();
}

/// Who is told of each line of a console: all of it, or on a terminal the last one, to show that it goes
/// on.
fn watcher(options: &Options) -> Option<fn(Duration, &str)> {
    if options.verbose {
        return Some(|age, line| println!("{:8.3} {line}", age.as_secs_f64()));
    }
    std::io::stdout().is_terminal().then_some(|age: Duration, line: &str| {
        let line: String = line.chars().take(68).collect();
        print!("\r\x1b[K{:6.1} {line}", age.as_secs_f64());
        let _ = std::io::stdout().flush();
    })
}

/// Prints how each machine would be started.
fn dry(plan: &Plan, chosen: &[Scenario]) -> Result<(), Unfit> {
    let system = plan.system;
    let mut text = format!("{}: {}\n", system.name, system.title);
    system.notes.iter().for_each(|note| text += &format!("note: {note}\n"));
    plan.missing().iter().for_each(|what| text += &format!("missing: {what}\n"));
    let (mut shared, mut changes) = (Vec::new(), String::new());
    for scenario in chosen {
        if let Some(why) = system.why_not(&scenario.name) {
            text += &format!("cannot: {}: {why}\n", scenario.name);
            continue;
        }
        let ready = scenario.for_words(|name| system.word(name));
        let ready = ready.map_err(|word| format!("{}: {} has no word {word}", scenario.name, system.name))?;
        for change in &ready.changes {
            changes += &match change {
                Change::File(path, mode, text) => format!("{}: {mode:o} {path}\n{text}", ready.name),
                Change::Link(path, target) => format!("{}: {path} -> {target}\n", ready.name),
                Change::Remove(path) => format!("{}: without {path}\n", ready.name),
            };
        }
        if !ready.alone() {
            shared.push(ready);
        }
    }
    let work = output().join(&system.name);
    let mut kinds = vec![("command", Kind::Dry)];
    if plan.installs() && !system.install_append.is_empty() {
        kinds.insert(0, ("installation", Kind::DryInstall));
    }
    let mut listing = String::new();
    for (name, kind) in kinds {
        let start = plan.start(&shared, &work, "tcg", kind)?;
        let line: Vec<String> = start.command.iter().map(|word| quote(word)).collect();
        text += &format!("{name}: {}\n", line.join(" "));
        listing = start.listing;
    }
    text += &format!("files, by {}:\n{listing}changes of scenarios:\n{changes}\n", plan.way());
    // Whoever reads it may have read enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

fn boot(options: &Options) -> Result<ExitCode, Unfit> {
    let system = system::load(&options.systems[0])?;
    let plan = Plan::new(&system, &options.given, options.dry)?;
    if options.dry {
        dry(&plan, &[])?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut runner = Runner::new(&plan, accel(options, &plan), false)?;
    runner.watch = Some(|age, line| println!("{:8.3} {line}", age.as_secs_f64()));
    let (_, age) = runner.boot()?;
    println!("{}: stage 2 is there after {:.1} s", system.name, age.as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

fn shell(options: &Options) -> Result<ExitCode, Unfit> {
    let system = system::load(&options.systems[0])?;
    let plan = Plan::new(&system, &options.given, options.dry)?;
    let mut runner = Runner::new(&plan, accel(options, &plan), false)?;
    let start = runner.start()?;
    let mut command = guarded(&start.command[0]);
    command.args(&start.command[1..]).args(["-display", "none"]);
    command.args(["-chardev", "stdio,id=console,mux=on,signal=off", "-mon", "chardev=console"]);
    command.args(["-chardev", "null,id=channel"]);
    let status = command.status().map_err(|why| format!("{}: {why}", start.command[0]))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
