//! A hash for small maps of short texts that are looked up all the time: eight bytes at a time, one multiplication each.
//! It resists nobody who chooses texts to collide; rows of tables have no more columns than the table's schema, and
//! what else is kept by it is bounded.

use std::hash::{BuildHasherDefault, Hasher};

/// State of the hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words(u64);

/// Makes [`Words`] for a map.
pub type BuildWords = BuildHasherDefault<Words>;

impl Words {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Words {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            self.mix(
                rest.iter()
                    .fold(0, |word, byte| (word << 8) | u64::from(*byte)),
            );
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }

    fn finish(&self) -> u64 {
        // Maps look at the highest and the lowest bits; a product's low bits know little of its factors' high ones.
        self.0 ^ (self.0 >> 29)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher as _;

    use super::*;

    #[test]
    fn short_texts_spread() {
        let names: Vec<String> = (0..4_096).map(|n| format!("name{n}")).collect();
        let hash = |name: &String| BuildWords::default().hash_one(name.as_str());
        let whole: HashSet<u64> = names.iter().map(hash).collect();
        assert_eq!(whole.len(), names.len());
        for (shift, kinds) in [(0, 128), (57, 128)] {
            let some: HashSet<u64> = names.iter().map(|n| (hash(n) >> shift) & 127).collect();
            assert_eq!(some.len(), kinds, "bits from {shift}");
        }
        assert_ne!(hash(&String::new()), hash(&"a".to_owned()));
    }
}
