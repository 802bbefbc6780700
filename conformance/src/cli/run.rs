//! `run`: the target from the arguments, the run, the reports.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::args::{Color, RunArgs, TargetArgs};
use crate::ledger::LedgerFile;
use crate::report::{self, Progress};
use crate::result::{ExitStatus, RunResult};
use crate::runner::Options;
use crate::target::{Account, Embedded, Inventory, Remote, Secret, Target, Trust};

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
    let ledger = match &args.out {
        Some(dir) => {
            std::fs::create_dir_all(dir)
                .with_context(|| format!("cannot make {}", dir.display()))?;
            Some(
                LedgerFile::open(&dir.join("ledger.jsonl"))
                    .context("cannot open the undo ledger")?,
            )
        }
        None => None,
    };
    let options = Options {
        jobs: args.jobs,
        case_timeout: args.case_timeout(),
        // A new run must not meet the names of an old one that is still being cleaned up.
        seed: args
            .seed
            .unwrap_or_else(|| (jiff::Timestamp::now().as_microsecond() as u64) & 0xffff_ffff),
        ledger,
        ..Options::default()
    };
    let colour = colour(args.color);
    let progress = Progress::new(args.quiet, colour);
    if !args.quiet {
        eprintln!("seed {}, target {}", options.seed, target.describe());
    }
    let result = crate::run_with(&target, &selection, &options, &|event| {
        progress.event(&event);
    })
    .await;
    progress.finish();
    let result = result?;
    print!("{}", report::summary(&result));
    if let Some(dir) = &args.out {
        write(dir, &result)?;
    }
    Ok(result.exit_status())
}

fn write(dir: &Path, result: &RunResult) -> anyhow::Result<()> {
    for (name, text) in [
        ("result.json", report::json(result)?),
        ("junit.xml", report::junit(result)?),
        ("summary.md", report::markdown(result)),
        ("report.html", report::html(result)),
    ] {
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
            release: args.release,
            behaviour: args.behaviour,
        }));
    };
    if !url.starts_with("https://") && !url.starts_with("http://") {
        bail!("--url '{url}' is not an http or https address");
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
                "no password: set {} or give --password-file",
                args.password_env
            )
        })?,
    };
    let trust = match &args.ca_file {
        Some(path) => Trust::Authorities(
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?,
        ),
        None => Trust::Anything,
    };
    Ok(Target::Remote(Box::new(Remote {
        url: url.clone(),
        account: Account {
            user: args.user.clone(),
            password: Secret::new(password),
        },
        trust,
        inventory: inventory(args)?.unwrap_or_default(),
        release: args.release,
        behaviour: args.behaviour,
        call_timeout: Duration::from_secs(args.call_timeout),
        capabilities: Vec::new(),
    })))
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
