//! The text itself: chunks of lines, by number.

use std::fmt;
use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bytes::ByteSet;

use super::chunk::{Chunk, SLOTS};
use super::edits::Edits;
use super::head::Head;
use super::index::{ChannelClass, Index, Place};

/// Bits of a slot in a [`Place`].
pub(super) const SLOT_BITS: u32 = SLOTS.ilog2();

/// Text of a pool file. Copies share everything until one of them is changed; a change costs the logarithm of the
/// number of lines.
#[derive(Clone, Debug, Default)]
pub struct PoolText {
    pub(super) chunks: OrdMap<u32, Arc<Chunk>>,
    lines: usize,
    bytes: usize,
    /// Whether the last line has no newline.
    is_open: bool,
    index: Index,
    pub(super) edits: Edits,
}

impl PoolText {
    /// A copy that shares everything, and from now on the places at which this text is changed are noted, so that what
    /// differs between the two is found without a search.
    #[must_use]
    pub fn keep(&mut self) -> Self {
        let mut kept = self.clone();
        let token = Arc::new(());
        kept.edits = Edits::Kept(Arc::clone(&token));
        self.edits = Edits::Since(token, Vec::new());
        kept
    }

    /// The text with its index.
    pub fn new(text: &str) -> Self {
        let mut pool = Self::default();
        pool.push_str(text);
        pool
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Number of lines, an unfinished last one included.
    pub fn line_count(&self) -> usize {
        self.lines
    }

    /// Whether the last line has no newline.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Lines in order, without their newlines.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.chunks
            .values()
            .flat_map(|chunk| chunk.lines().map(|(_, line)| line))
    }

    /// Appends the whole text to `out`.
    pub fn append_to(&self, out: &mut String) {
        out.reserve(self.bytes);
        for line in self.lines() {
            out.push_str(line);
            out.push('\n');
        }
        if self.is_open {
            out.pop();
        }
    }

    /// The beginning of the text, shared with it: at least `bytes`, when there is that much.
    pub fn head(&self, bytes: usize) -> Head {
        let mut left = bytes;
        let chunks = self
            .chunks
            .values()
            .take_while(|chunk| {
                let wanted = left > 0;
                left = left.saturating_sub(chunk.bytes());
                wanted
            })
            .map(Arc::clone)
            .collect();
        Head::new(chunks, self.bytes, self.is_open)
    }

    /// Appends to the text, as `>>` does.
    pub fn push_str(&mut self, mut text: &str) {
        self.edits = Edits::Unknown;
        if self.is_open
            && !text.is_empty()
            && let Some((place, last)) = self.last()
        {
            let (rest, left) = text.split_once('\n').unwrap_or((text, ""));
            let line = format!("{last}{rest}");
            self.is_open = rest.len() == text.len();
            self.bytes += usize::from(!self.is_open);
            self.replace(place, &line);
            text = left;
        }
        if text.is_empty() {
            return;
        }
        let (mut number, mut chunk) = match self.chunks.get_max() {
            Some((number, chunk)) if chunk.len() < SLOTS => (*number, Chunk::clone(chunk)),
            Some((number, _)) => (number + 1, Chunk::default()),
            None => (0, Chunk::default()),
        };
        self.is_open = !text.ends_with('\n');
        for line in text.split_inclusive('\n') {
            self.bytes += line.len();
            self.lines += 1;
            let line = line.strip_suffix('\n').unwrap_or(line);
            if chunk.len() == SLOTS {
                chunk.shrink();
                self.chunks.insert(number, Arc::new(chunk));
                number += 1;
                chunk = Chunk::default();
            }
            self.index.add(place(number, chunk.len()), line);
            chunk.push(line);
        }
        chunk.shrink();
        self.chunks.insert(number, Arc::new(chunk));
        if number >= Place::MAX >> SLOT_BITS {
            // Places are used up by deletions and additions: number the lines anew.
            *self = Self::new(&self.to_string());
        }
    }

    fn last(&self) -> Option<(Place, &str)> {
        let (number, chunk) = self.chunks.get_max()?;
        let (slot, line) = chunk.lines().next_back()?;
        Some((place(*number, slot), line))
    }

    /// The line at a place.
    pub fn line(&self, place: Place) -> Option<&str> {
        self.chunks.get(&(place >> SLOT_BITS))?.line(slot_of(place))
    }

    /// Replaces the line at a place.
    fn replace(&mut self, place: Place, line: &str) {
        self.put(place, Some(line));
    }

    /// Replaces a line by what may be several lines, or deletes it.
    fn put(&mut self, place: Place, line: Option<&str>) {
        let number = place >> SLOT_BITS;
        let Some(chunk) = self.chunks.get(&number).map(Arc::clone) else {
            return;
        };
        let Some(old) = chunk.line(slot_of(place)) else {
            return;
        };
        self.edits.note(place);
        self.bytes -= old.len();
        if let Some(line) = line {
            self.index.replace(place, old, line);
            self.bytes += line.len();
        } else {
            self.index.remove(place, old);
            self.lines -= 1;
            if self.is_open && self.last().is_some_and(|(last, _)| last == place) {
                // The line before it becomes the last one; its newline is there.
                self.is_open = false;
            } else {
                self.bytes -= 1;
            }
        }
        let chunk = chunk.with(slot_of(place), line);
        if chunk.is_spent() {
            self.chunks.remove(&number);
        } else {
            self.chunks.insert(number, Arc::new(chunk));
        }
    }

    /// Places of the lines that may contain `literal` in any case; all of them when the index cannot tell.
    fn candidates(&self, literal: Option<&str>) -> Vec<Place> {
        literal
            .and_then(|literal| self.index.may_contain(literal))
            .unwrap_or_else(|| self.places().collect())
    }

