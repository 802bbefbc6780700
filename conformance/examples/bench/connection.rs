//! One kept-alive HTTP/1.1 connection, plain or TLS, as light as a client can be.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A connection.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    /// Connects to `http://ADDRESS` or, with a CA file, `https://ADDRESS`.
    pub async fn open(url: &str, ca: Option<&Path>) -> anyhow::Result<Self> {
        let (scheme, rest) = url.split_once("://").context("a URL has ://")?;
        let host = rest.split('/').next().unwrap_or_default();
        let stream = TcpStream::connect(host)
            .await
            .with_context(|| host.to_owned())?;
        stream.set_nodelay(true)?;
        let sender = match scheme {
            "http" => start(stream).await?,
            "https" => {
                let mut roots = rustls::RootCertStore::empty();
                let ca = ca.context("https needs a CA file")?;
                for certificate in CertificateDer::pem_file_iter(ca)? {
                    roots.add(certificate?)?;
                }
                let config = rustls::ClientConfig::builder()
                    .with_root_certificates(roots)
                    .with_no_client_auth();
                let name = ServerName::try_from("localhost")?;
                let stream = TlsConnector::from(Arc::new(config))
                    .connect(name, stream)
                    .await?;
                start(stream).await?
            }
            other => bail!("{other} is not http or https"),
        };
        Ok(Self {
            sender,
            host: host.to_owned(),
        })
    }

    /// Whether the server takes another request on it: some end a connection with each answer.
    pub async fn is_kept(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Sends one request and reads the whole answer.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: String,
    ) -> anyhow::Result<(u16, Bytes)> {
        self.send_as(method, path, "text/plain", body).await
    }

    /// The same with a body of this content type.
    pub async fn send_as(
        &mut self,
        method: Method,
        path: &str,
        content_type: &str,
        body: String,
    ) -> anyhow::Result<(u16, Bytes)> {
        self.request(method, path, &[("content-type", content_type)], body)
            .await
    }

    /// The same with these headers.
    pub async fn request(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> anyhow::Result<(u16, Bytes)> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, body))
    }
}

async fn start<S>(stream: S) -> anyhow::Result<SendRequest<Full<Bytes>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // Its error reaches the next request of the sender.
    tokio::spawn(connection);
    Ok(sender)
}
