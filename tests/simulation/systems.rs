//! Which system's kernel a schedule runs on.
use platform_sim::{LINUX, Machine, Random, SYSTEMS};
use std::sync::OnceLock;

/// The system that `SIM_SYSTEM` names.
fn named() -> Option<Machine> {
    static NAMED: OnceLock<Option<Machine>> = OnceLock::new();
    *NAMED.get_or_init(|| {
        let name = std::env::var("SIM_SYSTEM").ok()?;
        let found = SYSTEMS.into_iter().find(|system| system.name == name);
        Some(found.unwrap_or_else(|| panic!("SIM_SYSTEM: no such system: {name}")))
    })
}

/// The system of a schedule: Linux for half of them, and each of the others for a tenth.
pub(crate) fn of(random: &mut Random) -> Machine {
    let draw = usize::try_from(random.below(10)).unwrap_or(0);
    named().unwrap_or_else(|| SYSTEMS.get(draw + 1).copied().unwrap_or(LINUX))
}

/// The systems that single stories are told on.
pub(crate) fn all() -> Vec<Machine> {
    named().map_or_else(|| SYSTEMS.to_vec(), |system| vec![system])
}
