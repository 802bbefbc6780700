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
    /// Line on which it starts, from 1.
    pub line: u32,
}

/// What a command is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Assignments and words.
    Simple {
        /// `NAME=value` before the first word.
        assignments: Vec<Assignment>,
        /// Program and arguments.
        words: Vec<Word>,
    },
    /// `{ list; }`
    Group(List),
    /// `( list )`
    Subshell(List),
    /// `if … then … [elif …] [else …] fi`: conditions with bodies, then the last body.
    If(Vec<(List, List)>, List),
    /// `for NAME [in words]; do … done`; without `in` the arguments.
    For(String, Option<Vec<Word>>, List),
    /// `while … do … done`; `true` for `until`.
    While(bool, List, List),
    /// `case word in pattern|pattern) list;; … esac`
    Case(Word, Vec<(Vec<Word>, List)>),
    /// `[[ … ]]`
    Condition(Condition),
    /// `(( … ))`
    Arithmetic(Word),
    /// `name() command`
    Function(String, Box<Command>),
}

/// `NAME=value` or `NAME+=value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: Word,
    /// Whether the value is appended.
    pub append: bool,
}

/// The inside of `[[ … ]]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `a || b`
    Or(Box<Condition>, Box<Condition>),
    /// `a && b`
    And(Box<Condition>, Box<Condition>),
    /// `! a`
    Not(Box<Condition>),
    /// A word alone: true when not empty.
    Word(Word),
    /// `-e word`
    Unary(String, Word),
    /// `word == word`
    Binary(Word, String, Word),
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
    /// `<<< word`: the text and a line end.
    Text(Word),
    /// `<< word`: the lines of a here-document.
    Document(Word),
}

/// A word before expansion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word(pub Vec<Piece>);

impl Word {
    /// The text of a word without quotes and expansions: a reserved word may be one.
    pub fn bare(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Bare(text)] => Some(text),
            _ => None,
        }
    }
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text outside quotes: may be a pattern.
    Bare(String),
    /// Text that quotes or a backslash protect.
    Quoted(String),
    /// A variable and whether it stands in double quotes.
    Variable(Variable, bool),
    /// A command substitution and whether it stands in double quotes.
    Command(List, bool),
    /// `$(( … ))` and whether it stands in double quotes.
    Arithmetic(Word, bool),
}

/// `$name`, `${name}`, `${name:-word}` and the like.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Name, or one of `?`, `$`, `#`, `@`, `*`, `!`, `-`, digits.
    pub name: String,
    /// What is done with its value.
    pub operation: Operation,
}

/// What a parameter expansion does with the value.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Nothing.
    Value,
    /// `${#name}`
    Length,
    /// `${name:-word}`; `false` without the colon: only when unset.
    Default(bool, Word),
    /// `${name:=word}`
    Assign(bool, Word),
    /// `${name:+word}`
    Alternative(bool, Word),
    /// `${name:?word}`
    Error(bool, Word),
    /// `${name#pattern}`, `##`, `%`, `%%`
    Strip {
        /// From the end.
        suffix: bool,
        /// As much as possible.
        longest: bool,
        /// What is stripped.
        pattern: Word,
    },
    /// `${name/pattern/with}`; `all` for `//`.
    Replace {
        /// Every match.
        all: bool,
        /// What is replaced.
        pattern: Word,
        /// By what.
        with: Word,
    },
    /// `${name:offset:length}`
    Slice(Word, Option<Word>),
    /// `${name^^}` and `${name,,}` (`false`).
    Case(bool),
}
