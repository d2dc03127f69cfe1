//! Services that are made in the live scan directory.
use crate::host::{Host, needs_tool};
use runit_tests::programs::Programs;
use runit_tests::status::{DOWN, Status};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, until_equal};
use std::time::Duration;

pub const CASES: &[Case] = &[
    case("in_place_by_shell_with_down", in_place_by_shell_with_down),
    case("in_place_by_shell", in_place_by_shell),
    case("in_place_by_ansible", in_place_by_ansible),
    case("in_place_by_install", in_place_by_install),
    case("in_place_by_cp_r", || copied("cp -r \"etc/$2\" \"sd/$1\"")),
    case("in_place_by_cp_a", || copied("cp -a \"etc/$2\" \"sd/$1\"")),
    case("in_place_by_tar", || {
        needs_tool("tar");
        copied("mkdir \"sd/$1\"; tar -C \"etc/$2\" -cf - . | tar -C \"sd/$1\" -xf -");
    }),
    case("in_place_by_tar_over_a_slow_network", in_place_by_tar_over_a_slow_network),
    case("in_place_by_rsync", || {
        needs_tool("rsync");
        copied("rsync -a \"etc/$2/\" \"sd/$1\"");
    }),
    case("in_place_by_cp_of_several", in_place_by_cp_of_several),
    case("in_place_by_mv_of_an_old_one", in_place_by_mv_of_an_old_one),
    case("in_place_by_mv_of_a_new_one", || copied("cp -r \"etc/$2\" \"tmp/$1\"; mv \"tmp/$1\" sd/")),
    case("in_place_by_link", in_place_by_link),
    case("in_place_link_before_its_target", in_place_link_before_its_target),
    case("in_place_link_to_what_is_being_made", in_place_link_to_what_is_being_made),
    case("in_place_link_and_then_down", in_place_link_and_then_down),
    case("in_place_without_run_for_a_while", in_place_without_run_for_a_while),
    case("in_place_run_comes_last", in_place_run_comes_last),
    case("in_place_before_runsvdir", in_place_before_runsvdir),
];

/// Says where it is when it begins, so many lines, and at its end that it was whole.
fn run() -> String {
    let comment = format!("# {}\n", "what an author has to say ".repeat(40)).repeat(20);
    format!("n=${{PWD##*/}}\necho $n run >>$T\nseq 1 200\n{comment}echo $n whole >>$T\nexec sleep 100000")
}

const CAT: &str = "exec cat >>logged";

pub fn logged() -> String {
    (1..=200).map(|number| format!("{number}\n")).collect()
}

/// A finished service, with what else lies in such directories.
pub fn model(host: &Host, down: bool) {
    let run = run();
    let mut files = vec![("run", run.as_str()), ("log/run", CAT), ("conf", "OPTS=\n"), ("finish", ":")];
    if down {
        files.push(("down", ""));
    }
    host.define("model", &files);
    host.must("mkdir etc/model/env; for i in $(seq 100); do echo $i >etc/model/env/V$i; done");
}

/// It runs, was started once and whole, has one supervisor, and its log has every line.
pub fn await_whole(host: &Host, name: &str) {
    host.await_line(&format!("{name} whole"));
    host.await_up(name);
    until_equal("what was logged", &logged(), || host.place.text(format!("sd/{name}/log/logged")));
    assert_eq!(host.count(&format!("{name} run")), 1, "{:?}", host.trace());
    assert_eq!(host.runsvs(name), 1);
    // Others may have been made too slowly to be whole.
    let half = format!("runsv {name}: fatal: unable to start");
    assert!(!host.said().contains(&half), "{}", host.said());
}

/// Its supervisor and its log service run, and itself was never started. Then it is, and whole.
pub fn await_kept_down(host: &Host, name: &str) {
    let log = || Status::read(&host.place.path("sd").join(name).join("log"));
    until("the log service", || log().filter(Status::is_up));
    let status = host.status(name).expect("a record");
    assert_eq!((status.state, status.want, status.pid), (DOWN, b'd', 0), "down is there");
    assert_eq!(host.count(&format!("{name} run")), 0);
    host.sv_ok(&["start", name], &format!("ok: run: {name}: (pid "));
    await_whole(host, name);
}

