//! Services that need each other would wait for ever. The last of them that began to wait sees all the others wait,
//! and does without the link that closes the circle.
use super::{PATH, find};
use crate::fixed::Text;
use crate::need::{Lack, NAME, Need};
use crate::service_directory::{NEEDS, STATE};
use crate::state::{Glance, LENGTH};
use crate::supervised::read;
use platform::{Fd, FileId, Open, Platform, Stamp};

/// So many services are followed. A longer circle waits until somebody opens it.
const HOPS: u32 = 64;

/// The service that asks, since it waits.
#[derive(Clone, Copy)]
pub(super) struct Asker {
    pub(super) scan: Fd,
    /// Its supervise directory, which is its own even where its directory is a template's.
    pub(super) own: FileId,
    /// Since when it waits.
    pub(super) since: Stamp,
}

impl Asker {
    /// Whether what is waited for waits, through others, for the asker, and all of them have done so for longer.
    /// `names` gets the entries that lead there.
    #[inline(never)]
    pub(super) fn closes<P: Platform>(self, p: &mut P, first: &[u8], names: &mut Text<PATH>) -> bool {
        let (mut here, mut scan) = (Fd::CWD, self.scan);
        let mut name = Text::<PATH>::of(&[first]);
        let mut found = false;
        for _ in 0..HOPS {
            let Ok((next, link)) = find(p, here, scan, name.bytes(), b"") else { break };
            let supervise = super::supervise(p, here, scan, name.bytes());
            let parent = if link { p.openat(next, c"..", Open::Read).unwrap_or(Fd(-1)) } else { scan };
            if link {
                close(p, scan, self.scan);
            }
            close(p, here, Fd::CWD);
            (here, scan) = (next, parent);
            names.add_all(&[b" ", name.bytes()]);
            let Ok(place) = supervise else { break };
            let id = p.fstat(place).map(|found| found.id());
            if id == Ok(self.own) {
                p.close(place);
                found = true;
                break;
            }
            let inode = id.map_or(0, |id| id.inode);
            let next = waits_for(p, here, place, (self.since, self.own.inode), inode);
            p.close(place);
            match next {
                Some(next) => name = next,
                None => break,
            }
        }
        close(p, here, Fd::CWD);
        close(p, scan, self.scan);
        found
    }
}

fn close<P: Platform>(p: &mut P, fd: Fd, but: Fd) {
    if fd != but && fd.0 >= 0 {
        p.close(fd);
    }
}

/// The entry that the service of a directory waits for, if it began to before that.
fn waits_for<P: Platform>(
    p: &mut P,
    service: Fd,
    place: Fd,
    before: (Stamp, u64),
    inode: u64,
) -> Option<Text<PATH>> {
    let mut line = [0; LENGTH];
    read(p, place, STATE, &mut line);
    let told = Glance::of(&line).filter(|told| told.doing() == b"waiting")?;
    if (told.since(), inode) > before {
        return None;
    }
    // What the line tells of a name may be less than the name.
    let mut entries = p.open_dir(service, NEEDS).ok()?;
    let mut found = None;
    for _ in 0..super::ENTRIES {
        let Ok(Some(name)) = p.next_name(&mut entries) else { break };
        let name = name.to_bytes();
        if Need::new(name, Lack::NotReady).name() == told.need() && name.len() < NAME * 4 {
            found = Some(Text::of(&[name]));
            break;
        }
    }
    p.close_dir(entries);
    found
}
