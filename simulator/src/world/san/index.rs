//! Which LUNs of a target port are shown to an initiator, by initiator: REPORT LUNS then costs what it answers, also where
//! a million LUNs are each masked for someone else. The masks are the law; a property test compares.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::San;
use crate::world::{Lun, Wwpn};

/// Ports with fewer LUNs are looked through.
const SMALL: usize = 256;
/// Volumes shown to more initiators than this are not noted for each of them.
const WIDE: usize = 16;

/// The LUNs of one target port.
#[derive(Debug, Default)]
pub(super) struct PortIndex {
    /// Changes of mappings and masks up to which it holds.
    changes: (u64, u64),
    /// LUNs by initiator, ascending.
    narrow: HashMap<Wwpn, Vec<Lun>>,
    /// LUNs that are shown to many, ascending.
    wide: Vec<Lun>,
}

/// The indexes that have been needed. It is no part of the SAN's value: a copy begins without.
#[derive(Debug, Default)]
pub struct Indexes(Mutex<HashMap<Wwpn, Arc<PortIndex>>>);

impl Clone for Indexes {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Indexes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl San {
    /// LUNs of a target port among which are all that are shown to `initiator`, ascending; `None`: they are as well
    /// looked through.
    pub(super) fn likely_luns(&self, initiator: Wwpn, target: Wwpn) -> Option<Vec<Lun>> {
        let luns = self.luns.get(&target)?;
        if self.open_masking || luns.len() < SMALL {
            return None;
        }
        let changes = (self.luns.changes(), self.masks.changes());
        // An index is replaced as a whole: what a thread that panicked left is as good as any.
        let mut indexes = self
            .indexes
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let index = match indexes.get(&target) {
            Some(index) if index.changes == changes => Arc::clone(index),
            _ => {
                let index = Arc::new(self.index(target, changes));
                indexes.insert(target, Arc::clone(&index));
                index
            }
        };
        drop(indexes);
        let own = index.narrow.get(&initiator).map_or(&[][..], Vec::as_slice);
        if index.wide.len() > luns.len() / 4 {
            return None;
        }
        let mut likely = [own, index.wide.as_slice()].concat();
        likely.sort_unstable();
        Some(likely)
    }

    fn index(&self, target: Wwpn, changes: (u64, u64)) -> PortIndex {
        let mut index = PortIndex {
            changes,
            ..PortIndex::default()
        };
        for (lun, name) in self.luns.get(&target).into_iter().flatten() {
            let Some(mask) = self.masks.get(name) else {
                continue;
            };
            if mask.len() > WIDE {
                index.wide.push(*lun);
                continue;
            }
            for initiator in mask {
                index.narrow.entry(*initiator).or_default().push(*lun);
            }
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::{TargetPort, Volume};
    use super::*;

    const PORT: Wwpn = Wwpn(1);

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_index_answers_what_the_masks_say(
            masks in prop::collection::vec(prop::collection::btree_set(100_u64..140, 0..24), SMALL..SMALL + 60),
            hidden in prop::collection::vec((0_usize..SMALL, 100_u64..140), 0..20),
        ) {
            let mut san = San { open_zoning: true, ..San::default() };
            san.ports.insert(PORT, TargetPort { online: true, ..TargetPort::default() });
            for (at, mask) in masks.iter().enumerate() {
                let name = format!("v{at}");
                san.volumes.insert(name.clone(), Volume::default());
                san.luns.entry(PORT).or_default().insert(Lun((at as u64) << 48), name.clone());
                san.masks.insert(name, mask.iter().map(|w| Wwpn(*w)).collect());
            }
            let compare = |san: &San| {
                for initiator in (100..140).map(Wwpn) {
                    let seen: Vec<Lun> = san.reported_luns(initiator, PORT).map(|seen| seen.lun).collect();
                    let shown = |name: &String| san.masks.get(name).is_some_and(|m: &BTreeSet<Wwpn>| m.contains(&initiator));
                    let law: Vec<Lun> = san.luns[&PORT].iter().filter(|(_, n)| shown(n)).map(|(l, _)| *l).collect();
                    assert_eq!(seen, law, "initiator {initiator}");
                    // What is noted for the initiator itself is no more than what it sees.
                    let likely = san.likely_luns(initiator, PORT);
                    let wide = san.luns[&PORT].values().filter(|n| san.masks[*n].len() > WIDE).count();
                    assert!(likely.is_none_or(|l| l.len() <= law.len() + wide));
                }
            };
            compare(&san);
            for (at, initiator) in hidden {
                san.set_shown(&format!("v{at}"), Wwpn(initiator), false).unwrap();
                compare(&san);
            }
            san.unmap(PORT, Lun(0)).unwrap();
            compare(&san);
        }
    }
}
