//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::seam::{Behaviour, Release};

/// A faithful fake xCAT management node for z/VM, with its zHCPs, guests and SAN.
#[derive(Debug, Parser)]
#[command(
    name = "xcat-sim",
    version,
    about,
    long_about = None,
    arg_required_else_help = true,
    after_help = "Start here:
  xcat-sim serve --http --listen 127.0.0.1:8080 --control 127.0.0.1:8081
  curl 'http://127.0.0.1:8080/xcatws/nodes?userName=admin&password=admin&format=json'
  xcat-sim journal --control 127.0.0.1:8081

Exit status: 0 done; 1 it could not be done; 2 the command line is wrong; 3 the site cannot be used;
4 an address cannot be listened on; 5 no control door answers; 6 'state diff' found differences, or an assertion does
not hold."
)]
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
    /// Write, check, show and generate site files; `docs/site-file.md` describes every key.
    #[command(subcommand)]
    Site(SiteCommand),
    /// Make layers of a running site fail.
    #[command(subcommand)]
    Fault(FaultCommand),
    /// Hold requests of a running site at their remote commands.
    #[command(subcommand)]
    Break(BreakCommand),
    /// Show the requests of a running site with their remote commands.
    Journal(Journal),
    /// Assert how often remote commands were issued since a request.
    #[command(after_help = "Example: no remote command has touched a LUN
  xcat-sim assert --lun 4010403300000000 --at-most 0")]
    Assert(Box<Assert>),
    /// Wait until requests that match have ended, and show them.
    Wait(Box<Wait>),
    /// How long remote commands of a running site take.
    #[command(subcommand)]
    Latency(LatencyCommand),
    /// Pool files of a running site, as a person with an editor sees and changes them.
    #[command(subcommand)]
    Pool(PoolCommand),
    /// The SAN of a running site.
    #[command(subcommand)]
    San(SanCommand),
    /// The Linux systems of a running site.
    #[command(subcommand)]
    Guest(GuestCommand),
    /// Save, load, reset and compare the state of a running site.
    #[command(subcommand)]
    State(StateCommand),
    /// Freeze, step and scale the clock of a running site.
    #[command(subcommand)]
    Time(TimeCommand),
    /// The worlds of a running simulator.
    #[command(subcommand)]
    World(WorldCommand),
    /// Every numbered quirk: what a client sees, and whether it can be repaired.
    Quirks,
    /// What of xCAT is simulated: resources, commands, options.
    Coverage,
    /// Print a reference page: quirks, coverage, faults, xcat-sim, control-api.
    Reference {
        /// Which page.
        page: String,
    },
    /// Print shell completions.
    Completions {
        /// For which shell.
        shell: Shell,
    },
    /// Print the manual page.
    Man,
}

/// Which running simulator, and which of its worlds.
#[derive(Clone, Debug, ClapArgs)]
pub struct Door {
    /// Address of the control door.
    #[arg(long, env = "XCAT_SIM_CONTROL", value_name = "ADDRESS:PORT")]
    pub control: String,
    /// World.
    #[arg(long, default_value = "default", value_name = "NAME")]
    pub world: String,
}

/// Serve a simulated site until interrupted.
///
/// Prints one line on standard output once everything answers: `ready rest=URL …`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  xcat-sim serve --site lab --http --listen 127.0.0.1:8080
  curl 'http://127.0.0.1:8080/xcatws/nodes?userName=admin&password=admin&format=json'

  xcat-sim serve --site my-site.toml --certificate-out ca.pem   # HTTPS: give ca.pem to the client as its CA file
  xcat-sim serve --release E --repair Q12,GQ3                   # another code line, two of its defects repaired
  xcat-sim serve --state-dir /tmp/lab                           # goes on from where it was, even after kill -9
  xcat-sim serve --world two=lab@8090 --world three=empty       # three worlds that share nothing")]
