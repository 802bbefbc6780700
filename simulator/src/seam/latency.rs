//! How long remote commands take, in virtual time. Off unless profiles are set.

use parking_lot::Mutex;
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{BadTarget, RemoteCommand, random};

/// A distribution of times, in virtual milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Distribution {
    /// Always the same.
    Constant {
        /// The time.
        ms: u64,
    },
    /// Evenly between two times.
    Uniform {
        /// Shortest.
        min: u64,
        /// Longest.
        max: u64,
    },
    /// Log-normal, given by median and 95th percentile, cut at both ends (spec: zfcp-and-san 8.2).
    LogNormal {
        /// Median.
        p50: u64,
        /// 95th percentile.
        p95: u64,
        /// Shortest.
        #[serde(default)]
        min: u64,
        /// Longest; 0: no limit.
        #[serde(default)]
        max: u64,
    },
}

/// Times of the remote commands that match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyProfile {
    /// Regular expression on the remote command's line; the first profile that matches counts.
    #[serde(default)]
    pub command: String,
    /// How long it takes.
    pub time: Distribution,
}

/// Profiles, and the state of the generator from which times are drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LatencyState {
    /// Profiles in order.
    pub profiles: Vec<LatencyProfile>,
    /// State of the generator.
    pub random_state: u64,
}

/// The latencies of a site.
#[derive(Debug, Default)]
pub struct Latency {
    inner: Mutex<(LatencyState, Vec<Regex>)>,
}

impl Latency {
    /// Replaces everything.
    ///
    /// # Errors
    /// A pattern is no regular expression.
    pub fn set(&self, state: LatencyState) -> Result<(), BadTarget> {
        let patterns = state
            .profiles
            .iter()
            .map(|p| Regex::new(&p.command))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| BadTarget {
                field: "command",
                reason: e.to_string(),
            })?;
        *self.inner.lock() = (state, patterns);
        Ok(())
    }

    /// Sets the generator's state, as it was recorded.
    pub(crate) fn set_random_state(&self, state: u64) {
        self.inner.lock().0.random_state = state;
    }

    /// Profiles and generator.
    pub fn state(&self) -> LatencyState {
        self.inner.lock().0.clone()
    }

    /// Whether there are profiles.
    pub fn is_on(&self) -> bool {
        !self.inner.lock().0.profiles.is_empty()
    }

    /// How long this command takes.
    pub fn draw(&self, command: &RemoteCommand) -> u64 {
        let line = command.to_string();
        let mut inner = self.inner.lock();
        let (state, patterns) = &mut *inner;
        let Some(at) = patterns.iter().position(|p| p.is_match(&line)) else {
            return 0;
        };
        state.profiles[at].time.draw(&mut state.random_state)
    }
}

impl Distribution {
    /// A time; constant ones draw nothing.
    fn draw(self, random: &mut u64) -> u64 {
        match self {
            Self::Constant { ms } => ms,
            Self::Uniform { min, max } => {
                min + (unit(random) * (max.saturating_sub(min) as f64 + 1.0)) as u64
            }
            Self::LogNormal { p50, p95, min, max } => {
                const Z95: f64 = 1.644_853_626_951_472_2;
                let (p50, p95) = (p50.max(1) as f64, p95.max(1) as f64);
                let sigma = (p95 / p50).ln() / Z95;
                // Box and Muller.
                let (u, v) = (1.0 - unit(random), unit(random));
                let z = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
                let time = (p50 * (sigma * z).exp()) as u64;
                time.clamp(min, if max == 0 { u64::MAX } else { max.max(min) })
            }
        }
    }
}

/// The next number from 0 (included) to 1 (excluded).
fn unit(state: &mut u64) -> f64 {
    (random::next(state) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_normal_time_has_its_percentiles_and_limits() {
        let time = Distribution::LogNormal {
            p50: 800,
            p95: 3_000,
            min: 200,
            max: 30_000,
        };
        let mut random = 7;
        let mut drawn: Vec<u64> = (0..20_001).map(|_| time.draw(&mut random)).collect();
        drawn.sort_unstable();
        let (p50, p95) = (drawn[10_000], drawn[19_000]);
        assert!((760..840).contains(&p50), "{p50}");
        assert!((2_800..3_200).contains(&p95), "{p95}");
        assert!(drawn[0] >= 200 && drawn[20_000] <= 30_000);
    }

    #[test]
    fn the_first_profile_that_matches_counts() {
        let latency = Latency::default();
        let profile = |command: &str, ms| LatencyProfile {
            command: command.to_owned(),
            time: Distribution::Constant { ms },
        };
        let profiles = vec![profile("smcli", 5), profile("", 1)];
        latency
            .set(LatencyState {
                profiles,
                random_state: 0,
            })
            .unwrap();
        let ping = RemoteCommand::Ping { host: "h".into() };
        let copy = RemoteCommand::Nmap {
            args: vec!["smcli".into()],
        };
        assert_eq!((latency.draw(&copy), latency.draw(&ping)), (5, 1));
    }
}
