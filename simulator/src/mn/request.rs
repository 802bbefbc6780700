//! What a front door hands to the management node, and what it gets back.

use std::fmt;

use super::Document;
use crate::seam::RequestFacts;

/// User name and password as given by a client. The password is never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("password", &"***")
            .finish()
    }
}

/// One xCAT request, as both doors make it (spec: rest-and-xcatd 1.10, 3.2).
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Command name; `None` when the request carries none.
    pub command: Option<String>,
    /// Noderange text, when there is one.
    pub noderange: Option<String>,
    /// Arguments in order; an empty one reaches the command as undefined.
    pub args: Vec<String>,
    /// `NAME=value` settings for xdsh and xdcp.
    pub env: Vec<String>,
    /// Standard input of a command-line client.
    pub stdin: Option<String>,
    /// Nodes of a request that names them one by one, when it has no noderange.
    pub nodes: Vec<String>,
    /// User to become, when both name and password were given.
    pub credentials: Option<Credentials>,
    /// Name in the certificate with which the client came.
    pub certificate: Option<String>,
    /// Token with which the client came.
    pub token: Option<String>,
    /// User and password for which a token is wanted; no command is needed then.
    pub wants_token: Option<Credentials>,
    /// User that the client says it is; believed of a trusted peer only.
    pub claimed_user: Option<String>,
    /// `ws`, `cli`, …
    pub client_type: String,
    /// Number of the request in the journal, when the door has opened one there; else 0.
    pub journal: u64,
}

impl Request {
    /// What the journal and rules know of it.
    pub fn facts(&self) -> RequestFacts {
        RequestFacts::new(
            self.command.as_deref(),
            self.noderange.as_deref(),
            &self.args,
            self.credentials.as_ref().map(|c| c.user.as_str()),
        )
    }
}

/// The documents of a finished request, without the closing `serverdone` one; errors that xcatd itself raises carry
/// `serverdone` in their single document (spec: rest-and-xcatd 3.4).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// Documents in order.
    pub documents: Vec<Document>,
    /// Whether the last document was sent together with `serverdone` (an error of xcatd itself, `authcheck`, …).
    pub done_in_last: bool,
    /// Whether xcatd closes the connection after it.
    pub close: bool,
}

impl Response {
    /// An answer of one document that holds `serverdone`, too.
    pub fn single(document: Document) -> Self {
        Self {
            documents: vec![document],
            done_in_last: true,
            close: false,
        }
    }

    /// The same, after which the connection is closed.
    pub fn last(document: Document) -> Self {
        Self {
            close: true,
            ..Self::single(document)
        }
    }
}

impl Response {
    /// The first error text, also of an entry of a node.
    pub fn first_error(&self) -> Option<String> {
        self.documents.iter().find_map(Document::first_error)
    }
}
