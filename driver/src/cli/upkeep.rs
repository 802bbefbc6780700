//! The configuration file, the start of a host, and what is to be done after a crash.

use serde_json::json;

use super::Ended;
use super::args::{GlobalArgs, ReconcileArgs};
use super::exit::ExitStatus;
use super::printer::Printer;
use super::session::{Session, password};
use super::table::lines;
use crate::attachments::Attachments as _;
use crate::config::{Config, Level};
use crate::steps::{Known, Resolution, Resolved};

/// Reads the file; the network is not touched.
pub(super) fn config_check(global: &GlobalArgs, printer: &Printer) -> Ended {
    let (problems, names) = match Config::load_with(&global.config, password(global)?.as_ref()) {
        Ok(config) => {
            let names: Vec<String> = config.backends.iter().map(|b| b.section.clone()).collect();
            (config.warnings, names)
        }
        Err(error) => (error.problems, Vec::new()),
    };
    let broken = problems.iter().any(|problem| problem.level == Level::Error);
    let mut text = String::new();
    for problem in &problems {
        let word = match problem.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        text.push_str(&format!("{word}: {problem}\n"));
    }
    if !broken {
        text.push_str(&format!(
            "{}: good ({})\n",
            global.config.display(),
            names.join(", ")
        ));
    }
    printer.data(
        &text,
        &json!({"problems": problems, "backends": names, "good": !broken}),
    );
    Ok(if broken {
        ExitStatus::Config
    } else {
        ExitStatus::Done
    })
}

pub(super) async fn init(session: &Session) -> Ended {
    let mut news = session.nova.init_host(&[]).await?;
    news.extend(session.driver.capabilities()?.remarks);
    news.extend(session.driver.backend().unverified());
    session.print(&lines(&news), &json!({ "remarks": news }));
    Ok(ExitStatus::Done)
}

/// Resolves the journal of both halves and audits. Nobody's records are asked: what was not finished is undone, except for
/// detaches and deletes, which are finished.
pub(super) async fn reconcile(session: &Session, args: &ReconcileArgs) -> Ended {
    if args.check {
        let entries = session.driver.engine().journal().list()?;
        let findings = session.nova.audit().await?;
        let open = |entry: &crate::steps::Entry| {
            format!(
                "open: {} of {} ({})",
                entry.operation, entry.subject, entry.id
            )
        };
        let mut text = lines(entries.iter().map(open));
        for finding in &findings {
            text.push_str(&format!("{}: {}\n", finding.what, finding.text));
        }
        let clean = entries.is_empty() && findings.is_empty();
        session.print(&text, &json!({"open": entries, "findings": findings}));
        return Ok(if clean {
            ExitStatus::Done
        } else {
            ExitStatus::Incomplete
        });
    }
    let nova = session.nova.reconcile(&Known::NotDone).await?;
    let cinder = session.driver.reconcile_with(&Known::NotDone).await?;
    let mut resolved: Vec<&Resolved> = nova.resolved.iter().chain(&cinder).collect();
    resolved.sort_by(|a, b| a.id.cmp(&b.id));
    let mut text = String::new();
    let mut clean = true;
    for entry in &resolved {
        let word = match &entry.resolution {
            Resolution::Finished => "finished".to_owned(),
            Resolution::Undone => "undone".to_owned(),
            Resolution::Waiting { why } => format!("waiting: {why}"),
            Resolution::Stuck { why } => {
                clean = false;
                format!("stuck: {why}")
            }
        };
        text.push_str(&format!(
            "{} of {}: {word}\n",
            entry.operation, entry.subject
        ));
    }
    for node in &nova.released {
        text.push_str(&format!("FCP devices of {node}: taken back\n"));
    }
    for finding in &nova.findings {
        clean = false;
        text.push_str(&format!("{}: {}\n", finding.what, finding.text));
    }
    let left = session.driver.engine().journal().list()?.len();
    session.print(
        &text,
        &json!({"resolved": resolved, "released": nova.released, "findings": nova.findings, "open": left}),
    );
    Ok(if clean {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}
