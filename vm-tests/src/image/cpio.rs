//! Archives of the kind that Linux unpacks as its first root ("newc"). Several may follow each other.
use super::{Node, Tree};

const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// An archive of a tree. What is to be missing is left out: in an archive nothing can be taken away.
///
/// # Panics
/// If a file has 4 GiB or more.
#[must_use]
pub fn archive(tree: &Tree) -> Vec<u8> {
    let mut archive = Archive::default();
    for (path, node) in &tree.nodes {
        match node {
            Node::Directory => archive.entry(&path[1..], DIRECTORY | 0o755, &[]),
            Node::File(bytes, mode) => archive.entry(&path[1..], FILE | mode, bytes),
            Node::Link(target) => archive.entry(&path[1..], LINK | 0o777, target.as_bytes()),
            Node::Missing => {}
        }
    }
    archive.entry("TRAILER!!!", 0, &[]);
    archive.bytes
}

#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    count: u32,
}

impl Archive {
    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.count += 1;
        let size = u32::try_from(content.len()).expect("less than 4 GiB");
        let length = u32::try_from(name.len() + 1).expect("a short name");
        // Inode, mode, user, group, links, time, size, device and rdevice twice each, name, checksum.
        let fields = [self.count, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, length, 0];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08X}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

/// Reads an archive back.
///
/// # Errors
/// Where it is broken.
pub fn read(bytes: &[u8]) -> Result<Tree, String> {
    let mut tree = Tree::default();
    let mut at = 0;
    loop {
        let head = bytes.get(at..at + 110).ok_or("the end is missing")?;
        if &head[..6] != b"070701" {
            return Err(format!("no entry at {at}"));
        }
        let field = |number: usize| -> Result<usize, String> {
            let text = String::from_utf8_lossy(&head[6 + 8 * number..14 + 8 * number]).into_owned();
            usize::from_str_radix(&text, 16).map_err(|_| format!("no number at {at}"))
        };
        let (mode, size, length) = (field(1)?, field(6)?, field(11)?);
        let mode = u32::try_from(mode).map_err(|why| why.to_string())?;
        let name = bytes.get(at + 110..at + 110 + length - 1).ok_or("a name is cut off")?;
        let name = format!("/{}", String::from_utf8_lossy(name));
        let content = (at + 110 + length).next_multiple_of(4);
        let file = bytes.get(content..content + size).ok_or("a file is cut off")?;
        at = (content + size).next_multiple_of(4);
        if name == "/TRAILER!!!" {
            return Ok(tree);
        }
        let node = match mode & 0o170_000 {
            DIRECTORY => Node::Directory,
            FILE => Node::File(file.to_vec(), mode & 0o7777),
            LINK => Node::Link(String::from_utf8_lossy(file).into_owned()),
            _ => return Err(format!("{name}: mode {mode:o}")),
        };
        tree.put(&name, node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::sample;
    use runit_tests::place::Place;
    use std::process::Stdio;

    #[test]
    fn reads_back_what_it_wrote() {
        let bytes = archive(&sample());
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(read(&bytes).unwrap(), sample());
        assert!(read(&bytes[..bytes.len() - 200]).is_err());
        assert!(read(b"070707").is_err());
    }

    /// Where there is a cpio(1), be it busybox's.
    #[test]
    fn others_can_read_it() {
        let place = Place::new();
        let path = place.file("archive", archive(&sample()));
        let input = std::fs::File::open(path).unwrap();
        let mut cpio = place.command("sh");
        cpio.args(["-c", "command -v cpio >/dev/null && exec cpio -t; exec busybox cpio -t"]);
        let output = cpio.stdin(input).stderr(Stdio::null()).output().unwrap();
        if output.status.success() {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(said.contains("etc/runit/1\n") && said.contains("service/a/down\n"), "{said}");
        }
    }
}
