//! A tree of some hundred services with logs for hours: crashes, clients, control scripts, additions,
//! removals, renames, rotations, reloads, and kill -9 of services and supervisors at random, from a seed.
//! Every minute all comes to rest, and is looked at: processes, descriptors, memory, `supervise`
//! directories, and every line of every log. What was seen is said in one line.
//!
//! `soak HOURS [SEED]`; `SOAK_SERVICES` is how many services there are, `SOAK_STEP` how many milliseconds lie
//! between two events.
mod clients;
mod logs;
mod look;
mod procs;
mod service;
mod tree;
mod trouble;

use logs::Log;
use look::{Most, Sight, growth, look};
use nix::sys::prctl::set_child_subreaper;
use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tree::Tree;
use trouble::Trouble;

const SERVICES: usize = 300;
/// Between two events, in milliseconds.
const STEP: u64 = 50;
/// All is looked at this often, and at least this often in a short run.
const ROUND: Duration = Duration::from_secs(60);
const ROUNDS: u32 = 6;
/// So long after the last event all is as it should be, also on a busy machine.
const REST: Duration = Duration::from_secs(120);
/// What the residents have in the rounds up to this is what they may have later.
const FIRST: u32 = 3;
/// At most so much is shown of what is wrong at once.
const SHOWN: usize = 12;

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

struct Soak {
    trouble: Trouble,
    logs: Vec<Log>,
    first: BTreeMap<&'static str, Most>,
    begin: Instant,
    failures: usize,
}

impl Soak {
    /// Things happen until it is time to look.
    fn round(&mut self, until: Instant, deadly: bool) {
        let step = Duration::from_millis(number("SOAK_STEP", STEP));
        while Instant::now() < until {
            self.trouble.reap();
            self.trouble.happen();
            sleep(step);
        }
        if deadly {
            let begin = Instant::now();
            while !self.trouble.logs_run() && begin.elapsed() < REST {
                self.trouble.reap();
                self.trouble.put_off();
                sleep(Duration::from_millis(50));
            }
            self.trouble.end_runsvdir();
        }
    }

    /// Lets all come to rest and looks at it.
    fn rest(&mut self, round: u32) -> Sight {
        self.trouble.calm_down();
        let begin = Instant::now();
        let mut asked = false;
        loop {
            self.trouble.reap();
            self.trouble.put_off();
            let over = begin.elapsed() > REST;
            if self.trouble.busy() && !over {
                sleep(Duration::from_millis(20));
                continue;
            }
            if !std::mem::replace(&mut asked, true) {
                self.trouble.settle();
                self.trouble.end_services_left_over();
            }
            self.trouble.end_pauses();
            let mut sight = look(&self.trouble.tree, &mut self.logs, self.trouble.runsvdir);
            // What is open for a moment, while a file is replaced, is no growth.
            if round > FIRST {
                sight.wrong.extend(growth(&sight, &self.first));
            }
            if sight.wrong.is_empty() || over {
                if round <= FIRST {
                    for (name, now) in &sight.residents {
                        let first = self.first.entry(name).or_default();
                        first.descriptors = first.descriptors.max(now.descriptors);
                        first.memory = first.memory.max(now.memory);
                    }
                }
                self.say(round, &sight, begin.elapsed());
                return sight;
            }
            sleep(Duration::from_millis(250));
        }
    }

    fn say(&mut self, round: u32, sight: &Sight, rest: Duration) {
        let mut wrong = std::mem::take(&mut self.trouble.wrong);
        wrong.extend(sight.wrong.iter().cloned());
        wrong.iter().take(SHOWN).for_each(|wrong| println!("WRONG    {wrong}"));
        for number in sight.about.iter().take(SHOWN) {
            self.trouble.notes(*number).iter().for_each(|note| println!("         {number:3} {note}"));
        }
        let most: Vec<String> = sight
            .residents
            .iter()
            .map(|(name, most)| format!("{name} {} fd {} KiB", most.descriptors, most.memory))
            .collect();
        let [services, supervisors, scanners] = self.trouble.kills;
        let time = self.begin.elapsed().as_secs();
        println!(
            "{} {round:3} {:02}:{:02}:{:02} {} events, kill -9 of {services} services {supervisors} runsv \
             {scanners} runsvdir; {} of {} services there, {} up, {} processes; {}; {} lines; at rest after {:.1} s",
            if wrong.is_empty() { "ok  " } else { "FAIL" },
            time / 3600,
            time / 60 % 60,
            time % 60,
            self.trouble.events,
            self.trouble.tree.present(),
            self.trouble.tree.services.len(),
            sight.up,
            sight.processes,
            most.join(", "),
            sight.lines,
            rest.as_secs_f64(),
        );
        self.failures += wrong.len();
    }

