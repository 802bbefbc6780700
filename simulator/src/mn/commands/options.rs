//! Options of xCAT's commands, read as Perl's option parser does: anywhere among the operands, short ones bundled or
//! with their value attached, long ones by any unambiguous beginning, `--` ends them.

/// What was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    given: Vec<(&'static str, String)>,
    /// What is not an option, in order.
    pub operands: Vec<String>,
    /// Options that are not known, as typed.
    pub unknown: Vec<String>,
}

impl Options {
    /// Reads arguments. `spec` lists the options as `t|type=` (takes a value) or `l|long` (does not); an option is
    /// known afterwards by its first name.
    pub fn read(spec: &[&'static str], args: &[String]) -> Self {
        Self::read_all(spec, args, false)
    }

    /// Reads arguments of which the first operand and all that follow are a command of their own.
    pub fn read_leading(spec: &[&'static str], args: &[String]) -> Self {
        Self::read_all(spec, args, true)
    }

    fn read_all(spec: &[&'static str], args: &[String], leading: bool) -> Self {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if leading && !options.operands.is_empty() {
                options.operands.push(arg.clone());
            } else if arg == "--" {
                options.operands.extend(args.by_ref().cloned());
            } else if let Some(long) = arg.strip_prefix("--") {
                let (name, attached) = long
                    .split_once('=')
                    .map_or((long, None), |(n, v)| (n, Some(v)));
                match find(spec, name, true) {
                    Some((name, true)) => {
                        let value = attached.map(str::to_owned).or_else(|| args.next().cloned());
                        options.give(name, value, arg);
                    }
                    Some((name, false)) => options.give(name, Some(String::new()), arg),
                    None => options.unknown.push(arg.clone()),
                }
            } else if arg.len() > 1 && arg.starts_with('-') {
                let mut rest = &arg[1..];
                while let Some(c) = rest.chars().next() {
                    let (letter, after) = rest.split_at(c.len_utf8());
                    rest = after;
                    match find(spec, letter, false) {
                        Some((name, true)) => {
                            let value = if rest.is_empty() {
                                args.next().cloned()
                            } else {
                                Some(rest.strip_prefix('=').unwrap_or(rest).to_owned())
                            };
                            options.give(name, value, arg);
                            break;
                        }
                        Some((name, false)) => options.give(name, Some(String::new()), arg),
                        None => {
                            options.unknown.push(arg.clone());
                            break;
                        }
                    }
                }
            } else {
                options.operands.push(arg.clone());
            }
        }
        options
    }

    fn give(&mut self, name: &'static str, value: Option<String>, arg: &str) {
        match value {
            Some(value) => self.given.push((name, value)),
            None => self.unknown.push(arg.to_owned()),
        }
    }

    /// Whether an option was given.
    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(n, _)| *n == name)
    }

    /// The last value of an option.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).last()
    }

    /// All values of an option, in order.
    pub fn values(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.given
            .iter()
            .filter(move |(n, _)| *n == name)
            .map(|(_, v)| v.as_str())
    }
}

/// First name of the option that was meant and whether it takes a value.
fn find(spec: &[&'static str], typed: &str, beginning: bool) -> Option<(&'static str, bool)> {
    let options = || {
        spec.iter().map(|option| {
            option
                .strip_suffix('=')
                .map_or((*option, false), |o| (o, true))
        })
    };
    let first = |names: &'static str| names.split('|').next().unwrap_or(names);
    let exact = options().find(|(names, _)| names.split('|').any(|n| n == typed));
    if let Some((names, value)) = exact {
        return Some((first(names), value));
    }
    if !beginning || typed.is_empty() {
        return None;
    }
    let mut begun = options().filter(|(names, _)| names.split('|').any(|n| n.starts_with(typed)));
    match (begun.next(), begun.next()) {
        (Some((names, value)), None) => Some((first(names), value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Options;

    const SPEC: &[&str] = &["t|type=", "o=", "l|long", "V|verbose", "v|version"];

    fn read(args: &[&str]) -> Options {
        let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
        Options::read(SPEC, &args)
    }

    #[test]
    fn options_may_stand_anywhere() {
        let options = read(&["a=b", "-t", "node", "n1", "-lV", "-on2", "--", "-x"]);
        assert_eq!(options.operands, ["a=b", "n1", "-x"]);
        assert_eq!(options.value("t"), Some("node"));
        assert_eq!(options.value("o"), Some("n2"));
        assert!(options.has("l") && options.has("V") && !options.has("v"));
    }

    #[test]
    fn long_names_may_be_begun_and_unknown_ones_are_kept() {
        let options = read(&["--typ=x", "--ver", "-q", "-t"]);
        assert_eq!(options.value("t"), Some("x"));
        assert_eq!(options.unknown, ["--ver", "-q", "-t"]);
    }

    proptest! {
        #[test]
        fn any_arguments_are_read(args in proptest::collection::vec("[-tolVä= ]{0,6}", 0..6)) {
            Options::read(SPEC, &args);
        }
    }
}
