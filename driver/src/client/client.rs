//! The client: adds credentials and limits to a call, sends it, judges the answer, repeats it when that is safe.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::call::Call;
use super::classify::{Done, is_changed_host_key, verdict};
use super::clock::{Clock, SystemClock};
use super::error::{CallError, Executed, Reason};
use super::http::{HttpTransport, RESPONSE_LIMIT};
use super::observer::{Exchange, Observer};
use super::operands::CallClass;
use super::redact::Redactor;
use super::rehearsal::Rehearsal;
use super::request::{Request, encode};
use super::retry::{ATTEMPTS, Backoff, may_repeat};
use super::tls::TlsError;
use super::transport::{Transport, TransportError, TransportFault, WireRequest};
use crate::config::{AuthIn, Backend, Timeouts};
use crate::secret::Secret;

/// What a successful call gives.
pub type Outcome = Result<Done, CallError>;

/// A client of one management node. Clones share the connections, the time-outs and the lock-out.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use zvm_volume::client::{Call, Client};
/// let config = zvm_volume::config::Config::load("/etc/cinder/cinder.conf".as_ref())?;
/// let client = Client::new(&config.backends[0])?;
/// let done = client.call(&Call::Version).await?;
/// println!("{}", done.answer.summary());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    request_id: Option<Arc<str>>,
}

struct Shared {
    transport: Arc<dyn Transport>,
    user: String,
    password: Secret,
    auth_in: AuthIn,
    timeouts: Timeouts,
    redactor: Redactor,
    clock: Arc<dyn Clock>,
    backoff: Backoff,
    observers: Vec<Arc<dyn Observer>>,
    rehearsal: Option<Rehearsal>,
    locked_out: AtomicBool,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("user", &self.shared.user)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

/// Settings of a client that the configuration does not have.
pub struct ClientBuilder<'a> {
    backend: &'a Backend,
    base: Option<String>,
    transport: Option<Arc<dyn Transport>>,
    clock: Arc<dyn Clock>,
    observers: Vec<Arc<dyn Observer>>,
    rehearsal: Option<Rehearsal>,
    seed: Option<u64>,
    limit: usize,
}

impl fmt::Debug for ClientBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").finish_non_exhaustive()
    }
}

impl ClientBuilder<'_> {
    /// Another base URL than `https://{server}:{port}/xcatws`.
    #[must_use]
    pub fn base_url(mut self, base: impl Into<String>) -> Self {
        self.base = Some(base.into());
        self
    }

    /// Another way than the network.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Adds an observer of all calls.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Makes it a dry run: a call that changes something is noted, not sent, and taken for done.
    #[must_use]
    pub fn rehearse(mut self, rehearsal: Rehearsal) -> Self {
        self.rehearsal = Some(rehearsal);
        self
    }

    /// Seed of the jitter between attempts; taken from the clock when not given.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Largest answer, in bytes; 16 MiB when not given.
    #[must_use]
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Makes the client. Nothing is sent.
    pub fn build(self) -> Result<Client, TlsError> {
        let backend = self.backend;
        let transport = match (self.transport, &self.base) {
            (Some(transport), _) => transport,
            (None, Some(base)) => Arc::new(HttpTransport::with_base(backend, base, self.limit)?),
            (None, None) => {
                let base = format!("https://{}:{}/xcatws", backend.server, backend.port);
                Arc::new(HttpTransport::with_base(backend, &base, self.limit)?)
            }
        };
        let seed = self.seed.unwrap_or_else(|| {
            u64::try_from(self.clock.now().as_microsecond()).unwrap_or_default()
        });
        Ok(Client {
            shared: Arc::new(Shared {
                transport,
                user: backend.username.clone(),
                password: backend.password.clone(),
                auth_in: backend.auth_in,
                timeouts: backend.timeouts.clone(),
                redactor: Redactor::new(&backend.username, &backend.password),
                clock: self.clock,
                backoff: Backoff::seeded(seed),
                observers: self.observers,
                rehearsal: self.rehearsal,
                locked_out: AtomicBool::new(false),
            }),
            request_id: None,
        })
    }
}

impl Client {
    /// A client as configured.
    pub fn new(backend: &Backend) -> Result<Self, TlsError> {
        Self::builder(backend).build()
    }

