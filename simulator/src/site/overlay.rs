//! Site files that build on another one (`base = "lab"`): what they say is added to what the base says, replaces it, or
//! takes it away (`absent = true`). So one thing of a site can be broken in a few lines.
//!
//! Tables are merged key by key. Lists of tables are merged by what tells their members apart ([`IDENTITY`]); rows of
//! xCAT's tables follow those of the base; every other value replaces that of the base.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{SiteFile, of_table, table};
use super::{SiteProblem, embedded};

/// Most files that build on each other.
const DEPTH: usize = 8;

/// Lists of tables, and the key that tells their members apart.
const IDENTITY: &[(&str, &str)] = &[
    ("mn.user", "name"),
    ("system", "name"),
    ("system.fcp", "devices"),
    ("system.guest", "node"),
    ("system.pool", "name"),
    ("system.diskpool", "name"),
    ("system.lan", "name"),
    ("system.user", "userid"),
    ("system.dasd", "device"),
    ("san.port", "wwpn"),
    ("san.volume", "name"),
    ("san.zone", "name"),
    ("san.mask", "volumes"),
];

/// One of the texts.
#[derive(Debug)]
struct Part {
    /// Name of the site or file; none for the one that was asked for.
    name: Option<String>,
    /// Where it begins in the whole text.
    start: usize,
}

/// The texts of a site file and of those that it builds on, the lowest first, as one text.
#[derive(Debug)]
pub(super) struct Whole {
    text: String,
    parts: Vec<Part>,
    /// Where the last part names its base.
    base: usize,
}

/// The base that a text names.
fn base_of(text: &str) -> Result<Option<Spanned<String>>, Vec<SiteProblem>> {
    #[derive(Deserialize)]
    struct Name {
        base: Option<Spanned<String>>,
    }
    of_table::<Name>(text, table(text)?).map(|n| n.base)
}

/// The text of a base, and the folder from which its own base counts.
fn read(base: &str, folder: Option<&Path>) -> Result<(String, Option<std::path::PathBuf>), String> {
    if let Some(text) = embedded::text(base) {
        return Ok((text.to_owned(), None));
    }
    if embedded::preset(base).is_some() {
        return Err(format!(
            "'{base}' is a preset, on which no site file can build"
        ));
    }
    let Some(folder) = folder else {
        return Err(format!(
            "a site given as text can build on 'lab', 'empty' and 'zfcp' only, not on '{base}'"
        ));
    };
    let path = folder.join(base);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((text, path.parent().map(Path::to_owned))),
        Err(error) => Err(format!("base '{base}' cannot be read: {error}")),
    }
}

impl Whole {
    /// Gathers a text and what it builds on. File names count from `folder`.
    ///
    /// # Errors
    /// A base that cannot be read or used.
    pub(super) fn gather(text: &str, folder: Option<&Path>) -> Result<Self, Vec<SiteProblem>> {
        let first = base_of(text)?;
        let at = first.as_ref().map_or(0, |base| base.span().start);
        let refuse = |message: String| vec![SiteProblem::at(text, at, message)];
        let mut texts = vec![(None, text.to_owned())];
        let mut folder = folder.map(Path::to_owned);
        let mut base = first.map(Spanned::into_inner);
        while let Some(name) = base {
            if texts.len() > DEPTH {
                return Err(refuse(format!(
                    "more than {DEPTH} site files build on each other, or they do in a circle"
                )));
            }
            let (text, next) = read(&name, folder.as_deref()).map_err(refuse)?;
            folder = next;
            base = base_of(&text)
                .map_err(|problems| {
                    let list = problems.iter().map(|p| format!("in base {name}, {p}"));
                    refuse(list.collect::<Vec<_>>().join("; "))
                })?
                .map(Spanned::into_inner);
            texts.push((Some(name), text));
        }
        let mut whole = Self {
            text: String::new(),
            parts: Vec::new(),
            base: 0,
        };
        for (name, text) in texts.into_iter().rev() {
            let start = whole.text.len();
            whole.parts.push(Part { name, start });
            whole.text.push_str(&text);
            whole.text.push('\n');
        }
        whole.base = whole.parts.last().map_or(0, |p| p.start) + at;
        Ok(whole)
    }

