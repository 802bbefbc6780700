//! `rnoderange`: nodes as a short noderange (spec: rest-and-xcatd 4.7): groups of which all members are meant, the
//! largest first, then the nodes that are left.

use std::collections::BTreeSet;

use super::defs::groups;
use crate::mn::{Context, Document, noderange};

/// Runs the command; `nodes` is the noderange, sorted.
pub fn run(context: &Context, nodes: Option<&[String]>) {
    let wanted: BTreeSet<&str> = nodes
        .unwrap_or_default()
        .iter()
        .map(String::as_str)
        .collect();
    if wanted.is_empty() {
        return;
    }
    let text = context.tables(|db| {
        let mut whole: Vec<(String, BTreeSet<String>)> = groups::all(db)
            .into_iter()
            .filter_map(|name| Some((name.clone(), noderange::group(db, &name)?)))
            .filter(|(_, members)| {
                !members.is_empty() && members.iter().all(|m| wanted.contains(m.as_str()))
            })
            .collect();
        whole.sort_by_key(|(_, members)| std::cmp::Reverse(members.len()));
        let mut left = wanted.clone();
        let mut parts: Vec<String> = Vec::new();
        for (name, members) in whole {
            if members.iter().all(|m| left.contains(m.as_str())) {
                left.retain(|node| !members.contains(*node));
                parts.push(name);
            }
        }
        parts.extend(left.into_iter().map(str::to_owned));
        parts.join(",")
    });
    context.push(Document::of("data", [text]));
}
