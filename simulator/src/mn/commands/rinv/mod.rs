//! `rinv`: inventory of a hypervisor (spec: scsi-pools 4) or of a guest (spec: guests 9).

mod console;
mod disk_pools;
mod fcp_devices;
mod guest;
mod guest_facts;
mod hypervisor;
mod networks;
mod run;
mod system_info;
mod zfcp_disks;
mod zfcp_pools;

pub use hypervisor::run as hypervisor;
pub use run::run;
