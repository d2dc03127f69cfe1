//! What every daemon does that cannot start: it ends, and is given up soon, with its exit code.
use crate::page;
use crate::world::{Plan, with};
use platform::Ended;
use runit::state::Doing;
use std::time::Instant;

/// Two ends are enough here.
const LIMIT: (&str, &str) = ("restart-limit", "2 60\n");

/// With which codes it refuses to start, as the page says: for its port, and for its configuration.
pub fn codes(name: &str) -> [u8; 2] {
    let rows = page::rows();
    let row = rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("no row for {name}"));
    let codes: Vec<u8> = row[5].split(", ").filter_map(|code| code.parse().ok()).collect();
    match codes[..] {
        [one] => [one, one],
        [port, configuration] => [port, configuration],
        _ => panic!("no codes for {name}"),
    }
}

/// A start with `before` done fails at once and says why; with `after` done, it starts.
pub fn refused(plan: Plan, name: &str, code: u8, before: &str, after: &str, says: &str) {
    let world = plan.down().file(&format!("{name}/{}", LIMIT.0), LIMIT.1).boot();
    world.sh(before);
    let began = Instant::now();
    let failed = format!("{name}: Ts, failed (2 ends in 60 s, last: exit {code})");
    world.sv(&format!("start {name}"), &format!("fail: down: {failed}"));
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    let state = world.state(name);
    assert_eq!((state.doing, state.starts), (Doing::Failed, 2));
    assert!(matches!(state.last, Some((Ended::Exit(found), _)) if found == code), "{state:?}");
    world.said(name, says);
    world.sv(&format!("status {name}"), &format!("down: {failed}"));
    world.sh(after);
    world.sv(&format!("start {name}"), &format!("ok: run: {name}: (pid p) Ts, normally down"));
}

/// Somebody else has its port.
pub fn port_taken(name: &str, port: u16, says: &str) {
    port_taken_by(with(&[name]), name, port, says);
}

/// The same with another configuration.
pub fn port_taken_by(plan: Plan, name: &str, port: u16, says: &str) {
    let taken = format!(
        "redis-server --port {port} --bind 127.0.0.1 --dir /tmp --save '' --daemonize yes --pidfile /tmp/other.pid
        until redis-cli -p {port} ping; do sleep 0.05; done"
    );
    let [code, _] = codes(name);
    refused(
        plan,
        name,
        code,
        &taken,
        &format!("redis-cli -p {port} shutdown nosave; ! redis-cli -p {port} ping"),
        says,
    );
}

/// Its configuration is wrong.
pub fn bad_configuration(name: &str, file: &str, line: &str, says: &str) {
    let before = format!("cp -p {file} /tmp/good; printf '%s\\n' '{line}' >>{file}");
    let [_, code] = codes(name);
    refused(with(&[name]), name, code, &before, &format!("cp -p /tmp/good {file}"), says);
}
