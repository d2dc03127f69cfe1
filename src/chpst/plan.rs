//! The list of steps.
use super::limit::{Amount, Limits};
use platform::Resource;

/// Somebody, as typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Account<'a> {
    /// As `-u` and `-U` have it: see [`super::account::parse`].
    Text(&'a [u8]),
    /// The name of a user, whatever it looks like.
    Name(&'a [u8]),
}

/// One change of the state that the program is going to have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step<'a> {
    /// Lead a session. It is no failure if the process does already.
    Session,
    /// Set variables from the files of a directory.
    Environment {
        /// The directory.
        dir: &'a [u8],
        /// Whether a directory among the files is a failure, or passed by.
        strict: bool,
    },
    /// Change the root directory.
    Root(&'a [u8]),
    /// Change the current directory.
    Directory(&'a [u8]),
    /// Add to the nice level.
    Nice(i32),
    /// Set the variables GID and UID.
    Name(Account<'a>),
    /// Become somebody: groups, group, user, in this order.
    Become {
        /// The user.
        account: Account<'a>,
        /// In all groups of the user as well.
        groups: bool,
    },
    /// Take a lock, and keep it.
    Lock {
        /// The file.
        file: &'a [u8],
        /// Whether to wait for the process that has it.
        wait: bool,
    },
    /// Close one of the standard descriptors.
    Close(u8),
    /// Change a soft limit.
    Limit(Resource, Amount),
    /// Set the file mode creation mask.
    Umask(u32),
    /// Give up to gain privileges by executing something.
    NoNewPrivileges,
}

/// The state that a program shall have, and the program. Order is not the caller's affair.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Plan<'a> {
    /// [`Step::Session`].
    pub session: bool,
    /// The directory of [`Step::Environment`].
    pub environment: Option<&'a [u8]>,
    /// [`Step::Environment`]'s.
    pub strict: bool,
    /// [`Step::Root`].
    pub root: Option<&'a [u8]>,
    /// [`Step::Directory`].
    pub directory: Option<&'a [u8]>,
    /// [`Step::Nice`].
    pub nice: i32,
    /// [`Step::Name`].
    pub name: Option<Account<'a>>,
    /// The account of [`Step::Become`].
    pub account: Option<Account<'a>>,
    /// [`Step::Become`]'s.
    pub groups: bool,
    /// File and `wait` of [`Step::Lock`].
    pub lock: Option<(&'a [u8], bool)>,
    /// [`Step::Close`] for each.
    pub close: [bool; 3],
    /// [`Step::Limit`] for each.
    pub limits: Limits,
    /// [`Step::Umask`].
    pub umask: Option<u32>,
    /// [`Step::NoNewPrivileges`].
    pub no_new_privileges: bool,
    /// Warn of what the system does not support and of what is passed by.
    pub verbose: bool,
    /// Be silent about a lock that cannot be had and a program that cannot be run, and exit 0.
    pub quiet: bool,
    /// What the program is told that its name is, if not the word itself.
    pub argv0: Option<&'a [u8]>,
    /// The index of the word that names the program.
    pub program: usize,
}

impl<'a> Plan<'a> {
    /// What to do, in order. Ids are changed after everything that needs rights, and before the
    /// lock's file is opened; what makes the rest harder comes last.
    pub fn steps(&self) -> impl Iterator<Item = Step<'a>> + use<'a> {
        let (strict, groups) = (self.strict, self.groups);
        let first = [
            self.session.then_some(Step::Session),
            self.environment.map(|dir| Step::Environment { dir, strict }),
            self.root.map(Step::Root),
            self.directory.map(Step::Directory),
            (self.nice != 0).then_some(Step::Nice(self.nice)),
            self.name.map(Step::Name),
            self.account.map(|account| Step::Become { account, groups }),
            self.lock.map(|(file, wait)| Step::Lock { file, wait }),
        ];
        let close = self.close;
        let close = (0..3).zip(close).filter_map(|(fd, close)| close.then_some(Step::Close(fd)));
        let limits = self.limits.iter().map(|(resource, amount)| Step::Limit(resource, amount));
        let last = [self.umask.map(Step::Umask), self.no_new_privileges.then_some(Step::NoNewPrivileges)];
        first.into_iter().flatten().chain(close).chain(limits).chain(last.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_fixed() {
        let mut limits = Limits::default();
        limits.set(&[Resource::Cpu, Resource::Data], Some(Amount::Up(1)));
        let plan = Plan {
            session: true,
            environment: Some(b"e"),
            root: Some(b"r"),
            directory: Some(b"c"),
            nice: 1,
            name: Some(Account::Text(b"U")),
            account: Some(Account::Text(b"u")),
            lock: Some((b"l", true)),
            close: [true, false, true],
            limits,
            umask: Some(0o22),
            no_new_privileges: true,
            ..Plan::default()
        };
        assert_eq!(
            plan.steps().collect::<Vec<_>>(),
            [
                Step::Session,
                Step::Environment { dir: b"e", strict: false },
                Step::Root(b"r"),
                Step::Directory(b"c"),
                Step::Nice(1),
                Step::Name(Account::Text(b"U")),
                Step::Become { account: Account::Text(b"u"), groups: false },
                Step::Lock { file: b"l", wait: true },
                Step::Close(0),
                Step::Close(2),
                Step::Limit(Resource::Data, Amount::Up(1)),
                Step::Limit(Resource::Cpu, Amount::Up(1)),
                Step::Umask(0o22),
                Step::NoNewPrivileges,
            ]
        );
        assert_eq!(Plan::default().steps().count(), 0);
    }
}
