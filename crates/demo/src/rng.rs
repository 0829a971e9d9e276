//! Numbers and ids as a function of a seed. Nothing here is secret or meant to be.

use uuid::Uuid;

/// xoshiro256** (Blackman and Vigna), seeded by SplitMix64.
///
/// Streams are forked by label, so that one more patient or one more draw in a place leaves all
/// other places as they were.
#[derive(Debug, Clone)]
pub(crate) struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// The stream of a label under a seed.
    pub(crate) fn fork(seed: u64, label: &str) -> Self {
        // FNV-1a spreads the label; SplitMix64 then fills the state, never all zero.
        let mut mix = label.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        mix = mix.rotate_left(17) ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let state = std::array::from_fn(|_| split_mix(&mut mix));
        Self { state }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number below `end`; 0 when `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // Multiply and keep the high half; the bias is far below what 50 patients can show.
        let wide = u128::from(self.next_u64()) * u128::try_from(end).unwrap_or(0);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = usize::try_from(high.saturating_sub(low)).unwrap_or(0) + 1;
        low + u32::try_from(self.below(span)).unwrap_or(0)
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.between(0, 99) < percent
    }

    /// From -1 to 1, evenly.
    pub(crate) fn unit(&mut self) -> f64 {
        let high = u32::try_from(self.next_u64() >> 32).unwrap_or(0);
        f64::from(high) / f64::from(u32::MAX) * 2.0 - 1.0
    }

    /// One of the items; the slice must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Up to `count` of the items, each once, in the items' order.
    pub(crate) fn some<'a, T>(&mut self, items: &'a [T], count: usize) -> Vec<&'a T> {
        let mut chosen: Vec<usize> = (0..items.len()).collect();
        while chosen.len() > count {
            let out = self.below(chosen.len());
            chosen.remove(out);
        }
        chosen.into_iter().map(|at| &items[at]).collect()
    }
}

/// The UUID of a label under a seed, in the form of version 4 (RFC 9562 §5.4).
pub(crate) fn uuid(seed: u64, label: &str) -> Uuid {
    let mut rng = Rng::fork(seed, label);
    let bits = (u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64());
    uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_mix_gives_the_published_numbers() {
        // The reference implementation from state 1234567.
        let mut state = 1_234_567;
        let first: [u64; 3] = std::array::from_fn(|_| split_mix(&mut state));
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn labels_and_seeds_part_the_streams() {
        let first = |seed, label| Rng::fork(seed, label).next_u64();
        assert_eq!(first(1, "a"), first(1, "a"));
        assert_ne!(first(1, "a"), first(1, "b"));
        assert_ne!(first(1, "a"), first(2, "a"));
        assert_ne!(uuid(1, "a"), uuid(2, "a"));
        assert_eq!(uuid(1, "a").get_version_num(), 4);
    }

    #[test]
    fn draws_stay_in_their_bounds_and_reach_them() {
        let mut rng = Rng::fork(7, "bounds");
        let drawn: Vec<u32> = (0..1000).map(|_| rng.between(3, 6)).collect();
        assert_eq!(
            (drawn.iter().min(), drawn.iter().max()),
            (Some(&3), Some(&6))
        );
        assert!((0..1000).all(|_| rng.unit().abs() <= 1.0));
        assert_eq!(rng.some(&[1, 2, 3, 4], 2).len(), 2);
    }
}
