//! How a request reaches the management node. The network is one way; tests and recordings supply others.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::request::Method;
use crate::secret::Secret;

/// A request with its credentials, ready for the wire. `Debug` shows neither the query string nor the headers.
#[derive(Clone)]
pub struct WireRequest {
    /// Method.
    pub method: Method,
    /// Path below `/xcatws`.
    pub path: String,
    /// Encoded query string with the credentials, unless they travel in headers.
    pub query: Secret,
    /// Headers beyond the ordinary ones.
    pub headers: Vec<(&'static str, Secret)>,
    /// Body.
    pub body: Option<String>,
    /// Bound of the whole exchange.
    pub timeout: Duration,
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WireRequest({} {})", self.method, self.path)
    }
}

/// What came back, not yet judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireAnswer {
    /// HTTP status.
    pub status: u16,
    /// Body bytes, which need not be UTF-8.
    pub body: Vec<u8>,
}

/// Why nothing came back, and what that says about the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportFault {
    /// No connection: refused, no such host, no TLS. The request was not sent.
    NoConnection,
    /// The certificate is not accepted. The request was not sent and must not be repeated.
    Certificate,
    /// No answer in time. The MN may go on working.
    TimedOut,
    /// The connection ended before the answer did.
    Cut,
    /// The answer is larger than the limit.
    TooLarge,
}

/// A failed exchange.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct TransportError {
    /// What happened.
    pub fault: TransportFault,
    /// In words, without the URL.
    pub text: String,
}

/// Carries requests.
pub trait Transport: Send + Sync {
    /// One exchange, never repeated by the transport itself.
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>>;
}
