//! Faults: rules that make a layer of the site fail in its own dialect.

mod book;
mod catalogue;
mod condition;
mod effect;
mod guest_setting;
mod page;
mod rule;
mod smapi;
pub(crate) mod undo;

pub use book::{FaultBook, FaultBookState};
pub(crate) use book::{Fired, for_one_command};
pub use catalogue::{CLIENT_MISTAKES, ClientMistake, NamedFault, catalogue, named};
pub use condition::{Condition, ConditionError};
pub use effect::{Effect, Layer};
pub use page::page;
pub use rule::{FaultRequest, FaultRule, RuleError};
