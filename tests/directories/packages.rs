//! Services that come and go with a package or a repository.
use crate::host::{DAEMON, Host, SLEEPER, needs_tool};
use crate::in_place::{await_kept_down, await_whole, logged, model};
use runit_tests::rig::is_alive;
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, until_equal};
use std::time::Duration;

pub const CASES: &[Case] = &[
    case("package_into_the_live_directory", package_into_the_live_directory),
    case("package_with_down", package_with_down),
    case("package_upgraded", package_upgraded),
    case("package_removed", package_removed),
    case("package_that_enables_itself", package_that_enables_itself),
    case("package_made_anew_behind_its_link", package_made_anew_behind_its_link).ours(),
    case("package_asked_for_a_look", package_asked_for_a_look),
    case("git_clone_into_the_live_directory", git_clone_into_the_live_directory),
    case("git_checkout_of_definition_and_link", git_checkout_of_definition_and_link),
    case("git_checkout_of_a_branch_with_a_service", git_checkout_of_a_branch_with_a_service),
    case("git_pull_of_another_run", git_pull_of_another_run),
];

/// `dpkg` with a database of its own, which needs no privilege.
const DPKG: &str = "mkdir -p dpkg/info dpkg/updates dpkg/triggers; : >>dpkg/status
dpkg() { command dpkg --instdir=\"$P\" --admindir=\"$P/dpkg\" --log=/dev/null --force-not-root --force-bad-path \"$@\" >/dev/null; }\n";

/// A package of what `tree` holds.
fn build(host: &Host, tree: &str, name: &str, version: &str) {
    host.must(&format!(
        "mkdir -p {tree}/DEBIAN; chmod 755 {tree}/DEBIAN
        printf '%s\\n' 'Package: {name}' 'Version: {version}' 'Architecture: all' \\
            'Maintainer: nobody <nobody@localhost>' 'Description: a service' >{tree}/DEBIAN/control
        dpkg-deb --root-owner-group -b {tree} {name}-{version}.deb >/dev/null"
    ));
}

fn unpacked(down: bool) -> (Host, String) {
    needs_tool("dpkg-deb");
    let host = Host::up();
    model(&host, down);
    for number in 0..5 {
        host.must(&format!("mkdir -p tmp/p{number}/sd; cp -r etc/model tmp/p{number}/sd/y{number}"));
        build(&host, &format!("tmp/p{number}"), &format!("y{number}"), "1.0");
    }
    let name = host.step_by_step(Duration::ZERO, &[&format!("{DPKG} dpkg -i \"$1-1.0.deb\"")]);
    (host, name)
}

fn package_into_the_live_directory() {
    let (host, name) = unpacked(false);
    await_whole(&host, &name);
}

fn package_with_down() {
    let (host, name) = unpacked(true);
    await_kept_down(&host, &name);
}

/// The new files take the place of the old ones; the process goes on until it is told otherwise.
fn package_upgraded() {
    needs_tool("dpkg-deb");
    let host = Host::up();
    host.write("tmp/one/sd/web", &[("run", SLEEPER), ("log/run", "exec cat >>logged")]);
    let new = format!("echo ${{PWD##*/}} new >>$T\n{SLEEPER}");
    host.write("tmp/two/sd/web", &[("run", &new), ("log/run", "exec cat >>logged"), ("finish", ":")]);
    build(&host, "tmp/one", "web", "1.0");
    build(&host, "tmp/two", "web", "2.0");
    host.after_a_look();
    host.must(&format!("{DPKG} dpkg -i web-1.0.deb"));
    host.await_line("web run");
    let before = host.await_up("web");
    host.must(&format!("{DPKG} dpkg -i web-2.0.deb"));
    host.sv_ok(&["check", "web"], "ok: run: web: ");
    assert_eq!((host.await_up("web"), host.count("web new")), (before, 0));
    host.sv_ok(&["-w", "15", "restart", "web"], "ok: run: web: ");
    host.await_line("web new");
    assert_eq!((host.runsvs("web"), host.said().as_str()), (1, ""));
}

/// What runs is stopped first, as its maintainer's script does.
fn package_removed() {
    needs_tool("dpkg-deb");
    let host = Host::up();
    host.write("tmp/one/sd/web", &[("run", DAEMON)]);
    build(&host, "tmp/one", "web", "1.0");
    host.after_a_look();
    host.must(&format!("{DPKG} dpkg -i web-1.0.deb"));
    host.await_line("web run");
    let pid = host.await_up("web");
    host.after_a_look();
    host.sv_ok(&["-w", "15", "force-stop", "web"], "ok: down: web: ");
    // It warns that the directory is not empty.
    host.sh(&format!("{DPKG} dpkg -r web; sv exit web; rm -rf sd/web"));
    host.await_end(pid);
    host.await_runsvs("web", 0);
    assert_eq!(host.count("web run"), 1);
}

/// A definition and a link to it, both unpacked: dpkg makes links when all files are there under
/// other names, and then gives these their own.
fn package_that_enables_itself() {
    needs_tool("dpkg-deb");
    let host = Host::up();
    model(&host, true);
    host.must(
        "mkdir -p tmp/one/lib tmp/one/sd tmp/one/share; cp -r etc/model tmp/one/lib/web
        ln -s ../lib/web tmp/one/sd/; for i in $(seq 400); do echo $i >tmp/one/share/$i; done",
    );
    build(&host, "tmp/one", "web", "1.0");
    host.after_a_look();
    host.must(&format!("{DPKG} dpkg -i web-1.0.deb"));
    await_kept_down(&host, "web");
}

/// Reinstalled: the directory behind the link goes and comes, and `supervise` leads to a place that
/// stays. Whatever is said of the service afterwards is about the new one.
fn package_made_anew_behind_its_link() {
    let host = Host::up();
    host.place.dir("state");
    host.define("web", &[("run", DAEMON)]);
    host.must("ln -s ../../state/web etc/web/supervise; cp -a etc/web tmp/; ln -s ../etc/web sd/");
    host.await_line("web run");
    let old = host.await_up("web");
    host.must("rm -r etc/web; cp -a tmp/web etc/web");
    host.sv_ok(&["-w", "15", "restart", "web"], "ok: run: web: (pid ");
    host.await_lines("web run", 2);
    host.await_end(old);
    let new = host.await_up("web");
    host.await_runsvs("web", 1);
    host.sv_ok(&["check", "web"], &format!("ok: run: web: (pid {new})"));
    host.sv_ok(&["-w", "15", "stop", "web"], "ok: down: web: ");
    host.await_end(new);
    host.sv_ok(&["start", "web"], "ok: run: web: (pid ");
    host.await_lines("web run", 3);
    let started = host.await_up("web");
    assert!(is_alive(started));
}

/// Debian's helpers send ALRM to the scanner after a change.
fn package_asked_for_a_look() {
    let mut host = Host::up();
    host.service("web", &[("run", SLEEPER)]);
    host.await_line("web run");
    let pid = host.runsvdir().pid();
    for name in ["db", "bus"] {
        host.define(name, &[("run", SLEEPER)]);
        host.must(&format!("ln -s ../etc/{name} sd/ && kill -ALRM {pid}"));
        host.await_line(&format!("{name} run"));
    }
    assert_eq!(host.runsvdir().ended(), None);
    assert_eq!((host.count("web run"), host.runsvs("web")), (1, 1));
}

/// Git without anybody's configuration.
const GIT: &str = "git() { command git -c user.name=nobody -c user.email=nobody@localhost -c init.defaultBranch=trunk \\
	-c advice.detachedHead=false -c safe.directory='*' \"$@\"; }\n";

fn git_clone_into_the_live_directory() {
    needs_tool("git");
    let host = Host::up();
    model(&host, true);
    host.must(&format!("{GIT} cd etc/model; git init -q .; git add .; git commit -qm 'a service'"));
    let name = host.step_by_step(Duration::ZERO, &[&format!("{GIT} git clone -q etc/model \"sd/$1\"")]);
    await_kept_down(&host, &name);
}

/// Definitions and the scan directory in one repository, as below /etc: git makes what it makes in
/// the order of names, so the link is there before what it leads to.
fn git_checkout_of_definition_and_link() {
    needs_tool("git");
    let host = Host::up();
    model(&host, true);
    host.must(&format!(
        "{GIT} mkdir repo; cd repo; git init -q .; echo 1 >README; git add .; git commit -qm one
        git checkout -q -b next; mkdir sd services; cp -r ../etc/model services/web; ln -s ../services/web sd/web
        git add .; git commit -qm two; git checkout -q trunk; mv .git .."
    ));
    host.after_a_look();
    host.must(&format!("{GIT} git checkout -q -f next"));
    await_kept_down(&host, "web");
}

/// The scan directory itself is a work tree.
fn git_checkout_of_a_branch_with_a_service() {
    needs_tool("git");
    let host = Host::up();
    model(&host, false);
    host.write("sd/db", &[("run", SLEEPER)]);
    host.must(&format!(
        "{GIT} cd sd; git init -q .; printf '%s\\n' supervise logged >.gitignore; git add .; git commit -qm 'one'
        mkdir ../tree; for i in 0 1 2 3 4; do cp -r ../etc/model ../tree/y$i; done
        for i in 0 1 2 3 4; do
            git checkout -q -b y$i trunk; git --work-tree=../tree add y$i; git --work-tree=../tree commit -qm y$i
            git read-tree trunk; git symbolic-ref HEAD refs/heads/trunk
        done"
    ));
    host.await_line("db run");
    let name = host.step_by_step(Duration::ZERO, &[&format!("{GIT} cd sd; git checkout -q \"$1\"")]);
    await_whole(&host, &name);
    assert_eq!((host.count("db run"), host.runsvs("db")), (1, 1));
}

/// Another `run` comes under a process that goes on, until it is restarted.
fn git_pull_of_another_run() {
    needs_tool("git");
    let host = Host::up();
    let says = "echo web run >>$T\nseq 1 100\nexec sleep 100000";
    host.define("web", &[("run", says), ("log/run", "exec cat >>logged")]);
    host.must(&format!(
        "{GIT} cd etc/web; git init -q .; printf '%s\\n' supervise logged >.gitignore; git add .; git commit -qm one
        git checkout -q -b next; sed -i 's/seq 1 100/seq 101 200/' run; git commit -qam two; git checkout -q trunk
        ln -s ../etc/web ../../sd/web"
    ));
    host.await_line("web run");
    let before = host.await_up("web");
    host.must(&format!("{GIT} cd etc/web; git merge -q next >/dev/null"));
    assert_eq!(host.await_up("web"), before);
    until("the first half", || host.place.text("etc/web/log/logged").ends_with("100\n").then_some(()));
    host.sv_ok(&["-w", "15", "restart", "web"], "ok: run: web: ");
    until_equal("both halves", &logged(), || host.place.text("etc/web/log/logged"));
    assert_eq!(host.runsvs("web"), 1);
}
