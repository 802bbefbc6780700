//! chzdev and lszdev (spec: zfcp-and-san 4.6, 4.7, 5.4).

mod chzdev;
mod host;
mod id;
mod lszdev;
mod lun;
mod rules;

pub use chzdev::run as chzdev;
pub use lszdev::run as lszdev;
