//! The lines of a pool with a text before and a text behind each of them, put together piece by piece.

use super::PoolText;
use super::chunk::{Chunk, WIDE};

/// Longest text between two lines: what stands behind one and before the next.
const BETWEEN: usize = 32;

/// The lines of a pool that are still to be written, each in its frame. A piece costs one look at its lines.
#[derive(Clone, Debug)]
pub struct Framed {
    pool: PoolText,
    before: String,
    between: Between,
    /// The first chunk that is not written yet.
    next: u32,
    left: usize,
    /// Where a chunk is put together, as large as the largest so far.
    block: Vec<u8>,
}

/// What stands behind a line and before the next one, in a block of one width: copied at a stroke, most of it is then
/// overwritten by the line that follows.
#[derive(Clone, Debug)]
pub(super) struct Between {
    pub(super) block: [u8; BETWEEN],
    pub(super) len: usize,
}

impl Framed {
    /// The lines of `pool` with `before` and `behind` each; `None`: the two together are longer than 32 bytes.
    pub fn new(pool: PoolText, before: &str, behind: &str) -> Option<Self> {
        let mut block = [0; BETWEEN];
        let len = before.len() + behind.len();
        block
            .get_mut(..len)?
            .copy_from_slice([behind, before].concat().as_bytes());
        Some(Self {
            left: pool.framed_len(len),
            pool,
            before: before.to_owned(),
            between: Between { block, len },
            next: 0,
            block: Vec::new(),
        })
    }

    /// Bytes that are still to be written.
    pub fn left(&self) -> usize {
        self.left
    }

    /// The next piece: at least `bytes`, unless less is left. Empty at the end.
    pub fn piece(&mut self, bytes: usize) -> Vec<u8> {
        let mut piece = Vec::with_capacity(self.left.min(bytes + bytes / 8));
        for (number, chunk) in self.pool.chunks.range(self.next..) {
            let len = chunk.frame(self.before.as_bytes(), &self.between, &mut self.block);
            piece.extend_from_slice(&self.block[..len]);
            self.next = number + 1;
            if piece.len() >= bytes {
                break;
            }
        }
        self.left -= piece.len();
        piece
    }
}

impl Chunk {
    /// Writes the lines, each in its frame, to the beginning of `block`, and gives their length.
    fn frame(&self, before: &[u8], between: &Between, block: &mut Vec<u8>) -> usize {
        let most = before.len() + self.bytes() + self.len() * between.len + WIDE;
        if block.len() < most {
            block.resize(most, 0);
        }
        block[..before.len()].copy_from_slice(before);
        let mut at = before.len();
        for line in self.spans() {
            self.copy(&line, &mut block[at..]);
            at += line.len();
            block[at..at + BETWEEN].copy_from_slice(&between.block);
            at += between.len;
        }
        // Behind the last line stands what would go before another.
        at - before.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_framed_lines() {
        let text: String = (0..300_usize)
            .map(|n| format!("{},{n}\n", "x".repeat(n % 90)))
            .collect();
        let mut pool = PoolText::new(&text);
        pool.edit(None, |line| line.ends_with('7').then_some(None));
        let wanted: String = pool.lines().map(|line| format!("n: {line}|\n")).collect();
        for bytes in [1, 100, 4_096, 1 << 20] {
            let mut framed = Framed::new(pool.clone(), "n: ", "|\n").unwrap();
            assert_eq!(framed.left(), wanted.len());
            let mut all = Vec::new();
            while framed.left() > 0 {
                all.extend(framed.piece(bytes));
            }
            assert_eq!(String::from_utf8(all).unwrap(), wanted);
            assert!(framed.piece(bytes).is_empty());
        }
        assert!(Framed::new(pool, &"n".repeat(31), "|\n").is_none());
        let open = Framed::new(PoolText::new("a\n\nb"), "", ";")
            .unwrap()
            .piece(9);
        assert_eq!(open, b"a;;b;");
    }
}
