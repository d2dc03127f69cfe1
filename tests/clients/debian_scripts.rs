//! What Debian's service directories are made of: an interpreter for `run`, a `finish`, whole
//! services for the services of a user, and the tool that puts them into packages.
use crate::host::Host;
use crate::scan::seldom_missed;
use runit_tests::suite::{Case, case};

pub const CASES: &[Case] = &[
    case("invoke_run_reads_conf_and_env", || {
        let prepare = "mkdir /etc/sv/web/env\necho 'FROM_CONF=one' >/etc/sv/web/conf\necho two >/etc/sv/web/env/FROM_ENV";
        let host = invoke_run("echo $FROM_CONF $FROM_ENV >seen", prepare);
        host.await_runs(WEB, 1);
        host.eventually("its environment", "test \"$(cat /etc/sv/web/seen)\" = 'one two'");
        host.await_stat(WEB, "run");
    }),
    // `run` takes itself down: the supervisor that sv talks to is the one that waits for it.
    case("invoke_run_without_its_program", || {
        let host = invoke_run("", "mkdir -p /etc/sv/web/.meta\n: >/etc/sv/web/.meta/installed");
        host.await_rest(WEB);
        assert_eq!(host.runs(WEB), [] as [&str; 0]);
        assert!(host.sh("sv status web").ends_with("s, normally up\n"));
    }),
    case("invoke_run_while_the_old_one_runs", || {
        let prepare = "mkdir -p /etc/sv/web/.meta /usr/share/runit/meta/web\n: >/usr/share/runit/meta/web/noreplace\n\
            printf '#!/bin/sh\\nexit 0\\n' >/etc/init.d/web\nchmod 755 /etc/init.d/web";
        let host = invoke_run("", prepare);
        host.await_rest(WEB);
        assert_eq!(host.runs(WEB), [] as [&str; 0]);
    }),
    case("finish_exec_161_disabled", || finish_exec("161")),
    case("finish_exec_162_bad_configuration", || finish_exec("162")),
    case("finish_exec_170_missing_dependency", || finish_exec("170")),
    case("finish_exec_other_codes_go_on", || {
        let host = ends_with("1", "ln -s /usr/lib/runit/finish-exec /etc/sv/web/finish");
        host.await_runs_of_any(WEB, 3);
    }),
    case("finish_default_162", || {
        let text = "#!/bin/sh\n. /usr/lib/runit/finish-default\n";
        let prepare = format!(
            ": >/etc/default/runit\nprintf '%s' '{text}' >/etc/sv/web/finish\nchmod 755 /etc/sv/web/finish"
        );
        let host = ends_with("162", &format!("mkdir -p /etc/default\n{prepare}"));
        host.await_rest(WEB);
        assert_eq!(host.runs(WEB).len(), 1);
    }),
    // An administrator repairs it and starts it again.
    case("finish_exec_and_start_again", || {
        let host = finish_exec_host("162");
        host.await_rest(WEB);
        host.sh("rm /etc/sv/web/code; sv start web");
        host.await_runs(WEB, 2);
    }),
    case("finish_exec_fails_a_start", || {
        seldom_missed(|| {
            let host = finish_exec_host("162");
            host.await_rest(WEB);
            // It has no chance: sv d in finish takes back what start wished.
            let done = host.run("SVWAIT=1 sv start web");
            assert!(done.code == Some(1) && done.out.starts_with("timeout: down: web: "), "{done:?}");
        })
    }),
    case("sv_wtime", || {
        // Stage 2 would enable it, and note the time.
        let host = Host::up(&[], "");
        host.sh("service /etc/sv/web; mkdir /etc/sv/web/.meta; echo /bin/sh >/etc/sv/web/.meta/bin");
        assert_eq!(host.run("/usr/lib/runit/sv_wtime test web").code, Some(1));
        host.sh("/usr/lib/runit/sv_wtime update web; /usr/lib/runit/sv_wtime test web");
        host.sh("/usr/lib/runit/sv_wtime checkbin web");
    }),
    case("mk_runscript_add", || {
        let host = user_services();
        let inner = host.await_runs("/me/.service/mine", 1);
        host.await_stat(USER, "run");
        assert!(host.alive(&inner));
    }),
    // Its control/t says `exec sv -v hup .`: sv talks to the supervisor that waits for the script.
    case("mk_runscript_restart", || {
        let host = user_services();
        let inner = host.await_runs("/me/.service/mine", 1);
        host.await_stat(USER, "run");
        let outer = host.text(&format!("{USER}/supervise/pid"));
        host.eventually(
            "another second",
            &format!("test $(date +%s) -gt $(stat -Lc %Y {USER}/supervise/status)"),
        );
        let said = host.sh("sv -w 5 restart unprivileged.root");
        assert!(said.starts_with("ok: run: unprivileged.root: "), "{said}");
        host.await_runs("/me/.service/mine", 2);
        let again = host.text(&format!("{USER}/supervise/pid"));
        assert!(!host.alive(&inner) && !host.alive(outer.trim()) && host.alive(again.trim()));
        // HUP stopped all: there is one supervisor for each, and nobody else's child.
        host.eventually("one of each", "test $(grep -lx runsv /proc/[0-9]*/comm | wc -l) = 2");
    }),
    case("mk_runscript_stop", || {
        let host = user_services();
        let inner = host.await_runs("/me/.service/mine", 1);
        host.await_stat(USER, "run");
        host.sh("sv -w 5 stop unprivileged.root");
        host.await_rest(USER);
        host.eventually("the end of its services", &format!("! kill -0 {inner} 2>/dev/null"));
    }),
    // It takes the directory away and says nothing to anybody: what was told by control/t goes on.
    case("mk_runscript_remove", || {
        let host = user_services();
        let inner = host.await_runs("/me/.service/mine", 1);
        host.await_stat(USER, "run");
        let outer = host.text(&format!("{USER}/supervise/pid"));
        host.sh("mk-runscript --remove unprivileged root");
        assert!(!host.has(USER));
        host.eventually("the end of the user's runsvdir", &format!("! kill -0 {} 2>/dev/null", outer.trim()));
        host.eventually("the end of its supervisor", "test $(grep -lx runsv /proc/[0-9]*/comm | wc -l) = 1");
        assert!(host.alive(&inner));
    }),
    case("dh_runit_package", || {
        let host = Host::up(&["perl"], ONE_USER);
        host.sh("echo _runit-log:x:0:0::/:/bin/false >>/etc/passwd");
        host.sh(PACKAGE);
        let built = host.sh("cd /tmp/web/debian/web; find . ! -type d | sort");
        for name in [
            "./etc/sv/web/run",
            "./etc/sv/web/log/run",
            "./etc/sv/web/finish",
            "./etc/sv/web/.meta/installed",
        ] {
            assert!(built.lines().any(|line| line == name), "{built}");
        }
        // As dpkg does: the files, then the script.
        host.sh("cp -R /tmp/web/debian/web/etc /tmp/web/debian/web/usr /tmp/web/debian/web/var /.\nsh /tmp/web/debian/web.postinst.debhelper configure ''");
        let pid = host.await_runs(WEB, 1);
        host.await_stat(&format!("{WEB}/log"), "run");
        host.eventually("a logged line", "grep -q hello /var/log/runit/web/current");
        host.sh(
            "sh /tmp/web/debian/web.prerm.debhelper remove; sh /tmp/web/debian/web.postrm.debhelper remove",
        );
        host.await_end(WEB);
        assert!(!host.alive(&pid));
    }),
];

