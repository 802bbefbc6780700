//! The measurements, one function each.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use super::process::Server;
use super::report::{Figure, Measurement, Report, SCHEMA};
use super::{cold, load, runtime, sites};

/// Measure, print a table, write JSON.
#[derive(clap::Args)]
pub struct Run {
    /// Rounds of each measurement.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Only these measurements.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Seconds of each load.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Write the result to this file.
    #[arg(long, default_value = "target/bench.json")]
    json: PathBuf,
}

impl Run {
    fn milliseconds(&self) -> String {
        format!("{:.0}", self.seconds * 1_000.0)
    }
}

type Measure = fn(&Run) -> anyhow::Result<Measurement>;

const ALL: [(&str, Measure); 8] = [
    ("stateful", stateful),
    ("stateful-tls", stateful_tls),
    ("scale", scale),
    ("large-answer", large_answer),
    ("cold-start", cold_start),
    ("load-100k", load_100k),
    ("memory", memory),
    ("journal", journal),
];

/// Runs what was asked for.
pub fn run(run: &Run) -> anyhow::Result<()> {
    for name in &run.only {
        ensure!(
            ALL.iter().any(|(id, _)| id == name),
            "there is no measurement {name}: {}",
            ALL.map(|(id, _)| id).join(", ")
        );
    }
    let mut report = Report {
        schema: SCHEMA,
        machine: machine(),
        rounds: run.rounds,
        measurements: Vec::new(),
    };
    for (id, measure) in ALL {
        if !run.only.is_empty() && !run.only.iter().any(|name| name == id) {
            continue;
        }
        eprintln!("{id} …");
        let measurement = measure(run).with_context(|| format!("measurement {id}"))?;
        for figure in &measurement.figures {
            println!("{id:14} {:36} {}", figure.name, figure.text().trim());
        }
        println!(
            "{id:14} target: {}{}",
            measurement.target,
            match measurement.reached {
                Some(true) => ": reached",
                Some(false) => ": NOT reached",
                None => "",
            }
        );
        report.measurements.push(measurement);
    }
    if let Some(folder) = run.json.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&run.json, serde_json::to_string_pretty(&report)? + "\n")?;
    println!("written to {}", run.json.display());
    Ok(())
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo")
        .unwrap_or_default()
        .lines()
        .find_map(|line| {
            Some(
                line.strip_prefix("model name")?
                    .trim_start_matches(['\t', ':', ' '])
                    .to_owned(),
            )
        })
        .unwrap_or_else(|| "unknown processor".to_owned());
    format!("{cores} cores, {model}")
}

fn rate(taken: &load::Taken) -> f64 {
    taken.requests as f64 / taken.seconds
}

/// Rows of the pool that are not free, as the simulator tells them.
fn rows_in_use(server: &Server, pool: &str) -> anyhow::Result<usize> {
    runtime(false)?.block_on(async {
        let mut connection = super::connection::Connection::open(&server.url, server.ca.as_deref()).await?;
        let path = format!(
            "/xcatws/nodes/zvm1/inventory?userName=admin&password=admin&format=json&field=--zfcppool&field={pool}&field=used"
        );
        let (status, body) = connection.send(hyper::Method::GET, &path, String::new()).await?;
        ensure!(status == 200, "status {status}");
        Ok(String::from_utf8_lossy(&body).matches("zvm1: used,").count())
    })
}

fn stateful(run: &Run) -> anyhow::Result<Measurement> {
    compare_changes(run, false)
}

fn stateful_tls(run: &Run) -> anyhow::Result<Measurement> {
    compare_changes(run, true)
}

