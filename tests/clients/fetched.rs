//! Where `ci/clients` has put the clients.
use runit_tests::suite::skip;
use std::path::{Path, PathBuf};

/// The path of something below `target/clients`; a case that misses it is skipped.
pub fn client(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/clients").join(name);
    match path.canonicalize() {
        Ok(path) => path,
        Err(_) => skip(format!("no {name} (see ci/clients)")),
    }
}