pub struct Serve {
    /// Site: `lab`, `empty`, `zfcp`, or a site file.
    #[arg(long, default_value = "lab", value_name = "NAME|FILE")]
    pub site: PathBuf,
    /// Address of the REST door; port 0 takes a free port.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Plain HTTP instead of HTTPS.
    #[arg(long)]
    pub http: bool,
    /// Open the control door here.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub control: Option<SocketAddr>,
    /// Open xCAT's native door (XML over TLS) here.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub xcatd: Option<SocketAddr>,
    /// Authority (PEM) that signs the certificates of the native door's clients. Without it no certificate of another
    /// authority is accepted; users and passwords are.
    #[arg(long, requires = "xcatd", value_name = "FILE")]
    pub xcatd_client_ca: Option<PathBuf>,
    /// Code line: M (current), E (2.8.3.x appliance) or P (M with the z/VM modules of February 2017).
    #[arg(long, default_value_t, value_name = "E|M|P")]
    pub release: Release,
    /// `executed`: with the defects of the real programs; `intended`: without them.
    #[arg(long, default_value_t, value_name = "executed|intended")]
    pub behaviour: Behaviour,
    /// Quirks to repair one by one.
    #[arg(long, value_delimiter = ',', value_name = "ID,…")]
    pub repair: Vec<String>,
    /// Deliberate defects to have, by id: mistakes by which a conformance kit is proved.
    #[arg(long, value_delimiter = ',', value_name = "ID,…")]
    pub defect: Vec<String>,
    /// Seed of everything random, instead of the site's own.
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Real seconds that a virtual second takes; 0: slow steps take no time.
    #[arg(long, default_value_t = 0.0, value_name = "FACTOR")]
    pub time_scale: f64,
    /// Keep every acknowledged change in this folder, and go on from what is there.
    #[arg(long, value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,
    /// With --state-dir: changes survive the loss of power too. Each answer then waits for the disk.
    #[arg(long, requires = "state_dir")]
    pub fsync: bool,
    /// A further world, as often as wanted: its site, and the port or address of a REST door of its own. It answers below
    /// /worlds/NAME/xcatws too.
    #[arg(long, value_name = "NAME=SITE[@PORT]")]
    pub world: Vec<WorldSpec>,
    /// The port or address of a native door (XML over TLS) of a further world's own.
    #[arg(long, value_name = "NAME=PORT")]
    pub world_xcatd: Vec<WorldDoor>,
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

/// A further world: `NAME=SITE`, `NAME=SITE@PORT` or `NAME=SITE@ADDRESS:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldSpec {
    /// Its name.
    pub name: String,
    /// Its site.
    pub site: PathBuf,
    /// Where its own REST door listens.
    pub listen: Option<SocketAddr>,
}

/// A door of a further world: `NAME=PORT` or `NAME=ADDRESS:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldDoor {
    /// Name of the world.
    pub name: String,
    /// Where the door listens.
    pub address: SocketAddr,
}

impl std::str::FromStr for WorldDoor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "give NAME=PORT or NAME=ADDRESS:PORT";
        let (name, end) = text.split_once('=').ok_or(wrong)?;
        let address = end
            .parse()
            .map(|port: u16| SocketAddr::from(([127, 0, 0, 1], port)))
            .or_else(|_| end.parse())
            .map_err(|_| wrong)?;
        Ok(Self {
            name: name.to_owned(),
            address,
        })
    }
}

impl std::str::FromStr for WorldSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, rest) = text
            .split_once('=')
            .filter(|(name, site)| !name.is_empty() && !site.is_empty())
            .ok_or("give NAME=SITE, NAME=SITE@PORT or NAME=SITE@ADDRESS:PORT")?;
        // A file's name may hold an '@' too: only what is an address is one.
        let (site, listen) = match rest.rsplit_once('@') {
            Some((site, end)) => match end.parse().map(|port| ([127, 0, 0, 1], port).into()) {
                Ok(address) => (site, Some(address)),
                Err(_) => end
                    .parse()
                    .map_or((rest, None), |address| (site, Some(address))),
            },
            None => (rest, None),
        };
        Ok(Self {
            name: name.to_owned(),
            site: PathBuf::from(site),
            listen,
        })
    }
}

