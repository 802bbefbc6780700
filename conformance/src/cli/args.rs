//! What was typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::expression::Expression;
use crate::meta::{Effect, Level, Profile};
use crate::select::Selection;
use crate::target::{Behaviour, Release};

const EXIT: &str = "\
Exit status of `run`:
  0  at least one case ran and nothing unexpected happened: each passed, or failed exactly as a known deviation says
  1  a case failed, or passed although it was expected to fail
  2  the command line, a file or the address is wrong, or the target does not answer
  3  nothing failed, but a mandatory case was skipped; with --certify: a profile is not certified
  4  no case ran
  5  a case ended in an error of the kit, or could not clean up behind itself

Exit status of the others: 0 when done; 2 as above; and
  1  `verify`: not good; `report diff`: something got worse; `doctor`: the inventory is wrong; `kill-matrix`: a defect survived; `replay`: an answer differs
  3  `certify`: a profile is not certified; `doctor`: some cases cannot run
  4  `kill-matrix`, `replay`: nothing was chosen
  5  `cleanup`: something is left behind

Examples:
  # the embedded simulator as the current release executes, reports in ./conformance-report
  xcat-conformance run

  # what should be: every case must pass
  xcat-conformance run --behaviour intended

  # one area
  xcat-conformance run --only reserve
  xcat-conformance run --select 'area=pool and not level=may'

  # a real management node, reading and reversible cases only
  XCAT_PASSWORD=... xcat-conformance run --url https://xcatmn.example.com --user admin --inventory lab.toml

  # the same with guests, FCP devices and LUNs that the inventory lends
  ... --max-effect destructive

  # check the simulator's commands against recordings of the real programs
  xcat-conformance replay fixtures/recordings";

/// Certifies an xCAT management node for z/VM volumes.
#[derive(Debug, Parser)]
#[command(name = "xcat-conformance", version, about, after_long_help = EXIT, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run cases against a target and report
    #[command(after_long_help = EXIT)]
    Run(Box<RunArgs>),
    /// List the cases with what they certify and need
    List(ListArgs),
    /// Send recorded requests to the simulator and compare answers and remote commands
    Replay(ReplayArgs),
    /// Look at a target and an inventory, and say which cases cannot run and why; only reads
    Doctor(DoctorArgs),
    /// Make views of result files: another page, the difference of two runs, a matrix of several
    Report(ReportArgs),
    /// Make a key to sign certificates with; print its public half
    Keygen(KeygenArgs),
    /// Sign what a run found
    Certify(CertifyArgs),
    /// Verify a certificate offline: its signature, every word, and the verdicts that follow from its cases
    Verify(VerifyArgs),
    /// Print a reference page
    Reference(ReferenceArgs),
    /// Run the kit against every deliberate defect of the simulator and show which case catches which
    KillMatrix(KillMatrixArgs),
    /// Undo what an interrupted run left behind, from its undo ledger
    Cleanup(CleanupArgs),
}

/// Which cases.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectArgs {
    /// Case ids or leading parts of ids (`pool/add`); may be repeated
    #[arg(long, value_name = "PREFIX")]
    pub only: Vec<String>,
    /// Areas, the first parts of ids; may be repeated
    #[arg(long)]
    pub area: Vec<String>,
    /// Levels; may be repeated
    #[arg(long, ignore_case = true)]
    pub level: Vec<Level>,
    /// Profiles; may be repeated
    #[arg(long)]
    pub profile: Vec<Profile>,
    /// Expression over id, area, level, profile, effect, need, title and requirement:
    /// `area=pool and not (id~race or level=may)`
    #[arg(long, value_name = "EXPRESSION")]
    pub select: Option<Expression>,
    /// Most dangerous effect a case may have [default: destructive on the embedded simulator, else reversible]
    #[arg(long)]
    pub max_effect: Option<Effect>,
}

impl SelectArgs {
    /// What it means.
    pub fn selection(&self) -> Selection {
        Selection {
            only: self.only.clone(),
            areas: self.area.clone(),
            levels: self.level.clone(),
            profiles: self.profile.clone(),
            expression: self.select.clone(),
            ceiling: self.max_effect,
        }
    }
}

/// Where, and with which account.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// Address of a management node; without it the embedded simulator is the target
    #[arg(long, env = "XCAT_URL")]
    pub url: Option<String>,
    /// Account of the management node
    #[arg(long, env = "XCAT_USER", default_value = "admin")]
    pub user: String,
    /// Name of the environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", default_value = "XCAT_PASSWORD")]
    pub password_env: String,
    /// File whose first line is the password; wins over the environment
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Accounts of the target (TOML: user, password, restricted_password), readable by its owner only; wins over the rest
    #[arg(long, value_name = "FILE", conflicts_with_all = ["password_file"])]
    pub secrets: Option<PathBuf>,
    /// PEM bundle against which the certificate is verified; without it nothing is verified
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// What the target lends to the kit (TOML): hypervisor, guests, FCP devices, LUNs
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// Control door of a served simulator (`http://127.0.0.1:PORT`): for cases that need its faults, break points or clock
    #[arg(long, value_name = "URL", requires = "url")]
    pub control: Option<String>,
    /// Bound of each call, in seconds
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    pub call_timeout: u64,
    /// Most requests in any minute, at an address [default: no bound]
    #[arg(long, value_name = "PER-MINUTE")]
    pub budget: Option<usize>,
    /// Release that the target is measured as; the embedded simulator behaves as it
    #[arg(long, default_value = "M")]
    pub release: Release,
    /// As the release executes (known deviations are named), or as it should be (nothing is excused)
    #[arg(long, default_value = "executed")]
    pub behaviour: Behaviour,
}

