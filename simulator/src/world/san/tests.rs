//! Reaching a LUN, and changing what is reached.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::world::{Lun, Wwpn};

const ME: Wwpn = Wwpn(0xc050_76de_3300_0005);
const OTHER: Wwpn = Wwpn(0xc050_76de_3300_0006);
const PORT: Wwpn = Wwpn(0x5005_0768_0110_2991);
const LUN: Lun = Lun(0x0004_0000_0000_0000);

fn san() -> San {
    San {
        ports: BTreeMap::from([(
            PORT,
            TargetPort {
                online: true,
                ..TargetPort::default()
            },
        )]),
        volumes: BTreeMap::from([("v4".to_owned(), Volume::default())]),
        luns: BTreeMap::from([(PORT, BTreeMap::from([(LUN, "v4".to_owned())]))]).into(),
        zones: BTreeMap::from([("z".to_owned(), BTreeSet::from([ME, PORT]))]),
        masks: BTreeMap::from([("v4".to_owned(), BTreeSet::from([ME]))]).into(),
        ..San::default()
    }
}

/// Breaks one link and says what the initiator then gets.
fn broken(change: impl FnOnce(&mut San)) -> Unreachable {
    let mut san = san();
    change(&mut san);
    san.lun(ME, PORT, LUN).unwrap_err()
}

#[test]
fn every_missing_link_has_its_own_failure() {
    assert_eq!(san().lun(ME, PORT, LUN).unwrap().0, "v4");
    assert_eq!(broken(|s| s.ports.clear()), Unreachable::NoSuchPort);
    assert_eq!(
        broken(|s| s.ports.values_mut().for_each(|p| p.online = false)),
        Unreachable::PortOffline
    );
    assert_eq!(broken(|s| s.zones.clear()), Unreachable::NotZoned);
    assert_eq!(
        broken(|s| s.ports.values_mut().for_each(|p| p.refuses_login = true)),
        Unreachable::LoginRefused
    );
    assert_eq!(broken(|s| s.luns.clear()), Unreachable::NoSuchLun);
    assert_eq!(broken(|s| s.masks.clear()), Unreachable::Masked);
    assert_eq!(
        broken(|s| s.volumes.values_mut().for_each(|v| v.silent = true)),
        Unreachable::Silent
    );
}

#[test]
fn only_what_is_zoned_and_masked_is_visible() {
    let mut san = san();
    assert_eq!(san.visible_luns(ME).count(), 1);
    assert_eq!(san.visible_luns(OTHER).count(), 0);
    assert_eq!(san.visible_ports(OTHER).count(), 0);
    san.open_zoning = true;
    assert_eq!(san.visible_ports(OTHER).collect::<Vec<_>>(), [PORT]);
    assert_eq!(san.visible_luns(OTHER).count(), 0);
    san.open_masking = true;
    assert_eq!(san.visible_luns(OTHER).count(), 1);
}

#[test]
fn changes_are_whole_or_refused() {
    let mut san = san();
    let other = Wwpn(PORT.0 + 1);
    assert_eq!(san.map(other, LUN, "v4"), Err(SanError::NoPort(other)));
    san.add_port(other);
    assert_eq!(
        san.map(other, LUN, "v9"),
        Err(SanError::NoVolume("v9".to_owned()))
    );
    san.map(other, LUN, "v4").unwrap();
    san.add_volume("v9", Volume::default()).unwrap();
    assert_eq!(
        san.add_volume("v9", Volume::default()),
        Err(SanError::VolumeExists("v9".to_owned()))
    );
    assert!(matches!(
        san.map(other, LUN, "v9"),
        Err(SanError::LunInUse { .. })
    ));
    assert_eq!(san.unmap(other, LUN).unwrap(), "v4");
    assert_eq!(
        san.unmap(other, LUN),
        Err(SanError::NoLun {
            port: other,
            lun: LUN
        })
    );
    assert_eq!(san.set_shown("v9", ME, true), Ok(true));
    assert_eq!(san.set_shown("v9", ME, true), Ok(false));
    assert_eq!(san.set_zoned("z", PORT, false), Ok(true));
    assert_eq!(san.lun(ME, PORT, LUN).unwrap_err(), Unreachable::NotZoned);
    assert_eq!(san.set_zoned("z", PORT, true), Ok(true));
    san.set_medium("v4", Medium::Reserved).unwrap();
    san.remove_volume("v4").unwrap();
    assert_eq!(san.lun(ME, PORT, LUN).unwrap_err(), Unreachable::NoSuchLun);
    assert!(san.remove_zone("nope").is_err());
    assert!(san.set_link(ME, false) && !san.set_link(ME, false) && san.set_link(ME, true));
}