/// Site files; `docs/site-file.md` describes every key.
#[derive(Debug, Subcommand)]
pub enum SiteCommand {
    /// Write a site file to start from.
    #[command(
        after_help = "Example:\n  xcat-sim site new > my-site.toml && xcat-sim serve --site my-site.toml"
    )]
    New {
        /// Which one to copy.
        #[arg(default_value = "lab")]
        from: Example,
    },
    /// Check a site file; every problem is reported with its line.
    Check {
        /// Site: a name or a file.
        site: PathBuf,
    },
    /// Show what a site consists of.
    Show {
        /// Site: a name or a file.
        #[arg(default_value = "lab")]
        site: PathBuf,
        /// As JSON: the whole world.
        #[arg(long)]
        json: bool,
    },
    /// Write a site file of any size; the same numbers give the same file.
    #[command(
        after_help = "Example:\n  xcat-sim site generate --zvm 4 --guests 1000 --luns 100000 --seed 7 > large.toml"
    )]
    Generate {
        /// z/VM systems, at most 200.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=200))]
        zvm: u32,
        /// Guests, over all systems.
        #[arg(long, default_value_t = 4)]
        guests: u32,
        /// LUNs, over all systems.
        #[arg(long, default_value_t = 100)]
        luns: u32,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

/// Sites that come with the program.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Example {
    /// Two z/VM systems, four guests, three pools.
    Lab,
    /// One z/VM system and nothing in it.
    Empty,
    /// One guest, one FCP device, and the five steps of zfcp configuration.
    Zfcp,
}

/// Faults.
#[derive(Debug, Subcommand)]
pub enum FaultCommand {
    /// Every fault by name: what it needs and what a client sees.
    Names,
    /// The rules in force, with their counts.
    List(Door),
    /// Set a rule: a fault by name, or a rule as JSON.
    #[command(after_help = "Examples:
  xcat-sim fault add F37 --lun 4010403300000000                      # the storage has no such LUN
  xcat-sim fault add ssh-no-route --zhcp zhcp1 --times 1             # the next remote command to zhcp1 fails
  xcat-sim fault add smapi-204-8 --operation 'chvm --dedicatedevice' --skip 1
  xcat-sim fault add --json '{\"effect\":{\"kind\":\"delay\",\"ms\":5000},\"target\":{\"command\":\"smcli\"}}'")]
    Add(Box<FaultAdd>),
    /// Take a rule away and put right what it changed; without an id, all of them.
    Remove {
        /// The rule.
        id: Option<String>,
        #[command(flatten)]
        door: Door,
    },
}

/// `fault add`.
#[derive(Debug, ClapArgs)]
pub struct FaultAdd {
    /// A fault of `xcat-sim fault names`.
    #[arg(required_unless_present = "json")]
    pub name: Option<String>,
    /// The whole rule as JSON; the other options are added to it.
    #[arg(long)]
    pub json: Option<String>,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only after the side effect.
    #[arg(long)]
    pub after: bool,
    /// Matches to let pass first.
    #[arg(long)]
    pub skip: Option<u64>,
    /// How often it happens at most.
    #[arg(long)]
    pub times: Option<u64>,
    /// With which probability it happens, from 0 to 1.
    #[arg(long)]
    pub probability: Option<f64>,
    /// For how many virtual milliseconds.
    #[arg(long, value_name = "MS")]
    pub for_ms: Option<u64>,
    /// How late what the fault delays is, in virtual milliseconds, for faults that delay something.
    #[arg(long, value_name = "MS")]
    pub delay_ms: Option<u64>,
    #[command(flatten)]
    pub door: Door,
}

