//! A rule: what fails, where, when, and how often.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::undo::Undo;
use super::{ConditionError, Effect, Layer, named};
use crate::seam::{BadTarget, Target, When};

/// A rule as it is written: a fault by name, or an effect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultRequest {
    /// Its id; given when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A fault of the catalogue (`xcat-sim fault names`), such as `F37`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is about.
    pub target: Target,
    /// The layer, when the writer wants it checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<Layer>,
    /// What happens; needed without a name, and overrides that of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Before or after the side effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// How many matches are let pass first.
    pub skip: u64,
    /// How often it happens at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// With which probability it happens on a match, drawn from the seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// For how many virtual milliseconds the rule holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
    /// How long what the effect delays is late, in virtual milliseconds, for effects that delay something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
}

/// A rule that is in force, with its counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultRule {
    /// Its id.
    pub id: String,
    /// Name in the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The layer that fails.
    pub layer: Layer,
    /// What it is about.
    pub target: Target,
    /// What happens.
    pub effect: Effect,
    /// Before or after the side effect.
    pub when: When,
    /// How many matches are let pass first.
    pub skip: u64,
    /// How often it happens at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// With which probability it happens on a match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// When the rule ends, in virtual milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// How many matches there were.
    pub seen: u64,
    /// How often it happened.
    pub hits: u64,
    /// What a condition put aside, to put it back.
    #[serde(default, skip_serializing_if = "Undo::is_empty")]
    pub undo: Undo,
}

/// Why a rule is refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RuleError {
    /// It names what the site does not have.
    #[error(transparent)]
    Target(#[from] BadTarget),
    /// The name is not in the catalogue.
    #[error("no fault is called '{0}'; 'xcat-sim fault names' lists them")]
    Name(String),
    /// Neither name nor effect.
    #[error("a fault needs a name or an effect")]
    Nothing,
    /// The named fault needs a place that the target does not give.
    #[error("fault {name} needs target {field}")]
    Scope {
        /// The fault.
        name: String,
        /// What is missing in the target.
        field: &'static str,
    },
    /// The layer that was given is not that of the effect.
    #[error("the effect is one of layer {actual}, not {given}")]
    Layer {
        /// As written.
        given: Layer,
        /// That of the effect.
        actual: Layer,
    },
    /// A fault cannot happen in the middle of a command.
    #[error("a fault happens before or after a command, not during it")]
    During,
    /// A number is out of its range.
    #[error("{0}")]
    Number(&'static str),
    /// There is a rule of that id.
    #[error("fault '{0}' is there already")]
    Taken(String),
    /// The condition cannot be brought about.
    #[error(transparent)]
    Condition(#[from] ConditionError),
}

impl FaultRequest {
    /// The rule that is meant, with the id `id` unless it has one.
    ///
    /// # Errors
    /// [`RuleError`]; the target is not compared with the site here.
    pub(super) fn rule(self, id: String, now_ms: u64) -> Result<FaultRule, RuleError> {
        let known = self
            .name
            .as_deref()
            .map(|name| named(name).ok_or_else(|| RuleError::Name(name.to_owned())))
            .transpose()?;
        let effect = self
            .effect
            .or_else(|| known.map(|k| (k.effect)()))
            .ok_or(RuleError::Nothing)?;
        let effect = match self.delay_ms {
            Some(ms) => effect.delayed(ms).ok_or(RuleError::Number(
                "delay_ms is for effects that delay something",
            ))?,
            None => effect,
        };
        if self.when == Some(When::During) {
            return Err(RuleError::During);
        }
        let layer = effect.layer();
        if let Some(given) = self.layer
            && given != layer
        {
            return Err(RuleError::Layer {
                given,
                actual: layer,
            });
        }
        if let Some(known) = known {
            for field in known.scope {
                if !has(&self.target, field) {
                    return Err(RuleError::Scope {
                        name: known.name.to_owned(),
                        field,
                    });
                }
            }
        }
        if self.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Err(RuleError::Number("probability lies between 0 and 1"));
        }
        if self.times == Some(0) {
            return Err(RuleError::Number("times is at least 1"));
        }
        let when = self
            .when
            .or_else(|| known.and_then(|k| k.when))
            .unwrap_or_else(|| effect.usual_time());
        let mut target = self.target;
        if let Some(known) = known
            && target.command.is_none()
            && !known.command.is_empty()
        {
            target.command = Some(known.command.to_owned());
        }
        Ok(FaultRule {
            id: self.id.unwrap_or(id),
            name: known.map(|k| k.name.to_owned()),
            layer,
            target,
            effect,
            when,
            skip: self.skip,
            times: self.times,
            probability: self.probability,
            until_ms: self
                .for_ms
                .or_else(|| known.and_then(|k| k.for_ms))
                .map(|ms| now_ms.saturating_add(ms)),
            seen: 0,
            hits: 0,
            undo: Undo::default(),
        })
    }
}

/// Whether a target has a criterion.
fn has(target: &Target, field: &str) -> bool {
    match field {
        "guest" => target.guest.is_some(),
        "device" => target.device.is_some(),
        "chpid" => target.chpid.is_some(),
        "wwpn" => target.wwpn.is_some(),
        "lun" => target.lun.is_some(),
        "zhcp" => target.zhcp.is_some(),
        "command" => target.command.is_some(),
        _ => false,
    }
}

impl FaultRule {
    /// Whether its time has passed.
    pub(super) fn is_over(&self, now_ms: u64) -> bool {
        self.until_ms.is_some_and(|t| now_ms >= t)
    }

    /// Whether it is a condition that lasts, not one that comes with single commands.
    pub(super) fn is_lasting(&self) -> bool {
        matches!(self.effect, Effect::Condition { .. })
            && self.times.is_none()
            && self.skip == 0
            && self.probability.is_none()
    }
}
