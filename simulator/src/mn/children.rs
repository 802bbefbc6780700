//! The children of an answer document.

use std::borrow::Cow;
use std::ops::Index;

use super::Element;

/// Names that nearly all children have: they are not copied.
const NAMES: [&str; 7] = [
    "info",
    "xcatdsource",
    "error",
    "errorcode",
    "data",
    "node",
    "name",
];

/// Children by name in alphabetical order, each a list. There are few, so they stand in a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Children(Vec<(Cow<'static, str>, Vec<Element>)>);

impl Children {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name))
    }

    /// The list of a name, when there is one.
    pub fn get(&self, name: &str) -> Option<&Vec<Element>> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Vec<Element>> {
        self.find(name).ok().map(|at| &mut self.0[at].1)
    }

    /// Whether there is a list of this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// The list of a name, an empty one when there was none.
    pub fn list(&mut self, name: &str) -> &mut Vec<Element> {
        let at = self.find(name).unwrap_or_else(|at| {
            let name = NAMES
                .iter()
                .find(|known| **known == name)
                .map_or_else(|| name.to_owned().into(), |known| (*known).into());
            self.0.insert(at, (name, Vec::with_capacity(1)));
            at
        });
        &mut self.0[at].1
    }

    /// Takes the list of a name away.
    pub fn remove(&mut self, name: &str) -> Option<Vec<Element>> {
        self.find(name).ok().map(|at| self.0.remove(at).1)
    }

    /// Names and lists, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Vec<Element>)> {
        self.0.iter().map(|(name, list)| (&**name, list))
    }

    /// Names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// Lists, by name.
    pub fn values(&self) -> impl Iterator<Item = &Vec<Element>> {
        self.iter().map(|(_, list)| list)
    }
}

impl Index<&str> for Children {
    type Output = Vec<Element>;

    fn index(&self, name: &str) -> &Vec<Element> {
        const NONE: &Vec<Element> = &Vec::new();
        self.get(name).unwrap_or(NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_in_order_of_their_names() {
        let mut children = Children::default();
        for name in ["node", "info", "zz", "errorcode", "info", "a"] {
            children.list(name).push(Element::Text(name.to_owned()));
        }
        let names: Vec<&str> = children.keys().collect();
        assert_eq!(names, ["a", "errorcode", "info", "node", "zz"]);
        assert_eq!(children["info"].len(), 2);
        assert_eq!(children.remove("zz").map(|list| list.len()), Some(1));
        assert!(children.get("zz").is_none() && children["zz"].is_empty());
        assert!(!children.contains_key("zz") && !children.is_empty());
    }
}
