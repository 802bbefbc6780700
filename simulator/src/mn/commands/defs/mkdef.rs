//! `mkdef`: creates definitions (spec: rest-and-xcatd 4.6).

use super::request::{counted, exists, fail, no_names};
use super::store::{Mode, Unmet, store};
use super::{DefRequest, groups};
use crate::mn::tables::attributes::ObjectType;
use crate::mn::{Context, Document};
use crate::seam::Release;
use crate::world::Database;

/// Runs the command.
pub fn run(context: &Context, args: &[String]) {
    let Some(request) = DefRequest::read(context, "mkdef", args) else {
        return;
    };
    let release = context.settings().release;
    let mut failed = false;
    let mut made = 0;
    let mut considered = 0;
    for object in &request.types {
        let mut attributes = match attributes(context, &request, *object) {
            Attributes::Good(attributes) => attributes,
            Attributes::Failed(attributes) if release == Release::E => {
                failed = true;
                attributes
            }
            Attributes::Failed(_) => {
                fail(context);
                return;
            }
            Attributes::Missing => return,
        };
        let names = context.tables(|db| request.names(db, release, *object));
        if names.is_empty() {
            no_names(context);
            return;
        }
        if object.name == "group" && request.options.has("d") {
            let conditions: Vec<&str> = request.options.values("w").collect();
            attributes.push(("grouptype".to_owned(), "dynamic".to_owned()));
            attributes.push(("members".to_owned(), "dynamic".to_owned()));
            attributes.push(("wherevals".to_owned(), conditions.join("::")));
        }
        for name in names {
            if let Some(error) = bad_name(release, *object, &name) {
                context.push(Document::error(error));
                fail(context);
                return;
            }
            if object.name == "node" && name.chars().any(|c| c.is_ascii_uppercase()) {
                context.push(Document::of(
                    "warning",
                    [format!(
                        "The node name '{name}' contains capital letters which may not be resolved correctly by the dns server."
                    )],
                ));
            }
            if object.name == "network"
                && let Some(error) =
                    context.tables(|db| bad_network(db, release, &name, &attributes))
            {
                considered += 1;
                failed = true;
                context.push(Document::error(error));
                continue;
            }
            if context.tables(|db| exists(db, *object, &name)) {
                if !request.options.has("f") {
                    failed |= already(context, &name);
                    continue;
                }
                context.tables_mut(|db| super::rmdef::remove(db, release, *object, &name));
            }
            considered += 1;
            if object.name == "node"
                && !attributes
                    .iter()
                    .any(|(n, v)| n == "groups" && !v.is_empty())
            {
                context.push(Document::error(format!(
                    "Attribute 'groups' is not specified for node '{name}', skipping to the next node."
                )));
                failed = true;
                // RQ16: the older line leaves the node behind.
                if release == Release::E && context.settings().quirk("RQ16") {
                    context.tables_mut(|db| {
                        db.set("nodelist", "node", &name, &[]);
                        store(db, release, *object, &name, &attributes, Mode::Replace);
                    });
                }
                continue;
            }
            let unmet = context.tables_mut(|db| create(db, release, *object, &name, &attributes));
            if unmet.is_empty() {
                made += 1;
            } else {
                failed = true;
                refuse(context, &unmet);
            }
        }
    }
    finish(context, failed, made, considered);
}

/// What came of the attributes given.
pub(super) enum Attributes {
    /// In order.
    Good(Vec<(String, String)>),
    /// Some were not; the rest.
    Failed(Vec<(String, String)>),
    /// There are none, and that has been said.
    Missing,
}

/// Checks the names of the attributes given.
fn attributes(context: &Context, request: &DefRequest, object: ObjectType) -> Attributes {
    let release = context.settings().release;
    let dynamic = object.name == "group" && request.options.has("d");
    if request.attributes.is_empty() && !dynamic {
        if release == Release::E {
            context.push(Document::of(
                "info",
                ["0 object definitions have been created or modified."],
            ));
        } else {
            let mut text =
                "No object definitions have been created or modified: no attributes were specified."
                    .to_owned();
            if object.name == "node" {
                text += " The 'groups' attribute is required when creating node definitions.";
            }
            context.push(Document::error(text));
            fail(context);
        }
        return Attributes::Missing;
    }
    check(context, request, object)
}

