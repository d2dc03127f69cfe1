//! Runs scenarios on a system, as many as possible on one machine, one after the other.
use crate::follow::{Left, Pace, follow, up};
use crate::machine::{Fail, Machine};
use crate::prepare::{Kind, Plan, Start, Unfit, source};
use crate::report::{Entry, Outcome};
use crate::scenario::Scenario;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How much of the console is in the report of a failure.
const SCREEN: usize = 40;
/// No step but a boot gets more than this.
const MOST: Duration = Duration::from_secs(300);

/// A machine between two scenarios.
struct Live {
    machine: Machine,
    state: Left,
    dir: PathBuf,
}

/// Runs the scenarios of a system.
pub struct Runner<'a> {
    plan: &'a Plan<'a>,
    accel: String,
    /// Whether the programs are C runit's.
    c: bool,
    work: PathBuf,
    pace: Pace,
    machines: usize,
    /// Hears each line of a console.
    pub watch: Option<fn(Duration, &str)>,
    live: Option<Live>,
    /// Why the machine for all did not boot: the next one would not either.
    dead: Option<String>,
    /// The image with our files in it, where they had to be installed.
    installed: Option<PathBuf>,
}

impl std::fmt::Debug for Runner<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Runner of {}", self.plan.system.name)
    }
}

/// Where everything about a system's runs is kept.
#[must_use]
pub fn output() -> PathBuf {
    source().join("target/vm-tests")
}

