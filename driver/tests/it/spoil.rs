//! A transport that answers chosen requests by itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use zvm_volume::client::{
    Call, Client, HttpTransport, Transport, TransportError, WireAnswer, WireRequest,
};

use crate::guests::{Halves, halves_over, node};
use crate::rig::Rig;

/// Answers requests whose body holds a text, and notes the bodies of all.
pub struct Spoil {
    inner: HttpTransport,
    text: Mutex<(String, String)>,
    left: AtomicUsize,
    bodies: Mutex<Vec<String>>,
    before: Mutex<Option<Before>>,
}

/// A command in a guest that comes before the first request whose body holds a text.
struct Before {
    text: String,
    client: Client,
    call: Call,
}

/// What the MN prints when SMAPI refuses.
pub fn smapi(node: &str, rc: u32, rs: u32, text: &str) -> String {
    let block = format!(
        "{node}: Failed\\n  Return Code: {rc}\\n  Reason Code: {rs}\\n  Description: {text}"
    );
    format!("{{\"data\":[{{\"error\":[\"{block}\"],\"errorcode\":[\"1\"]}}]}}")
}

impl Spoil {
    /// From now on, the next `times` requests with `text` in their bodies are not carried out and get `answer`.
    pub fn answer(&self, text: &str, answer: impl Into<String>, times: usize) {
        *self.text.lock().unwrap() = (text.to_owned(), answer.into());
        self.left.store(times, Ordering::Relaxed);
    }

    /// Runs a command in a guest just before the next request with `text` in its body.
    pub fn run_before(&self, text: &str, client: Client, name: &str, command: &str) {
        let call = Call::Shell {
            node: node(name),
            command: command.to_owned(),
            changes: true,
            gib: 0,
        };
        let text = text.to_owned();
        *self.before.lock().unwrap() = Some(Before { text, client, call });
    }

    /// The bodies of the requests since the last time, of those that had one.
    pub fn bodies(&self) -> Vec<String> {
        std::mem::take(&mut *self.bodies.lock().unwrap())
    }
}

impl Transport for Spoil {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
        async move {
            let body = request.body.clone().unwrap_or_default();
            if !body.is_empty() {
                self.bodies.lock().unwrap().push(body.clone());
            }
            let before = {
                let mut before = self.before.lock().unwrap();
                before.take_if(|before| body.contains(&before.text))
            };
            if let Some(before) = before {
                before.client.call(&before.call).await.unwrap();
            }
            let (text, answer) = self.text.lock().unwrap().clone();
            if !text.is_empty() && body.contains(&text) && self.left.load(Ordering::Relaxed) > 0 {
                self.left.fetch_sub(1, Ordering::Relaxed);
                return Ok(WireAnswer {
                    status: 200,
                    body: answer.into_bytes(),
                });
            }
            self.inner.send(request).await
        }
        .boxed()
    }
}

/// The way to the site, which can be told to answer.
pub fn spoil(rig: &Rig, keys: &str) -> Arc<Spoil> {
    let base = format!("{}/xcatws", rig.simulator.url());
    Arc::new(Spoil {
        inner: HttpTransport::with_base(&rig.backend(keys), &base, 1 << 24).unwrap(),
        text: Mutex::default(),
        left: AtomicUsize::new(0),
        bodies: Mutex::default(),
        before: Mutex::default(),
    })
}

/// Both halves, the Nova half over a transport that can be told to answer.
pub async fn spoiled(rig: &Rig, keys: &str) -> (Halves, Arc<Spoil>) {
    let spoil = spoil(rig, keys);
    let both = halves_over(rig, keys, Vec::new(), Some(spoil.clone())).await;
    (both, spoil)
}
