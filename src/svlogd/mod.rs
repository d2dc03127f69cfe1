//! svlogd: writes its input to log directories, which it keeps in order.
mod config;
mod name;
mod options;
mod pattern;
mod stamp;

pub use config::{Config, Udp, Wrong as WrongLine, compact};
pub use name::{Kind, Label, Name, Survey};
pub use options::{Options, Replace, Wrong};
pub use pattern::matches;
pub use stamp::{Stamper, Style};
