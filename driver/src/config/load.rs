//! From a file to the list of back ends.

use std::fmt;
use std::path::Path;

use super::backend::Backend;
use super::fields::Fields;
use super::ini::{IniFile, Section};
use super::options::DriverOption;
use super::problem::{Level, Problem};
use crate::secret::Secret;

/// All enabled back ends of a file.
#[derive(Clone, Debug)]
pub struct Config {
    /// In the order of `enabled_backends`.
    pub backends: Vec<Backend>,
    /// What the operator should know although the file can be used.
    pub warnings: Vec<Problem>,
}

/// Everything that is wrong with a file.
#[derive(Clone, Debug)]
pub struct ConfigError {
    /// Errors and warnings in line order.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self
            .problems
            .iter()
            .filter(|problem| problem.level == Level::Error);
        for (index, problem) in errors.enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::load_with(path, None)
    }

    /// Reads a file; a password that is given counts instead of every back end's `zvm_xcat_password`.
    pub fn load_with(path: &Path, password: Option<&Secret>) -> Result<Self, ConfigError> {
        match std::fs::read(path) {
            Ok(bytes) => Self::parse_with(&String::from_utf8_lossy(&bytes), password),
            Err(error) => Err(ConfigError {
                problems: vec![Problem {
                    level: Level::Error,
                    section: String::new(),
                    key: None,
                    line: None,
                    message: format!("cannot read {}: {error}", path.display()),
                }],
            }),
        }
    }

    /// Reads a text. Every error of every enabled back end is in the answer (V10).
    ///
    /// ```
    /// let error = zvm_volume::config::Config::parse("[DEFAULT]\nenabled_backends = a\n[a]\nzvm_scsi_pool = p/q\n").unwrap_err();
    /// assert!(error.to_string().contains("line 4: [a] zvm_scsi_pool"));
    /// assert!(error.to_string().contains("zvm_xcat_server: is required"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::parse_with(text, None)
    }

    fn parse_with(text: &str, password: Option<&Secret>) -> Result<Self, ConfigError> {
        let (file, mut problems) = IniFile::parse(text);
        let empty = Section {
            name: "DEFAULT".to_owned(),
            ..Section::default()
        };
        let default = file.section("DEFAULT").unwrap_or(&empty);
        let defaults = file.section("backend_defaults");
        let mut backends = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        let enabled = default.get("enabled_backends");
        for name in enabled
            .map(super::ini::Entry::plain)
            .unwrap_or_default()
            .split([',', '\n'])
            .map(str::trim)
        {
            let problem = if name.is_empty() {
                continue;
            } else if names.contains(&name) {
                format!("names [{name}] twice")
            } else if file.section(name).is_none() {
                format!("names [{name}], which has no section")
            } else {
                names.push(name);
                continue;
            };
            problems.push(at_enabled(enabled.map(|entry| entry.line), problem));
        }
        let chains: Vec<Vec<&Section>> = if enabled.is_none() {
            // A single back end in [DEFAULT], as in the first releases.
            vec![vec![default]]
        } else {
            let own = names.iter().filter_map(|name| file.section(name));
            own.map(|section| std::iter::once(section).chain(defaults).collect())
                .collect()
        };
        if chains.is_empty() {
            problems.push(at_enabled(
                enabled.map(|entry| entry.line),
                "names no back end".to_owned(),
            ));
        }
        if enabled.is_some() {
            report_unknown_keys(&[default], &mut problems);
        }
        for chain in chains {
            report_unknown_keys(&chain, &mut problems);
            // The Nova half's keys stand in [DEFAULT] of nova.conf; a file that serves both halves may keep them there.
            let mut compute_fields = Fields::new(chain.iter().copied().chain([default]).collect());
            let mut fields = Fields::new(chain);
            fields.password = password.cloned();
            let mut service_fields = Fields::new(vec![default]);
            let backend = Backend::read(&mut fields, &mut compute_fields, &mut service_fields);
            problems.extend(fields.problems);
            problems.extend(compute_fields.problems);
            problems.extend(service_fields.problems);
            backends.extend(backend);
        }
        for (index, backend) in backends.iter().enumerate() {
            let same = |other: &&Backend| {
                let host = |backend: &Backend| {
                    backend
                        .host
                        .as_ref()
                        .map(|host| host.as_str().to_ascii_lowercase())
                };
                // A system that is to be found by its pool is the one that has it.
                let same_host = match (host(other), host(backend)) {
                    (Some(other), Some(host)) => other == host,
                    _ => true,
                };
                other.server.eq_ignore_ascii_case(&backend.server)
                    && same_host
                    && other.pool == backend.pool
            };
            if let Some(other) = backends[..index].iter().find(same) {
                problems.push(Problem {
                    level: Level::Error,
                    section: backend.section.clone(),
                    key: Some("zvm_scsi_pool".to_owned()),
                    line: file
                        .section(&backend.section)
                        .and_then(|s| s.get("zvm_scsi_pool"))
                        .map(|entry| entry.line),
                    message: format!(
                        "[{}] manages the same pool of the same system{}",
                        other.section,
                        if backend.host.is_some() && other.host.is_some() {
                            ""
                        } else {
                            ", as far as can be told: set zvm_host in both"
                        }
                    ),
                });
            }
        }
        problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
        problems.dedup();
        if problems.iter().any(|problem| problem.level == Level::Error) {
            return Err(ConfigError { problems });
        }
        Ok(Self {
            backends,
            warnings: problems,
        })
    }

    /// The back end of a section's or a published name; the only one when no name is given.
    pub fn backend(&self, name: Option<&str>) -> Option<&Backend> {
        match name {
            None => (self.backends.len() == 1).then(|| &self.backends[0]),
            Some(name) => self
                .backends
                .iter()
                .find(|backend| backend.section == name)
                .or_else(|| {
                    self.backends
                        .iter()
                        .find(|backend| backend.volume_backend_name == name)
                }),
        }
    }
}

fn at_enabled(line: Option<usize>, message: String) -> Problem {
    Problem {
        level: Level::Error,
        section: "DEFAULT".to_owned(),
        key: Some("enabled_backends".to_owned()),
        line,
        message,
    }
}

/// Names `zvm_` keys that nobody reads: most of them are typing mistakes (V8).
fn report_unknown_keys(chain: &[&Section], problems: &mut Vec<Problem>) {
    for section in chain {
        for entry in section
            .entries
            .iter()
            .filter(|entry| entry.key.starts_with("zvm_"))
        {
            if DriverOption::find(&entry.key).is_none() {
                problems.push(Problem {
                    level: Level::Warning,
                    section: section.name.clone(),
                    key: Some(entry.key.clone()),
                    line: Some(entry.line),
                    message: "unknown key".to_owned(),
                });
            }
        }
    }
}
