//! What SMAPI keeps for its clients without looking into it: name lists, the authorisation file, metadata, tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// SMAPI's own tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Registry {
    /// Name lists.
    pub lists: BTreeMap<String, Vec<String>>,
    /// The authorisation file.
    pub authorisations: Vec<Authorisation>,
    /// Metadata by userid and name.
    pub metadata: BTreeMap<String, BTreeMap<String, String>>,
    /// Local tags that are defined, with their ordinals.
    pub tags: BTreeMap<String, u32>,
    /// Values of local tags by userid and tag.
    pub tag_values: BTreeMap<String, BTreeMap<String, String>>,
    /// Subscriptions to directory changes, as the words of the request.
    pub subscriptions: Vec<String>,
    /// Saved segments by name, as the words of the request.
    pub segments: BTreeMap<String, String>,
    /// Userids with restricted access to a segment.
    pub segment_access: BTreeMap<String, Vec<String>>,
    /// The VMRM configuration, by file.
    pub vmrm: BTreeMap<String, String>,
    /// IP interfaces of the TCP/IP stack, as the words of the request, by name.
    pub interfaces: BTreeMap<String, String>,
}

/// One record of the authorisation file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    /// Userid or list that may ask.
    pub requester: String,
    /// Userid or list that is the target.
    pub target: String,
    /// Function or list of functions.
    pub function: String,
}