/// Reserve and release on 16 connections, beside the bare server.
fn compare_changes(run: &Run, tls: bool) -> anyhow::Result<Measurement> {
    let folder = TempDir::new()?;
    let site = sites::write(folder.path(), 1_000)?;
    let (sim_ca, bare_ca) = (
        folder.path().join("sim.pem"),
        folder.path().join("bare.pem"),
    );
    let simulator = Server::simulator(&site, tls.then_some(sim_ca.as_path()), &[])?;
    let probe = simulator.load(&["--kind", "given", "--connections", "1", "--requests", "2"])?;
    let answer = (probe.bytes / probe.requests) as usize;
    let bare = Server::bare(tls.then_some(bare_ca.as_path()), answer, 0)?;
    let time = run.milliseconds();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..run.rounds {
        let arguments = ["--kind", "given", "--milliseconds", &time];
        theirs.push(rate(&bare.load(&[&arguments[..], &["--bare"]].concat())?));
        ours.push(rate(&simulator.load(&arguments)?));
    }
    // Every answer was looked at; every reservation was released, so no row may be left in use.
    ensure!(
        rows_in_use(&simulator, sites::POOL)? == 0,
        "rows are left in use"
    );
    let ours = Figure::new("simulator", "requests/s", ours);
    let theirs = Figure::new("bare axum", "requests/s", theirs);
    let ratio = ours.by(&theirs, "simulator / bare");
    Ok(Measurement {
        id: if tls {
            "stateful change, TLS"
        } else {
            "stateful change"
        }
        .to_owned(),
        work: format!(
            "`--reservezfcp`, then `--releasezfcp` of a named LUN, pool of 1,000, keep-alive, 16 connections, answers of {answer} bytes"
        ),
        reached: Some(ratio.median() >= 0.5),
        target: "at least half of the bare server".to_owned(),
        figures: vec![ours, theirs, ratio],
    })
}

/// One reservation in pools of three sizes.
fn scale(run: &Run) -> anyhow::Result<Measurement> {
    const SIZES: [u64; 3] = [100, 10_000, 1_000_000];
    let folder = TempDir::new()?;
    let mut servers = Vec::new();
    for size in SIZES {
        let site = sites::write(folder.path(), size)?;
        // A pool of more than some 2,200 rows cannot be reserved from in the real system (Q61).
        servers.push(Server::simulator(&site, None, &["--repair", "Q61"])?);
    }
    let mut costs = vec![Vec::new(); SIZES.len()];
    for _ in 0..run.rounds {
        for (server, costs) in servers.iter().zip(&mut costs) {
            let time = run.milliseconds();
            let taken = server.load(&[
                "--kind",
                "best-fit",
                "--connections",
                "1",
                "--milliseconds",
                &time,
            ])?;
            costs.push(taken.seconds * 1e6 / taken.requests as f64);
        }
    }
    for server in &servers {
        ensure!(
            rows_in_use(server, sites::POOL)? == 0,
            "rows are left in use"
        );
    }
    let mut figures: Vec<Figure> = SIZES
        .iter()
        .zip(costs)
        .map(|(size, costs)| Figure::new(&format!("{size} LUNs"), "µs/request", costs))
        .collect();
    let ratio = figures[2].by(&figures[0], "1,000,000 / 100");
    let reached = ratio.median() <= 3.0;
    figures.push(ratio);
    Ok(Measurement {
        id: "scale".to_owned(),
        work: "best-fit `--reservezfcp`, then `--releasezfcp`, one connection, `--repair Q61`"
            .to_owned(),
        figures,
        target: "at 1,000,000 LUNs at most 3 times the cost at 100".to_owned(),
        reached: Some(reached),
    })
}

/// A whole pool of 100,000 rows.
fn large_answer(run: &Run) -> anyhow::Result<Measurement> {
    let folder = TempDir::new()?;
    let site = sites::write(folder.path(), 100_000)?;
    let simulator = Server::simulator(&site, None, &[])?;
    let arguments = ["--kind", "read", "--connections", "1", "--requests", "1"];
    let size = simulator.load(&arguments)?.bytes;
    let bare = Server::bare(None, 500, size as usize)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let time = run.milliseconds();
    for _ in 0..run.rounds {
        let arguments = [
            "--kind",
            "read",
            "--connections",
            "1",
            "--milliseconds",
            &time,
        ];
        let mib = |t: load::Taken| t.bytes as f64 / t.seconds / f64::from(1 << 20);
        theirs.push(mib(bare.load(&[&arguments[..], &["--bare"]].concat())?));
        ours.push(mib(simulator.load(&arguments)?));
    }
    let ours = Figure::new("simulator", "MiB/s", ours);
    let theirs = Figure::new("bare axum", "MiB/s", theirs);
    let ratio = ours.by(&theirs, "simulator / bare");
    Ok(Measurement {
        id: "large answer".to_owned(),
        work: format!("`rinv --zfcppool` of 100,000 rows, {size} bytes, one connection"),
        reached: Some(ratio.median() >= 0.7),
        target:
            "at least 70 % of the bytes per second of a bare server that sends a text of that size"
                .to_owned(),
        figures: vec![ours, theirs, ratio],
    })
}

