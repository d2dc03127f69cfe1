//! What only process 1 does, as the system's back-end does it.
use super::{Os, console};
use crate::back_end::System;
use crate::{Boot, How, Pid, Request, Result, Signal};

/// What signals ask of process 1 on this system: what [`Boot::requests`] says, known before anything runs.
pub const REQUESTS: &[(Signal, Request)] = <Os as System>::REQUESTS;

impl Boot for Os {
    const NATIVE: bool = Request::any_native(<Os as System>::REQUESTS);

    fn early(&mut self) {
        <Os as System>::early();
    }
    fn boot_already_done(&mut self) -> bool {
        <Os as System>::boot_already_done()
    }
    fn console(&mut self) {
        console::reopen();
    }
    fn requests(&self) -> &'static [(Signal, Request)] {
        REQUESTS
    }
    fn arm_ctrl_alt_del(&mut self) {
        <Os as System>::arm_ctrl_alt_del();
    }
    fn enter_multiuser(&mut self) {
        <Os as System>::enter_multiuser();
    }
    fn power(&mut self, how: How, sync: bool) -> Result<Option<Pid>> {
        <Os as System>::power(how, sync)
    }
}
