//! The tree of a command line.

/// A list: and-or lists that run one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List(pub Vec<AndOr>);

/// Pipelines joined by `&&` and `||`.
#[derive(Clone, Debug, PartialEq)]
pub struct AndOr {
    /// The first pipeline.
    pub first: Pipeline,
    /// Further ones; `true` for `&&`.
    pub rest: Vec<(bool, Pipeline)>,
}

/// Commands joined by `|`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// Whether `!` inverts the exit status.
    pub negated: bool,
    /// The commands, left to right.
    pub commands: Vec<Command>,
}

/// One command with its redirections.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// What runs.
    pub kind: Kind,
    /// Where its descriptors go, in order.
    pub redirects: Vec<Redirect>,
}

/// What a command is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Assignments and words.
    Simple {
        /// `NAME=value` before the first word.
        assignments: Vec<(String, Word)>,
        /// Program and arguments.
        words: Vec<Word>,
    },
    /// `{ list; }`
    Group(List),
    /// `( list )`
    Subshell(List),
    /// `if … then … [elif …] [else …] fi`: conditions with bodies, then the last body.
    If(Vec<(List, List)>, List),
    /// `for NAME [in words]; do … done`
    For(String, Vec<Word>, List),
    /// `while … do … done`; `true` for `until`.
    While(bool, List, List),
}

/// A redirection.
#[derive(Clone, Debug, PartialEq)]
pub struct Redirect {
    /// Descriptor that is redirected.
    pub descriptor: u8,
    /// Where to.
    pub target: Target,
}

/// Where a descriptor goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// `< file`
    Read(Word),
    /// `> file`
    Write(Word),
    /// `>> file`
    Append(Word),
    /// `&> file` and `&>> file` (`true`): both standard output and standard error.
    Both(Word, bool),
    /// `>&n`
    Duplicate(u8),
    /// `<<< word`
    Text(Word),
}

/// A word before expansion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word(pub Vec<Piece>);

/// A part of a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text outside quotes: may be a pattern.
    Bare(String),
    /// Text that quotes or a backslash protect.
    Quoted(String),
    /// A variable: name and whether it stands in double quotes.
    Variable(Variable, bool),
    /// A command substitution and whether it stands in double quotes.
    Command(List, bool),
}

/// `$name`, `${name}`, `${name:-word}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Name, or one of `?`, `$`, `#`, `@`, `*`, a digit.
    pub name: String,
    /// What is taken when the variable is unset or empty.
    pub default: Option<String>,
}
