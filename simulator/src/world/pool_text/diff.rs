//! What differs between two states of one pool text. They share what is equal, so the cost is that of the difference.

use std::sync::Arc;

use imbl::ordmap::DiffItem;

use super::PoolText;

impl PoolText {
    /// Whether this is certainly the same text: a copy of which neither side has changed.
    pub fn shares_all(&self, other: &Self) -> bool {
        self.chunks.ptr_eq(&other.chunks)
    }

    /// Rows that are in the older state only and rows that are in this one only, at most `limit` of each.
    pub fn changed_since(&self, older: &Self, limit: usize) -> (Vec<String>, Vec<String>) {
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        if older.chunks.ptr_eq(&self.chunks) {
            return (gone, new);
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
            let (mut old, mut young) = (Vec::new(), Vec::new());
            let same = match (before, after) {
                (Some(a), Some(b)) => a.same_slots(b),
                _ => (0, 0),
            };
            for slot in same.0..slots - same.1 {
                let (a, b) = (
                    before.and_then(|c| c.line(slot)),
                    after.and_then(|c| c.line(slot)),
                );
                if a != b {
                    old.extend(a);
                    young.extend(b);
                }
            }
            for row in old {
                match young.iter().position(|other| *other == row) {
                    Some(at) => {
                        young.remove(at);
                    }
                    None => gone.push(row.to_owned()),
                }
            }
            new.extend(young.into_iter().map(str::to_owned));
            if gone.len() >= limit && new.len() >= limit {
                break;
            }
        }
        gone.truncate(limit);
        new.truncate(limit);
        (gone, new)
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
}
