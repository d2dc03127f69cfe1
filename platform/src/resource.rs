//! What a system can limit for a process.

/// A resource with a soft and a hard limit (getrlimit(2)). Not every system has all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resource {
    /// RLIMIT_DATA.
    Data,
    /// RLIMIT_STACK.
    Stack,
    /// RLIMIT_MEMLOCK.
    Locked,
    /// RLIMIT_VMEM or RLIMIT_AS.
    AddressSpace,
    /// RLIMIT_NOFILE.
    Files,
    /// RLIMIT_NPROC.
    Processes,
    /// RLIMIT_FSIZE.
    FileSize,
    /// RLIMIT_CORE.
    Core,
    /// RLIMIT_RSS.
    Resident,
    /// RLIMIT_CPU.
    Cpu,
}