const WEB: &str = "/etc/sv/web";
const LINK: &str = "ln -s /etc/sv/web /etc/runit/runsvdir/default/web";
/// Without the links in the path, which lead elsewhere from outside.
const USER: &str = "/etc/runit/runsvdir/default/unprivileged.root";

/// In a namespace with one user nobody can become another one: `chpst -u USER` leaves it at that.
const ONE_USER: &str =
    "printf '#!/bin/sh\\nshift 2\\nexec \"$@\"\\n' >/usr/local/sbin/chpst\nchmod 755 /usr/local/sbin/chpst";

/// The source of a package with a service, and what dh_runit makes of it.
const PACKAGE: &str = "mkdir -p /tmp/web/debian
cd /tmp/web/debian
printf 'Source: web\\nBuild-Depends: debhelper-compat (= 13)\\nMaintainer: N <n@example.org>\\n\\nPackage: web\\nArchitecture: all\\nDescription: web\\n' >control
printf 'web (1) unstable; urgency=low\\n\\n  * All.\\n\\n -- N <n@example.org>  Mon, 01 Jan 2024 00:00:00 +0000\\n' >changelog
printf '#!/usr/bin/env /lib/runit/invoke-run\\necho run $$ >>trace\\necho hello\\nexec sleep 100000\\n' >web.run
echo 'debian/web.run name=web,logscript,finish' >web.runit
cd ..
dh_runit";

/// A service whose `run` begins with Debian's interpreter.
fn invoke_run(first: &str, prepare: &str) -> Host {
    let prepare = format!(
        "service /etc/sv/web\nprintf '%s\\n' '#!/usr/bin/env /lib/runit/invoke-run' 'echo run $$ >>trace' '{first}' \
         'exec sleep 100000' >/etc/sv/web/run\n{prepare}\n{LINK}"
    );
    Host::up(&[], &prepare)
}

/// A service that ends with the code in its file `code`, and stays without that.
fn ends_with(code: &str, prepare: &str) -> Host {
    let run = "test ! -e code || exit $(cat code); exec sleep 100000";
    Host::up(&[], &format!("service /etc/sv/web '{run}'\necho {code} >/etc/sv/web/code\n{prepare}\n{LINK}"))
}

fn finish_exec_host(code: &str) -> Host {
    ends_with(code, "ln -s /usr/lib/runit/finish-exec /etc/sv/web/finish")
}

/// These codes mean that another try is in vain: finish-exec calls sv d.
fn finish_exec(code: &str) {
    let host = finish_exec_host(code);
    host.await_rest(WEB);
    assert_eq!(host.runs(WEB).len(), 1);
}

/// The services of a user, with one of them.
fn user_services() -> Host {
    let host = Host::up(&[], &format!("mkdir -p /me/.service\nservice /me/.service/mine\n{ONE_USER}"));
    host.sh("mk-runscript --add unprivileged root");
    host
}
