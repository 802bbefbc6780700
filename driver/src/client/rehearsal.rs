//! A dry run: reads go out, changes are written down instead.

use std::sync::{Arc, Mutex, PoisonError};

use super::call::Call;

/// The changing calls that would have been made, in order. Clones share the list.
#[derive(Clone, Debug, Default)]
pub struct Rehearsal(Arc<Mutex<Vec<String>>>);

impl Rehearsal {
    /// Writes a call down; a repetition of the last one is left out.
    pub fn note(&self, call: &Call) {
        self.note_text(call.to_string());
    }

    pub(crate) fn note_text(&self, text: String) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.last() != Some(&text) {
            calls.push(text);
        }
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
