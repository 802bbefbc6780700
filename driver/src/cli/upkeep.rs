//! The configuration file, the start of a host, and what is to be done after a crash.

use serde_json::json;

use super::Ended;
use super::args::{GlobalArgs, ReconcileArgs};
use super::exit::ExitStatus;
use super::printer::Printer;
use super::session::{Session, password};
use super::table::lines;
use crate::Error;
use crate::attachments::{Attachments as _, Finding};
use crate::config::{Config, Level};
use crate::fcp::Phase;
use crate::steps::{Entry, Known, Resolution, Resolved};

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

/// An entry of the journal, for people.
fn open(entry: &Entry) -> String {
    format!(
        "open: {} of {} ({})",
        entry.operation, entry.subject, entry.id
    )
}

/// Images of operations that are over, or of another machine's.
async fn images_left(session: &Session) -> anyhow::Result<Vec<Finding>> {
    let names = session.driver.images_left().await?;
    let finding = |name| Finding {
        what: format!("image {name}"),
        text: crate::volumes::Trouble::ImageLeft.meaning().to_owned(),
    };
    Ok(names.into_iter().map(finding).collect())
}

/// What is unfinished and what does not fit. Changes nothing, so a dry run shows the same.
async fn check(session: &Session) -> Ended {
    let entries = session.driver.engine().journal().list()?;
    let mut findings = session.nova.audit().await?;
    findings.extend(images_left(session).await?);
    let mut text = lines(entries.iter().map(open));
    for finding in &findings {
        text.push_str(&format!("{}: {}\n", finding.what, finding.text));
    }
    let clean = entries.is_empty() && findings.is_empty();
    session.report(text, json!({"open": entries, "findings": findings}));
    Ok(if clean {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}

/// What a reconciliation would work on. Which calls that takes is decided by what is found on the way, so they cannot be listed.
async fn foresee(session: &Session) -> Ended {
    let entries = session.driver.engine().journal().list()?;
    let ledger = session.nova.ledger().read().await.map_err(Error::from)?;
    let mut text = lines(entries.iter().map(open));
    let mut pending = Vec::new();
    for (node, entry) in ledger.entries() {
        if entry.phase != Phase::UndedicatePending {
            continue;
        }
        for device in &entry.dedicated {
            text.push_str(&format!("pending: FCP device {device} of {node}\n"));
        }
        pending.push(json!({"node": node, "fcp": entry.dedicated}));
    }
    let mut withheld = Vec::new();
    for (device, why) in ledger.withheld() {
        text.push_str(&format!(
            "withheld: FCP device {device} of {} ({})\n",
            why.node, why.reason
        ));
        withheld.push(json!({"fcp": device, "node": why.node, "reason": why.reason}));
    }
    let mut swept = Vec::new();
    for row in ledger.to_put_back() {
        text.push_str(&format!(
            "to put back in pool {}: {}\n",
            row.pool, row.cells
        ));
        swept.push(row);
    }
    session.printer.say(if text.is_empty() {
        "nothing is unfinished: no call would be made"
    } else {
        "which calls these take depends on what the management node answers then"
    });
    let value =
        json!({"open": entries, "pending": pending, "withheld": withheld, "to_put_back": swept});
    session.report(text, value);
    Ok(ExitStatus::Done)
}

/// Resolves the journal of both halves and audits. Nobody's records are asked: what was not finished is undone, except for
/// detaches and deletes, which are finished.
pub(super) async fn reconcile(session: &Session, args: &ReconcileArgs) -> Ended {
    if args.check {
        return check(session).await;
    }
    if session.rehearsal.is_some() {
        return foresee(session).await;
    }
    let mut nova = session.nova.reconcile(&Known::NotDone).await?;
    let cinder = session.driver.reconcile_with(&Known::NotDone).await?;
    nova.findings.extend(images_left(session).await?);
    let mut resolved: Vec<&Resolved> = nova.resolved.iter().chain(&cinder).collect();
    resolved.sort_by(|a, b| a.id.cmp(&b.id));
    let mut text = String::new();
    let mut clean = true;
    for entry in &resolved {
        let word = match &entry.resolution {
            Resolution::Finished => "finished".to_owned(),
            Resolution::Undone => "undone".to_owned(),
            Resolution::Waiting { why } => {
                clean = false;
                format!("waiting: {why}")
            }
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
