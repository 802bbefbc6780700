//! The way out: fence, undo ledger, wire, in this order. Requests of cases and requests of the driver take the same way.

use super::check::{Fence, Permit};
use crate::ledger::Ledger;
use crate::outcome::Stop;
use crate::target::{Answer, Client, Request};

/// Fence, undo ledger and client of one case. Clones share the ledger and the evidence.
#[derive(Clone, Debug)]
pub struct Gate {
    fence: Fence,
    ledger: Ledger,
    client: Client,
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
        }
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
    pub fn permit(&self, request: Request) -> Result<Permit, Refused> {
        let permit = self.fence.check(request).map_err(Refused::Kept)?;
        for undo in self.fence.implied(permit.request()) {
            self.ledger
                .register(undo)
                .map_err(|e| Refused::Kept(format!("cannot write the undo ledger: {e}")))?;
        }
        Ok(permit)
    }

    /// Sends a request.
    pub async fn send(&self, request: Request) -> Result<Answer, Refused> {
        let permit = self.permit(request)?;
        self.client.send(&permit).await.map_err(Refused::NoAnswer)
    }
}