/// What a command of a tool has made in the scan directory: of `etc/$2` a service `$1`, once with
/// `down` and once without.
fn copied(command: &str) {
    let host = Host::up();
    model(&host, true);
    host.must("cp -a etc/model etc/waiting; rm etc/model/down");
    let both = format!("set -- \"$1\" model\n{command}\nset -- \"$1-waits\" waiting\n{command}");
    let name = host.step_by_step(Duration::ZERO, &[&both]);
    await_whole(&host, &name);
    await_kept_down(&host, &format!("{name}-waits"));
}

/// The script that makes `run` as a person does: a here document, and the mode afterwards.
fn typed_run() -> String {
    format!("cat >\"sd/$1/run\" <<'end of run'\n#!/bin/sh\n{}\nend of run", run())
}

fn in_place_by_shell_with_down() {
    let host = Host::up();
    let typed = typed_run();
    let steps = [
        "mkdir \"sd/$1\"",
        "touch \"sd/$1/down\"",
        typed.as_str(),
        "chmod +x \"sd/$1/run\"",
        "mkdir \"sd/$1/log\"",
        "printf '#!/bin/sh\nexec cat >>logged\n' >\"sd/$1/log/run\"",
        "chmod +x \"sd/$1/log/run\"",
    ];
    let name = host.step_by_step(Duration::from_millis(50), &steps);
    await_kept_down(&host, &name);
}

fn in_place_by_shell() {
    let host = Host::up();
    let typed = typed_run();
    let steps = [
        "mkdir \"sd/$1\"",
        typed.as_str(),
        "chmod 755 \"sd/$1/run\"",
        "mkdir \"sd/$1/log\"",
        "printf '#!/bin/sh\nexec cat >>logged\n' >\"sd/$1/log/run\"",
        "chmod 755 \"sd/$1/log/run\"",
    ];
    let name = host.step_by_step(Duration::ZERO, &steps);
    await_whole(&host, &name);
}

/// One task after the other: a directory, a template through a temporary file, the mode first and
/// then the name, and the same for the log.
fn in_place_by_ansible() {
    let host = Host::up();
    model(&host, false);
    let template = |from: &str, to: &str| {
        format!(
            "cp etc/model/{from} \"sd/$1/{to}.ansible_tmp\"; chmod 755 \"sd/$1/{to}.ansible_tmp\"
            mv \"sd/$1/{to}.ansible_tmp\" \"sd/$1/{to}\""
        )
    };
    let (run, log_run) = (template("run", "run"), template("log/run", "log/run"));
    let steps = [
        "mkdir -p \"sd/$1\"; chmod 755 \"sd/$1\"",
        run.as_str(),
        "mkdir -p \"sd/$1/log\"",
        log_run.as_str(),
        "mkdir -p \"sd/$1/env\"; echo 1 >\"sd/$1/env/ONE\"",
    ];
    let name = host.step_by_step(Duration::from_millis(300), &steps);
    await_whole(&host, &name);
}

fn in_place_by_install() {
    let host = Host::up();
    model(&host, true);
    let steps = [
        "install -d \"sd/$1\"; install -m 755 etc/model/run \"sd/$1/run\"",
        "install -d \"sd/$1/log\"; install -m 755 etc/model/log/run \"sd/$1/log/run\"",
        "install -m 644 /dev/null \"sd/$1/down\"",
    ];
    let name = host.step_by_step(Duration::ZERO, &steps);
    await_kept_down(&host, &name);
}