    fn places(&self) -> impl Iterator<Item = Place> {
        self.chunks.iter().flat_map(|(number, chunk)| {
            chunk
                .lines()
                .map(|(slot, _)| place(*number, slot))
                .collect::<Vec<_>>()
        })
    }

    /// Lines for which `is_match` holds, in order. `literal`, when there is one, is a text whose long runs of digits
    /// every line that matches contains (see [`simple_pattern`]); it narrows the search.
    pub fn matching<'a>(
        &'a self,
        literal: Option<&str>,
        is_match: impl Fn(&str) -> bool,
    ) -> Vec<&'a str> {
        match literal.and_then(|literal| self.index.may_contain(literal)) {
            Some(places) => places
                .into_iter()
                .filter_map(|place| self.line(place))
                .filter(|line| is_match(line))
                .collect(),
            None => self.lines().filter(|line| is_match(line)).collect(),
        }
    }

    /// Changes lines as `edit` says: `None` leaves a line, `Some(None)` deletes it, `Some(Some(text))` replaces it.
    /// `literal` narrows the search as in [`Self::matching`].
    pub fn edit(&mut self, literal: Option<&str>, edit: impl Fn(&str) -> Option<Option<String>>) {
        let changes: Vec<(Place, Option<String>)> = self
            .candidates(literal)
            .into_iter()
            .filter_map(|place| Some((place, edit(self.line(place)?)?)))
            .collect();
        let is_one_line = |(_, line): &(Place, Option<String>)| {
            line.as_ref().is_none_or(|line| !line.contains('\n'))
        };
        if changes.iter().all(is_one_line) {
            for (place, line) in changes {
                self.put(place, line.as_deref());
            }
        } else {
            *self = Self::new(&self.with_changes(&changes));
        }
    }

    /// The text with some lines, in order of their places, replaced or deleted.
    fn with_changes(&self, changes: &[(Place, Option<String>)]) -> String {
        let mut changes = changes.iter().peekable();
        let mut whole = String::with_capacity(self.bytes);
        let mut is_open = false;
        for place in self.places() {
            let line = match changes.next_if(|(changed, _)| *changed == place) {
                Some((_, None)) => {
                    is_open = false;
                    continue;
                }
                Some((_, Some(line))) => line,
                None => self.line(place).unwrap_or_default(),
            };
            whole.push_str(line);
            whole.push('\n');
            is_open = self.is_open;
        }
        if is_open {
            whole.pop();
        }
        whole
    }

    /// The first of the smallest rows that begin with `free` (any case), have a size with a unit and are at least
    /// `megabytes` large, as xCAT's loop finds it: a row of no size gives way to whatever follows it (spec: scsi-pools
    /// 3.3).
    pub fn best_fit(&self, megabytes: f64) -> Option<&str> {
        if let Some(found) = self.index.best_fit(megabytes) {
            return found.and_then(|place| self.line(place));
        }
        let mut kept: Option<(f64, &str)> = None;
        for line in self
            .index
            .free()
            .into_iter()
            .filter_map(|place| self.line(place))
        {
            let Some(size) = super::megabytes(line.split(',').nth(3).unwrap_or_default()) else {
                continue;
            };
            if size >= megabytes && kept.is_none_or(|(best, _)| best == 0.0 || size < best) {
                kept = Some((size, line));
            }
        }
        kept.map(|(_, line)| line)
    }

    /// Texts of the channel fields that are not empty, of the rows of a class, each once.
    pub fn channels(&self, class: ChannelClass) -> impl Iterator<Item = &str> {
        self.index.channels(class)
    }

    /// Whether a line holds a character that a shell would change in double quotes: `"`, `$`, a backquote, `\`.
    pub fn is_for_shell(&self) -> bool {
        self.index.is_for_shell()
    }

    /// Whether every line is plain: the same in every encoding of an answer, and none of the texts in it that the
    /// management node looks for in an answer.
    pub fn is_plain(&self) -> bool {
        self.index.is_plain()
    }

    /// Bytes of all lines, each with so many around it.
    pub(super) fn framed_len(&self, around: usize) -> usize {
        self.bytes - (self.lines - usize::from(self.is_open)) + self.lines * around
    }
}

fn place(chunk: u32, slot: usize) -> Place {
    (chunk << SLOT_BITS) | slot as u32
}

fn slot_of(place: Place) -> usize {
    (place & (SLOTS as u32 - 1)) as usize
}

/// The pattern itself when it is a regular expression of nothing but ordinary characters, `.`, `^` and `$`: whatever
/// matches it holds its runs of digits, so that it narrows a search.
pub fn simple_pattern(pattern: &str) -> Option<&str> {
    const OPERATORS: ByteSet = ByteSet::of(b"\\[]*+?{}|()\n");
    (!OPERATORS.is_in(pattern)).then_some(pattern)
}

/// Whether a regular expression is nothing but ordinary characters: it matches itself only.
pub fn is_literal(pattern: &str) -> bool {
    const SPECIAL: ByteSet = ByteSet::of(b"\\[]*+?{}|()\n.^$");
    !SPECIAL.is_in(pattern)
}

impl fmt::Display for PoolText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.lines;
        for line in self.lines() {
            left -= 1;
            f.write_str(line)?;
            if left > 0 || !self.is_open {
                f.write_str("\n")?;
            }
        }
        Ok(())
    }
}

impl PartialEq for PoolText {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
            && self.lines == other.lines
            && self.is_open == other.is_open
            && self.lines().eq(other.lines())
    }
}

impl Serialize for PoolText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PoolText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}
