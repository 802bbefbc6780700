//! What differs between two states, by the path of each value. Texts of several lines are compared by line.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Where: keys and indices, separated by `/`.
    pub path: String,
    /// In the first state; nothing when it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// In the second state; nothing when it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Whether a difference is one of the site itself: configuration, pools, directory, files, disks. Left out are counters, the
/// clock, since when a guest has run, and the generator; what the kernel of a running Linux remembers of devices that it no longer has; scratch files of
/// the management node and its tools; tables that are there and empty.
pub fn is_lasting(difference: &Difference) -> bool {
    let parts: Vec<&str> = difference.path.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        [
            "last_request" | "journal" | "breaks" | "break_points" | "snapshots",
            ..,
        ]
        | ["world", "now_ms" | "random_state"]
        | [
            "world",
            "systems",
            _,
            "running",
            _,
            "logged_on_ms" | "cpu_since_ms",
        ]
        | ["world", "systems", _, "last_spool_id"]
        | ["world", "systems", _, "smapi", "last_request"]
        | [
            "world",
            "linuxes",
            _,
            "zfcp",
            "log" | "next_host" | "recognised" | "symlinks" | "maps",
            ..,
        ]
        | ["world", "linuxes", _, "fs", "directories", ..]
        | ["world", "linuxes", _, "fs", "files", "", "tmp", ..]
        | [
            "world",
            "linuxes",
            _,
            "fs",
            "files",
            "",
            "root",
            "aemod.doscript",
        ]
        | [
            "world",
            "linuxes",
            _,
            "fs",
            "files",
            "",
            "etc",
            "multipath",
            "wwids",
        ] => false,
        ["world", "linuxes", _, "zfcp", "adapters", _] => {
            // A device that is set offline has nothing beneath it.
            let after = difference.after.as_ref();
            difference.before.is_some() || after.is_none_or(|a| a["online"] == Value::Bool(true))
        }
        ["world", "mn", "tables", _] => {
            let is_empty = |side: &Option<Value>| {
                side.as_ref()
                    .is_none_or(|value| value.as_array().is_some_and(Vec::is_empty))
            };
            !(is_empty(&difference.before) && is_empty(&difference.after))
        }
        _ => true,
    }
}

/// The differences in order of paths.
pub fn diff(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(before), Some(after), &mut found);
    found
}

/// The differences of two saved states, without what tells of the past and not of the site: journal and snapshots.
pub fn diff_states(mut before: Value, mut after: Value) -> Vec<Difference> {
    for state in [&mut before, &mut after] {
        if let Some(fields) = state.as_object_mut() {
            fields.retain(|key, _| !matches!(key.as_str(), "journal" | "snapshots"));
        }
    }
    diff(&before, &after)
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    match (before, after) {
        (Some(a), Some(b)) if a == b => {}
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                // A key may hold slashes itself (a path): it is shown as it is.
                compare(&format!("{path}/{key}"), a.get(key), b.get(key), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                compare(
                    &format!("{path}/{index}"),
                    a.get(index),
                    b.get(index),
                    found,
                );
            }
        }
        (Some(Value::String(a)), Some(Value::String(b)))
            if a.contains('\n') && b.contains('\n') =>
        {
            lines(path, a, b, found);
        }
        _ => found.push(Difference {
            path: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

/// Lines that differ, without the equal ones at both ends.
fn lines(path: &str, before: &str, after: &str, found: &mut Vec<Difference>) {
    let (a, b): (Vec<&str>, Vec<&str>) = (
        before.split_inclusive('\n').collect(),
        after.split_inclusive('\n').collect(),
    );
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a[head..]
        .iter()
        .rev()
        .zip(b[head..].iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let (a, b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    for index in 0..a.len().max(b.len()) {
        let (x, y) = (a.get(index), b.get(index));
        if x != y {
            found.push(Difference {
                path: format!("{path}:{}", head + index + 1),
                before: x.map(|l| Value::from(l.trim_end_matches('\n'))),
                after: y.map(|l| Value::from(l.trim_end_matches('\n'))),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_passes_is_told_from_what_lasts() {
        let one = |path: &str, after: Value| Difference {
            path: path.to_owned(),
            before: None,
            after: Some(after),
        };
        for (path, after) in [
            ("/last_request", json!(4)),
            ("/world/linuxes/lnx1/zfcp/log", json!([])),
            ("/world/linuxes/xcat/fs/files//tmp/aemod.x/y", json!({})),
            (
                "/world/linuxes/lnx1/zfcp/adapters/1a08",
                json!({"online": false}),
            ),
            ("/world/mn/tables/ppc", json!([])),
        ] {
            assert!(!is_lasting(&one(path, after)), "{path}");
        }
        for (path, after) in [
            (
                "/world/linuxes/zhcp1/fs/files//var/opt/zhcp/zfcp/p.conf",
                json!({}),
            ),
            (
                "/world/linuxes/lnx1/zfcp/adapters/1a08",
                json!({"online": true}),
            ),
            (
                "/world/systems/ZVM1/directory/LNX3/statements/3",
                json!("IPL"),
            ),
            ("/world/mn/tables/ppc", json!([1])),
        ] {
            assert!(is_lasting(&one(path, after)), "{path}");
        }
    }

    #[test]
    fn differences_have_paths_and_texts_have_lines() {
        let a = json!({"x": [1, 2], "t": "h\na\nb\n", "gone": true});
        let b = json!({"x": [1, 3, 4], "t": "h\nA\nb\n"});
        let shown: Vec<String> = diff(&a, &b)
            .into_iter()
            .map(|d| format!("{} {:?} {:?}", d.path, d.before, d.after))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        /gone Some(Bool(true)) None
        /t:2 Some(String("a")) Some(String("A"))
        /x/1 Some(Number(2)) Some(Number(3))
        /x/2 None Some(Number(4))
        "#);
        assert!(diff(&a, &a).is_empty());
    }
}
