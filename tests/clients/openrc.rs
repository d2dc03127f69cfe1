//! OpenRC's scripts of services that have `supervisor=runit`: openrc-run calls runit_start,
//! runit_stop and runit_status for them.
use crate::host::Host;
use crate::scan::seldom_missed;
use runit_tests::suite::{Case, case};

pub const CASES: &[Case] = &[
    case("openrc_start", || {
        let host = openrc("");
        let done = host.run("/etc/init.d/web start");
        assert_eq!(done.code, Some(0), "{done:?}");
        let pid = host.await_runs(WEB, 1);
        assert_eq!(host.link("/run/openrc/sv/web"), WEB);
        assert!(host.alive(&pid));
        assert!(
            host.sh("/etc/init.d/web status").starts_with(&format!("run: /run/openrc/sv/web: (pid {pid}) "))
        );
    }),
    // OpenRC knows that it is started and does not ask again.
    case("openrc_start_again", || {
        let host = openrc("");
        host.sh("/etc/init.d/web start");
        host.await_runs(WEB, 1);
        host.sh("/etc/init.d/web start");
        assert_eq!(host.runs(WEB).len(), 1);
    }),
    case("openrc_start_one_that_cannot_run", || {
        seldom_missed(|| {
            let host = openrc("printf '#!/nonexistent\\n' >/etc/sv/web/run");
            let done = host.run("SVWAIT=0 /etc/init.d/web start");
            assert!(done.code == Some(1), "{done:?}");
            // Nothing is left behind.
            assert!(!host.has("/run/openrc/sv/web"));
            host.await_end(WEB);
            assert_ne!(host.run("/etc/init.d/web status").code, Some(0));
        })
    }),
    case("openrc_start_without_a_directory", || {
        let host = openrc("rm -r /etc/sv/web");
        let done = host.run("/etc/init.d/web start");
        assert!(done.code == Some(1) && done.err.contains("Runit service /etc/sv/web not found"), "{done:?}");
    }),
    case("openrc_stop", || {
        let host = openrc("");
        host.sh("/etc/init.d/web start");
        let pid = host.await_runs(WEB, 1);
        host.sh("/etc/init.d/web stop");
        assert!(!host.alive(&pid) && !host.has("/run/openrc/sv/web"));
        host.await_end(WEB);
    }),
    case("openrc_restart", || {
        let host = openrc("");
        host.sh("/etc/init.d/web start");
        let old = host.await_runs(WEB, 1);
        host.sh("/etc/init.d/web restart");
        let new = host.await_runs(WEB, 2);
        assert!(!host.alive(&old) && host.alive(&new));
        assert!(
            host.sh("/etc/init.d/web status").starts_with(&format!("run: /run/openrc/sv/web: (pid {new}) "))
        );
    }),
    case("openrc_status_of_a_stopped_one", || {
        let host = openrc("");
        let done = host.run("/etc/init.d/web status");
        assert!(
            done.code != Some(0) && done.out.starts_with("fail: /run/openrc/sv/web: unable to change to"),
            "{done:?}"
        );
    }),
];

const WEB: &str = "/etc/sv/web";

/// A host with OpenRC beside runit, a service of it, and a runsvdir on the directory in which
/// OpenRC links those that it has started.
fn openrc(prepare: &str) -> Host {
    let host = Host::up(&["openrc"], &format!("service /etc/sv/web\n{prepare}\n{OPENRC}"));
    host.eventually("OpenRC's runsvdir", "sv check openrc");
    host
}

/// The directories are those that OpenRC makes when it boots a machine. Variables of the caller
/// reach the scripts only if they are named.
const OPENRC: &str = "mkdir -p /run/openrc/sv
for name in daemons exclusive failed hotplugged inactive options scheduled started starting stopping tmp wasinactive; do
	mkdir /run/openrc/$name
done
echo default >/run/openrc/softlevel
echo 'rc_env_allow=\"SVWAIT\"' >>/etc/rc.conf
printf '#!/sbin/openrc-run\\nsupervisor=runit\\n' >/etc/init.d/web
chmod 755 /etc/init.d/web
service /etc/sv/openrc 'exec runsvdir -P /run/openrc/sv'
ln -s /etc/sv/openrc /etc/runit/runsvdir/default/openrc";
