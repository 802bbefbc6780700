//! Up to 64 neighbouring lines of a pool file in one piece of text: four bytes of bookkeeping a line.

/// Lines that a chunk holds at most; a slot number fits into six bits.
pub const SLOTS: usize = 64;

/// Neighbouring lines, without their newlines. A line that was deleted leaves its slot empty, so that the places of
/// its neighbours, by which the index knows them, stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    text: String,
    ends: Vec<u32>,
    live: u64,
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

    /// Slots and lines in order.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = (usize, &str)> {
        (0..self.len()).filter_map(|slot| Some((slot, self.line(slot)?)))
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
