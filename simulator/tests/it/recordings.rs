//! Every recording of the real programs: at the seam, where the far end answers as recorded, and at the door, where the
//! simulator's own hosts answer and the state afterwards is compared as well.

use std::path::Path;

use xcat_simulator::replay::{Folder, Place};

fn folder() -> Folder {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/recordings");
    Folder::open(root).expect("the folder of recordings")
}

/// Replays the recordings of an area, or all of them, and fails with what differs; at least `least` must be there.
async fn replay(area: Option<&str>, place: Place, least: usize) {
    let folder = folder();
    let (mut replayed, mut failures) = (0, Vec::new());
    for id in folder.ids() {
        let recording = folder.recording(id).expect("a recording");
        if area.is_some_and(|area| area != recording.area) {
            continue;
        }
        replayed += 1;
        let report = folder.replay(id, place).await.expect("a replay");
        if !report.matches() {
            let differences: Vec<String> = report
                .differences
                .iter()
                .map(|d| d.chars().take(2_000).collect())
                .collect();
            failures.push(format!("{id}\n  {}", differences.join("\n  ")));
        }
    }
    assert!(
        replayed >= least,
        "only {replayed} recordings, at least {least} are there"
    );
    assert!(
        failures.is_empty(),
        "{} of {replayed} recordings differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[tokio::test]
async fn all_at_the_seam() {
    replay(None, Place::Seam, 577).await;
}

#[test]
fn every_exception_is_about_a_recording() {
    assert_eq!(folder().unknown_exceptions(), Vec::<&str>::new());
}

macro_rules! at_the_door {
    ($($test:ident: $area:literal, $least:literal;)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                replay(Some($area), Place::Door, $least).await;
            }
        )*
    };
}

at_the_door! {
    auth_at_the_door: "auth", 9;
    chhypervisor_at_the_door: "chhypervisor", 125;
    chvm_at_the_door: "chvm", 161;
    formats_at_the_door: "formats", 10;
    lsvm_at_the_door: "lsvm", 17;
    misc_at_the_door: "misc", 38;
    mkvm_at_the_door: "mkvm", 11;
    nodes_at_the_door: "nodes", 43;
    rinv_of_guests_at_the_door: "rinv-guest", 27;
    rinv_of_hypervisors_at_the_door: "rinv-hypervisor", 58;
    rmvm_at_the_door: "rmvm", 7;
    rpower_at_the_door: "rpower", 32;
    scenarios_at_the_door: "scenario", 17;
    tables_at_the_door: "tables", 22;
}
