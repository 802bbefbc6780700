//! The server under a load that is not kind: `scripts/soak` runs it. Every figure has a bound; one that is passed ends the
//! run with an error once all have been taken.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hyper::Method;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::connection::Connection;
use super::process::Server;
use super::{runtime, sites};

/// Hold connections, send slowly, send too much, send much with faults; bounded in count and time.
#[derive(clap::Args)]
pub struct Soak {
    /// Connections that are held at once.
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Slow clients and half-open ones, each.
    #[arg(long, default_value_t = 200)]
    slow: usize,
    /// Requests with random faults.
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// Bound of the requests with faults, in seconds.
    #[arg(long, default_value_t = 900)]
    seconds: u64,
}

/// What was found, and what was not as it should be.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn figure(&mut self, what: &str, value: f64, unit: &str, bound: f64) {
        let holds = value <= bound;
        let word = if holds { "ok" } else { "BREACH" };
        println!("{what:58} {value:12.2} {unit:8} at most {bound:<10} {word}");
        if !holds {
            self.0
                .push(format!("{what}: {value:.2} {unit}, at most {bound}"));
        }
    }

    fn same(&mut self, what: &str, found: u64, wanted: u64) {
        let holds = found == wanted;
        let word = if holds { "ok" } else { "BREACH" };
        println!("{what:58} {found:12} of {wanted:<16} {word}");
        if !holds {
            self.0.push(format!("{what}: {found}, not {wanted}"));
        }
    }
}

const NODES: &str = "/xcatws/nodes?userName=admin&password=admin&format=json";
const MIB: f64 = 1_048_576.0;

/// Runs everything.
pub fn run(soak: &Soak) -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let site = sites::write(folder.path(), 1_000)?;
    let server = Server::simulator(&site, None, &["--control", "127.0.0.1:0"])?;
    let mut findings = Findings::default();
    runtime(true)?.block_on(async {
        held(soak, &server, &mut findings).await?;
        slow(soak, &server, &mut findings).await?;
        large(&server, &mut findings).await?;
        anyhow::Ok(())
    })?;
    faults(soak, &server, &mut findings)?;
    ensure!(
        findings.0.is_empty(),
        "bounds were passed:\n  {}",
        findings.0.join("\n  ")
    );
    println!("every bound held");
    Ok(())
}

/// Milliseconds of each of some requests on a connection of their own: the median and the largest.
async fn waits(server: &Server, count: usize) -> anyhow::Result<(f64, f64)> {
    let mut connection = Connection::open(&server.url, None).await?;
    let mut times = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        let (status, _) = connection.send(Method::GET, NODES, String::new()).await?;
        ensure!(status == 200, "status {status}");
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok((times[count / 2], times[count - 1]))
}

/// Many connections at once, each of which is answered at the beginning and at the end.
async fn held(soak: &Soak, server: &Server, findings: &mut Findings) -> anyhow::Result<()> {
    let before = server.resident()?;
    let mut open = Vec::new();
    let mut answered = [0, 0];
    for _ in 0..soak.connections {
        match Connection::open(&server.url, None).await {
            Ok(mut connection) => {
                if let Ok((200, _)) = connection.send(Method::GET, NODES, String::new()).await {
                    answered[0] += 1;
                }
                open.push(connection);
            }
            Err(error) if open.len() < 64 => return Err(error),
            // Counted below as not answered.
            Err(_) => {}
        }
    }
    let (median, longest) = waits(server, 1_000).await?;
    let held = server.resident()?.saturating_sub(before) as f64;
    for connection in &mut open {
        if let Ok((200, _)) = connection.send(Method::GET, NODES, String::new()).await {
            answered[1] += 1;
        }
    }
    let wanted = soak.connections as u64;
    findings.same("connections answered when opened", answered[0], wanted);
    findings.same(
        "connections answered when all were open",
        answered[1],
        wanted,
    );
    findings.figure(
        "memory of a held connection",
        held / 1024.0 / soak.connections.max(1) as f64,
        "KiB",
        48.0,
    );
    findings.figure("median wait beside them", median, "ms", 50.0);
    findings.figure("longest wait beside them", longest, "ms", 1_000.0);
    Ok(())
}

