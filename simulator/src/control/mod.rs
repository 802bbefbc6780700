//! The control door: what a test may ask of a running simulator, as HTTP with JSON. One table of routes ([`ROUTES`]) makes
//! the router, the OpenAPI description and the reference page; the command line comes through the same door.

mod call;
mod client;
mod door;
mod faults;
mod journal;
mod openapi;
mod page;
mod places;
mod query;
mod routes;
mod schema;
mod state;
mod world;

pub use call::{Call, Refusal};
pub use client::{Client, ClientError, part};
pub use door::{replay, router};
pub use openapi::openapi;
pub use page::page;
pub use query::{Assertion, JournalQuery, Verdict};
pub use routes::{ROUTES, Route, Verb};
