//! The kernel in memory, for tests of the programs that run for ever.
//!
//! Nothing here is a sketch of a mock: files, pipes, processes and signals behave as the traits
//! say, time passes only when a program waits, and whatever may differ between two runs comes out
//! of one seed, so that a failing run can be repeated.

mod random;

pub use random::Random;
