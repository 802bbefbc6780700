//! The driver's way to the target: through the gate, where fence and undo ledger stand. It can harm one request, as a bad
//! network or a failing release would; that needs nothing of the target, so it works on real hardware too.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use zvm_volume::client::{Method as DriverMethod, Transport, TransportError, TransportFault};
use zvm_volume::client::{WireAnswer, WireRequest};

use crate::fence::{Gate, Refused};
use crate::target::{Auth, Method, Request, decode};

/// What happens to one request (spec: driver 6.2 ROL).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// It is answered with an error of the release, and not carried out.
    Refused,
    /// It is lost on its way.
    CutBefore,
    /// It is carried out, and its answer is lost.
    CutAfter,
    /// It is carried out, and answered with a page.
    Page,
    /// The driver's process ends before it.
    StopBefore,
    /// It is carried out, and the driver's process ends before the answer.
    StopAfter,
}

/// Which requests are harmed.
#[derive(Clone, Debug)]
pub struct Aim {
    /// How.
    pub harm: Harm,
    /// The first that is harmed, counted from 0 among those that contain `text`.
    pub at: usize,
    /// Whether all later ones are harmed too.
    pub onwards: bool,
    /// Only requests whose path or body contains this; every one when empty.
    pub text: String,
}

#[derive(Debug, Default)]
struct State {
    aim: Option<Aim>,
    seen: usize,
    hits: usize,
    sent: Vec<String>,
}

/// The driver's transport.
#[derive(Debug)]
pub struct Wire {
    gate: Gate,
    state: Mutex<State>,
    stopped: Notify,
    harmed: Notify,
    /// Sends the driver's own credentials instead of the target's account.
    own_credentials: bool,
}

impl Wire {
    /// A transport through a gate.
    pub fn new(gate: Gate, own_credentials: bool) -> Self {
        Self {
            gate,
            state: Mutex::default(),
            stopped: Notify::new(),
            harmed: Notify::new(),
            own_credentials,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Harms requests from now on.
    pub fn aim(&self, aim: Aim) {
        let mut state = self.state();
        state.aim = Some(aim);
        (state.seen, state.hits) = (0, 0);
    }

    /// Harms no more; gives how many requests were harmed.
    pub fn rest(&self) -> usize {
        let mut state = self.state();
        state.aim = None;
        state.hits
    }

    /// Resolves when the driver's process is to be taken for ended.
    pub async fn stopped(&self) {
        self.stopped.notified().await;
    }

    /// Resolves when a request was harmed.
    pub async fn hit(&self) {
        self.harmed.notified().await;
    }

    /// The requests since the last look, as method, path and body.
    pub fn sent(&self) -> Vec<String> {
        std::mem::take(&mut self.state().sent)
    }

    fn harm(&self, line: &str) -> Option<Harm> {
        let mut state = self.state();
        state.sent.push(line.to_owned());
        let aim = state.aim.clone()?;
        if !line.contains(&aim.text) {
            return None;
        }
        let now = state.seen;
        state.seen += 1;
        let hit = now == aim.at || (aim.onwards && now > aim.at);
        state.hits += usize::from(hit);
        hit.then_some(aim.harm)
    }

    async fn exchange(&self, wire: WireRequest) -> Result<WireAnswer, TransportError> {
        let line = format!(
            "{} {} {}",
            wire.method,
            wire.path,
            wire.body.as_deref().unwrap_or_default()
        );
        let harm = self.harm(&line);
        match harm {
            Some(Harm::Refused) => {
                let body =
                    r#"{"data":[{"error":["(Error) refused by the kit"],"errorcode":["1"]}]}"#;
                return Ok(WireAnswer {
                    status: 200,
                    body: body.into(),
                });
            }
            Some(Harm::CutBefore) => {
                return Err(fault(TransportFault::NoConnection, "cut by the kit"));
            }
            Some(Harm::StopBefore) => return self.stop().await,
            _ => {}
        }
        let limit = wire.timeout;
        let sending = self.gate.send(self.request(&wire));
        let answer = match tokio::time::timeout(limit, sending).await {
            Err(_) => return Err(fault(TransportFault::TimedOut, "no answer in time")),
            Ok(Err(Refused::NoAnswer(why))) => return Err(fault(TransportFault::Cut, &why)),
            // Kept by the fence: the gate remembers it, and the case ends as an error of the kit.
            Ok(Err(Refused::Kept(why))) => return Err(fault(TransportFault::Certificate, &why)),
            Ok(Ok(answer)) => answer,
        };
        if harm.is_some() {
            self.harmed.notify_one();
        }
        match harm {
            Some(Harm::CutAfter) => Err(fault(TransportFault::Cut, "cut by the kit")),
            Some(Harm::Page) => Ok(WireAnswer {
                status: 200,
                body: b"<html>bad gateway</html>".to_vec(),
            }),
            Some(Harm::StopAfter) => self.stop().await,
            _ => Ok(WireAnswer {
                status: answer.status,
                body: answer.body.into_bytes(),
            }),
        }
    }

    /// The process is gone: nothing comes back any more.
    async fn stop(&self) -> Result<WireAnswer, TransportError> {
        self.stopped.notify_one();
        std::future::pending().await
    }

    /// The request as the kit states it. The kit's client adds the credentials of the target's account.
    fn request(&self, wire: &WireRequest) -> Request {
        let method = match wire.method {
            DriverMethod::Get => Method::Get,
            DriverMethod::Put => Method::Put,
            DriverMethod::Post => Method::Post,
            DriverMethod::Delete => Method::Delete,
        };
        let mut request = Request::new(method, wire.path.clone()).with_format(None);
        let mut credentials = Vec::new();
        for pair in wire.query.expose().split('&').filter(|p| !p.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            match key {
                "userName" => credentials.push(("userName", value)),
                "password" => credentials.push(("password", value)),
                _ => request.query.push((decode(key), value)),
            }
        }
        if credentials.is_empty() {
            request.auth = Auth::Headers;
        } else if self.own_credentials {
            request.auth = Auth::Given(credentials);
        }
        if let Some(body) = &wire.body {
            request = request.with_body(body.clone(), Some("text/plain"));
        }
        request
    }
}

impl Transport for Wire {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
        self.exchange(request).boxed()
    }
}

fn fault(fault: TransportFault, text: &str) -> TransportError {
    TransportError {
        fault,
        text: text.to_owned(),
    }
}
