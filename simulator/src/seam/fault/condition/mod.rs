//! Conditions of the site: what is out of order as long as a rule is there (spec: zfcp-and-san 8.1), by the layer in which
//! it is brought about.

mod apply;
mod cp;
mod fabric;
mod guest;
mod kind;
mod place;
mod storage;

pub use apply::ConditionError;
pub use kind::Condition;
