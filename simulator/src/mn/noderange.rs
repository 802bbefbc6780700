//! Nodes that a noderange text names (spec: rest-and-xcatd 4.9).
//!
//! A noderange is a set expression: elements separated by commas are united, `-x` excludes, `@x` intersects with what
//! came before, parentheses group. What an element means is tried in a fixed order; what means nothing is *missing*,
//! and the caller decides what to do about it. No text makes this module fail.

use std::collections::BTreeSet;

use regex::Regex;

use super::tables::filter::Condition;
use crate::seam::Release;
use crate::world::Database;

/// Most names that one bracket, range or count may stand for; longer ones are taken as missing.
const LARGEST: usize = 1_000_000;
/// Deepest nesting of parentheses; deeper ones are taken as missing.
const DEEPEST: usize = 64;

/// What a noderange came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// Nodes, sorted as text, each once.
    pub nodes: Vec<String>,
    /// Parts that name nothing, in order of appearance.
    pub missing: Vec<String>,
}

/// How names that are not defined are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    /// They are missing.
    Missing,
    /// They stand for themselves: a command that defines or lists objects takes its names as a noderange.
    Kept,
}

/// Expands a noderange against the defined nodes.
pub fn expand(db: &Database, release: Release, text: &str) -> Expansion {
    expanded(db, release, text, Unknown::Missing)
}

/// Expands names that need not be defined.
pub fn expand_names(db: &Database, release: Release, text: &str) -> Vec<String> {
    expanded(db, release, text, Unknown::Kept).nodes
}

fn expanded(db: &Database, release: Release, text: &str, unknown: Unknown) -> Expansion {
    // Nearly every request names one node.
    let is_word = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if is_word && db.is_node(text) && db.site("excludenodes").is_none() {
        return Expansion {
            nodes: vec![text.to_owned()],
            missing: Vec::new(),
        };
    }
    let mut work = Work {
        db,
        release,
        unknown,
        missing: Vec::new(),
    };
    let text: String = text.chars().filter(|c| !matches!(c, '"' | '\'')).collect();
    let mut nodes = work.list(&text, 0);
    if let Some(excluded) = db.site("excludenodes")
        && unknown == Unknown::Missing
    {
        let mut work = Work {
            missing: Vec::new(),
            ..work
        };
        for node in work.list(excluded, 0) {
            nodes.remove(&node);
        }
    }
    Expansion {
        nodes: nodes.into_iter().collect(),
        missing: work.missing,
    }
}

type Set = BTreeSet<String>;

struct Work<'a> {
    db: &'a Database,
    release: Release,
    unknown: Unknown,
    missing: Vec<String>,
}

