//! When all are to end, their directories are looked into: for which others they need, and for whom to have them
//! killed.
use super::main_service::open_supervise;
use super::perform::{Runsvdir, identity};
use super::services::Services;
use crate::fixed::Text;
use crate::msg::ROOM;
use crate::protocol::Letter;
use crate::supervised;
use crate::voice::Voice;
use core::ffi::CStr;
use platform::{Fd, FileId, Open, Platform};

/// So many entries of one service are looked at, as by its supervisor.
const ENTRIES: u32 = 1024;

impl<D> Runsvdir<'_, D> {
    /// Marks what those need that are left; what cannot be looked at needs nothing. Or has the services of all
    /// supervisors killed.
    #[inline(never)]
    pub(super) fn visit<P: Platform<Dir = D>>(&self, p: &mut P, services: &mut Services, kills: bool) {
        let Ok(place) = p.open(self.dir, Open::Read) else { return };
        if let Ok(mut names) = p.open_dir(place, c".") {
            while let Ok(Some(name)) = p.next_name(&mut names) {
                if name.to_bytes().starts_with(b".") {
                    continue;
                }
                if let Ok(found) = p.fstatat(place, name) {
                    let id = identity(p, place, name.to_bytes(), found.id());
                    if kills {
                        if services.is_running(id) {
                            kill_service(p, self.voice, place, name);
                        }
                    } else if services.is_left(id) {
                        mark_needs(p, services, place, name, id);
                    }
                }
            }
            p.close_dir(names);
        }
        p.close(place);
    }
}

/// Has a service killed by its supervisor.
fn kill_service<P: Platform>(p: &mut P, voice: Voice<'_>, place: Fd, service: &CStr) {
    let name = service.to_bytes();
    voice.warn(p, &[name, b" does not end, it is killed"], None);
    if let Ok(supervise) = open_supervise(p, place, name) {
        supervised::tell(p, supervise, Letter::Kill);
        p.close(supervise);
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
        let id = match supervised::led(p, place, entry.as_c()) {
            Some(led) => led.map(|found| found.id()),
            None => p.fstatat(place, name).map(|found| identity(p, place, name.to_bytes(), found.id())),
        };
        if let Some(id) = id.ok().filter(|id| *id != own) {
            services.need(id);
        }
    }
    p.close_dir(entries);
}
