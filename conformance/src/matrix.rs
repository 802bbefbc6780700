//! The kill matrix: the kit against every deliberate defect of the simulator. A defect that no case catches is a missing
//! case.

use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use xcat_simulator::defects::{self, Defect};

use crate::options::Options;
use crate::select::Selection;
use crate::target::{Behaviour, Embedded, Release, Target, TargetError};
use crate::verdict::Verdict;

/// What became of one defect.
#[derive(Clone, Debug, Serialize)]
pub struct Kill {
    /// Id of the defect.
    pub defect: &'static str,
    /// What the release does.
    pub title: &'static str,
    /// Case that the catalogue names.
    pub named: &'static str,
    /// Cases that failed, with the check; empty: the defect survived.
    pub caught_by: Vec<String>,
    /// Whether the named case is among them.
    pub as_named: bool,
}

impl Kill {
    /// Whether no case caught the defect.
    pub fn survived(&self) -> bool {
        self.caught_by.is_empty()
    }
}

/// How much of the kit runs against each defect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The case that the catalogue names, and all others only when it does not fail.
    Named,
    /// These cases, and the one that the catalogue names.
    Selected(Selection),
}

/// Runs the kit against every defect whose id contains one of `only` (all, when that is empty).
pub async fn kill_matrix(
    only: &[String],
    extent: &Extent,
    jobs: usize,
    watch: &(dyn Fn(&Kill) + Sync),
) -> Result<Vec<Kill>, TargetError> {
    let chosen = defects::all()
        .filter(|d| only.is_empty() || only.iter().any(|text| d.id.contains(text.as_str())));
    let mut running = stream::iter(chosen)
        .map(|defect| one(defect, extent))
        .buffered(jobs.max(1));
    let mut kills = Vec::new();
    while let Some(kill) = running.next().await {
        let kill = kill?;
        watch(&kill);
        kills.push(kill);
    }
    Ok(kills)
}

/// The embedded target with one defect, as it should be apart from that.
pub fn target_with(defect: &'static Defect) -> Target {
    Target::Embedded(Embedded {
        defect: Some(defect.id),
        release: Release::M,
        behaviour: Behaviour::Intended,
    })
}

async fn one(defect: &'static Defect, extent: &Extent) -> Result<Kill, TargetError> {
    let named = Selection {
        only: vec![defect.caught_by.to_owned()],
        ..Selection::default()
    };
    let (first, then) = match extent {
        Extent::Named => (&named, &Selection::default()),
        Extent::Selected(selection) => (selection, &named),
    };
    let mut caught_by = failing(defect, first).await?;
    let is_named = |caught: &String| caught.split(' ').next() == Some(defect.caught_by);
    if caught_by.is_empty() || (*extent != Extent::Named && !caught_by.iter().any(is_named)) {
        caught_by.extend(failing(defect, then).await?);
    }
    Ok(Kill {
        defect: defect.id,
        title: defect.title,
        named: defect.caught_by,
        as_named: caught_by.iter().any(is_named),
        caught_by,
    })
}

/// The cases that fail against the defect, each with its check.
async fn failing(
    defect: &'static Defect,
    selection: &Selection,
) -> Result<Vec<String>, TargetError> {
    let result = crate::run_cases(
        crate::cases::ALL,
        crate::cases::DEVIATIONS,
        &target_with(defect),
        selection,
        &Options::default(),
        &|_| {},
    )
    .await?;
    Ok(result
        .cases
        .iter()
        // A case that failed a check and could not clean up either is an error in its report; it caught the defect.
        .filter(|c| c.verdict >= Verdict::Fail && c.failure.is_some())
        .map(|c| match &c.failure {
            Some(failure) => format!("{} ({})", c.id, failure.check),
            None => c.id.clone(),
        })
        .collect())
}
