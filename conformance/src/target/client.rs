//! The kit's own HTTP client: small on purpose, independent of the driver, so that a fault of the driver's client cannot
//! hide a fault of the target. It never follows a redirect and never repeats a request.

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::evidence::{Exchange, Phase, cut};
use super::request::{Auth, Method, Request, encode};
use super::secret::Secret;
use crate::budget::Budget;
use crate::fence::Permit;

/// User name and password of the target's account.
#[derive(Clone, Debug)]
pub struct Account {
    /// User name.
    pub user: String,
    /// Password.
    pub password: Secret,
}

/// How the target's certificate is judged.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// Not at all: xCAT's own certificate is self-signed.
    #[default]
    Anything,
    /// Against these PEM certificates.
    Authorities(Vec<u8>),
}

/// Why the client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The certificate bundle cannot be read.
    #[error("cannot read the certificate bundle")]
    Certificates(#[source] reqwest::Error),
    /// The client library refused its settings.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] reqwest::Error),
}

/// A client bound to one target. Clones share the evidence.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    account: Account,
    phase: Phase,
    evidence: Arc<Mutex<Vec<Exchange>>>,
    budget: Option<Budget>,
}

impl Client {
    /// A client for the service at `base` (`https://mn.example.com/xcatws`; `/xcatws` is added when missing). `timeout`
    /// bounds each call.
    pub fn new(
        base: &str,
        account: Account,
        trust: &Trust,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        // A second installation is refused by the library and means that one is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout);
        builder = match trust {
            Trust::Anything => builder.tls_danger_accept_invalid_certs(true),
            Trust::Authorities(pem) => builder.tls_certs_only(
                reqwest::Certificate::from_pem_bundle(pem).map_err(ClientError::Certificates)?,
            ),
        };
        let base = base.trim_end_matches('/');
        let base = if base.ends_with("/xcatws") || base.ends_with("/xcatwsv2") {
            base.to_owned()
        } else {
            format!("{base}/xcatws")
        };
        Ok(Self {
            http: builder.build().map_err(ClientError::Setup)?,
            base,
            account,
            phase: Phase::Case,
            evidence: Arc::default(),
            budget: None,
        })
    }

    /// The same client for clean-up: its exchanges are marked so.
    #[must_use]
    pub fn for_clean_up(&self) -> Self {
        Self {
            phase: Phase::CleanUp,
            ..self.clone()
        }
    }

    /// The same client, bound to a budget of requests.
    #[must_use]
    pub fn within(self, budget: Option<Budget>) -> Self {
        Self { budget, ..self }
    }

    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The exchanges so far, leaving none.
    pub fn take_evidence(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.evidence.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends a request as it stands. Only the fence can make the permit that this takes.
    pub(crate) async fn send(&self, permit: &Permit) -> Result<Answer, String> {
        let request = permit.request();
        if let Some(budget) = &self.budget {
            budget.spend().await;
        }
        let started = Instant::now();
        let result = self.exchange(request).await;
        let mask = |text: &str| self.account.password.mask(text);
        let mut entry = Exchange {
            phase: self.phase,
            method: request.method,
            path: request.shown(),
            body: request.body.as_deref().map(|b| cut(&mask(b))),
            status: None,
            content_type: String::new(),
            answer: String::new(),
            error: None,
            millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        match &result {
            Ok(answer) => {
                entry.status = Some(answer.status);
                entry.content_type.clone_from(&answer.content_type);
                entry.answer = cut(&mask(&answer.body));
            }
            Err(error) => entry.error = Some(mask(error)),
        }
        self.evidence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(entry);
        result.map_err(|e| mask(&e))
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, String> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
            Method::Patch => reqwest::Method::PATCH,
        };
        let mut builder = self.http.request(method, self.url(request));
        if matches!(request.auth, Auth::Headers | Auth::HeadersAnd(_)) {
            builder = builder
                .header("userName", &self.account.user)
                .header("password", self.account.password.reveal());
        }
        if let Some(content_type) = request.content_type {
            builder = builder.header("content-type", content_type);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let response = builder.send().await.map_err(describe)?;
        let status = response.status();
        let content_type = response
            .headers()
            .get("content-type")
            .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
            .unwrap_or_default();
        let body = response.bytes().await.map_err(describe)?;
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default().to_owned(),
            content_type,
            json: serde_json::from_str(&body).ok(),
            body,
        })
    }

    fn url(&self, request: &Request) -> String {
        let mut pairs: Vec<String> = Vec::new();
        match &request.auth {
            Auth::Query => {
                pairs.push(format!("userName={}", encode(&self.account.user)));
                pairs.push(format!(
                    "password={}",
                    encode(self.account.password.reveal())
                ));
            }
            Auth::Headers => {}
            Auth::Given(keys) | Auth::HeadersAnd(keys) => {
                pairs.extend(keys.iter().map(|(k, v)| format!("{k}={}", encode(v))));
            }
        }
        if let Some(format) = request.format {
            pairs.push(format!("format={format}"));
        }
        pairs.extend(
            request
                .query
                .iter()
                .map(|(k, v)| format!("{}={}", encode(k), encode(v))),
        );
        let separator = if pairs.is_empty() { "" } else { "?" };
        format!(
            "{}{}{separator}{}",
            self.base,
            request.path,
            pairs.join("&")
        )
    }
}

/// The error with its causes, without the URL (which holds credentials).
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
