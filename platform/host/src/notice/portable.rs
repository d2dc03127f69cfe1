//! The watch of the supervisors ([`platform::Watch`]: kqueue, event ports), one for each directory. It
//! does not tell what changed.
//!
//! `--cfg runit_portable_watch` uses it on Linux.
use super::Notice;
use platform::{Os, Watch as _};
use std::cell::RefCell;
use std::ffi::CStr;
use std::os::fd::BorrowedFd;

/// A directory that is watched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place(usize);

/// So many are watched: each takes three descriptors or more, and some systems give a program 256.
const MOST: usize = 32;

/// Watches directories. What is watched stays where it is: event ports know it by its address.
#[allow(clippy::vec_box)] // A vector alone moves what is in it when it grows.
pub struct Watch(RefCell<Vec<Box<Os>>>);

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Watch").field(&self.0.borrow().len()).finish()
    }
}

impl Watch {
    /// `None` if the system cannot.
    #[must_use]
    pub fn new() -> Option<Watch> {
        (!cfg!(runit_force_poll)).then(|| Watch(RefCell::default()))
    }

    /// The same: it costs nothing to end. Looking often does as well as yet.
    #[must_use]
    #[cfg_attr(test, allow(dead_code))]
    pub const fn for_few() -> Option<Watch> {
        None
    }

    /// Watches a directory too. `None` if changes there are not told; then who wants to know polls.
    #[must_use]
    pub fn add(&self, path: &CStr) -> Option<Place> {
        let mut all = self.0.borrow_mut();
        if all.len() == MOST {
            return None;
        }
        let mut os = Box::new(Os::new());
        let told = os.watch(path);
        // Kept even so: it has descriptors, which count.
        all.push(os);
        told.then_some(Place(all.len() - 1))
    }

    /// What becomes readable.
    #[must_use]
    pub fn fds(&self) -> Vec<BorrowedFd<'_>> {
        let all = self.0.borrow();
        // SAFETY: nothing closes it as long as there is the watch.
        all.iter().filter_map(|os| os.watch_fd()).map(|fd| unsafe { BorrowedFd::borrow_raw(fd.0) }).collect()
    }

    /// Reports what happened since the last call.
    pub fn notices(&self, _renamed: &str, _read: &str, mut tell: impl FnMut(Notice<Place>)) {
        for (at, os) in self.0.borrow_mut().iter_mut().enumerate() {
            if os.changed() {
                tell(Notice::Changed(Place(at)));
            }
        }
    }
}

#[cfg(all(test, not(runit_force_poll)))]
mod tests {
    use super::super::wait;
    use super::*;
    use std::ffi::CString;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str) -> Tree {
            let tree = std::env::temp_dir().join(format!("runit-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&tree).unwrap();
            Tree(tree)
        }
        fn make(&self, name: &str) -> (PathBuf, CString) {
            let path = self.0.join(name);
            std::fs::create_dir_all(&path).unwrap();
            (path.clone(), CString::new(path.into_os_string().into_encoded_bytes()).unwrap())
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// As runsv writes its status.
    fn replace(place: &Path) {
        std::fs::write(place.join("status.new"), "x").unwrap();
        std::fs::rename(place.join("status.new"), place.join("status")).unwrap();
    }

    fn seen(watch: &Watch, wanted: Place) -> bool {
        let (start, mut found) = (Instant::now(), false);
        while !found && start.elapsed() < Duration::from_secs(60) {
            let _ = wait(&watch.fds(), Duration::from_secs(1));
            watch.notices("", "", |notice| found |= notice == Notice::Changed(wanted));
        }
        found
    }

    #[test]
    fn a_file_that_is_replaced_is_noticed_where_it_is() {
        let _alone = crate::alone();
        let tree = Tree::new("portable-notice");
        let ((here, one), (there, two)) = (tree.make("one"), tree.make("two"));
        let watch = Watch::new().unwrap();
        let (one, two) = (watch.add(&one).unwrap(), watch.add(&two).unwrap());
        watch.notices("", "", |notice| panic!("{notice:?}"));
        replace(&there);
        assert!(seen(&watch, two));
        watch.notices("", "", |notice| panic!("told already: {notice:?}"));
        replace(&here);
        assert!(seen(&watch, one));
        // Again: some systems' watches are over with their first event.
        replace(&here);
        assert!(seen(&watch, one));
    }

    #[test]
    fn what_is_one_too_many_is_not_watched_and_takes_no_descriptor() {
        let _alone = crate::alone();
        let tree = Tree::new("portable-many");
        let (_, path) = tree.make("it");
        let watch = Watch::new().unwrap();
        assert!((0..MOST).all(|at| watch.add(&path) == Some(Place(at))));
        assert_eq!(watch.add(&path), None);
        assert_eq!(watch.fds().len(), MOST);
    }
}
