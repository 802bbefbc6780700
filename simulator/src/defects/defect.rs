//! One deliberate defect: what it is called, what it does, and where it is hooked.

use std::fmt;

use serde::Serialize;

use crate::mn::{Document, Request};
use crate::seam::{Outcome, RemoteCommand};

/// What kind of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// HTTP statuses and content types.
    Status,
    /// Words and shapes of answers.
    Text,
    /// Arguments that are misread.
    Arguments,
    /// The wrong row, device or node is taken.
    Selection,
    /// What was confirmed did not happen.
    State,
    /// What should outlive a restart does not, or the other way round.
    Persistence,
    /// A failure leaves something behind.
    RollBack,
    /// Requests at the same time disturb each other.
    Concurrency,
    /// Somebody may do or see what he should not.
    Security,
}

impl Area {
    /// The area in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Text => "text",
            Self::Arguments => "arguments",
            Self::Selection => "selection",
            Self::State => "state",
            Self::Persistence => "persistence",
            Self::RollBack => "roll-back",
            Self::Concurrency => "concurrency",
            Self::Security => "security",
        }
    }
}

/// The request on whose behalf a hook is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// xCAT command.
    pub command: String,
    /// Noderange.
    pub noderange: String,
    /// Arguments as they reach the command.
    pub args: Vec<String>,
}

impl Asked {
    /// The first argument: the option of `chvm`, `chhypervisor` and `rinv`.
    pub fn option(&self) -> &str {
        self.args.first().map_or("", String::as_str)
    }
}

/// A finished HTTP answer with the request that it answers.
#[derive(Debug)]
pub struct HttpReply<'a> {
    /// Method of the request, in capitals.
    pub method: &'a str,
    /// Path of the request.
    pub path: &'a str,
    /// Query of the request.
    pub query: &'a str,
    /// Status.
    pub status: u16,
    /// Content type.
    pub content_type: &'static str,
    /// Body.
    pub body: Vec<u8>,
}

/// What becomes of a remote command.
#[derive(Debug)]
pub enum Step {
    /// It is carried out, perhaps changed.
    Go(RemoteCommand),
    /// It is not carried out; this is answered.
    Skip(Outcome),
}

/// The mistake itself, hooked at one place.
#[derive(Clone, Copy)]
pub enum Mistake {
    /// The request, before it is admitted.
    Request(fn(&mut Request)),
    /// A remote command, before the seam.
    Command(fn(&Asked, RemoteCommand) -> Step),
    /// The outcome of a remote command, after the seam.
    Outcome(fn(&Asked, &RemoteCommand, &mut Outcome)),
    /// The documents of the answer, `serverdone` left out.
    Answer(fn(&Asked, &mut Vec<Document>)),
    /// The HTTP reply.
    Reply(fn(&mut HttpReply<'_>)),
    /// Commands on pools with this option do not take turns, where they do otherwise, and are slow enough to meet.
    Race(&'static str),
}

impl Mistake {
    /// Where it is hooked, in words.
    pub fn place(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Command(_) => "remote command",
            Self::Outcome(_) => "remote outcome",
            Self::Answer(_) => "answer",
            Self::Reply(_) => "HTTP reply",
            Self::Race(_) => "turns",
        }
    }
}

impl fmt::Debug for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.place())
    }
}

/// One deliberate defect.
#[derive(Clone, Copy, Debug)]
pub struct Defect {
    /// Stable id; its first part is the area.
    pub id: &'static str,
    /// What the release does, as a sentence without full stop.
    pub title: &'static str,
    /// What kind of mistake it is.
    pub area: Area,
    /// A case of the conformance kit that fails by it.
    pub caught_by: &'static str,
    /// The mistake.
    pub mistake: Mistake,
}

/// Declares a defect.
pub(super) const fn defect(
    id: &'static str,
    title: &'static str,
    area: Area,
    caught_by: &'static str,
    mistake: Mistake,
) -> Defect {
    Defect {
        id,
        title,
        area,
        caught_by,
        mistake,
    }
}
