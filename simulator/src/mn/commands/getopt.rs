//! Options as Perl's Getopt::Long reads them by default: with one hyphen or two, in any case, by any unambiguous
//! beginning, not bundled. What it does not know it leaves out, with a warning that only the server sees.

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing.
    Nothing,
    /// A text.
    Text,
    /// A whole number.
    Number,
}

/// Options by their first name, with the value given last.
#[derive(Debug, Default)]
pub(super) struct Given {
    values: Vec<(&'static str, String)>,
}

impl Given {
    /// Reads arguments. An option is described by its names, `s|stdin`, and what it takes.
    pub(super) fn read(options: &[(&'static str, Takes)], args: &[String]) -> Self {
        let mut given = Self::default();
        let mut args = args.iter().peekable();
        while let Some(arg) = args.next() {
            if arg == "--" {
                break;
            }
            let Some(typed) = arg
                .strip_prefix("--")
                .or_else(|| arg.strip_prefix('-'))
                .filter(|typed| !typed.is_empty())
            else {
                continue;
            };
            let (typed, attached) = typed
                .split_once('=')
                .map_or((typed, None), |(name, value)| {
                    (name, Some(value.to_owned()))
                });
            let Some((name, takes)) = find(options, typed) else {
                continue;
            };
            if takes == Takes::Nothing {
                given.values.push((name, "1".to_owned()));
                continue;
            }
            let fits = |value: &str| takes == Takes::Text || value.parse::<i64>().is_ok();
            let next = || {
                args.next_if(|next| {
                    let is_option = next.len() > 1 && next.starts_with('-');
                    fits(next) && (takes == Takes::Number || !is_option)
                })
                .cloned()
            };
            if let Some(value) = attached.or_else(next).filter(|value| fits(value)) {
                given.values.push((name, value));
            }
        }
        given
    }

    /// Value of an option; empty when it was not given.
    pub(super) fn value(&self, name: &str) -> &str {
        self.values
            .iter()
            .rev()
            .find(|(given, _)| *given == name)
            .map_or("", |(_, value)| value)
    }

    /// Whether an option was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.iter().any(|(given, _)| *given == name)
    }
}

/// The option that is meant.
fn find(options: &[(&'static str, Takes)], typed: &str) -> Option<(&'static str, Takes)> {
    let names = |names: &'static str| names.split('|');
    let first = |all: &'static str| all.split('|').next().unwrap_or(all);
    let exact = options
        .iter()
        .find(|(all, _)| names(all).any(|name| name.eq_ignore_ascii_case(typed)));
    if let Some((all, takes)) = exact {
        return Some((first(all), *takes));
    }
    let begins = |name: &str| {
        name.get(..typed.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(typed))
    };
    let mut begun = options.iter().filter(|(all, _)| names(all).any(begins));
    match (begun.next(), begun.next()) {
        (Some((all, takes)), None) => Some((first(all), *takes)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OPTIONS: &[(&str, Takes)] = &[
        ("s|stdin", Takes::Nothing),
        ("p|profile", Takes::Text),
        ("w|password", Takes::Text),
        ("c|cpus", Takes::Number),
        ("d|diskpool", Takes::Text),
        ("v|diskvdev", Takes::Text),
    ];

    fn read(args: &[&str]) -> Given {
        let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
        Given::read(OPTIONS, &args)
    }

    #[test]
    fn names_may_be_begun_in_any_case() {
        let given = read(&[
            "file", "--PROF", "osdflt", "-diskV", "0100", "--cpus=2", "-s",
        ]);
        assert_eq!(given.value("p"), "osdflt");
        assert_eq!(given.value("v"), "0100");
        assert_eq!(given.value("c"), "2");
        assert!(given.has("s"));
    }

    #[test]
    fn what_is_not_known_or_does_not_fit_is_left_out() {
        let given = read(&[
            "--imagename",
            "x",
            "--disk",
            "y",
            "-c",
            "two",
            "--profile",
            "--password",
            "z",
        ]);
        assert_eq!(given.value("c"), "");
        assert_eq!(given.value("d"), "");
        assert_eq!(given.value("p"), "");
        assert_eq!(given.value("w"), "z");
    }

    proptest! {
        #[test]
        fn any_arguments_are_read(args in proptest::collection::vec("[-spcv=ä0 ]{0,6}", 0..6)) {
            Given::read(OPTIONS, &args);
        }
    }
}
