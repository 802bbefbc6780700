//! What is known of the lines of a pool without looking at them.

use imbl::{OrdMap, OrdSet};

use super::megabytes;
use super::plain::is_plain;
use crate::bytes::find_ignoring_case;

/// Place of a line: number of its chunk and slot in it. Places grow from the first line to the last.
pub type Place = u32;

/// Digits of a WWPN or LUN.
const DIGITS: usize = 16;

/// Which rows make the channel in their seventh field a busy one (spec: scsi-pools 3.7; Q15, Q16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelClass {
    /// `used` or `allocated` anywhere in the row.
    UsedAnywhere,
    /// `used` or `allocated` as the status.
    Used,
    /// `used`, `allocated` or `reserved` anywhere in the row.
    HeldAnywhere,
    /// `used`, `allocated` or `reserved` as the status.
    Held,
}

impl ChannelClass {
    /// Whether a row is of each class, in the order of the classes.
    fn of(row: &str) -> [bool; 4] {
        let anywhere = |word| find_ignoring_case(row, word).is_some();
        let used_anywhere = anywhere("used") || anywhere("allocated");
        let status = row.split(',').next().unwrap_or_default();
        let is = |word| row.len() > status.len() && status.eq_ignore_ascii_case(word);
        let used = is("used") || is("allocated");
        [
            used_anywhere,
            used,
            used_anywhere || anywhere("reserved"),
            used || is("reserved"),
        ]
    }
}

/// The index of one pool. Everything in it follows from the lines and is shared between copies until changed.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Fields from the third on that begin with 16 hexadecimal digits, as numbers: normally the LUN.
    numbers: OrdSet<(u64, Place)>,
    /// WWPNs of the second fields, with the count of rows that have them. Few, each in many rows: no help in a search.
    wwpns: OrdMap<u64, u32>,
    /// Lines with a longer or an odd-placed run of digits; each search looks at them all.
    odd: OrdSet<Place>,
    /// Lines that begin with `free` and have a size with a unit: bits of the megabytes (their order is that of the
    /// numbers), place.
    free: OrdSet<(u64, Place)>,
    /// Texts of channel fields, with the count of rows of each class that have them.
    channels: OrdMap<String, [u32; 4]>,
    /// Lines with a character that a shell would change in double quotes.
    shell_lines: usize,
    /// Lines that are not plain (see [`is_plain`]).
    special_lines: usize,
}

/// What one line gives to the index.
#[derive(Default)]
struct Facts {
    numbers: Vec<u64>,
    wwpns: Vec<u64>,
    is_odd: bool,
    free: Option<u64>,
    channel: Option<(String, [bool; 4])>,
    is_for_shell: bool,
    is_special: bool,
}

impl Facts {
    fn of(line: &str) -> Self {
        let mut facts = Self::default();
        let bytes = line.as_bytes();
        // Where the runs are: in which field, and where that begins.
        let (mut field, mut field_start, mut seen) = (0, 0, 0);
        for (start, run) in runs(line) {
            for (at, byte) in bytes.iter().enumerate().take(start).skip(seen) {
                if *byte == b',' {
                    field += 1;
                    field_start = at + 1;
                }
            }
            seen = start;
            match (field, start - field_start, number(run)) {
                (1, _, Some(number)) => facts.wwpns.push(number),
                (2.., 0, Some(number)) => facts.numbers.push(number),
                _ => facts.is_odd = true,
            }
        }
        if line
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("free"))
        {
            facts.free = nth_field(line, 3).and_then(megabytes).map(f64::to_bits);
        }
        facts.channel = nth_field(line, 6)
            .filter(|channel| !channel.is_empty())
            .map(|channel| (channel.to_owned(), ChannelClass::of(line)))
            .filter(|(_, classes)| classes.contains(&true));
        facts.is_for_shell = bytes
            .iter()
            .any(|b| matches!(b, b'"' | b'$' | b'`' | b'\\'));
        facts.is_special = !is_plain(line);
        facts
    }
}

impl Facts {
    /// Drops from both what both have.
    fn without_common(&mut self, other: &mut Self) {
        if self.numbers == other.numbers {
            self.numbers.clear();
            other.numbers.clear();
        }
        if self.wwpns == other.wwpns {
            self.wwpns.clear();
            other.wwpns.clear();
        }
        if self.is_odd == other.is_odd {
            (self.is_odd, other.is_odd) = (false, false);
        }
        if self.free == other.free {
            (self.free, other.free) = (None, None);
        }
        if self.channel == other.channel {
            (self.channel, other.channel) = (None, None);
        }
        if self.is_for_shell == other.is_for_shell {
            (self.is_for_shell, other.is_for_shell) = (false, false);
        }
        if self.is_special == other.is_special {
            (self.is_special, other.is_special) = (false, false);
        }
    }
}

/// Field `index` of a row.
fn nth_field(line: &str, index: usize) -> Option<&str> {
    let mut rest = line;
    for _ in 0..index {
        rest = &rest[rest.bytes().position(|b| b == b',')? + 1..];
    }
    Some(match rest.bytes().position(|b| b == b',') {
        Some(end) => &rest[..end],
        None => rest,
    })
}

