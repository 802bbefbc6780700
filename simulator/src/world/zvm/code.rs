//! SMAPI's way to say how a call ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Return code and reason code of a SMAPI call (spec: zhcp-and-smapi 2.4, Appendix A).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Code {
    /// Return code; negative when the call did not reach SMAPI (spec: zhcp-and-smapi 2.6).
    pub rc: i32,
    /// Reason code.
    pub rs: i32,
}

/// A return code and a reason code.
pub const fn code(rc: i32, rs: i32) -> Code {
    Code { rc, rs }
}

/// What a SMAPI function gives: its result, or the pair that says why not.
pub type Smapi<T> = Result<T, Code>;

impl Code {
    /// 0/0.
    pub const OK: Self = code(0, 0);
    /// 200/12, the image is not logged on.
    pub const NOT_ACTIVE: Self = code(200, 12);
    /// 204/4, the running image has such a device already.
    pub const DEVICE_EXISTS: Self = code(204, 4);
    /// 204/8, the running image has no such device.
    pub const NO_DEVICE: Self = code(204, 8);
    /// 204/16, the real device is attached elsewhere or offline.
    pub const DEVICE_UNAVAILABLE: Self = code(204, 16);
    /// 400/4, the directory has no such entry.
    pub const NO_ENTRY: Self = code(400, 4);
    /// 400/8, the directory has such an entry already.
    pub const ENTRY_EXISTS: Self = code(400, 8);
    /// 400/12, somebody else has the entry locked.
    pub const ENTRY_LOCKED: Self = code(400, 12);
    /// 400/24, the entry is not locked.
    pub const ENTRY_NOT_LOCKED: Self = code(400, 24);
    /// 404/4, the entry defines such a device already.
    pub const DEVICE_DEFINED: Self = code(404, 4);
    /// 404/8, the entry defines no such device.
    pub const DEVICE_NOT_DEFINED: Self = code(404, 8);
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.rc, self.rs)
    }
}
