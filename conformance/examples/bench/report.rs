//! Results: medians with minimum and maximum, and ratios that were taken round by round.

use serde::{Deserialize, Serialize};

/// Version of the result file.
pub const SCHEMA: u32 = 1;

/// A run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    /// Version of this format.
    pub schema: u32,
    /// Machine, in words.
    pub machine: String,
    /// Rounds of each measurement.
    pub rounds: usize,
    /// Measurements, in order.
    pub measurements: Vec<Measurement>,
    /// Where the instructions of a reservation and its release go; empty when they were not counted.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// What was left out, and why.
    #[serde(default)]
    pub skipped: Vec<String>,
    /// Measurements that ended in an error, and which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
}

/// A layer of the way of a request.
#[derive(Debug, Serialize, Deserialize)]
pub struct Layer {
    /// What it does.
    pub name: String,
    /// Instructions of one request.
    pub instructions: u64,
    /// Share of all.
    pub share: f64,
}

/// One row of the table.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Short name.
    pub id: String,
    /// What was done.
    pub work: String,
    /// What was measured.
    pub figures: Vec<Figure>,
    /// What is asked for, in words.
    pub target: String,
    /// Whether it was reached; nothing where there is no target.
    pub reached: Option<bool>,
    /// What was left out, and why.
    #[serde(default)]
    pub skipped: Vec<String>,
}

/// A value over the rounds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// What it is of.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Values by round.
    pub values: Vec<f64>,
}

impl Figure {
    /// A figure.
    pub fn new(name: &str, unit: &str, values: Vec<f64>) -> Self {
        Self {
            name: name.to_owned(),
            unit: unit.to_owned(),
            values,
        }
    }

    /// This by another, round by round.
    pub fn by(&self, other: &Self, name: &str) -> Self {
        let values = self
            .values
            .iter()
            .zip(&other.values)
            .map(|(a, b)| a / b)
            .collect();
        Self::new(name, "ratio", values)
    }

    /// The median.
    pub fn median(&self) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The smallest value.
    pub fn least(&self) -> f64 {
        self.values.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The largest value.
    pub fn most(&self) -> f64 {
        self.values
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max)
    }

    /// Median and range, for people.
    pub fn text(&self) -> String {
        let digits = |v: f64| {
            if v.abs() >= 1000.0 {
                format!("{v:.0}")
            } else if v.abs() >= 10.0 {
                format!("{v:.1}")
            } else {
                format!("{v:.2}")
            }
        };
        let unit = if self.unit == "ratio" { "" } else { &self.unit };
        format!(
            "{} {unit} ({} to {})",
            digits(self.median()),
            digits(self.least()),
            digits(self.most())
        )
    }
}
