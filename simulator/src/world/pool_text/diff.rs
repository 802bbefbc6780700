//! What differs between two states of one pool text. They share what is equal, so the cost is that of the difference.

use std::sync::Arc;

use imbl::ordmap::DiffItem;

use super::PoolText;
use super::text::SLOT_BITS;

impl PoolText {
    /// Whether this is certainly the same text: a copy of which neither side has changed.
    pub fn shares_all(&self, other: &Self) -> bool {
        self.chunks.ptr_eq(&other.chunks)
    }

    /// Rows that are in the older state only and rows that are in this one only, at most `limit` of each.
    pub fn changed_since(&self, older: &Self, limit: usize) -> (Vec<String>, Vec<String>) {
        let mut difference = Difference::default();
        if self.shares_all(older) {
            return (difference.gone, difference.new);
        }
        if let Some(places) = self.edits.since(&older.edits) {
            for chunk in places.chunk_by(|a, b| a >> SLOT_BITS == b >> SLOT_BITS) {
                let pairs = chunk
                    .iter()
                    .map(|place| (older.line(*place), self.line(*place)));
                difference.add(pairs);
                if difference.is_full(limit) {
                    break;
                }
            }
            return difference.cut(limit);
        }
        for item in older.chunks.diff(&self.chunks) {
            let (before, after) = match item {
                DiffItem::Add(_, chunk) => (None, Some(chunk)),
                DiffItem::Remove(_, chunk) => (Some(chunk), None),
                DiffItem::Update { old, new } if Arc::ptr_eq(old.1, new.1) => continue,
                DiffItem::Update { old, new } => (Some(old.1), Some(new.1)),
            };
            let slots = before
                .map_or(0, |c| c.len())
                .max(after.map_or(0, |c| c.len()));
            // A line keeps its slot, so nearly all are the same on both sides.
            let same = match (before, after) {
                (Some(a), Some(b)) => a.same_slots(b),
                _ => (0, 0),
            };
            difference.add((same.0..slots - same.1).map(|slot| {
                (
                    before.and_then(|c| c.line(slot)),
                    after.and_then(|c| c.line(slot)),
                )
            }));
            if difference.is_full(limit) {
                break;
            }
        }
        difference.cut(limit)
    }
}

/// Rows that are on one side only.
#[derive(Default)]
struct Difference {
    gone: Vec<String>,
    new: Vec<String>,
}

impl Difference {
    /// Adds what differs between the lines of one chunk, given slot by slot.
    fn add<'a>(&mut self, lines: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>) {
        let (mut old, mut young) = (Vec::new(), Vec::new());
        for (a, b) in lines.filter(|(a, b)| a != b) {
            old.extend(a);
            young.extend(b);
        }
        for row in old {
            match young.iter().position(|other| *other == row) {
                Some(at) => {
                    young.remove(at);
                }
                None => self.gone.push(row.to_owned()),
            }
        }
        self.new.extend(young.into_iter().map(str::to_owned));
    }

    fn is_full(&self, limit: usize) -> bool {
        self.gone.len() >= limit && self.new.len() >= limit
    }

    fn cut(mut self, limit: usize) -> (Vec<String>, Vec<String>) {
        self.gone.truncate(limit);
        self.new.truncate(limit);
        (self.gone, self.new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_that_are_the_same_are_those_at_both_ends() {
        let text = |changed: &[usize], long: bool| -> PoolText {
            let rows: Vec<String> = (0..60)
                .map(|i| {
                    let more = if long { "used by someone" } else { "free" };
                    let status = if changed.contains(&i) { more } else { "free" };
                    format!("{status},w,{i:016},1G,,,,\n")
                })
                .collect();
            PoolText::new(&rows.concat())
        };
        let old = text(&[], false);
        for changed in [&[][..], &[0], &[59], &[30], &[2, 57], &[0, 59]] {
            for long in [false, true] {
                let new = text(changed, long);
                let (gone, came) = new.changed_since(&old, 100);
                let wanted = if long { changed.len() } else { 0 };
                assert_eq!((gone.len(), came.len()), (wanted, wanted), "{changed:?}");
                let mut less = new.clone();
                less.edit(Some("0000000000000031"), |line| {
                    line.contains("0000000000000031").then_some(None)
                });
                let (gone, came) = less.changed_since(&new, 100);
                assert_eq!((gone.len(), came.len()), (1, 0));
            }
        }
    }

    #[test]
    fn only_what_changed_is_told() {
        let rows: Vec<String> = (0..5_000)
            .map(|i| format!("free,w,{i:016},1G,,,,\n"))
            .collect();
        let rows = rows.concat();
        let old = PoolText::new(&rows);
        let mut new = old.clone();
        new.edit(Some("0000000000000042"), |line| {
            line.contains("0000000000000042")
                .then(|| Some(line.replace("free", "used")))
        });
        new.push_str("free,w,x,1G,,,,\n");
        let (gone, came) = new.changed_since(&old, 10);
        assert_eq!(gone, ["free,w,0000000000000042,1G,,,,"]);
        assert_eq!(came, ["used,w,0000000000000042,1G,,,,", "free,w,x,1G,,,,"]);
    }

    proptest::proptest! {
        #[test]
        fn what_was_noted_is_what_a_comparison_finds(
            steps in proptest::collection::vec((0_usize..200, 0_u8..5), 0..80),
        ) {
            let rows: String = (0..200).map(|n| format!("row {n:016x}\n")).collect();
            let mut text = PoolText::new(&rows);
            let kept = text.keep();
            for (row, step) in steps {
                let found = format!("{row:016x}");
                match step {
                    0 => text.edit(Some(&found), |l| l.contains(&found).then_some(None)),
                    1 => text.edit(Some(&found), |l| l.contains(&found).then(|| Some(format!("row {found}")))),
                    2 if row == 7 => text.push_str("one more\n"),
                    _ => text.edit(Some(&found), |l| {
                        l.contains(&found).then(|| Some(format!("{step} {found}")))
                    }),
                }
            }
            // A copy does not know what was noted.
            let compared = text.clone().changed_since(&kept, 1_000);
            proptest::prop_assert_eq!(text.changed_since(&kept, 1_000), compared);
            // Nor does a text of which another copy was kept.
            let other = text.keep();
            proptest::prop_assert_eq!(text.changed_since(&other, 1_000), (vec![], vec![]));
        }
    }
}
