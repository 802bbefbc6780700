//! The commands that show and change object definitions (spec: rest-and-xcatd 4.6).

pub mod chdef;
pub(super) mod groups;
pub mod lsdef;
pub mod mkdef;
mod request;
pub mod rmdef;
mod store;

use request::DefRequest;