fn cold_start(run: &Run) -> anyhow::Result<Measurement> {
    let folder = TempDir::new()?;
    let ca = folder.path().join("ca.pem");
    let lab = PathBuf::from("lab");
    let runtime = runtime(false)?;
    let mut values = vec![Vec::new(); 4];
    for _ in 0..run.rounds {
        values[0].push(runtime.block_on(cold::bare(None))?);
        values[1].push(runtime.block_on(cold::simulator(&lab, None, &[]))?);
        values[2].push(runtime.block_on(cold::bare(Some(&ca)))?);
        values[3].push(runtime.block_on(cold::simulator(&lab, Some(&ca), &[]))?);
    }
    let names = ["bare axum", "simulator", "bare axum, TLS", "simulator, TLS"];
    let mut figures: Vec<Figure> = names
        .iter()
        .zip(values)
        .map(|(name, values)| Figure::new(name, "ms", values))
        .collect();
    let plain = figures[1].by(&figures[0], "plain: simulator / bare");
    let tls = figures[3].by(&figures[2], "TLS: simulator / bare");
    let reached = plain.median() <= 2.0 && tls.median() <= 2.0;
    figures.extend([plain, tls]);
    Ok(Measurement {
        id: "cold start".to_owned(),
        work: "process start to the first complete answer, `lab`; with TLS the certificate is made at start by both".to_owned(),
        figures,
        target: "at most twice a bare axum server's".to_owned(),
        reached: Some(reached),
    })
}

fn load_100k(run: &Run) -> anyhow::Result<Measurement> {
    let folder = TempDir::new()?;
    let site = sites::write(folder.path(), 100_000)?;
    let runtime = runtime(false)?;
    let mut values = Vec::new();
    for _ in 0..run.rounds {
        values.push(runtime.block_on(cold::simulator(&site, None, &[]))?);
    }
    let figure = Figure::new("start and first answer", "ms", values);
    Ok(Measurement {
        id: "100,000 LUNs loaded".to_owned(),
        work: "a site file with a pool of 100,000 rows".to_owned(),
        target: "less than a second".to_owned(),
        reached: Some(figure.median() < 1_000.0),
        figures: vec![figure],
    })
}

/// Resident memory.
fn memory(_: &Run) -> anyhow::Result<Measurement> {
    const LUNS: u64 = 1_000_000;
    let folder = TempDir::new()?;
    let empty = Server::simulator(&PathBuf::from("empty"), None, &[])?.resident()?;
    let lab = Server::simulator(&PathBuf::from("lab"), None, &[])?.resident()?;
    let site = sites::write(folder.path(), LUNS)?;
    let server = Server::simulator(&site, None, &["--repair", "Q61"])?;
    server.load(&[
        "--kind",
        "best-fit",
        "--connections",
        "1",
        "--requests",
        "2",
    ])?;
    let full = server.resident()?;
    let text: usize = sites::rows(LUNS).map(|row| row.len() + 1).sum();
    let a_lun = (full.saturating_sub(lab) as f64 - text as f64) / LUNS as f64;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    Ok(Measurement {
        id: "memory".to_owned(),
        work: "resident set of a server with a pool of 1,000,000 LUNs".to_owned(),
        figures: vec![
            Figure::new("empty site", "MiB", vec![mib(empty)]),
            Figure::new("1,000,000 LUNs", "MiB", vec![mib(full)]),
            Figure::new("beyond the pool text", "bytes/LUN", vec![a_lun]),
        ],
        target: "at most 150 bytes per LUN beyond the pool text".to_owned(),
        reached: Some(a_lun <= 150.0),
    })
}

/// Growth of memory over a million requests once the ring of the journal is full.
fn journal(_: &Run) -> anyhow::Result<Measurement> {
    const REQUESTS: u64 = 1_000_000;
    let folder = TempDir::new()?;
    let site = sites::write(folder.path(), 1_000)?;
    let server = Server::simulator(&site, None, &[])?;
    let load = |requests: u64| {
        let each = (requests / 16).to_string();
        server.load(&[
            "--kind",
            "given",
            "--requests",
            &each,
            "--milliseconds",
            "1200000",
        ])
    };
    load(50_000)?;
    let before = server.resident()?;
    let taken = load(REQUESTS)?;
    ensure!(taken.requests >= REQUESTS, "{} requests", taken.requests);
    let growth = server.resident()? as f64 - before as f64;
    let figure = Figure::new("growth", "MiB", vec![growth / f64::from(1 << 20)]);
    Ok(Measurement {
        id: "journal".to_owned(),
        work: format!("{REQUESTS} requests after the first 50,000"),
        target: "less than 5 MiB".to_owned(),
        reached: Some(figure.median() < 5.0),
        figures: vec![figure],
    })
}