/// Leaves out attributes that the type has not, with a complaint for each.
pub(super) fn check(context: &Context, request: &DefRequest, object: ObjectType) -> Attributes {
    let release = context.settings().release;
    let mut failed = false;
    let mut good = Vec::new();
    for (name, value) in &request.attributes {
        if object.has(release, name) {
            good.push((name.clone(), value.clone()));
        } else {
            failed = true;
            context.push(
                Document::of(
                    "error",
                    [
                        format!(
                            "'{name}' is not a valid attribute name for an object type of '{}'.",
                            object.name
                        ),
                        "Skipping to the next attribute.".to_owned(),
                    ],
                )
                .with("errorcode", ["1"]),
            );
        }
    }
    if failed {
        Attributes::Failed(good)
    } else {
        Attributes::Good(good)
    }
}

/// Writes a new object.
pub(super) fn create(
    db: &mut Database,
    release: Release,
    object: ObjectType,
    name: &str,
    attributes: &[(String, String)],
) -> Vec<Unmet> {
    let unmet = store(db, release, object, name, attributes, Mode::Replace);
    if unmet.is_empty() && object.name == "group" && !groups::is_dynamic(db, name) {
        db.set("nodegroup", "groupname", name, &[("grouptype", "static")]);
    }
    unmet
}

/// An object that exists is left alone; whether that makes the command fail.
fn already(context: &Context, name: &str) -> bool {
    if context.settings().release == Release::E {
        context.push(
            Document::of(
                "error",
                [
                    format!("\nA definition for '{name}' already exists."),
                    "To remove the old definition and replace it with \na new definition use the force '-f' option.".to_owned(),
                    "To change the existing definition use the 'chdef' command.".to_owned(),
                ],
            )
            .with("errorcode", ["1"]),
        );
        return true;
    }
    context.push(Document::of(
        "warning",
        [format!(
            "A definition for '{name}' already exists. No changes will be made.  Run again with '-f' option to force replace."
        )],
    ));
    false
}

/// What is wrong with a name, if anything.
pub(super) fn bad_name(release: Release, object: ObjectType, name: &str) -> Option<String> {
    if object.name != "node" {
        return None;
    }
    if name.contains('.') && release != Release::E {
        return Some(format!(
            "The object name '{name}' is invalid, Cannot use '.' in node name."
        ));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (!name.chars().all(legal)).then(|| {
        format!("The object name '{name}' is invalid, please refer to \"man xcatdb\" for the valid \"xCAT Object Name Format\"")
    })
}

/// What is wrong with a new network, if anything.
pub(super) fn bad_network(
    db: &Database,
    release: Release,
    name: &str,
    attributes: &[(String, String)],
) -> Option<String> {
    let given = |wanted: &str| {
        attributes
            .iter()
            .find(|(n, _)| n == wanted)
            .map_or("", |(_, v)| v.as_str())
    };
    let (net, mask) = (given("net"), given("mask"));
    if release != Release::E {
        if db.find("networks", &[("netname", name)]).next().is_some() {
            return Some(format!(
                "A network definition called '{name}' already exists. Cannot create a definition for '{name}'."
            ));
        }
        if net.is_empty() || mask.is_empty() {
            return Some(format!(
                "Net or mask value should not be empty for xCAT network object '{name}'."
            ));
        }
    }
    let same = db
        .find("networks", &[("net", net), ("mask", mask)])
        .next()?;
    let other = same.get("netname").map_or("", String::as_str);
    (other != name).then(|| {
        format!("A network definition called '{other}' already exists that contains the same net and mask values. Cannot create a definition for '{name}'.")
    })
}

/// Says which attributes could not be set.
pub(super) fn refuse(context: &Context, unmet: &[Unmet]) {
    let older = context.settings().release == Release::E;
    for Unmet {
        attribute,
        needs,
        value,
    } in unmet
    {
        if older {
            context.push(Document::of(
                "info",
                [format!(
                    "The value of '{needs}' decides which attributes can be set."
                )],
            ));
        }
        context.push(Document::error(if older {
            format!("Cannot set the attr='{attribute}' attribute unless '{needs}={value}'.")
        } else {
            format!("Cannot set the attr='{attribute}' attribute unless {needs} value is {value}.")
        }));
    }
}

/// The last documents of `mkdef` and of a `chdef` that fails.
pub(super) fn finish(context: &Context, failed: bool, made: usize, considered: usize) {
    if failed {
        let space = if context.settings().release == Release::E {
            "\n"
        } else {
            ""
        };
        let document = Document::error(format!(
            "One or more errors occured when attempting to create or modify xCAT {space}object definitions."
        ));
        context.push(counted(context, document, considered));
        fail(context);
        return;
    }
    let text = format!("{made} object definitions have been created or modified.");
    let document = if made == 0 {
        Document::error(text)
    } else {
        Document::of("info", [text])
    };
    context.push(counted(context, document, made));
}
