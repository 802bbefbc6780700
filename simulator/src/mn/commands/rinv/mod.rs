//! `rinv`: inventory of a hypervisor (spec: scsi-pools 4) or of a guest (spec: guests 9).

mod disk_pools;
mod fcp_devices;
mod hypervisor;
mod networks;
mod run;
mod system_info;
mod zfcp_pools;

pub use hypervisor::run as hypervisor;
pub use run::run;