    /// What was seen is where the next round begins.
    fn go_on(&mut self, sight: Sight) {
        let tree = &self.trouble.tree;
        for (number, log) in self.logs.iter_mut().enumerate() {
            log.spoilt |= sight.wrong.iter().any(|_| log.check(tree, number).is_err());
            let alive = runit_tests::status::Status::read(&tree.dir(number)).map_or(0, |status| status.pid);
            log.forget(tree, number, alive);
        }
        self.trouble.go_on();
    }

    /// All is ended in order: nobody is left, and no line is lost.
    fn finish(&mut self) {
        self.trouble.finish();
        let begin = Instant::now();
        let wrong = loop {
            self.trouble.reap();
            let left: usize = procs::below(std::process::id() as i32).values().map(Vec::len).sum();
            let logs = self.logs.iter_mut().enumerate().filter(|(_, log)| !log.spoilt);
            let tree = &self.trouble.tree;
            let wrong: Vec<String> =
                logs.filter_map(|(number, log)| log.check(tree, number).err()).take(SHOWN).collect();
            if (left == 0 && wrong.is_empty()) || begin.elapsed() > REST {
                let left = (left > 0).then(|| format!("{left} processes are left over at the end"));
                break wrong.into_iter().chain(left).collect::<Vec<_>>();
            }
            sleep(Duration::from_millis(250));
        };
        wrong.iter().for_each(|wrong| println!("WRONG    at the end: {wrong}"));
        self.failures += wrong.len();
    }
}

fn soak(time: Duration, seed: u64) -> ExitCode {
    // Built before the clock runs.
    let _ = runit_tests::programs::Programs::get();
    if let Err(why) = set_child_subreaper(true) {
        println!("soak: orphans cannot be seen here: {why}");
        return ExitCode::from(3);
    }
    let services = number("SOAK_SERVICES", SERVICES as u64) as usize;
    let tree = Tree::new(services);
    let begin = Instant::now();
    let logs = vec![Log::default(); services];
    let mut soak =
        Soak { trouble: Trouble::new(tree, seed), logs, first: BTreeMap::new(), begin, failures: 0 };
    println!("soak: {services} services for {} s, seed {seed}", time.as_secs());
    let sight = soak.rest(0);
    soak.go_on(sight);
    let long = (time / ROUNDS).min(ROUND);
    let mut round = 0;
    while begin.elapsed() < time {
        round += 1;
        // Each third is the last of a runsvdir.
        soak.round(Instant::now() + long, round % 3 == 2);
        let sight = soak.rest(round);
        soak.go_on(sight);
    }
    soak.finish();
    let Soak { trouble, logs, failures, .. } = soak;
    let lines: u64 = logs.iter().map(|log| log.lines).sum();
    println!(
        "seed {seed}: {} s, {round} rounds, {} events, {lines} lines read and removed",
        begin.elapsed().as_secs(),
        trouble.events,
    );
    println!("soak: {round} passed, {failures} failed");
    if failures > 0 {
        let said = trouble.tree.place.text("said");
        said.lines().rev().take(30).for_each(|line| println!("said     {line}"));
    }
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let usage = || {
        eprintln!("usage: soak HOURS [SEED]");
        ExitCode::from(100)
    };
    let hours = |text: &str| text.parse().ok().filter(|hours: &f64| *hours > 0.0 && *hours < 10_000.0);
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", root, number] => service::serve(Path::new(root), number),
        [time, ref rest @ ..] if rest.len() < 2 => {
            let seed = rest.first().map_or(Ok(1), |text| text.parse());
            match (hours(time), seed) {
                (Some(hours), Ok(seed)) => soak(Duration::from_secs_f64(hours * 3600.0), seed),
                _ => usage(),
            }
        }
        _ => usage(),
    }
}
