//! Strings as numbers: what is kept of a value is sixty-four bits, so that a state has a bound
//! whatever somebody sends as a user agent. They save space and hide nothing.

/// The mark of whatever stands above all.
pub(crate) const TOP: u64 = 0;

/// The mark of a value below another mark (FNV-1a, then mixed as in splitmix64).
pub fn mark(above: u64, value: &str) -> u64 {
    let begin = 0xcbf2_9ce4_8422_2325 ^ above;
    let whole = value.bytes().fold(begin, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    mixed(whole)
}

/// The mark of a number below another mark.
pub(crate) fn numbered(above: u64, value: u64) -> u64 {
    mixed(above ^ mixed(value.wrapping_add(1)))
}

/// The marks of a path, from the top down.
pub(crate) fn path<const N: usize>(values: [&str; N]) -> [u64; N] {
    let mut above = TOP;
    values.map(|value| {
        above = mark(above, value);
        above
    })
}

fn mixed(mut sum: u64) -> u64 {
    sum = sum.wrapping_add(0x9e37_79b9_7f4a_7c15);
    sum = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    sum = (sum ^ (sum >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    sum ^ (sum >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_told_from_the_same_one_elsewhere() {
        let [us, here] = path(["US", "Springfield"]);
        let [fr, there] = path(["FR", "Springfield"]);
        assert!(us != fr && here != there);
        assert_eq!(path(["US", "Springfield"]), [us, here]);
        assert_ne!(path(["US", ""]), path(["", "US"]));
        assert_ne!(numbered(us, 0), numbered(us, 1));
    }
}
