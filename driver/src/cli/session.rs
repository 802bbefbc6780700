//! From options to a driver that is set up.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;

use super::args::GlobalArgs;
use super::exit::UsageError;
use super::printer::Printer;
use super::progress::Progress;
use super::table::lines;
use crate::attachments::Nova;
use crate::client::{Client, Rehearsal};
use crate::config::{Backend, Config, TlsVerify};
use crate::secret::Secret;
use crate::volumes::ZvmDriver;

/// The environment's password.
const PASSWORD: &str = "ZVM_XCAT_PASSWORD";

/// Everything that a command works with.
pub(super) struct Session {
    pub(super) driver: ZvmDriver,
    pub(super) nova: Nova,
    pub(super) printer: Printer,
    pub(super) rehearsal: Option<Rehearsal>,
    progress: Arc<Progress>,
    shown: Mutex<bool>,
}

/// The password of a file or of the environment, when there is one.
pub(super) fn password(global: &GlobalArgs) -> anyhow::Result<Option<Secret>> {
    if let Some(path) = &global.password_file {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the password file {}", path.display()))?;
        let line = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end_matches('\r');
        return Ok(Some(Secret::new(line)));
    }
    Ok(std::env::var(PASSWORD)
        .ok()
        .filter(|text| !text.is_empty())
        .map(Secret::new))
}

/// The back end that the options name.
pub(super) fn backend(global: &GlobalArgs) -> anyhow::Result<Backend> {
    let config = Config::load_with(&global.config, password(global)?.as_ref())?;
    let names = || {
        let names: Vec<&str> = config.backends.iter().map(|b| b.section.as_str()).collect();
        names.join(", ")
    };
    let found = config.backend(global.backend.as_deref()).cloned();
    let mut backend = found.ok_or_else(|| {
        UsageError(match &global.backend {
            Some(name) => format!(
                "no back end '{name}' in {}: {}",
                global.config.display(),
                names()
            ),
            None => format!("several back ends, name one with --backend: {}", names()),
        })
    })?;
    if let Some(dir) = &global.state_dir {
        backend.state_dir.clone_from(dir);
    }
    Ok(backend)
}

/// Says once for each state folder and server that the certificate is not verified; `config check`, `init` and `stats` say it
/// always.
fn note_unverified(backend: &Backend, printer: &Printer) {
    let path = backend.state_dir.join("unverified-certificate");
    if std::fs::read_to_string(&path).is_ok_and(|server| server == backend.server) {
        return;
    }
    printer.say(&format!(
        "note: the certificate of {} is not verified; zvm_xcat_ca_file changes that (said once)",
        backend.server
    ));
    // A folder that cannot be written to only means that it is said again.
    let _ = std::fs::write(path, &backend.server);
}

impl Session {
    /// Reads the configuration, reaches the management node, checks the back end. With `resolve`, what a crash interrupted is
    /// resolved before the command's own work; in a dry run never.
    pub(super) async fn open(
        global: &GlobalArgs,
        printer: &Printer,
        resolve: bool,
    ) -> anyhow::Result<Self> {
        let backend = backend(global)?;
        let progress = Arc::new(Progress::new(printer));
        let rehearsal = global.dry_run.then(Rehearsal::default);
        let mut builder = Client::builder(&backend).observer(Arc::clone(&progress) as _);
        if let Some(url) = &global.url {
            builder = builder.base_url(url.trim_end_matches('/'));
        }
        if let Some(rehearsal) = &rehearsal {
            builder = builder.rehearse(rehearsal.clone());
        }
        let client = builder.build().map_err(crate::Error::from)?;
        let driver = ZvmDriver::builder(&backend)
            .client(client.clone())
            .build()?;
        if resolve && !global.dry_run {
            driver.start().await?;
        } else {
            driver.start_without_reconcile().await?;
        }
        let bare = global
            .url
            .as_deref()
            .is_some_and(|url| url.starts_with("http://"));
        if backend.tls.verify == TlsVerify::None && !bare {
            note_unverified(&backend, printer);
        }
        let mut found = backend.clone();
        found.zhcp_node = driver.zhcp()?;
        let nova = Nova::open(client, &found, &driver.host()?)?;
        Ok(Self {
            driver,
            nova,
            printer: printer.clone(),
            rehearsal,
            progress,
            shown: Mutex::new(false),
        })
    }

    /// Prints what a command produced; or, in a dry run, the calls that it would have made.
    pub(super) fn print(&self, text: &str, value: &serde_json::Value) {
        self.progress.finish();
        if self.rehearsal.is_none() {
            self.printer.data(text, value);
        }
    }

    /// Prints what a dry run prints as well; in one, with the calls that would have been made.
    pub(super) fn report(&self, mut text: String, mut value: serde_json::Value) {
        self.progress.finish();
        if let Some(rehearsal) = &self.rehearsal {
            *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = true;
            let calls = rehearsal.calls();
            text.push_str(&lines(&calls));
            value["calls"] = serde_json::json!(calls);
        }
        self.printer.data(&text, &value);
    }

    /// In a dry run, the calls, unless they were printed already. At the end of each command, failed or not.
    pub(super) fn show_rehearsal(&self) {
        self.progress.finish();
        let Some(rehearsal) = &self.rehearsal else {
            return;
        };
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *shown, true) {
            return;
        }
        let calls = rehearsal.calls();
        let text = if calls.is_empty() {
            self.printer.say("no call would be made");
            String::new()
        } else {
            lines(&calls)
        };
        self.printer
            .data(&text, &serde_json::json!({ "calls": calls }));
    }
}
