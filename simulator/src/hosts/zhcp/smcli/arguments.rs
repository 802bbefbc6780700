//! smcli's options as getopt reads them (spec: zhcp-and-smapi 2.1, 2.5).

use std::collections::BTreeMap;

use super::api::{Api, Mark, TooMany};
use crate::seam::Outcome;

/// What was given to a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Values by letter; the last one given counts. A letter without a value has an empty one.
    pub values: BTreeMap<char, String>,
    /// Values of `-k`, in order.
    pub keywords: Vec<String>,
    /// Whether `-h` was given.
    pub help: bool,
}

impl Arguments {
    /// Reads the words after the function's name. `program` is the first word of the command line.
    ///
    /// # Errors
    /// What smcli prints when it stops here.
    pub fn read(api: &Api, program: &str, words: &[String]) -> Result<Self, Outcome> {
        let mut read = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            if word.len() < 2 || !word.starts_with('-') {
                if api.permutes() {
                    continue;
                }
                break;
            }
            for (at, letter) in word.char_indices().skip(1) {
                if letter == 'h' && api.option('h').is_none() {
                    read.help = true;
                    return Ok(read);
                }
                let Some(option) = api.option(letter) else {
                    return Err(Outcome::fail(
                        1,
                        format!("{program}: invalid option -- '{letter}'\n"),
                    ));
                };
                let rest = &word[at + letter.len_utf8()..];
                let value = if !option.has_value() {
                    String::new()
                } else if !rest.is_empty() {
                    rest.to_owned()
                } else if let Some(value) = words.next() {
                    value.clone()
                } else {
                    return Err(Outcome::fail(
                        1,
                        format!("{program}: option requires an argument -- '{letter}'\n"),
                    ));
                };
                if option.mark == Mark::Unusable {
                    return Err(Outcome::fail(1, ""));
                }
                if letter == 'k' && api.collects_keywords() {
                    read.keywords.push(value.clone());
                    if read.keywords.len() > api.keywords.1 && api.too_many != TooMany::Any {
                        return Err(too_many(api.too_many));
                    }
                }
                read.values.insert(letter, value);
                if option.has_value() {
                    break;
                }
            }
        }
        Ok(read)
    }

    /// Whether everything that is required is there.
    pub fn is_complete(&self, api: &Api) -> bool {
        let mut one_of = None;
        for option in api.options() {
            let given = self.values.get(&option.letter);
            match option.mark {
                Mark::Required if given.is_none() => return false,
                Mark::RequiredNumber if given.is_none_or(|v| atoi(v) < 1) => return false,
                Mark::OneOf => *one_of.get_or_insert(false) |= given.is_some(),
                _ => {}
            }
        }
        let wants_keywords =
            api.option('k').is_some_and(|o| o.mark == Mark::Required) && api.collects_keywords();
        one_of != Some(false) && (!wants_keywords || self.keywords.len() >= api.keywords.0)
    }
}

/// `ERROR: Missing required options`.
pub fn missing(api: &Api) -> Outcome {
    let blank = if api.blank_line { "\n" } else { "" };
    Outcome {
        rc: 1,
        stdout: format!("{blank}ERROR: Missing required options\n"),
        stderr: String::new(),
    }
}

fn too_many(style: TooMany) -> Outcome {
    let text = match style {
        TooMany::Any => "",
        TooMany::Period => "ERROR: Too many -k values entered.\n",
        TooMany::Plain => "ERROR: Too many -k values entered\n",
        TooMany::Blank => " Error Too many -k values entered.\n",
    };
    Outcome {
        rc: 254,
        stdout: text.to_owned(),
        stderr: String::new(),
    }
}

/// C's `atoi`: leading blanks, a sign, digits; anything else ends the number, nothing is 0.
pub fn atoi(text: &str) -> i64 {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end].parse::<i64>().map_or(0, |n| sign * n)
}
