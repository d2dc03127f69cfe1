//! The system as the commands see it: with std, on top of nix.

pub mod about;
pub mod beside;
pub mod changes;
pub mod check;
pub mod console;
pub mod datagrams;
pub mod directory;
pub mod entry;
pub mod files;
pub mod filter;
pub mod growth;
pub mod ids;
pub mod limits;
pub mod links;
pub mod locks;
pub mod logins;
pub mod mounts;
#[cfg(runit_musl)]
mod musl;
pub mod notice;
pub mod processes;
pub mod program;
pub mod terminal;
pub mod timezone;

/// The result of everything that can fail: runit's errors, which know runit's texts.
pub type Result<T> = core::result::Result<T, platform::Errno>;

/// So often what tells of changes is read before the caller goes on: changes that never stop do not hold it up.
#[cfg(all(target_os = "linux", not(runit_force_poll)))]
const READS: u32 = 16;

/// Whether what only Linux can do is relied on; two ways to build on Linux do without, as other systems have to.
const AS_LINUX: bool = cfg!(all(target_os = "linux", not(runit_force_poll), not(runit_portable_watch)));

fn wrong(error: nix::errno::Errno) -> platform::Errno {
    platform::Errno(error as i32)
}

/// A test that forks has, for a moment, copies of what other tests hold open. Those to whom that
/// matters run one at a time.
#[cfg(test)]
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