impl Work<'_> {
    /// A comma list.
    fn list(&mut self, text: &str, depth: usize) -> Set {
        let mut union = Set::new();
        let mut excluded = Set::new();
        for part in split_outside(text, ',') {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            if let Some(rest) = part.strip_prefix('-') {
                excluded.extend(self.intersection(rest, depth));
            } else if let Some(rest) = part.strip_prefix('@') {
                let other = self.intersection(rest, depth);
                union.retain(|node| other.contains(node));
            } else {
                union.extend(self.intersection(part, depth));
            }
        }
        union.retain(|node| !excluded.contains(node));
        union
    }

    /// Elements joined by `@`.
    fn intersection(&mut self, text: &str, depth: usize) -> Set {
        // A path or an expression may hold an `@` of its own.
        if text.starts_with(['^', '/']) || Condition::parse(text).is_some() {
            return self.element(text, depth);
        }
        let mut parts = split_outside(text, '@').into_iter();
        let mut set = parts
            .next()
            .map(|first| self.element(first, depth))
            .unwrap_or_default();
        for part in parts {
            let other = self.element(part, depth);
            set.retain(|node| other.contains(node));
        }
        set
    }

    /// One element, its meanings tried in xCAT's order.
    fn element(&mut self, text: &str, depth: usize) -> Set {
        if text.is_empty() {
            return Set::new();
        }
        if let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'))
            && depth < DEEPEST
        {
            return self.list(inner, depth + 1);
        }
        if self.db.is_node(text) {
            return Set::from([text.to_owned()]);
        }
        if let Some(members) = group(self.db, text) {
            return members;
        }
        if let Some(nodes) = self.matching(text) {
            return nodes;
        }
        if text.chars().all(|c| c.is_ascii_digit()) {
            return self.names([format!("node{text}")], text);
        }
        if let Some(pattern) = text.strip_prefix('/') {
            return self.by_pattern(pattern, text);
        }
        if let Some(names) = brackets(text) {
            return self.names(names, text);
        }
        if let Some(names) = counted(text) {
            return self.names(names, text);
        }
        if let Some((from, to)) = ends(self.db, text)
            && let Some(names) = range(from, to)
        {
            return self.names(names, text);
        }
        self.names([text.to_owned()], text)
    }

    /// `table.column` compared with a value, over all nodes.
    fn matching(&self, text: &str) -> Option<Set> {
        let condition = Condition::parse(text)?;
        let (table, column) = condition.name.split_once('.')?;
        let table = super::tables::schema::table(self.release, table)?;
        if !table.has(self.release, column) {
            return None;
        }
        Some(
            self.db
                .nodes()
                .filter(|node| {
                    let value = if column == "node" {
                        Some((*node).to_owned())
                    } else {
                        self.db.node_value(table.name, node, column)
                    };
                    condition.holds(value.as_deref().unwrap_or_default())
                })
                .map(str::to_owned)
                .collect(),
        )
    }

    fn by_pattern(&mut self, pattern: &str, text: &str) -> Set {
        let Ok(pattern) = Regex::new(&format!("^(?:{pattern})$")) else {
            self.missing.push(text.to_owned());
            return Set::new();
        };
        self.db
            .nodes()
            .filter(|node| pattern.is_match(node))
            .map(str::to_owned)
            .collect()
    }

    /// Names that a range stands for; those that are neither node nor group are missing.
    fn names(&mut self, names: impl IntoIterator<Item = String>, text: &str) -> Set {
        let mut set = Set::new();
        let mut count = 0usize;
        for name in names {
            count += 1;
            if count > LARGEST {
                self.missing.push(text.to_owned());
                return Set::new();
            }
            if self.db.is_node(&name) {
                set.insert(name);
            } else if let Some(members) = group(self.db, &name) {
                set.extend(members);
            } else if self.unknown == Unknown::Missing {
                self.missing.push(name);
            } else if is_name(&name) {
                set.insert(name);
            }
        }
        set
    }
}

/// Whether an undefined name may stand for itself.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text
            .chars()
            .any(|c| c.is_whitespace() || "@^/[]()=~!+".contains(c))
}

/// Members of a group: a dynamic one, else a static one, which exists by being named in `nodelist.groups` or by
/// having a row in `nodegroup`.
pub fn group(db: &Database, name: &str) -> Option<Set> {
    let row = db.find("nodegroup", &[("groupname", name)]).next();
    if let Some(row) = row
        && row.get("grouptype").is_some_and(|t| t == "dynamic")
    {
        let conditions: Vec<Condition> = row
            .get("wherevals")
            .map(String::as_str)
            .unwrap_or_default()
            .split("::")
            .filter_map(Condition::parse)
            .collect();
        return Some(
            db.nodes()
                .filter(|node| {
                    conditions.iter().all(|condition| {
                        let value =
                            super::tables::attributes::node_attribute(db, node, &condition.name);
                        condition.holds(value.as_deref().unwrap_or_default())
                    })
                })
                .map(str::to_owned)
                .collect(),
        );
    }
    let members: Set = db
        .nodes()
        .filter(|node| db.groups_of(node).any(|g| g == name))
        .map(str::to_owned)
        .collect();
    (!members.is_empty() || row.is_some()).then_some(members)
}

