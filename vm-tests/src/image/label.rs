//! OpenBSD's disk label, without which its kernel finds no partition on a disc.
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Of `struct disklabel` in `<sys/disklabel.h>`.
const MAGIC: u32 = 0x8256_4557;
/// It lies in the second sector of a disc without a table of partitions.
const AT: u64 = 512;
const SECTOR: u64 = 512;
const SECTORS: u32 = 63;
const TRACKS: u32 = 16;
const PARTITIONS: usize = 16;
/// Where the sum of all is.
const SUM: usize = 136;
/// BSD's own file system.
const FFS: u8 = 7;

/// Writes a label whose partition `a` is all of the image, whose file system has to leave its first
/// sectors alone.
///
/// # Errors
/// What cannot be read or written, or that there is something else.
pub fn openbsd(image: &Path) -> Result<(), String> {
    write(image).map_err(|why| format!("{}: {why}", image.display()))
}

fn write(image: &Path) -> Result<(), String> {
    let said = |why: std::io::Error| why.to_string();
    let mut file = OpenOptions::new().read(true).write(true).open(image).map_err(said)?;
    let sectors = file.metadata().map_err(said)?.len() / SECTOR;
    let sectors = u32::try_from(sectors).map_err(|_| "too large for a label")?;
    let mut start = [0; AT as usize * 2];
    file.read_exact(&mut start).map_err(said)?;
    if start.iter().any(|byte| *byte != 0) {
        return Err("no room for a label".into());
    }
    put(&mut file, &label(sectors)).map_err(said)
}

fn put(file: &mut File, bytes: &[u8]) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(AT))?;
    file.write_all(bytes)
}

fn label(sectors: u32) -> Vec<u8> {
    let cylinder = SECTORS * TRACKS;
    let mut bytes = Vec::new();
    let long = |bytes: &mut Vec<u8>, number: u32| bytes.extend(number.to_le_bytes());
    let short = |bytes: &mut Vec<u8>, number: u16| bytes.extend(number.to_le_bytes());
    long(&mut bytes, MAGIC);
    // A disc of the kind SCSI, of no further kind.
    short(&mut bytes, 4);
    short(&mut bytes, 0);
    bytes.extend(b"vm-tests\0\0\0\0\0\0\0\0runit\0\0\0\0\0\0\0\0\0\0\0");
    for number in [SECTOR as u32, SECTORS, TRACKS, (sectors / cylinder).max(1), cylinder, sectors] {
        long(&mut bytes, number);
    }
    bytes.extend(b"vm-tests");
    long(&mut bytes, 0);
    // The sectors that partitions may have: the high halves of both ends, then the low ones.
    for number in [0, 0, sectors, 0] {
        long(&mut bytes, number);
    }
    bytes.extend([0; 5 * 4]);
    short(&mut bytes, 0);
    // The version that knows high halves.
    short(&mut bytes, 1);
    bytes.extend([0; 4 * 4]);
    long(&mut bytes, MAGIC);
    short(&mut bytes, 0);
    short(&mut bytes, PARTITIONS as u16);
    bytes.extend([0; 2 * 4]);
    for number in 0..PARTITIONS {
        let (size, kind) = match number {
            0 => (sectors, FFS),
            // By convention, the whole disc.
            2 => (sectors, 0),
            _ => (0, 0),
        };
        for number in [size, 0, 0] {
            long(&mut bytes, number);
        }
        // Of 8 blocks of 1024 bytes, and how many cylinders a group has.
        bytes.extend([kind, if kind == FFS { 0x13 } else { 0 }]);
        short(&mut bytes, 0);
    }
    let sum = bytes.chunks(2).fold(0, |sum, pair| sum ^ u16::from_le_bytes([pair[0], pair[1]]));
    bytes[SUM..SUM + 2].copy_from_slice(&sum.to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use runit_tests::place::Place;
    use std::fs;

    #[test]
    fn a_label_adds_up() {
        let place = Place::new();
        let image = place.path("image");
        fs::write(&image, vec![0; 1 << 20]).unwrap();
        openbsd(&image).unwrap();
        let bytes = fs::read(&image).unwrap();
        let label = &bytes[512..512 + 404];
        let sum = label.chunks(2).fold(0, |sum, pair| sum ^ u16::from_le_bytes([pair[0], pair[1]]));
        assert_eq!(sum, 0);
        assert_eq!(label[..4], label[132..136]);
        assert_eq!(label[138..140], [16, 0]);
        // Partition a: 2048 sectors from the first one on.
        assert_eq!(label[148..160], [0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(label[160], 7);
        assert!(bytes[512 + 404..].iter().all(|byte| *byte == 0) && bytes.len() == 1 << 20);
        // Nothing is overwritten.
        assert!(openbsd(&image).unwrap_err().ends_with("no room for a label"));
        assert!(openbsd(&place.path("none")).is_err());
    }
}