/// What a rule is about; all that is given must hold.
#[derive(Debug, Default, ClapArgs)]
pub struct TargetArgs {
    /// xCAT command, or command and option: 'chvm --addzfcp'.
    #[arg(long)]
    pub operation: Option<String>,
    /// Node of the request.
    #[arg(long)]
    pub node: Option<String>,
    /// zHCP on which the remote command runs.
    #[arg(long)]
    pub zhcp: Option<String>,
    /// Guest on which it runs or which it names.
    #[arg(long)]
    pub guest: Option<String>,
    /// SCSI pool that it names.
    #[arg(long)]
    pub pool: Option<String>,
    /// WWPN that it names.
    #[arg(long)]
    pub wwpn: Option<String>,
    /// LUN that it names.
    #[arg(long)]
    pub lun: Option<String>,
    /// FCP device that it names.
    #[arg(long)]
    pub device: Option<String>,
    /// Channel path.
    #[arg(long)]
    pub chpid: Option<String>,
    /// Regular expression on the remote command's line.
    #[arg(long, value_name = "REGEX")]
    pub command: Option<String>,
    /// Regular expression on the path of the HTTP request.
    #[arg(long, value_name = "REGEX")]
    pub path: Option<String>,
}

/// Break points.
#[derive(Debug, Subcommand)]
pub enum BreakCommand {
    /// Break points, and what they hold.
    List(Door),
    /// Set a break point.
    #[command(after_help = "Example: hold a reservation before it writes its row
  xcat-sim break add --id chosen --operation 'chhypervisor --reservezfcp' --command sed")]
    Add {
        /// Its name.
        #[arg(long)]
        id: Option<String>,
        #[command(flatten)]
        target: TargetArgs,
        /// Only at the request's remote command of this number.
        #[arg(long)]
        nth: Option<u64>,
        /// After the side effect.
        #[arg(long, conflicts_with = "during")]
        after: bool,
        /// Between the reading and the writing of a file that is edited in place.
        #[arg(long)]
        during: bool,
        /// Hold until a request of this operation is done.
        #[arg(long, value_name = "OPERATION")]
        until: Option<String>,
        /// How many requests it holds; 1 unless given.
        #[arg(long)]
        times: Option<u64>,
        #[command(flatten)]
        door: Door,
    },
    /// Wait until a break point holds a request.
    Wait {
        /// The break point.
        id: String,
        #[command(flatten)]
        door: Door,
    },
    /// Let go what it holds.
    Release {
        /// The break point.
        id: String,
        #[command(flatten)]
        door: Door,
    },
    /// Take a break point away.
    Remove {
        /// The break point.
        id: String,
        #[command(flatten)]
        door: Door,
    },
}

/// The journal.
#[derive(Debug, ClapArgs)]
pub struct Journal {
    /// Go on showing requests as they end.
    #[arg(long, short)]
    pub follow: bool,
    /// Only requests after this number.
    #[arg(long, default_value_t = 0)]
    pub since: u64,
    /// Only the latest so many.
    #[arg(long)]
    pub limit: Option<u64>,
    /// Only those with an error.
    #[arg(long)]
    pub failed: bool,
    /// As JSON, one request a line.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub door: Door,
}

/// `assert`.
#[derive(Debug, ClapArgs)]
pub struct Assert {
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only requests after this number.
    #[arg(long, default_value_t = 0)]
    pub since: u64,
    /// At least so many; 1 when no bound is given.
    #[arg(long)]
    pub at_least: Option<u64>,
    /// At most so many; 0: none.
    #[arg(long)]
    pub at_most: Option<u64>,
    #[command(flatten)]
    pub door: Door,
}

/// `wait`.
#[derive(Debug, ClapArgs)]
pub struct Wait {
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only requests after this number.
    #[arg(long, default_value_t = 0)]
    pub since: u64,
    /// Only those in which this fault rule had a hand.
    #[arg(long, value_name = "ID")]
    pub fault: Option<String>,
    /// How long to wait, in real milliseconds.
    #[arg(long, default_value_t = 30_000)]
    pub timeout_ms: u64,
    #[command(flatten)]
    pub door: Door,
}

