//! A bare axum server: it parses the body, locks a map, and answers JSON of a given size; or it sends a given text.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, put};
use axum::serve::Listener;
use parking_lot::Mutex;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What the bare server does.
#[derive(clap::Args)]
pub struct Bare {
    /// Bytes of the answer to a change.
    #[arg(long, default_value_t = 500)]
    answer: usize,
    /// Bytes of the large text.
    #[arg(long, default_value_t = 0)]
    text: usize,
    /// Speak TLS; the certificate is written to this file.
    #[arg(long)]
    certificate_out: Option<std::path::PathBuf>,
}

struct Shared {
    map: Mutex<HashMap<String, u64>>,
    filler: String,
    text: Bytes,
}

/// Serves until killed.
pub async fn serve(bare: &Bare) -> anyhow::Result<()> {
    let shared = Arc::new(Shared {
        map: Mutex::default(),
        filler: "x".repeat(bare.answer.saturating_sub(64)),
        text: Bytes::from(
            "free,500507630300c562,4010403300000000,8G,1A00-1A0F,,,\n".repeat(bare.text / 55),
        ),
    });
    let router = Router::new()
        .route("/{*path}", put(change).get(large))
        .route("/", get(|| async { "bare" }))
        .with_state(shared);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let Some(path) = &bare.certificate_out else {
        ready(&format!("http://{address}"))?;
        return Ok(axum::serve(listener, router).await?);
    };
    let key = rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()])?;
    std::fs::write(path, key.cert.pem())?;
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![key.cert.der().clone()],
            PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()).into(),
        )?;
    ready(&format!("https://{address}"))?;
    let listener = Tls {
        listener,
        acceptor: TlsAcceptor::from(Arc::new(config)),
    };
    Ok(axum::serve(listener, router).await?)
}

fn ready(url: &str) -> anyhow::Result<()> {
    println!("ready rest={url}");
    std::io::stdout().flush().context("standard output")
}

async fn change(State(shared): State<Arc<Shared>>, body: Bytes) -> impl IntoResponse {
    let words: Vec<String> = serde_json::from_slice(&body).unwrap_or_default();
    let count = {
        let mut map = shared.map.lock();
        let count = map
            .entry(words.into_iter().next().unwrap_or_default())
            .or_default();
        *count += 1;
        *count
    };
    let answer = serde_json::json!({"data": [{"info": [shared.filler], "count": [count]}]});
    ([(CONTENT_TYPE, "application/json")], answer.to_string())
}

async fn large(State(shared): State<Arc<Shared>>) -> Bytes {
    shared.text.clone()
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else {
                continue;
            };
            let _ = stream.set_nodelay(true);
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
