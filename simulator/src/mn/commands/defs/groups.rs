//! Groups as objects: static ones are names in `nodelist.groups`, with or without a row of their own
//! (spec: rest-and-xcatd 4.8).

use std::collections::BTreeSet;

use crate::mn::noderange;
use crate::world::Database;

/// Names of all groups.
pub(in crate::mn::commands) fn all(db: &Database) -> BTreeSet<String> {
    let rows = db
        .find("nodegroup", &[])
        .filter_map(|row| row.get("groupname"))
        .map(String::as_str);
    db.nodes()
        .flat_map(|node| db.groups_of(node))
        .chain(rows)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Members of a group, as a comma list.
pub(super) fn members(db: &Database, group: &str) -> String {
    let members = noderange::group(db, group).unwrap_or_default();
    members.into_iter().collect::<Vec<_>>().join(",")
}

/// Whether the group is a dynamic one.
pub(super) fn is_dynamic(db: &Database, group: &str) -> bool {
    db.get("nodegroup", "groupname", group, "grouptype") == Some("dynamic")
}

/// Adds a group to a node's list.
pub(super) fn join(db: &mut Database, node: &str, group: &str) {
    let mut groups: Vec<String> = db.groups_of(node).map(str::to_owned).collect();
    if !groups.iter().any(|g| g == group) {
        groups.push(group.to_owned());
        db.update(
            "nodelist",
            &[("node", node)],
            &[("groups", &groups.join(","))],
        );
    }
}

/// Takes a group from a node's list.
pub(super) fn leave(db: &mut Database, node: &str, group: &str) {
    let groups: Vec<&str> = db.groups_of(node).filter(|g| *g != group).collect();
    let groups = groups.join(",");
    db.update("nodelist", &[("node", node)], &[("groups", &groups)]);
}
