//! Boots systems under QEMU and walks through scenarios on them: stages 1, 2 and 3, services, requests,
//! ends. Systems (`systems/NAME/system`) and scenarios (`scenarios/*`) are data.

pub mod accel;
pub mod binaries;
pub mod directive;
pub mod doctor;
pub mod fetch;
pub mod follow;
pub mod image;
pub mod machine;
pub mod options;
pub mod pattern;
pub mod prepare;
pub mod qmp;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod system;
