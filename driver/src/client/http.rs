//! The network transport: one pool of HTTPS connections, no redirects (credentials would travel), no proxy (spec: driver 3.1).

use std::error::Error as _;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::request::Method;
use super::tls::{TlsError, client_config};
use super::transport::{Transport, TransportError, TransportFault, WireAnswer, WireRequest};
use crate::config::Backend;

/// Largest answer that is read, in bytes: a listing of 50,000 rows takes about 5 MiB.
pub const RESPONSE_LIMIT: usize = 16 * 1024 * 1024;

/// HTTPS to one management node.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    http: reqwest::Client,
    base: String,
    limit: usize,
}

impl HttpTransport {
    /// A transport as the back end's configuration asks for; connects at the first request.
    pub fn new(backend: &Backend) -> Result<Self, TlsError> {
        let base = format!("https://{}:{}/xcatws", backend.server, backend.port);
        Self::with_base(backend, &base, RESPONSE_LIMIT)
    }

    /// The same for another base URL, such as a simulated node's `http://127.0.0.1:PORT/xcatws`.
    pub fn with_base(backend: &Backend, base: &str, limit: usize) -> Result<Self, TlsError> {
        let config = client_config(&backend.tls, &backend.server)?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(backend.timeouts.connect)
            .tls_backend_preconfigured(config)
            .build()
            .map_err(|error| TlsError(describe(error)))?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { http, base, limit })
    }

    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, TransportError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Put => reqwest::Method::PUT,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let url = format!("{}{}?{}", self.base, request.path, request.query.expose());
        let mut builder = self.http.request(method, url).timeout(request.timeout);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value.expose());
        }
        if let Some(body) = request.body {
            // Any type but a form's: that one breaks the MN's parsing.
            builder = builder.header("content-type", "text/plain").body(body);
        }
        let mut response = builder.send().await.map_err(fault)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(fault)? {
            if body.len() + chunk.len() > self.limit {
                return Err(TransportError {
                    fault: TransportFault::TooLarge,
                    text: format!("the answer is larger than {} bytes", self.limit),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(WireAnswer { status, body })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
        self.exchange(request).boxed()
    }
}

fn fault(error: reqwest::Error) -> TransportError {
    let connecting = error.is_connect();
    let timed_out = error.is_timeout();
    let text = describe(error);
    let fault = if connecting && text.contains("certificate") {
        TransportFault::Certificate
    } else if connecting {
        TransportFault::NoConnection
    } else if timed_out {
        TransportFault::TimedOut
    } else {
        TransportFault::Cut
    };
    TransportError { fault, text }
}

/// The error with its causes, without the URL, which holds the credentials.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
