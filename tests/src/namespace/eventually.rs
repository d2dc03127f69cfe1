//! Waiting in a system of its own, where it costs little.
use crate::place::Output;
use crate::wait::{patience, set_patience};

/// Has a script run again and again until it succeeds. The looking is done inside: from outside each look would take a
/// nsenter(1). In vain, the output is what the script said last.
pub fn eventually(run: impl FnOnce(&str) -> Output, script: &str) -> Output {
    let seconds = patience().as_secs();
    let looks = format!(
        "end=$(($(date +%s) + {seconds}))
        until ( {script} ) >/run/looked 2>&1; do
            test $(date +%s) -lt $end || {{ cat /run/looked; exit 1; }}
            sleep 0.02
        done"
    );
    let before = patience();
    set_patience(before * 2);
    let done = run(&looks);
    set_patience(before);
    done
}
