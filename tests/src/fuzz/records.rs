//! Records in files.
use super::Target;
use platform::{Field, Layout, Stamp};
use runit::status::{Record, SIZE, State};
use runit::utmpset::{find, record};

/// A file of logins: the length of the line that is asked for, the line, then records.
pub const LOGIN: Target =
    Target { name: "utmpset_login", body: login, words: &["tty1", "tty1\0", "me", "\x07\0", "\x06\0", "~"] };

/// Records of the GNU C library with short fields.
const SMALL: Layout = Layout {
    size: 24,
    line: Field { at: 2, len: 6 },
    id: None,
    user: Field { at: 8, len: 4 },
    host: Field { at: 12, len: 4 },
    seconds: Field { at: 16, len: 4 },
    kind: Layout::GNU.kind,
};

fn login(input: &[u8]) -> bool {
    let Some((length, rest)) = input.split_first() else { return false };
    let (line, file) = rest.split_at(usize::from(length % 8).min(rest.len()));
    let line = &line[..line.iter().position(|byte| *byte == 0).unwrap_or(line.len())];
    let plain = Layout { kind: None, ..SMALL };
    let mut any = false;
    for layout in [&SMALL, &plain] {
        let mut obvious = None;
        for (number, record) in file.chunks(layout.size).enumerate() {
            let kind = u16::from_ne_bytes([record[0], *record.get(1).unwrap_or(&0)]);
            let text = |field: Field| {
                let bytes = &record[field.at..field.at + field.len];
                bytes[..bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len())].to_vec()
            };
            let whole = record.len() == layout.size;
            let right = layout.kind.is_none() || kind == 6 || kind == 7;
            if obvious.is_none()
                && whole
                && right
                && !text(layout.user).is_empty()
                && text(layout.line) == line
            {
                obvious = Some(number * layout.size);
            }
        }
        let found = find(layout, file, line);
        assert_eq!(found.map(|entry| entry.at), obvious);
        if let Some(entry) = found {
            any = true;
            changed(layout, file, entry.at, |after| entry.end(layout, after, 0x0102_0304));
        }
        let mut made = vec![0xee; layout.size];
        record(layout, &mut made, line, 1);
        assert_eq!(made[layout.user.at], 0);
        assert!(made[layout.line.at..].starts_with(&line[..line.len().min(layout.line.len)]));
    }
    any
}

/// Ends a login: nothing changes but the four fields of its record.
fn changed(layout: &Layout, file: &[u8], at: usize, end: impl FnOnce(&mut [u8])) {
    let mut after = file.to_vec();
    end(&mut after);
    assert_eq!(after.len(), file.len());
    let fields = [
        layout.user,
        layout.host,
        layout.seconds,
        Field { at: 0, len: if layout.kind.is_some() { 2 } else { 0 } },
    ];
    for (index, (old, new)) in file.iter().zip(&after).enumerate() {
        let inside = index.checked_sub(at).is_some_and(|index| {
            fields.iter().any(|field| (field.at..field.at + field.len).contains(&index))
        });
        assert!(inside || old == new, "byte {index}");
    }
    let cleared = [layout.user, layout.host];
    assert!(cleared.iter().all(|field| after[at + field.at..][..field.len].iter().all(|byte| *byte == 0)));
}

/// `supervise/status`.
pub const STATUS: Target = Target {
    name: "runsv_status",
    body: status,
    words: &["@\0\0\0", "u\0\x01", "d\x01\x01", "\0\0\0\0", "\x02"],
};

fn status(input: &[u8]) -> bool {
    let Ok(bytes) = <[u8; SIZE]>::try_from(input) else { return false };
    let found = Record::decode(&bytes);
    let since = u64::from_be_bytes(bytes[..8].try_into().expect("8 bytes"));
    let nanos = u32::from_be_bytes(bytes[8..12].try_into().expect("4 bytes"));
    let label = (1_u64 << 62) + 10;
    if since >= label && nanos < 1_000_000_000 {
        assert_eq!(found.since, Stamp { secs: since - label, nanos });
    }
    assert_eq!(found.pid.to_le_bytes(), bytes[12..16]);
    assert_eq!([found.paused, found.want, found.got_term], bytes[16..19]);
    let states = [Some(State::Down), Some(State::Run), Some(State::Finish)];
    assert_eq!(found.state, states.get(usize::from(bytes[19])).copied().flatten());
    true
}
