//! The machine beneath a z/VM system, as `/proc/sysinfo`, `System_Info_Query` and CP tell of it.

use serde::{Deserialize, Serialize};

use crate::world::UserId;

/// The CEC and the LPAR (spec: zhcp-and-smapi 1.2, 2.9.13).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hardware {
    /// Vendor of the CEC.
    pub manufacturer: String,
    /// Machine type.
    pub model: String,
    /// Serial number of the CEC, as `/proc/sysinfo` shows it.
    pub sequence_code: String,
    /// LPAR number.
    pub lpar_number: u32,
    /// LPAR name.
    pub lpar_name: String,
    /// Processors of the LPAR.
    pub lpar_cpus: u32,
    /// Processors of the LPAR that are configured.
    pub lpar_cpus_configured: u32,
    /// Processors that run in the CEC.
    pub cec_cpus: u32,
    /// Version of CP as `/proc/sysinfo` shows it, such as `z/VM    6.4.0`.
    pub control_program: String,
    /// Real storage, in the words of the last line of `System_Info_Query`.
    pub storage: String,
    /// Identity of a virtual processor: 16 hex digits.
    pub cpu_id: String,
    /// Time zone of the system.
    pub timezone: String,
    /// Percentage of the processors in use.
    pub cpu_utilisation: u32,
    /// Pages per second.
    pub paging_rate: u32,
    /// Pages of real storage.
    pub configured_pages: u64,
    /// Pages of real storage in use.
    pub used_pages: u64,
    /// Prefix of MAC addresses that CP makes up, six hex digits.
    pub mac_prefix: String,
    /// Prefix of MAC addresses of directory statements, six hex digits.
    pub user_mac_prefix: String,
}

impl Default for Hardware {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            manufacturer: text("IBM"),
            model: text("2964"),
            sequence_code: text("00000000000A1234"),
            lpar_number: 19,
            lpar_name: text("A13"),
            lpar_cpus: 8,
            lpar_cpus_configured: 8,
            cec_cpus: 14,
            control_program: text("z/VM    6.4.0"),
            storage: text("64G CONFIGURED = 64G INC = 256M STANDBY = 0  RESERVED = 0"),
            cpu_id: text("FF00EBBE20978000"),
            timezone: text("UTC"),
            cpu_utilisation: 7,
            paging_rate: 0,
            configured_pages: 16_777_216,
            used_pages: 5_242_880,
            mac_prefix: text("02000A"),
            user_mac_prefix: text("02000B"),
        }
    }
}

impl Hardware {
    /// `/proc/sysinfo` of a Linux in the virtual machine `user` with `cpus` virtual processors.
    pub fn sysinfo(&self, user: &UserId, cpus: usize) -> String {
        let standby = self.lpar_cpus.saturating_sub(self.lpar_cpus_configured);
        format!(
            "Manufacturer:         {:<16}\n\
             Type:                 {:<16}\n\
             Sequence Code:        {}\n\
             Plant:                02              \n\
             CPUs Total:           {}\n\
             CPUs Configured:      {}\n\
             \n\
             LPAR Number:          {}\n\
             LPAR Characteristics: Shared \n\
             LPAR Name:            {:<8}\n\
             LPAR Adjustment:      100\n\
             LPAR CPUs Total:      {}\n\
             LPAR CPUs Configured: {}\n\
             LPAR CPUs Standby:    {standby}\n\
             LPAR CPUs Reserved:   0\n\
             LPAR CPUs Dedicated:  0\n\
             LPAR CPUs Shared:     {}\n\
             \n\
             VM00 Name:            {:<8}\n\
             VM00 Control Program: {:<16}\n\
             VM00 Adjustment:      100\n\
             VM00 CPUs Total:      {cpus}\n\
             VM00 CPUs Configured: {cpus}\n\
             VM00 CPUs Standby:    0\n\
             VM00 CPUs Reserved:   0\n",
            self.manufacturer,
            self.model,
            self.sequence_code,
            self.lpar_cpus,
            self.lpar_cpus_configured,
            self.lpar_number,
            self.lpar_name,
            self.lpar_cpus,
            self.lpar_cpus_configured,
            self.lpar_cpus_configured,
            user.as_str(),
            self.control_program,
        )
    }
}

/// An OSA device of the I/O configuration (`Virtual_Network_OSA_Query`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OsaDevice {
    /// Channel path, two hex digits.
    pub chpid: String,
    /// Whether it is a HiperSockets device.
    #[serde(default)]
    pub hipersockets: bool,
    /// Whether CP has it online.
    pub online: bool,
    /// Userid that has it: a controller or a guest.
    #[serde(default)]
    pub attached_to: Option<UserId>,
}
