//! Option parsing in the manner of GNU getopt: options anywhere, `--` ends them, short ones may be bundled.

/// Options and operands of one call.
#[derive(Debug, Default)]
pub struct Options {
    /// Options in order: short ones as `-x`, long ones as `--name`, with their values.
    pub options: Vec<(String, String)>,
    /// Everything else.
    pub operands: Vec<String>,
}

impl Options {
    /// Reads words after the program's name. `valued` are short options that take a value; `long_valued` long ones.
    pub fn read(words: &[String], valued: &str, long_valued: &[&str]) -> Self {
        let mut read = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                read.operands.extend(words.by_ref().cloned());
            } else if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, value.to_owned()),
                    None if long_valued.contains(&long) => {
                        (long, words.next().cloned().unwrap_or_default())
                    }
                    None => (long, String::new()),
                };
                read.options.push((format!("--{name}"), value));
            } else if word.len() > 1 && word.starts_with('-') {
                for (at, c) in word.char_indices().skip(1) {
                    if valued.contains(c) {
                        let rest = &word[at + c.len_utf8()..];
                        let value = if rest.is_empty() {
                            words.next().cloned().unwrap_or_default()
                        } else {
                            rest.to_owned()
                        };
                        read.options.push((format!("-{c}"), value));
                        break;
                    }
                    read.options.push((format!("-{c}"), String::new()));
                }
            } else {
                read.operands.push(word.clone());
            }
        }
        read
    }

    /// Whether one of the options was given.
    pub fn has(&self, names: &[&str]) -> bool {
        self.options
            .iter()
            .any(|(o, _)| names.contains(&o.as_str()))
    }

    /// Value of the last of these options.
    pub fn value(&self, names: &[&str]) -> Option<&str> {
        self.options
            .iter()
            .rev()
            .find(|(o, _)| names.contains(&o.as_str()))
            .map(|(_, v)| v.as_str())
    }
}
