//! Somebody who watches the journal being written: the crash tests.

use std::sync::Arc;

use futures_util::future::BoxFuture;

/// Sees the journal being written. Its method may wait: a process that ends there has crashed between a change and the
/// line that tells of it, or between an attempt's line and the attempt. Tests of crashes work like that.
pub trait Scribe: Send + Sync {
    /// Before a line is written, before an entry is removed, and once more when an attempt has been written down.
    fn pause(&self) -> BoxFuture<'_, ()>;
}

/// Nobody, or somebody who watches.
#[derive(Clone, Default)]
pub(super) struct Watched(pub(super) Option<Arc<dyn Scribe>>);

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Watched({})", self.0.is_some())
    }
}

impl Watched {
    pub(super) async fn pause(&self) {
        if let Some(scribe) = &self.0 {
            scribe.pause().await;
        }
    }
}
