//! What the management node does: requests, policy, dispatch, tables, one module per xCAT command.

mod admission;
mod audit;
mod children;
pub mod commands;
mod context;
mod crypt;
pub mod dispatch;
mod document;
pub mod noderange;
mod policy;
mod registry;
mod request;
mod rows;
mod shell;
pub mod tables;
mod token;
pub mod zvm;

pub use children::Children;
pub use context::Context;
pub use document::{Document, Element};
pub use registry::is_command;
pub use request::{Credentials, Request, Response};
pub use rows::Rows;
