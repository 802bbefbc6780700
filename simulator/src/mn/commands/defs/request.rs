//! What the four commands have in common: their arguments, the objects these name, and the texts they share.

use std::collections::BTreeSet;

use crate::mn::commands::options::Options;
use crate::mn::noderange;
use crate::mn::tables::attributes::ObjectType;
use crate::mn::tables::filter::Condition;
use crate::mn::{Context, Document};
use crate::seam::Release;
use crate::world::Database;

const SPEC: &[&str] = &[
    "a|all",
    "c|compress",
    "d|dynamic",
    "f|force",
    "h|help|?",
    "i=",
    "l|long",
    "m|minus",
    "n=",
    "o=",
    "p|plus",
    "s|short",
    "S",
    "t=",
    "u",
    "V|verbose",
    "v|version",
    "w=",
    "z|stanza",
];

/// Arguments of a definition command.
pub(super) struct DefRequest {
    /// Options as given.
    pub options: Options,
    /// Types asked for, `node` if none was named.
    pub types: Vec<ObjectType>,
    /// Names given with `-o` and as a noderange operand.
    names: Vec<String>,
    /// `attribute=value` operands, blanks around the `=` dropped.
    pub attributes: Vec<(String, String)>,
    /// Conditions of `-w`.
    pub conditions: Vec<Condition>,
}

impl DefRequest {
    /// Reads the arguments; `None` once what is wrong with them has been said.
    pub fn read(context: &Context, command: &str, args: &[String]) -> Option<Self> {
        let options = Options::read(SPEC, args);
        if !options.unknown.is_empty() {
            context.push(Document::error(format!(
                "Invalid flag specified, see {command} manpage for details."
            )));
            fail(context);
            return None;
        }
        if options.has("h") {
            context.push(Document::of(
                "info",
                [
                    "Usage:".to_owned(),
                    format!("  {command} [-h|--help] [-t object-types]"),
                    format!(
                        "  {command} [-t object-types] [-o object-names] [attr=val ...] [noderange]"
                    ),
                ],
            ));
            return None;
        }
        let mut types = Vec::new();
        for name in options.value("t").unwrap_or("node").split(',') {
            let Some(found) = ObjectType::named(name) else {
                context.push(Document::error(format!(
                    "\nType '{name}' is not a valid xCAT object type."
                )));
                fail(context);
                return None;
            };
            types.push(found);
        }
        let mut names: Vec<String> = options.values("o").map(str::to_owned).collect();
        let mut attributes: Vec<(String, String)> = Vec::new();
        for operand in &options.operands {
            match operand.split_once('=') {
                Some((name, value)) => {
                    let name = name.trim().to_owned();
                    attributes.retain(|(n, _)| *n != name);
                    attributes.push((name, value.trim().to_owned()));
                }
                None => names.push(operand.clone()),
            }
        }
        let mut conditions = Vec::new();
        for text in options.values("w") {
            let Some(condition) = Condition::parse_single(text) else {
                context.push(Document::error(
                    "Incorrect selection string specified with -w flag.",
                ));
                fail(context);
                return None;
            };
            if let Some(pattern) = &condition.broken {
                let message = format!("Unmatched [ in regex; marked by <-- HERE in m/{pattern}/");
                crate::mn::commands::global::died(context, "DBobjectdefs", &message, &[]);
                return None;
            }
            conditions.push(condition);
        }
        Some(Self {
            options,
            types,
            names,
            attributes,
            conditions,
        })
    }

    /// Whether objects were named at all.
    pub fn names_given(&self) -> bool {
        !self.names.is_empty()
    }

    /// The objects of a type that were named, sorted, each once; they need not exist.
    pub fn names(&self, db: &Database, release: Release, object: ObjectType) -> Vec<String> {
        match object.name {
            "node" => noderange::expand_names(db, release, &self.names.join(",")),
            "site" => vec!["clustersite".to_owned()],
            _ => self
                .names
                .iter()
                .flat_map(|names| names.split(','))
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        }
    }
}

/// The closing document of a command that ends with failure status.
pub(super) fn fail(context: &Context) {
    context.push(Document::of("errorcode", ["1"]));
}

/// A document with the number of objects, which the older line does not send.
pub(super) fn counted(context: &Context, document: Document, count: usize) -> Document {
    if context.settings().release == Release::E {
        document
    } else {
        document.with("numofnodes", [count.to_string()])
    }
}

/// `Could not find an object named '{name}' of type '{type}'.`
pub(super) fn not_found(context: &Context, name: &str, object: ObjectType) {
    context.push(Document::error(format!(
        "Could not find an object named '{name}' of type '{}'.",
        object.name
    )));
}

/// No name was given, or what was given names nothing.
pub(super) fn no_names(context: &Context) {
    context.push(Document::error("No object names were provided."));
    fail(context);
}

/// Whether the object exists.
pub(super) fn exists(db: &Database, object: ObjectType, name: &str) -> bool {
    match object.name {
        "node" => db.is_node(name),
        "site" => name == "clustersite",
        "group" => noderange::group(db, name).is_some(),
        _ => db
            .find(object.table, &[(object.key, name)])
            .next()
            .is_some(),
    }
}

/// All objects of a type, sorted by name.
pub(super) fn all(db: &Database, object: ObjectType) -> Vec<String> {
    let names: BTreeSet<String> = match object.name {
        "node" => db.nodes().map(str::to_owned).collect(),
        "site" => BTreeSet::from(["clustersite".to_owned()]),
        "group" => super::groups::all(db),
        _ => db
            .find(object.table, &[])
            .filter_map(|row| row.get(object.key))
            .filter(|name| !name.is_empty())
            .cloned()
            .collect(),
    };
    names.into_iter().collect()
}
