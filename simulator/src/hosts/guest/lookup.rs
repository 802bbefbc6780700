//! Which programs a distribution has.

use super::{
    block, chccwdev, cio_ignore, dasd, dd, lscss, lsluns, lsscsi, lszfcp, mounts, multipath,
    network, redhat, sg, suse, system, udevadm, zdev,
};
use crate::hosts::Program;
use crate::world::linux::Family;
use crate::world::{Distribution, Linux, LinuxRole};

/// The program called `name` (a bare name, or a path whose last part counts) on this Linux; `None` means that the
/// distribution lacks it and the shell answers 127.
pub fn lookup(name: &str, linux: &Linux) -> Option<Program> {
    let name = name.rsplit('/').next().unwrap_or(name);
    if linux.role == LinuxRole::Mn {
        return everywhere(name);
    }
    everywhere(name)
        .or_else(|| on_z(name))
        .or_else(|| of_family(name, linux.distribution))
}

/// What every Linux has, also the management node.
fn everywhere(name: &str) -> Option<Program> {
    Some(match name {
        "mount" => mounts::mount,
        "umount" => mounts::umount,
        "dd" => dd::run,
        "blkid" => block::blkid,
        "lsblk" => block::lsblk,
        "blockdev" => block::blockdev,
        "mkfs" | "mke2fs" | "mkfs.ext2" | "mkfs.ext3" | "mkfs.ext4" | "mkfs.xfs" | "mkfs.btrfs" => {
            block::mkfs
        }
        "ip" => network::ip,
        "ps" => network::ps,
        "modprobe" => system::modprobe,
        "lsmod" => system::lsmod,
        "dmesg" => system::dmesg,
        "systemctl" => system::systemctl,
        "service" => system::service,
        "chkconfig" | "update-rc.d" | "insserv" => system::chkconfig,
        _ => return None,
    })
}

/// What every Linux on z has.
fn on_z(name: &str) -> Option<Program> {
    Some(match name {
        "cio_ignore" => cio_ignore::run,
        "chccwdev" => chccwdev::run,
        "lsdasd" => dasd::lsdasd,
        "lscss" => lscss::lscss,
        "lschp" => lscss::lschp,
        "lszfcp" => lszfcp::run,
        "lsluns" => lsluns::run,
        "lsscsi" => lsscsi::lsscsi,
        "systool" => lsscsi::systool,
        "sg_inq" => sg::sg_inq,
        "sg_readcap" => sg::sg_readcap,
        "sg_luns" => sg::sg_luns,
        "sg_turs" => sg::sg_turs,
        "sg_map" => sg::sg_map,
        "scsi_id" => sg::scsi_id,
        "udevadm" => udevadm::run,
        "multipath" => multipath::multipath,
        "multipathd" => multipath::multipathd,
        "rescan-scsi-bus.sh" => system::rescan_scsi_bus,
        "zipl" => system::boot_tool,
        "shutdown" | "halt" | "poweroff" | "reboot" | "init" | "telinit" => system::shutdown,
        _ => return None,
    })
}

/// What only one family has.
fn of_family(name: &str, distribution: Distribution) -> Option<Program> {
    Some(match (distribution.family(), name) {
        (Family::RedHat, "zfcpconf.sh") => redhat::zfcpconf,
        (Family::RedHat, "device_cio_free" | "zfcp_cio_free") => redhat::device_cio_free,
        (Family::RedHat, "mpathconf") => multipath::mpathconf,
        (Family::RedHat | Family::Suse, "dracut" | "mkinitrd")
        | (Family::Suse, "update-bootloader")
        | (Family::Ubuntu, "update-initramfs") => system::boot_tool,
        (Family::Suse, "zfcp_host_configure") => suse::zfcp_host_configure,
        (Family::Suse, "zfcp_disk_configure") => suse::zfcp_disk_configure,
        (Family::Suse, "zfcp_san_disc") => suse::zfcp_san_disc,
        (Family::Ubuntu, "chzdev") => zdev::chzdev,
        (Family::Ubuntu, "lszdev") => zdev::lszdev,
        (_, "lsb_release") => system::lsb_release,
        _ => return None,
    })
}
