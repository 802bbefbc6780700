//! The REST door: HTTP in, one xCAT request to the management node, its documents out as JSON, XML or HTML
//! (spec: rest-and-xcatd 1 and 2). It mirrors a CGI program behind Apache and knows nothing of z/VM.

mod body;
mod call;
mod door;
mod dumper;
mod html;
mod pieces;
mod query;
mod reply;
mod resources;
mod to_the_end;
mod wire;

pub(crate) use door::respond;
pub use door::{router, web_server_page};
