//! TAI64N labels: 2^62 + 10 + seconds since 1970, then nanoseconds, both big-endian.
use platform::Stamp;

/// Added to Unix seconds (the constant difference of 10 is runit's; there is no leap-second table).
const EPOCH: u64 = 0x4000_0000_0000_000a;

/// The 12 bytes of a label. Like C runit's clock it counts microseconds: the nanoseconds are
/// microseconds * 1000 + 500.
#[must_use]
pub fn label(stamp: Stamp) -> [u8; 12] {
    let nanos = (stamp.nanos / 1000).wrapping_mul(1000).wrapping_add(500);
    let [a, b, c, d, e, f, g, h] = EPOCH.wrapping_add(stamp.secs).to_be_bytes();
    let [i, j, k, l] = nanos.to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

/// The moment a label means.
#[must_use]
pub fn stamp(label: [u8; 12]) -> Stamp {
    let [a, b, c, d, e, f, g, h, nanos @ ..] = label;
    let secs = u64::from_be_bytes([a, b, c, d, e, f, g, h]).wrapping_sub(EPOCH);
    Stamp { secs, nanos: u32::from_be_bytes(nanos) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_of_c_runit() {
        let bytes = [0x40, 0, 0, 0, 0x6b, 0x02, 0xf9, 0xe5, 0x2c, 0x16, 0xb0, 0x94];
        let moment = Stamp { secs: 0x6b02_f9e5 - 10, nanos: 0x2c16_b094 };
        assert_eq!(stamp(bytes), moment);
        assert_eq!(label(moment), bytes, "its clock counts microseconds, and so does ours");
    }
}
