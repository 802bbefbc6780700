//! The variables of a shell. A program gets all of its shell's, and nearly none changes one: copies share them until
//! then.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

/// Variables by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(Arc<BTreeMap<String, String>>);

impl Variables {
    /// Those of a fresh login shell of a user with this home.
    pub(super) fn of_login(user: &str, home: &str) -> Self {
        static ROOT: OnceLock<Variables> = OnceLock::new();
        let of = |user: &str| {
            [
                ("HOME", home),
                ("USER", user),
                ("SHELL", "/bin/bash"),
                (
                    "PATH",
                    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                ),
                ("PWD", home),
            ]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
        };
        match user {
            "" | "root" => ROOT.get_or_init(|| of("root")).clone(),
            user => of(user),
        }
    }
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(Arc::new(variables.into_iter().collect()))
    }
}

impl Deref for Variables {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Variables {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_what_it_was() {
        let mut one = Variables::of_login("", "/root");
        let two = one.clone();
        one.insert("USER".to_owned(), "x".to_owned());
        assert_eq!(two["USER"], "root");
        assert_eq!(Variables::of_login("root", "/root"), two);
        assert_eq!(Variables::of_login("adm", "/home/adm")["PWD"], "/home/adm");
    }
}
