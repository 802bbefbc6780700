//! What differs between two states, by the path of each value. Texts of several lines are compared by line.

use serde::Serialize;
use serde_json::Value;

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Where: keys and indices, separated by `/`.
    pub path: String,
    /// In the first state; nothing when it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// In the second state; nothing when it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
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
