//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::seam::{Behaviour, Release};

/// A faithful fake xCAT management node for z/VM, with its zHCPs, guests and SAN.
#[derive(Debug, Parser)]
#[command(name = "xcat-sim", version, about, long_about = None, arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say nothing but data and errors.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a simulated site until interrupted.
    Serve(Box<Serve>),
}

/// Serve a simulated site until interrupted.
///
/// Prints one line on standard output once everything answers: `ready rest=URL …`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  xcat-sim serve --site lab --http --listen 127.0.0.1:8080
  curl 'http://127.0.0.1:8080/xcatws/nodes?userName=admin&password=admin&format=json'

  xcat-sim serve --site my-site.toml --certificate-out ca.pem   # HTTPS: give ca.pem to the client as its CA file
  xcat-sim serve --release E --repair Q12,GQ3                   # another code line, two of its defects repaired")]
pub struct Serve {
    /// Site: `lab`, `empty`, or a site file.
    #[arg(long, default_value = "lab", value_name = "NAME|FILE")]
    pub site: PathBuf,
    /// Address of the REST door; port 0 takes a free port.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Plain HTTP instead of HTTPS.
    #[arg(long, conflicts_with_all = ["cert", "key", "certificate_out"])]
    pub http: bool,
    /// Code line: M (current), E (2.8.3.x appliance) or P (M with the z/VM modules of February 2017).
    #[arg(long, default_value_t, value_name = "E|M|P")]
    pub release: Release,
    /// `executed`: with the defects of the real programs; `intended`: without them.
    #[arg(long, default_value_t, value_name = "executed|intended")]
    pub behaviour: Behaviour,
    /// Quirks to repair one by one.
    #[arg(long, value_delimiter = ',', value_name = "ID,…")]
    pub repair: Vec<String>,
    /// Deliberate defects, by id (`xcat-conformance reference defects` lists them).
    #[arg(long, value_delimiter = ',', value_name = "ID,…", value_parser = defect)]
    pub defect: Vec<String>,
    /// Seed of everything random, instead of the site's own.
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Certificate chain to serve with (PEM), instead of one made at start.
    #[arg(long, requires = "key", value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Private key of --cert (PEM).
    #[arg(long, requires = "cert", value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Write the certificate (PEM) to this file, for clients to trust.
    #[arg(long, value_name = "FILE")]
    pub certificate_out: Option<PathBuf>,
    /// Permit addresses that other machines can reach. There is no real security: passwords are in the site file.
    #[arg(long)]
    pub allow_remote: bool,
    /// Print the line of readiness as JSON.
    #[arg(long)]
    pub json: bool,
}

/// The id of a deliberate defect that exists.
fn defect(id: &str) -> Result<String, String> {
    match crate::defects::find(id) {
        Some(defect) => Ok(defect.id.to_owned()),
        None => Err(format!("no defect is called {id}")),
    }
}
