//! `etc/container`: what the example of an image has its first process do.
use crate::container::{container, stop};
use crate::container_main::count;
use nix::sys::signal::Signal::SIGTERM;
use runit_tests::namespace::{How, System};
use runit_tests::suite::{Case, case};

pub const CASES: &[Case] = &[
    case("entry_with_all_services", entry_alone).ours(),
    case("entry_with_a_command", entry_with_a_command).ours(),
    case("entry_of_a_read_only_image", entry_read_only).ours(),
    case("containerfile_copies_what_there_is", containerfile).ours(),
];

/// The example of an image, with these arguments of its entry.
fn image(words: &str) -> System {
    let path = "PATH=/sbin:/bin:/usr/sbin:/usr/bin SVWAIT=60";
    container("", "")
        .copy("etc/container/entry", "entry")
        .copy("etc/container/service", "etc/service")
        .script("start", &format!("export {path}\nexec /entry {words}"))
        .before("/start")
}

fn entry_alone() {
    let mut machine = image("").boot();
    machine.line("web is up");
    let (end, _) = stop(machine, SIGTERM);
    assert_eq!((count(&end, "web ends"), end.how), (1, How::Exited(0)), "{end:#?}");
}

fn entry_with_a_command() {
    let words = r#"sh -c 'echo "$0: $1:$2 in $PWD"; exit 42' "it's" 'two  words' "'""#;
    let end = image(words).boot().end();
    assert_eq!((count(&end, "it's: two  words:' in /"), end.how), (1, How::Exited(42)), "{end:#?}");
    assert_eq!(count(&end, "web ends"), count(&end, "web is up"), "{end:#?}");
}

/// Nothing is written but below `/run`, by a command and by services.
fn entry_read_only() {
    let mut machine = image("sh -c 'echo it is up; until [ -e /run/go ]; do sleep 0.02; done; exit 4'")
        .prepare("mount -t tmpfs tmpfs /run; mount -o remount,bind,ro /")
        .boot();
    machine.line_where("both", |line| line == "it is up" || line == "web is up");
    machine.line_where("both", |line| line == "it is up" || line == "web is up");
    let asked = machine.run("SVDIR=/run/service sv status web command");
    assert!(asked.out.starts_with("run: web: ") && asked.out.contains("\nrun: command: "), "{asked:?}");
    assert_eq!(machine.run(": >/run/go").code, Some(0));
    let end = machine.end();
    assert_eq!((count(&end, "web ends"), end.how), (1, How::Exited(4)), "{end:#?}");
}

fn containerfile() {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(top.join("etc/container/Containerfile")).expect("the example");
    let sources = text.lines().filter_map(|line| line.strip_prefix("COPY ")).flat_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        words[..words.len() - 1].to_vec()
    });
    let mut count = 0;
    for source in sources {
        // What is built is there when it was built.
        let source = source.replace("target/static/", "man/");
        let source = if source.starts_with("man/") { format!("{source}.8") } else { source };
        assert!(top.join(&source).exists(), "{source}");
        count += 1;
    }
    assert_eq!(count, 6);
    assert!(text.contains("ENTRYPOINT [\"/entry\"]"));
}
