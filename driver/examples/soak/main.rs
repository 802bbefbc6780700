//! Two driver processes against one simulated management node, at random and for long (issue 5): `scripts/driver-soak`.
//!
//! The parent starts `xcat-sim serve` and the workers, lets them work stretch by stretch, and reads the whole site through the
//! control door: at rest between the stretches it must be what it was at the beginning, and at any moment no FCP device may be
//! dedicated to two guests. What each task believes to have is claimed in a folder that all share, so that a LUN or a device that
//! is given twice is seen when it happens.

mod claims;
mod orders;
mod site;
mod worker;

#[path = "../../tests/it/random.rs"]
mod random;
#[path = "../../tests/it/traces.rs"]
mod traces;

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use serde_json::{Value, json};
use zvm_volume::types::Lifecycle;

use claims::Claims;
use orders::{Order, Report, Setup};
use site::Served;

/// LUNs of the site's controller: the first, and how many.
const CONTROLLER: (u16, u16) = (0x4080, 32);

/// Between two looks at the site at work.
const LOOK: Duration = Duration::from_secs(3);

/// Random work of two driver processes against one simulated site.
#[derive(Debug, Parser)]
struct Args {
    /// Be a worker: settings and orders come on standard input
    #[arg(long, hide = true)]
    worker: bool,
    /// The simulator's program
    #[arg(long, default_value = "target/release/xcat-sim")]
    xcat_sim: PathBuf,
    /// The site
    #[arg(long, default_value = "fixtures/sites/soak.toml")]
    site: PathBuf,
    /// Release line
    #[arg(long, default_value = "M")]
    release: String,
    /// `executed` or `intended`
    #[arg(long, default_value = "executed")]
    behaviour: String,
    /// Who writes the pool rows: `pool` or `attach`
    #[arg(long, default_value = "pool")]
    lifecycle: Lifecycle,
    /// Machines that the two processes stand for: on one they share a state folder, on two they share nothing but the site
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    machines: u8,
    /// Paths of each guest
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    paths: u8,
    /// Clear deleted volumes through the zHCP
    #[arg(long)]
    clear: bool,
    /// Calls to the management node, over both processes
    #[arg(long, default_value_t = 1_000_000)]
    calls: u64,
    /// Seconds after which the run ends all the same
    #[arg(long, default_value_t = 3600)]
    seconds: u64,
    /// Calls between two looks at the site at rest
    #[arg(long, default_value_t = 50_000)]
    stretch: u64,
    /// Tasks of each process
    #[arg(long, default_value_t = 16)]
    tasks: usize,
    /// Seed of all choices
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Let the journal wait for the disk, as in production
    #[arg(long)]
    durable: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if args.worker {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        return runtime.block_on(worker::run());
    }
    soak(&args)
}

/// A worker process.
struct Worker {
    child: Child,
    orders: ChildStdin,
    reports: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    fn start(setup: &Setup) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--worker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a worker")?;
        let orders = child.stdin.take().context("no standard input")?;
        let reports = BufReader::new(child.stdout.take().context("no standard output")?).lines();
        let mut worker = Self {
            child,
            orders,
            reports,
        };
        worker.say(&serde_json::to_string(setup)?)?;
        Ok(worker)
    }

    fn say(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.orders, "{line}").context("a worker has ended")
    }

    fn report(&mut self) -> anyhow::Result<Report> {
        let line = self.reports.next().context("a worker has ended")??;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Its own process, by its handle; it ends by itself when its orders end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines of a back end's section.
fn backend(args: &Args, number: usize, state: &Path) -> String {
    let list = match (args.machines, args.paths, number) {
        // One machine: fewer devices than guests want.
        (1, 1, _) => "1a00-1a0b",
        (1, _, _) => "1a00-1a0b;1b00-1b0b",
        // Each machine has devices of its own.
        (_, 1, 0) => "1a00-1a05",
        (_, 1, _) => "1b00-1b05",
        (_, _, 0) => "1a00-1a05;1b00-1b05",
        (..) => "1a06-1a0b;1b06-1b0b",
    };
    // Two volume services never share a pool (spec: driver 1.4 V5): locks do not reach from machine to machine.
    let pool = match (
        args.lifecycle,
        args.paths,
        number * usize::from(args.machines == 2),
    ) {
        (Lifecycle::AttachOwned, ..) => "made",
        (_, 1, 0) => "single",
        (_, 1, _) => "single2",
        (_, _, 0) => "double",
        _ => "double2",
    };
    format!(
        "zvm_xcat_server = mn.example.com\nzvm_xcat_username = admin\nzvm_xcat_password = admin\nzvm_host = zvm1\n\
         zvm_scsi_pool = {pool}\nzvm_fcp_list = {list}\nzvm_multiple_fcp = {}\nvolume_clear = {}\nzvm_state_dir = {}\n\
         zvm_fcp_reserve_timeout = 1\nzvm_lock_timeout = 300\n",
        args.paths == 2,
        if args.clear {
            "zero\nvolume_clear_size = 1\nzvm_zhcp_fcp_list = 1a0f"
        } else {
            "none"
        },
        state.display(),
    )
}

fn setup(args: &Args, number: usize, served: &Served, folder: &Path) -> anyhow::Result<Setup> {
    let shared = args.machines == 1;
    let state = folder.join(if shared {
        "state".to_owned()
    } else {
        format!("state{number}")
    });
    let of_worker = |at: usize| -> bool { shared || at % 2 == number };
    let guests = served.guests()?;
    let guests = guests.into_iter().enumerate();
    let first = CONTROLLER.0 + u16::try_from(number * args.tasks)?;
    ensure!(
        args.tasks * 2 <= usize::from(CONTROLLER.1),
        "at most {} tasks: each has a LUN of the controller",
        CONTROLLER.1 / 2
    );
    Ok(Setup {
        number,
        url: served.rest.clone(),
        backend: backend(args, number, &state),
        lifecycle: args.lifecycle,
        guests: guests
            .filter(|(at, _)| of_worker(*at))
            .map(|(_, guest)| guest)
            .collect(),
        luns: (first..)
            .take(args.tasks)
            .map(|lun| format!("{lun:04x}403300000000"))
            .collect(),
        ports: ["500507630300c562", "500507630b00c562"][..usize::from(args.paths)]
            .iter()
            .map(ToString::to_string)
            .collect(),
        tasks: args.tasks,
        seed: args.seed + number as u64,
        claims: folder.join("claims"),
        durable: args.durable,
    })
}

fn soak(args: &Args) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let served = Served::start(args)?;
    let error = match run(args, &served, folder.path()) {
        Ok(line) => {
            println!("{line}");
            return Ok(());
        }
        Err(error) => error,
    };
    // Whoever looks for the cause needs what the site was asked of late and what the drivers believe.
    let folder = folder.keep();
    Err(match served.keep_evidence(&folder) {
        Ok(()) => error.context(format!(
            "the site's journal and state and the drivers' folders are kept in {}",
            folder.display()
        )),
        Err(lost) => error.context(format!(
            "the drivers' folders are kept in {}, the site's journal is lost: {lost:#}",
            folder.display()
        )),
    })
}

