//! Deliberate defects: plausible mistakes of an xCAT release, by which a conformance kit is proved. Each is hooked at one
//! of a few places (admission, remote commands before and after the seam, answer documents, HTTP replies), so that the
//! commands themselves stay clean. None is active unless it is asked for.

mod admission;
mod answers;
mod arguments;
mod catalogue;
mod commands;
mod defect;
mod edit;
mod http;
mod outcomes;
mod races;
mod running;

pub use catalogue::{all, find, markdown};
pub use defect::{Area, Asked, Defect, HttpReply, Mistake, Step};
pub use running::Defects;