/// Runs of at least 16 hexadecimal digits, as long as they go, each with its start.
fn runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            while bytes.get(at).is_some_and(u8::is_ascii_hexdigit) {
                at += 1;
            }
            let end = at;
            at += 1;
            if end - start >= DIGITS {
                return Some((start, &text[start..end]));
            }
        }
        None
    })
}

/// Value of exactly 16 digits.
fn number(run: &str) -> Option<u64> {
    (run.len() == DIGITS)
        .then(|| u64::from_str_radix(run, 16).ok())
        .flatten()
}

fn count<K: Ord + Clone>(map: &mut OrdMap<K, u32>, key: K, up: bool) {
    let now = map.get(&key).copied().unwrap_or(0);
    let then = if up {
        now.saturating_add(1)
    } else {
        now.saturating_sub(1)
    };
    if then == 0 {
        map.remove(&key);
    } else {
        map.insert(key, then);
    }
}

impl Index {
    /// Takes a line in.
    pub fn add(&mut self, place: Place, line: &str) {
        self.change(place, line, true);
    }

    /// Takes a line out, with the text it had.
    pub fn remove(&mut self, place: Place, line: &str) {
        self.change(place, line, false);
    }

    /// A line is replaced by another at its place: what both say stays untouched.
    pub fn replace(&mut self, place: Place, old: &str, new: &str) {
        let (mut old, mut new) = (Facts::of(old), Facts::of(new));
        old.without_common(&mut new);
        self.apply(place, old, false);
        self.apply(place, new, true);
    }

    fn change(&mut self, place: Place, line: &str, add: bool) {
        self.apply(place, Facts::of(line), add);
    }

    fn apply(&mut self, place: Place, facts: Facts, add: bool) {
        fn set<T: Ord + Clone>(set: &mut OrdSet<T>, item: T, add: bool) {
            if add {
                set.insert(item);
            } else {
                set.remove(&item);
            }
        }
        for number in facts.numbers {
            set(&mut self.numbers, (number, place), add);
        }
        for wwpn in facts.wwpns {
            count(&mut self.wwpns, wwpn, add);
        }
        if facts.is_odd {
            set(&mut self.odd, place, add);
        }
        if let Some(size) = facts.free {
            set(&mut self.free, (size, place), add);
        }
        if let Some((channel, classes)) = facts.channel {
            let mut counts = self.channels.get(&channel).copied().unwrap_or_default();
            for (count, is) in counts.iter_mut().zip(classes) {
                let step = u32::from(is);
                *count = if add {
                    count.saturating_add(step)
                } else {
                    count.saturating_sub(step)
                };
            }
            if counts == [0; 4] {
                self.channels.remove(&channel);
            } else {
                self.channels.insert(channel, counts);
            }
        }
        for (is, lines) in [
            (facts.is_for_shell, &mut self.shell_lines),
            (facts.is_special, &mut self.special_lines),
        ] {
            if is {
                *lines = if add {
                    *lines + 1
                } else {
                    lines.saturating_sub(1)
                };
            }
        }
    }

    /// Places of the lines that may contain `literal` in any case, in order; `None` when that may be any line.
    pub fn may_contain(&self, literal: &str) -> Option<Vec<Place>> {
        // Elsewhere a run of 16 digits is exactly a number or a WWPN, so a longer one is in odd lines only.
        let wanted = runs(literal)
            .map(|(_, run)| number(run))
            .find(|number| number.is_none_or(|number| !self.wwpns.contains_key(&number)))?;
        let mut places: Vec<Place> = wanted
            .map(|number| {
                self.numbers
                    .range((number, Place::MIN)..=(number, Place::MAX))
                    .map(|(_, place)| *place)
                    .collect()
            })
            .unwrap_or_default();
        if !self.odd.is_empty() {
            places.extend(self.odd.iter());
        }
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    /// Place of the first of the smallest free rows of at least `megabytes`. The outer `None`: the answer depends on
    /// the order of rows (there are rows of no size, and they suffice), so they must be looked at one by one.
    #[expect(clippy::option_option, reason = "unknown, none, found")]
    pub fn best_fit(&self, megabytes: f64) -> Option<Option<Place>> {
        let bits = |value: f64| value.max(0.0).to_bits();
        let first = |from: f64| self.free.range((bits(from), Place::MIN)..).next().copied();
        if megabytes <= 0.0 && first(0.0).is_some_and(|(size, _)| size == 0) {
            return None;
        }
        Some(first(megabytes).map(|(_, place)| place))
    }

    /// Places of the rows that best fit looks at.
    pub fn free(&self) -> Vec<Place> {
        let mut places: Vec<Place> = self.free.iter().map(|(_, place)| *place).collect();
        places.sort_unstable();
        places
    }

    /// Texts of the channel fields of rows of a class, each once.
    pub fn channels(&self, class: ChannelClass) -> impl Iterator<Item = &str> {
        self.channels
            .iter()
            .filter(move |(_, counts)| counts[class as usize] > 0)
            .map(|(channel, _)| channel.as_str())
    }

    /// Whether a line holds a character that a shell would change in double quotes.
    pub fn is_for_shell(&self) -> bool {
        self.shell_lines > 0
    }

    /// Whether every line is plain.
    pub fn is_plain(&self) -> bool {
        self.special_lines == 0
    }
}
