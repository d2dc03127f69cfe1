//! Archives of the kind that Linux unpacks as its first root ("newc").

/// An archive in memory. Everything in it belongs to root.
#[derive(Debug, Default)]
pub struct Archive {
    bytes: Vec<u8>,
    count: u32,
}

const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

impl Archive {
    /// An empty one.
    #[must_use]
    pub fn new() -> Archive {
        Archive::default()
    }

    /// Adds a directory; that above it must be there.
    pub fn directory(&mut self, name: &str) {
        self.entry(name, DIRECTORY | 0o755, &[]);
    }

    /// Adds an executable file.
    pub fn program(&mut self, name: &str, bytes: &[u8]) {
        self.entry(name, FILE | 0o755, bytes);
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, name: &str, target: &str) {
        self.entry(name, LINK | 0o777, target.as_bytes());
    }

    /// The whole of it.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout() {
        let mut archive = Archive::new();
        archive.directory("bin");
        archive.program("bin/x", b"hello");
        archive.link("bin/y", "x");
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 4, 0);
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("070701" /* magic */), "{text}");
        // 110 bytes of header and the name with its end, in fours; then the content.
        assert_eq!(&bytes[116..122], b"070701");
        assert_eq!(&bytes[116 + 110..116 + 115], b"bin/x");
        assert_eq!(&bytes[116 + 116..116 + 121], b"hello");
        assert!(text.contains("TRAILER!!!"));
    }
}