/// Latency profiles.
#[derive(Debug, Subcommand)]
pub enum LatencyCommand {
    /// The profiles in force.
    Show(Door),
    /// Replace the profiles.
    #[command(after_help = "Example:
  xcat-sim latency set '{\"profiles\":[{\"command\":\"smcli\",\"time\":{\"kind\":\"constant\",\"ms\":250}}]}'")]
    Set {
        /// Profiles and random state, as JSON.
        json: String,
        #[command(flatten)]
        door: Door,
    },
    /// No latency any more.
    Clear(Door),
}

/// Pool files.
#[derive(Debug, Subcommand)]
pub enum PoolCommand {
    /// zHCPs and names of the pools.
    List(Door),
    /// Print a pool file.
    Show {
        /// Its zHCP.
        zhcp: String,
        /// Its name.
        pool: String,
        #[command(flatten)]
        door: Door,
    },
    /// Replace a pool file by a file.
    Set {
        /// Its zHCP.
        zhcp: String,
        /// Its name.
        pool: String,
        /// The new text.
        file: PathBuf,
        #[command(flatten)]
        door: Door,
    },
    /// Replace a line; with --insert put one before it, with --delete take it out.
    Row {
        /// Its zHCP.
        zhcp: String,
        /// Its name.
        pool: String,
        /// The line, from 1.
        line: usize,
        /// The new text.
        #[arg(required_unless_present = "delete")]
        text: Option<String>,
        /// Put it before the line.
        #[arg(long, conflicts_with = "delete")]
        insert: bool,
        /// Take the line out.
        #[arg(long, conflicts_with = "text")]
        delete: bool,
        #[command(flatten)]
        door: Door,
    },
}

/// The SAN.
#[derive(Debug, Subcommand)]
pub enum SanCommand {
    /// Ports, zones, masks, LUNs, links.
    Show(Door),
    /// Set the members of a zone.
    Zone {
        /// Its name.
        name: String,
        /// WWPNs.
        members: Vec<String>,
        #[command(flatten)]
        door: Door,
    },
    /// Take a zone away.
    Unzone {
        /// Its name.
        name: String,
        #[command(flatten)]
        door: Door,
    },
    /// Set the initiators that see a volume.
    Mask {
        /// The volume.
        volume: String,
        /// WWPNs.
        initiators: Vec<String>,
        #[command(flatten)]
        door: Door,
    },
    /// Set a target port: online unless said otherwise.
    Port {
        /// Its WWPN.
        wwpn: String,
        /// Its link is down.
        #[arg(long)]
        offline: bool,
        /// It refuses logins.
        #[arg(long)]
        refuses_login: bool,
        #[command(flatten)]
        door: Door,
    },
    /// Let a volume answer under a LUN; a new one is made with a size.
    Lun {
        /// The target port.
        wwpn: String,
        /// The LUN.
        lun: String,
        /// The volume.
        volume: String,
        /// Its size.
        #[arg(long)]
        bytes: Option<u64>,
        #[command(flatten)]
        door: Door,
    },
    /// Take a LUN away from a port.
    Unlun {
        /// The target port.
        wwpn: String,
        /// The LUN.
        lun: String,
        #[command(flatten)]
        door: Door,
    },
}

/// Linux systems.
#[derive(Debug, Subcommand)]
pub enum GuestCommand {
    /// Userid, z/VM system, and whether they run.
    List(Door),
    /// Log one on or off, outside of xCAT.
    Power {
        /// Its host name.
        host: String,
        /// `on` or `off`.
        #[arg(value_parser = ["on", "off"])]
        to: String,
        #[command(flatten)]
        door: Door,
    },
}

