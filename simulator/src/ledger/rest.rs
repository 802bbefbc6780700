//! Quirks of REST, xcatd and the commands on tables (spec: rest-and-xcatd 6).

use super::quirk::{ALL, CURRENT, OLD, Quirk};

const SOURCE: &str = "rest-and-xcatd 6";

pub(super) const QUIRKS: &[Quirk] = &[
    Quirk::behaviour("RQ1", SOURCE, "A failed command is 200 or 201; only the body tells.", "rq1_errors_of_commands_are_answered_with_success").on(ALL),
    Quirk::behaviour("RQ2", SOURCE, "Bodies of 400 to 503 are plain text or a paragraph, whatever the type says.", "rq2_plain_texts_are_labelled_as_json").on(ALL),
    Quirk::behaviour("RQ3", SOURCE, "An unknown object is 200: the rule for 404 looks at information only.", "rq3_an_unknown_object_is_no_404").on(ALL),
    Quirk::behaviour("RQ4", SOURCE, "One unknown name in a noderange refuses the whole request.", "rq4_one_unknown_name_rejects_a_noderange_but_not_a_list_of_objects").on(ALL),
    Quirk::defect("RQ5", SOURCE, "A JSON body without `format=json` ends in 500.", "rq5_a_json_body_needs_the_json_format").on(ALL),
    Quirk::behaviour("RQ6", SOURCE, "The words `failed` and `(error)` make an error of any text.", "rq6_a_text_is_an_error_by_the_words_in_it").on(ALL),
    Quirk::behaviour("RQ7", SOURCE, "Further parts of a node's path are ignored by POST and DELETE.", "rq7_further_path_elements_are_ignored").on(ALL),
    Quirk::behaviour("RQ8", SOURCE, "An operand of `tabch` without a dot is taken for a table; nothing is changed.", "rq8_an_operand_without_a_dot_changes_nothing").on(ALL),
    Quirk::defect("RQ9", SOURCE, "Policies and notifications answer with a dump of the request, password included.", "rq9_two_resources_print_the_request_with_its_password").on(ALL),
    Quirk::defect("RQ10", SOURCE, "Escape characters in node entries show as `xxxxESCxxxx`.", "escape_stays_visible_in_nested_entries_rq10").on(ALL),
    Quirk::behaviour("RQ11", SOURCE, "Values with `=` or `,` cannot be looked up.", "rq11_a_lookup_without_a_value_carries_it_in_the_column").on(ALL),
    Quirk::defect("RQ12", SOURCE, "`GET /vms/N?network=` takes its value from `getnetwork`.", "rq12_the_value_of_network_is_taken_from_getnetwork").on(ALL),
    Quirk::behaviour("RQ13", SOURCE, "Arguments are split at single blanks; two make an empty one.", "rq13_arguments_are_split_on_single_blanks").on(ALL),
    Quirk::defect("RQ14", SOURCE, "`GET /objects` is always empty.", "rq14_single_documents_are_lost").on(ALL),
    Quirk::defect("RQ15", SOURCE, "`execcmdonvm` answers nothing, whatever the guest said.", "rq15_execcmdonvm_is_silent_over_rest").on(ALL).same_as("GQ21"),
    Quirk::defect("RQ16", SOURCE, "`mkdef` without groups, or with a bad condition, complains and leaves rows behind.", "rq16_mkdef_of_the_older_line_leaves_rows_behind").on(OLD),
    Quirk::behaviour("RQ17", SOURCE, "`NULL` clears a column on update and is four letters on insert.", "rq17_null_is_a_word_of_its_own").on(ALL),
    Quirk::defect("RQ18", SOURCE, "The stored hash of a password is a password too.", "rq18_the_hash_is_a_password").on(ALL),
    Quirk::defect("RQ19", SOURCE, "`xdsh` logs in as the REST user, whatever user is asked for.", "rq19_xdsh_logs_in_as_the_rest_user_in_the_newer_line").on(CURRENT),
    Quirk::defect("RQ20", SOURCE, "`4dsh` of a group sends the text of a reference.", "rq20_rq21_garbage_is_passed_on").on(ALL),
    Quirk::defect("RQ21", SOURCE, "A notification looked up by file name lacks its `=`.", "rq20_rq21_garbage_is_passed_on").on(ALL),
    Quirk::behaviour("RQ22", SOURCE, "HTML of makedns shows a reference.", "rq22_html_shows_a_reference").on(ALL),
    Quirk::absent("RQ23", SOURCE, "The network driver takes errors for successes unless they begin with `Warning`.", "it is a client's, not the management node's").on(ALL),
    Quirk::defect("RQ24", SOURCE, "`PUT /hypervisor/N/COMMAND` runs any command; `GET` on it is 500.", "rq24_any_command_runs_through_hypervisor_and_other_methods_crash").on(ALL),
    Quirk::defect("RQ25", SOURCE, "`PUT /logs/auditlog` never names its table.", "rq25_pruning_never_names_its_table").on(ALL),
    Quirk::behaviour("RQ26", SOURCE, "The table in the path of `PUT /tables/T` does not matter.", "rq26_the_table_in_the_path_does_not_matter").on(ALL),
    Quirk::behaviour("RQ27", SOURCE, "xdcp fails in `data`, xdsh in `error` with errorcode 0.", "rq27_xdcp_fails_in_data_and_xdsh_in_error").on(ALL),
    Quirk::behaviour("RQ28", SOURCE, "A row of which nothing asked for is set looks like no row.", "rq28_a_row_of_which_nothing_asked_for_is_set_is_no_row").on(ALL),
    Quirk::behaviour("RQ29", SOURCE, "One reader of the query knows `;` and encoded keys, the other does not.", "parser_b_splits_on_semicolon_and_decodes_keys_rq29").on(ALL),
    Quirk::behaviour("RQ30", SOURCE, "A POST is 201 whatever became of it.", "rq30_whatever_was_posted_was_created").on(ALL),
    Quirk::behaviour("RQ31", SOURCE, "A request without a newline is awaited for ever; a control character closes the connection.", "rq31_without_a_newline_nothing_happens").on(ALL),
    Quirk::behaviour("RQ32", SOURCE, "A node has one MAC; a second cannot be added.", "rq32_tabch_cannot_add_a_second_mac").on(ALL),
    Quirk::behaviour("RQ33", SOURCE, "The object's name does not matter to `site`; `key=` empties a value.", "rq33_the_site_has_one_object").on(ALL),
    Quirk::behaviour("RQ34", SOURCE, "`Unspported`, `errors occured`, `Connection failurexx`: spellings are kept.", "rq34_spelling_is_kept").on(ALL),
    Quirk::behaviour("RQ35", SOURCE, "Part of a column's name passes the check of `tabch` and changes nothing.", "rq35_tabch_checks_columns_by_resemblance").on(ALL),
    Quirk::absent("RQ36", SOURCE, "With new TLS libraries every request of an old installation ends in 500.", "the simulated web server has one TLS library, and it works").on(ALL),
];
