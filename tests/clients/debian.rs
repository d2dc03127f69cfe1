//! Debian's stages, and the scripts that its packages run when they are installed.
use crate::host::Host;
use crate::scan::seldom_missed;
use runit_tests::namespace::How;
use runit_tests::programs::Programs;
use runit_tests::suite::{Case, case};

pub const CASES: &[Case] = &[
    case("debian_stages", || {
        let host = Host::up(&[], &format!("service /etc/sv/web\n{LINK}"));
        host.await_runs(WEB, 1);
        // Process 1 may be done before this has ended.
        let asked = host.run("init 0");
        assert!(asked.code == Some(0) || asked.signal == Some(9), "{asked:?}");
        let end = host.into_machine().end();
        assert_eq!(end.how, How::PoweredOff);
        let stopped = |line: &String| line.starts_with("ok: down: /etc/service/web: ");
        assert!(end.lines.iter().any(stopped), "{:#?}", end.lines);
    }),
    // What is in /etc/rc2.d is started before the services, by async-timeout.
    case("async_timeout_in_stage_2", || {
        let script = "while :; do for dir in /proc/[0-9]*; do
            read -r name <$dir/comm
            test \"$name\" != async-timeout || ! grep -q State:.S $dir/status || break 2
        done; done\necho $1 >/run/old";
        let prepare = format!(
            "rm /etc/runit/no.emulate.sysv\nmkdir -p /etc/rc2.d\n\
            printf '%s\\n' '#!/bin/sh' '{script}' >/etc/rc2.d/S01old\nchmod 755 /etc/rc2.d/S01old"
        );
        let service = "service /etc/sv/web 'cat /run/old >seen; exec sleep 100000'";
        let host = Host::up(&[], &format!("{prepare}\n{service}\n{LINK}"));
        host.await_runs(WEB, 1);
        host.eventually("what it saw", "test \"$(cat /etc/sv/web/seen)\" = start");
    }),
    case("runit_helper_postinst_of_a_new_package", || {
        let host = Host::up(&[], &format!("service /etc/sv/other\nln -s /etc/sv/other {DEFAULT}/other"));
        let other = host.await_runs("/etc/sv/other", 1);
        let before = host.runsvdir();
        host.sh("service /etc/sv/web");
        helper(&host, "postinst configure ''");
        assert_eq!(host.link("/etc/runit/runsvdir/default/web"), WEB);
        assert_eq!(host.link("/etc/sv/web/supervise"), "/run/runit/supervise/web");
        host.await_runs(WEB, 1);
        // Nobody else noticed.
        assert_eq!((host.runsvdir(), host.runs("/etc/sv/other")), (before, vec![other.clone()]));
        assert!(host.alive(&other));
    }),
    // Its newer runsvdir looks at its directory when it is told to.
    case("debian_rescan_by_alrm", || {
        let host =
            Host::up(&[], "service /etc/sv/other\nln -s /etc/sv/other /etc/runit/runsvdir/default/other");
        let other = host.await_runs("/etc/sv/other", 1);
        let before = host.runsvdir();
        host.sh(&format!("service /etc/sv/web\n{LINK}\nkill -ALRM {before}"));
        host.await_runs(WEB, 1);
        // It did that, and not another one in its place.
        host.sh("service /etc/sv/more\nln -s /etc/sv/more /etc/runit/runsvdir/default/more");
        host.await_runs("/etc/sv/more", 1);
        assert_eq!((host.runsvdir(), host.runs("/etc/sv/other")), (before, vec![other]));
    }),
    case("runit_helper_postinst_of_a_disabled_one", || {
        let host = Host::up(&[], "service /etc/sv/web");
        host.sh(
            "NAME=web ENABLE=no ONUPGRADE=restart /usr/lib/runit-helper/runit-helper postinst configure ''",
        );
        assert!(!host.has("/etc/runit/runsvdir/default/web"));
    }),
    case("runit_helper_postinst_restarts_after_an_upgrade", || {
        let host = web("");
        let old = host.await_runs(WEB, 1);
        await_age(&host);
        let said = helper(&host, "postinst configure 1.0");
        let new = host.await_runs(WEB, 2);
        assert!(said.contains(&format!("ok: run: web: (pid {new}) ")) && !host.alive(&old), "{said}");
    }),
    case("runit_helper_postinst_reloads_after_an_upgrade", || {
        let host = web(" 'trap \"echo HUP >>trace\" HUP; while :; do sleep 0.1; done'");
        let pid = host.await_runs(WEB, 1);
        host.sh(
            "NAME=web ENABLE=yes ONUPGRADE=reload /usr/lib/runit-helper/runit-helper postinst configure 1.0",
        );
        host.eventually("HUP", "grep -q HUP /etc/sv/web/trace");
        assert_eq!(host.runs(WEB), [pid]);
    }),
    case("runit_helper_postinst_of_one_that_crashes", || {
        seldom_missed(|| {
            let host = web("");
            host.await_runs(WEB, 1);
            await_age(&host);
            host.sh("printf '#!/nonexistent\\n' >/etc/sv/web/run.new; chmod 755 /etc/sv/web/run.new; mv /etc/sv/web/run.new /etc/sv/web/run");
            // A package must not fail because of it, but the administrator is told.
            let said = host.sh("export SVWAIT=1 NAME=web ENABLE=yes ONUPGRADE=restart; /usr/lib/runit-helper/runit-helper postinst configure 1.0");
            assert!(
                said.contains("timeout: ") && said.contains("warning: sv: failed to signal web"),
                "{said}"
            );
        })
    }),
    case("runit_helper_prerm_stops", || {
        for (action, upgrade) in [("remove", "restart"), ("upgrade", "stop")] {
            let host = web("");
            let pid = host.await_runs(WEB, 1);
            host.sh(&format!(
                "NAME=web ENABLE=yes ONUPGRADE={upgrade} /usr/lib/runit-helper/runit-helper prerm {action}"
            ));
            assert!(!host.alive(&pid));
            host.await_rest(WEB);
        }
    }),
    case("runit_helper_prerm_and_postinst_of_an_upgrade", || {
        let host = web("");
        host.await_runs(WEB, 1);
        let stop = "NAME=web ENABLE=yes ONUPGRADE=stop /usr/lib/runit-helper/runit-helper";
        host.sh(&format!("{stop} prerm upgrade 2.0"));
        host.await_rest(WEB);
        let said = host.sh(&format!("{stop} postinst configure 1.0"));
        let pid = host.await_runs(WEB, 2);
        assert!(said.contains(&format!("ok: run: web: (pid {pid}) ")), "{said}");
    }),
    case("runit_helper_remove_and_purge", || {
        let host = web("");
        let pid = host.await_runs(WEB, 1);
        helper(&host, "prerm remove");
        helper(&host, "postrm remove");
        assert!(!host.alive(&pid) && !host.has("/etc/runit/runsvdir/default/web"));
        // Its files are removed with it, so the process itself is looked for.
        host.eventually("the end of the supervisor", "! grep -lx runsv /proc/[0-9]*/comm");
        host.sh("mkdir -p /var/log/runit/web");
        helper(&host, "postrm purge");
        assert!(!host.has("/var/log/runit/web"));
        // It removes what C runit writes by name, and the directory if that was all; see docs/debian.md.
        let left = host.sh("ls /etc/sv/web/supervise 2>&1 || :");
        let nothing = left.contains("No such file");
        assert!(if Programs::get().ours() { left == "state\n" } else { nothing }, "{left}");
    }),
    // dpkg removes the directory while its supervisor may still be there, and brings it again.
    case("runit_helper_removed_and_installed_again", || {
        let host = web("");
        let old = host.await_runs(WEB, 1);
        helper(&host, "prerm remove");
        helper(&host, "postrm remove");
        host.sh("rm -r /etc/sv/web; service /etc/sv/web");
        helper(&host, "postinst configure ''");
        let new = host.await_runs(WEB, 1);
        assert!(host.alive(&new) && !host.alive(&old));
        assert!(host.sh("sv status web").starts_with(&format!("run: web: (pid {new}) ")));
    }),
    case("runit_helper_sv_purge", || {
        let host = web("");
        let pid = host.await_runs(WEB, 1);
        host.sh("PKG=web NAME=web /usr/lib/runit-helper/runit-helper sv_purge");
        assert!(!host.has("/etc/runit/runsvdir/default/web"));
        host.await_end(WEB);
        host.eventually("its end", &format!("! kill -0 {pid} 2>/dev/null"));
    }),
    case("update_service_add", || {
        let host = Host::up(&[], "service /etc/sv/web");
        assert_eq!(host.sh("update-service --add /etc/sv/web"), "Service web added.\n");
        host.await_runs(WEB, 1);
        assert_eq!(host.sh("update-service --list web"), "web -> /etc/sv/web\n");
        assert_eq!(host.sh("update-service --add /etc/sv/web"), "Service web already added.\n");
        // Another name for what runs already is refused: there can be only one supervisor.
        let done = host.run("update-service --add /etc/sv/web again");
        assert!(done.code == Some(1) && done.err.contains("is currently controlled by a runsv"), "{done:?}");
    }),
    case("update_service_remove", || {
        let host = web("");
        let pid = host.await_runs(WEB, 1);
        assert!(host.sh("update-service --remove /etc/sv/web").starts_with("Service web removed"));
        host.await_end(WEB);
        assert!(!host.alive(&pid));
        assert_ne!(host.run("update-service --check web").code, Some(0));
        // There and back again.
        host.sh("update-service --add /etc/sv/web");
        host.await_runs(WEB, 2);
    }),
    case("update_service_down_and_up", || {
        let host = web("");
        let pid = host.await_runs(WEB, 1);
        host.sh("update-service --down /etc/sv/web");
        assert!(host.sh("sv status web").ends_with("s, normally down\n"));
        host.sh("update-service --up /etc/sv/web");
        assert!(host.sh("sv status web").ends_with("s\n"));
        assert_eq!(host.runs(WEB), [pid]);
    }),
    case("cpsv_links_of_a_package", || {
        let prepare = "service /usr/share/runit/sv.now/web\nmkdir -p /usr/share/runit/sv.now/web/log";
        let host = Host::up(&[], prepare);
        host.sh("cpsv p web");
        assert_eq!(host.link("/etc/sv/web/run"), "/usr/share/runit/sv.current/web/run");
        assert_eq!(host.link("/etc/sv/web/log/supervise"), "/run/runit/supervise/web.log");
        // These links lead nowhere until the supervisor makes the directories.
        host.sh("printf '#!/bin/sh\\nexec cat >/dev/null\\n' >/etc/sv/svlogd/run; ln -s /etc/sv/web /etc/runit/runsvdir/default/web");
        host.await_runs(WEB, 1);
        assert!(host.has("/run/runit/supervise/web/ok"));
        host.await_stat("/etc/sv/web/log", "run");
        assert!(host.has("/run/runit/supervise/web.log/ok"));
    }),
    case("make_svlinks", || {
        let host = Host::up(&[], "service /etc/sv/web");
        host.sh("/usr/lib/runit/make_svlinks web; ln -s /etc/sv/web /etc/runit/runsvdir/default/web");
        host.await_runs(WEB, 1);
        assert!(host.has("/run/runit/supervise/web/ok"));
    }),
    case("cpsv_copies_and_knows_what_differs", || {
        let host = Host::up(&[], "");
        host.sh("service /usr/share/runit/sv.now/web 'exec sleep 100000' supervise");
        host.sh(
            "mkdir /usr/share/runit/sv.now/web/.meta; echo /bin/sh >/usr/share/runit/sv.now/web/.meta/bin",
        );
        assert!(host.sh("cpsv l").contains("[a]: web"));
        host.sh("cpsv a web; ln -s /etc/sv/web /etc/runit/runsvdir/default/web");
        host.eventually("a service", "sv check web");
        // What the supervisor writes is no difference.
        assert!(host.sh("cpsv l").contains("[i]: web"));
        host.sh("cpsv d web; echo >/etc/sv/web/down");
        assert!(host.sh("cpsv l").contains("[l]: web"));
    }),
    case("trigger_sv_setup_and_rescan", || {
        let host = Host::up(&[], TRIGGER);
        host.sh("/usr/lib/runit/trigger_sv setup");
        assert_eq!(host.link("/etc/runit/runsvdir/default/web"), "/usr/share/runit/sv.current/web");
        host.sh("/usr/lib/runit/trigger_sv rescan");
        host.await_runs("/usr/share/runit/sv.now/web", 1);
        // What is not installed any more is taken out.
        host.sh("rm /usr/local/bin/webd; /usr/lib/runit/trigger_sv setup; /usr/lib/runit/trigger_sv rescan");
        host.await_end("/usr/share/runit/sv.now/web");
    }),
    case("trigger_sv_upgrade", || {
        let host = Host::up(&[], &format!("{TRIGGER}\n/usr/lib/runit/trigger_sv setup"));
        let service = "/usr/share/runit/sv.now/web";
        let old = host.await_runs(service, 1);
        host.sh("/usr/lib/runit/trigger_sv upgrade");
        assert_eq!(host.runs(service), [&*old]);
        host.sh(&format!("echo -1 >{service}/.meta/wtime"));
        host.eventually(
            "another second",
            &format!("test $(date +%s) -gt $(stat -Lc %Y {service}/supervise/status)"),
        );
        host.sh("/usr/lib/runit/trigger_sv upgrade");
        host.await_runs(service, 2);
        assert!(!host.alive(&old));
    }),
];

const WEB: &str = "/etc/sv/web";
const DEFAULT: &str = "/etc/runit/runsvdir/default";
const LINK: &str = "ln -s /etc/sv/web /etc/runit/runsvdir/default/web";
/// A service of a package that is watched by its program.
const TRIGGER: &str = "cp /bin/true /usr/local/bin/webd
service /usr/share/runit/sv/web
mkdir /usr/share/runit/sv/web/.meta
echo /usr/local/bin/webd >/usr/share/runit/sv/web/.meta/bin";

/// A host with one service that runs.
fn web(commands: &str) -> Host {
    Host::up(&[], &format!("service /etc/sv/web{commands}\n{LINK}"))
}

/// Runs runit-helper as the scripts of an ordinary package do.
fn helper(host: &Host, words: &str) -> String {
    host.sh(&format!("NAME=web ENABLE=yes ONUPGRADE=restart /usr/lib/runit-helper/runit-helper {words}"))
}

/// Waits for another second than that of the last change.
fn await_age(host: &Host) {
    host.eventually("another second", "test $(date +%s) -gt $(stat -Lc %Y /etc/sv/web/supervise/status)");
}
