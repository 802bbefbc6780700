//! A z/VM system as plain data with functions: the user directory and its manager, CP's view of running guests and
//! devices, disk pools, virtual networks, SSI. The functions answer as SMAPI does, with a [`Code`]; who asks and how the
//! answer is printed is no business of this room (spec: zhcp-and-smapi 2.9, 5, 7).

mod code;
pub mod cp;
mod dasd;
mod directory;
mod dirmaint;
mod fcp;
mod hardware;
mod logon;
mod machine;
mod network;
mod pool;
mod processor;
mod registry;
mod smapi;
mod spool;
mod ssi;
mod statement;
mod system;

pub use code::{Code, Smapi, code};
pub use dasd::{DasdVolume, ScsiDisk, ScsiPath};
pub use directory::{DVHOPT, DirectoryEntry};
pub use dirmaint::{Acceptance, DirMaint, Operation, OperationState};
pub use fcp::{FcpDevice, FcpState};
pub use hardware::{Hardware, OsaDevice};
pub use machine::{VirtualAdapter, VirtualDisk, VirtualMachine};
pub use network::{Coupling, Lan, LanKind, Vswitch};
pub use pool::{Allocation, DiskPool, DiskUnit, Extent, NewDisk, size_in_units};
pub use processor::Processor;
pub use registry::{Authorisation, Registry};
pub use smapi::SmapiServer;
pub use spool::SpoolFile;
pub use ssi::{Relocation, Ssi, SsiMember};
pub use statement::{Statement, device_of};
pub use system::ZvmSystem;
