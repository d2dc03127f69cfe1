//! Soft limits.
use crate::args::number;
use platform::Resource;

/// How much.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// So much, or what the hard limit allows.
    Up(u64),
    /// What the hard limit allows.
    Hard,
}

impl Amount {
    /// The new soft limit under a hard one.
    #[must_use]
    pub fn under(self, hard: u64) -> u64 {
        match self {
            Amount::Up(wanted) => wanted.min(hard),
            Amount::Hard => hard,
        }
    }
}

/// What a word asks for, in the outer `Option` none if it is no number. The numbers are signed: the
/// largest of 64 bits is -1, which stands for the hard limit; other negative ones ask for nothing.
#[must_use]
pub fn amount(word: &[u8]) -> Option<Option<Amount>> {
    match number(word) {
        (u64::MAX, []) => Some(Some(Amount::Hard)),
        (value, []) if i64::try_from(value).is_err() => Some(None),
        (value, []) => Some(Some(Amount::Up(value))),
        (_, _) => None,
    }
}

/// In this order they are set.
pub const ORDER: [Resource; 10] = [
    Resource::Data,
    Resource::Stack,
    Resource::Locked,
    Resource::AddressSpace,
    Resource::Files,
    Resource::Processes,
    Resource::FileSize,
    Resource::Core,
    Resource::Resident,
    Resource::Cpu,
];

/// The four that `-m` means.
pub const MEMORY: [Resource; 4] = [Resource::Data, Resource::Stack, Resource::Locked, Resource::AddressSpace];

/// What was asked for, by resource; the last word counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits([Option<Amount>; ORDER.len()]);

impl Limits {
    /// Asks for an amount, or no longer.
    pub fn set(&mut self, resources: &[Resource], amount: Option<Amount>) {
        for (slot, resource) in self.0.iter_mut().zip(ORDER) {
            if resources.contains(&resource) {
                *slot = amount;
            }
        }
    }

    /// What was asked for, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Resource, Amount)> + use<> {
        ORDER.into_iter().zip(self.0).filter_map(|(resource, amount)| Some((resource, amount?)))
    }
}

/// What a system lacks that does not know a resource.
#[must_use]
pub const fn lacking(resource: Resource) -> &'static str {
    match resource {
        Resource::Data => "system does not support RLIMIT_DATA",
        Resource::Stack => "system does not support RLIMIT_STACK",
        Resource::Locked => "system does not support RLIMIT_MEMLOCK",
        Resource::AddressSpace => "system does neither support RLIMIT_VMEM nor RLIMIT_AS",
        Resource::Files => "system does neither support RLIMIT_NOFILE nor RLIMIT_OFILE",
        Resource::Processes => "system does not support RLIMIT_NPROC",
        Resource::FileSize => "system does not support RLIMIT_FSIZE",
        Resource::Core => "system does not support RLIMIT_CORE",
        Resource::Resident => "system does not support RLIMIT_RSS",
        Resource::Cpu => "system does not support RLIMIT_CPU",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(amount(b"0"), Some(Some(Amount::Up(0))));
        assert_eq!(amount(b""), Some(Some(Amount::Up(0))), "as it always was");
        assert_eq!(amount(b"1000000"), Some(Some(Amount::Up(1_000_000))));
        assert_eq!(amount(b"9223372036854775807"), Some(Some(Amount::Up(i64::MAX as u64))));
        assert_eq!(amount(b"9223372036854775808"), Some(None));
        assert_eq!(amount(b"18446744073709551614"), Some(None));
        assert_eq!(amount(b"18446744073709551615"), Some(Some(Amount::Hard)));
        for word in [b"1k".as_slice(), b"-1", b"=", b"x", b" 1", b"1 "] {
            assert_eq!(amount(word), None);
        }
    }

    #[test]
    fn never_above_the_hard_limit() {
        assert_eq!(Amount::Up(5).under(4), 4);
        assert_eq!(Amount::Up(5).under(u64::MAX), 5);
        assert_eq!(Amount::Hard.under(7), 7);
    }

    #[test]
    fn the_last_word_counts() {
        let mut limits = Limits::default();
        limits.set(&[Resource::Data], Some(Amount::Up(1)));
        limits.set(&[Resource::Cpu], Some(Amount::Up(9)));
        limits.set(&MEMORY, Some(Amount::Up(2)));
        limits.set(&[Resource::Stack], Some(Amount::Hard));
        limits.set(&[Resource::Locked], None);
        let all: Vec<_> = limits.iter().collect();
        assert_eq!(
            all,
            [
                (Resource::Data, Amount::Up(2)),
                (Resource::Stack, Amount::Hard),
                (Resource::AddressSpace, Amount::Up(2)),
                (Resource::Cpu, Amount::Up(9)),
            ]
        );
    }
}
