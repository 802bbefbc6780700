//! Up to 64 neighbouring lines of a pool file in one piece of text: four bytes of bookkeeping a line.

use std::ops::Range;

/// Lines that a chunk holds at most; a slot number fits into six bits.
pub const SLOTS: usize = 64;

/// Bytes that are copied at a stroke where a line is no longer.
pub(super) const WIDE: usize = 64;

/// Neighbouring lines, without their newlines. A line that was deleted leaves its slot empty, so that the places of
/// its neighbours, by which the index knows them, stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    text: String,
    ends: Vec<u32>,
    live: u64,
}

/// Copies what is longer. Apart, or the compiler makes one call of any width of both copies.
#[cold]
#[inline(never)]
fn copy_long(text: &[u8], out: &mut [u8]) {
    out[..text.len()].copy_from_slice(text);
}

impl Chunk {
    /// Slots taken, those of deleted lines included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of the lines, without newlines.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether no line is left.
    pub fn is_spent(&self) -> bool {
        self.live == 0
    }

    /// The line in a slot, unless it was deleted.
    pub fn line(&self, slot: usize) -> Option<&str> {
        if slot >= self.len() || self.live & (1 << slot) == 0 {
            return None;
        }
        let start = slot.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start as usize..self.ends[slot] as usize])
    }

    /// How many slots at the beginning and how many at the end are the same in both, seen without looking at each: a
    /// change is nearly always one of one line.
    pub(super) fn same_slots(&self, other: &Self) -> (usize, usize) {
        let (a, b) = (self.text.as_bytes(), other.text.as_bytes());
        let blocks = a.as_chunks::<WIDE>().0.iter().zip(b.as_chunks::<WIDE>().0);
        let head = blocks.take_while(|(a, b)| a == b).count() * WIDE;
        let ends = self.ends.iter().zip(&other.ends);
        let first = ends
            .take_while(|(a, b)| a == b && **a as usize <= head)
            .count()
            .min((self.live ^ other.live).trailing_zeros() as usize);
        if self.len() != other.len() {
            return (first, 0);
        }
        let blocks = a.as_rchunks::<WIDE>().1.iter().rev();
        let blocks = blocks.zip(b.as_rchunks::<WIDE>().1.iter().rev());
        let tail = blocks.take_while(|(a, b)| a == b).count() * WIDE;
        // Where a line begins, counted from the end of the text: the end of the one before it.
        let starts = self.ends.iter().zip(&other.ends).rev().skip(1);
        let last = starts
            .take_while(|(x, y)| {
                let left = a.len() - **x as usize;
                left <= tail && left == b.len() - **y as usize
            })
            .count()
            .min((self.live ^ other.live).leading_zeros() as usize - (64 - self.len()));
        (first, last.min(self.len() - first))
    }

    /// Slots and lines in order.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = (usize, &str)> {
        (0..self.len()).filter_map(|slot| Some((slot, self.line(slot)?)))
    }

    /// Gives the places of the lines in the text, in order.
    #[inline]
    pub(super) fn each(&self, mut take: impl FnMut(Range<usize>)) {
        let (mut start, mut live) = (0, self.live);
        for end in &self.ends {
            let end = *end as usize;
            if live & 1 != 0 {
                take(start..end);
            }
            live >>= 1;
            start = end;
        }
    }

    /// Copies a line to the beginning of `out`, which has room for [`WIDE`] bytes more. What follows it there is
    /// overwritten: a copy of one width needs no call.
    #[inline]
    pub(super) fn copy(&self, line: &Range<usize>, out: &mut [u8]) {
        let text = &self.text.as_bytes()[line.start..];
        match (text.first_chunk::<WIDE>(), out.first_chunk_mut::<WIDE>()) {
            (Some(wide), Some(out)) if line.len() <= WIDE => *out = *wide,
            _ => copy_long(&text[..line.len()], out),
        }
    }

    /// Takes one more line; there must be a slot left.
    pub fn push(&mut self, line: &str) {
        self.live |= 1 << self.len();
        self.text.push_str(line);
        self.ends.push(self.text.len() as u32);
    }

    /// Gives back memory that was kept for further lines.
    pub fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// The same lines with one of them replaced or, with `None`, deleted.
    #[must_use]
    pub fn with(&self, changed: usize, line: Option<&str>) -> Self {
        let start = changed
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        let end = self.ends[changed] as usize;
        let new = line.unwrap_or_default();
        let mut text = String::with_capacity(self.text.len() - (end - start) + new.len());
        text.push_str(&self.text[..start]);
        text.push_str(new);
        text.push_str(&self.text[end..]);
        let mut ends = self.ends.clone();
        for moved in &mut ends[changed..] {
            *moved = (*moved as usize - end + start + new.len()) as u32;
        }
        let bit = 1 << changed;
        Self {
            text,
            ends,
            live: if line.is_some() {
                self.live | bit
            } else {
                self.live & !bit
            },
        }
    }
}
