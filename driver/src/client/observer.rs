//! Whoever wants to see the calls: recorders, progress displays, and tests that stop the driver before or after one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::Serialize;

use super::call::Call;

/// One attempt of a call, without secrets.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// The call's number.
    pub call: &'static str,
    /// Method, path and body; no credentials.
    pub request: String,
    /// The OpenStack request id, when known.
    pub request_id: Option<String>,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// The body, masked.
    pub answer: String,
    /// `done`, `rejected`, `not executed` or `unknown`.
    pub outcome: &'static str,
    /// The error, when there was one.
    pub error: Option<String>,
    /// How long it took.
    #[serde(serialize_with = "millis")]
    pub duration: Duration,
}

fn millis<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// Sees every attempt of every call. Both methods may wait: while `before` does, the call is not sent; while `after`
/// does, its caller does not know of it. A process that ends there has crashed at that point, and that is how the
/// crash tests work: the observer never returns, and the task is dropped.
pub trait Observer: Send + Sync {
    /// Before the request goes out.
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        let _ = call;
        std::future::ready(()).boxed()
    }

    /// After the answer came, before anybody acts on it.
    fn after<'a>(&'a self, call: &'a Call, exchange: &'a Exchange) -> BoxFuture<'a, ()> {
        let _ = (call, exchange);
        std::future::ready(()).boxed()
    }
}

/// Keeps every exchange.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Exchange>>);

impl Recorder {
    /// The exchanges so far, leaving none.
    pub fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Recorder {
    fn after<'a>(&'a self, _: &'a Call, exchange: &'a Exchange) -> BoxFuture<'a, ()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(exchange.clone());
        std::future::ready(()).boxed()
    }
}