    /// All texts, one after the other; places of what [`Self::parse`] gives count in it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The site file that the texts make together.
    ///
    /// # Errors
    /// What is wrong, with lines of the whole text; see [`Self::placed`].
    pub(super) fn parse(&self) -> Result<SiteFile, Vec<SiteProblem>> {
        let bad = |e: &toml::de::Error| super::file::problem(&self.text, e);
        // Each is read at its place in the whole, so that what it says keeps that place.
        let ends = self.parts.iter().skip(1).map(|p| p.start);
        let texts: Vec<String> = self
            .parts
            .iter()
            .zip(ends.chain([self.text.len()]))
            .map(|(part, end)| " ".repeat(part.start) + &self.text[part.start..end])
            .collect();
        let mut problems = Vec::new();
        let mut merged = DeTable::new();
        for text in &texts {
            let mut over = DeTable::parse(text).map_err(|e| bad(&e))?.into_inner();
            over.remove("base");
            merge(&mut merged, over, "", &mut problems);
        }
        if !problems.is_empty() {
            return Err(problems
                .into_iter()
                .map(|(at, message)| SiteProblem::at(&self.text, at.start, message))
                .collect());
        }
        let whole = Spanned::new(0..self.text.len(), merged);
        SiteFile::deserialize(toml::de::Deserializer::from(whole)).map_err(|e| bad(&e))
    }

    /// Problems with the lines of the text that was asked for; those of a base say so, and stand where it is named.
    pub(super) fn placed(&self, problems: Vec<SiteProblem>) -> Vec<SiteProblem> {
        let line_of = |at: usize| SiteProblem::at(&self.text, at, "").line;
        let starts: Vec<usize> = self.parts.iter().map(|p| line_of(p.start)).collect();
        let last = starts.last().copied().unwrap_or(1);
        let placed = |problem: SiteProblem| {
            if problem.line == 0 {
                return problem;
            }
            let at = starts.iter().rposition(|s| *s <= problem.line).unwrap_or(0);
            let line = problem.line - starts.get(at).copied().unwrap_or(1) + 1;
            match self.parts.get(at).and_then(|p| p.name.as_ref()) {
                None => SiteProblem { line, ..problem },
                Some(name) => SiteProblem {
                    line: line_of(self.base) - last + 1,
                    message: format!("in base {name}, line {line}: {}", problem.message),
                },
            }
        };
        problems.into_iter().map(placed).collect()
    }
}

/// What stands at a place and is wrong.
type Problems = Vec<(Range<usize>, String)>;

/// Puts `over` on top of `into`; `path` is where both stand.
fn merge<'i>(into: &mut DeTable<'i>, over: DeTable<'i>, path: &str, problems: &mut Problems) {
    for (key, value) in over {
        let here = match path {
            "" => key.get_ref().to_string(),
            path => format!("{path}.{}", key.get_ref()),
        };
        let identity = IDENTITY.iter().find(|(list, _)| *list == here);
        let old = into.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut);
        let span = value.span();
        match (old, value.into_inner(), identity) {
            (Some(DeValue::Table(old)), DeValue::Table(new), _) => merge(old, new, &here, problems),
            (Some(DeValue::Array(old)), DeValue::Array(new), Some((list, id))) => {
                for member in new {
                    merge_member(old, member, (list, id), problems);
                }
            }
            (Some(DeValue::Array(old)), DeValue::Array(new), None) if path == "tables" => {
                for row in new {
                    old.push(row);
                }
            }
            (_, value, _) => {
                into.insert(key, Spanned::new(span, value));
            }
        }
    }
}

/// Puts one table of a list on top of the one of the same identity, after the others, or takes that one away.
fn merge_member<'i>(
    into: &mut toml::de::DeArray<'i>,
    member: Spanned<DeValue<'i>>,
    (list, id): (&str, &str),
    problems: &mut Problems,
) {
    let span = member.span();
    let DeValue::Table(mut member) = member.into_inner() else {
        problems.push((span, format!("{list} is a list of tables")));
        return;
    };
    let at = into.iter().position(|old| {
        let old = old.get_ref().as_table().and_then(|t| t.get(id));
        old.zip(member.get(id))
            .is_some_and(|(old, new)| is_same(old.get_ref(), new.get_ref()))
    });
    let absent = member.remove("absent").map(Spanned::into_inner);
    match (at, absent) {
        (_, Some(absent)) if absent.as_bool().is_none() => {
            problems.push((span, "absent is true or false".to_owned()));
        }
        (Some(at), Some(DeValue::Boolean(true))) => {
            let kept = std::mem::replace(into, toml::de::DeArray::new())
                .into_iter()
                .enumerate();
            *into = kept
                .filter(|(index, _)| *index != at)
                .map(|(_, value)| value)
                .collect();
        }
        (None, Some(DeValue::Boolean(true))) => {
            let message = format!("the base has no {list} of this {id}, which could be absent");
            problems.push((span, message));
        }
        (Some(at), _) => {
            if let Some(DeValue::Table(old)) = into.get_mut(at).map(Spanned::get_mut) {
                merge(old, member, list, problems);
            }
        }
        (None, _) => into.push(Spanned::new(span, DeValue::Table(member))),
    }
}

