//! The measurements, one function each.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use super::process::{Server, program};
use super::report::{Figure, Measurement, Report, SCHEMA};
use super::{cold, instructions, load, peers, runtime, sites, soak};

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

const ALL: [(&str, Measure); 11] = [
    ("stateful", stateful),
    ("stateful-tls", stateful_tls),
    ("scale", scale),
    ("large-answer", large_answer),
    ("attach", attach),
    ("certification", certification),
    ("peers", peers),
    ("cold-start", cold_start),
    ("load-100k", load_100k),
    ("memory", memory),
    ("journal", journal),
];

/// Where the instructions go: no measurement of time.
const LAYERS: &str = "layers";

/// Runs what was asked for.
pub fn run(run: &Run) -> anyhow::Result<()> {
    for name in &run.only {
        ensure!(
            name == LAYERS || ALL.iter().any(|(id, _)| id == name),
            "there is no measurement {name}: {}, {LAYERS}",
            ALL.map(|(id, _)| id).join(", ")
        );
    }
    let mut report = Report {
        schema: SCHEMA,
        machine: machine(),
        rounds: run.rounds,
        measurements: Vec::new(),
        layers: Vec::new(),
        skipped: Vec::new(),
        failed: Vec::new(),
    };
    for (id, measure) in ALL {
        if !run.only.is_empty() && !run.only.iter().any(|name| name == id) {
            continue;
        }
        eprintln!("{id} …");
        let measurement = match measure(run) {
            Ok(measurement) => measurement,
            // The others say what they have to say all the same.
            Err(error) => {
                println!("{id:14} FAILED: {error:#}");
                report.failed.push(format!("{id}: {error:#}"));
                continue;
            }
        };
        for why in &measurement.skipped {
            println!("{id:14} skipped: {why}");
        }
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
    if run.only.is_empty() || run.only.iter().any(|name| name == LAYERS) {
        eprintln!("{LAYERS} …");
        match instructions::layers() {
            Ok(Some(layers)) => report.layers = layers,
            Ok(None) => report
                .skipped
                .push("where the time goes: valgrind is not installed".to_owned()),
            Err(error) => report.failed.push(format!("{LAYERS}: {error:#}")),
        }
    }
    for why in &report.skipped {
        println!("skipped: {why}");
    }
    if let Some(folder) = run.json.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&run.json, serde_json::to_string_pretty(&report)? + "\n")?;
    println!("written to {}", run.json.display());
    ensure!(
        report.failed.is_empty(),
        "{} measurement(s) failed: {}",
        report.failed.len(),
        report.failed.join("; ")
    );
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

const NODES: &str = "/xcatws/nodes?userName=admin&password=admin&format=json";

/// Writes a generated site.
fn generate(site: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(program("xcat-sim")?)
        .args(["site", "generate", "--seed", "7"])
        .args(arguments)
        .output()?;
    ensure!(
        output.status.success(),
        "xcat-sim site generate: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::write(site, output.stdout)?;
    Ok(())
}

/// The driver's cycle on a running guest.
fn attach(run: &Run) -> anyhow::Result<Measurement> {
    let folder = TempDir::new()?;
    let lab = PathBuf::from("lab");
    let server = Server::simulator(&lab, None, &["--control", "127.0.0.1:0"])?;
    let state = folder.path().join("state");
    let runtime = runtime(false)?;
    // A driver's start is no part of a cycle: two cycles less one.
    let count = |cycles: &str| -> anyhow::Result<(f64, f64)> {
        let journal = |since: u64| {
            let query = serde_json::json!({"since": since});
            let path = "/worlds/default/journal/query";
            runtime.block_on(soak::control(&server, hyper::Method::POST, path, query))
        };
        let last = |found: &serde_json::Value| -> anyhow::Result<u64> {
            let requests = requests(found)?;
            Ok(requests.last().and_then(|r| r["id"].as_u64()).unwrap_or(0))
        };
        let before = last(&journal(0)?)?;
        server.cycles(&state, &["--cycles", cycles, "--milliseconds", "60000"])?;
        let found = journal(before)?;
        let requests = requests(&found)?;
        let commands: usize = requests
            .iter()
            .map(|r| r["commands"].as_array().map_or(0, Vec::len))
            .sum();
        Ok((requests.len() as f64, commands as f64))
    };
    count("1")?;
    let (one, two) = (count("1")?, count("2")?);
    let requests = Figure::new("requests", "a cycle", vec![two.0 - one.0]);
    let commands = Figure::new("remote commands", "a cycle", vec![two.1 - one.1]);
    let time = run.milliseconds();
    let mut values = Vec::new();
    for _ in 0..run.rounds {
        let cycles = server.cycles(&state, &["--milliseconds", &time])?;
        ensure!(cycles.cycles > 0, "no cycle ended");
        values.push(cycles.cycles as f64 / cycles.seconds);
    }
    ensure!(
        rows_in_use(&server, "scsipol1")? == 0,
        "rows are left in use"
    );
    Ok(Measurement {
        skipped: Vec::new(),
        id: "attach and detach".to_owned(),
        work: "the driver makes a volume, attaches it to a running guest, detaches and deletes it; its records are written durably".to_owned(),
        figures: vec![Figure::new("cycles", "cycles/s", values), requests, commands],
        target: String::new(),
        reached: None,
    })
}

/// The requests of an answer of the journal.
fn requests(found: &serde_json::Value) -> anyhow::Result<&Vec<serde_json::Value>> {
    found
        .as_array()
        .or_else(|| found["requests"].as_array())
        .context("the journal lists no requests")
}

/// The whole kit on the embedded site.
fn certification(run: &Run) -> anyhow::Result<Measurement> {
    let folder = TempDir::new()?;
    let mut values = Vec::new();
    let mut said = String::new();
    for _ in 0..run.rounds.min(3) {
        let start = Instant::now();
        let output = Command::new(program("xcat-conformance")?)
            .args(["run", "--quiet", "--out"])
            .arg(folder.path().join("report"))
            .output()?;
        values.push(start.elapsed().as_secs_f64());
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.code() == Some(0),
            "the kit did not pass: {}\n{text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        let summary = text.lines().find(|line| line.contains(" pass"));
        summary.unwrap_or_default().trim().clone_into(&mut said);
    }
    ensure!(said.contains(" pass"), "the kit did not say what passed");
    let figure = Figure::new("wall time", "s", values);
    Ok(Measurement {
        skipped: Vec::new(),
        id: "certification".to_owned(),
        work: format!("the whole kit on the embedded site: {said}"),
        reached: Some(figure.median() < 10.0),
        figures: vec![figure],
        target: "below 10 s on 4 cores".to_owned(),
    })
}

/// The same client against what a user would take instead.
fn peers(run: &Run) -> anyhow::Result<Measurement> {
    let folder = TempDir::new()?;
    let site = sites::write(folder.path(), 1_000)?;
    let simulator = Server::simulator(&site, None, &[])?;
    let mut running = Vec::new();
    let mut skipped = Vec::new();
    for peer in [
        peers::moto()?,
        peers::sushy(&folder)?,
        peers::prism(&folder)?,
    ] {
        match peer {
            Ok(peer) => running.push((peer, Vec::new())),
            Err(why) => skipped.push(why),
        }
    }
    let time = run.milliseconds();
    let mut ours = Vec::new();
    if !running.is_empty() {
        for _ in 0..run.rounds {
            ours.push(rate(&simulator.load(&[
                "--kind",
                "given",
                "--milliseconds",
                &time,
            ])?));
            for (peer, rates) in &mut running {
                let mut arguments = vec!["--kind", "same", "--milliseconds", &time];
                arguments.extend(peer.load.iter().map(String::as_str));
                rates.push(rate(&peer.server.load(&arguments)?));
            }
        }
    }
    let ours = Figure::new("simulator, reserve and release", "requests/s", ours);
    let mut figures = Vec::new();
    for (peer, rates) in running {
        let theirs = Figure::new(&peer.name, "requests/s", rates);
        let ratio = ours.by(&theirs, &format!("simulator / {}", peer.name));
        figures.extend([theirs, ratio]);
    }
    if !figures.is_empty() {
        figures.insert(0, ours);
    }
    Ok(Measurement {
        skipped,
        id: "peers".to_owned(),
        work: "16 connections, a change of state each; the works are alike in role only".to_owned(),
        figures,
        target: String::new(),
        reached: None,
    })
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
    // And N reservations reserve N rows.
    let each = [
        "--connections",
        "16",
        "--requests",
        "60",
        "--milliseconds",
        "60000",
    ];
    let reserved = simulator.load(&[&["--kind", "reserve"], &each[..]].concat())?;
    let in_use = rows_in_use(&simulator, sites::POOL)?;
    ensure!(
        in_use as u64 == reserved.requests,
        "{} reservations left {in_use} rows in use",
        reserved.requests
    );
    let ours = Figure::new("simulator", "requests/s", ours);
    let theirs = Figure::new("bare axum", "requests/s", theirs);
    let ratio = ours.by(&theirs, "simulator / bare");
    Ok(Measurement {
        skipped: Vec::new(),
        id: if tls {
            "stateful change, TLS"
        } else {
            "stateful change"
        }
        .to_owned(),
        work: format!(
            "`--reservezfcp`, then `--releasezfcp` of a named LUN, pool of 1,000, keep-alive, 16 connections, answers of {answer} bytes; afterwards {} reservations left {in_use} rows in use",
            reserved.requests
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
        skipped: Vec::new(),
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
        skipped: Vec::new(),
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
        skipped: Vec::new(),
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
        skipped: Vec::new(),
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
    let resident = |site: &Path| -> anyhow::Result<u64> {
        let server = Server::simulator(site, None, &[])?;
        server.load(&[
            "--kind",
            "same",
            "--method",
            "GET",
            "--path",
            NODES,
            "--connections",
            "1",
            "--requests",
            "2",
        ])?;
        server.settled()
    };
    let empty = resident(Path::new("empty"))?;
    let lab = resident(Path::new("lab"))?;
    let guests = |guests: u64| -> anyhow::Result<u64> {
        let site = folder.path().join(format!("guests-{guests}.toml"));
        generate(
            &site,
            &[
                "--zvm",
                "1",
                "--guests",
                &guests.to_string(),
                "--luns",
                "100",
            ],
        )?;
        resident(&site)
    };
    let a_guest = guests(10_100)?.saturating_sub(guests(100)?) as f64 / 10_000.0;
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
    let full = server.settled()?;
    let text: usize = sites::rows(LUNS).map(|row| row.len() + 1).sum();
    let a_lun = (full.saturating_sub(lab) as f64 - text as f64) / LUNS as f64;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    Ok(Measurement {
        skipped: Vec::new(),
        id: "memory".to_owned(),
        work: "resident set of a server: no site, a pool of 1,000,000 LUNs, 10,000 guests more"
            .to_owned(),
        figures: vec![
            Figure::new("empty site", "MiB", vec![mib(empty)]),
            Figure::new("1,000,000 LUNs", "MiB", vec![mib(full)]),
            Figure::new("beyond the pool text", "bytes/LUN", vec![a_lun]),
            Figure::new("a guest, at 10,000", "bytes/guest", vec![a_guest]),
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
        skipped: Vec::new(),
        id: "journal".to_owned(),
        work: format!("{REQUESTS} requests after the first 50,000"),
        target: "less than 5 MiB".to_owned(),
        reached: Some(figure.median() < 5.0),
        figures: vec![figure],
    })
}