/// The state.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Print the whole state, or write it to a file.
    Save {
        /// The file.
        file: Option<PathBuf>,
        #[command(flatten)]
        door: Door,
    },
    /// Load a saved state.
    Load {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        door: Door,
    },
    /// Go back to the first state.
    Reset(Door),
    /// Keep the state under a name.
    Snapshot {
        /// The name.
        name: String,
        #[command(flatten)]
        door: Door,
    },
    /// Names of the snapshots.
    Snapshots(Door),
    /// Forget a snapshot.
    Forget {
        /// The name.
        name: String,
        #[command(flatten)]
        door: Door,
    },
    /// Go back to a snapshot.
    Restore {
        /// The name.
        name: String,
        #[command(flatten)]
        door: Door,
    },
    /// Show what differs from the first state, a snapshot or a saved state; two files are compared without a simulator.
    Diff {
        /// A saved state.
        file: Option<PathBuf>,
        /// Compare with this file instead of a running site.
        other: Option<PathBuf>,
        /// Compare with a snapshot.
        #[arg(long)]
        snapshot: Option<String>,
        /// Only what lasts: without counters, clock and generator, the memory of running kernels, and scratch files.
        #[arg(long)]
        lasting: bool,
        /// Address of the control door.
        #[arg(long, env = "XCAT_SIM_CONTROL", value_name = "ADDRESS:PORT")]
        control: Option<String>,
        /// World.
        #[arg(long, default_value = "default", value_name = "NAME")]
        world: String,
    },
}

/// The clock.
#[derive(Debug, Subcommand)]
pub enum TimeCommand {
    /// Show the virtual time.
    Show(Door),
    /// Let time stand still.
    Freeze(Door),
    /// Move the clock forward.
    Step {
        /// Virtual milliseconds.
        ms: u64,
        #[command(flatten)]
        door: Door,
    },
    /// Let time pass again; say how many real seconds a virtual one takes (0: none).
    Scale {
        /// Real seconds per virtual second.
        factor: f64,
        #[command(flatten)]
        door: Door,
    },
}

/// Worlds.
#[derive(Debug, Subcommand)]
pub enum WorldCommand {
    /// Names of the worlds.
    List(Door),
    /// Add a world; it answers below /worlds/NAME/xcatws.
    Add {
        /// Its name.
        name: String,
        /// Site: a name, or a file that the simulator can read.
        #[arg(long, default_value = "lab")]
        site: PathBuf,
        /// Code line.
        #[arg(long, default_value_t)]
        release: Release,
        /// As executed or as intended.
        #[arg(long, default_value_t)]
        behaviour: Behaviour,
        /// Seed.
        #[arg(long)]
        seed: Option<u64>,
        /// Quirks to repair one by one.
        #[arg(long, value_delimiter = ',', value_name = "ID,…")]
        repair: Vec<String>,
        /// Address of a REST door of its own; port 0 takes a free port.
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<SocketAddr>,
        /// Address of a native door of its own; the simulator must have been started with native doors.
        #[arg(long, value_name = "ADDRESS:PORT")]
        xcatd: Option<SocketAddr>,
        #[command(flatten)]
        door: Door,
    },
    /// Show a world: its settings, time and counts.
    Show(Door),
    /// Take a world away.
    Remove {
        /// Its name.
        name: String,
        #[command(flatten)]
        door: Door,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_given_by_name_site_and_port() {
        for (text, site, listen) in [
            ("w=lab", "lab", None),
            ("w=lab@8090", "lab", Some("127.0.0.1:8090")),
            ("w=a@b.toml", "a@b.toml", None),
            ("w=a@b.toml@[::1]:0", "a@b.toml", Some("[::1]:0")),
        ] {
            let spec: WorldSpec = text.parse().unwrap();
            let listen = listen.map(|l| l.parse().unwrap());
            assert_eq!(
                (spec.name.as_str(), spec.site, spec.listen),
                ("w", PathBuf::from(site), listen),
                "{text}"
            );
        }
        for text in ["lab", "=lab", "w="] {
            text.parse::<WorldSpec>().unwrap_err();
        }
    }
}
