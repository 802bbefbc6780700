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
        })
    }

    /// Bytes that are still to be written.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Writes the next piece to the beginning of `buffer`, whatever that holds, and gives its length: at least `bytes`,
    /// unless less is left; 0 at the end. The buffer grows as it has to, and its other bytes mean nothing: one that was
    /// filled before needs no preparation.
    pub fn fill(&mut self, buffer: &mut Vec<u8>, bytes: usize) -> usize {
        let mut len = 0;
        for (number, chunk) in self.pool.chunks.range(self.next..) {
            len = chunk.frame(self.before.as_bytes(), &self.between, buffer, len);
            self.next = number + 1;
            if len >= bytes {
                break;
            }
        }
        self.left -= len;
        len
    }

    /// The next piece by itself.
    pub fn piece(&mut self, bytes: usize) -> Vec<u8> {
        let mut piece = Vec::with_capacity(self.left.min(bytes + bytes / 8));
        let len = self.fill(&mut piece, bytes);
        piece.truncate(len);
        piece
    }
}

impl Chunk {
    /// Writes the lines, each in its frame, to `buffer` from `start` on, and gives the place where they end.
    fn frame(&self, before: &[u8], between: &Between, buffer: &mut Vec<u8>, start: usize) -> usize {
        let most = before.len() + self.bytes() + self.len() * between.len + WIDE;
        if buffer.len() < start + most {
            buffer.resize(start + most, 0);
        }
        let block = &mut buffer[start..start + most];
        block[..before.len()].copy_from_slice(before);
        let mut at = before.len();
        self.each(|line| {
            self.copy(&line, &mut block[at..]);
            at += line.len();
            if let Some(room) = block[at..].first_chunk_mut() {
                *room = between.block;
            }
            at += between.len;
        });
        // Behind the last line stands what would go before another.
        start + at - before.len()
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
            let mut buffer = vec![b'?'; bytes.min(10_000)];
            while framed.left() > 0 {
                let len = framed.fill(&mut buffer, bytes);
                all.extend_from_slice(&buffer[..len]);
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
