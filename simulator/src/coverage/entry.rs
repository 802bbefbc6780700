//! One thing that a client can ask for, and how much of it is there.

use serde::Serialize;

/// Which door or room it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// The REST program's resources.
    Rest,
    /// Elements of a request to the daemon.
    Xcatd,
    /// Commands and their options.
    Command,
}

/// How much is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// As the specification says.
    Full,
    /// Something is missing.
    Partial {
        /// What.
        missing: &'static str,
    },
    /// Not there, on purpose.
    Declined {
        /// Why.
        reason: &'static str,
    },
}

/// One thing that a client can ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Where it belongs.
    pub area: Area,
    /// The command, or the REST resource, or the kind of request.
    pub group: &'static str,
    /// Option, method and path, or element; empty for the command itself.
    pub name: &'static str,
    /// Section of the specification.
    pub spec: &'static str,
    /// How much is there.
    #[serde(flatten)]
    pub state: State,
    /// Arguments with which a test finds out whether it is there; separated by single blanks.
    #[serde(skip)]
    pub probe: &'static str,
}
