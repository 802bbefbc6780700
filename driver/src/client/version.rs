//! The MN's version and what it allows (spec: driver 2.12).

use std::fmt;

use serde::Serialize;

/// A feature that came with a version of the z/VM appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Starting at all.
    Start,
    /// Image bundles that are not compressed.
    PlainBundles,
    /// `chvm --smcli`.
    Smcli,
    /// `mkvm` with `ipl=`.
    MakeWithIpl,
    /// `rinv cpumempowerstat`.
    PowerInventory,
    /// `isreachable` and `execcmdonvm`.
    Iucv,
    /// Diagnostics on a failed deploy.
    Diagnostics,
}

/// Every gate with the fourth field of the appliance's `2.8.3.N` that opens it.
pub const GATES: [(Gate, u64); 7] = [
    (Gate::Start, 16),
    (Gate::PlainBundles, 7),
    (Gate::Smcli, 8),
    (Gate::MakeWithIpl, 11),
    (Gate::PowerInventory, 13),
    (Gate::Iucv, 15),
    (Gate::Diagnostics, 16),
];

/// The version as the MN says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MnVersion {
    /// The whole text, `Version 2.8.3.5 (built …)`.
    pub text: String,
    /// Its second word, field by field.
    pub fields: Vec<u64>,
}

impl MnVersion {
    /// Reads `Version N.N.N … `. Each field counts by its leading digits; `None` when there is no second word or it does
    /// not begin with a number.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.split_whitespace().nth(1)?;
        let fields: Vec<u64> = number
            .split('.')
            .map(|field| {
                let digits = field.bytes().take_while(u8::is_ascii_digit).count();
                field[..digits].parse().unwrap_or(0)
            })
            .collect();
        number
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| Self {
                text: text.to_owned(),
                fields,
            })
    }

    fn field(&self, index: usize) -> u64 {
        self.fields.get(index).copied().unwrap_or(0)
    }

    fn triple(&self) -> (u64, u64, u64) {
        (self.field(0), self.field(1), self.field(2))
    }

    /// Whether it is the appliance's own line, `2.8.3.N`.
    fn is_appliance(&self) -> bool {
        self.triple() == (2, 8, 3) && self.fields.len() > 3
    }

    /// Whether a feature is there. The appliance's code was merged upstream in 2.13; upstream versions between the two have none of it (D45).
    pub fn passes(&self, gate: Gate) -> bool {
        let minimum = GATES.iter().find(|(g, _)| *g == gate).map_or(0, |g| g.1);
        if self.is_appliance() {
            return self.field(3) >= minimum;
        }
        (self.field(0), self.field(1)) >= (2, 13)
    }
}

impl fmt::Display for MnVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ver_02_d45_versions_compare_by_number_and_lineage() {
        let starts = |number: &str| {
            MnVersion::parse(&format!("Version {number} (built x)"))
                .unwrap()
                .passes(Gate::Start)
        };
        for good in ["2.8.3.16", "2.8.3.17", "2.13.1", "2.16.10", "2.19", "3.0"] {
            assert!(starts(good), "{good}");
        }
        for bad in ["2.8.3", "2.8.3.5", "2.9.3", "2.12.9", "2.8.4", "1.9"] {
            assert!(!starts(bad), "{bad}");
        }
    }

    #[test]
    fn ver_01_the_text_of_the_public_sample_is_read() {
        let version = MnVersion::parse("Version 2.8.3.5 (built Mon Apr 27 10:50:11 EDT 2015)");
        assert_eq!(version.unwrap().fields, [2, 8, 3, 5]);
        assert_eq!(MnVersion::parse("Version"), None);
        assert_eq!(MnVersion::parse("Version unknown"), None);
        assert!(MnVersion::parse("Version 2.8.3.x5").unwrap().fields[3] == 0);
    }
}
