//! Measuring: what a process weighs, how long a thing takes, and whether that is within budget.

pub mod budget;
pub mod loggers;
pub mod metrics;
pub use runit_tests::process;
pub mod report;
pub mod times;
pub mod tree;