/// Splits at a mark that stands outside parentheses and brackets.
fn split_outside(text: &str, mark: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0usize);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if c == mark && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// `x[1-3,5]y`, several brackets included.
fn brackets(text: &str) -> Option<Vec<String>> {
    if text.matches('[').count() > DEEPEST {
        return None;
    }
    let open = text.find('[')?;
    let close = open + text[open..].find(']')?;
    let (head, tail) = (&text[..open], &text[close + 1..]);
    let mut middles = Vec::new();
    for part in text[open + 1..close].split(',') {
        match part.split_once(['-', ':']) {
            Some((from, to)) => middles.extend(range(from, to)?),
            None => middles.push(part.to_owned()),
        }
    }
    let tails = if tail.contains('[') {
        brackets(tail)?
    } else {
        vec![tail.to_owned()]
    };
    if middles.len().saturating_mul(tails.len()) > LARGEST {
        return None;
    }
    Some(
        middles
            .iter()
            .flat_map(|middle| {
                tails
                    .iter()
                    .map(move |tail| format!("{head}{middle}{tail}"))
            })
            .collect(),
    )
}

/// `n1+3`: n1 and the three after it.
fn counted(text: &str) -> Option<Vec<String>> {
    let (first, count) = text.split_once('+')?;
    let count: usize = count.parse().ok().filter(|n| *n < LARGEST)?;
    let (head, digits, tail) = last_number(first)?;
    let from: usize = digits.parse().ok()?;
    let to = from.checked_add(count)?;
    Some(numbered(head, from, to, digits.len(), tail))
}

/// The two ends of `n1-n5` or `n1:n5`. A name may hold hyphens itself; the split that gives two like names is taken.
fn ends<'a>(db: &Database, text: &'a str) -> Option<(&'a str, &'a str)> {
    let mut splits = text
        .char_indices()
        .filter(|(_, c)| matches!(c, '-' | ':'))
        .map(|(at, _)| (&text[..at], &text[at + 1..]))
        .filter(|(from, to)| !from.is_empty() && !to.is_empty());
    splits
        .clone()
        .find(|(from, to)| db.is_node(from) && db.is_node(to))
        .or_else(|| splits.find(|(from, to)| range_parts(from, to).is_some()))
}

type Parts<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Text before, two numbers, text after, when two names differ in one number only.
fn range_parts<'a>(from: &'a str, to: &'a str) -> Option<Parts<'a>> {
    let runs = |text: &'a str| {
        let mut runs = Vec::new();
        let mut start = None;
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            match (c.is_ascii_digit(), start) {
                (true, None) => start = Some(at),
                (false, Some(from)) => {
                    runs.push((from, at));
                    start = None;
                }
                _ => {}
            }
        }
        runs
    };
    let right = runs(to);
    runs(from)
        .into_iter()
        .zip(right)
        .map(|((a, b), (c, d))| {
            (
                &from[..a],
                &from[a..b],
                &to[c..d],
                &from[b..],
                &to[..c],
                &to[d..],
            )
        })
        .find(|(head, _, _, tail, head2, tail2)| head == head2 && tail == tail2)
        .map(|(head, first, last, tail, _, _)| (head, first, last, tail))
}

/// All names from one to another.
fn range(from: &str, to: &str) -> Option<Vec<String>> {
    let (head, first, last, tail) = range_parts(from, to)?;
    let (low, high): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
    (low <= high && high - low < LARGEST).then(|| numbered(head, low, high, first.len(), tail))
}

fn numbered(head: &str, from: usize, to: usize, width: usize, tail: &str) -> Vec<String> {
    (from..=to)
        .map(|number| format!("{head}{number:0width$}{tail}"))
        .collect()
}

