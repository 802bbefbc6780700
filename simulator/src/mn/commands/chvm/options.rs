//! What comes before every option, and which option is meant (`zvm.pm changeVM`; spec: guests 2.2, 4.1).

use super::guest::{Guest, Hidden};
use super::{
    activation, attach, boot, device, directory, disk, disk_copy, disk_format, file_system_node,
    network, persistence, processor, punch,
};
use crate::mn::commands::chhypervisor;
use crate::mn::zvm::Zhcp;
use crate::mn::zvm::guest::status_of;
use crate::mn::zvm::reader;
use crate::mn::{Context, Document};
use crate::seam::Release;

/// Runs the command on one node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let status = status_of(context, node);
    if status.contains("CLONING=1") && status.contains("CLONE_ONLY=1") {
        return;
    }
    let Some(zhcp) = Zhcp::of(context, node) else {
        context.push(Document::error(format!("{node}: (Error) Missing node HCP")));
        return;
    };
    let option = args.first().map_or("", String::as_str);
    let userid = context.column("zvm", node, "userid");
    if userid.is_none() && option != "--addpagespool" {
        context.push(Document::error(format!("{node}: (Error) Missing user ID")));
        return;
    }
    let hcp_userid = zhcp.userid(context).await.to_uppercase();
    let guest = Guest {
        context,
        node,
        userid: userid.unwrap_or_default().to_uppercase(),
        zhcp,
        hcp_userid,
        args,
    };
    let hidden = dispatch(&guest, option).await;
    if prints_at_the_end(context)
        && let Some(text) = hidden.shown(node)
    {
        context.print_ln(text);
    }
}

/// Whether collected texts are printed: the old releases do, the others lost that print (GQ1). To keep the published
/// behaviour is the suggested choice even where defects are repaired, so this one is repaired only by name.
fn prints_at_the_end(context: &Context) -> bool {
    context.settings().release == Release::E || context.settings().is_repaired("GQ1")
}

/// Carries out an option. Option names are compared exactly; there are no abbreviations.
async fn dispatch(guest: &Guest<'_>, option: &str) -> Hidden {
    match option {
        "--add3390" => disk::add(guest, disk::Kind::Eckd).await,
        "--add9336" => disk::add(guest, disk::Kind::Fba).await,
        "--add3390active" => disk::add_active(guest).await,
        "--addvdisk" => disk::add_vdisk(guest).await,
        "--removedisk" => disk::remove(guest).await,
        "--sharevolume" => disk::share_volume(guest).await,
        "--addpagespool" => disk::add_page_or_spool(guest).await,
        "--formatdisk" => disk_format::format_disk(guest).await,
        "--copydisk" => disk_copy::copy_disk(guest).await,
        "--addzfcp" => attach::add_zfcp(guest).await,
        "--removezfcp" => persistence::remove_zfcp(guest).await,
        "--createfilesysnode" => file_system_node::create(guest).await,
        "--removefilesysnode" => file_system_node::remove(guest).await,
        "--dedicatedevice" => device::dedicate(guest).await,
        "--undedicatedevice" => device::undedicate(guest).await,
        "--addnic" => network::add_nic(guest).await,
        "--removenic" => network::remove_nic(guest).await,
        "--connectnic2guestlan" => network::connect_to_lan(guest).await,
        "--connectnic2vswitch" => network::connect_to_vswitch(guest).await,
        "--grantvswitch" => network::grant(guest).await,
        "--disconnectnic" => network::disconnect(guest).await,
        "--addprocessor" => processor::add(guest).await,
        "--addprocessoractive" => processor::add_active(guest).await,
        "--removeprocessor" => processor::remove(guest).await,
        "--setprocessor" => processor::set_count(guest).await,
        "--setmemory" => processor::set_memory(guest).await,
        "--setconsole" => processor::set_console(guest).await,
        "--setpassword" => directory::set_password(guest).await,
        "--replacevs" => directory::replace(guest).await,
        "--smcli" => directory::smcli(guest).await,
        "--setipl" => boot::set_ipl(guest).await,
        "--deleteipl" => boot::delete_ipl(guest).await,
        "--setloaddev" => boot::set_loaddev(guest).await,
        "--removeloaddev" => boot::remove_loaddev(guest).await,
        "--punchfile" => punch::punch_file(guest).await,
        "--purgerdr" => {
            let Guest {
                context,
                ref zhcp,
                ref hcp_userid,
                ref userid,
                ..
            } = *guest;
            Hidden::prefixed(reader::purge_reader(context, zhcp, hcp_userid, userid).await)
        }
        "--aemod" => activation::run_at_start(guest).await,
        // Spec: guests 6.13.
        "--adddisk2pool"
        | "--addzfcp2pool"
        | "--removediskfrompool"
        | "--removezfcpfrompool"
        | "--resetsmapi" => {
            chhypervisor::run(guest.context, guest.node, guest.args).await;
            Hidden::nothing()
        }
        _ => {
            guest.say(format!("(Error) Option '{option}' not supported on chvm"));
            Hidden::nothing()
        }
    }
}
