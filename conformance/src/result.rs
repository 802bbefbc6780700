//! The result of a run: the one file of which every report is a view.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::meta::{Case, Effect, Level, Profile};
use crate::target::{Behaviour, Exchange, Release};
use crate::verdict::Verdict;

/// Schema version of the result file.
pub const SCHEMA: u32 = 1;

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunResult {
    /// Schema version.
    pub schema: u32,
    /// Version of the kit.
    pub kit: String,
    /// Seed of the run's names.
    pub seed: u64,
    /// Start, RFC 3339.
    pub started: String,
    /// Length in milliseconds.
    pub millis: u64,
    /// What was certified.
    pub target: TargetHead,
    /// Worst verdict.
    pub verdict: Verdict,
    /// Cases by verdict.
    pub totals: BTreeMap<Verdict, usize>,
    /// Certificates.
    pub profiles: Vec<ProfileResult>,
    /// Selected cases in the order of the list.
    pub cases: Vec<CaseResult>,
}

/// The target in the head of a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetHead {
    /// Embedded simulator, or the address.
    pub name: String,
    /// Release that it was measured as.
    pub release: Release,
    /// Behaviour that it was measured as.
    pub behaviour: Behaviour,
    /// Version text of the management node, when it gave one.
    pub version: Option<String>,
    /// A run against a simulator certifies the simulator, never a release (spec: driver 6.5, practice 9).
    pub simulated: bool,
}

/// One case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseResult {
    /// Id.
    pub id: String,
    /// What is required.
    pub title: String,
    /// Level.
    pub level: Level,
    /// Profiles.
    pub profiles: Vec<Profile>,
    /// Where the requirement stands.
    pub requirement: String,
    /// What the case may change.
    pub effect: Effect,
    /// Verdict.
    pub verdict: Verdict,
    /// Reason of a skip or an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Check that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureResult>,
    /// Quirk that explains a deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quirk: Option<String>,
    /// Quirk that was expected to make the case fail, and did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surprise: Option<String>,
    /// What the target does where the requirement leaves it open: reported, never judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recorded: Vec<Recorded>,
    /// What clean-up could not undo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_behind: Vec<String>,
    /// How often the case ran: more than once only when failures are run again.
    #[serde(default = "once")]
    pub attempts: u32,
    /// Length in milliseconds.
    pub millis: u64,
    /// Every exchange.
    pub exchanges: Vec<Exchange>,
}

impl CaseResult {
    /// A result of no case, of which parts are filled in.
    pub(crate) fn blank() -> Self {
        Self {
            id: String::new(),
            title: String::new(),
            level: Level::May,
            profiles: Vec::new(),
            requirement: String::new(),
            effect: Effect::ReadOnly,
            verdict: Verdict::Skip,
            reason: None,
            failure: None,
            quirk: None,
            surprise: None,
            recorded: Vec::new(),
            left_behind: Vec::new(),
            attempts: 0,
            millis: 0,
            exchanges: Vec::new(),
        }
    }

    /// A case that did not run yet: skipped, without a reason.
    pub fn new(case: &Case) -> Self {
        Self {
            id: case.id.to_owned(),
            title: case.title.to_owned(),
            level: case.level,
            profiles: case.profiles.to_vec(),
            requirement: case.requirement.to_string(),
            effect: case.effect,
            ..Self::blank()
        }
    }

    /// The first part of the id.
    pub fn area(&self) -> &str {
        self.id.split('/').next().unwrap_or(&self.id)
    }
}

fn once() -> u32 {
    1
}

/// An observation without verdict (spec: driver 6.1, "recorded").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// What was looked at.
    pub what: String,
    /// What was seen.
    pub seen: String,
}

/// A failed check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FailureResult {
    /// Name of the check.
    pub check: String,
    /// What the requirement asks for.
    pub expected: String,
    /// What the target did.
    pub observed: String,
}

