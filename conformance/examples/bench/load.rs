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
    /// Reserve LUNs one behind the other, and keep them.
    Reserve,
    /// Release LUNs one behind the other, whether they are reserved or not.
    Release,
    /// The request of `--method`, `--path`, `--header` and `--body`, again and again.
    Same,
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
    /// Count answers that are not good and connections that end, and go on.
    #[arg(long)]
    lenient: bool,
    /// Method of `same`.
    #[arg(long, default_value = "POST")]
    method: String,
    /// Path of `same`.
    #[arg(long, default_value = "/")]
    path: String,
    /// Headers of `same`, `NAME:VALUE`.
    #[arg(long)]
    header: Vec<String>,
    /// Body of `same`.
    #[arg(long, default_value = "")]
    body: String,
}

/// What it took.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Taken {
    /// Requests that were answered.
    pub requests: u64,
    /// Bytes of their answers.
    pub bytes: u64,
    /// Seconds.
    pub seconds: f64,
    /// Answers that were not good.
    pub errors: u64,
    /// Connections that ended before the answer.
    pub lost: u64,
}

const QUERY: &str = "?userName=admin&password=admin&format=json";

/// Runs the load.
pub async fn run(load: &Load) -> anyhow::Result<()> {
    let mut clients = Vec::new();
    for number in 0..load.connections {
        clients.push(Client {
            load,
            number: number as u64,
            connection: Connection::open(&load.url, load.ca.as_deref()).await?,
            taken: Taken::default(),
        });
    }
    let start = Instant::now();
    let end = start + Duration::from_millis(load.milliseconds);
    let tasks = clients.iter_mut().map(|client| client.run(end));
    for result in futures_util::future::join_all(tasks).await {
        result?;
    }
    let mut taken = Taken::default();
    for client in &clients {
        taken.requests += client.taken.requests;
        taken.bytes += client.taken.bytes;
        taken.errors += client.taken.errors;
        taken.lost += client.taken.lost;
    }
    taken.seconds = start.elapsed().as_secs_f64();
    println!("{}", serde_json::to_string(&taken)?);
    Ok(())
}

/// One connection at work.
struct Client<'a> {
    load: &'a Load,
    number: u64,
    connection: Connection,
    taken: Taken,
}

impl Client<'_> {
    async fn run(&mut self, end: Instant) -> anyhow::Result<()> {
        let load = self.load;
        // Each connection has LUNs of its own.
        let own = load.luns / load.connections as u64;
        ensure!(own > 0, "fewer LUNs than connections");
        let mut turn = 0;
        while self.taken.requests < load.requests && Instant::now() < end {
            let given = format!("{:016x}", FIRST_LUN + self.number * own + turn % own);
            turn += 1;
            match load.kind {
                Kind::Read => self.read().await?,
                Kind::Same => self.same().await?,
                Kind::Reserve => {
                    self.reserve(Some(&given)).await?;
                }
                Kind::Release => self.release(&given).await?,
                Kind::Given => {
                    self.reserve(Some(&given)).await?;
                    self.release(&given).await?;
                }
                Kind::BestFit => {
                    let found = self.reserve(None).await?;
                    self.release(found.as_deref().unwrap_or(&given)).await?;
                }
            }
        }
        Ok(())
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        let path = format!(
            "/xcatws/nodes/zvm1/inventory{QUERY}&field=--zfcppool&field={}",
            self.load.pool
        );
        self.send(Method::GET, &path, &[], String::new(), "")
            .await?;
        Ok(())
    }

    async fn same(&mut self) -> anyhow::Result<()> {
        let load = self.load;
        // A peer need not keep connections; what opening costs is then part of its work.
        if !self.connection.is_kept().await {
            self.connection = Connection::open(&load.url, load.ca.as_deref()).await?;
        }
        let headers: Vec<(&str, &str)> = load
            .header
            .iter()
            .filter_map(|header| header.split_once(':'))
            .collect();
        let method = load.method.parse()?;
        self.send(method, &load.path, &headers, load.body.clone(), "")
            .await?;
        Ok(())
    }

    /// Reserves a LUN, or the best fit: which it was, if the answer says so.
    async fn reserve(&mut self, given: Option<&str>) -> anyhow::Result<Option<String>> {
        let which = given.map_or_else(String::new, |lun| format!(" {WWPN} {lun}"));
        let body = format!(
            "[\"--reservezfcp {} used lnx1 1a00 8G{which}\"]",
            self.load.pool
        );
        let answer = self.change(body, "was reserved... Done").await?;
        let found = answer
            .split_once(&format!("0x{WWPN}/0x"))
            .and_then(|(_, rest)| rest.get(..16))
            .map(str::to_owned);
        ensure!(
            found.is_some() || given.is_some() || self.load.bare || self.load.lenient,
            "no LUN in {answer}"
        );
        Ok(found)
    }

    async fn release(&mut self, lun: &str) -> anyhow::Result<()> {
        let body = format!("[\"--releasezfcp {} {WWPN} {lun}\"]", self.load.pool);
        self.change(body, "was released").await?;
        Ok(())
    }

    async fn change(&mut self, body: String, expected: &str) -> anyhow::Result<String> {
        let path = format!("/xcatws/hypervisor/zvm1{QUERY}");
        let headers = [("content-type", "text/plain")];
        self.send(Method::PUT, &path, &headers, body, expected)
            .await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
        expected: &str,
    ) -> anyhow::Result<String> {
        self.taken.requests += 1;
        let answer = self.connection.request(method, path, headers, body).await;
        let (status, answer) = match answer {
            Ok(answer) => answer,
            Err(error) if !self.load.lenient => return Err(error),
            Err(_) => {
                self.taken.lost += 1;
                self.connection = Connection::open(&self.load.url, self.load.ca.as_deref()).await?;
                return Ok(String::new());
            }
        };
        self.taken.bytes += answer.len() as u64;
        if expected.is_empty() && (200..300).contains(&status) {
            return Ok(String::new());
        }
        let answer = String::from_utf8(answer.into()).context("answer")?;
        let is_good = (200..300).contains(&status) && (self.load.bare || answer.contains(expected));
        ensure!(
            is_good || self.load.lenient,
            "status {status}: {expected:?} is not in {answer}"
        );
        self.taken.errors += u64::from(!is_good);
        Ok(answer)
    }
}
