//! Where a system writes down who is logged in.
use core::ffi::CStr;

/// A field of a record: where it begins and how long it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its first byte.
    pub at: usize,
    /// Its length.
    pub len: usize,
}

impl Field {
    const fn new(at: usize, len: usize) -> Field {
        Field { at, len }
    }
}

/// The type of a record, a number of 16 bits, and some of the values it can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    /// Where it is.
    pub at: usize,
    /// Another run level: the system goes down.
    pub level: u16,
    /// The system came up.
    pub boot: u16,
    /// A getty that waits for a name.
    pub login: u16,
    /// Somebody who is logged in.
    pub user: u16,
    /// Nobody any more.
    pub dead: u16,
}

/// A record of a file of logins. Numbers have the byte order of the machine; text ends at the end
/// of its field or at a byte 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// The length of a record.
    pub size: usize,
    /// The type, where there is one.
    pub kind: Option<Kind>,
    /// The terminal.
    pub line: Field,
    /// The terminal's short name, where there is one.
    pub id: Option<Field>,
    /// The user; nobody if it is empty.
    pub user: Field,
    /// Where the user comes from.
    pub host: Field,
    /// Seconds since 1970, 4 or 8 bytes.
    pub seconds: Field,
}

const SYSTEM_V: Option<Kind> = Some(Kind { at: 0, level: 1, boot: 2, login: 6, user: 7, dead: 8 });

impl Layout {
    /// utmp(5) of the GNU C library on most machines: times are of 32 bits whatever the machine.
    /// Programs linked with another library write the same records, as they are read by those
    /// that are not.
    pub const GNU: Layout = Layout {
        size: 384,
        kind: SYSTEM_V,
        line: Field::new(8, 32),
        id: Some(Field::new(40, 4)),
        user: Field::new(44, 32),
        host: Field::new(76, 256),
        seconds: Field::new(340, 4),
    };

    /// The same on the machines that came last: session and times are of 64 bits.
    pub const GNU_64: Layout = Layout { size: 400, seconds: Field::new(344, 8), ..Layout::GNU };

    /// utmp(5) of OpenBSD. There is no type.
    pub const OPENBSD: Layout = Layout {
        size: 304,
        kind: None,
        line: Field::new(0, 8),
        id: None,
        user: Field::new(8, 32),
        host: Field::new(40, 256),
        seconds: Field::new(296, 8),
    };

    /// The old utmp(5) of NetBSD, beside utmpx(5), which is for its C library alone.
    pub const NETBSD: Layout = Layout {
        size: 40,
        kind: None,
        line: Field::new(0, 8),
        id: None,
        user: Field::new(8, 8),
        host: Field::new(16, 16),
        seconds: Field::new(32, 8),
    };
}

/// Two files, one of who is logged in and one of all that ever were.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Logins {
    /// What the records look like.
    pub layout: Layout,
    /// Who is logged in.
    pub utmp: &'static CStr,
    /// Who was.
    pub wtmp: &'static CStr,
}

/// This system's; `None` if it has no such files, only functions of its C library (pututxline(3)).
pub const LOGINS: Option<Logins> = if cfg!(target_os = "linux") {
    let new = cfg!(any(target_arch = "aarch64", target_arch = "s390x", target_arch = "loongarch64"));
    let layout = if new { Layout::GNU_64 } else { Layout::GNU };
    Some(Logins { layout, utmp: c"/var/run/utmp", wtmp: c"/var/log/wtmp" })
} else if cfg!(target_os = "openbsd") {
    Some(Logins { layout: Layout::OPENBSD, utmp: c"/var/run/utmp", wtmp: c"/var/log/wtmp" })
} else if cfg!(target_os = "netbsd") {
    Some(Logins { layout: Layout::NETBSD, utmp: c"/var/run/utmp", wtmp: c"/var/log/wtmp" })
} else {
    None
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_in_the_record_and_apart() {
        for layout in [Layout::GNU, Layout::GNU_64, Layout::OPENBSD, Layout::NETBSD] {
            let kind = layout.kind.map(|kind| Field::new(kind.at, 2));
            let mut end = kind.map_or(0, |kind| kind.at + kind.len);
            let fields =
                [Some(layout.line), layout.id, Some(layout.user), Some(layout.host), Some(layout.seconds)];
            for field in fields.into_iter().flatten() {
                assert!(field.at >= end, "{layout:?}");
                end = field.at + field.len;
            }
            assert!(end <= layout.size && layout.size % 8 == 0);
        }
    }

    /// The C library of this machine, where it is GNU's, has the same idea.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn as_the_c_library_has_it() {
        use core::mem::{offset_of, size_of};
        type Record = libc::utmpx;
        let layout = LOGINS.unwrap().layout;
        assert_eq!(layout.size, size_of::<Record>());
        assert_eq!(layout.line.at, offset_of!(Record, ut_line));
        assert_eq!(layout.id.unwrap().at, offset_of!(Record, ut_id));
        assert_eq!(layout.user.at, offset_of!(Record, ut_user));
        assert_eq!(layout.host.at, offset_of!(Record, ut_host));
        assert_eq!(layout.seconds.at, offset_of!(Record, ut_tv));
    }
}