/// Certificate of a profile, given or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileResult {
    /// Profile.
    pub profile: Profile,
    /// Whether every mandatory case passed and none of the profile failed.
    pub certified: bool,
    /// Mandatory cases that passed.
    pub passed: usize,
    /// Mandatory cases of the profile.
    pub mandatory: usize,
    /// Why not, one line for each case in the way.
    pub reasons: Vec<String>,
}

/// What the process says to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// At least one case ran, every mandatory one that was selected ran, and nothing unexpected happened: each passed, or
    /// failed exactly as its known deviation says. Whether a profile is certified stands in the result.
    Success = 0,
    /// At least one case failed, or passed against expectation.
    Failed = 1,
    /// The command line, a file or the target's address is wrong.
    Usage = 2,
    /// Nothing failed, but a mandatory case was skipped (or, where certification was asked for, a profile is refused).
    Incomplete = 3,
    /// No case ran.
    NothingRan = 4,
    /// At least one case ended in an error of the kit, or left something behind.
    KitError = 5,
}

impl RunResult {
    /// Counts and certificates from the cases. `whole` says that no case was left out by the selection.
    pub fn conclude(&mut self, whole: bool) {
        self.verdict = Verdict::worst(self.cases.iter().map(|c| c.verdict));
        self.totals = Verdict::ALL.iter().map(|v| (*v, 0)).collect();
        for case in &self.cases {
            *self.totals.entry(case.verdict).or_default() += 1;
        }
        self.profiles = ProfileResult::all(&self.cases, whole);
    }

    /// Whether only a part of the cases was selected.
    pub fn is_part(&self) -> bool {
        self.profiles
            .iter()
            .any(|p| p.reasons.iter().any(|r| r == PART))
    }

    /// Cases with a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.totals.get(&verdict).copied().unwrap_or(0)
    }

    /// Cases that passed although a known deviation or the caller expected them to fail.
    pub fn surprises(&self) -> impl Iterator<Item = &CaseResult> {
        self.cases.iter().filter(|c| c.surprise.is_some())
    }

    /// Whether every profile of the result is certified, and there is one.
    pub fn certified(&self) -> bool {
        !self.profiles.is_empty() && self.profiles.iter().all(|p| p.certified)
    }

    /// Exit status of the run.
    pub fn exit_status(&self) -> ExitStatus {
        if self.verdict == Verdict::Error {
            return ExitStatus::KitError;
        }
        if self.verdict == Verdict::Fail || self.surprises().next().is_some() {
            return ExitStatus::Failed;
        }
        if !self.cases.iter().any(|c| c.verdict.ran()) {
            return ExitStatus::NothingRan;
        }
        let skipped = self
            .cases
            .iter()
            .any(|c| c.level == Level::Must && !c.verdict.ran());
        if skipped {
            ExitStatus::Incomplete
        } else {
            ExitStatus::Success
        }
    }
}

/// Why no profile is certified when cases were left out.
const PART: &str = "only a part of the cases was selected";

impl ProfileResult {
    /// Certificates of every profile that has cases. `whole` says that no case was left out by the selection.
    pub fn all(cases: &[CaseResult], whole: bool) -> Vec<Self> {
        Profile::ALL
            .iter()
            .filter_map(|p| Self::of(*p, cases, whole))
            .collect()
    }