impl<'a> Runner<'a> {
    /// Prepares to run.
    ///
    /// # Errors
    /// The directory for the output cannot be made.
    pub fn new(plan: &'a Plan<'a>, accel: &str, c: bool) -> Result<Runner<'a>, String> {
        let work = output().join(&plan.system.name);
        let _ = fs::remove_dir_all(&work);
        fs::create_dir_all(&work).map_err(|why| format!("{}: {why}", work.display()))?;
        let boot = Duration::from_secs(plan.system.limit);
        let pace = Pace { factor: 1.0, boot, most: MOST };
        Ok(Runner {
            plan,
            accel: accel.into(),
            c,
            work,
            pace,
            machines: 0,
            watch: None,
            live: None,
            dead: None,
            installed: None,
        })
    }

    /// Runs them; `tell` hears of each and of what takes long.
    pub fn run(&mut self, scenarios: &[Scenario], mut tell: impl FnMut(&str, Option<&Entry>)) -> Vec<Entry> {
        let system = self.plan.system;
        let mut ready = Vec::new();
        let mut entries = Vec::new();
        for scenario in scenarios {
            let skip = match system.why_not(&scenario.name) {
                Some(why) => Some(why.to_owned()),
                None if self.c && scenario.ours => Some("C runit does not have it".into()),
                None => None,
            };
            let own = scenario.for_words(|name| system.word(name));
            let outcome = match (skip, &own) {
                (Some(why), _) => Outcome::Skipped(why),
                (None, Err(word)) => Outcome::Failed(format!("the system has no word {word}")),
                (None, Ok(own)) => {
                    ready.push(own.clone());
                    continue;
                }
            };
            let (name, scenario) = (system.name.clone(), scenario.name.clone());
            let entry = Entry { system: name, scenario, outcome, time: Duration::ZERO };
            tell("", Some(&entry));
            entries.push(entry);
        }
        let shared: Vec<Scenario> = ready.iter().filter(|scenario| !scenario.alone()).cloned().collect();
        for scenario in &ready {
            let started = Instant::now();
            let result = self.one(scenario, &shared, &mut |text| tell(text, None));
            let outcome = self.judge(scenario, result);
            let entry = Entry {
                system: system.name.clone(),
                scenario: scenario.name.clone(),
                outcome,
                time: started.elapsed(),
            };
            tell("", Some(&entry));
            entries.push(entry);
        }
        self.live = None;
        entries
    }

    /// What a result means: a deviation has to fail on C runit.
    fn judge(&self, scenario: &Scenario, result: Result<(), String>) -> Outcome {
        match (result, scenario.dev.as_ref().filter(|_| self.c)) {
            (Ok(()), None) => Outcome::Passed,
            (Ok(()), Some(dev)) => Outcome::Failed(format!("passes on C runit, in spite of {dev}")),
            (Err(_), Some(dev)) => Outcome::Differs(dev.clone()),
            (Err(why), None) => Outcome::Failed(why),
        }
    }

    fn one(
        &mut self,
        scenario: &Scenario,
        shared: &[Scenario],
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), String> {
        if scenario.alone() {
            self.live = None;
        }
        // Those with a machine of their own may fare better, unless nothing is installed.
        let dead = self
            .dead
            .as_ref()
            .filter(|_| !scenario.alone() || self.plan.installs() && self.installed.is_none());
        if let Some(why) = dead {
            return Err(format!("the machine did not boot: {why}"));
        }
        // Those that want to see a boot can have the one that is under way.
        let fits = |live: &Live| match live.state {
            Left::Up => !scenario.boot,
            Left::Booting => true,
            Left::Over => false,
        };
        if !self.live.as_ref().is_some_and(fits) {
            self.live = None;
            let with: &[Scenario] = if scenario.alone() { std::slice::from_ref(scenario) } else { shared };
            if self.plan.installs() && self.installed.is_none() && self.dead.is_none() {
                tell("installing");
                self.install(shared).map_err(|why| self.died(scenario, format!("installation: {why}")))?;
            }
            self.live = Some(self.machine(with).map_err(|unfit| match unfit {
                Unfit::Missing(why) | Unfit::Wrong(why) => self.died(scenario, why),
            })?);
        }
        let Some(mut live) = self.live.take() else { return Err("no machine".into()) };
        let pace = self.pace;
        let result = if scenario.alone() && self.installed.is_some() {
            tell("changing");
            self.change(&mut live)
        } else if scenario.alone() || scenario.boot {
            Ok(())
        } else if live.state == Left::Booting {
            tell("booting");
            let result = up(&mut live.machine, &pace);
            if let Err(fail) = &result {
                self.died(scenario, fail.to_string());
            }
            result
        } else {
            Ok(())
        };
        let result = result.and_then(|()| {
            if !scenario.alone() && !scenario.boot {
                self.calibrate(&live);
                live.machine.console.skip();
                live.machine.channel.skip();
            }
            let left = if scenario.alone() || scenario.boot { Left::Booting } else { Left::Up };
            follow(&mut live.machine, scenario, &self.plan.system.never, &self.pace, left)
        });
        match result {
            Ok(left) => {
                live.state = left;
                if scenario.boot && left == Left::Up {
                    self.calibrate(&live);
                }
                self.live = Some(live).filter(|_| left != Left::Over && !scenario.alone());
                Ok(())
            }
            Err(fail) => Err(describe(&fail, &live)),
        }
    }

    /// Makes the image with our files in it, by the steps of the system.
    fn install(&mut self, shared: &[Scenario]) -> Result<(), String> {
        let system = self.plan.system;
        let dir = self.work.join("install");
        fs::create_dir_all(&dir).map_err(|why| format!("{}: {why}", dir.display()))?;
        let said = |unfit| match unfit {
            Unfit::Missing(why) | Unfit::Wrong(why) => why,
        };
        let start = self.plan.start(shared, &dir, &self.accel, Kind::Install).map_err(said)?;
        note(&dir, &start);
        let mut machine = Machine::start(&start.command, &dir, &system.panics)?;
        machine.watch = self.watch;
        let mut live = Live { machine, state: Left::Booting, dir };
        let steps = Scenario { name: "install".into(), steps: system.install.clone(), ..Scenario::default() };
        let steps = steps.for_words(|name| system.word(name)).map_err(|word| format!("no word {word}"))?;
        let pace = Pace { factor: 1.0, boot: self.pace.boot, most: self.pace.boot };
        match follow(&mut live.machine, &steps, &[], &pace, Left::Booting) {
            Ok(Left::Over) => {}
            Ok(_) => return Err("it does not end with power off".into()),
            Err(fail) => return Err(describe(&fail, &live)),
        }
        let image = self.work.join("installed.img");
        fs::rename(live.dir.join("root.img"), &image).map_err(|why| format!("{}: {why}", image.display()))?;
        self.installed = Some(image);
        Ok(())
    }

    /// Lets a system that runs unpack what a scenario changes, and boot again.
    fn change(&mut self, live: &mut Live) -> Result<(), Fail> {
        up(&mut live.machine, &self.pace)?;
        self.calibrate(live);
        live.machine.send("apply").map_err(Fail::Other)?;
        let limit = self.pace.limit(90);
        live.machine.wait("a restart with the changes", limit, |machine| machine.event("RESET", ""))?;
        live.machine.console.skip();
        Ok(())
    }

    /// Notes that the machine for all cannot be had.
    fn died(&mut self, scenario: &Scenario, why: String) -> String {
        if !scenario.alone() || self.plan.installs() && self.installed.is_none() {
            self.dead = Some(why.clone());
        }
        why
    }

    /// The first boot of a machine that came up shows how fast things are here and now.
    fn calibrate(&mut self, live: &Live) {
        if live.dir.join("slowness").exists() {
            return;
        }
        let took = live.machine.age().as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "a few seconds")]
        let ordinary = self.plan.system.boots.max(1) as f64;
        self.pace.factor = (took / ordinary).max(1.0);
        let _ = fs::write(live.dir.join("slowness"), format!("{:.2}\n", self.pace.factor));
    }

    fn machine(&mut self, scenarios: &[Scenario]) -> Result<Live, Unfit> {
        self.machines += 1;
        let dir = self.work.join(format!("machine-{}", self.machines));
        fs::create_dir_all(&dir).map_err(|why| Unfit::Wrong(format!("{}: {why}", dir.display())))?;
        let kind = self.installed.as_deref().map_or(Kind::Fresh, Kind::On);
        let start = self.plan.start(scenarios, &dir, &self.accel, kind)?;
        note(&dir, &start);
        let mut machine = Machine::start(&start.command, &dir, &self.plan.system.panics)?;
        machine.watch = self.watch;
        Ok(Live { machine, state: Left::Booting, dir })
    }

    /// Boots and waits for stage 2: the console until then, and how long that took.
    ///
    /// # Errors
    /// It does not come up.
    pub fn boot(&mut self) -> Result<(Vec<String>, Duration), String> {
        let mut live = self.machine(&[]).map_err(|unfit| match unfit {
            Unfit::Missing(why) | Unfit::Wrong(why) => why,
        })?;
        match up(&mut live.machine, &self.pace) {
            Ok(()) => Ok((live.machine.console.screen(usize::MAX), live.machine.age())),
            Err(fail) => Err(describe(&fail, &live)),
        }
    }

    /// How a machine without scenarios would be started, its images made.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub fn start(&mut self) -> Result<Start, Unfit> {
        let dir = self.work.join("shell");
        fs::create_dir_all(&dir).map_err(|why| Unfit::Wrong(format!("{}: {why}", dir.display())))?;
        self.plan.start(&[], &dir, &self.accel, Kind::Fresh)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // They are big, and can be made again.
        for name in ["root.img", "initrd", "disc", "loader"] {
            let _ = fs::remove_file(self.dir.join(name));
        }
    }
}

/// Keeps the command line, ready to be typed, and what was put in.
fn note(dir: &Path, start: &Start) {
    let quoted: Vec<String> = start.command.iter().map(|word| quote(word)).collect();
    let _ = fs::write(dir.join("command"), quoted.join(" ") + "\n");
    let _ = fs::write(dir.join("files"), &start.listing);
}

/// A word as the shell wants it.
#[must_use]
pub fn quote(word: &str) -> String {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_=,./:+@%".contains(sign);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn describe(fail: &Fail, live: &Live) -> String {
    let mut text = format!("{fail}\nthe last screen of the console (all of it: {}):\n", live.dir.display());
    for line in live.machine.console.screen(SCREEN) {
        let _ = writeln!(text, "    {line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_the_shell() {
        assert_eq!(quote("-m"), "-m");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's"), "'it'\\''s'");
        assert_eq!(quote(""), "''");
    }
}
