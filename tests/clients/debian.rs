//! Debian's stages, and the scripts that its packages run when they are installed.
use crate::host::Host;
use runit_tests::namespace::How;
use runit_tests::suite::{Case, case};

pub const CASES: &[Case] = &[case("debian_stages", || {
    let host = Host::up(&[], "service /etc/sv/web\nln -s /etc/sv/web /etc/runit/runsvdir/default/web");
    host.await_runs("/etc/sv/web", 1);
    host.sh("init 0");
    let end = host.into_machine().end();
    assert_eq!(end.how, How::PoweredOff);
    assert!(
        end.lines.iter().any(|line| line.starts_with("ok: down: /etc/service/web: ")),
        "{:#?}",
        end.lines
    );
})];