    fn of(profile: Profile, cases: &[CaseResult], whole: bool) -> Option<Self> {
        let members: Vec<&CaseResult> = cases
            .iter()
            .filter(|c| c.profiles.contains(&profile))
            .collect();
        if members.is_empty() {
            return None;
        }
        let mandatory: Vec<_> = members.iter().filter(|c| c.level == Level::Must).collect();
        let mut reasons: Vec<String> = members
            .iter()
            .filter(|c| match c.verdict {
                Verdict::Pass => false,
                Verdict::Error => true,
                Verdict::Disabled | Verdict::Skip | Verdict::Deviation | Verdict::Fail => {
                    c.level == Level::Must
                }
            })
            .map(|c| match (&c.quirk, &c.reason) {
                (Some(quirk), _) => format!("{} deviates by {quirk}", c.id),
                (None, Some(reason)) => format!("{}: {} ({reason})", c.id, c.verdict),
                (None, None) => format!("{}: {}", c.id, c.verdict),
            })
            .collect();
        if mandatory.is_empty() {
            reasons.push("no mandatory case ran".to_owned());
        }
        if !whole {
            reasons.push(PART.to_owned());
        }
        Some(Self {
            profile,
            certified: reasons.is_empty(),
            passed: mandatory
                .iter()
                .filter(|c| c.verdict == Verdict::Pass)
                .count(),
            mandatory: mandatory.len(),
            reasons,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn case(id: &'static str, level: Level, verdict: Verdict) -> CaseResult {
        CaseResult {
            id: id.to_owned(),
            title: "a title".to_owned(),
            level,
            profiles: vec![Profile::Core],
            requirement: "driver 6.2".to_owned(),
            effect: Effect::ReadOnly,
            verdict,
            reason: None,
            failure: None,
            quirk: None,
            surprise: None,
            recorded: Vec::new(),
            left_behind: Vec::new(),
            attempts: 1,
            millis: 5,
            exchanges: Vec::new(),
        }
    }

    pub(crate) fn run(cases: Vec<CaseResult>) -> RunResult {
        let mut run = RunResult {
            schema: SCHEMA,
            kit: "0.0.0".to_owned(),
            seed: 7,
            started: "2026-01-01T00:00:00Z".to_owned(),
            millis: 12,
            target: TargetHead {
                name: "embedded simulator".to_owned(),
                release: Release::M,
                behaviour: Behaviour::Executed,
                version: Some("Version 2.19.0".to_owned()),
                simulated: true,
            },
            verdict: Verdict::Disabled,
            totals: BTreeMap::new(),
            profiles: Vec::new(),
            cases,
        };
        run.conclude(true);
        run
    }

    #[test]
    fn exit_statuses() {
        use Level::{Must, Should};
        use Verdict::{Deviation, Error, Fail, Pass, Skip};
        let status = |cases: &[(Level, Verdict)]| {
            run(cases.iter().map(|(l, v)| case("a", *l, *v)).collect()).exit_status()
        };
        assert_eq!(status(&[]), ExitStatus::NothingRan);
        assert_eq!(status(&[(Must, Skip)]), ExitStatus::NothingRan);
        assert_eq!(status(&[(Must, Pass), (Should, Skip)]), ExitStatus::Success);
        assert_eq!(
            status(&[(Must, Pass), (Must, Skip)]),
            ExitStatus::Incomplete
        );
        assert_eq!(
            status(&[(Must, Pass), (Must, Deviation)]),
            ExitStatus::Success
        );
        assert_eq!(status(&[(Must, Pass), (Should, Fail)]), ExitStatus::Failed);
        assert_eq!(status(&[(Must, Fail), (Must, Error)]), ExitStatus::KitError);
        let mut surprise = case("a", Must, Pass);
        surprise.surprise = Some("Q1".to_owned());
        assert_eq!(run(vec![surprise]).exit_status(), ExitStatus::Failed);
    }

    #[test]
    fn a_profile_with_a_deviation_or_a_skip_is_not_certified() {
        for verdict in [
            Verdict::Deviation,
            Verdict::Skip,
            Verdict::Fail,
            Verdict::Error,
        ] {
            let result = run(vec![
                case("a", Level::Must, Verdict::Pass),
                case("b", Level::Must, verdict),
            ]);
            assert!(!result.profiles[0].certified, "{verdict}");
            assert_eq!(result.profiles[0].passed, 1);
        }
        let good = run(vec![
            case("a", Level::Must, Verdict::Pass),
            case("b", Level::Should, Verdict::Fail),
        ]);
        assert!(good.profiles[0].certified);
    }

    #[test]
    fn a_part_is_not_certified() {
        let mut part = run(vec![case("a", Level::Must, Verdict::Pass)]);
        part.conclude(false);
        assert!(!part.profiles[0].certified);
    }
}
