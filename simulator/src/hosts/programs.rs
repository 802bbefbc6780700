//! What a program of a simulated Linux gets and gives.

use std::collections::BTreeMap;

use crate::seam::Outcome;
use crate::world::{HostName, World};

/// Where a program runs.
pub struct ProgramEnv<'a> {
    /// The whole world: a program of a zHCP changes z/VM, one of a guest changes its zfcp state.
    pub world: &'a mut World,
    /// The Linux on which it runs.
    pub host: HostName,
    /// Login name.
    pub user: String,
    /// Shell variables.
    pub variables: BTreeMap<String, String>,
    /// Working directory.
    pub directory: String,
}

/// A program: words (the first is its name as called) and standard input in, exit status and output out.
pub type Program = fn(&mut ProgramEnv<'_>, &[String], &str) -> Outcome;
