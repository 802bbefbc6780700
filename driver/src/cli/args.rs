//! What was typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::user_at_address;
use crate::types::{Lifecycle, MountPoint, NodeName};

/// Exit statuses, as the help shows them. The table of [`super::exit::ExitStatus`] is checked against it.
pub(super) const EXIT: &str = "\
Exit status:
  0  done
  1  failed, and nothing is left behind
  2  the command line is wrong
  3  the configuration is wrong
  4  the volume, snapshot, guest or row does not exist
  5  refused: in use, owned by somebody else, or not supported
  6  the management node cannot be reached, or is busy: try again later
  7  failed or unfinished, and something is left, or does not fit: `zvm-volume reconcile` resolves what
     operations left; what does not fit otherwise, it only reports, and ends with 7 itself
  8  no FCP device, or no LUN of that size, is free";

const EXAMPLES: &str = "\
Examples:
  # is the configuration file right?
  zvm-volume --config /etc/cinder/cinder.conf config check

  # a volume of 10 GiB; its id is printed
  zvm-volume create 10

  # give it to a running guest as /dev/vdb, and take it back
  zvm-volume attach 6f1c6b0e-2d3a-4b7e-9b0a-0d6f0f3b5c11 lnx1 --mount /dev/vdb
  zvm-volume detach 6f1c6b0e-2d3a-4b7e-9b0a-0d6f0f3b5c11 lnx1

  # what would be sent?
  zvm-volume --dry-run delete 6f1c6b0e-2d3a-4b7e-9b0a-0d6f0f3b5c11

  # for programs
  zvm-volume --json list | jq '.volumes[].id'

  # after a crash
  zvm-volume reconcile";

/// Manages OpenStack volumes on IBM z/VM through the REST interface of an xCAT management node.
#[derive(Debug, Parser)]
#[command(
    name = "zvm-volume",
    version,

    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT}"),
    max_term_width = 110,
    propagate_version = true
)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Configuration file
    #[arg(
        long,
        global = true,
        env = "ZVM_VOLUME_CONFIG",
        default_value = "/etc/cinder/cinder.conf",
        value_name = "FILE"
    )]
    pub config: PathBuf,
    /// Back end, by its section or its volume_backend_name; not needed when there is only one
    #[arg(
        long,
        short,
        global = true,
        env = "ZVM_VOLUME_BACKEND",
        value_name = "NAME"
    )]
    pub backend: Option<String>,
    /// File whose first line is the xCAT password; wins over the environment (ZVM_XCAT_PASSWORD) and the configuration
    #[arg(long, global = true, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Folder of journal, locks and attachment records; wins over zvm_state_dir
    #[arg(long, global = true, env = "ZVM_VOLUME_STATE_DIR", value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Base address of the management node, such as http://127.0.0.1:8080/xcatws; wins over zvm_xcat_server
    #[arg(long, global = true, env = "ZVM_VOLUME_URL", value_name = "URL")]
    pub url: Option<String>,
    /// Print JSON instead of tables
    #[arg(long, global = true)]
    pub json: bool,
    /// Print the xCAT calls that would be made, and make none that changes anything
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Say nothing but the result
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Show each call; twice: with the answers
    #[arg(long, short, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Colour,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a volume: reserve a LUN of the pool
    #[command(
        after_help = "Example:\n  zvm-volume create 10 --id 6f1c6b0e-2d3a-4b7e-9b0a-0d6f0f3b5c11"
    )]
    Create(CreateArgs),
    /// Delete a volume: clear its data and free its LUN
    Delete(VolumeArgs),
    /// List the volumes of the pool
    List(ListArgs),
    /// Show a volume: its LUN, its row, who has it
    Show(VolumeArgs),
    /// Check whether a volume can be extended in place: LUNs have a fixed size
    Extend(ExtendArgs),
    /// Copy a volume to a new one
    Clone(CloneArgs),
    /// Snapshots: full copies
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Images in and out
    #[command(subcommand)]
    Image(ImageCommand),
    /// Take a row of the pool over as a volume
    Manage(ManageArgs),
    /// List the rows of the pool, and which of them can be taken over
    Manageable,
    /// Give a volume back to the administrator
    Unmanage(VolumeArgs),
    /// Whether a volume can change its type without moving
    Retype(RetypeArgs),
    /// Capacity of the back end
    Stats,
    /// FCP devices and WWPNs of a guest; reserves them if it has none
    Connector(NodeArgs),
    /// Give a volume to a guest
    #[command(
        after_help = "Example:\n  zvm-volume attach 6f1c6b0e-2d3a-4b7e-9b0a-0d6f0f3b5c11 lnx1 --mount /dev/vdb --os rhel7"
    )]
    Attach(Box<AttachArgs>),
    /// Take a volume back from a guest
    Detach(DetachArgs),
    /// Guests with their FCP devices and volumes, as recorded
    Attachments,
    /// FCP devices of the z/VM system and who has them
    Fcp,
    /// Boot from volume
    #[command(subcommand)]
    Boot(BootCommand),
    /// Bring the FCP devices of the zHCP online and check the start conditions
    Init,
    /// Resolve what interrupted operations left
    Reconcile(ReconcileArgs),
    /// The configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the shell completions
    #[command(
        after_help = "Example:\n  zvm-volume completions bash > /etc/bash_completion.d/zvm-volume"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the man pages to a folder
    Man {
        /// The folder
        dir: PathBuf,
    },
    /// Print the reference of this program in Markdown
    Reference,
}

/// A new volume.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Size in GiB
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub size: u64,
    /// Volume id (a UUID); made up when not given
    #[arg(long)]
    pub id: Option<String>,
}

/// A volume by its id.
#[derive(Debug, Args)]
pub struct VolumeArgs {
    /// Volume id
    pub id: String,
}

