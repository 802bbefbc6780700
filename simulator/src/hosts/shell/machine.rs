//! What a shell stands on.

use futures_util::future::BoxFuture;

use super::Shell;
use crate::seam::Outcome;
pub use crate::world::zfcp::Errno;

/// Runs programs and opens files for a shell.
pub trait Machine: Send {
    /// Runs a program (not a builtin) with words and standard input; `None` when there is no such program.
    fn program<'a>(
        &'a mut self,
        shell: &'a Shell,
        words: &'a [String],
        stdin: &'a str,
    ) -> BoxFuture<'a, Option<Outcome>>;

    /// Whether there is a program of this name; a machine that does not say has none.
    fn has_program(&mut self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// Reads a file by absolute path.
    fn read(&mut self, path: &str) -> Result<String, Errno>;

    /// Replaces a file, or appends to it, by absolute path.
    fn write(&mut self, path: &str, text: &str, append: bool) -> Result<(), Errno>;

    /// Names in a directory, sorted.
    fn list(&mut self, path: &str) -> Vec<String>;

    /// Whether a path exists.
    fn exists(&mut self, path: &str) -> bool;

    /// Whether a path is a directory.
    fn is_directory(&mut self, path: &str) -> bool;
}