/// Clients that send a byte now and then, and clients that send half a request and no more.
async fn slow(soak: &Soak, server: &Server, findings: &mut Findings) -> anyhow::Result<()> {
    let address = server.url.trim_start_matches("http://").to_owned();
    let (alone, _) = waits(server, 1_000).await?;
    let text = format!("GET {NODES} HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut tasks = Vec::new();
    for number in 0..soak.slow {
        let (address, text) = (address.clone(), text.clone());
        tasks.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(&address).await?;
            for byte in text.as_bytes() {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(Duration::from_millis(20 + (number as u64 % 20))).await;
            }
            let mut head = [0; 15];
            stream.read_exact(&mut head).await?;
            anyhow::Ok(head.starts_with(b"HTTP/1.1 200"))
        }));
    }
    let mut half_open = Vec::new();
    for number in 0..soak.slow {
        let mut stream = TcpStream::connect(&address).await?;
        let part = match number % 3 {
            0 => "",
            1 => "GET /xcatws/nodes?userName=admin",
            _ => {
                "PUT /xcatws/hypervisor/zvm1?userName=admin&password=admin&format=json HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n[\"--re"
            }
        };
        stream.write_all(part.as_bytes()).await?;
        half_open.push(stream);
    }
    let (median, longest) = waits(server, 2_000).await?;
    let mut answered = 0;
    for task in tasks {
        answered += u64::from(task.await??);
    }
    drop(half_open);
    findings.figure(
        "median wait beside slow and half-open clients",
        median,
        "ms",
        (alone * 5.0).max(5.0),
    );
    findings.figure("longest wait beside them", longest, "ms", 1_000.0);
    findings.same(
        "slow clients answered in the end",
        answered,
        soak.slow as u64,
    );
    Ok(())
}

/// 100 MiB in one body, with its length said and without.
async fn large(server: &Server, findings: &mut Findings) -> anyhow::Result<()> {
    const BODY: usize = 100 * 1024 * 1024;
    let address = server.url.trim_start_matches("http://").to_owned();
    for (what, head, chunked) in [
        ("said", format!("content-length: {BODY}\r\n"), false),
        (
            "not said",
            "transfer-encoding: chunked\r\n".to_owned(),
            true,
        ),
    ] {
        let before = server.resident()?;
        let stream = TcpStream::connect(&address).await?;
        let (mut reader, mut writer) = stream.into_split();
        let head = format!(
            "PUT /xcatws/hypervisor/zvm1?userName=admin&password=admin&format=json HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\n{head}\r\n"
        );
        writer.write_all(head.as_bytes()).await?;
        let sender = tokio::spawn(async move {
            let piece = vec![b'x'; 64 * 1024];
            let size = format!("{:x}\r\n", piece.len());
            let mut sent = 0;
            while sent < BODY {
                let whole = async {
                    if chunked {
                        writer.write_all(size.as_bytes()).await?;
                    }
                    writer.write_all(&piece).await?;
                    if chunked {
                        writer.write_all(b"\r\n").await?;
                    }
                    std::io::Result::Ok(())
                };
                match tokio::time::timeout(Duration::from_secs(5), whole).await {
                    Ok(Ok(())) => sent += piece.len(),
                    // The server reads no more, or has closed.
                    Ok(Err(_)) | Err(_) => break,
                }
            }
            sent
        });
        let mut answer = vec![0; 12];
        let read = tokio::time::timeout(Duration::from_mins(1), reader.read_exact(&mut answer));
        let refused = read.await.is_ok_and(|read| read.is_ok()) && answer == b"HTTP/1.1 413";
        // Closing ends the sender.
        drop(reader);
        let sent = sender.await?;
        let growth = server.resident()?.saturating_sub(before) as f64;
        findings.same(
            &format!("100 MiB refused with 413, length {what}"),
            u64::from(refused),
            1,
        );
        findings.figure(
            &format!("taken of it, length {what}"),
            sent as f64 / MIB,
            "MiB",
            if chunked { 32.0 } else { 16.0 },
        );
        findings.figure(
            &format!("memory that grew, length {what}"),
            growth / MIB,
            "MiB",
            64.0,
        );
    }
    let (_, longest) = waits(server, 100).await?;
    findings.figure("longest wait afterwards", longest, "ms", 1_000.0);
    Ok(())
}

