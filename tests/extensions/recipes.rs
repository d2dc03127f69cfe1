//! docs/recipes.md: its files are written, its services supervised, and what it shows of sv is what sv says.
use crate::beside::{await_ok, kept, names};
use runit_tests::rig::{Rig, Service, masked};
use runit_tests::suite::{Case, case};
use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../docs/recipes.md");

/// The sections with recipes.
const RECIPES: [&str; 9] = [
    "Readiness",
    "One-shots",
    "Back-off and giving up",
    "Stop times",
    "Read-only service directories",
    "Six terminals from one directory",
    "Order",
    "Containers",
    "Nothing left behind",
];

/// One section.
#[derive(Default)]
struct Recipe {
    /// Files, by their paths.
    files: BTreeMap<String, String>,
    /// What is typed, and what comes of it.
    typed: Vec<(String, String)>,
}

/// Takes a section apart: an indented block after a line with a path between backquotes is that file; any other is
/// what is typed, each line with what it shows behind a `#`.
fn recipe(title: &str) -> Recipe {
    let heading = format!("\n## {title}\n");
    let (_, text) = PAGE.split_once(&heading).unwrap_or_else(|| panic!("no {title}"));
    let text = text.split("\n## ").next().unwrap_or_default();
    let mut recipe = Recipe::default();
    let mut file: Option<String> = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:")) {
            file = Some(name.to_owned());
        } else if let Some(line) = line.strip_prefix("    ") {
            match &file {
                Some(name) => *recipe.files.entry(name.clone()).or_default() += &format!("{line}\n"),
                None => {
                    let (words, shown) =
                        line.split_once(" # ").unwrap_or_else(|| panic!("nothing shown: {line}"));
                    recipe.typed.push((words.trim().to_owned(), shown.trim().to_owned()));
                }
            }
        } else if !line.is_empty() {
            file = None;
        }
    }
    recipe
}

/// Follows it.
fn follow(title: &str) {
    let Recipe { files, typed } = recipe(title);
    let rig = Rig::new();
    for (path, text) in &files {
        // Some lie elsewhere, and there is a link to them.
        let prefix = if path.starts_with("../all/") { "../all/".len() } else { 0 };
        let len = path[prefix..].find('/').expect("a file of a service");
        let (name, file) = (&path[..prefix + len], &path[prefix + len + 1..]);
        let service = rig.service(name);
        match text.strip_prefix("#!/bin/sh\n") {
            Some(script) => service.script(file, script),
            None => service.file(file, text),
        };
    }
    let (typed, before): (Vec<_>, Vec<_>) = typed.into_iter().partition(|line| line.0.starts_with("sv "));
    for (line, _) in before {
        let mut shell = rig.place.command("sh");
        let done = rig.place.run(shell.args(["-c", &line]).current_dir(rig.place.path("sv")));
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{line}");
    }
    let services: Vec<_> = names(&rig.place.path("sv"))
        .into_iter()
        .filter(|name| !name.starts_with('.'))
        .map(|name| rig.service(&name))
        .collect();
    let _all: Vec<_> = services.iter().map(Service::start).collect();
    for service in &services {
        // A link that leads nowhere is one too: what it leads to is made.
        let beside = rig.place.path("sv/.supervise").is_symlink() || rig.place.path("sv/.supervise").is_dir();
        await_ok(&if beside { kept(service) } else { service.path("supervise") });
    }
    assert!(!typed.is_empty(), "{title} shows nothing");
    for (words, shown) in typed {
        let words: Vec<&str> = words.split_whitespace().collect();
        assert_eq!(words[0], "sv");
        let done = rig.sv(&words[1..]);
        assert_eq!(masked(done.out.trim_end()), masked(&shown), "{words:?}");
    }
}

pub const CASES: &[Case] = &[
    case("recipe_readiness", || follow(RECIPES[0])),
    case("recipe_one_shots", || follow(RECIPES[1])),
    case("recipe_back_off", || follow(RECIPES[2])),
    case("recipe_stop_times", || follow(RECIPES[3])),
    case("recipe_read_only", || follow(RECIPES[4])),
    case("recipe_template", || follow(RECIPES[5])),
    case("recipe_order", || follow(RECIPES[6])),
    case("recipe_containers", || follow(RECIPES[7])),
    case("recipe_nothing_left_behind", || follow(RECIPES[8])),
    case("recipe_without_a_case", || {
        let titles: Vec<&str> = PAGE.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(titles, RECIPES);
    }),
];
