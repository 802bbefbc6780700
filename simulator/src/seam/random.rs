//! SplitMix64: the generator of everything random in the seam. Its state is one number that can be saved.

/// The next number.
pub fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mix(*state)
}

/// A number that depends on both arguments only, from 0 (included) to 1 (excluded).
pub fn chance(seed: u64, count: u64) -> f64 {
    (mix(seed ^ mix(count)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
