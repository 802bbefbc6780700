//! The way out: fence, undo ledger, wire, in this order. Requests of cases and requests of the driver take the same way.

use std::sync::{Arc, Mutex, PoisonError};

use super::check::{Fence, Permit};
use crate::ledger::{Ledger, Undo};
use crate::outcome::Stop;
use crate::target::{Answer, Client, Request};

/// Fence, undo ledger and client of one case. Clones share the ledger and the evidence.
#[derive(Clone, Debug)]
pub struct Gate {
    fence: Fence,
    ledger: Ledger,
    client: Client,
    kept: Arc<Mutex<Option<String>>>,
}

/// Why a request did not leave the kit, or has no answer.
#[derive(Debug)]
pub enum Refused {
    /// It was not sent: the fence, or the undo ledger, did not let it.
    Kept(String),
    /// It was sent, and no answer came.
    NoAnswer(String),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Kept(why) => Self::Error(why),
            Refused::NoAnswer(why) => Self::fail("answered", "an HTTP answer", why),
        }
    }
}

impl Gate {
    /// A gate for one case.
    pub fn new(fence: Fence, ledger: Ledger, client: Client) -> Self {
        Self {
            fence,
            ledger,
            client,
            kept: Arc::default(),
        }
    }

    /// The first request that did not leave the kit. Whoever sent it, the case cannot judge the target any more.
    pub fn kept(&self) -> Option<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone()
    }

    /// The fence.
    pub fn fence(&self) -> &Fence {
        &self.fence
    }

    /// The undo ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The client, for its account and its evidence; it sends nothing without a permit.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Asks the fence, and writes down what undoes the change before anything is sent.
    pub async fn permit(&self, request: Request) -> Result<Permit, Refused> {
        let before = match self.fence.reboots(&request) {
            Some(node) => self.before(node).await?,
            None => None,
        };
        let permit = self.fence.check(request).map_err(Refused::Kept)?;
        for undo in before
            .into_iter()
            .chain(self.fence.implied(permit.request()))
        {
            self.register(undo)?;
        }
        Ok(permit)
    }

    /// What a guest boots from, read and noted before the first change of it.
    async fn before(&self, node: &str) -> Result<Option<Undo>, Refused> {
        let mut before = Undo::Boot {
            node: node.to_owned(),
            was: Vec::new(),
        };
        if self.ledger.knows(&before) {
            return Ok(None);
        }
        if let Undo::Boot { was, .. } = &mut before {
            *was = self.boot_settings(node).await?;
            self.fence.note_boot(node, was);
        }
        Ok(Some(before))
    }

    fn register(&self, undo: Undo) -> Result<(), Refused> {
        self.ledger
            .register(undo)
            .map_err(|e| Refused::Kept(format!("cannot write the undo ledger: {e}")))
    }

    async fn boot_settings(&self, node: &str) -> Result<Vec<String>, Refused> {
        let read = Request::get(format!("/vms/{node}"));
        let permit = self.fence.check(read).map_err(Refused::Kept)?;
        let answer = self.client.send(&permit).await.map_err(Refused::NoAnswer)?;
        Ok(boot_settings(node, &answer))
    }

    /// Sends a request.
    pub async fn send(&self, request: Request) -> Result<Answer, Refused> {
        let permit = match self.permit(request).await {
            Err(Refused::Kept(why)) => {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.get_or_insert_with(|| why.clone());
                return Err(Refused::Kept(why));
            }
            permit => permit?,
        };
        self.client.send(&permit).await.map_err(Refused::NoAnswer)
    }
}

/// IPL and LOADDEV statements of a directory entry, blanks squeezed, without the node in front.
pub fn boot_settings(node: &str, answer: &Answer) -> Vec<String> {
    let prefix = format!("{node}:");
    answer
        .info()
        .iter()
        .map(|line| {
            let line = line.strip_prefix(&prefix).unwrap_or(line);
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .filter(|line| {
            let verb = line.split(' ').next().unwrap_or_default();
            verb.eq_ignore_ascii_case("IPL") || verb.eq_ignore_ascii_case("LOADDEV")
        })
        .collect()
}
