//! What is known of the lines of a pool without looking at them.

use imbl::{OrdMap, OrdSet};

use super::megabytes;
use super::plain::tells;
use crate::bytes::{find_ignoring_case, hex_runs};

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
    /// Fields from the third on that begin with 16 hexadecimal digits, as numbers: normally the LUN. With each the place
    /// of a row that has it.
    numbers: OrdMap<u64, Place>,
    /// Further rows that have such a number, when it is that of several.
    more: OrdSet<(u64, Place)>,
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
struct Facts<'a> {
    numbers: Few<'a>,
    wwpns: Few<'a>,
    is_odd: bool,
    free: Option<u64>,
    channel: Option<(&'a str, [bool; 4])>,
    is_for_shell: bool,
    is_special: bool,
}

/// Numbers as they are written, each of [`DIGITS`] hexadecimal digits; hardly ever more than one.
#[derive(Default, PartialEq, Eq)]
struct Few<'a> {
    first: Option<&'a str>,
    rest: Vec<&'a str>,
}

impl<'a> Few<'a> {
    fn push(&mut self, number: &'a str) {
        match self.first {
            None => self.first = Some(number),
            Some(_) => self.rest.push(number),
        }
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn values(&self) -> impl Iterator<Item = u64> {
        let all = self.first.into_iter().chain(self.rest.iter().copied());
        all.filter_map(number)
    }
}

/// A hexadecimal digit.
const HEX: u8 = 1;
/// A comma.
const COMMA: u8 = 2;
/// What a shell changes in double quotes.
const SHELL: u8 = 4;
/// What JSON escapes or no line of ASCII has.
const STRANGE: u8 = 8;
/// What one of the texts has that the management node looks for; rows hardly ever do.
const TELLING: u8 = 16;

/// What each byte is.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        let mut class = 0;
        if byte.is_ascii_hexdigit() {
            class |= HEX;
        }
        if byte == b',' {
            class |= COMMA;
        }
        if matches!(byte, b'"' | b'$' | b'`' | b'\\') {
            class |= SHELL;
        }
        if byte < 0x20 || byte >= 0x7f || matches!(byte, b'"' | b'\\') {
            class |= STRANGE;
        }
        if matches!(byte, b' ' | b'(' | b'l' | b'L') {
            class |= TELLING;
        }
        classes[byte as usize] = class;
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

impl<'a> Facts<'a> {
    /// What a line says, found in one pass over its bytes.
    fn of(line: &'a str) -> Self {
        let mut facts = Self::default();
        let bytes = line.as_bytes();
        // Where the first fields end.
        let mut ends = [bytes.len(); 7];
        let (mut field, mut field_start, mut run) = (0, 0, 0);
        let mut all = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let class = CLASSES[usize::from(*byte)];
            all |= class;
            if class & HEX != 0 {
                run += 1;
                continue;
            }
            if run >= DIGITS {
                facts.take(field, at - run == field_start, &line[at - run..at]);
            }
            run = 0;
            if class & COMMA != 0 {
                if let Some(end) = ends.get_mut(field) {
                    *end = at;
                }
                field += 1;
                field_start = at + 1;
            }
        }
        if run >= DIGITS {
            let start = bytes.len() - run;
            facts.take(field, start == field_start, &line[start..]);
        }
        let field_at =
            |index: usize| (field >= index).then(|| &line[ends[index - 1] + 1..ends[index]]);
        if line
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("free"))
        {
            facts.free = field_at(3).and_then(megabytes).map(f64::to_bits);
        }
        facts.channel = field_at(6)
            .filter(|channel| !channel.is_empty())
            .map(|channel| (channel, ChannelClass::of(line)))
            .filter(|(_, classes)| classes.contains(&true));
        facts.is_for_shell = all & SHELL != 0;
        facts.is_special = all & STRANGE != 0 || all & TELLING != 0 && tells(line);
        facts
    }

    /// A long run of digits in a field, perhaps where the field begins.
    fn take(&mut self, field: usize, begins: bool, run: &'a str) {
        match (field, begins) {
            (1, _) if run.len() == DIGITS => self.wwpns.push(run),
            (2.., true) if run.len() == DIGITS => self.numbers.push(run),
            _ => self.is_odd = true,
        }
    }
}

