//! One call of a verb, and why it is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::seam::Site;
use crate::server::Worlds;
use crate::state::Origin;

/// What a verb gets.
#[derive(Clone, Debug)]
pub struct Call {
    /// The worlds of the process.
    pub worlds: Worlds,
    /// The world that is meant, when the path names one.
    pub site: Arc<Site>,
    /// Where that world came from.
    pub origin: Arc<Origin>,
    /// Variable parts of the path.
    pub params: BTreeMap<String, String>,
    /// The query.
    pub query: BTreeMap<String, String>,
    /// The body; null when there is none.
    pub body: Value,
}

/// Why a verb is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// 400: the request is wrong; 404: no such thing; 409: it does not fit what is there; 500: it failed.
    pub status: StatusCode,
    /// Why, for a person.
    pub message: String,
}

impl Refusal {
    /// The request is wrong.
    pub fn bad(message: impl ToString) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.to_string(),
        }
    }

    /// There is no such thing.
    pub fn missing(message: impl ToString) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            message: message.to_string(),
        }
    }

    /// It does not fit what is there.
    pub fn conflict(message: impl ToString) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            message: message.to_string(),
        }
    }
}

impl Call {
    /// A variable part of the path.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// The body as a type; unknown fields and wrong types are refused with their names.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_value(self.body.clone()).map_err(Refusal::bad)
    }

    /// A part of the query as a type.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.query
            .get(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| Refusal::bad(format!("query {name}: '{text}' is no number")))
            })
            .transpose()
    }
}

/// A value as JSON.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<Value, Refusal> {
    serde_json::to_value(value).map_err(|e| Refusal {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        message: e.to_string(),
    })
}
