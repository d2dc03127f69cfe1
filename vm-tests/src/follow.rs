//! Goes through the steps of a scenario on a machine.
use crate::machine::{Fail, Machine};
use crate::pattern::alike;
use crate::qmp;
use crate::scenario::{Ending, Scenario, Step};
use std::time::Duration;

/// How long a step may take on a quiet machine, in seconds, unless the scenario says otherwise.
const STEP: u64 = 20;
/// How long a machine that was halted is watched.
const STILL: Duration = Duration::from_secs(5);

/// How a scenario leaves its machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// Its services run.
    Up,
    /// It boots.
    Booting,
    /// Nobody should go on with it.
    Over,
}

/// How long things may take.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pace {
    /// How much slower this machine is than a quiet one.
    pub factor: f64,
    /// The limit of a boot.
    pub boot: Duration,
    /// The most that any other step gets.
    pub most: Duration,
}

impl Pace {
    /// The time for something that takes so many seconds at most on a quiet machine.
    #[must_use]
    pub fn limit(&self, seconds: u64) -> Duration {
        let scaled = Duration::from_secs(seconds).mul_f64(self.factor.max(1.0));
        scaled.min(self.most.max(Duration::from_secs(seconds)))
    }
}

/// Waits until the agent answers. The result is how long that took since the call.
///
/// # Errors
/// It does not.
pub fn up(machine: &mut Machine, pace: &Pace) -> Result<(), Fail> {
    machine
        .wait("the agent in stage 2", pace.boot, |machine| machine.channel.take_until("agent: up").map(drop))
}

/// Goes through all steps, on a machine that was left so.
///
/// # Errors
/// How it failed, and at which step.
pub fn follow(
    machine: &mut Machine,
    scenario: &Scenario,
    never: &[String],
    pace: &Pace,
    left: Left,
) -> Result<Left, Fail> {
    let from = machine.console.count();
    let mut walk =
        Walk { machine, scenario, pace, seconds: STEP, said: Vec::new(), left, dark: from, hangs: false };
    let mut result = Ok(());
    for (number, step) in scenario.steps.iter().enumerate() {
        walk.hangs = scenario.steps.get(number + 1) == Some(&Step::Hang);
        result = walk.step(number, step);
        if result.is_err() {
            break;
        }
    }
    let left = walk.left;
    let patterns = [never, &scenario.never].concat();
    if let Some(line) = machine.console.like(&patterns, from) {
        return Err(Fail::Other(format!("unwanted line: {line}")));
    }
    result.map(|()| left)
}

struct Walk<'a> {
    machine: &'a mut Machine,
    scenario: &'a Scenario,
    pace: &'a Pace,
    seconds: u64,
    said: Vec<String>,
    left: Left,
    /// So many lines the console had when the boot began.
    dark: usize,
    hangs: bool,
}