impl Facts<'_> {
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

/// Value of a run of hexadecimal digits, when it has exactly 16.
fn number(run: &str) -> Option<u64> {
    // A letter's low four bits are its value less nine.
    let digit = |byte: u8| u64::from(byte & 15) + 9 * u64::from(byte >> 6);
    let all = run.bytes().fold(0, |all, byte| (all << 4) | digit(byte));
    (run.len() == DIGITS).then_some(all)
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

    fn apply(&mut self, place: Place, facts: Facts<'_>, add: bool) {
        fn set<T: Ord + Clone>(set: &mut OrdSet<T>, item: T, add: bool) {
            if add {
                set.insert(item);
            } else {
                set.remove(&item);
            }
        }
        for number in facts.numbers.values() {
            if add {
                self.add_number(number, place);
            } else {
                self.remove_number(number, place);
            }
        }
        for wwpn in facts.wwpns.values() {
            count(&mut self.wwpns, wwpn, add);
        }
        if facts.is_odd {
            set(&mut self.odd, place, add);
        }
        if let Some(size) = facts.free {
            set(&mut self.free, (size, place), add);
        }
        if let Some((channel, classes)) = facts.channel {
            let mut counts = self.channels.get(channel).copied().unwrap_or_default();
            for (count, is) in counts.iter_mut().zip(classes) {
                let step = u32::from(is);
                *count = if add {
                    count.saturating_add(step)
                } else {
                    count.saturating_sub(step)
                };
            }
            if counts == [0; 4] {
                self.channels.remove(channel);
            } else {
                self.channels.insert(channel.to_owned(), counts);
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
        let wanted = hex_runs(literal, DIGITS)
            .map(|run| number(&literal[run]))
            .find(|number| number.is_none_or(|number| !self.wwpns.contains_key(&number)))?;
        let mut places: Vec<Place> = wanted
            .map(|number| self.places_of(number))
            .unwrap_or_default();
        if !self.odd.is_empty() {
            places.extend(self.odd.iter());
        }
        if places.len() > 1 {
            places.sort_unstable();
            places.dedup();
        }
        Some(places)
    }

    /// Places of the rows with a number.
    fn places_of(&self, number: u64) -> Vec<Place> {
        let Some(place) = self.numbers.get(&number) else {
            return Vec::new();
        };
        let mut places = vec![*place];
        places.extend(self.further(number));
        places
    }

    fn further(&self, number: u64) -> impl Iterator<Item = Place> {
        let all = (!self.more.is_empty())
            .then(|| self.more.range((number, Place::MIN)..=(number, Place::MAX)));
        all.into_iter().flatten().map(|(_, place)| *place)
    }

    fn add_number(&mut self, number: u64, place: Place) {
        match self.numbers.get(&number) {
            None => {
                self.numbers.insert(number, place);
            }
            Some(first) if *first == place => {}
            Some(_) => {
                self.more.insert((number, place));
            }
        }
    }

    fn remove_number(&mut self, number: u64, place: Place) {
        if self.numbers.get(&number) != Some(&place) {
            self.more.remove(&(number, place));
            return;
        }
        let next = self.further(number).next();
        match next {
            None => {
                self.numbers.remove(&number);
            }
            Some(next) => {
                self.more.remove(&(number, next));
                self.numbers.insert(number, next);
            }
        }
    }

    /// Place of the first of the smallest free rows of at least `megabytes`. The outer `None`: the answer depends on
    /// the order of rows (there are rows of no size, and they suffice), so they must be looked at one by one.
    #[expect(clippy::option_option, reason = "unknown, none, found")]
    pub fn best_fit(&self, megabytes: f64) -> Option<Option<Place>> {
        let bits = |value: f64| value.max(0.0).to_bits();
        let first = |from: f64| self.free.get_next(&(bits(from), Place::MIN)).copied();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_digits_are_a_number() {
        for run in ["0123456789abcdef", "FEDCBA9876543210", "ffffffffffffffff"] {
            assert_eq!(number(run), u64::from_str_radix(run, 16).ok());
        }
        assert_eq!(number("123"), None);
        assert_eq!(number("00123456789abcdef"), None);
    }
}