/// The archive comes in pieces.
fn in_place_by_tar_over_a_slow_network() {
    needs_tool("tar");
    let host = Host::up();
    model(&host, true);
    host.must("tar -C etc/model -cf tmp/archive .");
    let slow = "mkdir \"sd/$1\"
for skip in 0 1 2 3 4 5 6 7 8 9; do
	dd if=tmp/archive bs=32k skip=$skip count=1 2>/dev/null
	sleep 0.05
done | tar -C \"sd/$1\" -xf - 2>tmp/words
test -x \"sd/$1/run\"";
    assert!(std::fs::metadata(host.place.path("tmp/archive")).expect("an archive").len() < 10 * 32768);
    let name = host.step_by_step(Duration::ZERO, &[slow]);
    await_kept_down(&host, &name);
}

/// A whole set at once.
fn in_place_by_cp_of_several() {
    let host = Host::up();
    model(&host, false);
    host.must("for i in 1 2 3 4 5 6; do cp -r etc/model tmp/m$i; done");
    host.after_a_look();
    host.must("cp -r tmp/m* sd/");
    for number in 1..=6 {
        await_whole(&host, &format!("m{number}"));
    }
}

/// Its contents are older than a second: nothing to wait for.
fn in_place_by_mv_of_an_old_one() {
    let host = Host::up();
    model(&host, false);
    host.must("find etc/model -exec touch -t 202001010000 {} +; mv etc/model sd/web");
    await_whole(&host, "web");
}

fn in_place_by_link() {
    let host = Host::up();
    model(&host, true);
    host.must("ln -s ../etc/model sd/");
    await_kept_down(&host, "model");
}

/// A person who links first, or an archive with both, in the order of names.
fn in_place_link_before_its_target() {
    let host = Host::up();
    model(&host, false);
    host.after_a_look();
    host.must("ln -s ../etc/web sd/web; cp -r etc/model etc/web");
    host.await_line("web whole");
    host.await_up("web");
    until_equal("what was logged", &logged(), || host.place.text("sd/web/log/logged"));
    assert_eq!((host.count("web run"), host.runsvs("web")), (1, 1));
}

/// The same, where the directory is there and empty.
fn in_place_link_to_what_is_being_made() {
    let host = Host::up();
    model(&host, true);
    let steps = ["mkdir \"etc/$1\"; ln -s \"../etc/$1\" sd/", "cp -r etc/model/. \"etc/$1/\""];
    let name = host.step_by_step(Duration::ZERO, &steps);
    await_kept_down(&host, &name);
}

/// A script that enables a service and says in its next line that it shall not start by itself.
fn in_place_link_and_then_down() {
    let host = Host::up();
    model(&host, false);
    host.after_a_look();
    host.must("ln -s ../etc/model sd/; touch sd/model/down");
    await_kept_down(&host, "model");
}

/// Begun, left alone for longer than a moment, then finished. Nothing is started meanwhile, and
/// ours does not even try.
fn in_place_without_run_for_a_while() {
    let host = Host::up();
    model(&host, false);
    host.must("mkdir sd/web; cp etc/model/conf sd/web/; sleep 2; cp -p etc/model/run sd/web/run.new");
    host.must("cp -r etc/model/log sd/web/; mv sd/web/run.new sd/web/run");
    host.await_line("web whole");
    host.await_up("web");
    host.await_runsvs("web", 1);
    assert_eq!(host.count("web run"), 1);
    if Programs::get().ours() {
        await_whole(&host, "web");
    }
}

/// All is there but `run`, for longer than a service must have been quiet.
fn in_place_run_comes_last() {
    let host = Host::up();
    model(&host, true);
    host.after_a_look();
    host.must("cp -r etc/model tmp/web; rm tmp/web/run; mv tmp/web sd/; sleep 1.5");
    host.must("cp -p etc/model/run tmp/run; mv tmp/run sd/web/run");
    await_kept_down(&host, "web");
}

/// What is there at the first look is started however new it is.
fn in_place_before_runsvdir() {
    let mut host = Host::new();
    model(&host, true);
    host.must("cp -r etc/model sd/one; cp -r etc/model sd/two; rm sd/two/down");
    host.boot();
    await_whole(&host, "two");
    await_kept_down(&host, "one");
}
