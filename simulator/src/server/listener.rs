//! A listening socket with HTTP/1.1 behind it, plain or over TLS: one task accepts, one task serves each connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use futures_util::future::BoxFuture;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::http_fault::Abort;
use super::wire::{Socket, Wire, WireFault};

/// Connections that the kernel holds until they are accepted.
const BACKLOG: u32 = 4_096;
/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(20);
/// How long a connection may stay without a whole request head.
const IDLE: Duration = Duration::from_mins(10);
/// How long open requests may take once the listener is told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// Pause after the kernel refuses a new connection for want of resources.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// What answers requests.
pub(super) trait Answers: Send + Sync + 'static {
    /// The answer to a request; an error ends the connection without one.
    fn answer(
        &self,
        request: Request<Body>,
        wire: Arc<WireFault>,
    ) -> BoxFuture<'static, Result<Response<Body>, Abort>>;
}

impl Answers for Router {
    fn answer(
        &self,
        request: Request<Body>,
        _: Arc<WireFault>,
    ) -> BoxFuture<'static, Result<Response<Body>, Abort>> {
        let router = self.clone();
        Box::pin(async move {
            match router.oneshot(request).await {
                Ok(response) => Ok(response),
                Err(never) => match never {},
            }
        })
    }
}

/// A listener at work; it ends when this is dropped.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    /// Ends with the task.
    ended: watch::Receiver<()>,
    task: JoinHandle<()>,
}

/// Listens on an address; port 0 takes a free one.
///
/// # Errors
/// The address cannot be listened on.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Listener {
    /// Listens at once and serves until dropped. Port 0 takes a free one.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn start(
        address: SocketAddr,
        tls: Option<Arc<ServerConfig>>,
        router: Router,
    ) -> io::Result<Self> {
        Self::answering(address, tls, Arc::new(router))
    }

    /// The same for anything that answers.
    pub(super) fn answering(
        address: SocketAddr,
        tls: Option<Arc<ServerConfig>>,
        answers: Arc<dyn Answers>,
    ) -> io::Result<Self> {
        let listener = bind(address)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let (alive, ended) = watch::channel(());
        let task = tokio::spawn(async move {
            accept(listener, tls.map(TlsAcceptor::from), answers, stopped).await;
            drop(alive);
        });
        Ok(Self {
            address,
            stop,
            ended,
            task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections are open.
    pub(super) fn connections(&self) -> usize {
        // Each of them waits for the stop, and so does the task that accepts.
        self.stop.receiver_count().saturating_sub(1)
    }

    /// Accepts nothing more; open requests may end (for some seconds).
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until the last open request has ended, after [`Self::stop`].
    pub(super) async fn finished(&self) {
        // The error says that the task has ended.
        while self.ended.clone().changed().await.is_ok() {}
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    answers: Arc<dyn Answers>,
    mut stopped: watch::Receiver<bool>,
) {
    // Dropping the set ends every connection.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let answers = Arc::clone(&answers);
                    connections.spawn(connection(stream, tls.clone(), answers, stopped.clone()));
                }
                Err(_) => tokio::time::sleep(EXHAUSTED).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, ended).await;
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    answers: Arc<dyn Answers>,
    stopped: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => serve(stream, answers, stopped).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                serve(stream, answers, stopped).await;
            }
        }
    }
}

async fn serve<S: Socket>(
    stream: S,
    answers: Arc<dyn Answers>,
    mut stopped: watch::Receiver<bool>,
) {
    let fault = Arc::new(WireFault::default());
    let wire = Wire::new(stream, Arc::clone(&fault));
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        answers.answer(request.map(Body::new), Arc::clone(&fault))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(wire), service);
    let mut connection = std::pin::pin!(connection);
    loop {
        tokio::select! {
            // A client that breaks off or speaks no HTTP concerns nobody else.
            _ = connection.as_mut() => return,
            _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
        }
    }
}
