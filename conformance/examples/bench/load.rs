//! The load client, in a process of its own.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hyper::Method;
use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::sites::{FIRST_LUN, WWPN};

/// What to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Reserve a LUN that is named, then release it; each connection has LUNs of its own.
    Given,
    /// Reserve the best fit, then release it.
    BestFit,
    /// Read a whole pool.
    Read,
}

/// Sends requests and prints what that took, as one line of JSON.
#[derive(clap::Args)]
pub struct Load {
    /// Root of the server.
    #[arg(long)]
    url: String,
    /// CA file of an https server.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// What to send.
    #[arg(long, value_enum)]
    kind: Kind,
    /// Connections.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Bound in milliseconds.
    #[arg(long, default_value_t = 2_000)]
    milliseconds: u64,
    /// Bound in requests of one connection.
    #[arg(long, default_value_t = u64::MAX)]
    requests: u64,
    /// Pool that is changed or read.
    #[arg(long, default_value = "bench")]
    pool: String,
    /// LUNs of the pool.
    #[arg(long, default_value_t = 1_000)]
    luns: u64,
    /// Do not look into answers: a bare server says nothing.
    #[arg(long)]
    bare: bool,
}

/// What it took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Taken {
    /// Requests that were answered.
    pub requests: u64,
    /// Bytes of their answers.
    pub bytes: u64,
    /// Seconds.
    pub seconds: f64,
}

const QUERY: &str = "?userName=admin&password=admin&format=json";

/// Runs the load.
pub async fn run(load: &Load) -> anyhow::Result<()> {
    let mut connections = Vec::new();
    for _ in 0..load.connections {
        connections.push(Connection::open(&load.url, load.ca.as_deref()).await?);
    }
    let start = Instant::now();
    let end = start + Duration::from_millis(load.milliseconds);
    let mut tasks = Vec::new();
    for (number, connection) in connections.iter_mut().enumerate() {
        tasks.push(one(load, number as u64, connection, end));
    }
    let mut taken = Taken {
        requests: 0,
        bytes: 0,
        seconds: 0.0,
    };
    for result in futures_util::future::join_all(tasks).await {
        let (requests, bytes) = result?;
        taken.requests += requests;
        taken.bytes += bytes;
    }
    taken.seconds = start.elapsed().as_secs_f64();
    println!("{}", serde_json::to_string(&taken)?);
    Ok(())
}

async fn one(
    load: &Load,
    number: u64,
    connection: &mut Connection,
    end: Instant,
) -> anyhow::Result<(u64, u64)> {
    let (mut requests, mut bytes) = (0, 0);
    let mut turn = 0;
    let own = load.luns / load.connections as u64;
    ensure!(
        own > 0 || load.kind != Kind::Given,
        "fewer LUNs than connections"
    );
    let change = format!("/xcatws/hypervisor/zvm1{QUERY}");
    while requests < load.requests && Instant::now() < end {
        match load.kind {
            Kind::Read => {
                let path = format!(
                    "/xcatws/nodes/zvm1/inventory{QUERY}&field=--zfcppool&field={}",
                    load.pool
                );
                let (status, body) = connection.send(Method::GET, &path, String::new()).await?;
                ensure!(status == 200, "status {status}");
                requests += 1;
                bytes += body.len() as u64;
            }
            Kind::Given | Kind::BestFit => {
                let given = format!("{:016x}", FIRST_LUN + number * own + turn % own.max(1));
                turn += 1;
                let which = if load.kind == Kind::Given {
                    format!(" {WWPN} {given}")
                } else {
                    String::new()
                };
                let body = format!("[\"--reservezfcp {} used lnx1 1a00 8G{which}\"]", load.pool);
                let answer = ask(load, connection, &change, body, "was reserved... Done").await?;
                let lun = if load.kind == Kind::Given || load.bare {
                    given
                } else {
                    let (_, found) = answer
                        .split_once(&format!("0x{WWPN}/0x"))
                        .context("no LUN in the answer")?;
                    found.get(..16).context("no LUN in the answer")?.to_owned()
                };
                let body = format!("[\"--releasezfcp {} {WWPN} {lun}\"]", load.pool);
                let released = ask(load, connection, &change, body, "was released").await?;
                requests += 2;
                bytes += (answer.len() + released.len()) as u64;
            }
        }
    }
    Ok((requests, bytes))
}

async fn ask(
    load: &Load,
    connection: &mut Connection,
    path: &str,
    body: String,
    expected: &str,
) -> anyhow::Result<String> {
    let (status, answer) = connection.send(Method::PUT, path, body).await?;
    ensure!(status == 200, "status {status}");
    let answer = String::from_utf8(answer.into()).context("answer")?;
    ensure!(
        load.bare || answer.contains(expected),
        "{expected:?} is not in {answer}"
    );
    Ok(answer)
}
