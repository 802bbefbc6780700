//! `run`: the target from the arguments, the run, the reports.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::args::{Color, RunArgs, TargetArgs};
use crate::budget::Budget;
use crate::ledger::LedgerFile;
use crate::options::{ExpectedFailures, Options};
use crate::report::{self, Progress};
use crate::result::{CaseResult, ExitStatus, RunResult, SCHEMA};
use crate::resume::{ProgressFile, ProgressHead, read_progress};
use crate::runner::Event;
use crate::target::{Account, Embedded, Inventory, Remote, Secret, Secrets, Target, Trust};

/// Carries out `run`.
pub async fn run(args: RunArgs) -> anyhow::Result<ExitStatus> {
    let selection = args.select.selection();
    if args.dry_run {
        return Ok(super::list::dry_run(
            &selection,
            inventory(&args.target)?.as_ref(),
        ));
    }
    let target = target(&args.target)?;
    let dir = args.out.as_path();
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let earlier = if args.resume {
        Some(earlier(dir, &target).await?)
    } else {
        refuse_open_ledger(dir, &target)?;
        None
    };
    let (seed, finished) = match earlier {
        Some((seed, finished)) => (seed, finished),
        // A new run must not meet the names of an old one that is still being cleaned up.
        None => (
            args.seed
                .unwrap_or_else(|| (jiff::Timestamp::now().as_microsecond() as u64) & 0xffff_ffff),
            Vec::new(),
        ),
    };
    let mut ledger =
        LedgerFile::open(&dir.join("ledger.jsonl")).context("cannot open the undo ledger")?;
    if target.isolates_cases() {
        ledger = ledger.not_durable();
    }
    ledger.begin(seed, &target.describe())?;
    let head = ProgressHead {
        schema: SCHEMA,
        kit: env!("CARGO_PKG_VERSION").to_owned(),
        seed,
        target: target.describe(),
    };
    let done = ProgressFile::open(&dir.join("progress.jsonl"), &head, args.resume)
        .context("cannot open the progress file")?;
    let options = Options {
        jobs: args.jobs,
        case_timeout: args.case_timeout(),
        seed,
        ledger: Some(ledger),
        retries: args.retries,
        stop_early: args.stop_early,
        expected: expected(args.expected.as_deref())?,
        finished,
        ..Options::default()
    };
    let colour = colour(args.color);
    let progress = Progress::new(args.quiet, colour);
    if !args.quiet {
        eprintln!("seed {}, target {}", options.seed, target.describe());
    }
    let result = crate::run_with(&target, &selection, &options, &|event| {
        if let Event::Finished(case) = &event
            && let Err(error) = done.append(case)
        {
            eprintln!("warning: {} is not in the progress file: {error}", case.id);
        }
        progress.event(&event);
    })
    .await;
    progress.finish();
    let result = result?;
    write(dir, &result)?;
    let mut told = report::summary(&result);
    let _ = writeln!(told, "reports    {}", dir.join("report.html").display());
    // Whoever reads may have heard enough: the reports are written, and the exit status says the rest.
    let _ = std::io::stdout().write_all(told.as_bytes());
    Ok(match result.exit_status() {
        ExitStatus::Success if args.certify && !result.certified() => ExitStatus::Incomplete,
        status => status,
    })
}

/// Seed and results of the interrupted run, after cleaning up behind it.
async fn earlier(dir: &Path, target: &Target) -> anyhow::Result<(u64, Vec<CaseResult>)> {
    let path = dir.join("progress.jsonl");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let (head, finished) =
        read_progress(&text).with_context(|| format!("in {}", path.display()))?;
    if head.target != target.describe() {
        bail!("the run to resume was against {}", head.target);
    }
    if !target.isolates_cases() {
        let left = super::cleanup::undo_file(&dir.join("ledger.jsonl"), target).await?;
        if left > 0 {
            bail!("{left} change(s) of the interrupted run could not be undone");
        }
    }
    Ok((head.seed, finished))
}