/// Whether two identities are the same: texts without regard to case, or lists of them.
fn is_same(one: &DeValue<'_>, other: &DeValue<'_>) -> bool {
    match (one, other) {
        (DeValue::String(one), DeValue::String(other)) => one.eq_ignore_ascii_case(other),
        (DeValue::Array(one), DeValue::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_same(one.get_ref(), other.get_ref()))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{from_text, lab, load};
    use crate::world::{DeviceNumber, Wwpn};

    fn on_lab(rest: &str) -> Result<crate::world::World, String> {
        let text = format!("schema = 1\nname = \"x\"\nbase = \"lab\"\n{rest}");
        from_text("x.toml", &text).map_err(|e| e.to_string())
    }

    #[test]
    fn nothing_said_is_the_base() {
        let world = on_lab("").unwrap();
        assert_eq!(world.name, "x");
        assert_eq!(
            crate::world::World {
                name: "lab".to_owned(),
                ..world
            },
            lab()
        );
    }

    #[test]
    fn members_are_added_changed_and_taken_away() {
        let world = on_lab(
            r#"
[[system]]
name = "ZVM1"
[[system.fcp]]
devices = "1A00-1A0F"
chpid = "52"
[[system.guest]]
node = "lnx9"
userid = "LNX9"
ip = "10.10.1.9"
distribution = "rhel7"
[[system.guest]]
node = "lnx3"
absent = true
[[san.zone]]
name = "zvm2"
absent = true
[[san.mask]]
volumes = ["one*", "two*"]
initiators = []
[[tables.postscripts]]
node = "lnx9"
postscripts = "x"
"#,
        )
        .unwrap();
        let system = &world.systems["ZVM1"];
        assert_eq!(system.fcp[&DeviceNumber(0x1a00)].chpid, "52");
        assert_eq!(
            system.fcp[&DeviceNumber(0x1a00)].npiv_wwpn,
            Some(Wwpn(0xc050_76e8_a000_1a00))
        );
        assert!(world.linuxes.contains_key("lnx9") && !world.linuxes.contains_key("lnx3"));
        assert!(!world.san.zones.contains_key("zvm2"));
        assert!(
            world
                .san
                .masks
                .values()
                .all(|m| !m.contains(&Wwpn(0xc050_76e8_a000_1a00)))
        );
        let row = world
            .mn
            .tables
            .get("postscripts", "node", "lnx9", "postscripts");
        assert_eq!(row, Some("x"));
    }

    #[test]
    fn problems_stand_in_the_text_that_was_asked_for() {
        let problems = [
            on_lab("[[san.zone]]\nname = \"nosuch\"\nabsent = true\n"),
            on_lab("[[san.zone]]\nname = \"zvm1\"\nmembers = [\"zz\"]\n"),
            on_lab("[[system]]\nname = \"ZVM2\"\n[[system.fcp]]\ndevices = \"2A00-2A07\"\nabsent = true\n"),
            on_lab("colour = \"red\"\n"),
            on_lab("[san\n"),
        ]
        .map(Result::unwrap_err)
        .join("\n");
        insta::assert_snapshot!(problems);
        let text = "schema = 1\nname = \"x\"\nbase = \"other.toml\"\n";
        let error = from_text("x", text).unwrap_err().to_string();
        assert!(
            error.contains("x:3: a site given as text can build on"),
            "{error}"
        );
        let error = from_text("x", &text.replace("other.toml", "fresh")).unwrap_err();
        assert!(error.to_string().contains("'fresh' is a preset"), "{error}");
    }

    #[test]
    fn files_build_on_files_beside_them_but_not_in_a_circle() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, base: &str| {
            let path = folder.path().join(name);
            let text = format!("schema = 1\nname = \"{name}\"\nbase = \"{base}\"\n");
            std::fs::write(&path, text).unwrap();
            path
        };
        write("one.toml", "lab");
        let two = write("two.toml", "one.toml");
        assert_eq!(load(&two).unwrap().linuxes, lab().linuxes);
        write("one.toml", "two.toml");
        let error = load(&two).unwrap_err().to_string();
        assert!(error.contains("in a circle"), "{error}");
        let error = load(&write("three.toml", "none.toml")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(":3: base 'none.toml' cannot be read"),
            "{error}"
        );
    }
}
