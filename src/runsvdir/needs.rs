//! Which services others need: their `needs/` are looked into when all are to end.
use super::perform::{Runsvdir, identity};
use super::services::Services;
use crate::fixed::Text;
use crate::msg::ROOM;
use core::ffi::CStr;
use platform::{Fd, FileId, Kind, Open, Platform};

/// So many entries of one service are looked at, as by its supervisor.
const ENTRIES: u32 = 1024;

impl<D> Runsvdir<'_, D> {
    /// Marks what those need that are left. What cannot be looked at needs nothing.
    #[inline(never)]
    pub(super) fn mark<P: Platform<Dir = D>>(&self, p: &mut P, services: &mut Services) {
        let Ok(place) = p.open(self.dir, Open::Read) else { return };
        if let Ok(mut names) = p.open_dir(place, c".") {
            while let Ok(Some(name)) = p.next_name(&mut names) {
                if name.to_bytes().starts_with(b".") {
                    continue;
                }
                if let Ok(found) = p.fstatat(place, name) {
                    let id = identity(p, place, name.to_bytes(), found.id());
                    if services.is_left(id) {
                        mark_needs(p, services, place, name, id);
                    }
                }
            }
            p.close_dir(names);
        }
        p.close(place);
    }
}

/// Marks what one service needs.
fn mark_needs<P: Platform>(p: &mut P, services: &mut Services, place: Fd, service: &CStr, own: FileId) {
    let needs = Text::<ROOM>::of(&[service.to_bytes(), b"/needs"]);
    let Ok(mut entries) = p.open_dir(place, needs.as_c()) else { return };
    for _ in 0..ENTRIES {
        let Ok(Some(name)) = p.next_name(&mut entries) else { break };
        if name.to_bytes().starts_with(b".") {
            continue;
        }
        let entry = Text::<ROOM>::of(&[needs.bytes(), b"/", name.to_bytes()]);
        let link = p.readlinkat(place, entry.as_c(), &mut [0]).is_ok();
        let led = if link { Some(p.fstatat(place, entry.as_c())) } else { None };
        let found = match led {
            // What leads nowhere, or to a directory, is no name.
            Some(led) if led.is_ok_and(|led| led.kind == Kind::Directory) || led.is_err() => {
                led.map(|found| (found, found.id()))
            }
            Some(_) | None => {
                p.fstatat(place, name).map(|found| (found, identity(p, place, name.to_bytes(), found.id())))
            }
        };
        if let Ok((_, id)) = found {
            if id != own {
                services.need(id);
            }
        }
    }
    p.close_dir(entries);
}