/// Sends a request to the control door.
pub async fn control(
    server: &Server,
    method: Method,
    path: &str,
    body: serde_json::Value,
) -> anyhow::Result<serde_json::Value> {
    let door = server.control.as_deref().context("no control door")?;
    let mut connection = Connection::open(door, None).await?;
    let (status, text) = connection
        .send_as(method, path, "application/json", body.to_string())
        .await?;
    ensure!(
        (200..300).contains(&status),
        "{path}: status {status}: {}",
        String::from_utf8_lossy(&text)
    );
    if text.is_empty() {
        return Ok(serde_json::Value::Null);
    }
    Ok(serde_json::from_slice(&text)?)
}

/// Many requests while things fail at random.
fn faults(soak: &Soak, server: &Server, findings: &mut Findings) -> anyhow::Result<()> {
    // Of these nearly all requests are answered, and some connections end without an answer.
    let rules = [
        ("ssh-refused", 0.02),
        ("F68", 0.02),
        ("http-500", 0.02),
        ("http-503", 0.02),
        ("xcatd-closed", 0.02),
        ("xcatd-down", 0.02),
        ("http-reset", 0.002),
        ("http-truncate", 0.002),
        ("http-garbage", 0.002),
    ];
    let runtime = runtime(true)?;
    let set = runtime.block_on(async {
        let mut set = 0;
        for (name, probability) in rules {
            let rule = serde_json::json!({"name": name, "probability": probability});
            control(server, Method::POST, "/worlds/default/faults", rule).await?;
            set += 1;
        }
        anyhow::Ok(set)
    })?;
    println!("{set} rules of faults");
    let load = |requests: u64| {
        let each = (requests / 32).max(1).to_string();
        let time = (soak.seconds * 1_000).to_string();
        server.load(&[
            "--kind",
            "given",
            "--connections",
            "32",
            "--lenient",
            "--requests",
            &each,
            "--milliseconds",
            &time,
        ])
    };
    // The ring of the journal is full after this, and the allocator has seen every size.
    load(soak.requests / 5)?;
    let before = server.resident()?;
    let taken = load(soak.requests)?;
    let growth = server.resident()? as f64 - before as f64;
    println!(
        "{} requests with faults in {:.0} s, {:.0}/s; {} answered with an error, {} connections lost",
        taken.requests,
        taken.seconds,
        taken.requests as f64 / taken.seconds,
        taken.errors,
        taken.lost
    );
    findings.figure("growth of memory", growth / MIB, "MiB", 16.0);
    findings.figure(
        "requests that were not sent",
        (soak.requests / 32 * 32).saturating_sub(taken.requests) as f64,
        "",
        0.0,
    );
    ensure!(taken.errors > 0 && taken.lost > 0, "no fault was met");
    runtime.block_on(async {
        let none = serde_json::Value::Null;
        control(
            server,
            Method::DELETE,
            "/worlds/default/faults",
            none.clone(),
        )
        .await?;
        let pool = control(
            server,
            Method::GET,
            "/worlds/default/pools/zhcp1/bench",
            none,
        )
        .await?;
        let text = pool["text"].as_str().unwrap_or_default();
        let rows = text
            .lines()
            .filter(|line| line.contains(sites::WWPN))
            .count();
        findings.same("rows of the pool afterwards", rows as u64, 1_000);
        anyhow::Ok(())
    })?;
    // Whatever a fault left reserved is released first; then every answer is looked at again.
    for (what, kind, connections, requests, wanted) in [
        ("releases afterwards", "release", "1", "1000", 1_000),
        ("good answers afterwards", "given", "16", "1000", 16_000),
    ] {
        let healthy = server.load(&[
            "--kind",
            kind,
            "--connections",
            connections,
            "--requests",
            requests,
            "--milliseconds",
            "300000",
        ])?;
        findings.same(what, healthy.requests, wanted);
    }
    Ok(())
}
