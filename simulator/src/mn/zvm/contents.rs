//! What the management node fetched from pool files and works on until it fetches again (spec: scsi-pools 0.7).

use crate::world::PoolText;
use crate::world::pool_text::{ChannelClass, simple_pattern};

/// Text of one or several pool files, one behind the other. Another copy of it may have changed meanwhile: that is how
/// updates race (Q1 to Q5).
#[derive(Clone, Debug, Default)]
pub struct Contents {
    pools: Vec<PoolText>,
}

impl Contents {
    /// These pools, one behind the other. A pool whose last line has no newline runs into the next one, as with `cat`.
    pub fn new(pools: Vec<PoolText>) -> Self {
        let runs_on = pools
            .iter()
            .take(pools.len().saturating_sub(1))
            .any(PoolText::is_open);
        if runs_on {
            let mut text = String::new();
            for pool in &pools {
                pool.append_to(&mut text);
            }
            return Self::of_text(&text);
        }
        Self { pools }
    }

    /// A text that came as such.
    pub fn of_text(text: &str) -> Self {
        Self {
            pools: vec![PoolText::new(text)],
        }
    }

    /// The pool, when it is one.
    pub fn single(&self) -> Option<&PoolText> {
        match &self.pools[..] {
            [pool] => Some(pool),
            _ => None,
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.pools.iter().map(PoolText::len).sum()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a shell would change something of it in double quotes.
    pub fn is_for_shell(&self) -> bool {
        self.pools.iter().any(PoolText::is_for_shell)
    }

    /// The text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for pool in &self.pools {
            pool.append_to(&mut text);
        }
        text
    }

    /// Number of lines as Perl's `split` counts them: trailing empty ones do not count.
    pub fn line_count(&self) -> usize {
        let all: usize = self.pools.iter().map(PoolText::line_count).sum();
        let empty = self
            .pools
            .iter()
            .rev()
            .flat_map(|pool| pool.lines().rev())
            .take_while(|line| line.is_empty())
            .count();
        all - empty
    }

    /// Lines for which `is_match` holds, in order. `pattern`, the regular expression behind it, narrows the search.
    pub fn matching<'a>(&'a self, pattern: &str, is_match: impl Fn(&str) -> bool) -> Vec<&'a str> {
        let literal = simple_pattern(pattern);
        self.pools
            .iter()
            .flat_map(|pool| pool.matching(literal, &is_match))
            .collect()
    }

    /// The earliest of the smallest free rows of at least `megabytes` (spec: scsi-pools 3.3).
    pub fn best_fit(&self, megabytes: f64) -> Option<&str> {
        let mut rows = self
            .pools
            .iter()
            .filter_map(|pool| pool.best_fit(megabytes));
        let row = rows.next();
        debug_assert!(rows.next().is_none(), "best fit looks at one pool");
        row
    }

    /// Texts of the channel fields of rows of a class; each once for each pool.
    pub fn channels(&self, class: ChannelClass) -> impl Iterator<Item = &str> {
        self.pools.iter().flat_map(move |pool| pool.channels(class))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_pool_runs_into_the_next_one() {
        let pools = || vec![PoolText::new("a\nb"), PoolText::new("c\n\n\n")];
        let contents = Contents::new(pools());
        assert_eq!(contents.text(), "a\nbc\n\n\n");
        assert_eq!(contents.line_count(), 2);
        assert_eq!(contents.matching("c", |l| l.contains('c')), ["bc"]);
    }
}
