//! The native door: XML over TLS, as xCAT's command-line clients and its REST program speak it
//! (spec: rest-and-xcatd 3). It turns bytes into an [`mn::Request`](crate::mn::Request) and documents into XML; it
//! knows no command.

mod certificate;
mod connection;
mod door;
mod framing;
mod parse;
mod tls;
mod write;
mod xml;

pub use door::serve;
pub use tls::{TlsError, server_config};
