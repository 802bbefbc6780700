//! One SMAPI function as smcli knows it.

use super::call::Call;
use super::reply::Reply;

/// What smcli says when `-k` was given too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// Nothing: any number is taken.
    Any,
    /// `ERROR: Too many -k values entered.`
    Period,
    /// `ERROR: Too many -k values entered`
    Plain,
    /// ` Error Too many -k values entered.`
    Blank,
}

/// How an option letter is marked (spec: zhcp-and-smapi Appendix D).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// May be left out.
    Optional,
    /// Must be there.
    Required,
    /// Must be there and a number from 1.
    RequiredNumber,
    /// Documented as required; its default is the empty string.
    Unenforced,
    /// One of the letters so marked must be there.
    OneOf,
    /// Known to getopt only; using it ends the program.
    Unusable,
}

/// One option of a function.
#[derive(Clone, Copy, Debug)]
pub struct OptionLetter {
    /// The letter.
    pub letter: char,
    /// How it is marked.
    pub mark: Mark,
    /// What it is, for the help text.
    pub meaning: &'static str,
}

impl OptionLetter {
    /// Whether the letter takes a value.
    pub fn has_value(self) -> bool {
        !self.meaning.ends_with("(no value)")
    }
}

/// A function of SMAPI.
pub struct Api {
    /// Its name.
    pub name: &'static str,
    /// Lowest SMAPI level at which smcli knows it.
    pub since: u16,
    /// Options: letter, mark, meaning; separated by semicolons.
    options: &'static str,
    /// How many `-k` are needed and taken.
    pub keywords: (usize, usize),
    /// Whether an empty line precedes `ERROR: Missing required options`.
    pub blank_line: bool,
    /// What is said when `-k` was given too often.
    pub too_many: TooMany,
    /// What is printed before the result; `{x}` stands for the value of option x. Behind `|` the form with `-v`.
    pub phrase: &'static str,
    /// Carries it out.
    pub run: fn(&mut Call<'_, '_>) -> Reply,
}

/// A row of the table.
#[expect(clippy::too_many_arguments, reason = "a row of a flat table")]
pub const fn api(
    name: &'static str,
    since: u16,
    options: &'static str,
    keywords: (usize, usize),
    blank_line: bool,
    too_many: TooMany,
    phrase: &'static str,
    run: fn(&mut Call<'_, '_>) -> Reply,
) -> Api {
    Api {
        name,
        since,
        options,
        keywords,
        blank_line,
        too_many,
        phrase,
        run,
    }
}

impl Api {
    /// Its options in the order of the table.
    pub fn options(&self) -> impl Iterator<Item = OptionLetter> {
        self.options.split(';').filter_map(|option| {
            let mut chars = option.chars();
            let letter = chars.next()?;
            let mark = match chars.next()? {
                '!' => Mark::Required,
                '#' => Mark::RequiredNumber,
                '?' => Mark::Unenforced,
                '|' => Mark::OneOf,
                'x' => Mark::Unusable,
                _ => Mark::Optional,
            };
            Some(OptionLetter {
                letter,
                mark,
                meaning: chars.as_str(),
            })
        })
    }

    /// One option by its letter.
    pub fn option(&self, letter: char) -> Option<OptionLetter> {
        self.options().find(|o| o.letter == letter)
    }

    /// Whether `-k` collects keywords; otherwise it is an option like the others.
    pub fn collects_keywords(&self) -> bool {
        self.name != "Image_SCSI_Characteristics_Define_DM"
    }

    /// Whether words that are no options are ignored wherever they stand; otherwise the first ends the options.
    pub fn permutes(&self) -> bool {
        self.name.starts_with("Image_")
    }
}