/// The line of a run without violations.
fn run(args: &Args, served: &Served, folder: &Path) -> anyhow::Result<Value> {
    let claims = Claims::open(&folder.join("claims"))?;
    let mut workers = Vec::new();
    for number in 0..2 {
        workers.push(Worker::start(&setup(args, number, served, folder)?)?);
    }
    for worker in &mut workers {
        worker.report()?;
    }
    let before = served.at_rest()?;
    let started = Instant::now();
    let end = started + Duration::from_secs(args.seconds);
    let (mut total, mut looks, mut rests) = (Report::default(), 0_u64, 0_u64);
    loop {
        let left = end.saturating_duration_since(Instant::now()).as_secs();
        if total.calls >= args.calls || left == 0 {
            break;
        }
        let work = Order::Work {
            calls: (args.calls - total.calls).min(args.stretch).div_ceil(2),
            seconds: left,
        };
        all(&mut workers, work, || {
            looks += 1;
            served.no_device_twice()
        })?;
        total = Report::default();
        for report in all(&mut workers, Order::Check, || Ok(()))? {
            add(&mut total, report);
        }
        served.restart_guests()?;
        let now = served.at_rest()?;
        if now != before {
            total.wrong.push(format!(
                "the site at rest is not what it was:\n{}",
                site::difference(&before, &now)
            ));
        }
        if claims.count()? != 0 {
            total.wrong.push("claims are left".to_owned());
        }
        for state in ["state", "state0", "state1"] {
            let locks = folder.join(state).join("locks");
            let left = std::fs::read_dir(locks).map_or(0, Iterator::count);
            if left != 0 {
                total
                    .wrong
                    .push(format!("{left} lock files are left in {state}"));
            }
        }
        rests += 1;
        eprintln!(
            "{:7} calls, {:.0} s, {} attachments",
            total.calls,
            started.elapsed().as_secs_f64(),
            total.attached
        );
        if !total.wrong.is_empty() {
            total.wrong.truncate(20);
            bail!("{}", total.wrong.join("\n"));
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(json!({
        "release": args.release, "behaviour": args.behaviour, "lifecycle": args.lifecycle,
        "machines": args.machines, "paths": args.paths, "clear": args.clear, "durable": args.durable,
        "seed": args.seed, "processes": 2, "tasks": 2 * args.tasks, "calls": total.calls, "seconds": seconds.round(),
        "calls_per_second": (total.calls as f64 / seconds).round(), "created": total.created,
        "attached": total.attached, "attached_again": total.repeated, "refused": total.refused,
        "checked_at_rest": rests, "checked_at_work": looks, "violations": total.wrong.len(),
    }))
}

/// Gives all workers an order; `meanwhile` is done again and again until the last of them has reported.
fn all(
    workers: &mut [Worker],
    order: Order,
    mut meanwhile: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Report>> {
    let line = serde_json::to_string(&order)?;
    for worker in &mut *workers {
        worker.say(&line)?;
    }
    std::thread::scope(|scope| {
        let waiting: Vec<_> = workers
            .iter_mut()
            .map(|worker| scope.spawn(|| worker.report()))
            .collect();
        while !waiting
            .iter()
            .all(std::thread::ScopedJoinHandle::is_finished)
        {
            meanwhile()?;
            std::thread::sleep(LOOK);
        }
        waiting
            .into_iter()
            .map(|report| {
                report
                    .join()
                    .map_err(|_| anyhow::anyhow!("a thread ended"))?
            })
            .collect()
    })
}

fn add(total: &mut Report, report: Report) {
    total.calls += report.calls;
    total.created += report.created;
    total.attached += report.attached;
    total.repeated += report.repeated;
    for (kind, count) in report.refused {
        *total.refused.entry(kind).or_default() += count;
    }
    total.wrong.extend(report.wrong);
}
