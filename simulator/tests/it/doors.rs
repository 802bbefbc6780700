//! Both doors of one site, and clients that know nothing of the simulator: one writes HTTP by hand, one writes XML
//! into a TLS socket.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use xcat_simulator::seam::{Release, Settings, Site};
use xcat_simulator::server::Listener;
use xcat_simulator::site::preset::Preset;
use xcat_simulator::{rest, xcatd};

/// User and password of a user that may do everything, as a query.
pub const ADMIN: &str = "userName=admin&password=admin&format=json";

/// An authority with a certificate for the server and any number for clients.
struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            issuer: rcgen::Issuer::new(params, key),
        }
    }

    /// Certificate and key, as PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// A site with both doors open.
pub struct Doors {
    pub site: Arc<Site>,
    pub rest: SocketAddr,
    xcatd: SocketAddr,
    authority: Authority,
    _listener: Listener,
    task: JoinHandle<()>,
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub reason: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    pub fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default()
    }
}

impl Doors {
    /// Opens the doors of the preset from which the recordings start.
    pub async fn open(release: Release) -> Self {
        Self::with(Settings {
            release,
            ..Settings::default()
        })
        .await
    }

    pub async fn with(settings: Settings) -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/recordings/presets/base.json");
        let preset = Preset::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut world = preset.world().unwrap();
        // The version is that of the release.
        world.mn.version.clear();
        let site = Arc::new(Site::new(world, settings));
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::start(local, None, rest::router(Arc::clone(&site))).unwrap();
        let authority = Authority::new();
        let (certificate, key) = authority.issue("xcat");
        let tls = xcatd::server_config(&certificate, &key, Some(&authority.pem)).unwrap();
        let socket = TcpListener::bind(local).await.unwrap();
        let xcatd = socket.local_addr().unwrap();
        let task = tokio::spawn(xcatd::serve(Arc::clone(&site), socket, tls));
        Self {
            site,
            rest: listener.address(),
            xcatd,
            authority,
            _listener: listener,
            task,
        }
    }

    /// One request over a connection of its own, with headers and body written as given.
    pub async fn http(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        let mut text = format!("{method} {target} HTTP/1.1\r\nHost: mn\r\nConnection: close\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = body {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        text += "\r\n";
        text += body.unwrap_or_default();
        let mut stream = TcpStream::connect(self.rest).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        read_answer(&String::from_utf8(answer).unwrap())
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.http("GET", &target(path), &[], None).await
    }

    pub async fn put(&self, path: &str, body: &str) -> Answer {
        self.send("PUT", path, body).await
    }

    /// A JSON body as the OpenStack clients send it.
    pub async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers = [("Content-Type", "text/plain")];
        self.http(method, &target(path), &headers, Some(body)).await
    }

    /// A form.
    pub async fn form(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        self.http(method, &target(path), &headers, Some(body)).await
    }

    /// A TLS connection to the daemon, with a certificate in that name or none.
    pub async fn daemon(&self, name: Option<&str>) -> Daemon {
        self.connect(name).await.unwrap()
    }

    /// The same without a certificate, when the daemon may not be there.
    pub async fn try_daemon(&self) -> std::io::Result<Daemon> {
        self.connect(None).await
    }

    async fn connect(&self, name: Option<&str>) -> std::io::Result<Daemon> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(self.authority.pem.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match name {
            None => builder.with_no_client_auth(),
            Some(name) => {
                let (certificate, key) = self.authority.issue(name);
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let stream = TcpStream::connect(self.xcatd).await?;
        let server = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config))
            .connect(server, stream)
            .await?;
        Ok(Daemon { stream })
    }
}

/// The path with the administrator's credentials behind it.
fn target(path: &str) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("/xcatws{path}{mark}{ADMIN}")
}

fn read_answer(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let mut status = lines.next().unwrap().splitn(3, ' ').skip(1);
    Answer {
        status: status.next().unwrap().parse().unwrap(),
        reason: status.next().unwrap_or_default().to_owned(),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect(),
        body: body.to_owned(),
    }
}

/// A connection to the daemon.
pub struct Daemon {
    stream: TlsStream<TcpStream>,
}

impl Daemon {
    pub async fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Writes what the server may no longer take.
    pub async fn try_write(&mut self, text: &str) -> std::io::Result<()> {
        self.stream.write_all(text.as_bytes()).await
    }

    /// Reads up to and with the closing document; what there is when the server closes before.
    pub async fn read(&mut self) -> String {
        let mut bytes = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            // A server that closes without a goodbye is one that closes.
            let length = self.stream.read(&mut buffer).await.unwrap_or(0);
            bytes.extend_from_slice(&buffer[..length]);
            let text = String::from_utf8_lossy(&bytes);
            let done = text
                .rsplit_once("<serverdone></serverdone>")
                .is_some_and(|(_, rest)| rest.ends_with("</xcatresponse>\n"));
            if length == 0 || done {
                return text.into_owned();
            }
        }
    }

    pub async fn ask(&mut self, text: &str) -> String {
        self.write(text).await;
        self.read().await
    }

    /// Whether the server has closed its side.
    pub async fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0; 1]).await, Ok(0) | Err(_))
    }
}

/// A request of the administrator in XML.
pub fn xml(command: &str, nodes: Option<&str>, args: &[&str]) -> String {
    xml_of("admin", "admin", command, nodes, args)
}

pub fn xml_of(
    user: &str,
    password: &str,
    command: &str,
    nodes: Option<&str>,
    args: &[&str],
) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let args: String = args
        .iter()
        .map(|arg| format!("  <arg>{}</arg>\n", escape(arg)))
        .collect();
    let nodes = nodes
        .map(|nodes| format!("  <noderange>{}</noderange>\n", escape(nodes)))
        .unwrap_or_default();
    format!(
        "<xcatrequest>\n{args}  <becomeuser>\n    <password>{password}</password>\n    <username>{user}</username>\n  </becomeuser>\n  <clienttype>cli</clienttype>\n  <command>{command}</command>\n{nodes}</xcatrequest>\n"
    )
}
