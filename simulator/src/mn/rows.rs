//! The rows of a pool in an answer, put into words by whoever needs the words.

use std::sync::OnceLock;

use super::zvm::contents::Contents;
use crate::world::PoolText;
use crate::world::pool_text::{Framed, is_plain};

/// The rows of one pool, each with the name of a node in front. What an inventory answers can be as long as the pool,
/// and a front door that writes it out needs it only once: so the rows stay where they are until then.
#[derive(Clone, Debug)]
pub struct Rows {
    pool: PoolText,
    before: String,
    text: OnceLock<String>,
}

impl Rows {
    /// The rows as [`append_hostname`](super::zvm::text::append_hostname) prefixes them; `None` where they have to be
    /// looked at as a text, since an encoding changes them or a word in them changes the answer.
    pub fn new(node: &str, contents: &Contents) -> Option<Self> {
        let pool = contents.single()?;
        let ends = pool.lines().next_back().is_some_and(|row| !row.is_empty());
        let before = format!("{node}: ");
        let is_good = ends && pool.is_plain() && is_plain(node);
        let rows = Self {
            pool: pool.clone(),
            before,
            text: OnceLock::new(),
        };
        (is_good && rows.framed(LINE_END).is_some()).then_some(rows)
    }

    /// The text: every row with the node in front and a newline behind.
    pub fn text(&self) -> &str {
        self.text.get_or_init(|| {
            let mut text = String::new();
            for row in self.pool.lines() {
                text.push_str(&self.before);
                text.push_str(row);
                text.push('\n');
            }
            text
        })
    }

    /// The rows to be written with this behind each instead of a newline; `None` when it is too long.
    pub fn framed(&self, behind: &str) -> Option<Framed> {
        Framed::new(self.pool.clone(), &self.before, behind)
    }
}

/// The longest of the texts that stand for a newline.
const LINE_END: &str = "\\n";

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mn::zvm::text::append_hostname;

    #[test]
    fn rows_are_what_the_text_would_be() {
        for text in ["#status\nfree,a,b,8G,,,,\n", "a\n\nb", "free,a"] {
            let rows = Rows::new("zvm1", &Contents::of_text(text)).unwrap();
            assert_eq!(rows.text(), append_hostname("zvm1", text));
        }
        for text in [
            "",
            "\n",
            "a\n\n",
            "a\"\n",
            "used,a,b,,,failed,\n",
            "a (error)\n",
        ] {
            assert_eq!(
                Rows::new("zvm1", &Contents::of_text(text)),
                None,
                "{text:?}"
            );
        }
        let contents = Contents::of_text("a\n");
        assert_eq!(Rows::new(&"n".repeat(40), &contents), None);
        assert_eq!(Rows::new("failed", &contents), None);
        let two = vec![PoolText::new("a\n"), PoolText::new("b\n")];
        assert_eq!(Rows::new("zvm1", &Contents::new(two)), None);
    }
}
