//! One connection: requests one after the other, each with its answer (spec: rest-and-xcatd 3.1 to 3.4).

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::framing::{Framed, Framing};
use super::parse::{Incoming, parse};
use super::write;
use crate::mn::{Document, Response, dispatch};
use crate::seam::{DaemonFault, Site, When};

/// How long the server waits for the first byte of the next request.
const NEXT_REQUEST: Duration = Duration::from_secs(15);
/// Bytes read at once.
const READ: usize = 8 * 1024;

/// A connection at work.
pub(super) struct Connection<S> {
    site: Arc<Site>,
    /// Name in the client's certificate.
    peer: Option<String>,
    stream: S,
    framing: Framing,
    /// Whether the client has closed its side.
    ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) fn new(site: Arc<Site>, peer: Option<String>, stream: S) -> Self {
        Self {
            site,
            peer,
            stream,
            framing: Framing::default(),
            ended: false,
        }
    }

    /// Serves requests until one side closes.
    pub(super) async fn run(mut self) {
        while let Some(incoming) = self.next().await {
            if let Some(fault) = self.fault(&incoming, When::Before).await {
                let _ = self.fail(fault, &incoming, None).await;
                break;
            }
            let Some(response) = self.perform(&incoming).await else {
                break;
            };
            if let Some(fault) = self.fault(&incoming, When::After).await {
                let _ = self.fail(fault, &incoming, Some(&response)).await;
                break;
            }
            let bytes = write::response(&response, incoming.transid.as_deref());
            if self.stream.write_all(&bytes).await.is_err() || self.stream.flush().await.is_err() {
                return;
            }
            if response.close {
                break;
            }
        }
        let _ = self.stream.shutdown().await;
    }

    /// How the daemon fails this request, after it has stalled as asked.
    async fn fault(&self, incoming: &Incoming, when: When) -> Option<DaemonFault> {
        if !self.site.is_armed() || incoming.abort {
            return None;
        }
        let facts = incoming.request.facts();
        self.site.daemon_fault(&facts, when)?.settled().await
    }

    /// Says what a daemon that fails still says; the connection ends after it.
    async fn fail(
        &mut self,
        fault: DaemonFault,
        incoming: &Incoming,
        response: Option<&Response>,
    ) -> std::io::Result<()> {
        let transid = incoming.transid.as_deref();
        let whole = || response.map_or_else(Vec::new, |r| write::response(r, transid));
        let said = match fault {
            DaemonFault::Down | DaemonFault::Closed | DaemonFault::Stall(_) => return Ok(()),
            DaemonFault::Error(text) => {
                write::response(&Response::single(Document::error(text)), transid)
            }
            DaemonFault::Truncated(bytes) => {
                let mut said = whole();
                said.truncate(bytes);
                said
            }
            DaemonFault::Garbage => whole().iter().map(|byte| byte ^ 0xa5).collect(),
        };
        self.stream.write_all(&said).await?;
        self.stream.flush().await
    }

    /// The next request; `None` when the connection is to be closed.
    async fn next(&mut self) -> Option<Incoming> {
        if self.framing.is_empty() && !self.ended {
            timeout(NEXT_REQUEST, self.read()).await.ok()?;
        }
        loop {
            match self.framing.next(self.ended) {
                // RQ31: XML that cannot be parsed closes the connection without an answer.
                Framed::Request(bytes) => return parse(&bytes),
                Framed::Close => return None,
                Framed::More => self.read().await,
            }
        }
    }

    /// Reads once; an error counts as the end.
    async fn read(&mut self) {
        let mut buffer = [0; READ];
        match self.stream.read(&mut buffer).await {
            Ok(0) | Err(_) => self.ended = true,
            Ok(length) => self.framing.push(&buffer[..length]),
        }
    }

    /// Runs a command. Meanwhile the client may ask to stop it: then there is no answer. A client that only goes
    /// away stops nothing.
    async fn perform(&mut self, incoming: &Incoming) -> Option<Response> {
        if incoming.abort {
            return None;
        }
        let mut request = incoming.request.clone();
        request.certificate.clone_from(&self.peer);
        let mut work = tokio::spawn(dispatch::serve(Arc::clone(&self.site), request));
        loop {
            let mut buffer = [0; READ];
            tokio::select! {
                done = &mut work => return done.ok(),
                read = self.stream.read(&mut buffer), if !self.ended && !self.framing.is_full() => match read {
                    Ok(0) | Err(_) => self.ended = true,
                    Ok(length) => {
                        self.framing.push(&buffer[..length]);
                        if self.framing.holds_abort() {
                            work.abort();
                            return None;
                        }
                    }
                },
            }
        }
    }
}