/// The last run of digits, with what stands before and after it.
fn last_number(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = text[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| {
            at + text[at..].chars().next().map_or(1, char::len_utf8)
        });
    Some((&text[..start], &text[start..end], &text[end..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::world::tables::Row;

    fn db() -> Database {
        let mut db = Database::default();
        for (node, groups) in [
            ("n1", "all,odd"),
            ("n2", "all"),
            ("n3", "all,odd"),
            ("web-a01", "all,web"),
            ("web-a02", "all,web"),
            ("node7", "all"),
        ] {
            db.set("nodelist", "node", node, &[("groups", groups)]);
        }
        db.set(
            "nodegroup",
            "groupname",
            "empty",
            &[("grouptype", "static")],
        );
        db.set("nodetype", "node", "n2", &[("os", "rhel7.2")]);
        db.set(
            "nodegroup",
            "groupname",
            "rhel",
            &[("grouptype", "dynamic"), ("wherevals", "os=~rhel")],
        );
        db
    }

    fn nodes(text: &str) -> String {
        let expansion = expand(&db(), Release::M, text);
        assert_eq!(expansion.missing, Vec::<String>::new(), "{text}");
        expansion.nodes.join(",")
    }

    #[test]
    fn elements_and_operators() {
        for (text, wanted) in [
            ("n3,n1,n1", "n1,n3"),
            ("all,-odd", "n2,node7,web-a01,web-a02"),
            ("all,-odd,-web", "n2,node7"),
            ("-n1,n1,n2", "n2"),
            ("odd@n1", "n1"),
            ("all,@odd", "n1,n3"),
            ("(n1,n2)@odd", "n1"),
            ("n[1-2]", "n1,n2"),
            ("n[1,3]", "n1,n3"),
            ("web-a[01-02]", "web-a01,web-a02"),
            ("n1-n3", "n1,n2,n3"),
            ("n1:n3", "n1,n2,n3"),
            ("web-a01-web-a02", "web-a01,web-a02"),
            ("n1+2", "n1,n2,n3"),
            ("7", "node7"),
            ("/n\\d", "n1,n2,n3"),
            ("empty", ""),
            ("", ""),
            ("rhel", "n2"),
            ("nodetype.os=~^rhel", "n2"),
            ("nodetype.os==rhel7.2", "n2"),
            ("odd,nodetype.os!=rhel7.2,-web,-node7", "n1,n3"),
            ("'n1'", "n1"),
        ] {
            assert_eq!(nodes(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_names_nothing_is_missing_in_order() {
        let missing = |text| expand(&db(), Release::M, text).missing.join(",");
        assert_eq!(missing("n9,n1,n8"), "n9,n8");
        assert_eq!(missing("n2-n5"), "n4,n5");
        assert_eq!(missing("-nope,n1"), "nope");
        assert_eq!(missing("x y"), "x y");
    }

    #[test]
    fn excluded_nodes_are_left_out() {
        let mut db = db();
        db.insert(
            "site",
            Row::from_iter([
                ("key".to_owned(), "excludenodes".to_owned()),
                ("value".to_owned(), "odd".to_owned()),
            ]),
        );
        assert_eq!(expand(&db, Release::M, "n1-n3").nodes, ["n2"]);
    }

    #[test]
    fn names_need_not_exist_where_objects_are_defined() {
        assert_eq!(
            expand_names(&db(), Release::M, "new[1-2],odd,other"),
            ["n1", "n3", "new1", "new2", "other"]
        );
        assert!(expand_names(&db(), Release::M, "n@x").is_empty());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            expand(&db(), Release::M, &text);
            expand_names(&db(), Release::M, &text);
        }

        #[test]
        fn no_expression_makes_it_panic(text in r"[n0-9a,@^/()\[\]:+=~!.*\\{}ä-]{0,30}") {
            let nodes = expand(&db(), Release::M, &text).nodes;
            prop_assert!(nodes.is_sorted());
            expand_names(&db(), Release::M, &text);
        }
    }
}
