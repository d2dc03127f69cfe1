//! Archives of the ustar kind, which every system can unpack from a raw disc.
use super::{Node, Tree};

const BLOCK: usize = 512;

/// An archive of a tree, padded to whole 64 KiB so that a disc can have its size.
///
/// # Errors
/// A name that is too long.
pub fn archive(tree: &Tree) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for (path, node) in &tree.nodes {
        let name = &path[1..];
        match node {
            Node::Directory => bytes.extend(header(&format!("{name}/"), 0o755, 0, b'5', "")?),
            Node::File(content, mode) => {
                bytes.extend(header(name, *mode, content.len(), b'0', "")?);
                bytes.extend(content);
                bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
            }
            Node::Link(target) => bytes.extend(header(name, 0o777, 0, b'2', target)?),
            Node::Missing => {}
        }
    }
    bytes.resize((bytes.len() + 2 * BLOCK).next_multiple_of(1 << 16), 0);
    Ok(bytes)
}

fn header(name: &str, mode: u32, size: usize, kind: u8, target: &str) -> Result<Vec<u8>, String> {
    let mut block = vec![0; BLOCK];
    let mut set = |at: usize, length: usize, text: &str| -> Result<(), String> {
        let field = block.get_mut(at..at + text.len()).filter(|_| text.len() <= length);
        field.ok_or_else(|| format!("{text}: too long for tar"))?.copy_from_slice(text.as_bytes());
        Ok(())
    };
    if name.len() <= 100 {
        set(0, 100, name)?;
    } else {
        // The name is cut at a slash, the first part of at most 155 characters, the second of 100.
        let cut =
            name.match_indices('/').map(|(at, _)| at).find(|at| (1..=100).contains(&(name.len() - at - 1)));
        let cut = cut.ok_or_else(|| format!("{name}: too long for tar"))?;
        set(345, 155, &name[..cut])?;
        set(0, 100, &name[cut + 1..])?;
    }
    set(100, 8, &format!("{mode:07o}"))?;
    set(108, 8, "0000000")?;
    set(116, 8, "0000000")?;
    set(124, 12, &format!("{size:011o}"))?;
    set(136, 12, "00000000000")?;
    set(148, 8, "        ")?;
    set(157, 100, target)?;
    set(257, 8, "ustar\x0000")?;
    set(265, 32, "root")?;
    set(297, 32, "root")?;
    block[156] = kind;
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// Reads an archive back.
///
/// # Errors
/// Where it is broken.
pub fn read(bytes: &[u8]) -> Result<Tree, String> {
    let mut tree = Tree::default();
    let mut at = 0;
    loop {
        let block = bytes.get(at..at + BLOCK).ok_or("the end is missing")?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(tree);
        }
        let here = at;
        let text = |from: usize, length: usize| {
            let field = &block[from..from + length];
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(length);
            String::from_utf8_lossy(&field[..end]).trim().to_owned()
        };
        let number = |from: usize, length: usize| {
            u32::from_str_radix(&text(from, length), 8).map_err(|_| format!("no number at {here}"))
        };
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        let own: u32 = block[148..156].iter().map(|byte| u32::from(*byte)).sum();
        if number(148, 8)? != sum - own + 8 * u32::from(b' ') {
            return Err(format!("wrong checksum at {at}"));
        }
        let (prefix, name) = (text(345, 155), text(0, 100));
        let path = if prefix.is_empty() { format!("/{name}") } else { format!("/{prefix}/{name}") };
        let size = number(124, 12)? as usize;
        let content = bytes.get(at + BLOCK..at + BLOCK + size).ok_or("a file is cut off")?;
        at += BLOCK + size.next_multiple_of(BLOCK);
        let node = match block[156] {
            b'5' => Node::Directory,
            b'2' => Node::Link(text(157, 100)),
            b'0' => Node::File(content.to_vec(), number(100, 8)?),
            kind => return Err(format!("{path}: kind {kind}")),
        };
        tree.put(&path, node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::sample;
    use runit_tests::place::Place;

    fn long() -> Tree {
        let mut tree = sample();
        let path = format!("/{}/{}", "d".repeat(90), "f".repeat(60));
        tree.put(&path, Node::File(b"deep".to_vec(), 0o600));
        tree
    }

    #[test]
    fn reads_back_what_it_wrote() {
        let bytes = archive(&long()).unwrap();
        assert_eq!(bytes.len() % (1 << 16), 0);
        assert_eq!(read(&bytes).unwrap(), long());
        let mut bad = bytes.clone();
        bad[3] ^= 1;
        assert!(read(&bad).unwrap_err().contains("checksum"));
        assert!(read(&bytes[..1024]).is_err());
        let mut tree = Tree::default();
        tree.put(&format!("/{}", "x".repeat(101)), Node::Directory);
        assert!(archive(&tree).unwrap_err().contains("too long"));
    }

    #[test]
    fn tar_reads_it() {
        let place = Place::new();
        let path = place.file("archive", archive(&long()).unwrap());
        let target = place.dir("root");
        let output =
            place.run(place.command("tar").arg("-x").arg("-f").arg(path).arg("-C").arg(&target).arg("etc"));
        assert_eq!((output.code, output.err.as_str()), (Some(0), ""));
        assert_eq!(place.text("root/etc/runit/1"), "#!/bin/sh\nexit 0\n");
    }
}