impl Walk<'_> {
    fn step(&mut self, number: usize, step: &Step) -> Result<(), Fail> {
        let limit = self.pace.limit(self.seconds);
        let gone = Fail::Other;
        match step {
            Step::Up => {
                up(self.machine, self.pace)?;
                self.left = Left::Up;
            }
            Step::Within(seconds) => self.seconds = *seconds,
            Step::Run(ending, text) => self.run(number, *ending, text, limit)?,
            Step::Says(pattern, true) => {
                let at = self.said.iter().position(|line| alike(pattern, line));
                let at = at
                    .ok_or_else(|| Fail::Other(format!("no line {pattern} in: {}", self.said.join(" / "))))?;
                self.said.drain(..=at);
            }
            Step::Says(pattern, false) => {
                if let Some(line) = self.said.iter().find(|line| alike(pattern, line)) {
                    return Err(Fail::Other(format!("unwanted line in what was said: {line}")));
                }
            }
            Step::Line(pattern, unfinished) => {
                let what = format!("console line {pattern}");
                // How long until a machine that boots says anything is not the scenario's affair.
                let silent = self.machine.console.count() == self.dark;
                let boots = self.left == Left::Booting && silent && !self.hangs;
                let limit = if boots { limit.max(self.pace.boot) } else { limit };
                let found =
                    self.machine.wait(&what, limit, |machine| machine.console.find(pattern, *unfinished));
                match found {
                    Err(Fail::Deadline(_)) if self.hangs => {}
                    found => drop(found?),
                }
            }
            Step::Type(text) => self.machine.type_in(&format!("{text}\r")).map_err(gone)?,
            Step::Keys(text) => {
                for keys in qmp::keys(text) {
                    self.machine.order(&qmp::press(&keys)).map_err(Fail::Other)?;
                    // A key is down for a while; the next one must not be pressed meanwhile.
                    let pause = Duration::from_millis(300);
                    let _ = self.machine.wait("the next key", pause, |_| None::<()>);
                }
            }
            Step::Press(keys) => self.machine.order(&qmp::press(keys)).map_err(gone)?,
            Step::Power => self.machine.order(&qmp::order("system_powerdown")).map_err(gone)?,
            Step::Event(name, reason) => {
                let what = format!("event {name} {reason}");
                self.machine.wait(&what, limit, |machine| machine.event(name, reason))?;
                self.left = if name == "RESET" { Left::Booting } else { Left::Over };
                // An agent that TERM ended may have been started once more before its supervisor had TERM too.
                self.machine.channel.skip();
                self.dark = self.machine.console.count();
            }
            Step::Halted(pattern) => {
                let what = format!("console line {pattern}");
                self.machine.wait(&what, limit, |machine| machine.console.find(pattern, false))?;
                // Power off and restart would come now.
                match self.machine.wait("an end", STILL, |_| None::<()>) {
                    Err(Fail::Deadline(_)) => self.left = Left::Over,
                    other => return other,
                }
            }
            Step::Panic => {
                let end = self.machine.wait("a kernel panic", limit, |_| None::<()>);
                match end {
                    Err(Fail::Panic(_)) => self.left = Left::Over,
                    Err(fail) => return Err(fail),
                    Ok(()) => {}
                }
            }
            Step::Hang => self.left = Left::Over,
        }
        Ok(())
    }

    fn run(&mut self, number: usize, ending: Ending, text: &str, limit: Duration) -> Result<(), Fail> {
        let name = format!("{}/{number}", self.scenario.name);
        self.machine.send(&name).map_err(Fail::Other)?;
        if ending == Ending::Unknown {
            return Ok(());
        }
        let first = text.lines().next().unwrap_or("").to_owned();
        let first = if first == "until" { text.lines().nth(1).unwrap_or("").to_owned() } else { first };
        let what = format!("the end of: {first}");
        let end = format!("agent: {name} *");
        let (said, end) = self.machine.wait(&what, limit, |machine| machine.channel.take_until(&end))?;
        self.said = said;
        self.left = Left::Up;
        let code = end.rsplit(' ').next().unwrap_or("?");
        if (code == "0") == (ending == Ending::Badly) {
            return Err(Fail::Other(format!("exit code {code} of: {first}: {}", self.said.join(" / "))));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::home;
    use runit_tests::place::Place;
    use std::fs;

    #[test]
    fn limits_grow_with_a_busy_machine() {
        let mut pace = Pace { factor: 0.5, boot: Duration::from_secs(60), most: Duration::from_secs(120) };
        assert_eq!(pace.limit(20), Duration::from_secs(20));
        pace.factor = 3.0;
        assert_eq!(pace.limit(20), Duration::from_secs(60));
        assert_eq!(pace.limit(50), Duration::from_secs(120));
        assert_eq!(pace.limit(150), Duration::from_secs(150));
    }

    /// A scenario may be the first one on its machine, and asks at once for what the services say.
    #[test]
    fn the_agent_answers_when_the_services_are_up() {
        let place = Place::new();
        place.dir("service/plain");
        place.file("channel", "");
        place.script("bin/stty", "");
        place.script("bin/sv", "echo \"$SVDIR: $*; $(cat \"$channel\")\" >>\"$channel.asked\"");
        let at = |name: &str| place.path(name).display().to_string();
        place.file("words", format!("export channel={}\nservices={}\n", at("channel"), at("service")));
        let agent = fs::read_to_string(home().join("files/service/agent/run")).unwrap();
        place.file("run", agent.replace("/vm/", &format!("{}/", place.root().display())));
        let path = format!("{}:{}", at("bin"), std::env::var("PATH").unwrap());
        let ended = std::process::Command::new("sh").arg(at("run")).env("PATH", path).status().unwrap();
        assert!(ended.success() || ended.code() == Some(1), "{ended}");
        let asked = fs::read_to_string(at("channel.asked")).unwrap();
        assert_eq!(asked, format!("{}: -w 60 check plain; \n", at("service")));
        assert_eq!(fs::read_to_string(at("channel")).unwrap(), "agent: up\n");
    }
}
