//! What the command line asks for.
use crate::prepare::Given;
use std::path::PathBuf;

/// How to call the program.
pub const USAGE: &str = "\
usage: vm-tests COMMAND [OPTIONS]

  list                     the systems and the scenarios
  run [SYSTEM...]          runs all scenarios, or those that are named, on the systems
  boot SYSTEM              boots until stage 2 is there, and shows the console
  shell SYSTEM             boots and connects this terminal with the console (end: ctrl-a x)
  fetch SYSTEM             fetches the vendor's image into the cache
  doctor                   what is missing here, and how to get it

  --scenario NAME          this scenario only; several times, or with commas
  --short                  a few scenarios, for every day
  --bin-dir DIR            the programs to be tested; ours of this tree otherwise
  --kernel FILE            another kernel
  --root DIR|IMAGE         another root
  --accel tcg|kvm|auto     how the processor is emulated; auto tries whether kvm works
  --dry-run                prints the command line and the files, and starts nothing
  --verbose                shows what the machines do
";

/// The command line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// What to do.
    pub command: String,
    /// With which systems.
    pub systems: Vec<String>,
    /// Which scenarios; all if empty.
    pub scenarios: Vec<String>,
    /// A few scenarios.
    pub short: bool,
    /// Other files.
    pub given: Given,
    /// `tcg`, `kvm`, `auto`.
    pub accel: String,
    /// Nothing is started.
    pub dry: bool,
    /// More is told.
    pub verbose: bool,
}

impl Options {
    /// Understands the words of the command line.
    ///
    /// # Errors
    /// What is not understood.
    pub fn of(words: impl IntoIterator<Item = String>) -> Result<Options, String> {
        let mut options = Options { accel: "auto".into(), ..Options::default() };
        let mut words = words.into_iter();
        let mut names = Vec::new();
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (word, None),
            };
            let mut value = || value.clone().or_else(|| words.next()).ok_or(format!("{name} needs a value"));
            match name.as_str() {
                "--scenario" => options.scenarios.extend(value()?.split(',').map(str::to_owned)),
                "--bin-dir" => options.given.bin_dir = Some(PathBuf::from(value()?)),
                "--kernel" => options.given.kernel = Some(absolute(&value()?)),
                "--root" => options.given.root = Some(absolute(&value()?)),
                "--accel" => options.accel = value()?,
                "--short" => options.short = true,
                "--dry-run" => options.dry = true,
                "--verbose" => options.verbose = true,
                other if other.starts_with('-') => return Err(format!("{other} is not understood")),
                _ => names.push(name),
            }
        }
        if !["tcg", "kvm", "auto"].contains(&options.accel.as_str()) {
            return Err(format!("--accel {} is not understood", options.accel));
        }
        let mut names = names.into_iter();
        options.command = names.next().ok_or("a command is missing")?;
        options.systems = names.collect();
        let wanted = match options.command.as_str() {
            "list" | "doctor" => 0..=0,
            "boot" | "shell" | "fetch" => 1..=1,
            "run" => 0..=usize::MAX,
            other => return Err(format!("{other} is not understood")),
        };
        if !wanted.contains(&options.systems.len()) {
            return Err(format!("{}: wrong number of systems", options.command));
        }
        Ok(options)
    }
}

fn absolute(path: &str) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Options, String> {
        Options::of(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn command_lines() {
        let options = of("run a b --scenario x,y --bin-dir=/d --kernel /k --dry-run --accel tcg").unwrap();
        assert_eq!((options.command.as_str(), options.systems.len()), ("run", 2));
        assert_eq!(options.scenarios, ["x", "y"]);
        assert_eq!(options.given.bin_dir, Some("/d".into()));
        assert_eq!(options.given.kernel, Some("/k".into()));
        assert!(options.dry && !options.short && options.accel == "tcg");
        assert_eq!(of("list").unwrap().accel, "auto");
        for wrong in ["", "fly", "boot", "boot a b", "list a", "run --scenario", "run --x", "run --accel xen"]
        {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