    /// A client with more to say.
    pub fn builder(backend: &Backend) -> ClientBuilder<'_> {
        ClientBuilder {
            backend,
            base: None,
            transport: None,
            clock: Arc::new(SystemClock),
            observers: Vec::new(),
            rehearsal: None,
            seed: None,
            limit: RESPONSE_LIMIT,
        }
    }

    /// The same client for one OpenStack request: its id stands in the log of each call, and travels with those that take it.
    #[must_use]
    pub fn for_request(&self, request_id: &str) -> Self {
        Self {
            request_id: Some(request_id.into()),
            ..self.clone()
        }
    }

    /// The OpenStack request id.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// The list of a dry run, when this is one.
    pub fn rehearsal(&self) -> Option<&Rehearsal> {
        self.shared.rehearsal.as_ref()
    }

    /// What masks secrets, for texts that others make of answers.
    pub fn redactor(&self) -> &Redactor {
        &self.shared.redactor
    }

    /// Carries out a call. An answer is `Ok` only when it holds the call's positive confirmation and no error that counts.
    /// A call that certainly was not carried out is sent again, at most [`ATTEMPTS`] times; a read also after any failure of
    /// the transport. After [`Executed::Unknown`] the caller has to read back.
    ///
    /// All attempts together, the waits between them included, take no longer than `zvm_xcat_connection_timeout`, the upper
    /// bound of any call (spec: driver 1.3.3, 3.7).
    pub async fn call(&self, call: &Call) -> Outcome {
        self.call_within(call, self.shared.timeouts.total).await
    }

    /// The same for a caller who has less time: a call is not sent again when its time is over before the next attempt, and
    /// an attempt ends with it. The error is that of the last attempt.
    pub async fn call_within(&self, call: &Call, budget: Duration) -> Outcome {
        if let Some(rehearsal) = &self.shared.rehearsal
            && !call.is_query()
        {
            rehearsal.note(call);
            return Ok(Done::default());
        }
        let limit = self.limit(call.class());
        let clock = &self.shared.clock;
        let deadline = clock.monotonic().saturating_add(budget);
        let mut left = budget;
        let mut failed = 0;
        loop {
            let result = self.attempt(call, limit.min(left)).await;
            let Err(error) = result else { return result };
            failed += 1;
            if failed >= ATTEMPTS || !may_repeat(call, &error) {
                return Err(error);
            }
            let wait = self.shared.backoff.delay(failed);
            left = deadline.saturating_sub(clock.monotonic().saturating_add(wait));
            if left.is_zero() {
                tracing::info!(call = call.id(), failed, budget = ?budget, %error, "no time for another attempt");
                return Err(error);
            }
            tracing::info!(call = call.id(), failed, wait = ?wait, %error, "sending again");
            clock.sleep(wait).await;
        }
    }

    async fn attempt(&self, call: &Call, limit: Duration) -> Outcome {
        for observer in &self.shared.observers {
            observer.before(call).await;
        }
        let started = Instant::now();
        let (outcome, status, answer) = self.exchange(call, limit).await;
        let exchange = Exchange {
            call: call.id(),
            request: self.shared.redactor.mask(&call.request().to_string()),
            request_id: self.request_id.as_deref().map(str::to_owned),
            status,
            answer,
            outcome: match &outcome {
                Ok(_) => "done",
                Err(error) => match error.executed {
                    Executed::No => "not executed",
                    Executed::Rejected => "rejected",
                    Executed::Unknown => "unknown",
                },
            },
            error: outcome.as_ref().err().map(ToString::to_string),
            duration: started.elapsed(),
        };
        tracing::debug!(
            call = exchange.call,
            request = exchange.request,
            request_id = exchange.request_id,
            status = exchange.status,
            outcome = exchange.outcome,
            duration = ?exchange.duration,
            "call"
        );
        for observer in &self.shared.observers {
            observer.after(call, &exchange).await;
        }
        outcome
    }

    /// Sends once; the outcome, the status, and the answer's text when somebody is there to see it.
    async fn exchange(&self, call: &Call, limit: Duration) -> (Outcome, Option<u16>, String) {
        let fail = |executed, reason| {
            Err(CallError {
                call: call.id(),
                executed,
                reason,
            })
        };
        // A second 401 helps nobody and may lock the account (spec: driver 3.4).
        if self.shared.locked_out.load(Ordering::Relaxed) {
            return (fail(Executed::No, Reason::LockedOut), None, String::new());
        }
        let request = call.request();
        if let Some(text) = request.fault() {
            let reason = Reason::Malformed { text };
            return (fail(Executed::No, reason), None, String::new());
        }
        match self.shared.transport.send(self.wire(request, limit)).await {
            Ok(answer) => {
                let (outcome, warnings) = verdict(call, answer.status, &answer.body);
                let outcome = outcome.map_err(|error| self.masked(error));
                self.log_warnings(call, &warnings);
                if answer.status == 401 {
                    self.shared.locked_out.store(true, Ordering::Relaxed);
                }
                let text = if self.shared.observers.is_empty() {
                    String::new()
                } else {
                    let body = String::from_utf8_lossy(&answer.body);
                    self.shared.redactor.mask(&body)
                };
                (outcome, Some(answer.status), text)
            }
            Err(error) => {
                let executed = match error.fault {
                    TransportFault::NoConnection | TransportFault::Certificate => Executed::No,
                    TransportFault::TimedOut | TransportFault::Cut | TransportFault::TooLarge => {
                        Executed::Unknown
                    }
                };
                let text = self.shared.redactor.mask(&error.text);
                let error = TransportError { text, ..error };
                (
                    fail(executed, Reason::Transport(error)),
                    None,
                    String::new(),
                )
            }
        }
    }

    /// Warnings are told whether the call succeeded or not: they may be the cause of a failure (spec: driver 3.6.3, 3.6.4).
    fn log_warnings(&self, call: &Call, warnings: &[String]) {
        let (changed, others): (Vec<&str>, Vec<&str>) = warnings
            .iter()
            .map(String::as_str)
            .partition(|text| is_changed_host_key(text));
        if !changed.is_empty() {
            let text = self.shared.redactor.mask(&changed.join(" | "));
            tracing::warn!(
                call = call.id(),
                warnings = text,
                "a host key changed: the management node's ssh is broken, or something impersonates the host"
            );
        }
        if !others.is_empty() {
            let text = self.shared.redactor.mask(&others.join(" | "));
            tracing::info!(call = call.id(), warnings = text, "the answer warns");
        }
    }

    /// An MN's message can echo the request: no secret may stay in an error.
    fn masked(&self, mut error: CallError) -> CallError {
        let mask = |text: &mut String| *text = self.shared.redactor.mask(text);
        match &mut error.reason {
            Reason::Status { text, .. } | Reason::NotJson { text } => mask(text),
            Reason::NotConfirmed { seen } => mask(seen),
            Reason::Xcat { complaints } => complaints.iter_mut().for_each(|c| mask(&mut c.text)),
            // The transport's text is masked already; the others hold neither a word of the MN's nor an operand.
            Reason::Transport(_) | Reason::LockedOut | Reason::Malformed { .. } => {}
        }
        error
    }

    fn wire(&self, request: Request, timeout: Duration) -> WireRequest {
        let shared = &self.shared;
        let mut pairs = Vec::new();
        let mut headers = Vec::new();
        match shared.auth_in {
            AuthIn::Query => {
                pairs.push(format!("userName={}", encode(&shared.user)));
                pairs.push(format!("password={}", encode(shared.password.expose())));
            }
            AuthIn::Header => {
                headers.push(("userName", Secret::new(shared.user.clone())));
                headers.push(("password", shared.password.clone()));
            }
        }
        pairs.push("format=json".to_owned());
        pairs.extend(
            request
                .query
                .iter()
                .map(|(key, value)| format!("{}={}", encode(key), encode(value))),
        );
        // Below /vms the MN appends it to the command as two more operands: chvm counts them, lsvm refuses them (spec: guests 1.6,
        // rest-and-xcatd 1.9.2). For the same reason no objectid, which is read there only, is ever sent.
        if let Some(id) = &self.request_id
            && !request.path.starts_with("/vms/")
        {
            pairs.push(format!("requestid={}", encode(id)));
        }
        WireRequest {
            method: request.method,
            body: request.body_text(),
            path: request.path,
            query: Secret::new(pairs.join("&")),
            headers,
            timeout,
        }
    }

    /// The bound of one attempt.
    fn limit(&self, class: CallClass) -> Duration {
        let timeouts = &self.shared.timeouts;
        let limit = match class {
            CallClass::Query => timeouts.query,
            CallClass::Row => timeouts.row,
            CallClass::Guest => timeouts.guest,
            CallClass::Image(gib) => {
                let gib = u32::try_from(gib).unwrap_or(u32::MAX);
                timeouts
                    .image_base
                    .saturating_add(timeouts.image_per_gb.saturating_mul(gib))
            }
        };
        limit.min(timeouts.total)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::client::WireAnswer;
    use crate::config::Config;

    /// Counts what is sent.
    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Transport for Counter {
        fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            let answer = WireAnswer {
                status: 200,
                body: br#"{"data":[{"info":["lnx1: Done"]}]}"#.to_vec(),
            };
            std::future::ready(Ok(answer)).boxed()
        }
    }

    #[tokio::test]
    async fn a_body_with_an_empty_word_is_not_sent() {
        let config = Config::parse(
            "zvm_xcat_server = mn.example.com\nzvm_xcat_username = cinder\nzvm_xcat_password = secret\n\
             zvm_host = zvm1\nzvm_scsi_pool = scsipol1\n",
        )
        .unwrap();
        let counter = Arc::new(Counter::default());
        let client = Client::builder(&config.backends[0])
            .transport(counter.clone())
            .build()
            .unwrap();
        let ipl = |device: &str| Call::SetIpl {
            node: "lnx1".parse().unwrap(),
            device: device.to_owned(),
        };
        for device in ["", "0 ", "1f\naa"] {
            let error = client.call(&ipl(device)).await.unwrap_err();
            assert_eq!(error.executed, Executed::No);
            assert!(matches!(error.reason, Reason::Malformed { .. }), "{error}");
            assert!(error.to_string().starts_with("X19: not sent: "), "{error}");
            assert!(!error.is_retryable() && !may_repeat(&ipl(device), &error));
        }
        assert_eq!(counter.0.load(Ordering::Relaxed), 0);
        client.call(&ipl("1faa")).await.unwrap();
        assert_eq!(counter.0.load(Ordering::Relaxed), 1);
    }
}
