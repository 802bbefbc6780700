//! The Cinder contract as a table: each method, what it comes to here, and the test that shows it. The page
//! `docs/cinder-contract.md` is written from it.

use std::fmt::Write as _;

/// How far a method is fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As Cinder means it.
    Full,
    /// With a limit that xCAT sets, which the remark names.
    Limited,
    /// Nothing has to be done here; the call succeeds.
    Nothing,
    /// Refused, as the contract allows, with `NotImplementedError`.
    Refused,
}

impl Mark {
    fn shown(self) -> &'static str {
        match self {
            Self::Full => "✔",
            Self::Limited => "✔ limited",
            Self::Nothing => "✔ nothing to do",
            Self::Refused => "✘ refused",
        }
    }
}

/// One method of the contract.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name in `cinder.volume.driver`.
    pub method: &'static str,
    /// How far it is fulfilled.
    pub mark: Mark,
    /// What it comes to.
    pub remark: &'static str,
    /// The test that shows it, in the driver's integration tests.
    pub test: &'static str,
}

const fn row(method: &'static str, mark: Mark, remark: &'static str, test: &'static str) -> Row {
    Row {
        method,
        mark,
        remark,
        test,
    }
}

/// Every method of spec driver 2.5.
pub const CONTRACT: [Row; 32] = [
    row(
        "get_driver_options",
        Mark::Full,
        "the driver's own keys with type, default and help",
        "the_driver_options_are_what_the_loader_reads",
    ),
    row(
        "do_setup",
        Mark::Full,
        "reads the version, refuses one that is too old; a failure can be repeated",
        "ver_09_d44_a_start_that_failed_can_be_repeated",
    ),
    row(
        "check_for_setup_error",
        Mark::Full,
        "finds host, zHCP and pool, resolves what a crash left, says what cannot be done",
        "ver_04_the_host_is_the_only_one_whose_pool_has_rows",
    ),
    row(
        "get_volume_stats",
        Mark::Full,
        "one listing; tells the largest free LUN and filters by it; holds the rows against the stamps that were put on them",
        "i5_the_next_figures_tell_of_a_row_that_another_machine_took",
    ),
    row(
        "create_volume",
        Mark::Full,
        "reserves the smallest free LUN that is large enough; adopts its own after a lost answer",
        "res_01_02_create_takes_the_best_fit_and_delete_gives_it_back",
    ),
    row(
        "delete_volume",
        Mark::Full,
        "overwrites, then frees; quarantines what cannot be overwritten",
        "res_13_i4_a_deleted_volume_is_overwritten_before_its_lun_is_free",
    ),
    row(
        "create_snapshot",
        Mark::Limited,
        "a full copy on a second LUN, of a volume that is not attached; can be switched off, and clones with it",
        "snapshots_and_clones_are_whole_copies_and_outlive_their_source",
    ),
    row(
        "delete_snapshot",
        Mark::Full,
        "as a volume",
        "snapshots_and_clones_are_whole_copies_and_outlive_their_source",
    ),
    row(
        "create_volume_from_snapshot",
        Mark::Full,
        "a full copy; a larger size lands on a larger LUN",
        "snapshots_and_clones_are_whole_copies_and_outlive_their_source",
    ),
    row(
        "create_cloned_volume",
        Mark::Limited,
        "a full copy of a volume that is not attached",
        "snapshots_and_clones_are_whole_copies_and_outlive_their_source",
    ),
    row(
        "extend_volume",
        Mark::Limited,
        "inside the LUN's real size; LUNs do not grow",
        "res_10_extend_inside_the_lun_only",
    ),
    row(
        "local_path",
        Mark::Refused,
        "the Cinder host has no path to the LUN",
        "retype_is_free_of_work_or_needs_a_migration",
    ),
    row(
        "ensure_export",
        Mark::Full,
        "renews a stamp that was lost, reports a foreign one",
        "res_12_ensure_export_heals_an_empty_stamp_and_reports_a_foreign_one",
    ),
    row(
        "create_export",
        Mark::Nothing,
        "",
        "exports_and_attach_volume_have_nothing_to_do",
    ),
    row(
        "remove_export",
        Mark::Nothing,
        "",
        "exports_and_attach_volume_have_nothing_to_do",
    ),
    row(
        "initialize_connection",
        Mark::Full,
        "Fibre Channel data with target ports, LUN, initiator map; changes nothing",
        "connection_data_of_one_and_of_two_target_ports",
    ),
    row(
        "terminate_connection",
        Mark::Full,
        "leaves an attached volume to Nova; takes it by force",
        "terminate_succeeds_for_what_is_not_connected_and_takes_by_force_what_is",
    ),
    row(
        "attach_volume",
        Mark::Nothing,
        "Nova does it",
        "exports_and_attach_volume_have_nothing_to_do",
    ),
    row(
        "detach_volume",
        Mark::Full,
        "renews a stamp that the detach emptied",
        "exports_and_attach_volume_have_nothing_to_do",
    ),
    row(
        "copy_image_to_volume",
        Mark::Limited,
        "raw images; others when the image service converts them; s390x only",
        "images_go_onto_volumes_and_come_back",
    ),
    row(
        "copy_volume_to_image",
        Mark::Limited,
        "of a volume that is not attached",
        "images_go_onto_volumes_and_come_back",
    ),
    row(
        "clone_image",
        Mark::Nothing,
        "no update and false, as the contract allows",
        "retype_is_free_of_work_or_needs_a_migration",
    ),
    row(
        "manage_existing",
        Mark::Full,
        "a LUN that is nobody's, by ports and LUN or by LUN alone",
        "res_11_manage_and_unmanage",
    ),
    row(
        "manage_existing_get_size",
        Mark::Full,
        "rounded up",
        "res_11_manage_and_unmanage",
    ),
    row(
        "unmanage",
        Mark::Full,
        "the LUN keeps its data and is not given out",
        "res_11_manage_and_unmanage",
    ),
    row(
        "get_manageable_volumes",
        Mark::Full,
        "with reasons, marker, limit, offset and order",
        "manageable_volumes_are_listed_with_reasons_and_pages",
    ),
    row(
        "retype",
        Mark::Full,
        "true when nothing has to be done, false when Cinder has to migrate",
        "retype_is_free_of_work_or_needs_a_migration",
    ),
    row(
        "migrate_volume",
        Mark::Limited,
        "by way of an image to another pool of the same management node, when switched on, and compared there; otherwise declined",
        "d27_a_volume_arrives_whole_on_another_system_before_it_is_cleared_here",
    ),
    row(
        "update_migrated_volume",
        Mark::Full,
        "the new LUN gets the stamp of the volume's own id",
        "update_migrated_volume_renames_the_stamp",
    ),
    row(
        "backup_volume",
        Mark::Refused,
        "needs a path on the Cinder host",
        "retype_is_free_of_work_or_needs_a_migration",
    ),
    row(
        "restore_backup",
        Mark::Refused,
        "needs a path on the Cinder host",
        "retype_is_free_of_work_or_needs_a_migration",
    ),
    row(
        "reconcile (beyond Cinder)",
        Mark::Full,
        "resolves every operation that a crash interrupted",
        "i21_rol_08_a_crash_at_every_point_of_every_operation_is_reconciled",
    ),
];

/// The page.
pub fn markdown() -> String {
    let mut page = "# The Cinder contract\n\n\
        Written from `driver/src/volumes/table.rs`; a test compares the two and looks for each test by its name. Every operation that\n\
        changes something is also run with a crash before and after each of its calls, and with each fault at each call\n\
        (`driver/tests/it/crash.rs`, `driver/tests/it/faults.rs`), on both release lines, as executed and as intended. `scripts/driver-matrix`\n\
        tests all points (figures: `docs/driver-figures.md`); `scripts/test` takes some of each operation.\n\n\
        | method | here | remark | shown by |\n|---|---|---|---|\n"
        .to_owned();
    for row in CONTRACT {
        let (method, mark, remark, test) = (row.method, row.mark.shown(), row.remark, row.test);
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{method}` | {mark} | {remark} | `{test}` |");
    }
    page
}
