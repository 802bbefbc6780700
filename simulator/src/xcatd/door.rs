//! The listening side: every connection is a task of its own, so that none waits for another.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::certificate::common_name;
use super::connection::Connection;
use crate::seam::Site;

/// Time for the TLS handshake; whoever takes longer is dropped without a word.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Pause after the kernel refuses a new connection for want of resources.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// Serves a site's daemon on a socket that listens already, until the future is dropped; connections end with it.
pub async fn serve(site: Arc<Site>, listener: TcpListener, tls: Arc<ServerConfig>) {
    let acceptor = TlsAcceptor::from(tls);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(Arc::clone(&site), stream, acceptor.clone()));
                }
                Err(error) => {
                    tracing::debug!(%error, "xcatd cannot accept");
                    tokio::time::sleep(EXHAUSTED).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(site: Arc<Site>, stream: TcpStream, acceptor: TlsAcceptor) {
    if site.world.lock().mn.daemon_stopped || site.is_daemon_down() {
        // As one that nobody accepts. A socket that refuses is closed in the usual way.
        let _ = stream.set_zero_linger();
        return;
    }
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await else {
        return;
    };
    let peer = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| common_name(chain.first()?.as_ref()));
    Connection::new(site, peer, stream).run().await;
}
