//! The recording as written in its file (`fixtures/recordings/README.md`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::seam::{Outcome, RemoteCommand};
use crate::world::Distribution;
use crate::world::tables::Row;

/// One recorded case.
#[derive(Clone, Debug, Deserialize)]
pub struct Recording {
    /// Name of the case.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// Area of the case: a command, `misc`, `scenario` and so on.
    pub area: String,
    /// Name of the preset from which it starts.
    pub preset: String,
    /// Remarks of the recorder.
    #[serde(default)]
    pub note: String,
    /// Distribution whose release files the management node has.
    pub mn_release_files: Distribution,
    /// Revisions of the recorded programs.
    pub xcat: Revisions,
    /// Remote commands that were made to fail.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Files put on the management node.
    #[serde(default)]
    pub mn_files: BTreeMap<String, Option<String>>,
    /// Files put on (or, when absent, taken from) hosts.
    #[serde(default)]
    pub host_files: BTreeMap<String, BTreeMap<String, Option<String>>>,
    /// What came out differently in a second recording.
    #[serde(default)]
    pub varies_between_runs: Vec<String>,
    /// Whether xCAT's daemon was down.
    #[serde(default)]
    pub stop_xcatd: bool,
    /// Requests with their answers.
    pub steps: Vec<Step>,
    /// What had changed afterwards.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// The state afterwards.
    #[serde(default)]
    pub state_after: RecordedState,
}

/// State of the recorded site.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RecordedState {
    /// Texts of pool files by host and file name.
    pub pools: BTreeMap<String, BTreeMap<String, String>>,
    /// `on` or `off` by userid.
    pub power: BTreeMap<String, String>,
    /// DEDICATE statements by userid.
    pub dedicate_statements: BTreeMap<String, Vec<String>>,
    /// Attached FCP devices by userid and virtual device number.
    pub attached_devices: BTreeMap<String, BTreeMap<String, AttachedDevice>>,
}

/// An FCP device that a running guest has.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AttachedDevice {
    /// Whether the guest's Linux has it online.
    pub online: bool,
    /// Real device number.
    pub real: String,
}

/// Revisions of the recorded programs.
#[derive(Clone, Debug, Deserialize)]
pub struct Revisions {
    /// The daemon and the general commands.
    pub xcat_core_commit: String,
    /// The z/VM modules.
    pub zvm_modules_commit: String,
}

/// A disturbance of the recorded far end.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fault {
    /// Host, or any.
    pub host: Option<String>,
    /// Text that a remote command contains.
    #[serde(rename = "match")]
    pub matches: Option<String>,
    /// Whether the host does not answer at all.
    pub down: bool,
    /// Host that does not answer a ping.
    pub noping: Option<String>,
    /// Copies that fail.
    pub scp: Option<String>,
    /// Exit status given instead.
    pub rc: i32,
    /// Output given instead.
    pub stdout: String,
    /// How often; always when absent.
    pub times: Option<u32>,
}

/// One request with its answer and the remote commands between them.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// What was asked.
    pub request: RecordedRequest,
    /// What came back.
    pub response: RecordedResponse,
    /// Remote commands in the order issued.
    #[serde(default)]
    pub commands: Vec<RecordedCommand>,
}

/// A recorded HTTP request.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedRequest {
    /// Method.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Headers that matter.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Body, if there was one; sent as `text/plain` unless a header says otherwise.
    #[serde(default)]
    pub body: Option<String>,
}

/// A recorded HTTP response.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedResponse {
    /// Status code.
    pub status: u16,
    /// Reason phrase.
    pub reason: String,
    /// Content type.
    pub content_type: String,
    /// Whole body.
    pub body: String,
}

/// A remote command and what it answered.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedCommand {
    /// The command.
    #[serde(flatten)]
    pub command: RemoteCommand,
    /// Exit status.
    #[serde(default)]
    pub rc: i32,
    /// Standard output.
    #[serde(default)]
    pub stdout: String,
    /// Standard error.
    #[serde(default)]
    pub stderr: String,
    /// Whether the answer was made up; `false`: real tools on real files gave it.
    #[serde(default)]
    pub faked: Option<bool>,
}

impl RecordedCommand {
    /// What it answered.
    pub fn outcome(&self) -> Outcome {
        Outcome {
            rc: self.rc,
            stdout: self.stdout.clone(),
            stderr: self.stderr.clone(),
        }
    }
}

/// A difference between the world before and after.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Change {
    /// Lines of a pool file.
    Pool {
        host: String,
        pool: String,
        #[serde(default)]
        lines_removed: Vec<String>,
        #[serde(default)]
        lines_added: Vec<String>,
    },
    /// A file of a host.
    File {
        host: String,
        path: String,
        #[serde(default)]
        before: serde_json::Value,
        #[serde(default)]
        after: serde_json::Value,
    },
    /// State of a virtual machine.
    Zvm {
        zhost: String,
        userid: String,
        what: String,
        #[serde(default)]
        before: serde_json::Value,
        #[serde(default)]
        after: serde_json::Value,
    },
    /// Rows of a table of xCAT.
    Table {
        table: String,
        #[serde(default)]
        rows_removed: Vec<Row>,
        #[serde(default)]
        rows_added: Vec<Row>,
    },
}
