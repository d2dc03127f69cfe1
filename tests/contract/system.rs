//! Prepares the system below, and the one in memory, for the cases.
use super::contract;
use platform::{Boot, Events, Os, Pid, Signal};
use platform_sim::tree::Node;
use platform_sim::{Act, Deed, Finds, LINUX, Life, Machine, Nobody, SYSTEMS, Sim};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// A directory that goes with the value.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const SCRIPTS: [(&str, &str); 9] = [
    ("seven", "exit 7"),
    ("leaver", "sleep 60 & exit 7"),
    ("stubborn", "trap '' TERM; sleep 60 & exit 7"),
    ("sleeper", "exec sleep 60"),
    ("hello", "printf hello"),
    ("reader", "while read line; do :; done; exit 3"),
    ("maker", "mkdir scan/new"),
    ("remover", "rmdir scan/new"),
    // Each time with another path in the link: inode and time of the new one may be those of the old one.
    (
        "switcher",
        "if test -e turned; then rm turned; to=./other; else >turned; to=other; fi; rm -f current; ln -s $to current",
    ),
];

/// The locks of fcntl(2), which runit uses where there are no others: a process excludes the rest but
/// never itself.
pub(super) const LOCKS_ARE_THE_PROCESS_S: bool = cfg!(target_os = "solaris");

/// Nothing tells a process that was recorded from another one that has its number now.
static FORGETS: AtomicBool =
    AtomicBool::new(cfg!(any(target_os = "illumos", target_os = "solaris", target_os = "dragonfly")));

/// Whether another program finds a process that was recorded.
pub(super) fn finds() -> bool {
    !FORGETS.load(Ordering::Relaxed)
}

/// The signals that the cases need.
const CAUGHT: [Signal; 2] = [Signal::Child, Signal::User1];

pub(super) fn on_the_system(counts: &mut (u32, u32)) {
    let name = format!("contract-{}", std::process::id());
    // The program may have been built on another machine.
    let built = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let base = if built.is_dir() { built.to_owned() } else { std::env::temp_dir() };
    let dir = Temporary(base.join(name));
    let prepared = prepare(&dir.0);
    let mut os = Os::new();
    match (prepared, os.catch(&CAUGHT)) {
        (Ok(()), Ok(())) => contract(&mut os, "system", &dir.0.to_string_lossy(), counts),
        (prepared, caught) => {
            counts.1 += 1;
            println!("system: not prepared: {prepared:?} {caught:?}");
        }
    }
    // Nobody may stand in a directory that is removed.
    let _ = std::env::set_current_dir("/");
}

/// The kernel in memory and the back-end must say the same of what signals ask of process 1.
pub(super) fn same_requests(counts: &mut (u32, u32)) {
    let here = match std::env::consts::OS {
        "illumos" | "solaris" => "sunos",
        other => other,
    };
    let Some(system) = SYSTEMS.iter().find(|system| system.name == here) else { return };
    if system.requests == Os::new().requests() {
        counts.0 += 1;
    } else {
        counts.1 += 1;
        println!("{here}: what signals ask for is not what the kernel in memory has: {:?}", system.requests);
    }
}

fn prepare(dir: &Path) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    for (name, script) in SCRIPTS {
        let path = dir.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n"))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    fs::write(dir.join("plain"), "text\n")?;
    fs::set_permissions(dir.join("plain"), fs::Permissions::from_mode(0o644))?;
    symlink("somewhere", dir.join("link"))
}

pub(super) fn in_memory(counts: &mut (u32, u32)) {
    let seeds =
        (0..20).map(|seed| (seed, LINUX)).chain((0..4).flat_map(|seed| SYSTEMS.map(|system| (seed, system))));
    for (seed, system) in seeds {
        let name = format!("memory as {}, seed {seed}", system.name);
        // The cases send a signal once.
        let system = Machine { exec_loses: false, ..system };
        FORGETS.store(system.finds == Finds::Nothing, Ordering::Relaxed);
        let mut sim = Sim::new(seed, Pid(100), system, Box::new(Nobody));
        let kernel = &mut sim.kernel;
        kernel.directory(b"/bin");
        kernel.file(b"/bin/true", 0o755);
        kernel.directory(b"/base");
        kernel.file(b"/base/plain", 0o644);
        kernel.make(b"/base/link", Node::Link(b"somewhere".to_vec()), 0o777);
        for (name, life) in [
            ("seven", Life::exits(1, 7)),
            ("leaver", Life::of(&[Act::Fork(Life::forever()), Act::Exit(7)])),
            ("stubborn", Life::of(&[Act::Fork(Life::forever().on(Signal::Terminate, &[])), Act::Exit(7)])),
            ("sleeper", Life::forever()),
            ("hello", Life::of(&[Act::Write(1, b"hello".to_vec())])),
            ("reader", Life::of(&[Act::ReadAll(0), Act::Exit(3)])),
            ("maker", Life::of(&[Act::Do(Deed::MakeDirectory("scan/new"))])),
            ("remover", Life::of(&[Act::Do(Deed::Remove("scan/new"))])),
            (
                "switcher",
                Life::of(&[Act::Do(Deed::Link("other", "next")), Act::Do(Deed::Rename("next", "current"))]),
            ),
        ] {
            kernel.file(format!("/base/{name}").as_bytes(), 0o755);
            for way in ["..", "../..", "../../.."] {
                kernel.programs.insert(format!("{way}/{name}").into_bytes(), life.clone());
            }
        }
        let outcome = sim.run(|sim| {
            if sim.catch(&CAUGHT).is_ok() {
                contract(sim, &name, "/base", counts);
            }
            0
        });
        if outcome != platform_sim::Outcome::Returned(0) {
            counts.1 += 1;
            println!("{name}: {outcome:?}");
        }
    }
}
