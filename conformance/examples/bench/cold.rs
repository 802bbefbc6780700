//! Cold start: from the start of the process to its first complete answer.

use std::path::Path;
use std::time::Instant;

use hyper::Method;

use super::connection::Connection;
use super::process::Server;

/// Milliseconds until the simulator with a site has answered one request.
pub async fn simulator(site: &Path, tls: Option<&Path>, options: &[&str]) -> anyhow::Result<f64> {
    let start = Instant::now();
    let server = Server::simulator(site, tls, options)?;
    let mut connection = Connection::open(&server.url, server.ca.as_deref()).await?;
    let path = "/xcatws/nodes?userName=admin&password=admin&format=json";
    let (status, _) = connection.send(Method::GET, path, String::new()).await?;
    anyhow::ensure!(status == 200, "status {status}");
    Ok(start.elapsed().as_secs_f64() * 1_000.0)
}

/// Milliseconds until the bare server has answered one request.
pub async fn bare(tls: Option<&Path>) -> anyhow::Result<f64> {
    let start = Instant::now();
    let server = Server::bare(tls, 500, 0)?;
    let mut connection = Connection::open(&server.url, server.ca.as_deref()).await?;
    let (status, _) = connection.send(Method::GET, "/", String::new()).await?;
    anyhow::ensure!(status == 200, "status {status}");
    Ok(start.elapsed().as_secs_f64() * 1_000.0)
}
