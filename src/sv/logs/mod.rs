//! `sv --log` without the system: which directory a log service writes to, in which order its files are read, what
//! their stamps mean, and how lines are shown. `src/bin/sv/log` looks and writes.
pub mod find;
pub mod line;
pub mod script;
pub mod shelf;
pub mod stamp;
pub mod wish;

pub use find::Logger;
pub use shelf::Label;
pub use stamp::Stamped;
pub use wish::{Stamps, Wish};