/// What to list.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Every row of the pool, not only volumes and snapshots
    #[arg(long)]
    pub all: bool,
}

/// A larger size.
#[derive(Debug, Args)]
pub struct ExtendArgs {
    /// Volume id
    pub id: String,
    /// New size in GiB
    pub size: u64,
}

/// A copy.
#[derive(Debug, Args)]
pub struct CloneArgs {
    /// Volume to copy
    pub source: String,
    /// Id of the new volume; made up when not given
    #[arg(long)]
    pub id: Option<String>,
    /// Its size in GiB; at least the source's
    #[arg(long)]
    pub size: Option<u64>,
}

/// Snapshots.
#[derive(Debug, Subcommand)]
pub enum SnapshotCommand {
    /// Copy a detached volume to a LUN of its own
    Create {
        /// Volume id
        volume: String,
        /// Snapshot id; made up when not given
        #[arg(long)]
        id: Option<String>,
    },
    /// Delete a snapshot
    Delete {
        /// Snapshot id
        id: String,
    },
    /// Make a volume of a snapshot
    Restore {
        /// Snapshot id
        id: String,
        /// Id of the new volume; made up when not given
        #[arg(long)]
        volume: Option<String>,
        /// Its size in GiB; at least the snapshot's
        #[arg(long)]
        size: Option<u64>,
    },
}

/// Images.
#[derive(Debug, Subcommand)]
pub enum ImageCommand {
    /// Write a raw image file onto a volume
    In {
        /// Volume id
        id: String,
        /// The file
        file: PathBuf,
    },
    /// Read a volume into a raw image file
    Out {
        /// Volume id
        id: String,
        /// The file
        file: PathBuf,
    },
    /// Print the management node's public key, which the user of zvm_image_remote has to admit
    #[command(after_help = "Example:\n  zvm-volume image key >> ~cinder/.ssh/authorized_keys")]
    Key,
}

/// A row to take over.
#[derive(Debug, Args)]
pub struct ManageArgs {
    /// The row, as WWPN[;WWPN…]/LUN or LUN
    pub reference: String,
    /// Volume id; made up when not given
    #[arg(long)]
    pub id: Option<String>,
}

/// A change of type.
#[derive(Debug, Args)]
pub struct RetypeArgs {
    /// Volume id
    pub id: String,
    /// What differs between the types, as Cinder gives it (JSON)
    #[arg(long, default_value = "{}")]
    pub diff: String,
    /// Host of the new type, as host@backend#pool; the same when not given
    #[arg(long)]
    pub host: Option<String>,
}

/// A guest.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// xCAT node of the guest
    #[arg(value_parser = NodeName::guest)]
    pub node: NodeName,
}

/// Where the connection data come from when the volume is not one of the pool's.
#[derive(Debug, Args)]
pub struct ConnectionArgs {
    /// File with connection data as another controller's driver made them (JSON); `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub connection: Option<PathBuf>,
    /// Size of its LUN in GiB; needed when the pool row is to be made
    #[arg(long, value_name = "GIB")]
    pub size: Option<u64>,
    /// Who writes the pool row, when the connection data do not say
    #[arg(long, value_name = "pool|attach")]
    pub lifecycle: Option<Lifecycle>,
}

/// An attach.
#[derive(Debug, Args)]
pub struct AttachArgs {
    /// Volume id
    pub id: String,
    /// xCAT node of the guest
    #[arg(value_parser = NodeName::guest)]
    pub node: NodeName,
    /// Device node in the guest, such as /dev/vdb; `auto` takes the next free one
    #[arg(long, value_name = "DEVICE|auto")]
    pub mount: Option<String>,
    /// The guest's distribution (rhel6, rhel7, sles11, sles12, ubuntu16); found out when not given
    #[arg(long, value_name = "OS")]
    pub os: Option<String>,
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// A detach.
#[derive(Debug, Args)]
pub struct DetachArgs {
    /// Volume id
    pub id: String,
    /// xCAT node of the guest; the recorded one when not given
    #[arg(value_parser = NodeName::guest)]
    pub node: Option<NodeName>,
    /// Device node in the guest, when the attachment is not recorded
    #[arg(long)]
    pub mount: Option<MountPoint>,
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Boot from volume.
#[derive(Debug, Subcommand)]
pub enum BootCommand {
    /// Let a shut-down guest start from a volume
    Prepare {
        /// Volume id
        id: String,
        /// xCAT node of the guest
        #[arg(value_parser = NodeName::guest)]
        node: NodeName,
        /// The kernel's root device
        #[arg(long)]
        root: Option<String>,
        /// The kernel image
        #[arg(long)]
        image: Option<String>,
        /// The initial RAM disk
        #[arg(long)]
        ramdisk: Option<String>,
        /// The distribution
        #[arg(long)]
        os: Option<String>,
        /// Where the management node fetches the zipl script from, as user@address; not punched when not given
        #[arg(long, value_name = "USER@ADDRESS", value_parser = user_at_address)]
        remote: Option<String>,
    },
    /// Take back all volumes of a destroyed guest, the root volume last
    Cleanup(NodeArgs),
}

/// How to reconcile.
#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// Report only
    #[arg(long)]
    pub check: bool,
}

/// The configuration file.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Read it and report every fault with section, key and line
    Check,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_a_shell_is_an_address_and_nothing_else() {
        for good in ["nova@10.10.0.9", "n-1@host.example.com", "root@[fe80::1]"] {
            assert_eq!(user_at_address(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "host",
            "@host",
            "root@",
            "-l@host",
            "a@b@c",
            "a@b;reboot",
            "a@b c",
            "a@$(x)",
            "a@`x`",
        ] {
            assert!(user_at_address(bad).is_err(), "{bad}");
        }
    }
}