/// A run that was killed may have left things on a shared target; a new one must not hide that.
fn refuse_open_ledger(dir: &Path, target: &Target) -> anyhow::Result<()> {
    if target.isolates_cases() {
        // Its site went with the process: what stands open there is of no use to anybody.
        let _ = std::fs::remove_file(dir.join("ledger.jsonl"));
        return Ok(());
    }
    let path = dir.join("ledger.jsonl");
    let open = std::fs::read_to_string(&path)
        .map(|text| LedgerFile::unfinished(&text).len())
        .unwrap_or_default();
    if open > 0 {
        bail!(
            "{} holds {open} change(s) of an interrupted run: use `cleanup --ledger {0}` or --resume",
            path.display()
        );
    }
    Ok(())
}

fn expected(path: Option<&Path>) -> anyhow::Result<ExpectedFailures> {
    let Some(path) = path else {
        return Ok(ExpectedFailures::default());
    };
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    ExpectedFailures::parse(&text, |id| crate::cases::find(id).is_some())
        .with_context(|| format!("in {}", path.display()))
}

/// The reports of a run, in its folder.
pub const FILES: [&str; 5] = [
    "result.json",
    "junit.xml",
    "summary.md",
    "report.html",
    "evidence.har",
];

fn write(dir: &Path, result: &RunResult) -> anyhow::Result<()> {
    let texts = [
        report::json(result)?,
        report::junit(result)?,
        report::markdown(result),
        report::html(result),
        serde_json::to_string(&report::har(result))?,
    ];
    for (name, text) in FILES.into_iter().zip(texts) {
        let path = dir.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn colour(choice: Color) -> bool {
    match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            std::io::stderr().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        }
    }
}

/// The target that the arguments name.
pub fn target(args: &TargetArgs) -> anyhow::Result<Target> {
    let Some(url) = &args.url else {
        if args.inventory.is_some() {
            bail!("--inventory needs --url: the embedded simulator has its own");
        }
        return Ok(Target::Embedded(Embedded {
            defect: None,
            release: args.release,
            behaviour: args.behaviour,
        }));
    };
    if !url.starts_with("https://") && !url.starts_with("http://") {
        bail!("--url '{url}' is not an http or https address");
    }
    let secrets = secrets(args)?;
    let trust = match &args.ca_file {
        Some(path) => Trust::Authorities(
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?,
        ),
        None => Trust::Anything,
    };
    Ok(Target::Remote(Box::new(Remote {
        url: url.clone(),
        account: Account {
            user: secrets.user,
            password: secrets.password,
        },
        restricted_password: secrets.restricted_password,
        trust,
        inventory: inventory(args)?.unwrap_or_default(),
        release: args.release,
        behaviour: args.behaviour,
        call_timeout: Duration::from_secs(args.call_timeout),
        control: args.control.clone(),
        budget: args.budget.map(|n| Budget::new(n).telling(tell_wait)),
    })))
}

/// Nobody shall take a wait for a hang.
fn tell_wait(wait: Duration) {
    eprintln!(
        "the budget is spent: the next request goes in {} s",
        wait.as_secs()
    );
}

fn secrets(args: &TargetArgs) -> anyhow::Result<Secrets> {
    if let Some(path) = &args.secrets {
        let read = || format!("cannot read {}", path.display());
        let metadata = std::fs::metadata(path).with_context(read)?;
        Secrets::check_mode(&metadata).with_context(|| path.display().to_string())?;
        let text = std::fs::read_to_string(path).with_context(read)?;
        return Secrets::parse(&text).with_context(|| format!("in {}", path.display()));
    }
    let password = match &args.password_file {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
        None => std::env::var(&args.password_env).with_context(|| {
            format!(
                "no password: give --secrets or --password-file, or set {}",
                args.password_env
            )
        })?,
    };
    Ok(Secrets {
        user: args.user.clone(),
        password: Secret::new(password),
        restricted_password: None,
    })
}

fn inventory(args: &TargetArgs) -> anyhow::Result<Option<Inventory>> {
    let Some(path) = &args.inventory else {
        return Ok(None);
    };
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Inventory::parse(&text)
        .with_context(|| format!("in {}", path.display()))
        .map(Some)
}
