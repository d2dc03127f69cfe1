//! svlogd: writes its input to log directories, which it keeps in order.
mod config;
mod input;
mod life;
mod lines;
mod name;
mod options;
mod pattern;
mod processor;
mod stamp;

pub use config::{Config, Udp, Wrong as WrongLine, compact};
pub use input::Input;
pub use life::{Action, Event, Goal, Life};
pub use lines::{Job, Lines, Need};
pub use name::{Kind, Label, Name, Survey};
pub use options::{Options, Replace, Wrong};
pub use pattern::matches;
pub use processor::{Action as WorkAction, Event as WorkEvent, Processor, Settle};
pub use stamp::{Stamper, Style};