/// `run`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct RunArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub select: SelectArgs,
    /// List what would run, and why the rest would not, without sending anything
    #[arg(long)]
    pub dry_run: bool,
    /// Cases at once [default: 4 on the embedded simulator, else 1]; destructive cases run alone on a shared target
    #[arg(long, short)]
    pub jobs: Option<usize>,
    /// Bound of one case, in seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    pub case_timeout: u64,
    /// Seed of the run's names; printed with the result
    #[arg(long)]
    pub seed: Option<u64>,
    /// Folder for the reports, the progress file and the undo ledger
    #[arg(long, value_name = "DIR", default_value = "conformance-report")]
    pub out: PathBuf,
    /// Go on with the interrupted run in --out: clean up behind it, then run what did not finish, with its seed
    #[arg(long)]
    pub resume: bool,
    /// How often a case that failed is run again
    #[arg(long, default_value_t = 0, value_name = "TIMES")]
    pub retries: u32,
    /// Start no further case after the first failure, error or surprise
    #[arg(long)]
    pub stop_early: bool,
    /// Cases that are expected to fail, with reasons (TOML); one that passes is a surprise
    #[arg(long, value_name = "FILE")]
    pub expected: Option<PathBuf>,
    /// Exit with 3 unless every profile is certified
    #[arg(long)]
    pub certify: bool,
    /// Print only the end of the run
    #[arg(long, short)]
    pub quiet: bool,
    /// Colour the output; NO_COLOR is honoured under `auto`
    #[arg(long, default_value = "auto")]
    pub color: Color,
}

impl RunArgs {
    /// Bound of one case.
    pub fn case_timeout(&self) -> Duration {
        Duration::from_secs(self.case_timeout)
    }
}

/// `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// Form of the list
    #[arg(long, default_value = "text")]
    pub format: ListFormat,
}

/// Form of the list.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ListFormat {
    /// Columns
    Text,
    /// One JSON array
    Json,
    /// A Markdown table
    Markdown,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Folder of recordings
    pub dir: PathBuf,
    /// Where the recording takes over: at the seam it answers remote commands, at the door the simulated hosts do
    #[arg(long, default_value = "seam")]
    pub at: At,
    /// Recordings whose id contains this; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub only: Vec<String>,
    /// Print only the counts
    #[arg(long, short)]
    pub quiet: bool,
}

/// Where a recording takes over.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum At {
    /// Remote commands are answered from the recording
    Seam,
    /// Remote commands are answered by the simulated hosts
    Door,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub target: TargetArgs,
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(subcommand)]
    pub command: ReportCommand,
}

/// Views of result files.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// What came out differently in the second run; exit status 1 when something got worse
    Diff {
        /// First result file
        a: PathBuf,
        /// Second result file
        b: PathBuf,
    },
    /// Verdicts of several runs by case, as a Markdown table
    Matrix {
        /// Result files
        #[arg(required = true)]
        results: Vec<PathBuf>,
        /// Show cases that came out alike as well
        #[arg(long)]
        all: bool,
    },
    /// The HTML page of a result file
    Html {
        /// Result file
        result: PathBuf,
        /// File for the page
        #[arg(long, default_value = "report.html")]
        out: PathBuf,
    },
}

/// `keygen`.
#[derive(Debug, Args)]
pub struct KeygenArgs {
    /// File for the secret key; it must not exist
    pub file: PathBuf,
}

/// `certify`.
#[derive(Debug, Args)]
pub struct CertifyArgs {
    /// Result file of the run
    #[arg(
        long,
        value_name = "FILE",
        default_value = "conformance-report/result.json"
    )]
    pub result: PathBuf,
    /// Secret key, as `keygen` made it
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// File for the certificate
    #[arg(long, value_name = "FILE", default_value = "certificate.txt")]
    pub out: PathBuf,
}

/// `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Certificate
    pub certificate: PathBuf,
    /// Public key of the signer that is expected
    #[arg(long, value_name = "HEX")]
    pub key: Option<String>,
    /// Result file whose evidence must be the certified one
    #[arg(long, value_name = "FILE")]
    pub result: Option<PathBuf>,
}

/// `reference`.
#[derive(Debug, Args)]
pub struct ReferenceArgs {
    /// Page
    pub page: Page,
}

/// A reference page.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Page {
    /// Every case
    Cases,
    /// The deliberate defects of the simulator
    Defects,
    /// The command line
    XcatConformance,
}

/// `kill-matrix`.
#[derive(Debug, Args)]
pub struct KillMatrixArgs {
    /// Defects whose id contains this; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub only: Vec<String>,
    /// Run every case against each defect, not the named one first
    #[arg(long)]
    pub whole: bool,
    /// Run these cases against each defect, and the named one: the expression of `run --select`
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "whole")]
    pub select: Option<Expression>,
    /// Defects at once
    #[arg(long, short, default_value_t = 2)]
    pub jobs: usize,
    /// File for the matrix as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// `cleanup`.
#[derive(Debug, Args)]
pub struct CleanupArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    /// Undo ledger of the interrupted run (`ledger.jsonl` in its --out folder)
    #[arg(long, value_name = "FILE")]
    pub ledger: PathBuf,
}

/// When to colour.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
