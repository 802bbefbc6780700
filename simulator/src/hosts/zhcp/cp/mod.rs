//! CP commands (spec: zhcp-and-smapi 4). A command is carried out in the name of a virtual machine and answers with the
//! text that CP would show and its return code, which normally is the number of the message.

mod command;
mod devices;
mod lines;
mod link;
mod network;
mod query;
pub mod spool;
#[cfg(test)]
mod tests;
mod users;

pub use command::{Answer, command};
