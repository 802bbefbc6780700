//! The client of the management node: what a call means, and whether it happened.
//!
//! [`Call`] is the catalogue, [`Client::call`] carries one out. An [`Outcome`] is `Ok` only with the call's positive
//! confirmation; otherwise [`CallError::executed`] says whether the work was done ([`Executed`]). The client repeats what is
//! safe to repeat and nothing else: after an unknown outcome it is the caller who reads back, or the engine of [`crate::steps`].

mod answer;
mod call;
mod classify;
#[expect(
    clippy::module_inception,
    reason = "the noun of this room is the client"
)]
mod client;
mod clock;
mod error;
mod http;
mod observer;
mod operands;
mod redact;
mod rehearsal;
mod request;
mod retry;
mod table;
mod tls;
mod transport;
mod version;
mod wire;
mod zhcp;

pub use answer::{Answer, Element, ErrorCode, LineKind, strip_node};
pub use call::Call;
pub use classify::{Done, classify};
pub use client::{Client, ClientBuilder, Outcome};
pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{CallError, Complaint, Executed, Reason};
pub use http::{HttpTransport, RESPONSE_LIMIT};
pub use observer::{Exchange, Observer, Recorder};
pub use operands::{CallClass, Channel, FcpQuery, PowerAction, ReserveAs};
pub use redact::Redactor;
pub use rehearsal::Rehearsal;
pub use request::{Method, Request, encode};
pub use retry::{ATTEMPTS, Backoff, may_repeat};
pub use table::{Table, TableRow};
pub use tls::TlsError;
pub use transport::{Transport, TransportError, TransportFault, WireAnswer, WireRequest};
pub use version::{GATES, Gate, MnVersion};
