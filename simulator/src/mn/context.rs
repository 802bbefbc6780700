//! What a command has at hand while it runs: the site's far end, the tables, and the answer under way.

use std::sync::Arc;

use parking_lot::Mutex;

use super::zvm::contents::Contents;
use super::zvm::text::{append_hostname, contains_ignoring_case};
use super::{Document, Element, Rows};
use crate::defects::Step;
use crate::seam::{Outcome, RemoteCommand, Settings, Site};
use crate::world::{Database, World};

/// One xCAT command being carried out. Cheap to share between the nodes of one request.
pub struct Context {
    /// The running site.
    pub site: Arc<Site>,
    /// Number of the request in the journal.
    pub request: u64,
    /// Authenticated xCAT user, if any.
    pub user: Option<String>,
    stdin: Option<String>,
    /// Whether the pools are this command's alone (see [`Context::with_pools`]).
    has_pools: bool,
    documents: Mutex<Vec<Document>>,
}

impl Context {
    /// A context for one request.
    pub fn new(site: Arc<Site>, request: u64, user: Option<String>) -> Self {
        Self {
            site,
            request,
            user,
            stdin: None,
            has_pools: false,
            documents: Mutex::default(),
        }
    }

    /// The same with the standard input of a command-line client.
    #[must_use]
    pub fn with_stdin(mut self, stdin: Option<String>) -> Self {
        self.stdin = stdin;
        self
    }

    /// Standard input of the command-line client, when it sent some.
    pub fn stdin(&self) -> Option<String> {
        self.stdin.clone().filter(|text| !text.is_empty())
    }

    /// A context with an answer of its own, for a command that another command runs (spec: guests 1.5).
    #[must_use]
    pub fn nested(&self) -> Self {
        Self {
            has_pools: self.has_pools,
            ..Self::new(Arc::clone(&self.site), self.request, self.user.clone())
        }
    }

    /// Runs work that changes pools: with nobody else at them where the races are repaired (Q1), and just so, as the
    /// real programs do, where they are not.
    pub async fn with_pools(&self, work: impl AsyncFnOnce(&Self)) {
        let races = self.settings().has_races() || self.site.defects.races(self.request);
        if self.has_pools || races {
            return work(self).await;
        }
        let _turn = self.site.pools.lock().await;
        let alone = Self {
            has_pools: true,
            ..self.nested()
        };
        work(&alone).await;
        self.documents.lock().append(&mut alone.documents.lock());
    }

    /// How the site behaves.
    pub fn settings(&self) -> &Settings {
        &self.site.settings
    }

    /// Carries one remote command across the seam.
    pub async fn remote(&self, command: RemoteCommand) -> Outcome {
        let defects = &self.site.defects;
        if !defects.are_active() {
            return self.site.remote(self.request, command).await;
        }
        let command = match defects.command(self.request, command) {
            Step::Go(command) => command,
            Step::Skip(outcome) => return outcome,
        };
        if let Some(pause) = defects.pause(self.request, &command) {
            tokio::time::sleep(pause).await;
        }
        let mut outcome = self.site.remote(self.request, command.clone()).await;
        defects.outcome(self.request, &command, &mut outcome);
        outcome
    }

    /// Adds a document to the answer.
    pub fn push(&self, document: Document) {
        self.documents.lock().push(document);
    }

    /// Reports a text as all z/VM commands do: an error when it contains `(error)` or `failed` in any case, else
    /// information (spec: rest-and-xcatd 2.7, RQ6; guests 1.1; scsi-pools 5.1).
    pub fn print_ln(&self, text: impl Into<String>) {
        let text = text.into();
        if contains_ignoring_case(&text, "(error)") || contains_ignoring_case(&text, "failed") {
            self.push(Document::error(text));
        } else {
            self.push(Document::of("info", [text]));
        }
    }

    /// Reports the rows of a pool with a node in front of each, as [`Self::print_ln`] does with their text.
    pub fn print_rows(&self, node: &str, contents: &Contents) {
        // A defect sees texts.
        let rows = Rows::new(node, contents).filter(|_| !self.site.defects.are_active());
        match rows {
            Some(rows) => {
                let mut document = Document::default();
                document.0.list("info").push(Element::Rows(Box::new(rows)));
                self.push(document);
            }
            None => self.print_ln(append_hostname(node, &contents.text())),
        }
    }

    /// The documents so far, leaving none.
    pub fn take_documents(&self) -> Vec<Document> {
        std::mem::take(&mut *self.documents.lock())
    }

    /// Reads xCAT's tables.
    pub fn tables<R>(&self, read: impl FnOnce(&Database) -> R) -> R {
        read(&self.site.world.lock().mn.tables)
    }

    /// Changes xCAT's tables.
    pub fn tables_mut<R>(&self, change: impl FnOnce(&mut Database) -> R) -> R {
        let _turn = self.site.turn();
        change(&mut self.site.world.lock().mn.tables)
    }

    /// Reads or changes what is local to the management node (its files, its clock). Not a way around the seam:
    /// hosts and z/VM are reached by [`Context::remote`] only.
    pub fn local<R>(&self, work: impl FnOnce(&mut World) -> R) -> R {
        let _turn = self.site.turn();
        work(&mut self.site.world.lock())
    }

    /// What the node has in a column, its groups' value where it has none (spec: rest-and-xcatd 4.2).
    pub fn column(&self, table: &str, node: &str, column: &str) -> Option<String> {
        self.tables(|t| t.node_value(table, node, column))
    }
}
