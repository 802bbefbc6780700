//! Defects of the zHCP's programs (spec: zhcp-and-smapi Appendix C); ids `C1` to `C38`.

use super::quirk::{ALL, Quirk};

const SOURCE: &str = "zhcp-and-smapi C";
/// For what a faithful emulator must avoid.
const AVOID: &str = "the appendix says to behave sensibly instead";

pub(super) const QUIRKS: &[Quirk] = &[
    Quirk::behaviour(
        "C1",
        SOURCE,
        "A success with a reason code is `Failed`, exit status 1.",
        "c1_a_success_with_a_reason_is_failed",
    )
    .on(ALL),
    Quirk::behaviour(
        "C2",
        SOURCE,
        "An asynchronous operation is `Started` and exits 1.",
        "c2_a_started_operation_exits_1",
    )
    .on(ALL),
    Quirk::behaviour(
        "C3",
        SOURCE,
        "Help and the list of functions exit 1.",
        "c3_help_exits_1",
    )
    .on(ALL),
    Quirk::behaviour(
        "C4",
        SOURCE,
        "Every call asks for SMAPI's level first, and fails alike while SMAPI is down.",
        "c4_every_call_asks_for_the_level_first",
    )
    .on(ALL),
    Quirk::absent(
        "C5",
        SOURCE,
        "Details are stepped through by the length of the first.",
        AVOID,
    )
    .on(ALL),
    Quirk::behaviour(
        "C6",
        SOURCE,
        "The status of an adapter is told from its type.",
        "c6_an_adapters_status_is_its_type",
    )
    .on(ALL),
    Quirk::behaviour(
        "C7",
        SOURCE,
        "Attributes of a switch begin with a blank; `device_error_status` has no colon.",
        "c7_attributes_of_a_switch_begin_with_a_blank",
    )
    .on(ALL),
    Quirk::behaviour(
        "C8",
        SOURCE,
        "A switch and its name share a line; an empty port name is `(null)`.",
        "c8_a_switch_and_its_name_share_a_line",
    )
    .on(ALL),
    Quirk::behaviour(
        "C9",
        SOURCE,
        "One line of the performance query begins with a comma.",
        "c9_a_line_begins_with_a_comma",
    )
    .on(ALL),
    Quirk::behaviour(
        "C10",
        SOURCE,
        "`Asnych` and `funcion` are misspelt.",
        "c10_misspellings_are_kept",
    )
    .on(ALL),
    Quirk::behaviour(
        "C11",
        SOURCE,
        "Defining a processor has no blank before its result.",
        "c11_no_blank_before_the_result",
    )
    .on(ALL),
    Quirk::behaviour(
        "C12",
        SOURCE,
        "Calls on IP interfaces have two blanks in their phrase.",
        "c12_two_blanks_in_the_phrase",
    )
    .on(ALL),
    Quirk::behaviour(
        "C13",
        SOURCE,
        "Subscribing to events prints `Not implemented.` and exits 0.",
        "c13_events_are_not_implemented",
    )
    .on(ALL),
    Quirk::behaviour(
        "C14",
        SOURCE,
        "A member of a cluster that is down is printed twice.",
        "c14_a_member_that_is_down_is_printed_twice",
    )
    .on(ALL),
    Quirk::behaviour(
        "C15",
        SOURCE,
        "Empty answers print `(null)` in every field.",
        "c15_empty_answers_print_null",
    )
    .on(ALL),
    Quirk::absent("C16", SOURCE, "An empty answer crashes two calls.", AVOID).on(ALL),
    Quirk::absent(
        "C17",
        SOURCE,
        "The free query is scrambled on other machines.",
        AVOID,
    )
    .on(ALL),
    Quirk::absent(
        "C18",
        SOURCE,
        "A directory line of 72 characters has no end.",
        AVOID,
    )
    .on(ALL),
    Quirk::absent("C19", SOURCE, "Polling can print `Done` for ever.", AVOID).on(ALL),
    Quirk::behaviour(
        "C20",
        SOURCE,
        "A finished operation, asked for directly, is a failure.",
        "c20_a_finished_operation_is_a_failure",
    )
    .on(ALL),
    Quirk::behaviour(
        "C21",
        SOURCE,
        "The answer of Response_Recovery cannot be parsed.",
        "c21_response_recovery_cannot_be_parsed",
    )
    .on(ALL),
    Quirk::behaviour(
        "C22",
        SOURCE,
        "xCAT calls Response_Recovery with an option that it does not know.",
        "c22_response_recovery_does_not_know_k",
    )
    .on(ALL),
    Quirk::absent(
        "C23",
        SOURCE,
        "A connection that drops early crashes smcli.",
        AVOID,
    )
    .on(ALL),
    Quirk::absent(
        "C24",
        SOURCE,
        "Recovery swaps no bytes on other machines.",
        AVOID,
    )
    .on(ALL),
    Quirk::absent(
        "C25",
        SOURCE,
        "A frame is four bytes too long.",
        "requests to SMAPI are calls here, not frames",
    )
    .on(ALL),
    Quirk::absent(
        "C26",
        SOURCE,
        "A record of length zero is read for ever.",
        AVOID,
    )
    .on(ALL),
    Quirk::absent(
        "C27",
        SOURCE,
        "Image_Pause crashes without vmcp.",
        "every simulated zHCP has vmcp",
    )
    .on(ALL),
    Quirk::absent("C28", SOURCE, "Two queries answer from a cache.", AVOID).on(ALL),
    Quirk::behaviour(
        "C29",
        SOURCE,
        "System_Information_Query takes a key and does not send it.",
        "c29_a_key_is_taken_and_not_sent",
    )
    .on(ALL),
    Quirk::behaviour(
        "C30",
        SOURCE,
        "The line on used memory that xCAT looks for is never printed.",
        "c30_used_memory_is_never_printed",
    )
    .on(ALL),
    Quirk::absent(
        "C31",
        SOURCE,
        "A script runs smcli in the background and ignores its result.",
        "the script is not part of what the management node calls",
    )
    .on(ALL),
    Quirk::behaviour(
        "C32",
        SOURCE,
        "The helper programs exit 0 when SMAPI fails, and print no description.",
        "c32_helpers_exit_0",
    )
    .on(ALL),
    Quirk::behaviour(
        "C33",
        SOURCE,
        "`createvs` without a file cannot open `(null)`.",
        "c33_createvs_cannot_open_null",
    )
    .on(ALL),
    Quirk::behaviour(
        "C34",
        SOURCE,
        "Some option letters end the program in silence.",
        "c34_some_letters_end_in_silence",
    )
    .on(ALL),
    Quirk::absent(
        "C35",
        SOURCE,
        "The newer zthin wants two keys to relocate.",
        "the zHCP's smcli is simulated, not zthin's",
    )
    .on(ALL),
    Quirk::behaviour(
        "C36",
        SOURCE,
        "A switch without VLANs has one `user_vlan_id` line all the same.",
        "c36_one_vlan_line_all_the_same",
    )
    .on(ALL),
    Quirk::behaviour(
        "C37",
        SOURCE,
        "A profile begins with an empty line.",
        "c37_a_profile_begins_with_an_empty_line",
    )
    .on(ALL),
    Quirk::absent(
        "C38",
        SOURCE,
        "System_Shutdown passes a wrong class name.",
        "it has no effect on the text",
    )
    .on(ALL),
];
