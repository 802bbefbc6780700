//! Virtual network adapters and switches (spec: guests 6.6, 3.10).

use super::guest::{Guest, Hidden};
use crate::mn::zvm::guest::{Reachable, Report, execcmdon_vm, ping_node};
use crate::mn::zvm::{nested, text, vswitch};

/// `--addnic {vdev} {type} {devices}`.
pub(super) async fn add_nic(guest: &Guest<'_>) -> Hidden {
    let (vdev, kind, devices) = (guest.arg(1), guest.arg(2), guest.arg(3));
    if ping_node(guest.context, guest.node).await == Reachable::Yes {
        let sudo = guest.zhcp.sudo;
        let define = format!("{sudo} /sbin/vmcp define nic {vdev} type {kind}");
        let answer = execcmdon_vm(guest.context, guest.node, &define, Report::Callback).await;
        if text::is_bad(&answer) {
            return Hidden::nothing();
        }
        if answer.contains("not created") || answer.contains("conflicting") {
            guest.context.print_ln(format!(
                "(Error) Failed in: define nic {vdev} type {kind} <br>"
            ));
            return Hidden::nothing();
        }
    }
    let adapter = if text::contains_ignoring_case(kind, "QDIO") {
        "2"
    } else if text::contains_ignoring_case(kind, "HIPER") {
        "1"
    } else {
        kind
    };
    let words = format!(
        "Virtual_Network_Adapter_Create_DM -T {} -v {vdev} -a {adapter} -n {devices}",
        guest.userid
    );
    guest.smcli_text(&words).await
}

/// `--removenic {vdev}`. The running guest is spoken to by plain ssh, which a guest with IUCV only does not hear.
pub(super) async fn remove_nic(guest: &Guest<'_>) -> Hidden {
    let vdev = guest.arg(1);
    if ping_node(guest.context, guest.node).await == Reachable::Yes {
        let line = format!("ssh {} \"/sbin/vmcp det nic {vdev}\"", guest.node);
        guest.context.sh(&line).await;
    }
    let words = format!(
        "Virtual_Network_Adapter_Delete_DM -T {} -v {vdev}",
        guest.userid
    );
    guest.smcli_text(&words).await
}

/// `--connectnic2guestlan {vdev} {lan} {owner}`.
pub(super) async fn connect_to_lan(guest: &Guest<'_>) -> Hidden {
    let (vdev, lan, owner) = (guest.arg(1), guest.arg(2), guest.arg(3));
    let userid = &guest.userid;
    let mut collected = Hidden::nothing();
    if nested::is_on(guest.context, guest.node).await {
        let words = format!(
            "Virtual_Network_Adapter_Connect_LAN -T {userid} -v {vdev} -l {lan} -o {owner}"
        );
        collected = guest.smcli_text(&words).await;
    }
    let words =
        format!("Virtual_Network_Adapter_Connect_LAN_DM -T {userid} -v {vdev} -n {lan} -o {owner}");
    collected.and(&guest.smcli_text(&words).await)
}

/// `--connectnic2vswitch {vdev} {vsw} [{porttype} {vlan}]`: a failed grant is shown and does not stop the rest.
pub(super) async fn connect_to_vswitch(guest: &Guest<'_>) -> Hidden {
    let (vdev, switch) = (guest.arg(1), guest.arg(2));
    let (port_type, vlan) = (guest.arg(3), guest.arg(4));
    let userid = &guest.userid;
    let granted = grant_access(guest, switch, port_type, vlan).await;
    guest.say(format!(
        "Granting VSwitch ({switch} {port_type} {vlan}) access for {userid}... {granted}"
    ));
    let operands = format!("-T {userid} -v {vdev} -n {switch}");
    let words = format!("Virtual_Network_Adapter_Connect_Vswitch_DM {operands}");
    let mut collected = guest.smcli_text(&words).await;
    if nested::is_on(guest.context, guest.node).await {
        let words = format!("Virtual_Network_Adapter_Connect_Vswitch {operands}");
        collected = collected.and(&guest.smcli_text(&words).await);
    }
    collected
}

/// `--grantvswitch {vsw} [{porttype} {vlan}]`.
pub(super) async fn grant(guest: &Guest<'_>) -> Hidden {
    let switch = guest.arg(1);
    let granted = grant_access(guest, switch, guest.arg(2), guest.arg(3)).await;
    Hidden::prefixed(format!(
        "Granting VSwitch ({switch}) access for {}... {granted}",
        guest.userid
    ))
}

async fn grant_access(guest: &Guest<'_>, switch: &str, port_type: &str, vlan: &str) -> String {
    let Guest {
        context,
        zhcp,
        userid,
        ..
    } = guest;
    vswitch::grant(context, zhcp, userid, switch, port_type, vlan).await
}

/// `--disconnectnic {vdev}`: the directory entry only.
pub(super) async fn disconnect(guest: &Guest<'_>) -> Hidden {
    let words = format!(
        "Virtual_Network_Adapter_Disconnect_DM -T {} -v {}",
        guest.userid,
        guest.arg(1)
    );
    guest.smcli_text(&words).await
}
