//! A control script that calls sv. Its supervisor waits for it and reads no commands meanwhile, so sv
//! must not wait for the supervisor.
use crate::home::Home;
use platform_host::processes;
use runit::runsv::CONTROL;

/// The control script that sv was called by.
#[derive(Debug)]
pub struct Caller {
    device: u64,
    inode: u64,
}

impl Caller {
    /// From the variable that runsv sets for its control scripts: the directory of the service, or the supervise
    /// directory that is not in there, and the process of the script. A program that the script left running has the variable too, so the script
    /// must still be there.
    pub fn find() -> Option<Caller> {
        let value = std::env::var(CONTROL.to_str().ok()?).ok()?;
        let mut numbers = value.split(':').map(str::parse::<u64>);
        let (Some(Ok(device)), Some(Ok(inode)), Some(Ok(script)), None) =
            (numbers.next(), numbers.next(), numbers.next(), numbers.next())
        else {
            return None;
        };
        let script = i32::try_from(script).ok()?;
        processes::is_there(script).then_some(Caller { device, inode })
    }

    /// Whether that is the script's own service.
    pub fn is_from(&self, service: &Home<'_>) -> bool {
        service.identity().is_ok_and(|found| found == (self.device, self.inode))
    }
}
