//! Path names of a LUN in a guest, and the notices that a shut-down guest acts upon (spec: driver 2.8.9, 2.8.11).

use crate::types::{DeviceNumber, Distribution, Family, Lun, MountPoint, WwpnSet};

/// The worker script of the notices.
pub const WORKER: &str = "setupDisk";

/// The by-path name that udev gives the LUN, as the management node's commands take it: with several devices or ports
/// the name is a *parameter in path form*, with the lists in the place of one value and `separator` in them (`;` in
/// calls, `,` in notices).
pub fn source_path(
    distribution: Distribution,
    fcp: &[DeviceNumber],
    wwpns: &WwpnSet,
    lun: Lun,
    separator: &str,
) -> String {
    let devices: Vec<String> = fcp.iter().map(ToString::to_string).collect();
    let (devices, ports) = (devices.join(separator), wwpns.joined(separator));
    match distribution.family() {
        Family::Rhel | Family::Sles => {
            format!("/dev/disk/by-path/ccw-0.0.{devices}-zfcp-0x{ports}:0x{lun}")
        }
        Family::Ubuntu => {
            format!(
                "/dev/disk/by-path/ccw-0.0.{devices}-fc-0x{ports}-lun-{}",
                lun.target_lun()
            )
        }
    }
}

/// Parameters of the notice that adds (or removes) the units of a LUN.
pub fn scsi_notice(add: bool, fcp: &[DeviceNumber], wwpns: &WwpnSet, lun: Lun) -> String {
    let action = if add {
        "addScsiVolume"
    } else {
        "removeScsiVolume"
    };
    let devices: Vec<String> = fcp.iter().map(ToString::to_string).collect();
    format!(
        "action={action} fcpAddr={} wwpn={} lun={lun}",
        devices.join(","),
        wwpns.joined(",")
    )
}

/// Parameters of the notice that makes the device node.
pub fn create_node_notice(target: &MountPoint, source: &str) -> String {
    format!("action=createfilesysnode tgtFile={target} srcFile={source}")
}

/// Parameters of the notice that removes the device node.
pub fn remove_node_notice(target: &MountPoint) -> String {
    format!("action=removefilesysnode tgtFile={target}")
}

/// The next device node of a guest: `/dev/vdX` with the first letter that none of its volumes uses (spec: driver
/// 2.8.13).
pub fn next_mount_point<'a>(used: impl IntoIterator<Item = &'a MountPoint>) -> Option<MountPoint> {
    let used: Vec<&str> = used.into_iter().map(MountPoint::as_str).collect();
    (b'a'..=b'z')
        .map(|letter| format!("/dev/vd{}", char::from(letter)))
        .find(|name| !used.contains(&name.as_str()))
        .and_then(|name| name.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_distributions() {
        let fcp: Vec<DeviceNumber> = vec!["1faa".parse().unwrap(), "1fab".parse().unwrap()];
        let ports: WwpnSet = "5005076801102991;5005076801102992".parse().unwrap();
        let lun = "0021000000000000".parse().unwrap();
        assert_eq!(
            source_path(
                Distribution::Rhel7,
                &fcp[..1],
                &ports.ports()[0].into(),
                lun,
                ";"
            ),
            "/dev/disk/by-path/ccw-0.0.1faa-zfcp-0x5005076801102991:0x0021000000000000"
        );
        assert_eq!(
            source_path(Distribution::Ubuntu16, &fcp, &ports, lun, ","),
            "/dev/disk/by-path/ccw-0.0.1faa,1fab-fc-0x5005076801102991,5005076801102992-lun-33"
        );
        assert_eq!(
            scsi_notice(true, &fcp, &ports, lun),
            "action=addScsiVolume fcpAddr=1faa,1fab wwpn=5005076801102991,5005076801102992 lun=0021000000000000"
        );
    }

    #[test]
    fn the_next_free_letter() {
        let used = ["/dev/vda".parse().unwrap(), "/dev/vdc".parse().unwrap()];
        assert_eq!(next_mount_point(&used).unwrap().as_str(), "/dev/vdb");
        assert_eq!(next_mount_point(&[]).unwrap().as_str(), "/dev/vda");
        let all: Vec<MountPoint> = ('a'..='z')
            .map(|c| format!("/dev/vd{c}").parse().unwrap())
            .collect();
        assert_eq!(next_mount_point(&all), None);
    }
}
