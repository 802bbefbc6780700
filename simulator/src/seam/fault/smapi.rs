//! Pairs of return and reason code that clients treat in a way of their own (spec: zhcp-and-smapi 6.2), by name:
//! `smapi-RC-RS`, with the operation behind it where one pair stands for several.

use super::Effect;
use super::catalogue::{NamedFault, fault};
use crate::seam::When;

const SMAPI: &str = "zhcp-and-smapi 6.2";

macro_rules! smapi {
    ($name:literal, $title:literal, $seen:literal, $function:literal, $rc:literal, $rs:literal, $when:ident) => {
        NamedFault {
            when: Some(When::$when),
            ..fault($name, $title, &[], $seen, SMAPI, || Effect::Smapi {
                function: $function.to_owned(),
                rc: $rc,
                rs: $rs,
            })
        }
    };
}

/// All of them.
pub(super) const SMAPI_PAIRS: &[NamedFault] = &[
    smapi!(
        "smapi-200-8",
        "guest already active",
        "power on: clients count it as success",
        "Image_Activate",
        200,
        8,
        Before
    ),
    smapi!(
        "smapi-200-12",
        "guest not active",
        "power off: clients count it as success",
        "Image_Deactivate",
        200,
        12,
        Before
    ),
    smapi!(
        "smapi-200-16",
        "guest being logged off",
        "power off: xCAT counts it as success",
        "Image_Deactivate",
        200,
        16,
        Before
    ),
    smapi!(
        "smapi-204-4",
        "active dedicate: the virtual device exists",
        "`Return Code: 204`, `Reason Code: 4`",
        "Image_Device_Dedicate",
        204,
        4,
        Before
    ),
    smapi!(
        "smapi-204-8",
        "active dedicate: no such real device",
        "`Return Code: 204`, `Reason Code: 8`",
        "Image_Device_Dedicate",
        204,
        8,
        Before
    ),
    smapi!(
        "smapi-204-16",
        "active dedicate: real device not available",
        "`Return Code: 204`, `Reason Code: 16`",
        "Image_Device_Dedicate",
        204,
        16,
        Before
    ),
    smapi!(
        "smapi-204-8-undedicate",
        "active undedicate: no such device",
        "`Return Code: 204`, `Reason Code: 8`",
        "Image_Device_Undedicate",
        204,
        8,
        Before
    ),
    smapi!(
        "smapi-204-44",
        "active undedicate: device cannot be detached",
        "`Return Code: 204`, `Reason Code: 44`",
        "Image_Device_Undedicate",
        204,
        44,
        Before
    ),
    smapi!(
        "smapi-400-4",
        "no such directory entry",
        "`Return Code: 400`, `Reason Code: 4`",
        "",
        400,
        4,
        Before
    ),
    smapi!(
        "smapi-400-12",
        "directory entry locked",
        "`Return Code: 400`, `Reason Code: 12`; clients unlock and repeat",
        "",
        400,
        12,
        Before
    ),
    smapi!(
        "smapi-404-4",
        "directory dedicate: the device is defined",
        "xCAT treats it as done and skips the active step",
        "Image_Device_Dedicate_DM",
        404,
        4,
        Before
    ),
    smapi!(
        "smapi-404-8",
        "directory undedicate: the device is not defined",
        "`Return Code: 404`, `Reason Code: 8`",
        "Image_Device_Undedicate_DM",
        404,
        8,
        Before
    ),
    smapi!(
        "smapi-404-12",
        "directory device locked",
        "`Return Code: 404`, `Reason Code: 12`",
        "Image_Device_Undedicate_DM",
        404,
        12,
        Before
    ),
    smapi!(
        "smapi-408-12",
        "disk locked",
        "`Return Code: 408`, `Reason Code: 12`; nova unlocks and repeats",
        "Image_Delete_DM",
        408,
        12,
        Before
    ),
    smapi!(
        "smapi-596-1185",
        "directory manager message 1185 (the change is made)",
        "`Return Code: 596`, `Reason Code: 1185`; nova counts it as success",
        "",
        596,
        1185,
        After
    ),
    smapi!(
        "smapi-596-6312",
        "directory manager message 6312 (the change is made)",
        "`Return Code: 596`, `Reason Code: 6312`; nova counts it as success",
        "",
        596,
        6312,
        After
    ),
    smapi!(
        "smapi-596-6831",
        "delete not finished yet",
        "`Return Code: 596`, `Reason Code: 6831`",
        "Image_Delete_DM",
        596,
        6831,
        After
    ),
    smapi!(
        "smapi-4-28",
        "System_WWPN_Query has nothing",
        "`Return Code: 4`, `Reason Code: 28`: no FCP devices",
        "System_WWPN_Query",
        4,
        28,
        Before
    ),
    smapi!(
        "smapi-212-8",
        "no network adapters",
        "`Return Code: 212`, `Reason Code: 8`",
        "Virtual_Network_Adapter_Query_Extended",
        212,
        8,
        Before
    ),
    smapi!(
        "smapi-down",
        "SMAPI does not answer",
        "`Return Code: -101`, `Socket connect refused error`",
        "",
        -101,
        0,
        Before
    ),
    smapi!(
        "smapi-0-12-status",
        "guest not logged on",
        "`Return Code: 0`, `Reason Code: 12`; xCAT's discovery: exit 1, the guest is skipped",
        "Image_Status_Query",
        0,
        12,
        Before
    ),
    smapi!(
        "smapi-0-12-lock",
        "entry locked (query)",
        "printed as a lock, exit 0",
        "Image_Lock_Query_DM",
        0,
        12,
        Before
    ),
    smapi!(
        "smapi-0-24-lock",
        "entry not locked (query)",
        "`is Unlocked...`, exit 0",
        "Image_Lock_Query_DM",
        0,
        24,
        Before
    ),
    smapi!(
        "smapi-0-28",
        "nothing matched",
        "`Return Code: 0`, `Reason Code: 28`; printed as `Failed`; a pool query of xCAT shows it as an error",
        "Image_Volume_Space_Query_DM",
        0,
        28,
        Before
    ),
    smapi!(
        "smapi-0-100",
        "asynchronous operation done (query)",
        "`Return Code: 0`, `Reason Code: 100`; smcli's polling ends with `Done`",
        "Query_Asynchronous_Operation_DM",
        0,
        100,
        Before
    ),
    smapi!(
        "smapi-0-104",
        "asynchronous operation running (query)",
        "`Return Code: 0`, `Reason Code: 104`; smcli polls on",
        "Query_Asynchronous_Operation_DM",
        0,
        104,
        Before
    ),
    smapi!(
        "smapi-0-108",
        "asynchronous operation failed (query)",
        "`Return Code: 0`, `Reason Code: 108`; `Asynchronous operation failed`",
        "Query_Asynchronous_Operation_DM",
        0,
        108,
        Before
    ),
    smapi!(
        "smapi-4-4",
        "no OSA",
        "`Return Code: 4`, `Reason Code: 4`; Feilong: an empty list",
        "Virtual_Network_OSA_Query",
        4,
        4,
        Before
    ),
    smapi!(
        "smapi-4-3000",
        "guest cannot be relocated (test)",
        "`Return Code: 4`, `Reason Code: 3000`; `Details` with the reasons; `0045` among them means not logged on",
        "VMRELOCATE",
        4,
        3000,
        Before
    ),
    smapi!(
        "smapi-4-3001",
        "no active relocations",
        "`Return Code: 4`, `Reason Code: 3001`; `No active relocations found` ends xCAT's wait",
        "VMRELOCATE_Status",
        4,
        3001,
        Before
    ),
    smapi!(
        "smapi-4-3008",
        "not in an SSI cluster",
        "`Return Code: 4`, `Reason Code: 3008`; xCAT: an empty cluster name",
        "SSI_Query",
        4,
        3008,
        Before
    ),
    smapi!(
        "smapi-8-8",
        "no console output",
        "`Return Code: 8`, `Reason Code: 8`; Feilong: no console data",
        "Image_Console_Get",
        8,
        8,
        Before
    ),
    smapi!(
        "smapi-8-3000",
        "relocation refused",
        "`Return Code: 8`, `Reason Code: 3000`; `Details` with the reasons; for CANCEL `1926`: none in progress",
        "VMRELOCATE",
        8,
        3000,
        Before
    ),
    smapi!(
        "smapi-8-3002",
        "empty parameter rejected",
        "`Return Code: 8`, `Reason Code: 3002`; xCAT: the exec is installed",
        "xCAT_Commands_IUO",
        8,
        3002,
        Before
    ),
    smapi!(
        "smapi-8-3010",
        "relocation cannot be modified",
        "`Return Code: 8`, `Reason Code: 3010`; Feilong lists the codes",
        "VMRELOCATE_Modify",
        8,
        3010,
        Before
    ),
    smapi!(
        "smapi-200-16-activate",
        "logoff pending at activation",
        "`Return Code: 200`, `Reason Code: 16`; smcli asks six times, fifteen seconds apart",
        "Image_Activate",
        200,
        16,
        Before
    ),
    smapi!(
        "smapi-204-4-nic",
        "active NIC create: device exists",
        "`Return Code: 204`, `Reason Code: 4`; conflict; the directory NIC is removed again",
        "Virtual_Network_Adapter_Create_Extended",
        204,
        4,
        Before
    ),
    smapi!(
        "smapi-204-28-nic",
        "active NIC create: device of another type",
        "`Return Code: 204`, `Reason Code: 28`; conflict; the directory NIC is removed again",
        "Virtual_Network_Adapter_Create_Extended",
        204,
        28,
        Before
    ),
    smapi!(
        "smapi-396-2797",
        "active NIC create: CP refuses",
        "`Return Code: 396`, `Reason Code: 2797`; conflict; the directory NIC is removed again",
        "Virtual_Network_Adapter_Create_Extended",
        396,
        2797,
        Before
    ),
    smapi!(
        "smapi-204-8-nic-delete",
        "active NIC delete: no such device",
        "`Return Code: 204`, `Reason Code: 8`; Feilong ignores it",
        "Virtual_Network_Adapter_Delete",
        204,
        8,
        Before
    ),
    smapi!(
        "smapi-204-28-nic-delete",
        "active NIC delete: wrong type",
        "`Return Code: 204`, `Reason Code: 28`; Feilong: an error",
        "Virtual_Network_Adapter_Delete",
        204,
        28,
        Before
    ),
    smapi!(
        "smapi-204-8-couple",
        "active couple: no such device",
        "`Return Code: 204`, `Reason Code: 8`; not found; the directory part is undone",
        "Virtual_Network_Adapter_Connect_Vswitch",
        204,
        8,
        Before
    ),
    smapi!(
        "smapi-204-28-couple",
        "active couple: wrong type of device",
        "`Return Code: 204`, `Reason Code: 28`; conflict; the directory part is undone",
        "Virtual_Network_Adapter_Connect_Vswitch",
        204,
        28,
        Before
    ),
    smapi!(
        "smapi-212-8-couple",
        "active couple: not authorised",
        "`Return Code: 212`, `Reason Code: 8`; conflict; the directory part is undone",
        "Virtual_Network_Adapter_Connect_Vswitch",
        212,
        8,
        Before
    ),
    smapi!(
        "smapi-212-28-couple",
        "active couple: wrong type of network",
        "`Return Code: 212`, `Reason Code: 28`; conflict; the directory part is undone",
        "Virtual_Network_Adapter_Connect_Vswitch",
        212,
        28,
        Before
    ),
    smapi!(
        "smapi-212-40-couple",
        "active couple: no such switch",
        "`Return Code: 212`, `Reason Code: 40`; not found; the directory part is undone",
        "Virtual_Network_Adapter_Connect_Vswitch",
        212,
        40,
        Before
    ),
    smapi!(
        "smapi-396-2788",
        "active couple: CP conflict 2788",
        "`Return Code: 396`, `Reason Code: 2788`; conflict; the directory part is undone",
        "Virtual_Network_Adapter_Connect_Vswitch",
        396,
        2788,
        Before
    ),
    smapi!(
        "smapi-396-2848",
        "active couple: CP conflict 2848",
        "`Return Code: 396`, `Reason Code: 2848`; conflict; the directory part is undone",
        "Virtual_Network_Adapter_Connect_Vswitch",
        396,
        2848,
        Before
    ),
    smapi!(
        "smapi-396-3034",
        "active couple: CP conflict 3034",
        "`Return Code: 396`, `Reason Code: 3034`; conflict; the directory part is undone",
        "Virtual_Network_Adapter_Connect_Vswitch",
        396,
        3034,
        Before
    ),
    smapi!(
        "smapi-396-6011",
        "active couple: CP conflict 6011",
        "`Return Code: 396`, `Reason Code: 6011`; conflict; the directory part is undone",
        "Virtual_Network_Adapter_Connect_Vswitch",
        396,
        6011,
        Before
    ),
    smapi!(
        "smapi-204-20",
        "active couple: connected already",
        "`Return Code: 204`, `Reason Code: 20`; success with a warning",
        "Virtual_Network_Adapter_Connect_Vswitch",
        204,
        20,
        Before
    ),
    smapi!(
        "smapi-204-8-uncouple",
        "active uncouple: no such device",
        "`Return Code: 204`, `Reason Code: 8`; Feilong: an error",
        "Virtual_Network_Adapter_Disconnect",
        204,
        8,
        Before
    ),
    smapi!(
        "smapi-204-28-uncouple",
        "active uncouple: wrong type",
        "`Return Code: 204`, `Reason Code: 28`; Feilong: an error",
        "Virtual_Network_Adapter_Disconnect",
        204,
        28,
        Before
    ),
    smapi!(
        "smapi-204-48",
        "active uncouple: disconnected already",
        "`Return Code: 204`, `Reason Code: 48`; Feilong ignores it",
        "Virtual_Network_Adapter_Disconnect",
        204,
        48,
        Before
    ),
    smapi!(
        "smapi-208-36",
        "disk does not exist",
        "`Return Code: 208`, `Reason Code: 36`; Feilong ignores it",
        "Image_Disk_Delete_DM",
        208,
        36,
        Before
    ),
    smapi!(
        "smapi-212-32",
        "directory uncouple: not connected",
        "`Return Code: 212`, `Reason Code: 32`; Feilong ignores it",
        "Virtual_Network_Adapter_Disconnect_DM",
        212,
        32,
        Before
    ),
    smapi!(
        "smapi-212-40",
        "switch does not exist (query)",
        "`Return Code: 212`, `Reason Code: 40`; not found; for all switches an empty list",
        "Virtual_Network_Vswitch_Query",
        212,
        40,
        Before
    ),
    smapi!(
        "smapi-212-40-set",
        "switch does not exist (set)",
        "`Return Code: 212`, `Reason Code: 40`; not found",
        "Virtual_Network_Vswitch_Set",
        212,
        40,
        Before
    ),
    smapi!(
        "smapi-212-40-delete",
        "switch does not exist (delete)",
        "`Return Code: 212`, `Reason Code: 40`; Feilong: success",
        "Virtual_Network_Vswitch_Delete_Extended",
        212,
        40,
        Before
    ),
    smapi!(
        "smapi-396-2846",
        "VLAN operation on a switch without VLANs",
        "`Return Code: 396`, `Reason Code: 2846`; Feilong: conflict",
        "Virtual_Network_Vswitch_Set_Extended",
        396,
        2846,
        Before
    ),
    smapi!(
        "smapi-396-2838",
        "switch attribute conflict 2838",
        "`Return Code: 396`, `Reason Code: 2838`; Feilong: conflict",
        "Virtual_Network_Vswitch_Set_Extended",
        396,
        2838,
        Before
    ),
    smapi!(
        "smapi-396-2853",
        "switch attribute conflict 2853",
        "`Return Code: 396`, `Reason Code: 2853`; Feilong: conflict",
        "Virtual_Network_Vswitch_Set_Extended",
        396,
        2853,
        Before
    ),
    smapi!(
        "smapi-396-2856",
        "switch attribute conflict 2856",
        "`Return Code: 396`, `Reason Code: 2856`; Feilong: conflict",
        "Virtual_Network_Vswitch_Set_Extended",
        396,
        2856,
        Before
    ),
    smapi!(
        "smapi-396-2858",
        "switch attribute conflict 2858",
        "`Return Code: 396`, `Reason Code: 2858`; Feilong: conflict",
        "Virtual_Network_Vswitch_Set_Extended",
        396,
        2858,
        Before
    ),
    smapi!(
        "smapi-396-3022",
        "switch attribute conflict 3022",
        "`Return Code: 396`, `Reason Code: 3022`; Feilong: conflict",
        "Virtual_Network_Vswitch_Set_Extended",
        396,
        3022,
        Before
    ),
    smapi!(
        "smapi-396-3033",
        "switch attribute conflict 3033",
        "`Return Code: 396`, `Reason Code: 3033`; Feilong: conflict",
        "Virtual_Network_Vswitch_Set_Extended",
        396,
        3033,
        Before
    ),
    smapi!(
        "smapi-400-8",
        "entry defined already",
        "`Return Code: 400`, `Reason Code: 8`; an error; from `createvs` it counts as done",
        "Image_Create_DM",
        400,
        8,
        Before
    ),
    smapi!(
        "smapi-400-24",
        "entry not locked",
        "`Return Code: 400`, `Reason Code: 24`; Feilong ignores it after a failed replace",
        "Image_Unlock_DM",
        400,
        24,
        Before
    ),
    smapi!(
        "smapi-404-4-nic",
        "directory NIC create: the device is defined",
        "`Return Code: 404`, `Reason Code: 4`; Feilong: conflict",
        "Virtual_Network_Adapter_Create_Extended_DM",
        404,
        4,
        Before
    ),
    smapi!(
        "smapi-404-8-nic-delete",
        "directory NIC delete: the device is not defined",
        "`Return Code: 404`, `Reason Code: 8`; Feilong ignores it",
        "Virtual_Network_Adapter_Delete_DM",
        404,
        8,
        Before
    ),
    smapi!(
        "smapi-404-8-couple",
        "directory couple: the device is not defined",
        "`Return Code: 404`, `Reason Code: 8`; Feilong: not found",
        "Virtual_Network_Adapter_Connect_Vswitch_DM",
        404,
        8,
        Before
    ),
    smapi!(
        "smapi-404-8-uncouple",
        "directory uncouple: the device is not defined",
        "`Return Code: 404`, `Reason Code: 8`; Feilong: not found",
        "Virtual_Network_Adapter_Disconnect_DM",
        404,
        8,
        Before
    ),
    smapi!(
        "smapi-412-28",
        "directory couple: wrong type",
        "`Return Code: 412`, `Reason Code: 28`; Feilong: conflict",
        "Virtual_Network_Adapter_Connect_Vswitch_DM",
        412,
        28,
        Before
    ),
    smapi!(
        "smapi-436-4",
        "included profile missing",
        "`Return Code: 436`, `Reason Code: 4`; Feilong: profile does not exist",
        "Image_Create_DM",
        436,
        4,
        Before
    ),
    smapi!(
        "smapi-592",
        "accepted, still running",
        "`Return Code: 592`, `Reason Code: 1`; `Started`, exit 1; there is no operation to ask for",
        "Image_Disk_Create_DM",
        592,
        1,
        After
    ),
    smapi!(
        "smapi-592-8888",
        "flashcopy running",
        "`Return Code: 592`, `Reason Code: 8888`; xCAT: done",
        "xCAT_Commands_IUO",
        592,
        8888,
        After
    ),
    smapi!(
        "smapi-596-2119",
        "a command inside the directory manager failed (the entry is deleted)",
        "`Return Code: 596`, `Reason Code: 2119`; Feilong: success",
        "Image_Delete_DM",
        596,
        2119,
        After
    ),
    smapi!(
        "smapi-596-3543",
        "the directory manager cannot format extents (the entry is deleted)",
        "`Return Code: 596`, `Reason Code: 3543`; Feilong: success",
        "Image_Delete_DM",
        596,
        3543,
        After
    ),
    smapi!(
        "smapi-596-3658",
        "entry possibly defined before (it is)",
        "`Return Code: 596`, `Reason Code: 3658`; Feilong: success with a warning",
        "Image_Create_DM",
        596,
        3658,
        After
    ),
    smapi!(
        "smapi-try-again",
        "SMAPI cannot be connected now",
        "`Return Code: -102`, `Socket connect try again error`",
        "",
        -102,
        11,
        Before
    ),
    smapi!(
        "smapi-timeout",
        "SMAPI does not answer within 240 s",
        "`Return Code: -103`, `Socket timeout error`",
        "",
        -103,
        0,
        After
    ),
    smapi!(
        "smapi-socket",
        "the socket to SMAPI fails",
        "`Return Code: -108`, `Socket processing error`",
        "",
        -108,
        0,
        Before
    ),
    smapi!(
        "smapi-no-recovery",
        "SMAPI has nothing to recover",
        "`Return Code: -110`, `SMAPI response_recovery retry has no data error`",
        "",
        -110,
        0,
        After
    ),
];
